"""The tree cut into tiles of 256 hashes (C2SP tlog-tiles), pure.

The hash `i` of tile `n` at level `l` is the root over the leaves
`[(256 n + i) 256^l, (256 n + i + 1) 256^l)`. Only the last tile of a level may be
partial; a tile that grew serves every narrower one as a prefix, so a tile is kept once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from integritas.kernel.errors import FieldError, InvalidInput
from integritas.services.audit.merkle import HASH_BYTES, node_hash, root_of, split

__all__ = [
    "WIDTH",
    "Tile",
    "TileAddress",
    "TileSource",
    "TileTree",
    "edge_addresses",
    "join",
    "parse_path",
    "range_hash",
    "tile_path",
    "unjoin",
]

WIDTH: Final = 256
_BITS: Final = 8
_PATH: Final = re.compile(
    r"(?P<level>entries|0|[1-5]?[0-9]|6[0-3])/"
    r"(?P<index>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
)

TileSource: TypeAlias = Callable[[int, int], Sequence[bytes]]
"""Gives the hashes of the tile at (level, index); fewer than 256 at the edge."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile: 1 to 256 hashes at (`level`, `index`)."""

    level: int
    index: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class TileAddress:
    """What a tlog-tiles path names; `level` None stands for a bundle of entries."""

    level: int | None
    index: int
    width: int


class TileTree:
    """The right edge of a growing tree: for each level its unfinished tile."""

    def __init__(self, size: int = 0, edge: Sequence[Sequence[bytes]] = ()) -> None:
        """Go on from `size` leaves; `edge[l]` are the hashes of level `l`'s tile."""
        self.size = size
        self._edge = [list(hashes) for hashes in edge]

    def extend(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Append leaf hashes; return the tiles that changed, lower levels first."""
        changed: list[Tile] = []
        rising: Sequence[bytes] = leaves
        before = self.size
        self.size += len(leaves)
        level = 0
        while rising:
            if level == len(self._edge):
                self._edge.append([])
            waiting = [*self._edge[level], *rising]
            first = before >> (_BITS * (level + 1))
            tiles = [
                Tile(level, first + number, tuple(waiting[start : start + WIDTH]))
                for number, start in enumerate(range(0, len(waiting), WIDTH))
            ]
            full = len(waiting) // WIDTH
            self._edge[level] = waiting[full * WIDTH :]
            rising = [root_of(tile.hashes) for tile in tiles[:full]]
            changed += tiles
            level += 1
        return changed

    def partial(self) -> list[Tile]:
        """Return the unfinished tiles, lowest level first."""
        return [
            Tile(level, self.size >> (_BITS * (level + 1)), tuple(hashes))
            for level, hashes in enumerate(self._edge)
            if hashes
        ]

    def root(self) -> bytes:
        """Return the root of the tree."""
        carried: list[bytes] = []
        for hashes in self._edge:
            if hashes:
                carried = [root_of([*hashes, *carried])]
        return root_of(carried)


def edge_addresses(size: int) -> list[tuple[int, int, int]]:
    """Return (level, index, width) of the partial tiles of a tree of `size`.

    Widths of 0 are included up to the highest level, so position and level agree.
    """
    edge = []
    level = 0
    while count := size >> (_BITS * level):
        edge.append((level, count // WIDTH, count % WIDTH))
        level += 1
    return edge


def range_hash(start: int, end: int, source: TileSource) -> bytes:
    """Return the hash over the leaves [start, end) of a proof's plan."""
    size = end - start
    if size & (size - 1):
        middle = start + split(size)
        return node_hash(
            range_hash(start, middle, source), range_hash(middle, end, source)
        )
    level = (size.bit_length() - 1) // _BITS
    first, count = start >> (_BITS * level), size >> (_BITS * level)
    hashes = source(level, first // WIDTH)
    offset = first % WIDTH
    return root_of(hashes[offset : offset + count])


def tile_path(address: TileAddress) -> str:
    """Return `<L>/<N>[.p/<W>]`, e.g. `0/x001/x234/067` for tile 1234067."""
    groups = [f"{address.index % 1000:03d}"]
    rest = address.index // 1000
    while rest:
        groups.insert(0, f"x{rest % 1000:03d}")
        rest //= 1000
    level = "entries" if address.level is None else str(address.level)
    suffix = f".p/{address.width}" if address.width < WIDTH else ""
    return f"{level}/{'/'.join(groups)}{suffix}"


def parse_path(path: str) -> TileAddress:
    """Return what a path names.

    Raises:
        InvalidInput: not a path of tlog-tiles.
    """
    match = _PATH.fullmatch(path)
    if match is not None:
        level = None if match["level"] == "entries" else int(match["level"])
        digits = match["index"].replace("x", "").replace("/", "")
        address = TileAddress(level, int(digits), int(match["width"] or WIDTH))
        if tile_path(address) == path:
            return address
    raise InvalidInput(
        "no such tile path",
        errors=(
            FieldError(
                "path", f"{path[:80]!r} is not <L>/<N>[.p/<W>]", "see C2SP tlog-tiles"
            ),
        ),
    )


def join(hashes: Sequence[bytes]) -> bytes:
    """Return a tile's hashes as its bytes."""
    return b"".join(hashes)


def unjoin(blob: bytes) -> list[bytes]:
    """Return the hashes of a tile's bytes."""
    return [blob[i : i + HASH_BYTES] for i in range(0, len(blob), HASH_BYTES)]

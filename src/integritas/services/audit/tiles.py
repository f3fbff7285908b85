"""The tree cut into tiles of 256 hashes (C2SP tlog-tiles), pure.

The hash `i` of tile `n` at level `l` is the root over the leaves
`[(256 n + i) 256^l, (256 n + i + 1) 256^l)`. Only the last tile of a level may be
partial; a tile that grew serves every narrower one as a prefix, so a tile is kept once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, TypeAlias

from integritas.kernel.errors import FieldError, IntegrityViolation, InvalidInput
from integritas.services.audit.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    node_hash,
    split,
)

__all__ = [
    "BITS",
    "TILE_BYTES",
    "WIDTH",
    "NodeSource",
    "Tile",
    "TileAddress",
    "TileNodes",
    "TileTree",
    "edge_addresses",
    "join",
    "parse_path",
    "range_hash",
    "tile_path",
    "unjoin",
]

WIDTH: Final = 256
TILE_BYTES: Final = WIDTH * HASH_BYTES
_PAIR: Final = 2 * HASH_BYTES
BITS: Final = 8
_PATH: Final = re.compile(
    r"(?P<level>entries|0|[1-5]?[0-9]|6[0-3])/"
    r"(?P<index>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile: 1 to 256 hashes at (`level`, `index`), one after the other."""

    level: int
    index: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class TileAddress:
    """What a tlog-tiles path names; `level` None stands for a bundle of entries."""

    level: int | None
    index: int
    width: int


class TileNodes:
    """A tile, full or growing, and all nodes above its hashes that are complete.

    `rows[h]` are the nodes over 2^h hashes each, one after the other, so no node is
    hashed twice however small the steps are in which the tile grows.
    """

    __slots__ = ("rows",)

    def __init__(self, hashes: bytes = b"") -> None:
        """Begin with hashes, at most 256, one after the other."""
        self.rows = [bytearray() for _ in range(BITS + 1)]
        if hashes:
            self.grow(hashes)

    @property
    def width(self) -> int:
        """Return how many hashes there are."""
        return len(self.rows[0]) // HASH_BYTES

    def grow(self, hashes: bytes) -> None:
        """Append hashes; 256 in all are a full tile."""
        below = self.rows[0]
        below += hashes
        for row in self.rows[1:]:
            first, end = 2 * len(row), len(below) - _PAIR + 1
            if first < end:
                row += b"".join(  # noqa: PLW2901 - in place
                    [
                        sha256(b"\x01" + below[i : i + _PAIR]).digest()
                        for i in range(first, end, _PAIR)
                    ]
                )
            below = row

    def node(self, height: int, number: int) -> bytes:
        """Return the node over 2^`height` hashes; none if they are not all there."""
        start = number * HASH_BYTES
        return bytes(self.rows[height][start : start + HASH_BYTES])

    def fold(self, carried: bytes | None) -> bytes | None:
        """Return the root over the hashes and a smaller subtree to their right."""
        for row in self.rows:
            if len(row) % _PAIR:
                last = bytes(row[-HASH_BYTES:])
                carried = last if carried is None else node_hash(last, carried)
        return carried

    def copy(self) -> TileNodes:
        """Return a tile that grows by itself."""
        made = TileNodes()
        made.rows = [row.copy() for row in self.rows]
        return made


class TileTree:
    """The right edge of a growing tree: for each level its unfinished tile."""

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        """Go on from `size` leaves; `edge[l]` are the hashes of level `l`'s tile."""
        self.size = size
        self._edge = [TileNodes(hashes) for hashes in edge]

    def copy(self) -> TileTree:
        """Return a tree that grows by itself."""
        made = TileTree(self.size)
        made._edge = [edge.copy() for edge in self._edge]
        return made

    def extend(self, leaves: Sequence[bytes]) -> list[Tile]:
        """Append leaf hashes; return the tiles that changed, lower levels first."""
        changed: list[Tile] = []
        rising = join(leaves)
        before = self.size
        self.size += len(leaves)
        level = 0
        while rising:
            if level == len(self._edge):
                self._edge.append(TileNodes())
            first = before >> (BITS * (level + 1))
            rising = self._grow(level, first, rising, changed)
            level += 1
        return changed

    def _grow(
        self, level: int, index: int, hashes: bytes, changed: list[Tile]
    ) -> bytes:
        """Append to a level; return the roots of the tiles that are full now."""
        roots = b""
        edge = self._edge[level]
        start = 0
        while start < len(hashes):
            end = start + TILE_BYTES - len(edge.rows[0])
            edge.grow(hashes[start:end])
            changed.append(Tile(level, index, bytes(edge.rows[0])))
            if len(edge.rows[0]) == TILE_BYTES:
                roots += edge.rows[BITS]
                edge = self._edge[level] = TileNodes()
                index += 1
            start = end
        return roots

    def partial(self) -> list[Tile]:
        """Return the unfinished tiles, lowest level first."""
        return [
            Tile(level, self.size >> (BITS * (level + 1)), bytes(edge.rows[0]))
            for level, edge in enumerate(self._edge)
            if edge.rows[0]
        ]

    def root(self) -> bytes:
        """Return the root of the tree."""
        carried: bytes | None = None
        for edge in self._edge:
            carried = edge.fold(carried)
        return EMPTY_ROOT if carried is None else carried


def edge_addresses(size: int) -> list[tuple[int, int, int]]:
    """Return (level, index, width) of the partial tiles of a tree of `size`.

    Widths of 0 are included up to the highest level, so position and level agree.
    """
    edge = []
    level = 0
    while count := size >> (BITS * level):
        edge.append((level, count // WIDTH, count % WIDTH))
        level += 1
    return edge


NodeSource: TypeAlias = Callable[[int, int], TileNodes]
"""Gives the tile at (level, index); fewer than 256 hashes at the edge."""


def range_hash(start: int, end: int, source: NodeSource) -> bytes:
    """Return the hash over the leaves [start, end) of a proof's plan.

    Raises:
        IntegrityViolation: a tile that the tree needs is missing or too short.
    """
    size = end - start
    if size & (size - 1):
        middle = start + split(size)
        return node_hash(
            range_hash(start, middle, source), range_hash(middle, end, source)
        )
    level, height = divmod(size.bit_length() - 1, BITS)
    index, offset = divmod(start >> (BITS * level), WIDTH)
    found = source(level, index).node(height, offset >> height)
    if len(found) != HASH_BYTES:
        raise IntegrityViolation(
            f"audit_tiles[{level}/{index}] is missing or too short: run "
            "integritas audit verify"
        )
    return found


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

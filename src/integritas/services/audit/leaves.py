"""Reads the leaves of a log and names the copies of them that are wrong.

Three copies of a leaf exist: the body, the column `leaf_hash`, the tile of level 0.
Where they disagree the odd one out is named, and the tree is re-computed from what the
other two say, so one flipped byte is one difference and not a thousand.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from integritas.services.audit.findings import EXTERNAL, LogCheck
from integritas.services.audit.merkle import HASH_BYTES, leaf_hash
from integritas.services.audit.rows import as_bytes, raw_rows
from integritas.services.audit.tables import AUDIT_ENTRIES, AUDIT_TILES
from integritas.services.audit.tiles import WIDTH, join, unjoin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction
    from integritas.services.audit.chain import StoredTree

__all__ = ["check_shape", "checked_chunks"]

_CHUNK: Final = 16 * WIDTH
_Leaf: TypeAlias = tuple[bytes, str]  # the hash believed, and the entry's time
_UNKNOWN: Final = b"\x00" * HASH_BYTES


def checked_chunks(
    tx: Transaction, tenant: TenantId, tree: StoredTree, check: LogCheck
) -> Iterator[tuple[list[bytes], list[str]]]:
    """Yield the leaf hashes believed, and the times of the entries, in order."""
    entries, tiles = AUDIT_ENTRIES, AUDIT_TILES
    for start in range(0, tree.size, _CHUNK):
        if check.full:
            return
        end = min(start + _CHUNK, tree.size)
        span = [entries.c.idx >= start, entries.c.idx < end]
        found = list(raw_rows(tx, entries, [entries.c.tenant_id == tenant, *span]))
        first, last = start // WIDTH, -(-end // WIDTH)
        span = [tiles.c.level == 0, tiles.c.idx >= first, tiles.c.idx < last]
        rows = raw_rows(tx, tiles, [tiles.c.tenant_id == tenant, *span])
        blobs = {row.idx: as_bytes(row.hashes) for row in rows}
        leaves = _agreed(found, blobs, start, end, check.pruned)
        if leaves is not None:
            times = [_check_body(check, row, row[2]) for row in found]
        else:
            by_index = {row.idx: row for row in found}
            by_tile = {number: unjoin(blob) for number, blob in blobs.items()}
            believed = [
                leaf
                for number in range(first, last)
                for leaf in _check_tile(
                    check, tree, number, by_tile.get(number), by_index
                )
            ]
            leaves = [leaf for leaf, _ in believed]
            times = [time for _, time in believed]
        check.leaves += leaves
        yield leaves, times


def _agreed(
    rows: Sequence[Any],
    blobs: Mapping[int, bytes],
    start: int,
    end: int,
    pruned: Mapping[int, str],
) -> list[bytes] | None:
    """Return the leaf hashes if all copies of all leaves agree, as they should."""
    if [row[0] for row in rows] != list(range(start, end)):
        return None
    try:
        if pruned:
            leaves = [_of_row(row, pruned.get(row[0])) for row in rows]
        else:
            leaves = [sha256(b"\x00" + row[2]).digest() for row in rows]
    except TypeError:  # a body that is no bytes
        return None
    if leaves != [row[3] for row in rows]:
        return None
    tiles = range(0, end - start, WIDTH)
    expected = [join(leaves[offset : offset + WIDTH]) for offset in tiles]
    found = [blobs.get((start + offset) // WIDTH) for offset in tiles]
    return leaves if expected == found else None


def _of_row(row: Any, stub: str | None) -> bytes:  # noqa: ANN401 - a row
    """Return the hash of a row; of a pruned one what is stored beside a right stub."""
    if stub is None:
        return sha256(b"\x00" + row[2]).digest()
    return bytes(row[3]) if sha256(row[2]).hexdigest() == stub else b""


def _check_tile(
    check: LogCheck,
    tree: StoredTree,
    number: int,
    hashes: list[bytes] | None,
    rows: Mapping[int, Any],
) -> Iterator[_Leaf]:
    start = number * WIDTH
    width = min(WIDTH, tree.size - start)
    check_shape(check, f"audit_tiles[0/{number}]", hashes, width)
    tiled = [*(hashes or []), *[None] * width]
    for offset in range(width):
        row = rows.get(start + offset)
        if row is None:
            check.differ(f"audit_entries[{start + offset}]", "is missing")
            yield _lost(check, tiled[offset] or _UNKNOWN)
            continue
        body = as_bytes(row.body)
        stored, in_tile = as_bytes(row.leaf_hash), tiled[offset]
        vouched = tree.vouches(number, hashes or []) if stored != in_tile else False
        copies = (leaf_hash(body), stored, in_tile)
        stub = check.pruned.get(start + offset)
        if stub is not None:
            right = sha256(body).hexdigest() == stub
            other = in_tile if vouched and in_tile is not None else stored
            copies = (other if right else b"", stored, in_tile)
        leaf = copies[0]
        if not leaf == copies[1] == copies[2]:
            vouched = tree.vouches(number, hashes or [])
            leaf = _judge(check, start + offset, copies, vouched=vouched)
        if leaf == copies[0]:
            yield leaf, _check_body(check, row, body)
        else:
            yield _lost(check, leaf)


def _judge(
    check: LogCheck,
    index: int,
    copies: tuple[bytes, bytes, bytes | None],
    *,
    vouched: bool,
) -> bytes:
    """Name the copies of a leaf that are wrong; return the one believed."""
    computed, stored, tiled = copies
    where = f"audit_entries[{index}]"
    trusted = tiled is not None and (vouched or tiled == stored)
    believed = tiled if trusted and tiled is not None else computed
    if computed == stored != believed:
        check.differ(where, "is not the entry that was logged there")
        return believed
    if computed != believed:
        check.differ(f"{where}.body", "is not what was logged")
    if stored != believed:
        check.differ(f"{where}.leaf_hash", "is not the hash of the body")
    if tiled not in (believed, None):
        tile, offset = divmod(index, WIDTH)
        check.differ(f"audit_tiles[0/{tile}].hashes[{offset}]", "is not the leaf's")
    return believed


def _check_body(check: LogCheck, row: Any, body: bytes) -> str:  # noqa: ANN401 - a row
    try:
        document = orjson.loads(body)
        event_id, time = document["event_id"], document["time"]
        seq = document.get("seq", EXTERNAL)
        known = row[1] in (event_id.encode(), event_id)
        jumped = time < check.previous and seq != EXTERNAL
    except (ValueError, KeyError, TypeError, AttributeError):
        check.differ(f"audit_entries[{row[0]}].body", "is not an entry")
        return _lost(check, b"")[1]
    if not known:
        where = f"audit_entries[{row[0]}].event_id"
        check.differ(where, f"is not that of the body, {event_id}")
    check.seqs.append(seq if type(seq) is int else None)
    if "personal" in document and seq == EXTERNAL:
        check.personal[event_id] = str(document.get("commitment"))
    if jumped and check.times_known:
        check.jumps.append(f"audit_entries[{row[0]}]")
    if seq != EXTERNAL:
        check.previous = time
    return str(time)


def _lost(check: LogCheck, leaf: bytes) -> _Leaf:
    """Go on without a body: its number is not known, times cannot be followed."""
    check.seqs.append(None)
    check.times_known = False
    return leaf, ""


def check_shape(
    check: LogCheck, where: str, hashes: Sequence[bytes] | None, width: int
) -> bool:
    """Say whether a tile is there, and note what is wrong with its length."""
    if hashes is None:
        check.differ(where, "is missing")
        return False
    if len(hashes) != width or len(hashes[-1]) != HASH_BYTES:
        found = sum(map(len, hashes))
        check.differ(
            f"{where}.hashes", f"is {found} bytes long, not {width * HASH_BYTES}"
        )
    return True

"""Re-computes a log and names every place that differs from what was signed.

Three copies of a leaf exist: the body, the column `leaf_hash`, the tile of level 0.
Where they disagree the odd one out is named, and the tree is re-computed from what the
other two say, so one flipped byte is one difference and not a thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
from sqlalchemy.exc import SQLAlchemyError

from integritas.kernel.clock import format_time
from integritas.services.audit.chain import StoredTree
from integritas.services.audit.findings import Expectation, LogCheck, StoredHead
from integritas.services.audit.heads import check_anchors, check_heads
from integritas.services.audit.merkle import HASH_BYTES, leaf_hash
from integritas.services.audit.rows import (
    TABLES,
    as_bytes,
    damage,
    mistyped,
    place,
    raw_rows,
    stored_tenants,
)
from integritas.services.audit.tables import (
    AUDIT_ENTRIES,
    AUDIT_TILES,
)
from integritas.services.audit.tiles import WIDTH, Tile, unjoin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction
    from integritas.services.audit.notes import ParsedCheckpoint

__all__ = ["check_log"]

_CHUNK: Final = 16 * WIDTH
_Leaf: TypeAlias = tuple[bytes, str]  # the hash believed, and the entry's time
_UNKNOWN: Final = b"\x00" * HASH_BYTES


def check_log(tx: Transaction, expected: Expectation) -> LogCheck:
    """Verify the three audit tables of a tenant on one snapshot."""
    check = LogCheck()
    try:
        _check_tables(tx, expected.tenant, check)
        heads = check_heads(tx, expected, check)
        size = max((head.parsed.size for head in heads if head.parsed), default=0)
        _check_beyond(tx, expected.tenant, size, check)
        given = check_anchors(expected, heads, size, check)
        _check_tree(tx, expected, heads, given, check)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
        check.differ("database", f"the audit tables cannot be read: {cause}")
    return check


def _check_tables(tx: Transaction, tenant: TenantId, check: LogCheck) -> None:
    for table in TABLES:
        for line in damage(tx, table):
            check.differ(table.name, line)
        for row, column in mistyped(tx, table, tenant):
            check.differ(f"{place(table, row)}.{column}", "is not of the type stored")
        check.tenants |= stored_tenants(tx, table)


def _check_beyond(
    tx: Transaction, tenant: TenantId, size: int, check: LogCheck
) -> None:
    """Find rows that no checkpoint covers."""
    entries, tiles = AUDIT_ENTRIES, AUDIT_TILES
    outside = (entries.c.idx < 0) | (entries.c.idx >= size)
    for row in raw_rows(tx, entries, [entries.c.tenant_id == tenant, outside]):
        check.differ(place(entries, row), f"lies outside the {size} entries signed")
        if check.full:
            return
    beyond = (tiles.c.idx < 0) | (tiles.c.idx >= -(-size // WIDTH))
    odd = (tiles.c.level < 0) | (tiles.c.level == 0) & beyond
    for row in raw_rows(tx, tiles, [tiles.c.tenant_id == tenant, odd]):
        check.differ(place(tiles, row), f"lies outside the tree of {size} entries")


def _check_tree(
    tx: Transaction,
    expected: Expectation,
    heads: Sequence[StoredHead],
    accepted: Sequence[ParsedCheckpoint],
    check: LogCheck,
) -> None:
    roots = {head.parsed.size: head.parsed.root for head in heads if head.parsed}
    size = max(roots, default=0)
    tree = StoredTree(tx, expected.tenant, size, roots.get(size))
    stored = dict(tree.upper)
    given = {(checkpoint.size, checkpoint.root) for checkpoint in accepted}
    stops: dict[int, list[StoredHead]] = {size: []}
    stops.update((end, []) for end, _ in given)
    for head in heads:
        if head.parsed is not None:
            stops.setdefault(head.parsed.size, []).append(head)
    ends = sorted(stops)
    reached = 0
    for leaves, times in _checked_chunks(tx, expected.tenant, tree, check):
        start = check.tree.size
        while reached < len(ends) and ends[reached] <= start + len(leaves):
            end = ends[reached]
            taken, offset = check.tree.size - start, end - start
            _grow(check, leaves[taken:offset], times[taken:offset], stored)
            _check_roots(check, stops[end], {r for s, r in given if s == end})
            reached += 1
        taken = check.tree.size - start
        _grow(check, leaves[taken:], times[taken:], stored)
    if check.full:
        return
    for tile in check.tree.partial():
        _check_upper(check, tile, stored)
    for level, index in stored:
        check.differ(f"audit_tiles[{level}/{index}]", "lies outside the tree")
    if check.latest > format_time(expected.now):
        check.notes.append(f"an entry is dated in the future: {check.latest}")


def _grow(
    check: LogCheck,
    leaves: Sequence[bytes],
    times: Sequence[str],
    stored: dict[tuple[int, int], list[bytes]],
) -> None:
    if not leaves:
        return
    for tile in check.tree.extend(leaves):
        if len(tile.hashes) == WIDTH:
            _check_upper(check, tile, stored)
    check.latest = max(check.latest, *times)


def _check_upper(
    check: LogCheck, tile: Tile, stored: dict[tuple[int, int], list[bytes]]
) -> None:
    if tile.level == 0:
        return  # compared leaf by leaf
    hashes = stored.pop((tile.level, tile.index), None)
    where = f"audit_tiles[{tile.level}/{tile.index}]"
    if _check_shape(check, where, hashes, len(tile.hashes)):
        for number, (found, right) in enumerate(
            zip(hashes or (), tile.hashes, strict=False)
        ):
            if found != right:
                check.differ(f"{where}.hashes[{number}]", "is not the hash of its tile")


def _check_shape(
    check: LogCheck, where: str, hashes: Sequence[bytes] | None, width: int
) -> bool:
    if hashes is None:
        check.differ(where, "is missing")
        return False
    if len(hashes) != width or len(hashes[-1]) != HASH_BYTES:
        found = sum(map(len, hashes))
        check.differ(
            f"{where}.hashes", f"is {found} bytes long, not {width * HASH_BYTES}"
        )
    return True


def _check_roots(
    check: LogCheck, heads: Sequence[StoredHead], given: set[bytes]
) -> None:
    root = check.tree.root()
    for head in heads:
        assert head.parsed is not None  # noqa: S101 - only such are among the stops
        if head.parsed.root != root and not check.forked:
            check.forked = True  # all later roots differ for the same cause
            check.differ(
                f"{head.place}.root",
                f"the first {check.tree.size} entries do not lead to the root signed",
            )
        created = as_bytes(head.row.created)
        if check.times_known and created != check.latest.encode():
            check.differ(
                f"{head.place}.created",
                f"is not the latest time of its entries, {check.latest}",
            )
    if any(other != root for other in given):
        check.differ(
            f"checkpoint of size {check.tree.size}",
            "the log does not extend it: its root differs",
        )


def _checked_chunks(
    tx: Transaction, tenant: TenantId, tree: StoredTree, check: LogCheck
) -> Iterator[tuple[list[bytes], list[str]]]:
    """Yield the leaf hashes believed, and the times of the entries."""
    entries, tiles = AUDIT_ENTRIES, AUDIT_TILES
    for start in range(0, tree.size, _CHUNK):
        if check.full:
            return
        end = min(start + _CHUNK, tree.size)
        span = [entries.c.idx >= start, entries.c.idx < end]
        rows = raw_rows(tx, entries, [entries.c.tenant_id == tenant, *span])
        by_index = {row.idx: row for row in rows}
        first, last = start // WIDTH, -(-end // WIDTH)
        span = [tiles.c.level == 0, tiles.c.idx >= first, tiles.c.idx < last]
        rows = raw_rows(tx, tiles, [tiles.c.tenant_id == tenant, *span])
        by_tile = {row.idx: unjoin(as_bytes(row.hashes)) for row in rows}
        believed = [
            leaf
            for number in range(first, last)
            for leaf in _check_tile(check, tree, number, by_tile.get(number), by_index)
        ]
        leaves = [leaf for leaf, _ in believed]
        check.leaves += leaves
        yield leaves, [time for _, time in believed]


def _check_tile(
    check: LogCheck,
    tree: StoredTree,
    number: int,
    hashes: list[bytes] | None,
    rows: Mapping[int, Any],
) -> Iterator[_Leaf]:
    start = number * WIDTH
    width = min(WIDTH, tree.size - start)
    _check_shape(check, f"audit_tiles[0/{number}]", hashes, width)
    tiled = [*(hashes or []), *[None] * width]
    for offset in range(width):
        row = rows.get(start + offset)
        if row is None:
            check.differ(f"audit_entries[{start + offset}]", "is missing")
            yield _lost(check, tiled[offset] or _UNKNOWN)
            continue
        body = as_bytes(row.body)
        copies = (leaf_hash(body), as_bytes(row.leaf_hash), tiled[offset])
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
    where = f"audit_entries[{row.idx}]"
    try:
        document = orjson.loads(body)
        event_id, time = str(document["event_id"]), str(document["time"])
        seq = int(document["seq"])
    except (ValueError, KeyError, TypeError):
        check.differ(f"{where}.body", "is not an entry")
        return _lost(check, b"")[1]
    check.seqs.append(seq)
    if time < check.previous and check.times_known:
        check.jumps.append(where)
    check.previous = time
    if as_bytes(row.event_id) != event_id.encode():
        check.differ(f"{where}.event_id", f"is not that of the body, {event_id}")
    return time


def _lost(check: LogCheck, leaf: bytes) -> _Leaf:
    """Go on without a body: its number is guessed, times cannot be followed."""
    check.seqs.append((check.seqs[-1] if check.seqs else 0) + 1)
    check.times_known = False
    return leaf, ""

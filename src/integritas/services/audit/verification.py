"""Re-computes a log and names every place that differs from what was signed.

`leaves` says what each leaf is; from these the tree is computed anew, and every tile
and every root that was signed is held against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from integritas.kernel.clock import format_time
from integritas.services.audit import store
from integritas.services.audit.beside import check_beside
from integritas.services.audit.chain import StoredTree
from integritas.services.audit.findings import Expectation, LogCheck, StoredHead
from integritas.services.audit.heads import check_anchors, check_heads
from integritas.services.audit.leaves import check_shape, checked_chunks
from integritas.services.audit.planted import check_planted
from integritas.services.audit.records import PRUNINGS, pruned_stubs
from integritas.services.audit.rows import (
    TABLES,
    as_bytes,
    damage,
    mistyped,
    place,
    present,
    raw_rows,
    stored_tenants,
)
from integritas.services.audit.tables import (
    AUDIT_ENTRIES,
    AUDIT_PERSONAL,
    AUDIT_TILES,
)
from integritas.services.audit.tiles import TILE_BYTES, WIDTH, Tile, unjoin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction
    from integritas.services.audit.notes import ParsedCheckpoint

__all__ = ["check_log"]


def check_log(tx: Transaction, expected: Expectation) -> LogCheck:
    """Verify the audit tables of a tenant on one snapshot."""
    check = LogCheck()
    try:
        check_planted(tx, check)
        _check_tables(tx, expected.tenant, check)
        prunings = store.find_records(tx, expected.tenant, PRUNINGS)
        check.pruned = pruned_stubs(prunings)
        heads = check_heads(tx, expected, check)
        size = max((head.parsed.size for head in heads if head.parsed), default=0)
        _check_beyond(tx, expected.tenant, size, check)
        given = check_anchors(expected, heads, size, check)
        _check_tree(tx, expected, heads, given, check)
        check_beside(tx, expected.tenant, check)
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", error)).strip().splitlines()[0]
        check.differ("database", f"the audit tables cannot be read: {cause}")
    return check


def _check_tables(tx: Transaction, tenant: TenantId, check: LogCheck) -> None:
    for table in TABLES:
        if table is AUDIT_PERSONAL and not present(tx, table):
            continue
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
    for leaves, times in checked_chunks(tx, expected.tenant, tree, check):
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
        if len(tile.hashes) == TILE_BYTES:
            _check_upper(check, tile, stored)
    check.latest = max(check.latest, *times)


def _check_upper(
    check: LogCheck, tile: Tile, stored: dict[tuple[int, int], list[bytes]]
) -> None:
    if tile.level == 0:
        return  # compared leaf by leaf
    hashes = stored.pop((tile.level, tile.index), None)
    where = f"audit_tiles[{tile.level}/{tile.index}]"
    expected = unjoin(tile.hashes)
    if check_shape(check, where, hashes, len(expected)):
        for number, (found, right) in enumerate(
            zip(hashes or (), expected, strict=False)
        ):
            if found != right:
                check.differ(f"{where}.hashes[{number}]", "is not the hash of its tile")


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

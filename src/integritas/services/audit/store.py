"""Reads the log of a tenant from a database, on a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa

from integritas.journal.api import Personal
from integritas.kernel.contracts import Checkpoint, LoggedEntry
from integritas.kernel.errors import IntegrityViolation
from integritas.kernel.ids import EventId, TenantId
from integritas.services.audit.bodies import canonical
from integritas.services.audit.handover import (
    EVENT_PREFIX,
    Handover,
    parse_handover,
)
from integritas.services.audit.merkle import HASH_BYTES
from integritas.services.audit.tables import (
    AUDIT_CHECKPOINTS,
    AUDIT_ENTRIES,
    AUDIT_PERSONAL,
    AUDIT_TILES,
)
from integritas.services.audit.tiles import TileTree, edge_addresses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.platform.db import Transaction
    from integritas.services.audit.drafts import Draft

__all__ = [
    "Head",
    "entries_at",
    "entries_from",
    "find_entries",
    "find_handovers",
    "find_head",
    "find_personal",
    "find_records",
    "find_tile",
    "load_tree",
    "outside_on",
    "save_personal",
    "with_personal",
]

_LOOKUP = 500


@dataclass(frozen=True, slots=True)
class Head:
    """The newest checkpoint's row."""

    number: int
    size: int
    root: bytes
    note: str
    created: datetime

    def checkpoint(self, origin: str) -> Checkpoint:
        """Return the checkpoint."""
        return Checkpoint(origin, self.size, self.root, self.note)


def find_head(tx: Transaction, tenant: TenantId) -> Head | None:
    """Return the newest checkpoint, if any was made."""
    table = AUDIT_CHECKPOINTS
    query = (
        sa.select(
            table.c.number, table.c.size, table.c.root, table.c.note, table.c.created
        )
        .where(table.c.tenant_id == tenant)
        .order_by(table.c.number.desc())
        .limit(1)
    )
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    return Head(row.number, row.size, row.root, row.note, row.created)


def load_tree(tx: Transaction, tenant: TenantId, head: Head | None) -> TileTree:
    """Return the right edge of the stored tree.

    Raises:
        IntegrityViolation: the stored tree is not the one that was signed.
    """
    if head is None:
        _check_count(tx, tenant, 0)
        return TileTree()
    _check_count(tx, tenant, head.size)
    edge: list[bytes] = []
    for level, index, width in edge_addresses(head.size):
        hashes = find_tile(tx, tenant, level, index) if width else b""
        if len(hashes) != width * HASH_BYTES:
            raise IntegrityViolation(
                f"audit_tiles[{level}/{index}].hashes holds {len(hashes)} bytes where "
                f"the last checkpoint needs {width} hashes: run integritas audit verify"
            )
        edge.append(hashes)
    tree = TileTree(head.size, edge)
    if tree.root() != head.root:
        raise IntegrityViolation(
            "audit_tiles do not lead to the root of the last checkpoint "
            f"(size {head.size}): run integritas audit verify"
        )
    return tree


def _check_count(tx: Transaction, tenant: TenantId, size: int) -> None:
    table = AUDIT_ENTRIES
    query = sa.select(sa.func.max(table.c.idx)).where(table.c.tenant_id == tenant)
    last = tx.execute(query).scalar()
    if (-1 if last is None else int(last)) != size - 1:
        raise IntegrityViolation(
            f"audit_entries ends at {last} where the last checkpoint covers {size} "
            "entries: run integritas audit verify"
        )


def find_tile(tx: Transaction, tenant: TenantId, level: int, index: int) -> bytes:
    """Return the hashes of a tile; none if there is no such tile."""
    table = AUDIT_TILES
    query = sa.select(table.c.hashes).where(
        table.c.tenant_id == tenant, table.c.level == level, table.c.idx == index
    )
    found = tx.execute(query).scalar()
    return found if isinstance(found, bytes) else b""


def entries_from(
    tx: Transaction, tenant: TenantId, *, start: int, limit: int
) -> list[LoggedEntry]:
    """Return up to `limit` entries from index `start` on."""
    table = AUDIT_ENTRIES
    query = (
        sa.select(table.c.idx, table.c.event_id, table.c.body, table.c.leaf_hash)
        .where(table.c.tenant_id == tenant, table.c.idx >= start)
        .order_by(table.c.idx)
        .limit(limit)
    )
    return [_logged(row) for row in tx.execute(query)]


def find_entries(
    tx: Transaction, tenant: TenantId, event_ids: Sequence[str]
) -> list[LoggedEntry]:
    """Return the entries of those events that the log holds, in order of index."""
    table = AUDIT_ENTRIES
    found: list[LoggedEntry] = []
    for start in range(0, len(event_ids), _LOOKUP):
        query = sa.select(
            table.c.idx, table.c.event_id, table.c.body, table.c.leaf_hash
        ).where(
            table.c.tenant_id == tenant,
            table.c.event_id.in_(event_ids[start : start + _LOOKUP]),
        )
        found += [_logged(row) for row in tx.execute(query)]
    return sorted(found, key=lambda entry: entry.index)


def entries_at(
    tx: Transaction, tenant: TenantId, indexes: Sequence[int]
) -> list[LoggedEntry]:
    """Return the entries of those indexes that the log holds, in order."""
    table = AUDIT_ENTRIES
    found: list[LoggedEntry] = []
    for start in range(0, len(indexes), _LOOKUP):
        query = sa.select(
            table.c.idx, table.c.event_id, table.c.body, table.c.leaf_hash
        ).where(
            table.c.tenant_id == tenant,
            table.c.idx.in_(indexes[start : start + _LOOKUP]),
        )
        found += [_logged(row) for row in tx.execute(query)]
    return sorted(found, key=lambda entry: entry.index)


def outside_on(tx: Transaction, tenant: TenantId, subject: str) -> list[str]:
    """Return the events of outside systems on a subject, from the entries themselves.

    The search index would be faster, but is no evidence.
    """
    table = AUDIT_ENTRIES
    text = sa.literal(b'"subject":' + canonical(subject), sa.LargeBinary)
    if tx.dialect == "sqlite":
        place = sa.func.instr(table.c.body, text)
    else:
        place = sa.func.position(text.op("IN")(table.c.body))
    query = (
        sa.select(table.c.event_id, table.c.body)
        .where(table.c.tenant_id == tenant, place > 0)
        .order_by(table.c.idx)
    )
    found = []
    for row in tx.execute(query):
        document: Any = orjson.loads(row.body)
        if document.get("subject") == subject and "seq" not in document:
            found.append(str(row.event_id))
    return found


def find_handovers(tx: Transaction, tenant: TenantId, origin: str) -> list[Handover]:
    """Return the hand-overs of keys that stand in the log."""
    bodies = find_records(tx, tenant, EVENT_PREFIX)
    found = [parse_handover(body, origin) for body in bodies]
    return [handover for handover in found if handover is not None]


def find_records(tx: Transaction, tenant: TenantId, prefix: str) -> list[bytes]:
    """Return the bodies of the entries whose event ids have a prefix, in order."""
    table = AUDIT_ENTRIES
    query = (
        sa.select(table.c.body)
        .where(
            table.c.tenant_id == tenant,
            table.c.event_id >= prefix,
            table.c.event_id < f"{prefix}~",
        )
        .order_by(table.c.idx)
    )
    bodies = [row.body for row in tx.execute(query)]
    return [body for body in bodies if type(body) is bytes]


def save_personal(tx: Transaction, tenant: TenantId, drafts: Sequence[Draft]) -> None:
    """Keep the personal data of drafts beside the log."""
    rows = [
        {
            "tenant_id": tenant,
            "event_id": draft.event_id,
            "salt": draft.personal.salt,
            "payload": draft.personal.payload,
        }
        for draft in drafts
        if draft.personal is not None
    ]
    tx.insert(AUDIT_PERSONAL, rows)


def find_personal(tx: Transaction, tenant: TenantId, event_id: str) -> Personal | None:
    """Return the personal data beside an entry; None if erased or never there."""
    table = AUDIT_PERSONAL
    query = sa.select(table.c.salt, table.c.payload).where(
        table.c.tenant_id == tenant, table.c.event_id == event_id
    )
    row = tx.execute(query).one_or_none()
    return Personal(row.salt, row.payload) if row is not None else None


def with_personal(
    tx: Transaction, tenant: TenantId, event_ids: Sequence[str]
) -> list[str]:
    """Return those of the events that have personal data beside the log."""
    table = AUDIT_PERSONAL
    found: list[str] = []
    for start in range(0, len(event_ids), _LOOKUP):
        query = sa.select(table.c.event_id).where(
            table.c.tenant_id == tenant,
            table.c.event_id.in_(event_ids[start : start + _LOOKUP]),
        )
        found += tx.execute(query).scalars()
    return sorted(found)


def _logged(row: Any) -> LoggedEntry:  # noqa: ANN401 - a row of AUDIT_ENTRIES
    return LoggedEntry(row.idx, EventId(row.event_id), row.body, row.leaf_hash)

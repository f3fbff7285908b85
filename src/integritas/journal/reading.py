"""The journal as its readers see it: entries, and how far they go."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from pydantic import JsonValue

from integritas.journal.tables import JOURNAL
from integritas.kernel.ids import EventId, TenantId
from integritas.kernel.states import ActorKind

if TYPE_CHECKING:
    from integritas.platform.db import Transaction

__all__ = [
    "ERASED",
    "Entry",
    "entry_of",
    "locked_head",
    "next_seqs",
    "numbers_on",
    "read_entries",
    "read_head",
    "read_heads",
]

ERASED: Final = "integritas.personal.erased.v1"
_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: what happened (`type`), to what (`subject`), by whom, when.

    `commitment` (hex) stands for personal data kept beside the entry, if any.
    """

    tenant: TenantId
    seq: int
    event_id: EventId
    type: str
    subject: str
    time: datetime
    actor_id: str
    actor_kind: ActorKind
    actor_roles: tuple[str, ...]
    correlation_id: str
    data: Mapping[str, JsonValue]
    commitment: str | None


def read_entries(
    tx: Transaction,
    tenant: TenantId,
    *,
    after: int,
    limit: int | None = None,
    until: int | None = None,
    types: Collection[str] | None = None,
) -> Sequence[Entry]:
    """Return entries in a transaction, if given of those types: what followers use."""
    query = _those(sa.select(JOURNAL), tenant, after, until, types).limit(limit)
    return [entry_of(row) for row in tx.execute(query)]


def next_seqs(
    tx: Transaction,
    tenant: TenantId,
    *,
    after: int,
    until: int,
    limit: int,
    types: Collection[str],
) -> Sequence[int]:
    """Return the numbers of the next entries of those types, in order."""
    query = _those(sa.select(JOURNAL.c.seq), tenant, after, until, types).limit(limit)
    return tx.execute(query).scalars().all()


def numbers_on(
    tx: Transaction, tenant: TenantId, subjects: Sequence[str], *, until: int
) -> dict[str, list[int]]:
    """Return the numbers of the entries on each subject, but those on erasures.

    Why something was erased stays beside the entry that tells of it.
    """
    found: dict[str, list[int]] = {subject: [] for subject in subjects}
    for start in range(0, len(subjects), _AT_ONCE):
        query = sa.select(JOURNAL.c.subject, JOURNAL.c.seq).where(
            JOURNAL.c.tenant_id == tenant,
            JOURNAL.c.subject.in_(subjects[start : start + _AT_ONCE]),
            JOURNAL.c.seq <= until,
            JOURNAL.c.type != ERASED,
        )
        for row in tx.execute(query):
            found[row.subject].append(row.seq)
    return found


def _those(
    query: sa.Select[Any],
    tenant: TenantId,
    after: int,
    until: int | None,
    types: Collection[str] | None,
) -> sa.Select[Any]:
    query = query.where(JOURNAL.c.tenant_id == tenant, JOURNAL.c.seq > after)
    if until is not None:
        query = query.where(JOURNAL.c.seq <= until)
    if types is not None:
        query = query.where(JOURNAL.c.type.in_(sorted(types)))
    return query.order_by(JOURNAL.c.seq)


# Steps from one tenant to the next along the key: DISTINCT would read every entry.
_HEADS: Final = sa.text(
    """
    WITH RECURSIVE tenants (id) AS (
        SELECT min(tenant_id) FROM journal
        UNION ALL
        SELECT (SELECT min(tenant_id) FROM journal WHERE tenant_id > tenants.id)
        FROM tenants WHERE tenants.id IS NOT NULL
    )
    SELECT id, (SELECT max(seq) FROM journal WHERE tenant_id = tenants.id) AS head
    FROM tenants WHERE id IS NOT NULL
    """
)


def read_heads(tx: Transaction) -> dict[TenantId, int]:
    """Return the highest `seq` of every tenant that has entries, by name."""
    return {TenantId(row.id): row.head for row in tx.execute(_HEADS)}


def locked_head(tx: Transaction, tenant: TenantId) -> int:
    """Return the highest `seq` of a tenant; no other transaction adds to it."""
    if tx.dialect == "postgresql":
        # Held to the commit, so numbers are committed in the order they are given.
        key = int.from_bytes(hashlib.sha256(tenant.encode()).digest()[:8], signed=True)
        tx.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
    return read_head(tx, tenant)


_HEAD: Final = sa.select(sa.func.max(JOURNAL.c.seq)).where(
    JOURNAL.c.tenant_id == sa.bindparam("of_tenant")
)


def read_head(tx: Transaction, tenant: TenantId) -> int:
    """Return the highest `seq` of a tenant, 0 if it has no entries."""
    return int(tx.execute(_HEAD, {"of_tenant": tenant}).scalar() or 0)


def entry_of(row: Any) -> Entry:  # noqa: ANN401 - a row of JOURNAL
    """Return a row of the journal as an entry."""
    # By position, not by name: followers read every entry there is.
    tenant, seq, event_id, kind, subject, time, actor, actor_kind, roles, *rest = row
    return Entry(
        tenant,
        seq,
        event_id,
        kind,
        subject,
        time,
        actor,
        ActorKind(actor_kind),
        tuple(roles),
        *rest,
    )

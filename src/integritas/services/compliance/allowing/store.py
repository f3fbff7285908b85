"""Statements over the allow-list: a function each, in a unit of work."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from integritas.kernel.clock import format_time
from integritas.services.compliance.allowing.pairs import party_key
from integritas.services.compliance.queries import questions_on
from integritas.services.compliance.tables import (
    COMPLIANCE_ALLOWED,
    COMPLIANCE_ALLOWED_BEFORE,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from integritas.kernel.contracts import Evidence, UnitOfWork
    from integritas.kernel.ids import TenantId

__all__ = [
    "Allowed",
    "allowed_of",
    "delete_allowed",
    "find_allowed",
    "kept_allowed",
    "list_allowed",
    "past_of",
    "put_allowed",
    "withdraw_allowed",
]

_TABLE, _BEFORE = COMPLIANCE_ALLOWED, COMPLIANCE_ALLOWED_BEFORE
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Allowed:
    """A pair that is no hit until the entry changes or the date comes."""

    id: str
    party: str
    list: str
    uid: str
    entry_digest: str
    finding: str | None
    reason: str
    created_by: str
    created_at: datetime
    expires_at: datetime

    def told(self) -> dict[str, str | None]:
        """Return what the journal tells of it, and reconciling compares."""
        return {
            "list": self.list,
            "uid": self.uid,
            "finding": self.finding,
            "expires_at": format_time(self.expires_at),
        }


_COLUMNS = [_TABLE.c[name] for name in Allowed.__slots__]


def put_allowed(uow: UnitOfWork, tenant: TenantId, allowed: Allowed) -> None:
    """Insert a pair, in the place of an older word on the same pair."""
    older = sa.select(*_COLUMNS).where(
        _TABLE.c.tenant_id == tenant,
        _TABLE.c.party == allowed.party,
        _TABLE.c.list == allowed.list,
        _TABLE.c.uid == allowed.uid,
    )
    for row in uow.execute(older).all():
        withdraw_allowed(uow, tenant, _allowed(row))
    uow.execute(sa.insert(_TABLE).values(tenant_id=tenant, **asdict(allowed)))


def find_allowed(uow: UnitOfWork, tenant: TenantId, allowed_id: str) -> Allowed | None:
    """Return a pair."""
    query = sa.select(*_COLUMNS).where(
        _TABLE.c.tenant_id == tenant, _TABLE.c.id == allowed_id
    )
    row = uow.execute(query).first()
    return None if row is None else _allowed(row)


def list_allowed(
    uow: UnitOfWork,
    tenant: TenantId,
    *,
    before: str | None = None,
    limit: int | None = None,
) -> list[Allowed]:
    """Return pairs, newest first."""
    query = (
        sa.select(*_COLUMNS)
        .where(_TABLE.c.tenant_id == tenant)
        .order_by(_TABLE.c.id.desc())
    )
    if before is not None:
        query = query.where(_TABLE.c.id < before)
    if limit is not None:
        query = query.limit(limit)
    return [_allowed(row) for row in uow.execute(query)]


def kept_allowed(
    uow: UnitOfWork, tenant: TenantId
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the pairs as entries of the journal tell of them, by id."""
    for found in list_allowed(uow, tenant):
        yield found.id, {**found.told(), "created_by": found.created_by}


def withdraw_allowed(uow: UnitOfWork, tenant: TenantId, allowed: Allowed) -> None:
    """Take a pair off; that it was there is kept for when its party is erased."""
    delete_allowed(uow, tenant, allowed.id)
    row = {"tenant_id": tenant, "id": allowed.id, "party": allowed.party}
    uow.execute(sa.insert(_BEFORE).values(row))


def delete_allowed(uow: UnitOfWork, tenant: TenantId, allowed_id: str) -> None:
    """Delete a pair."""
    uow.execute(
        sa.delete(_TABLE).where(_TABLE.c.tenant_id == tenant, _TABLE.c.id == allowed_id)
    )


def allowed_of(
    uow: UnitOfWork, tenant: TenantId, evidence: Sequence[Evidence]
) -> list[Allowed]:
    """Return the pairs of parties that evidence tells of."""
    found: list[Allowed] = []
    for parties in _parties(evidence):
        chosen = _TABLE.c.party.in_(parties)
        query = sa.select(*_COLUMNS).where(_TABLE.c.tenant_id == tenant, chosen)
        found += [_allowed(row) for row in uow.execute(query)]
    return found


def past_of(
    uow: UnitOfWork, tenant: TenantId, evidence: Sequence[Evidence]
) -> list[str]:
    """Forget the pairs of those parties that left the list before; return their ids."""
    found: list[str] = []
    for parties in _parties(evidence):
        ours = (_BEFORE.c.tenant_id == tenant, _BEFORE.c.party.in_(parties))
        query = sa.select(_BEFORE.c.id).where(*ours).order_by(_BEFORE.c.id)
        there = list(uow.execute(query).scalars())
        if there:
            uow.execute(sa.delete(_BEFORE).where(*ours))
        found += there
    return found


def _parties(evidence: Sequence[Evidence]) -> Iterator[list[str]]:
    """Yield the parties that evidence tells of, some at a time."""
    asked = (question for item in evidence for question in questions_on(item))
    parties = sorted({party_key(question.queries) for question in asked})
    for start in range(0, len(parties), _AT_ONCE):
        yield parties[start:][:_AT_ONCE]


def _allowed(row: Any) -> Allowed:  # noqa: ANN401 - SQLAlchemy's Row
    return Allowed(**row._mapping)  # noqa: SLF001 - its public way to columns by name

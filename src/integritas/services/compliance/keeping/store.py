"""Statements over refreshes of the lists: a function each, in a unit of work."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from integritas.kernel.ids import TenantId
from integritas.services.compliance.tables import COMPLIANCE_LIST_REFRESHES

if TYPE_CHECKING:
    from integritas.kernel.contracts import UnitOfWork

__all__ = [
    "DONE",
    "FAILED",
    "WAITING",
    "ListOutcome",
    "Refresh",
    "add_refresh",
    "end_refresh",
    "find_refresh",
    "list_refreshes",
    "waiting_refreshes",
]

WAITING: Final = "waiting"
DONE: Final = "done"
FAILED: Final = "failed"
_TABLE = COMPLIANCE_LIST_REFRESHES


@dataclass(frozen=True, slots=True)
class ListOutcome:
    """What a refresh did to a list: numbers of entries, or why it stayed as it was.

    `version` is None where the publisher had nothing new, or an error is told.
    """

    list: str
    version: str | None = None
    before: str | None = None
    added: int = 0
    removed: int = 0
    changed: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class Refresh:
    """A refresh that was asked for; no `lists` means all that have a source."""

    id: str
    lists: tuple[str, ...]
    state: str
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None = None
    outcomes: tuple[ListOutcome, ...] = ()


_COLUMNS = [_TABLE.c[name] for name in Refresh.__slots__]


def add_refresh(uow: UnitOfWork, tenant: TenantId, refresh: Refresh) -> None:
    """Insert a refresh."""
    uow.execute(sa.insert(_TABLE).values(tenant_id=tenant, **_row(refresh)))


def end_refresh(uow: UnitOfWork, tenant: TenantId, ended: Refresh) -> bool:
    """Write how a refresh ended; False if somebody else did before."""
    query = (
        sa.update(_TABLE)
        .where(
            _TABLE.c.tenant_id == tenant,
            _TABLE.c.id == ended.id,
            _TABLE.c.state == WAITING,
        )
        .values(_row(ended))
        .returning(_TABLE.c.id)
    )
    return uow.execute(query).first() is not None


def find_refresh(uow: UnitOfWork, tenant: TenantId, refresh_id: str) -> Refresh | None:
    """Return a refresh."""
    query = sa.select(*_COLUMNS).where(
        _TABLE.c.tenant_id == tenant, _TABLE.c.id == refresh_id
    )
    row = uow.execute(query).first()
    return None if row is None else _refresh(row)


def list_refreshes(
    uow: UnitOfWork, tenant: TenantId, *, before: str | None = None, limit: int = 50
) -> list[Refresh]:
    """Return refreshes, newest first."""
    query = (
        sa.select(*_COLUMNS)
        .where(_TABLE.c.tenant_id == tenant)
        .order_by(_TABLE.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(_TABLE.c.id < before)
    return [_refresh(row) for row in uow.execute(query)]


def waiting_refreshes(uow: UnitOfWork) -> list[tuple[TenantId, Refresh]]:
    """Return what waits, of all tenants, oldest first: the lists are everybody's."""
    query = (
        sa.select(_TABLE.c.tenant_id, *_COLUMNS)
        .where(_TABLE.c.state == WAITING)
        .order_by(_TABLE.c.id)
    )
    return [(TenantId(row.tenant_id), _refresh(row)) for row in uow.execute(query)]


def _row(refresh: Refresh) -> dict[str, Any]:
    row = asdict(refresh)
    return {**row, "lists": list(row["lists"]), "outcomes": list(row["outcomes"])}


def _refresh(row: Any) -> Refresh:  # noqa: ANN401 - SQLAlchemy's Row
    return Refresh(
        id=row.id,
        lists=tuple(row.lists),
        state=row.state,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        finished_at=row.finished_at,
        outcomes=tuple(ListOutcome(**outcome) for outcome in row.outcomes),
    )

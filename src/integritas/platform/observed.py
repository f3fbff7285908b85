"""What a service learned from, noted beside what it learned: no event counts twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from integritas.platform.columns import METADATA, Identifier, tenant_column

if TYPE_CHECKING:
    from integritas.kernel.contracts import UnitOfWork
    from integritas.kernel.ids import EventId, TenantId

__all__ = ["note_observed", "observed_table", "was_observed"]


def observed_table(name: str) -> sa.Table:
    """Return the table in which a service notes its events."""
    return sa.Table(
        name,
        METADATA,
        tenant_column(),
        sa.Column("event_id", Identifier, primary_key=True),
    )


def was_observed(
    uow: UnitOfWork, table: sa.Table, tenant: TenantId, event_id: EventId
) -> bool:
    """Say whether an event was learned from."""
    query = sa.select(table.c.event_id).where(
        table.c.tenant_id == tenant, table.c.event_id == event_id
    )
    return uow.execute(query).first() is not None


def note_observed(
    uow: UnitOfWork, table: sa.Table, tenant: TenantId, event_id: EventId
) -> bool:
    """Note an event as learned from; say False if it was before."""
    if was_observed(uow, table, tenant, event_id):
        return False
    uow.execute(sa.insert(table).values(tenant_id=tenant, event_id=event_id))
    return True

"""Statements over deployments, in a unit of work."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from integritas.registry.model import Deployment
from integritas.registry.tables import MODEL_DEPLOYMENTS

if TYPE_CHECKING:
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = ["find", "save"]


def find(
    tx: Transaction, tenant: TenantId, name: str, *, lock: bool = False
) -> Deployment | None:
    """Return a tenant's deployment of a model, None if nobody has changed it."""
    table = MODEL_DEPLOYMENTS
    query = sa.select(table).where(table.c.tenant_id == tenant, table.c.name == name)
    if lock and tx.dialect == "postgresql":
        query = query.with_for_update()
    row = tx.execute(query).first()
    if row is None:
        return None
    return Deployment(
        champion=row.champion,
        previous=row.previous,
        challenger=row.challenger,
        share=row.share,
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )


def save(tx: Transaction, tenant: TenantId, name: str, deployment: Deployment) -> None:
    """Keep a deployment over what was kept."""
    table = MODEL_DEPLOYMENTS
    mine = (table.c.tenant_id == tenant) & (table.c.name == name)
    values = asdict(deployment)
    if tx.execute(sa.select(table.c.name).where(mine)).first() is None:
        row = {"tenant_id": tenant, "name": name, **values}
        tx.execute(sa.insert(table).values(**row))
        return
    tx.execute(sa.update(table).where(mine).values(**values))

"""Rows of second factors and recovery codes; of one tenant, in a unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from integritas.identity.tables import RECOVERY_CODES, SECOND_FACTORS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from integritas.kernel.ids import TenantId, UserId
    from integritas.platform.db import Transaction

__all__ = [
    "Factor",
    "claim_code",
    "claim_step",
    "confirm",
    "find_factor",
    "put_codes",
    "put_factor",
    "remove_factor",
]


@dataclass(frozen=True, slots=True)
class Factor:
    """A second factor; until it is confirmed it is asked of nobody."""

    sealed_secret: str
    confirmed: bool


def find_factor(tx: Transaction, tenant: TenantId, user: UserId) -> Factor | None:
    """Return a user's second factor."""
    table = SECOND_FACTORS
    query = sa.select(table.c.sealed_secret, table.c.confirmed_at).where(
        table.c.tenant_id == tenant, table.c.user_id == user
    )
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    return Factor(row.sealed_secret, row.confirmed_at is not None)


def put_factor(
    tx: Transaction, tenant: TenantId, user: UserId, sealed: str, now: datetime
) -> None:
    """Insert an unconfirmed factor in place of whatever was there."""
    remove_factor(tx, tenant, user)
    row = {
        "tenant_id": tenant,
        "user_id": user,
        "sealed_secret": sealed,
        "created_at": now,
        "last_step": 0,
    }
    tx.insert(SECOND_FACTORS, [row])


def confirm(tx: Transaction, tenant: TenantId, user: UserId, now: datetime) -> bool:
    """Mark a factor as confirmed; False if it was, or there is none."""
    unconfirmed = SECOND_FACTORS.c.confirmed_at.is_(None)
    return _won(tx, SECOND_FACTORS, tenant, user, unconfirmed, confirmed_at=now)


def claim_step(tx: Transaction, tenant: TenantId, user: UserId, step: int) -> bool:
    """Use up the code of a time step and all before; False if it was. One wins."""
    earlier = SECOND_FACTORS.c.last_step < step
    return _won(tx, SECOND_FACTORS, tenant, user, earlier, last_step=step)


def put_codes(
    tx: Transaction, tenant: TenantId, user: UserId, digests: Iterable[str]
) -> None:
    """Insert recovery codes."""
    rows = [{"tenant_id": tenant, "user_id": user, "digest": d} for d in digests]
    tx.insert(RECOVERY_CODES, rows)


def claim_code(
    tx: Transaction, tenant: TenantId, user: UserId, digest: str, now: datetime
) -> bool:
    """Use a recovery code up; False if it is none or was used. One wins."""
    table = RECOVERY_CODES
    unused = (table.c.digest == digest) & table.c.used_at.is_(None)
    return _won(tx, table, tenant, user, unused, used_at=now)


def _won(
    tx: Transaction,
    table: sa.Table,
    tenant: TenantId,
    user: UserId,
    still: sa.ColumnElement[bool],
    **values: Any,  # noqa: ANN401 - of any column
) -> bool:
    """Change a user's row if something still holds of it; of several, one does."""
    mine = (table.c.tenant_id == tenant) & (table.c.user_id == user)
    statement = sa.update(table).where(mine, still).values(**values)
    return tx.execute(statement).rowcount == 1


def remove_factor(tx: Transaction, tenant: TenantId, user: UserId) -> bool:
    """Delete a factor with its recovery codes; False if there is none."""
    gone = 0
    for table in (RECOVERY_CODES, SECOND_FACTORS):
        statement = sa.delete(table).where(
            table.c.tenant_id == tenant, table.c.user_id == user
        )
        gone = tx.execute(statement).rowcount
    return gone == 1

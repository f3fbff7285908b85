"""What is kept of users and keys, as reconciling compares it: rows by table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

import sqlalchemy as sa

from integritas.identity.tables import API_KEYS, USERS

if TYPE_CHECKING:
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = ["KEPT_IDENTITY"]

_Row: TypeAlias = tuple[str, Mapping[str, object]]
_RowsOf: TypeAlias = "Callable[[Transaction, TenantId], Iterator[_Row]]"


def _users(tx: Transaction, tenant: TenantId) -> Iterator[_Row]:
    query = sa.select(USERS).where(USERS.c.tenant_id == tenant)
    for row in tx.execute(query):
        told = {
            "roles": sorted(row.roles),
            "teams": sorted(row.teams),
            "disabled": bool(row.disabled),
        }
        yield row.id, told


def _keys(tx: Transaction, tenant: TenantId) -> Iterator[_Row]:
    query = sa.select(API_KEYS).where(API_KEYS.c.tenant_id == tenant)
    for row in tx.execute(query):
        told = {
            "owner": row.owner_id,
            "prefix": row.prefix,
            "scopes": sorted(row.scopes),
            "expires_at": row.expires_at.isoformat() if row.expires_at else None,
            "revoked": row.revoked_at is not None,
        }
        yield row.id, told


KEPT_IDENTITY: Final[Mapping[str, _RowsOf]] = {"users": _users, "api_keys": _keys}
"""What permits whom, by table: roles, teams, scopes, and what ended."""

"""Rows of tenants, users and keys; always of one tenant, in a unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from integritas.identity.credentials import name_key
from integritas.identity.model import ApiKey, User
from integritas.identity.policy import Role
from integritas.identity.tables import (
    API_KEYS,
    TENANTS,
    USERS,
)
from integritas.kernel.ids import KeyId, TenantId, UserId

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from integritas.platform.db import Transaction

__all__ = [
    "StoredUser",
    "add_key",
    "add_tenant",
    "add_user",
    "change_user",
    "find_key",
    "find_key_by_digest",
    "find_user",
    "find_user_by_name",
    "has_team",
    "list_keys",
    "list_users",
    "other_admins",
    "revoke_key",
    "tenant_exists",
]


@dataclass(frozen=True, slots=True)
class StoredUser:
    """A user and the hash of their password."""

    user: User
    password_hash: str | None


# Tenants -------------------------------------------------------------------------


def tenant_exists(tx: Transaction, tenant: TenantId, *, lock: bool = False) -> bool:
    """Say whether there is such a tenant.

    With `lock`, units of work of other processes that ask so wait for this one: what
    concerns all users of a tenant (a name being free, the last administrator) can then
    be looked up and relied on. SQLite has one writer anyway.
    """
    query = sa.select(TENANTS.c.tenant_id).where(TENANTS.c.tenant_id == tenant)
    return tx.execute(query.with_for_update() if lock else query).first() is not None


def add_tenant(tx: Transaction, tenant: TenantId, name: str, now: datetime) -> bool:
    """Insert a tenant; False if it was there."""
    insert = postgresql.insert if tx.dialect == "postgresql" else sqlite.insert
    statement = (
        insert(TENANTS)
        .values(tenant_id=tenant, name=name, created_at=now)
        .on_conflict_do_nothing()
        .returning(TENANTS.c.tenant_id)
    )
    return tx.execute(statement).first() is not None


# Users ---------------------------------------------------------------------------


def add_user(tx: Transaction, stored: StoredUser) -> None:
    """Insert a user."""
    tx.insert(USERS, [_user_row(stored)])


def change_user(tx: Transaction, stored: StoredUser) -> bool:
    """Write a user over its version before; False if that was not the stored one."""
    user = stored.user
    statement = (
        sa.update(USERS)
        .where(
            USERS.c.tenant_id == user.tenant,
            USERS.c.id == user.id,
            USERS.c.version == user.version - 1,
        )
        .values(_user_row(stored))
    )
    return tx.execute(statement).rowcount == 1


def find_user(tx: Transaction, tenant: TenantId, user: UserId) -> StoredUser | None:
    """Return a user by id."""
    query = sa.select(USERS).where(USERS.c.tenant_id == tenant, USERS.c.id == user)
    return _stored_user(tx.execute(query).one_or_none())


def find_user_by_name(
    tx: Transaction, tenant: TenantId, username: str
) -> StoredUser | None:
    """Return a user by any spelling of the name."""
    query = sa.select(USERS).where(
        USERS.c.tenant_id == tenant, USERS.c.username_key == name_key(username)
    )
    return _stored_user(tx.execute(query).one_or_none())


def list_users(
    tx: Transaction, tenant: TenantId, *, after: str, limit: int
) -> Sequence[User]:
    """Return users in the order of their ids."""
    query = (
        sa.select(USERS)
        .where(USERS.c.tenant_id == tenant, USERS.c.id > after)
        .order_by(USERS.c.id)
        .limit(limit)
    )
    return [_user(row) for row in tx.execute(query)]


def other_admins(tx: Transaction, tenant: TenantId, user: UserId | None) -> bool:
    """Say whether there is an administrator who may sign in, other than `user`."""
    query = sa.select(USERS.c.id, USERS.c.roles).where(
        USERS.c.tenant_id == tenant, USERS.c.disabled.is_(False)
    )
    return any(Role.ADMIN in row.roles and row.id != user for row in tx.execute(query))


def has_team(tx: Transaction, tenant: TenantId, team: str) -> bool:
    """Say whether an active user is in a team."""
    query = sa.select(USERS.c.teams).where(
        USERS.c.tenant_id == tenant, USERS.c.disabled.is_(False)
    )
    return any(team in row.teams for row in tx.execute(query))


def _user_row(stored: StoredUser) -> dict[str, Any]:
    user = stored.user
    return {
        "tenant_id": user.tenant,
        "id": user.id,
        "username": user.username,
        "username_key": name_key(user.username),
        "display_name": user.display_name,
        "email": user.email,
        "password_hash": stored.password_hash,
        "roles": sorted(user.roles),
        "teams": sorted(user.teams),
        "disabled": user.disabled,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "version": user.version,
    }


def _user(row: Any) -> User:  # noqa: ANN401 - a row of USERS
    return User(
        tenant=TenantId(row.tenant_id),
        id=UserId(row.id),
        username=row.username,
        display_name=row.display_name,
        email=row.email,
        roles=frozenset(map(Role, row.roles)),
        disabled=row.disabled,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
        teams=frozenset(row.teams),
    )


def _stored_user(row: Any) -> StoredUser | None:  # noqa: ANN401 - a row of USERS
    return None if row is None else StoredUser(_user(row), row.password_hash)


# API keys ------------------------------------------------------------------------


def add_key(tx: Transaction, key: ApiKey, digest: str) -> None:
    """Insert a key."""
    row = {
        "tenant_id": key.tenant,
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "digest": digest,
        "owner_id": key.owner,
        "scopes": sorted(key.scopes),
        "created_by": key.created_by,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    }
    tx.insert(API_KEYS, [row])


def find_key(tx: Transaction, tenant: TenantId, key: KeyId) -> ApiKey | None:
    """Return a key by id."""
    query = sa.select(API_KEYS).where(
        API_KEYS.c.tenant_id == tenant, API_KEYS.c.id == key
    )
    return _key(tx.execute(query).one_or_none())


def find_key_by_digest(tx: Transaction, tenant: TenantId, digest: str) -> ApiKey | None:
    """Return a key by the digest of its secret."""
    query = sa.select(API_KEYS).where(
        API_KEYS.c.tenant_id == tenant, API_KEYS.c.digest == digest
    )
    return _key(tx.execute(query).one_or_none())


def list_keys(
    tx: Transaction, tenant: TenantId, owner: UserId | None, *, after: str, limit: int
) -> Sequence[ApiKey]:
    """Return keys in the order of their ids, of one owner if given."""
    query = (
        sa.select(API_KEYS)
        .where(API_KEYS.c.tenant_id == tenant, API_KEYS.c.id > after)
        .order_by(API_KEYS.c.id)
        .limit(limit)
    )
    if owner is not None:
        query = query.where(API_KEYS.c.owner_id == owner)
    return [key for row in tx.execute(query) if (key := _key(row)) is not None]


def revoke_key(tx: Transaction, tenant: TenantId, key: KeyId, now: datetime) -> bool:
    """End a key; False if it had ended."""
    statement = (
        sa.update(API_KEYS)
        .where(
            API_KEYS.c.tenant_id == tenant,
            API_KEYS.c.id == key,
            API_KEYS.c.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )
    return tx.execute(statement).rowcount == 1


def _key(row: Any) -> ApiKey | None:  # noqa: ANN401 - a row of API_KEYS
    if row is None:
        return None
    return ApiKey(
        tenant=TenantId(row.tenant_id),
        id=KeyId(row.id),
        name=row.name,
        prefix=row.prefix,
        owner=None if row.owner_id is None else UserId(row.owner_id),
        scopes=frozenset(row.scopes),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )

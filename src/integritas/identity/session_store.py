"""Rows of sessions and failed logins; always of one tenant, in a unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from integritas.identity.credentials import name_key, pause_after
from integritas.identity.tables import LOGIN_ATTEMPTS, REFRESH_TOKENS, SESSIONS
from integritas.kernel.ids import TenantId, UserId
from integritas.platform.security import secret_digest

if TYPE_CHECKING:
    from integritas.platform.db import Transaction

__all__ = [
    "Attempts",
    "Session",
    "add_refresh",
    "add_session",
    "claim_refresh",
    "clear_failures",
    "count_failure",
    "find_attempts",
    "find_refresh_session",
    "find_session",
    "forget_expired",
    "revoke_session",
    "revoke_sessions_of",
]

FORGOTTEN: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Session:
    """A login and what came of it."""

    id: str
    user: UserId
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failures in a row under one name."""

    failures: int
    last_at: datetime

    def wait(self, now: datetime) -> timedelta:
        """Return how long the name is refused yet; zero or less if it is not."""
        if now - self.last_at > FORGOTTEN:
            return timedelta()
        return self.last_at + pause_after(self.failures) - now


# Failed logins -------------------------------------------------------------------


def find_attempts(tx: Transaction, tenant: TenantId, username: str) -> Attempts | None:
    """Return the failures under a name."""
    table = LOGIN_ATTEMPTS
    query = sa.select(table.c.failures, table.c.last_at).where(
        table.c.tenant_id == tenant,
        table.c.name_digest == secret_digest(name_key(username)),
    )
    row = tx.execute(query).one_or_none()
    return None if row is None else Attempts(row.failures, row.last_at)


def count_failure(
    tx: Transaction, tenant: TenantId, username: str, now: datetime
) -> None:
    """Count one more failure under a name; forget names not tried for a day."""
    table = LOGIN_ATTEMPTS
    tx.execute(
        sa.delete(table).where(
            table.c.tenant_id == tenant, table.c.last_at < now - FORGOTTEN
        )
    )
    insert = postgresql.insert if tx.dialect == "postgresql" else sqlite.insert
    row = {
        "tenant_id": tenant,
        "name_digest": secret_digest(name_key(username)),
        "failures": 1,
        "last_at": now,
    }
    tx.execute(
        insert(table)
        .values(row)
        .on_conflict_do_update(
            index_elements=["tenant_id", "name_digest"],
            set_={"failures": table.c.failures + 1, "last_at": now},
        )
    )


def clear_failures(tx: Transaction, tenant: TenantId, username: str) -> None:
    """Forget the failures under a name."""
    table = LOGIN_ATTEMPTS
    tx.execute(
        sa.delete(table).where(
            table.c.tenant_id == tenant,
            table.c.name_digest == secret_digest(name_key(username)),
        )
    )


# Sessions ------------------------------------------------------------------------


def add_session(
    tx: Transaction, tenant: TenantId, session: Session, now: datetime
) -> None:
    """Insert a session."""
    row = {
        "tenant_id": tenant,
        "id": session.id,
        "user_id": session.user,
        "created_at": now,
        "expires_at": session.expires_at,
    }
    tx.insert(SESSIONS, [row])


def forget_expired(tx: Transaction, tenant: TenantId, now: datetime) -> None:
    """Delete sessions and refresh tokens that are over anyway."""
    for table in (SESSIONS, REFRESH_TOKENS):
        tx.execute(
            sa.delete(table).where(
                table.c.tenant_id == tenant, table.c.expires_at <= now
            )
        )


def find_session(tx: Transaction, tenant: TenantId, session: str) -> Session | None:
    """Return a session by id."""
    query = sa.select(SESSIONS).where(
        SESSIONS.c.tenant_id == tenant, SESSIONS.c.id == session
    )
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    return Session(row.id, UserId(row.user_id), row.expires_at, row.revoked_at)


def revoke_session(
    tx: Transaction, tenant: TenantId, session: str, cause: str, now: datetime
) -> bool:
    """End a session; False if it had ended."""
    return _revoke(tx, tenant, SESSIONS.c.id == session, cause, now) == 1


def revoke_sessions_of(
    tx: Transaction, tenant: TenantId, user: UserId, cause: str, now: datetime
) -> int:
    """End all sessions of a user; return how many had not ended."""
    return _revoke(tx, tenant, SESSIONS.c.user_id == user, cause, now)


def _revoke(
    tx: Transaction,
    tenant: TenantId,
    which: sa.ColumnElement[bool],
    cause: str,
    now: datetime,
) -> int:
    statement = (
        sa.update(SESSIONS)
        .where(SESSIONS.c.tenant_id == tenant, which, SESSIONS.c.revoked_at.is_(None))
        .values(revoked_at=now, revoked_cause=cause)
    )
    return tx.execute(statement).rowcount


def add_refresh(
    tx: Transaction, tenant: TenantId, digest: str, session: str, expires_at: datetime
) -> None:
    """Insert a refresh token of a session."""
    row = {
        "tenant_id": tenant,
        "digest": digest,
        "session_id": session,
        "expires_at": expires_at,
    }
    tx.insert(REFRESH_TOKENS, [row])


def find_refresh_session(
    tx: Transaction, tenant: TenantId, digest: str
) -> tuple[str, datetime] | None:
    """Return the session of a refresh token, and until when the token is good."""
    table = REFRESH_TOKENS
    query = sa.select(table.c.session_id, table.c.expires_at).where(
        table.c.tenant_id == tenant, table.c.digest == digest
    )
    row = tx.execute(query).one_or_none()
    return None if row is None else (row.session_id, row.expires_at)


def claim_refresh(
    tx: Transaction, tenant: TenantId, digest: str, now: datetime
) -> bool:
    """Use a refresh token up; False if it was used before. Of two, one wins."""
    table = REFRESH_TOKENS
    statement = (
        sa.update(table)
        .where(
            table.c.tenant_id == tenant,
            table.c.digest == digest,
            table.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return tx.execute(statement).rowcount == 1

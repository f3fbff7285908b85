"""Idempotency keys: the same request twice is answered twice and done once.

The answer is kept in the unit of work that does the request, so a crash keeps both or
neither. Scope: tenant, principal and route; kept 24 hours.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa

from integritas.kernel.errors import (
    FieldError,
    IdempotencyMismatch,
    IdempotencyRunning,
)
from integritas.kernel.ids import TenantId
from integritas.platform.columns import (
    METADATA,
    Identifier,
    JsonText,
    UtcTime,
    tenant_column,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from integritas.kernel.clock import Clock
    from integritas.platform.db import Database, Transaction

__all__ = [
    "IDEMPOTENCY_KEYS",
    "Answers",
    "IdempotencyScope",
    "forget_old_answers",
    "once",
]

KEPT: Final = timedelta(hours=24)

IDEMPOTENCY_KEYS: Final = sa.Table(
    "idempotency_keys",
    METADATA,
    tenant_column(),
    sa.Column("principal", Identifier, primary_key=True),
    sa.Column("route", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body_hash", sa.Text, nullable=False),
    sa.Column("answer", JsonText, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Index(None, "created_at"),
)


@dataclass(frozen=True, slots=True)
class IdempotencyScope:
    """Whose key it is, and the SHA-256 (hex) of the body it came with."""

    tenant: TenantId
    principal: str
    route: str
    key: str
    body_hash: str


def once(
    tx: Transaction,
    scope: IdempotencyScope,
    now: datetime,
    work: Callable[[], Mapping[str, Any]],
) -> tuple[Mapping[str, Any], bool]:
    """Do `work` unless it was done with this key; return its answer and if replayed.

    Raises:
        IdempotencyMismatch: the key was used with another body.
        IdempotencyRunning: another process is doing it right now.
    """
    _claim(tx, scope)
    known = _find(tx, scope, now)
    if known is not None:
        return known, True
    answer = work()
    _insert(tx, scope, now, answer)
    return answer, False


class Answers:
    """Keys whose work is not one unit: claimed before it, answered after it.

    A claim that is never answered, as its process died, stays claimed: whether the work
    was done is not known, so it is not done again.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        """Keep keys in `database`."""
        self._database = database
        self._clock = clock

    async def claim(self, scope: IdempotencyScope) -> Mapping[str, Any] | None:
        """Return the answer kept under a key, or None: then it is claimed now.

        Raises:
            IdempotencyMismatch: the key was used with another body.
            IdempotencyRunning: it is claimed, and not answered yet.
        """

        def work(tx: Transaction) -> Mapping[str, Any] | None:
            _claim(tx, scope)
            now = self._clock.now()
            known = _find(tx, scope, now)
            if known == _RUNNING:
                raise _running()
            if known is None:
                _insert(tx, scope, now, _RUNNING)
            return known

        return await self._database.transact(work)

    async def keep(self, scope: IdempotencyScope, answer: Mapping[str, Any]) -> None:
        """Keep the answer to what was claimed."""
        statement = (
            sa.update(IDEMPOTENCY_KEYS).where(_mine(scope)).values(answer=dict(answer))
        )
        await self._database.transact(lambda tx: tx.execute(statement).rowcount)

    async def release(self, scope: IdempotencyScope) -> None:
        """Forget a claim: nothing was done under it."""
        statement = sa.delete(IDEMPOTENCY_KEYS).where(_mine(scope))
        await self._database.transact(lambda tx: tx.execute(statement).rowcount)


_RUNNING: Final[Mapping[str, Any]] = {"running": True}


def _mine(scope: IdempotencyScope) -> sa.ColumnElement[bool]:
    table = IDEMPOTENCY_KEYS
    return sa.and_(
        table.c.tenant_id == scope.tenant,
        table.c.principal == scope.principal,
        table.c.route == scope.route,
        table.c.key == scope.key,
    )


def _find(
    tx: Transaction, scope: IdempotencyScope, now: datetime
) -> Mapping[str, Any] | None:
    """Return what is kept under a key; what is too old is forgotten."""
    mine = _mine(scope)
    row = tx.execute(sa.select(IDEMPOTENCY_KEYS).where(mine)).one_or_none()
    if row is None:
        return None
    if now - row.created_at >= KEPT:
        tx.execute(sa.delete(IDEMPOTENCY_KEYS).where(mine))
        return None
    if row.body_hash != scope.body_hash:
        raise IdempotencyMismatch(
            "this idempotency key was used with another body",
            errors=(
                FieldError(
                    "Idempotency-Key",
                    "used before with another body",
                    "use a new key for a new request",
                ),
            ),
        )
    found: Mapping[str, Any] = row.answer
    return found


def _insert(
    tx: Transaction, scope: IdempotencyScope, now: datetime, answer: Mapping[str, Any]
) -> None:
    tx.insert(
        IDEMPOTENCY_KEYS,
        [
            {
                "tenant_id": scope.tenant,
                "principal": scope.principal,
                "route": scope.route,
                "key": scope.key,
                "body_hash": scope.body_hash,
                "answer": answer,
                "created_at": now,
            }
        ],
    )


def _running() -> IdempotencyRunning:
    return IdempotencyRunning(
        "the first request with this idempotency key is not answered yet",
        errors=(
            FieldError("Idempotency-Key", "is in use", "wait, then send it again"),
        ),
    )


def _claim(tx: Transaction, scope: IdempotencyScope) -> None:
    """Keep other processes off the key until the commit; SQLite's writer is alone."""
    if tx.dialect != "postgresql":
        return
    name = orjson.dumps([scope.tenant, scope.principal, scope.route, scope.key])
    lock = int.from_bytes(
        hashlib.sha256(b"idempotency" + name).digest()[:8], signed=True
    )
    query = sa.select(sa.func.pg_try_advisory_xact_lock(lock))
    if not tx.execute(query).scalar():
        raise _running()


def forget_old_answers(tx: Transaction, now: datetime) -> int:
    """Delete the answers older than 24 hours, of all tenants; return how many."""
    statement = sa.delete(IDEMPOTENCY_KEYS).where(
        IDEMPOTENCY_KEYS.c.created_at < now - KEPT
    )
    return tx.execute(statement).rowcount

"""A follower reads the journal behind a cursor of its own and does something with it.

The handler runs in the unit of work that moves the cursor, so what it writes is written
exactly once for each entry, whatever crashes when.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import sqlalchemy as sa
import structlog

from integritas.journal.store import Entry, Journal, read_entries, read_heads
from integritas.journal.tables import JOURNAL_CURSORS
from integritas.kernel.ids import TenantId
from integritas.platform.db import Database, Transaction

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

__all__ = ["Follower", "FollowerHandler"]

FollowerHandler: TypeAlias = Callable[[Transaction, TenantId, Sequence[Entry]], None]

BATCH: Final = 1_000
POLL_S: Final = 0.25
_LOG: FilteringBoundLogger = structlog.get_logger(__name__)


class Follower:
    """Feeds a handler all entries of all tenants, in order, each exactly once."""

    def __init__(
        self, name: str, journal: Journal, database: Database, handler: FollowerHandler
    ) -> None:
        """Name the cursor and take the handler."""
        self.name = name
        self.error: Exception | None = None
        """What the last try failed with; None while all is well."""
        self._journal = journal
        self._database = database
        self._handler = handler

    async def run(self) -> None:
        """Follow until cancelled; a failing handler is tried again, never skipped."""
        while True:
            try:
                moved = await self.catch_up()
                self.error = None
            except Exception as error:  # noqa: BLE001 - told, and tried again
                _LOG.error("follower.failed", follower=self.name, error=str(error))
                self.error, moved = error, 0
                await asyncio.sleep(POLL_S)
            if not moved:
                await self._journal.wait(POLL_S)

    async def catch_up(self) -> int:
        """Handle everything that is there now; return how many entries.

        What one tenant's entries fail with is raised once all others are handled.
        """
        total = 0
        failed: Exception | None = None
        for tenant in await self._database.read(lambda tx: _behind(tx, self.name)):
            try:
                while moved := await self._step(tenant):
                    total += moved
                    if moved < BATCH:
                        break
            except Exception as error:  # noqa: BLE001 - raised below
                failed = failed or error
        if failed is not None:
            raise failed
        return total

    async def lag(self, tenant: TenantId) -> int:
        """Return how many entries of a tenant are not handled yet."""
        cursor = await self._database.read(lambda tx: _cursor(tx, self.name, tenant))
        return await self._journal.head(tenant) - cursor

    async def _step(self, tenant: TenantId) -> int:
        def step(tx: Transaction) -> int:
            cursor = _cursor(tx, self.name, tenant, lock=True)
            entries = read_entries(tx, tenant, after=cursor, limit=BATCH)
            if entries:
                self._handler(tx, tenant, entries)
                _move(tx, self.name, tenant, entries[-1].seq, new=cursor == 0)
            return len(entries)

        return await self._database.transact(step)


def _behind(tx: Transaction, follower: str) -> Sequence[TenantId]:
    """Return the tenants that have entries behind the follower's cursor."""
    query = sa.select(JOURNAL_CURSORS.c.tenant_id, JOURNAL_CURSORS.c.seq).where(
        JOURNAL_CURSORS.c.follower == follower
    )
    cursors = {row.tenant_id: row.seq for row in tx.execute(query)}
    heads = read_heads(tx)
    return [tenant for tenant, head in heads.items() if head > cursors.get(tenant, 0)]


def _cursor(
    tx: Transaction, follower: str, tenant: TenantId, *, lock: bool = False
) -> int:
    table = JOURNAL_CURSORS
    query = sa.select(table.c.seq).where(
        table.c.tenant_id == tenant, table.c.follower == follower
    )
    if lock and tx.dialect == "postgresql":
        query = query.with_for_update()
    return int(tx.execute(query).scalar() or 0)


def _move(
    tx: Transaction, follower: str, tenant: TenantId, seq: int, *, new: bool
) -> None:
    table = JOURNAL_CURSORS
    if new:
        row = {"tenant_id": tenant, "follower": follower, "seq": seq}
        tx.insert(table, [row])
        return
    tx.execute(
        sa.update(table)
        .where(table.c.tenant_id == tenant, table.c.follower == follower)
        .values(seq=seq)
    )

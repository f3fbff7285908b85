"""Who reads the journal behind a cursor of its own and does something with it.

A `Follower`'s handler runs in the unit of work that moves the cursor, so what it writes
is written exactly once for each entry, whatever crashes when. A `Feeder` tells somebody
who keeps books elsewhere: there the same batch may come twice, but never another one of
the same last entry, so that whoever notes that entry's event id counts none twice.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import sqlalchemy as sa
import structlog

from integritas.journal.reading import (
    Entry,
    next_seqs,
    read_entries,
    read_head,
    read_heads,
)
from integritas.journal.tables import JOURNAL_CURSORS
from integritas.kernel.ids import TenantId
from integritas.platform.db import Database, Transaction

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from integritas.journal.store import Journal

__all__ = ["Feeder", "Feeding", "Follower", "FollowerHandler", "Following"]

FollowerHandler: TypeAlias = Callable[[Transaction, TenantId, Sequence[Entry]], None]
Feeding: TypeAlias = Callable[[TenantId, Sequence[Entry]], Awaitable[None]]

BATCH: Final = 1_000
FED: Final = 250
POLL_S: Final = 0.25
PATIENCE_S: Final = 0.25
"""How long entries may wait for those who write them to have a pause."""
_LOG: FilteringBoundLogger = structlog.get_logger(__name__)


class Following(ABC):
    """Reads all entries of all tenants, in order, behind a durable cursor."""

    full: int
    """A step that moved fewer entries than this has reached the end."""

    def __init__(self, name: str, journal: Journal, database: Database) -> None:
        """Name the cursor."""
        self.name = name
        self.error: Exception | None = None
        """What the last try failed with; None while all is well."""
        self._journal = journal
        self._database = database

    async def run(self) -> None:
        """Follow until cancelled; a failing handler is tried again, never skipped."""
        while True:
            try:
                await self._database.quiet(PATIENCE_S)
                moved = await self.catch_up()
                if self.error is not None:
                    _LOG.info("follower.recovered", follower=self.name)
                self.error = None
            except Exception as error:  # noqa: BLE001 - told once, and tried again
                if self.error is None or str(error) != str(self.error):
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
                    if moved < self.full:
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

    @abstractmethod
    async def _step(self, tenant: TenantId) -> int:
        """Handle the next entries of a tenant; return how many."""


class Follower(Following):
    """Gives a handler each entry exactly once, in the transaction of the cursor.

    Entries of a tenant that is `idle` are passed over unread.
    """

    full = BATCH

    def __init__(
        self,
        name: str,
        journal: Journal,
        database: Database,
        handler: FollowerHandler,
        *,
        idle: Callable[[Transaction, TenantId], bool] | None = None,
    ) -> None:
        """Name the cursor and take the handler."""
        super().__init__(name, journal, database)
        self._handler = handler
        self._idle = idle

    async def _step(self, tenant: TenantId) -> int:
        def step(tx: Transaction) -> None:
            if _cursor(tx, self.name, tenant, lock=True) != cursor:
                return  # another process was faster: the next step begins behind it
            if entries:
                self._handler(tx, tenant, entries)
            _move(tx, self.name, tenant, last)

        # Read outside the unit of work, which others wait for.
        cursor, last, entries = await self._database.read(
            lambda tx: self._due(tx, tenant)
        )
        if last > cursor:
            await self._database.transact(step, patient=True)
        return last - cursor

    def _due(
        self, tx: Transaction, tenant: TenantId
    ) -> tuple[int, int, Sequence[Entry]]:
        """Return where the next step begins and ends, and what it handles."""
        cursor = _cursor(tx, self.name, tenant)
        if self._idle is not None and self._idle(tx, tenant):
            return cursor, read_head(tx, tenant), ()
        entries = read_entries(tx, tenant, after=cursor, limit=BATCH)
        return cursor, entries[-1].seq if entries else cursor, entries


class Feeder(Following):
    """Tells somebody elsewhere of entries of some types, at least once each.

    They come in batches that stay: a batch is marked before it is told, so after a
    crash in between the same entries are told again, no more and no fewer.
    """

    full = 1  # a batch that was begun may be of any size

    def __init__(
        self,
        name: str,
        journal: Journal,
        database: Database,
        feed: Feeding,
        types: Collection[str],
    ) -> None:
        """Name the cursor, and take who is to be told of entries of which types."""
        super().__init__(name, journal, database)
        self._mark = f"{name}:told"
        self._feed = feed
        self._types = types

    async def _step(self, tenant: TenantId) -> int:
        cursor, mark, due = await self._database.transact(
            lambda tx: self._marked(tx, tenant), patient=True
        )
        if mark <= cursor:
            return 0
        if not due:
            return mark - cursor
        entries = await self._database.read(
            lambda tx: read_entries(
                tx, tenant, after=cursor, until=mark, types=self._types
            )
        )
        if entries:
            await self._feed(tenant, entries)
        await self._database.transact(
            lambda tx: _move(tx, self.name, tenant, mark), patient=True
        )
        return mark - cursor

    def _marked(self, tx: Transaction, tenant: TenantId) -> tuple[int, int, bool]:
        """Return where the batch that is due begins and ends: one begun, or the next.

        The next is marked by this. It holds `FED` entries to be told of, or all. If
        there is none to be told of, which is said too, this moves past the others.
        """
        mark = _cursor(tx, self._mark, tenant, lock=True)
        cursor = _cursor(tx, self.name, tenant)
        if mark > cursor:
            return cursor, mark, True
        mark = read_head(tx, tenant)
        due = next_seqs(
            tx, tenant, after=cursor, until=mark, limit=FED, types=self._types
        )
        if len(due) == FED:
            mark = due[-1]
        if mark > cursor:
            _move(tx, self._mark if due else self.name, tenant, mark)
        return cursor, mark, bool(due)


# Put together once: for so little that costs more than the asking.
_TABLE: Final = JOURNAL_CURSORS
_ITS: Final = _TABLE.c.follower == sa.bindparam("of_follower")
_KEY: Final = (_TABLE.c.tenant_id == sa.bindparam("of_tenant")) & _ITS
_ALL_CURSORS: Final = sa.select(_TABLE.c.tenant_id, _TABLE.c.seq).where(_ITS)
_CURSOR: Final = sa.select(_TABLE.c.seq).where(_KEY)
_MOVE: Final = (
    sa.update(_TABLE)
    .where(_KEY, _TABLE.c.seq < sa.bindparam("to"))
    .values(seq=sa.bindparam("to"))
)


def _behind(tx: Transaction, follower: str) -> Sequence[TenantId]:
    """Return the tenants that have entries behind the follower's cursor."""
    found = tx.execute(_ALL_CURSORS, {"of_follower": follower})
    cursors = {row.tenant_id: row.seq for row in found}
    heads = read_heads(tx)
    return [tenant for tenant, head in heads.items() if head > cursors.get(tenant, 0)]


def _cursor(
    tx: Transaction, follower: str, tenant: TenantId, *, lock: bool = False
) -> int:
    query = _CURSOR
    if lock and tx.dialect == "postgresql":
        query = query.with_for_update()
    its = {"of_tenant": tenant, "of_follower": follower}
    return int(tx.execute(query, its).scalar() or 0)


def _move(tx: Transaction, follower: str, tenant: TenantId, seq: int) -> None:
    """Move a cursor on, never back: another process may be further."""
    its = {"of_tenant": tenant, "of_follower": follower}
    if tx.execute(_MOVE, {**its, "to": seq}).rowcount:
        return
    if tx.execute(_CURSOR, its).first() is None:
        row = {"tenant_id": tenant, "follower": follower, "seq": seq}
        tx.insert(_TABLE, [row])

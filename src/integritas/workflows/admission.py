"""Admission control: beyond a bound of runs that wait, submitters are turned away.

Runs in flight are bounded by the engine, and what waits for it lies on disk; this keeps
what waits from growing without end, and tells submitters so instead of letting them
wait for ever.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from integritas.kernel.errors import TooManyRequests
from integritas.platform.commands import COMMANDS, START_RUN

if TYPE_CHECKING:
    from integritas.kernel.clock import Clock
    from integritas.platform.db import Database, Transaction

__all__ = ["Admission"]

LOOK_S: Final = 0.1
RETRY_AFTER_S: Final = 2.0


class Admission:
    """Lets submitters in while fewer than `limit` starts wait for the engine.

    It counts at most every 100 ms, and what it let in since by itself, so that a
    burst between two looks is bounded too, in each process.
    """

    def __init__(self, database: Database, clock: Clock, limit: int) -> None:
        """Bound what waits in `database`."""
        self._database = database
        self._clock = clock
        self._limit = limit
        self._waiting = 0
        self._admitted = 0  # ever
        self._next_look = 0.0

    async def admit(self, count: int = 1, *, wait_s: float = 0.0) -> None:
        """Return once there is room for `count` more runs.

        Raises:
            TooManyRequests: there is none, nor within `wait_s`.
        """
        deadline = self._clock.monotonic() + wait_s
        while not await self._has_room(count):
            left = deadline - self._clock.monotonic()
            if left <= 0:
                raise TooManyRequests(
                    f"as many runs wait to begin as may: {self._limit}",
                    retry_after_s=RETRY_AFTER_S,
                )
            await asyncio.sleep(min(LOOK_S, left))

    async def _has_room(self, count: int) -> bool:
        now = self._clock.monotonic()
        if now >= self._next_look:
            # Whoever comes meanwhile goes by what was known, and is counted.
            self._next_look = now + LOOK_S
            before = self._admitted
            found = await self._database.read(self._count)
            # Not a difference of `_waiting`: a slow look may end within another.
            self._waiting = found + self._admitted - before
        # A batch as large as the limit must get in some time: into an empty queue.
        if self._waiting and self._waiting + count > self._limit:
            return False
        self._waiting += count
        self._admitted += count
        return True

    def _count(self, tx: Transaction) -> int:
        some = (
            sa.select(COMMANDS.c.id)
            .where(COMMANDS.c.kind == START_RUN)
            .limit(self._limit + 1)
            .subquery()
        )
        return int(
            tx.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
        )

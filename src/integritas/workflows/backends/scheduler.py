"""Fires schedules on time, in the process that owns the database."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from integritas.kernel.errors import IntegritasError

if TYPE_CHECKING:
    from integritas.kernel.clock import Clock
    from integritas.platform.db import Database
    from integritas.workflows.schedules import Schedules

__all__ = ["Scheduler"]

LOOK_S: Final = 1.0
_LOG = structlog.get_logger(__name__)


class Scheduler:
    """Looks each second, or sooner, for schedules that are due."""

    def __init__(self, database: Database, schedules: Schedules, clock: Clock) -> None:
        """Fire the schedules of a database."""
        self._database = database
        self._schedules = schedules
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the caller owns the database."""
        self._task = asyncio.create_task(self._forever(), name="scheduler")

    async def stop(self) -> None:
        """Stop; what is being fired is fired whole."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _forever(self) -> None:
        while True:
            try:
                left = await self._fire_due()
            except IntegritasError as error:
                _LOG.warning("scheduler.failed", why=str(error))
                left = LOOK_S
            await asyncio.sleep(min(LOOK_S, left))

    async def _fire_due(self) -> float:
        """Fire what is due; return the seconds until there is more."""
        next_at = await self._database.read(self._schedules.next_at)
        if next_at is None:
            return LOOK_S
        left = (next_at - self._clock.now()).total_seconds()
        if left > 0:
            return left
        fired = await asyncio.shield(self._database.transact(self._schedules.fire))
        _LOG.info("scheduler.fired", runs=fired)
        return 0.01

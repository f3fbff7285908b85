"""How many may wait to begin, where counting them is slow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from integritas.kernel.clock import ManualClock
from integritas.kernel.errors import TooManyRequests
from integritas.workflows.admission import LOOK_S, Admission

if TYPE_CHECKING:
    from integritas.platform.db import Database


class SlowDatabase:
    """Says how many wait when it is told to."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[int]] = []

    async def read(self, work: Any) -> int:
        """Wait for the answer."""
        del work
        self.asked.append(asyncio.get_running_loop().create_future())
        return await self.asked[-1]


async def asked(database: SlowDatabase, times: int) -> None:
    """Return once the database was asked so often."""
    async with asyncio.timeout(5):
        while len(database.asked) < times:
            await asyncio.sleep(0)


async def looks(waiting: int) -> tuple[Admission, list[asyncio.Task[None]]]:
    """Return an admission of 100 after two looks, the second begun in the first."""
    database, clock = SlowDatabase(), ManualClock()
    admission = Admission(cast("Database", database), clock, 100)
    tasks = []
    for time in (1, 2):
        clock.advance(2 * LOOK_S)
        tasks.append(asyncio.create_task(admission.admit()))
        await asked(database, time)
    for look in database.asked:
        look.set_result(waiting)
    return admission, tasks


async def test_a_look_within_another_counts_nobody_twice() -> None:
    admission, tasks = await looks(60)
    await asyncio.gather(*tasks)
    await admission.admit(38)
    with pytest.raises(TooManyRequests):
        await admission.admit()


async def test_who_comes_during_a_look_is_counted() -> None:
    database, clock = SlowDatabase(), ManualClock()
    admission = Admission(cast("Database", database), clock, 100)
    clock.advance(2 * LOOK_S)
    first = asyncio.create_task(admission.admit())
    await asked(database, 1)
    await admission.admit(90)
    database.asked[0].set_result(5)
    await first
    await admission.admit(4)
    with pytest.raises(TooManyRequests):
        await admission.admit()

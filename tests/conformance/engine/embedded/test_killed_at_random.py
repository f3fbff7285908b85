"""Killed at random points, an engine of every kind of step loses and doubles nothing.

The kill is in process: from a random unit of work on nothing reaches the disk, and the
engine is dropped as it stands. tests/integration/crash does it with SIGKILL.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.conformance.engine.conftest import Backend
from tests.conformance.engine.laws import Chancy, accept, check, drive, finish

from integritas.platform.db import Database

if TYPE_CHECKING:
    from integritas.platform.db import Work

pytestmark = pytest.mark.integration


class Mortal(Chancy):
    """A world whose engine can be killed: some units of work on, nothing is kept."""

    def die_after(self, units: int) -> None:
        """Let so many units of work be kept, and none after."""
        database = self.database
        assert database is not None
        keep: Callable[..., asyncio.Future[Any]] = Database.enqueue
        left = units

        def enqueue(work: Work[Any], **options: Any) -> asyncio.Future[Any]:
            nonlocal left
            left -= 1
            if left < 0:
                return asyncio.get_running_loop().create_future()
            return keep(database, work, **options)

        database.enqueue = enqueue  # type: ignore[method-assign] # the kill

    async def kill(self) -> None:
        """Drop the engine as it stands."""
        engine: Any = self.engine
        if engine._scheduler is not None:
            await engine._scheduler.stop()
        tasks = [engine._task, *engine._batches]
        while not all(task.done() for task in tasks):
            for task in tasks:  # again: `wait_for` of Python 3.11 may swallow one
                task.cancel()
            await asyncio.sleep(0.001)
        await asyncio.gather(*tasks, return_exceptions=True)
        engine._ownership.release()
        assert self.database is not None
        self.database.close()
        self.database = None


async def live(url: str, seed: int) -> None:
    """Accept runs, kill the engine a few times, let it finish, and look."""
    chance = random.Random(seed)  # noqa: S311 - replayed
    world = Mortal(Backend(url), chance)
    await world.up()
    desk, close = world.other_process()
    try:
        runs = await accept(desk, world)
        for _ in range(3):
            world.die_after(chance.randrange(1, 25))
            await asyncio.sleep(chance.uniform(0.0, 0.15))
            await drive(desk, runs, world)
            await asyncio.sleep(chance.uniform(0.0, 0.15))
            await world.kill()
            await world.up()
        await finish(desk, runs, world)
        await check(world, runs)
    finally:
        close()
        await world.down()


@pytest.mark.timeout(180)
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a failure takes seconds
    suppress_health_check=[HealthCheck.too_slow],
)
@given(seed=st.integers(0, 2**32 - 1))
def test_nothing_is_lost_and_nothing_doubled(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(f"sqlite:///{folder}/killed.db", seed))

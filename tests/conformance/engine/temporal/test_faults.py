"""Commits that fail at random, and answers that are lost, lose and double nothing.

A unit of work fails before its commit, or is kept and its answer never arrives: so a
worker that dies in either moment looks to Temporal. In between engines are restarted.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.conformance.engine.conftest import Backend
from tests.conformance.engine.laws import Chancy, accept, check, drive, finish

from integritas.kernel.errors import StorageBusy
from integritas.platform.db import Database
from integritas.workflows.api import TemporalServer

if TYPE_CHECKING:
    from integritas.platform.db import Work

pytestmark = pytest.mark.integration

_queues = itertools.count(1)


def break_some(world: Chancy, share: float) -> None:
    """Let a share of the units of work of an engine fail, half of them once kept."""
    database = world.database
    assert database is not None

    async def broken(work: Work[Any], **_: bool) -> Any:
        if world.chance.random() >= share:
            return await Database.transact(database, work)
        if world.chance.random() < 0.5:
            await Database.transact(database, work)
        raise StorageBusy("by chance")

    database.transact = broken  # type: ignore[method-assign] # the fault


async def live(backend: Backend, seed: int) -> None:
    """Accept runs, break what is written for them, restart, let it finish, and look."""
    chance = random.Random(seed)  # noqa: S311 - replayed
    world = Chancy(backend, chance)
    await world.up()
    desk, close = world.other_process()
    try:
        runs = await accept(desk, world)
        for _ in range(2):
            break_some(world, 0.25)
            await asyncio.sleep(
                chance.uniform(0.1, 1.0)
            )  # the moment is what is random
            await drive(desk, runs, world)
            await world.down()
            await world.up()
        break_some(world, 0.1)
        await finish(desk, runs, world)
        await check(world, runs)
    finally:
        close()
        await world.down()


@pytest.mark.timeout(180)
@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a failure takes seconds
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32 - 1))
def test_nothing_is_lost_and_nothing_doubled(temporal_address: str, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = TemporalServer(temporal_address, "default", f"faults-{next(_queues)}")
        asyncio.run(live(Backend(f"sqlite:///{folder}/faults.db", server), seed))

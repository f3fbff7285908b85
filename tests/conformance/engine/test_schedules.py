"""Schedules with an engine: fired on time, and caught up after a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.conformance.engine.conftest import CONTEXT, World

from integritas.kernel.errors import InvalidInput
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.workflows.api import RunFilter, RunState, Schedule

pytestmark = pytest.mark.integration

HOURLY = Schedule(DEFAULT_TENANT, "hourly", "w", "0 * * * *")


async def test_an_engine_fires_on_time_and_catches_up_after_a_restart(
    world: World,
) -> None:
    clock = world.clock
    clock.shift = datetime(2026, 3, 2, 9, 30, tzinfo=UTC) - clock.now()
    await world.up()
    await world.define(world.step("a", inputs={"at": "submission.planned_at"}))
    await world.desk.schedule(CONTEXT, HOURLY)
    with pytest.raises(InvalidInput, match="no workflow v"):
        await world.desk.schedule(CONTEXT, replace(HOURLY, name="x", workflow="v"))

    async def times() -> list[str]:
        where = RunFilter(attributes={"schedule": "hourly"})
        runs = await world.desk.search(DEFAULT_TENANT, where)
        return sorted(str(run.input["planned_at"])[11:16] for run in runs)

    async def first() -> bool:
        return await times() == ["10:00"]

    async def second() -> bool:
        return await times() == ["10:00", "15:00"]

    clock.shift += timedelta(minutes=40)
    await world.poll(first)
    [schedule] = await world.desk.schedules(DEFAULT_TENANT)
    assert schedule.last_run_id is not None
    await world.ended(schedule.last_run_id)  # one under way would let the next pass
    await world.down_for(timedelta(hours=5))
    await world.poll(second)
    [schedule] = await world.desk.schedules(DEFAULT_TENANT)
    assert schedule.last_run_id is not None
    detail = await world.ended(schedule.last_run_id)
    assert detail.run.state is RunState.SUCCEEDED
    assert detail.run.subject != "hourly"
    await world.desk.pause_schedule(CONTEXT, "hourly", paused=True)
    await world.desk.unschedule(CONTEXT, "hourly")
    assert await world.desk.schedules(DEFAULT_TENANT) == []

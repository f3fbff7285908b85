"""What holds of the embedded engine beyond what every engine does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.conformance.engine.conftest import Backend

from integritas.kernel.errors import Conflict, NotFound
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.workflows.api import EmbeddedEngine, RunState, StepState
from integritas.workflows.tables import RUN_STEPS, RUNS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.engine.conftest import World

pytestmark = pytest.mark.integration


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """Return the embedded engine on each database."""
    if request.param == "sqlite":
        return Backend(f"sqlite:///{tmp_path}/engine.db")
    return Backend(request.getfixturevalue("postgres_url"))


async def test_a_full_engine_still_takes_signals_and_cancellations(
    world: World,
) -> None:
    await world.up()
    await world.define({"name": "s", "signal": "go"})
    first, second = await world.start("a"), await world.start("b")
    engine = world.engine
    assert isinstance(engine, EmbeddedEngine)
    await engine.stop()
    await world.desk.start(world.context, "w", subject="c")
    await world.desk.signal(world.context, first, "go", 1)
    await world.desk.cancel(world.context, second, "enough")
    taken = await engine._intake.take(limit=0, told=False)
    assert taken.started == []
    assert [key[1] for key, *_ in taken.signals] == [first]
    assert [key[1] for key in taken.cancelled] == [second]
    await engine.start()
    assert (await world.ended(first)).run.state is RunState.SUCCEEDED


async def test_only_so_many_runs_are_in_memory(world: World) -> None:
    world.max_active = 3
    await world.up()
    await world.define({"name": "s", "signal": "go"})
    asked = [
        await world.desk.start(world.context, "w", subject=f"s{i}") for i in range(5)
    ]
    for run_id in asked[:3]:
        await world.until(
            run_id, lambda detail: world.states(detail)["s"] is StepState.WAITING
        )
    with pytest.raises(NotFound):  # it waits on disk
        await world.desk.run(DEFAULT_TENANT, asked[4])
    for run_id in asked:
        await world.until(run_id, lambda detail: bool(detail.run.id))
        await world.desk.signal(world.context, run_id, "go", None)
        assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED


async def test_runs_that_ended_are_not_held(world: World) -> None:
    await world.up()
    await world.define(world.step("a"), timeout_s=3_600)
    await world.run()
    engine = world.engine
    assert isinstance(engine, EmbeddedEngine)
    assert engine.active == 0


async def test_a_second_engine_is_refused_until_the_first_stops(world: World) -> None:
    await world.up()
    assert world.database is not None
    _, second, _ = world.parts(world.database)
    with pytest.raises(Conflict, match="another engine owns") as told:
        await second.start()
    assert told.value.errors[0].remedy
    assert await second.ping() == "the engine is not running"
    assert await world.engine.ping() is None
    await world.engine.stop()
    await second.start()
    assert await second.ping() is None
    await second.stop()


async def test_what_an_engine_rehearses_at_its_start_leaves_nothing(
    world: World,
) -> None:
    await world.up()
    assert await world.journal.head(DEFAULT_TENANT) == 0
    database = world.database
    assert database is not None
    queries = [sa.select(table) for table in (RUNS, RUN_STEPS)]
    rows = await database.read(lambda tx: [tx.execute(q).all() for q in queries])
    assert rows == [[], []]

"""Where engine and desk share a process and SQLite, a run begins as it is asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.conformance.engine.conftest import CONTEXT, Backend

from integritas.kernel.ids import DEFAULT_TENANT
from integritas.platform.commands import COMMANDS, START_RUN
from integritas.workflows.api import RunState
from integritas.workflows.tables import RUNS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.engine.conftest import World

    from integritas.platform.db import Transaction

pytestmark = pytest.mark.integration


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    """Return the embedded engine on SQLite."""
    return Backend(f"sqlite:///{tmp_path}/engine.db")


async def test_it_begins_in_the_commit_that_asks_for_it(world: World) -> None:
    world.service("x.do").gate = asyncio.Event()
    await world.up()
    await world.define(world.step("a"))
    run_id = await world.desk.start(CONTEXT, "w", subject="thing")
    assert await world.count(COMMANDS) == 0
    assert await world.count(RUNS, RUNS.c.id == run_id) == 1
    gate = world.services["x.do"].gate
    assert gate is not None
    gate.set()
    assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED


async def test_what_finds_no_room_waits_and_none_overtakes_it(world: World) -> None:
    world.max_active = 2
    service = world.service("x.do")
    service.gate = asyncio.Event()
    await world.up()
    await world.define(world.step("a"))
    ids = [
        await world.desk.start(CONTEXT, "w", subject=subject) for subject in "abcdefg"
    ]
    assert await world.count(RUNS) == 2
    assert await world.count(COMMANDS) == 5
    service.gate.set()
    for run_id in ids:
        assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED
    seen = [call.subject for batch in service.batches for call in batch]
    assert seen == list("abcdefg")


async def test_another_on_the_same_subject_supersedes(world: World) -> None:
    world.service("x.do").gate = asyncio.Event()
    await world.up()
    await world.define(world.step("a"))
    first = await world.desk.start(CONTEXT, "w", subject="thing")
    second = await world.desk.start(CONTEXT, "w", subject="thing")
    assert (await world.ended(first)).run.state is RunState.CANCELLED
    gate = world.services["x.do"].gate
    assert gate is not None
    gate.set()
    assert (await world.ended(second)).run.state is RunState.SUCCEEDED


async def test_what_is_undone_never_begins(world: World) -> None:
    world.max_active = 1
    service = world.service("x.do")
    await world.up()
    await world.define(world.step("a"))
    assert world.database is not None

    def work(tx: Transaction) -> None:
        payload = {"correlation_id": "c", "workflow": "w", "version": 1}
        world.commands.put(tx, DEFAULT_TENANT, START_RUN, [("undone", payload)])
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await world.database.transact(work)
    # Its place is free again: this one begins at once.
    run_id = await world.desk.start(CONTEXT, "w", subject="thing")
    assert await world.count(COMMANDS) == 0
    assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED
    assert {call.subject for batch in service.batches for call in batch} == {"thing"}
    assert await world.count(RUNS) == 1


async def test_what_cannot_begin_at_once_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.service("x.do")
    await world.up()
    await world.define(world.step("a"))
    started = world.intake.take_now

    def broken(tx: Transaction, *given: Any) -> Any:
        started(tx, *given)
        raise OSError("not now")

    monkeypatch.setattr(world.intake, "take_now", broken)
    run_id = await world.desk.start(CONTEXT, "w", subject="thing")
    assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED
    assert await world.count(RUNS) == 1

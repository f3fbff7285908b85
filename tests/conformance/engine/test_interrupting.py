"""Signals, time-outs, cancelling, superseding; owners, restarts, broken storage."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import Conflict, NotFound, StorageFailure
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.workflows.api import RunState, StepState

if TYPE_CHECKING:
    from tests.conformance.engine.conftest import World

pytestmark = pytest.mark.integration

GO = {"name": "s", "signal": "go"}


async def waiting(world: World, run_id: RunId) -> None:
    """Wait until a run waits for its signal."""
    await world.until(
        run_id, lambda detail: world.states(detail)["s"] is StepState.WAITING
    )


# Signals ---------------------------------------------------------------------------


async def test_a_signal_lets_its_step_go_on(world: World) -> None:
    await world.up()
    await world.define(GO, world.step("a", after=["s"], when="steps.s.ok"))
    run_id = await world.start()
    await waiting(world, run_id)
    assert world.services["x.do"].steps == []
    await world.desk.signal(world.context, run_id, "go", {"ok": True})
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.SUCCEEDED
    assert world.last(detail, "s").result == {"ok": True}
    assert world.states(detail)["a"] is StepState.SUCCEEDED


async def test_a_signal_may_come_before_it_is_waited_for(world: World) -> None:
    service = world.services["x.do"]
    service.gate = asyncio.Event()
    await world.up()
    await world.define(world.step("a"), {**GO, "after": ["a"]})
    run_id = await world.start()
    assert world.states(await world.desk.run(DEFAULT_TENANT, run_id)) == {
        "a": StepState.PENDING,
        "s": StepState.PENDING,
    }
    await world.desk.signal(world.context, run_id, "go", 7)
    service.gate.set()
    detail = await world.ended(run_id)
    assert world.last(detail, "s").result == 7


async def test_the_first_signal_of_a_name_counts(world: World) -> None:
    await world.up()
    await world.define(GO, {"name": "t", "signal": "stop"})
    run_id = await world.start()
    for payload in (1, 2):
        await world.desk.signal(world.context, run_id, "go", payload)
    await world.desk.signal(world.context, run_id, "stop", None)
    assert world.last(await world.ended(run_id), "s").result == 1


async def test_a_signal_is_told_of_once_with_who_sent_it(world: World) -> None:
    await world.up()
    await world.define(GO)
    run_id = await world.start()
    await world.desk.signal(world.context, run_id, "go", None)
    await world.ended(run_id)
    [entry] = [
        e for e in await world.entries() if e.type == "integritas.run.signalled.v1"
    ]
    assert entry.actor_id == world.context.actor.id


async def test_a_signal_that_does_not_come_fails_its_step(world: World) -> None:
    await world.up()
    await world.define({**GO, "timeout_s": 0.05, "on_failure": "continue"})
    detail = await world.run()
    assert detail.run.state is RunState.SUCCEEDED
    error = world.last(detail, "s").error
    assert error is not None
    assert error["code"] == "signal_timeout"


async def test_an_ended_run_takes_no_signal(world: World) -> None:
    await world.up()
    await world.define(world.step("a"))
    run_id = (await world.run()).run.id
    with pytest.raises(Conflict, match="has succeeded already"):
        await world.desk.signal(world.context, run_id, "go", None)
    with pytest.raises(NotFound):
        await world.desk.signal(world.context, RunId("run_x"), "go", None)


# Ending from outside ---------------------------------------------------------------


async def test_a_run_may_take_only_so_long(world: World) -> None:
    await world.up()
    await world.define(GO, timeout_s=0.05)
    detail = await world.run()
    assert detail.run.state is RunState.FAILED
    assert detail.run.cause == "the run did not end within 0.05 s"


async def test_a_cancelled_run_ends_with_its_cause(world: World) -> None:
    await world.up()
    await world.define(GO, world.step("a", after=["s"]))
    run_id = await world.start()
    await world.desk.cancel(world.context, run_id, "not needed")
    detail = await world.ended(run_id)
    assert (detail.run.state, detail.run.cause) == (RunState.CANCELLED, "not needed")
    with pytest.raises(Conflict, match="has cancelled already"):
        await world.desk.cancel(world.context, run_id, "again")


async def test_what_answers_after_cancelling_changes_nothing(world: World) -> None:
    service = world.services["x.do"]
    service.gate = asyncio.Event()
    await world.up()
    await world.define(world.step("a"), world.step("b", after=["a"]))
    run_id = await world.start()
    await world.until(run_id, lambda _: bool(service.batches))
    await world.desk.cancel(world.context, run_id, "stop")
    await world.ended(run_id)
    service.gate.set()
    assert (await world.run(subject="other")).run.state is RunState.SUCCEEDED
    detail = await world.desk.run(DEFAULT_TENANT, run_id)
    assert detail.run.state is RunState.CANCELLED
    assert world.states(detail) == {"a": StepState.PENDING, "b": StepState.PENDING}
    assert run_id not in {done.run_id for done in world.notes.done}


async def test_a_later_run_on_a_subject_supersedes(world: World) -> None:
    await world.up()
    await world.define(GO)
    first = await world.start()
    second = await world.start()
    other = await world.start("other")
    detail = await world.ended(first)
    assert detail.run.state is RunState.CANCELLED
    assert "superseded" in detail.run.cause
    for run_id in (second, other):
        await world.desk.signal(world.context, run_id, "go", None)
        assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED


async def test_a_run_asked_for_is_to_be_found_even_if_overtaken(world: World) -> None:
    await world.up()
    await world.define(world.step("a"))
    await world.engine.stop()
    asked = [
        await world.desk.start(world.context, "w", subject="same") for _ in range(3)
    ]
    await world.engine.start()
    ends = [(await world.ended(run_id)).run.state for run_id in asked]
    assert ends == [RunState.CANCELLED, RunState.CANCELLED, RunState.SUCCEEDED]


# Owners and restarts ---------------------------------------------------------------


async def test_a_waiting_run_goes_on_after_a_restart(world: World) -> None:
    await world.up()
    await world.define(
        world.step("a"), {**GO, "after": ["a"]}, world.step("b", after=["s"])
    )
    run_id = await world.start()
    await waiting(world, run_id)
    await world.down()
    await world.up()
    await world.desk.signal(world.context, run_id, "go", None)
    assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED
    assert world.services["x.do"].steps == ["a", "b"]


async def test_attempts_go_on_after_a_restart(world: World) -> None:
    failure = Failure("unavailable", "not now", retryable=True)
    service = world.services["x.do"]
    service.answer = lambda _: failure
    await world.up()
    pause_s = world.backend.pause_s
    slow = {"attempts": 2, "base_s": pause_s, "cap_s": pause_s}
    await world.define(world.step("a", retry=slow))
    run_id = await world.start()
    await world.until(run_id, lambda detail: detail.steps[0].attempt == 1)
    await world.down()
    await world.up()
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.FAILED
    assert [v.attempt for v in detail.steps] == [1, 2]


async def test_what_was_asked_while_down_is_done(world: World) -> None:
    await world.up()
    await world.define(world.step("a"))
    await world.engine.stop()
    run_id = await world.desk.start(world.context, "w", subject="x")
    await world.engine.start()
    assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED


async def test_a_run_whose_operation_is_gone_fails_with_its_cause(
    world: World,
) -> None:
    world.service("y.do")
    await world.up()
    await world.define(GO, world.step("a", "y.do", after=["s"]))
    run_id = await world.start()
    await world.down()
    del world.services["y.do"]
    await world.up()
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.FAILED
    assert "there is no operation y.do" in detail.run.cause
    assert [end.run_id for end in world.notes.ended] == [run_id]


async def test_a_new_run_whose_operation_is_gone_fails_too(world: World) -> None:
    world.service("y.do")
    await world.up()
    await world.define(world.step("a", "y.do"))
    await world.down()
    del world.services["y.do"]
    await world.up()
    detail = await world.run()
    assert "there is no operation y.do" in detail.run.cause
    assert [end.run_id for end in world.notes.ended] == [detail.run.id]


@pytest.mark.parametrize("error", [StorageFailure("disk full"), KeyError("a bug")])
async def test_a_commit_that_fails_is_done_again_from_the_disk(
    world: World, error: Exception
) -> None:
    await world.up()
    await world.define(world.step("a"), world.step("b", after=["a"]))
    world.notes.breaks.append(error)
    detail = await world.run()
    assert detail.run.state is RunState.SUCCEEDED
    assert [(v.name, v.attempt) for v in detail.steps] == [("a", 1), ("b", 1)]
    assert [done.result for done in world.notes.done] == ["a done", "b done"]
    entries = await world.entries()
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    assert [e.type for e in entries].count("integritas.run.ended.v1") == 1
    assert await world.engine.ping() is None


async def test_while_it_cannot_write_the_engine_says_so(world: World) -> None:
    await world.up()
    await world.define(world.step("a"))
    world.notes.breaks += [StorageFailure("disk full")] * 2
    run_id = await world.start()
    deadline = asyncio.get_running_loop().time() + 10
    while await world.engine.ping() is None:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.005)
    assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED


async def test_stopping_twice_is_stopping(world: World) -> None:
    await world.up()
    await world.engine.stop()
    await world.engine.stop()
    assert await world.engine.ping() == "the engine is not running"

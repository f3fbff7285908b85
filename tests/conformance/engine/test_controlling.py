"""Retry and fork, dead letters, pauses, priorities, limits, search, retention."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import (
    Conflict,
    IdempotencyMismatch,
    InvalidInput,
    NotFound,
    TooManyRequests,
)
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.platform.idempotency import IdempotencyScope
from integritas.workflows.api import (
    Admission,
    Definition,
    RunFilter,
    RunOptions,
    RunState,
    Step,
    StepState,
)
from integritas.workflows.tables import RUN_ATTRIBUTES, RUN_OPTIONS, RUN_STEPS

if TYPE_CHECKING:
    from tests.conformance.engine.conftest import World

pytestmark = pytest.mark.integration

LASTING = Failure("invalid_input", "cannot", retryable=False)
GO = {"name": "s", "signal": "go"}


async def in_state(world: World, run_id: RunId, step: str, state: StepState) -> None:
    """Wait until a step of a run is in a state."""
    await world.until(run_id, lambda detail: world.states(detail).get(step) is state)


# Retry, fork, dead letters ------------------------------------------------------------


async def broken_chain(world: World) -> tuple[RunId, set[str]]:
    """Run a → b → c where b fails; return the run and the set that breaks steps."""
    broken = {"b"}
    world.services["x.do"].answer = lambda call: (
        LASTING if call.step in broken else f"{call.step} {call.run_id}"
    )
    await world.up()
    await world.define(
        world.step("a"), world.step("b", after=["a"]), world.step("c", after=["b"])
    )
    return (await world.run(given={"n": 1})).run.id, broken


async def test_a_retry_goes_on_where_it_failed(world: World) -> None:
    first, broken = await broken_chain(world)
    broken.clear()
    second = await world.desk.retry(world.context, first)
    detail = await world.ended(second)
    assert detail.run.state is RunState.SUCCEEDED
    assert detail.options.origin == first
    assert detail.run.input == {"n": 1}
    assert world.services["x.do"].steps == ["a", "b", "b", "c"]
    assert world.last(detail, "a").result == f"a {first}"
    assert world.last(detail, "b").result == f"b {second}"
    # What was taken over is the new run's too, effects included.
    assert [d.run_id for d in world.notes.done if d.result == f"a {first}"] == [
        first,
        second,
    ]
    assert (await world.desk.run(DEFAULT_TENANT, first)).run.state is RunState.FAILED


async def test_a_fork_begins_at_a_step_with_another_input(world: World) -> None:
    world.services["x.do"].answer = lambda call: dict(call.inputs) or call.step
    await world.up()
    await world.define(
        world.step("a"),
        world.step("b", after=["a"], inputs={"n": "submission.n"}),
        world.step("c"),
    )
    first = (await world.run(given={"n": 1})).run.id
    second = await world.desk.fork(world.context, first, "b", given={"n": 2})
    detail = await world.ended(second)
    assert world.last(detail, "b").result == {"n": 2}
    assert sorted(world.services["x.do"].steps) == ["a", "b", "b", "c"]


async def test_a_fork_may_follow_another_version(world: World) -> None:
    await world.up()
    await world.define(world.step("a"), world.step("b", after=["a"]))
    first = (await world.run()).run.id
    await world.define(
        world.step("a"), world.step("b", after=["a"]), world.step("d"), version=2
    )
    second = await world.desk.fork(world.context, first, "b", version=2)
    detail = await world.ended(second)
    assert (detail.run.version, detail.run.state) == (2, RunState.SUCCEEDED)
    assert world.services["x.do"].steps.count("a") == 1
    assert set(world.states(detail)) == {"a", "b", "d"}


async def test_what_was_undone_is_done_again(world: World) -> None:
    broken = {"c"}
    world.service("y.undo")
    world.services["x.do"].answer = lambda call: (
        LASTING if call.step in broken else call.step
    )
    await world.up()
    await world.define(
        world.step("z"),
        world.step("a", after=["z"], compensate="y.undo"),
        world.step("c", after=["a"], on_failure="compensate"),
    )
    first = (await world.run()).run.id
    broken.clear()
    detail = await world.ended(await world.desk.retry(world.context, first))
    assert detail.run.state is RunState.SUCCEEDED
    assert world.services["x.do"].steps == ["z", "a", "c", "a", "c"]


async def test_what_cannot_be_retried_says_why(world: World) -> None:
    await world.up()
    await world.define(world.step("a"), {**GO, "after": ["a"]})
    run_id = await world.start()
    with pytest.raises(Conflict, match="is under way"):
        await world.desk.retry(world.context, run_id)
    await in_state(world, run_id, "s", StepState.WAITING)
    await world.desk.signal(world.context, run_id, "go", None)
    await world.ended(run_id)
    with pytest.raises(InvalidInput, match="no step of this run failed") as told:
        await world.desk.retry(world.context, run_id)
    assert "one of a, s" in told.value.errors[0].remedy
    with pytest.raises(InvalidInput, match="no step 'q'"):
        await world.desk.retry(world.context, run_id, "q")
    with pytest.raises(NotFound):
        await world.desk.retry(world.context, RunId("run_x"))


async def test_a_dead_letter_is_redriven_once(world: World) -> None:
    first, broken = await broken_chain(world)
    [letter] = await world.desk.dead_letters(DEFAULT_TENANT)
    assert (letter.id, letter.cause) == (first, "step b failed: cannot")
    second = await world.desk.redrive(world.context, first)
    await world.ended(second)
    [letter] = await world.desk.dead_letters(DEFAULT_TENANT)
    assert letter.id == second
    with pytest.raises(NotFound, match="no dead letter"):
        await world.desk.redrive(world.context, first)
    broken.clear()
    detail = await world.ended(await world.desk.redrive(world.context, second))
    assert detail.run.state is RunState.SUCCEEDED
    assert await world.desk.dead_letters(DEFAULT_TENANT) == []


async def test_a_fan_out_is_retried_for_the_items_that_lack(world: World) -> None:
    broken = {1}
    world.services["x.do"].answer = lambda call: (
        LASTING if call.item in broken else call.inputs["item"]
    )
    await world.up()
    await world.define(world.step("each", for_each="submission.list"))
    first = (await world.run(given={"list": [7, 8, 9]})).run.id
    broken.clear()
    detail = await world.ended(await world.desk.retry(world.context, first))
    assert world.last(detail, "each").result == [7, 8, 9]


# Idempotency keys ---------------------------------------------------------------------


async def test_a_key_starts_one_run(world: World) -> None:
    await world.up()
    await world.define(world.step("a"))
    scope = IdempotencyScope(DEFAULT_TENANT, "user_1", "start", "k1", "hash")
    asked: dict[str, Any] = {"subject": "thing"}
    answers = await asyncio.gather(
        *(world.desk.start_once(world.context, "w", scope, **asked) for _ in range(5))
    )
    assert len({run_id for run_id, _ in answers}) == 1
    assert sorted(replayed for _, replayed in answers) == [False] + [True] * 4
    await world.ended(answers[0][0])
    assert world.services["x.do"].steps == ["a"]
    other = replace(scope, body_hash="other")
    with pytest.raises(IdempotencyMismatch):
        await world.desk.start_once(world.context, "w", other, **asked)


# Priorities and limits ----------------------------------------------------------------


async def test_the_higher_priority_goes_first(world: World) -> None:
    service = world.services["x.do"]
    service.gate = asyncio.Event()
    world.specs["x.do"] = {"concurrency": 1, "max_batch": 1}
    await world.up()
    await world.define(world.step("a"))
    held = await world.start("held")
    await world.until(held, lambda _: bool(service.batches))
    runs = [
        await world.start(f"p{priority}", options=RunOptions(priority=priority))
        for priority in (-5, 0, 7, 3)
    ]
    await world.gathered(4)
    service.gate.set()
    for run_id in runs:
        await world.ended(run_id)
    order = [call.subject for batch in service.batches for call in batch]
    assert order == ["held", "p7", "p3", "p0", "p-5"]


async def test_an_operation_is_asked_only_so_often(world: World) -> None:
    world.specs["x.do"] = {"rate_per_s": 50.0, "burst": 5}
    await world.up()
    await world.define(world.step("each", for_each="submission.list"))
    loop = asyncio.get_running_loop()
    began = loop.time()
    detail = await world.run(given={"list": list(range(25))})
    assert detail.run.state is RunState.SUCCEEDED
    # Five at once, then twenty at fifty a second: no sooner than 0.4 s.
    assert loop.time() - began >= 0.4
    assert max(len(batch) for batch in world.services["x.do"].batches) <= 5


async def test_only_so_many_calls_at_once(world: World) -> None:
    service = world.services["x.do"]
    service.gate = asyncio.Event()
    world.specs["x.do"] = {"concurrency": 3, "max_batch": 1}
    await world.up()
    await world.define(world.step("each", for_each="submission.list"))
    run_id = await world.start(given={"list": list(range(10))})
    await world.until(run_id, lambda _: len(service.batches) == 3)
    await world.gathered(7)  # these do not begin, however many are free to
    assert len(service.batches) == 3
    service.gate.set()
    assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED


async def test_submitters_are_turned_away_when_too_many_wait(world: World) -> None:
    await world.up()
    await world.define(world.step("a"))
    await world.engine.stop()
    assert world.database is not None
    admission = Admission(world.database, world.clock, 3)
    for i in range(3):
        await admission.admit()
        await world.desk.start(world.context, "w", subject=f"s{i}")
    with pytest.raises(TooManyRequests, match="as may: 3") as told:
        await admission.admit(wait_s=0.15)
    assert told.value.retry_after_s > 0
    await world.engine.start()
    await admission.admit(wait_s=10)


# Pauses ----------------------------------------------------------------------


async def test_a_paused_definition_begins_nothing(world: World) -> None:
    service = world.services["x.do"]
    await world.up()
    await world.define(GO, world.step("a", after=["s"]))
    await world.define(world.step("a"), name="other")
    run_id = await world.start()
    assert await world.desk.pause(world.context, "w", "looking into it")
    assert not await world.desk.pause(world.context, "w", "again")
    [pause] = await world.desk.pauses(DEFAULT_TENANT)
    assert (pause.name, pause.reason) == ("w", "looking into it")
    await world.desk.signal(world.context, run_id, "go", None)
    await in_state(world, run_id, "s", StepState.SUCCEEDED)
    other = await world.desk.start(world.context, "other", subject="o")
    assert (await world.ended(other)).run.state is RunState.SUCCEEDED
    assert service.steps == ["a"]  # the other's
    await world.down()
    await world.up()
    later = await world.start("later")
    await world.desk.signal(world.context, later, "go", None)
    await in_state(world, later, "s", StepState.SUCCEEDED)
    assert service.steps == ["a"]
    assert await world.desk.resume(world.context, "w")
    assert not await world.desk.resume(world.context, "w")
    for waiting in (run_id, later):
        assert (await world.ended(waiting)).run.state is RunState.SUCCEEDED
    with pytest.raises(NotFound):
        await world.desk.pause(world.context, "nothing")


async def test_a_paused_run_that_fails_elsewhere_ends(world: World) -> None:
    await world.up()
    await world.define(
        {**GO, "timeout_s": 0.3}, world.step("a"), world.step("b", compensate="x.do")
    )
    await world.desk.pause(world.context, "w")
    run_id = await world.start()
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.FAILED
    assert world.services["x.do"].steps == []


async def test_a_paused_run_undoes_once_it_is_resumed(world: World) -> None:
    undo = world.service("y.undo")
    await world.up()
    await world.define(world.step("a", compensate="y.undo"), {**GO, "after": ["a"]})
    await world.define(world.step("a"), name="other")
    run_id = await world.start()
    await in_state(world, run_id, "a", StepState.SUCCEEDED)
    await world.desk.pause(world.context, "w")
    await world.desk.cancel(world.context, run_id, "enough")
    other = await world.desk.start(world.context, "other", subject="o")
    await world.ended(other)  # so the cancellation before it was taken
    assert undo.steps == []
    assert await world.desk.resume(world.context, "w")
    detail = await world.ended(run_id)
    assert (detail.run.state, detail.run.cause) == (RunState.CANCELLED, "enough")
    assert undo.steps == ["a"]


async def test_a_paused_definition_begins_no_child(world: World) -> None:
    await world.up()
    await world.define(world.step("work"), name="child")
    await world.define(GO, {"name": "sub", "workflow": "child", "after": ["s"]})
    run_id = await world.start()
    await in_state(world, run_id, "s", StepState.WAITING)
    await world.desk.pause(world.context, "w")
    await world.desk.signal(world.context, run_id, "go", None)
    await in_state(world, run_id, "s", StepState.SUCCEEDED)
    assert not await world.desk.search(DEFAULT_TENANT, RunFilter(parent=run_id))
    assert await world.desk.resume(world.context, "w")
    assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED
    assert world.services["x.do"].steps == ["work"]


# Search and retention ------------------------------------------------------


async def test_runs_are_found_by_what_is_known_of_them(world: World) -> None:
    world.services["x.do"].answer = lambda call: (
        LASTING if call.subject == "bad" else "ok"
    )
    await world.up()
    await world.define(world.step("a"))
    north = {"region": "north", "team": "a"}
    first = await world.run(options=RunOptions(attributes=north))
    second = await world.run(
        subject="bad", options=RunOptions(attributes={"region": "south"})
    )
    third = await world.run(subject="plain")

    async def found(**criteria: Any) -> set[RunId]:
        runs = await world.desk.search(DEFAULT_TENANT, RunFilter(**criteria))
        return {run.id for run in runs}

    assert first.options.attributes == north
    assert await found(attributes={"region": "north"}) == {first.run.id}
    assert await found(attributes={"region": "north", "team": "b"}) == set()
    assert await found(state=RunState.FAILED) == {second.run.id}
    assert await found(workflow="w", version=1) == {
        first.run.id,
        second.run.id,
        third.run.id,
    }
    assert await found(workflow="v") == set()
    assert await found(created_from=third.run.created_at) == {third.run.id}
    assert await found(created_before=second.run.created_at) == {first.run.id}
    assert third.run.ended_at is not None
    assert await found(ended_from=third.run.ended_at) == {third.run.id}
    assert third.run.id not in await found(ended_before=third.run.ended_at)


async def test_old_runs_are_forgotten_with_all_that_is_theirs(world: World) -> None:
    await world.up()
    await world.define(world.step("a"), {**GO, "after": ["a"]})
    old = await world.start(options=RunOptions(attributes={"k": "v"}))
    await in_state(world, old, "s", StepState.WAITING)
    await world.desk.signal(world.context, old, "go", None)
    ended = (await world.ended(old)).run.ended_at
    assert ended is not None
    living = await world.start("living")
    assert await world.desk.forget(ended) == 0
    assert await world.desk.forget(ended + timedelta(microseconds=1)) == 1
    with pytest.raises(NotFound):
        await world.desk.run(DEFAULT_TENANT, old)
    assert (await world.desk.run(DEFAULT_TENANT, living)).run.id == living
    for table in (RUN_STEPS, RUN_OPTIONS, RUN_ATTRIBUTES):
        assert await world.count(table, table.c.run_id == old) == 0
    types = [entry.type for entry in await world.entries()]
    assert types.count("integritas.run.ended.v1") == 1


# Versions ----------------------------------------------------------------------


async def test_a_version_is_kept_once(world: World) -> None:
    await world.up()
    await world.define(world.step("a"))
    with pytest.raises(Conflict, match="workflow w version 1 exists") as told:
        await world.define(world.step("b"))
    assert told.value.errors[0].path == "version"


async def test_a_shipped_version_lives_as_long_as_its_runs(world: World) -> None:
    old = Definition("s", 1, (Step("w", signal="go"), Step("a", "x.do", after=("w",))))
    new = Definition("s", 2, (Step("b", "x.do"),))
    world.shipped = [old]
    await world.up()
    run_id = await world.desk.start(world.context, "s", subject="x")
    await in_state(world, run_id, "w", StepState.WAITING)
    await world.down()
    world.shipped = [new]  # an upgrade
    await world.up()
    assert (await world.desk.definition(DEFAULT_TENANT, "s")).version == 2
    await world.desk.signal(world.context, run_id, "go", None)
    detail = await world.ended(run_id)
    assert (detail.run.version, detail.run.state) == (1, RunState.SUCCEEDED)
    assert world.services["x.do"].steps == ["a"]
    later = await world.desk.start(world.context, "s", subject="y")
    assert (await world.ended(later)).run.version == 2


async def test_a_running_run_keeps_its_version(world: World) -> None:
    await world.up()
    await world.define(GO, world.step("a", after=["s"]))
    run_id = await world.start()
    await world.define(world.step("b"), version=2)
    await world.desk.signal(world.context, run_id, "go", None)
    assert world.states(await world.ended(run_id)) == {
        "s": StepState.SUCCEEDED,
        "a": StepState.SUCCEEDED,
    }


# Isolation ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [KeyError, ValueError])
async def test_a_run_whose_effects_always_fail_stops_nobody(
    world: World, kind: type[Exception]
) -> None:
    world.notes.poison = ("poison", kind("cannot be written"))
    await world.up()
    await world.define(world.step("a"), world.step("b", after=["a"]))
    bad = await world.start("poison")
    good = [await world.start(f"good{i}") for i in range(20)]
    for run_id in good:
        assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED
    detail = await world.ended(bad)
    assert detail.run.state is RunState.FAILED
    assert "what it did cannot be written" in detail.run.cause
    assert await world.engine.ping() is None
    entries = await world.entries()
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    ends = [str(e.data["run"]) for e in entries if e.type == "integritas.run.ended.v1"]
    assert sorted(ends) == sorted([bad, *good])
    after = await world.run(subject="after")
    assert after.run.state is RunState.SUCCEEDED


async def test_what_cannot_be_kept_is_a_broken_contract(world: World) -> None:
    world.services["x.do"].answer = lambda _: object()
    await world.up()
    await world.define(world.step("each", for_each="[1]"))
    detail = await world.run()
    error = world.last(detail, "each[0]").error
    assert error is not None
    assert error["code"] == "contract_violation"


# Two processes ----------------------------------------------------------------------


async def test_what_another_process_asks_for_is_done(world: World) -> None:
    await world.up()
    await world.define(world.step("a"))
    desk, close = world.other_process()
    try:
        run_id = await desk.start(world.context, "w", subject="other")
        assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED
    finally:
        close()

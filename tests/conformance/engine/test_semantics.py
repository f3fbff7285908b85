"""Fan-out, sub-workflows, compensation of what is cancelled; definitions of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import (
    InvalidDefinition,
)
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.workflows.api import (
    Call,
    RunDetail,
    RunFilter,
    RunOptions,
    RunState,
    StepState,
)

if TYPE_CHECKING:
    from tests.conformance.engine.conftest import World

pytestmark = pytest.mark.integration

PASSING = Failure("unavailable", "not now", retryable=True)
LASTING = Failure("invalid_input", "cannot", retryable=False)
GO = {"name": "s", "signal": "go"}


async def in_state(world: World, run_id: RunId, step: str, state: StepState) -> None:
    """Wait until a step of a run is in a state."""
    await world.until(run_id, lambda detail: world.states(detail).get(step) is state)


async def only_child(world: World, parent: RunId) -> RunDetail:
    """Wait for the child of a run."""
    found: list[RunDetail] = []

    async def look() -> bool:
        where = RunFilter(parent=parent)
        views = await world.desk.search(DEFAULT_TENANT, where)
        found.extend([await world.desk.run(DEFAULT_TENANT, v.id) for v in views])
        return bool(found)

    await world.poll(look)
    return found[0]


# Fan-out ---------------------------------------------------------------------------


def doubling(call: Call) -> Any:
    """Return twice the item."""
    return call.inputs["n"] * 2


async def test_a_step_is_done_once_an_item_and_gathers_in_order(world: World) -> None:
    service = world.service("y.do", doubling)
    await world.up()
    await world.define(
        world.step(
            "each",
            "y.do",
            for_each="submission.list",
            inputs={"n": "item + index"},
        ),
        world.step("after", after=["each"], when="steps.each == [2, 6, 10]"),
    )
    detail = await world.run(given={"list": [1, 2, 3]})
    assert detail.run.state is RunState.SUCCEEDED
    assert world.last(detail, "each").result == [2, 6, 10]
    assert world.states(detail)["after"] is StepState.SUCCEEDED
    assert world.states(detail)["each[2]"] is StepState.SUCCEEDED
    assert {call.item for batch in service.batches for call in batch} == {0, 1, 2}


async def test_no_items_are_an_empty_list(world: World) -> None:
    await world.up()
    await world.define(world.step("each", for_each="[]"))
    detail = await world.run()
    assert world.last(detail, "each").result == []
    assert world.services["x.do"].steps == []


async def test_only_so_many_items_at_a_time(world: World) -> None:
    service = world.services["x.do"]
    service.answer = lambda call: call.item
    await world.up()
    await world.define(
        world.step("each", for_each="submission.list", parallel=2),
    )
    detail = await world.run(given={"list": list(range(7))})
    assert world.last(detail, "each").result == list(range(7))
    assert max(len(batch) for batch in service.batches) <= 2


async def test_an_item_is_tried_again_alone(world: World) -> None:
    world.services["x.do"].answer = lambda call: (
        PASSING if call.item == 1 and call.attempt == 1 else call.inputs["item"]
    )
    await world.up()
    await world.define(world.step("each", for_each="submission.list"))
    detail = await world.run(given={"list": ["a", "b", "c"]})
    assert world.last(detail, "each").result == ["a", "b", "c"]
    attempts = [(v.name, v.attempt) for v in detail.steps if v.name.startswith("each[")]
    assert sorted(attempts) == [
        ("each[0]", 1),
        ("each[1]", 1),
        ("each[1]", 2),
        ("each[2]", 1),
    ]


@pytest.mark.parametrize(
    ("on_failure", "state"),
    [("fail", RunState.FAILED), ("continue", RunState.SUCCEEDED)],
)
async def test_an_item_that_fails(
    world: World, on_failure: str, state: RunState
) -> None:
    world.services["x.do"].answer = lambda call: LASTING if call.item == 1 else "ok"
    await world.up()
    await world.define(
        world.step("each", for_each="submission.list", on_failure=on_failure)
    )
    detail = await world.run(given={"list": [1, 2, 3]})
    assert detail.run.state is state
    if state is RunState.SUCCEEDED:
        assert world.last(detail, "each").result == ["ok", None, "ok"]
    else:
        assert detail.run.cause == "step each failed: cannot"


@pytest.mark.parametrize("for_each", ["submission.none", "7", "submission.many"])
async def test_what_is_no_list_fails_the_step(world: World, for_each: str) -> None:
    await world.up()
    await world.define(world.step("each", for_each=for_each))
    detail = await world.run(given={"many": list(range(10_001))})
    assert detail.run.state is RunState.FAILED
    assert "step each failed" in detail.run.cause


async def test_a_fan_out_goes_on_after_a_restart(world: World) -> None:
    service = world.services["x.do"]
    service.gate = asyncio.Event()
    service.answer = lambda call: f"r{call.item}"
    await world.up()
    await world.define(
        world.step("each", for_each="submission.list", parallel=1),
        {**GO, "after": ["each"]},
    )
    service.gate.set()
    run_id = await world.start(given={"list": list(range(5))})
    await in_state(world, run_id, "each[1]", StepState.SUCCEEDED)
    await world.down()
    await world.up()
    await in_state(world, run_id, "s", StepState.WAITING)
    await world.desk.signal(world.context, run_id, "go", None)
    detail = await world.ended(run_id)
    assert world.last(detail, "each").result == [f"r{i}" for i in range(5)]
    names = [v.name for v in detail.steps if v.name.startswith("each[")]
    assert sorted(names) == [f"each[{i}]" for i in range(5)]


async def test_items_are_undone_backwards(world: World) -> None:
    undo = world.service("y.undo")
    await world.up()
    world.services["x.do"].answer = lambda call: LASTING if call.step == "b" else "ok"
    await world.define(
        world.step("each", for_each="submission.list", compensate="y.undo"),
        world.step("b", after=["each"], on_failure="compensate"),
    )
    detail = await world.run(given={"list": [1, 2]})
    assert detail.run.state is RunState.FAILED
    assert [call.item for batch in undo.batches for call in batch] == [1, 0]
    assert world.states(detail)["compensate:each[0]"] is StepState.COMPENSATED


# Sub-workflows -----------------------------------------------------------------------


async def family(world: World, **fields: Any) -> None:
    """Define `w`, which runs `child`, which calls."""
    await world.define(
        world.step("work", inputs={"n": "submission.n"}),
        name="child",
        outputs={"answer": "steps.work"},
    )
    await world.define(
        {
            "name": "sub",
            "workflow": "child",
            "inputs": {"n": "submission.n"},
            **fields,
        },
        world.step("after", after=["sub"], inputs={"got": "steps.sub.answer"}),
    )


async def test_a_step_runs_another_workflow(world: World) -> None:
    service = world.services["x.do"]
    service.answer = lambda call: dict(call.inputs)
    await world.up()
    await family(world)
    detail = await world.run(given={"n": 5})
    assert detail.run.state is RunState.SUCCEEDED
    assert world.last(detail, "sub").result == {"answer": {"n": 5}}
    assert world.last(detail, "after").result == {"got": {"n": 5}}
    child = await only_child(world, detail.run.id)
    assert (child.run.workflow, child.run.state) == ("child", RunState.SUCCEEDED)
    assert child.options.parent is not None
    assert child.options.parent.step == "sub"
    assert child.run.subject == detail.run.subject
    assert [end.run_id for end in world.notes.ended if not end.child] == [detail.run.id]


async def test_a_workflow_an_item(world: World) -> None:
    world.services["x.do"].answer = lambda call: call.inputs["n"]
    await world.up()
    await world.define(
        world.step("work", inputs={"n": "submission.n"}),
        name="child",
        outputs={"n": "steps.work"},
    )
    await world.define(
        {
            "name": "sub",
            "workflow": "child",
            "for_each": "submission.list",
            "inputs": {"n": "item"},
        }
    )
    detail = await world.run(given={"list": [3, 1, 2]})
    assert world.last(detail, "sub").result == [{"n": 3}, {"n": 1}, {"n": 2}]
    children = await world.desk.search(DEFAULT_TENANT, RunFilter(parent=detail.run.id))
    assert len(children) == 3


async def test_a_child_that_fails_fails_its_step(world: World) -> None:
    world.services["x.do"].answer = lambda _: LASTING
    await world.up()
    await family(world)
    detail = await world.run(given={"n": 1})
    assert detail.run.state is RunState.FAILED
    error = world.last(detail, "sub").error
    assert error is not None
    assert error["code"] == "run_failed"
    assert "step work failed: cannot" in detail.run.cause


async def test_a_child_is_tried_again_where_asked_for(world: World) -> None:
    world.services["x.do"].answer = lambda call: (
        LASTING if len(world.services["x.do"].batches) == 1 else call.step
    )
    await world.up()
    retry = {"attempts": 2, "base_s": 0.001, "cap_s": 0.001, "retry_on": ["run_failed"]}
    await family(world, retry=retry)
    detail = await world.run(given={"n": 1})
    assert detail.run.state is RunState.SUCCEEDED
    assert [(v.name, v.attempt) for v in detail.steps if v.name == "sub"] == [
        ("sub", 1),
        ("sub", 2),
    ]


async def test_a_child_takes_only_so_long(world: World) -> None:
    await world.up()
    await world.define(GO, name="child")
    await world.define({"name": "sub", "workflow": "child", "timeout_s": 0.05})
    detail = await world.run()
    assert detail.run.state is RunState.FAILED
    assert "did not end within 0.05 s" in detail.run.cause


async def test_parent_and_child_go_on_after_a_restart(world: World) -> None:
    await world.up()
    await world.define(GO, world.step("work", after=["s"]), name="child")
    await world.define({"name": "sub", "workflow": "child"}, world.step("b"))
    run_id = await world.start()
    child = await only_child(world, run_id)
    await in_state(world, child.run.id, "s", StepState.WAITING)
    await world.down()
    await world.up()
    await world.desk.signal(world.context, child.run.id, "go", None)
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.SUCCEEDED
    assert world.last(detail, "sub").result == {"work": "work done"}
    found = await world.desk.search(DEFAULT_TENANT, RunFilter(parent=run_id))
    assert len(found) == 1


async def test_cancelling_a_parent_cancels_its_child(world: World) -> None:
    undo = world.service("y.undo")
    await world.up()
    await world.define(
        world.step("work", compensate="y.undo"), {**GO, "after": ["work"]}, name="child"
    )
    await world.define({"name": "sub", "workflow": "child"})
    run_id = await world.start()
    child = await only_child(world, run_id)
    await in_state(world, child.run.id, "s", StepState.WAITING)
    await world.desk.cancel(world.context, run_id, "stop")
    detail = await world.ended(run_id)
    assert (detail.run.state, detail.run.cause) == (RunState.CANCELLED, "stop")
    ended = await world.ended(child.run.id)
    assert ended.run.state is RunState.CANCELLED
    assert undo.steps == ["work"]


async def test_a_child_that_is_cancelled_fails_its_step(world: World) -> None:
    await world.up()
    await world.define(GO, name="child")
    await world.define(
        {"name": "sub", "workflow": "child", "on_failure": "continue"},
        world.step("b", after=["sub"], when="steps.sub == null"),
    )
    run_id = await world.start()
    child = await only_child(world, run_id)
    await world.desk.cancel(world.context, child.run.id, "not this one")
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.SUCCEEDED
    assert world.states(detail)["b"] is StepState.SUCCEEDED


async def test_a_workflow_that_is_not_there_fails_the_step(world: World) -> None:
    await world.up()
    await world.define({"name": "sub", "workflow": "nothing"})
    detail = await world.run()
    assert "there is no workflow nothing" in detail.run.cause


async def test_a_workflow_that_runs_itself_comes_to_an_end(world: World) -> None:
    await world.up()
    await world.define({"name": "sub", "workflow": "w"})
    detail = await world.run()
    assert detail.run.state is RunState.FAILED
    assert "deep, 16 may be" in detail.run.cause


# Ending from outside, with what it takes ----------------------------------------------


async def saga(world: World) -> RunId:
    """Start a run that did something to undo, and waits."""
    world.service("y.undo")
    await world.up()
    patient = {"attempts": 100, "base_s": 0.05, "cap_s": 0.05}
    await world.define(
        world.step("a", compensate="y.undo"),
        {**world.step("b", after=["a"], compensate="y.undo"), "retry": patient},
        {**GO, "after": ["b"]},
    )
    run_id = await world.start()
    await in_state(world, run_id, "s", StepState.WAITING)
    return run_id


async def test_a_cancelled_run_undoes_backwards(world: World) -> None:
    run_id = await saga(world)
    await world.desk.cancel(world.context, run_id, "not needed")
    detail = await world.ended(run_id)
    assert (detail.run.state, detail.run.cause) == (RunState.CANCELLED, "not needed")
    assert world.services["y.undo"].steps == ["b", "a"]
    assert world.states(detail)["compensate:a"] is StepState.COMPENSATED


async def test_a_superseded_run_undoes_too(world: World) -> None:
    run_id = await saga(world)
    second = await world.start()
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.CANCELLED
    assert "superseded" in detail.run.cause
    assert sorted(world.services["y.undo"].steps) == ["a", "b"]
    await in_state(world, second, "s", StepState.WAITING)


@pytest.mark.timeout(90)  # on Temporal each child takes a dozen round trips
async def test_a_superseded_run_of_many_children_ends_with_them(world: World) -> None:
    await world.up()
    await world.define(GO, name="child")
    await world.define(
        {"name": "sub", "workflow": "child", "for_each": "submission.list"}, GO
    )
    run_id = await world.start(given={"list": list(range(120))})

    async def all_begun() -> bool:
        where = RunFilter(parent=run_id)
        found = await world.desk.search(DEFAULT_TENANT, where, limit=500)
        return len(found) == 120

    await world.poll(all_begun)
    second = await world.start(given={"list": []})
    assert (await world.ended(run_id)).run.state is RunState.CANCELLED
    where = RunFilter(parent=run_id)
    children = await world.desk.search(DEFAULT_TENANT, where, limit=500)
    assert {child.state for child in children} == {RunState.CANCELLED}
    await in_state(world, second, "s", StepState.WAITING)


async def test_a_run_out_of_time_undoes_too(world: World) -> None:
    world.service("y.undo")
    await world.up()
    await world.define(
        world.step("a", compensate="y.undo"),
        {**GO, "after": ["a"], "timeout_s": 86_400},
        timeout_s=3_600,
    )
    run_id = await world.start()
    await in_state(world, run_id, "s", StepState.WAITING)
    await world.down_for(timedelta(hours=1))
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.FAILED
    assert detail.run.cause == "the run did not end within 3600 s"
    assert world.services["y.undo"].steps == ["a"]


async def test_undoing_goes_on_after_a_restart(world: World) -> None:
    run_id = await saga(world)
    undo = world.services["y.undo"]
    failing = True
    undo.answer = lambda call: PASSING if failing else call.step
    await world.desk.cancel(world.context, run_id, "stop")
    await in_state(world, run_id, "compensate:b", StepState.FAILED)
    await world.down()
    failing = False
    await world.up()
    detail = await world.ended(run_id)
    assert (detail.run.state, detail.run.cause) == (RunState.CANCELLED, "stop")
    assert world.states(detail)["compensate:a"] is StepState.COMPENSATED


async def test_a_run_may_have_a_time_limit_of_its_own(world: World) -> None:
    await world.up()
    await world.define(GO)
    detail = await world.run(options=RunOptions(timeout_s=0.05))
    assert detail.run.cause == "the run did not end within 0.05 s"


# Definitions --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "path", "says"),
    [
        ({"name": "a"}, "steps[0]", "exactly one of"),
        ({"name": "a", "signal": "s", "sleep_s": 1}, "steps[0]", "exactly one of"),
        ({"name": "a", "signal": "s", "for_each": "[]"}, "steps[0]", "for_each is for"),
        (
            {"name": "a", "operation": "x.do", "parallel": 2},
            "steps[0]",
            "needs for_each",
        ),
        (
            {"name": "a", "operation": "x.do", "inputs": {"i": "item"}},
            "steps[0].inputs.i",
            "unknown name item",
        ),
        ({"name": "a", "sleep_until": "nope"}, "steps[0].sleep_until", "unknown name"),
        ({"name": "a", "sleep_s": 0}, "steps[0].sleep_s", "greater than 0"),
        (
            {"name": "a", "operation": "x.do", "for_each": "1 +"},
            "steps[0].for_each",
            "",
        ),
    ],
)
async def test_what_is_wrong_is_said_where(
    world: World, step: dict[str, Any], path: str, says: str
) -> None:
    await world.up()
    with pytest.raises(InvalidDefinition) as told:
        await world.define(step)
    [error] = told.value.errors
    assert error.path == path
    assert says in error.message
    assert error.remedy


async def test_an_output_that_cannot_be_read_is_named(world: World) -> None:
    await world.up()
    with pytest.raises(InvalidDefinition) as told:
        await world.define(world.step("a"), outputs={"x": "nope"})
    assert [error.path for error in told.value.errors] == ["outputs.x"]

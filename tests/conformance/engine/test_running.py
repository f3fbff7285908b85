"""What every engine does with a definition: order, batches, conditions, failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import InvalidDefinition, NotFound
from integritas.kernel.ids import DEFAULT_TENANT, RunId, TenantId
from integritas.workflows.api import Call, RunState, StepState

if TYPE_CHECKING:
    from tests.conformance.engine.conftest import World

pytestmark = pytest.mark.integration

PASSING = Failure("unavailable", "not now", retryable=True)
LASTING = Failure("invalid_input", "cannot", retryable=False)


async def test_a_diamond_runs_in_order_and_is_shown_whole(world: World) -> None:
    await world.up()
    await world.define(
        world.step("a"),
        world.step("b", after=["a"]),
        world.step("c", after=["a"]),
        world.step("d", after=["b", "c"]),
    )
    detail = await world.run(given={"n": 1})
    assert detail.run.state is RunState.SUCCEEDED
    assert (detail.run.workflow, detail.run.version) == ("w", 1)
    assert (detail.run.input, detail.run.subject) == ({"n": 1}, "thing")
    assert detail.run.correlation_id == world.context.correlation_id
    assert detail.run.ended_at is not None
    assert world.states(detail) == dict.fromkeys("abcd", StepState.SUCCEEDED)
    assert [view.result for view in detail.steps if view.name == "a"] == ["a done"]
    called = world.services["x.do"].steps
    assert called[0] == "a"
    assert called[-1] == "d"
    assert sorted(called) == ["a", "b", "c", "d"]
    assert all(v.started_at and v.ended_at for v in detail.steps)


async def test_what_is_ready_together_is_called_together(world: World) -> None:
    import asyncio

    service = world.services["x.do"]
    service.gate = asyncio.Event()
    await world.up()
    await world.define(world.step("a"))
    # The first calls hold the operation; what comes meanwhile waits and goes as one.
    held = [await world.start(f"held{i}") for i in range(2)]
    rest = [
        await world.desk.start(world.context, "w", subject=f"s{i}") for i in range(30)
    ]
    for run_id in rest:
        await world.until(run_id, lambda detail: bool(detail.run.id))
    await world.gathered(30)
    service.gate.set()
    for run_id in held + rest:
        assert (await world.ended(run_id)).run.state is RunState.SUCCEEDED
    assert len(service.steps) == 32
    assert len(service.batches) < 16
    assert max(len(batch) for batch in service.batches) > 2


async def test_results_and_input_reach_later_steps(world: World) -> None:
    service = world.service("y.do", lambda call: dict(call.inputs))
    await world.up()
    await world.define(
        world.step("a"),
        world.step(
            "b",
            "y.do",
            after=["a"],
            inputs={"x": "steps.a + submission.tail", "who": "run.subject"},
        ),
    )
    detail = await world.run(given={"tail": "!"})
    assert world.last(detail, "b").result == {"x": "a done!", "who": "thing"}
    assert service.steps == ["b"]


async def test_a_condition_skips_its_step_alone(world: World) -> None:
    await world.up()
    await world.define(
        world.step("a", when="submission.n > 5"),
        world.step("b", after=["a"], when="steps.a == null"),
    )
    detail = await world.run(given={"n": 1})
    assert detail.run.state is RunState.SUCCEEDED
    assert world.states(detail) == {"a": StepState.SKIPPED, "b": StepState.SUCCEEDED}


@pytest.mark.parametrize("when", ["submission.none == 1", "1 / 0 == 1", "'text'"])
async def test_a_condition_that_breaks_fails_the_run(world: World, when: str) -> None:
    await world.up()
    await world.define(world.step("a", when=when))
    detail = await world.run()
    assert detail.run.state is RunState.FAILED
    assert "step a failed" in detail.run.cause
    assert world.services["x.do"].steps == []


async def test_an_input_that_breaks_fails_its_run_alone(world: World) -> None:
    await world.up()
    await world.define(world.step("a", inputs={"x": "submission.list[0]"}))
    bad = await world.run(given={"list": []})
    good = await world.run(given={"list": [1]})
    assert bad.run.state is RunState.FAILED
    assert good.run.state is RunState.SUCCEEDED


# Failing ---------------------------------------------------------------------------


def until_attempt(number: int, failure: Failure = PASSING) -> Any:
    """Return a script: fail until an attempt, then succeed."""
    return lambda call: call.attempt if call.attempt >= number else failure


async def test_a_passing_failure_is_tried_again(world: World) -> None:
    world.services["x.do"].answer = until_attempt(3)
    await world.up()
    await world.define(world.step("a"))
    detail = await world.run()
    assert detail.run.state is RunState.SUCCEEDED
    assert [(v.attempt, v.state) for v in detail.steps] == [
        (1, StepState.FAILED),
        (2, StepState.FAILED),
        (3, StepState.SUCCEEDED),
    ]
    error = detail.steps[0].error
    assert error is not None
    assert (error["code"], error["detail"]) == ("unavailable", "not now")


async def test_attempts_run_out(world: World) -> None:
    world.services["x.do"].answer = lambda _: PASSING
    await world.up()
    await world.define(world.step("a"), world.step("b", after=["a"]))
    detail = await world.run()
    assert detail.run.state is RunState.FAILED
    assert detail.run.cause == "step a failed: not now"
    assert [v.attempt for v in detail.steps if v.name == "a"] == [1, 2, 3]
    assert world.states(detail)["b"] is StepState.PENDING


async def test_a_lasting_failure_is_not_tried_again(world: World) -> None:
    world.services["x.do"].answer = lambda _: LASTING
    await world.up()
    await world.define(world.step("a"))
    detail = await world.run()
    assert [v.attempt for v in detail.steps] == [1]


async def test_a_failure_may_be_passed_over(world: World) -> None:
    world.service("y.do", lambda _: LASTING)
    await world.up()
    await world.define(
        world.step("a", "y.do", on_failure="continue"), world.step("b", after=["a"])
    )
    detail = await world.run()
    assert detail.run.state is RunState.SUCCEEDED
    assert world.states(detail) == {"a": StepState.FAILED, "b": StepState.SUCCEEDED}


async def test_a_saga_undoes_backwards(world: World) -> None:
    undo = world.service("x.undo")
    world.service("y.do", lambda _: LASTING)
    await world.up()
    await world.define(
        world.step("a", compensate="x.undo"),
        world.step("b", after=["a"], compensate="x.undo"),
        world.step("plain", after=["b"]),
        world.step("c", "y.do", after=["plain"], on_failure="compensate"),
    )
    detail = await world.run()
    assert detail.run.state is RunState.FAILED
    assert detail.run.cause == "step c failed: cannot"
    assert undo.steps == ["b", "a"]
    assert world.states(detail)["compensate:a"] is StepState.COMPENSATED


async def test_an_undoing_that_fails_is_named_and_the_rest_undone(
    world: World,
) -> None:
    def undo(call: Call) -> object:
        return LASTING if call.step == "b" else "undone"

    world.service("x.undo", undo)
    world.service("y.do", lambda _: LASTING)
    await world.up()
    await world.define(
        world.step("a", compensate="x.undo"),
        world.step("b", after=["a"], compensate="x.undo"),
        world.step("c", "y.do", after=["b"], on_failure="compensate"),
    )
    detail = await world.run()
    assert "compensate:b failed: cannot" in detail.run.cause
    assert world.states(detail)["compensate:a"] is StepState.COMPENSATED


async def test_a_step_that_fails_beside_another_does_not_hold_the_run(
    world: World,
) -> None:
    world.services["x.do"].answer = lambda c: LASTING if c.step == "a" else PASSING
    await world.up()
    slow = {"attempts": 3, "base_s": 1e6, "cap_s": 1e6}
    await world.define(world.step("a"), world.step("b", retry=slow))
    assert (await world.run()).run.state is RunState.FAILED


async def test_one_poisoned_run_does_not_sink_its_batch(world: World) -> None:
    def brittle(call: Call) -> object:
        if call.subject == "s3":
            raise ValueError("poison")
        return 1

    world.services["x.do"].answer = brittle
    await world.up()
    await world.define(world.step("a"))
    ids = [
        await world.desk.start(world.context, "w", subject=f"s{i}") for i in range(9)
    ]
    ends = [(await world.ended(run_id)).run for run_id in ids]
    assert [end.state for end in ends] == [
        RunState.FAILED if i == 3 else RunState.SUCCEEDED for i in range(9)
    ]
    assert "poison" in ends[3].cause


@pytest.mark.parametrize("result", [object(), {1, 2}])
async def test_a_result_that_cannot_be_kept_fails_the_step(
    world: World, result: object
) -> None:
    world.services["x.do"].answer = lambda _: result
    await world.up()
    await world.define(world.step("a"))
    detail = await world.run()
    assert detail.run.state is RunState.FAILED
    assert "cannot be kept" in detail.run.cause


async def test_an_operation_that_hangs_holds_up_nobody_else(world: World) -> None:
    import asyncio

    hanging = world.service("y.do")
    hanging.gate = asyncio.Event()
    await world.up()
    once = {"attempts": 1}
    await world.define(world.step("a", "y.do", timeout_s=0.3, retry=once))
    await world.define(world.step("a"), name="v")
    stuck = await world.start("stuck")
    other = await world.desk.start(world.context, "v", subject="other")
    assert (await world.ended(other)).run.state is RunState.SUCCEEDED
    detail = await world.ended(stuck)
    assert detail.run.state is RunState.FAILED
    assert "did not answer within 0.3 s" in detail.run.cause


# Definitions and tenants -----------------------------------------------------------


async def test_a_run_keeps_its_version(world: World) -> None:
    await world.up()
    await world.define({"name": "s", "signal": "go"}, world.step("old", after=["s"]))
    run_id = await world.start()
    await world.define(world.step("new"), version=2)
    await world.desk.signal(world.context, run_id, "go", None)
    detail = await world.ended(run_id)
    assert detail.run.version == 1
    assert world.states(detail)["old"] is StepState.SUCCEEDED
    newer = await world.run(subject="other")
    assert (newer.run.version, list(world.states(newer))) == (2, ["new"])


async def test_a_chosen_version_is_run(world: World) -> None:
    await world.up()
    await world.define(world.step("old"))
    await world.define(world.step("new"), version=2)
    assert list(world.states(await world.run(version=1))) == ["old"]


async def test_nothing_starts_without_a_definition(world: World) -> None:
    await world.up()
    with pytest.raises(NotFound, match="there is no workflow w"):
        await world.desk.start(world.context, "w", subject="x")
    with pytest.raises(NotFound):
        await world.desk.run(DEFAULT_TENANT, RunId("run_none"))


async def test_a_cyclic_definition_is_refused(world: World) -> None:
    await world.up()
    with pytest.raises(InvalidDefinition, match="cycle"):
        await world.define(world.step("a", after=["b"]), world.step("b", after=["a"]))


async def test_a_run_is_its_tenants_own(world: World) -> None:
    await world.up()
    await world.define(world.step("a"))
    run_id = (await world.run()).run.id
    other = TenantId("other")
    with pytest.raises(NotFound):
        await world.desk.run(other, run_id)
    assert await world.desk.runs(other) == []
    assert [r.id for r in await world.desk.runs(DEFAULT_TENANT)] == [run_id]


async def test_every_run_is_told_of_once_from_start_to_end(world: World) -> None:
    await world.up()
    await world.define(world.step("a"), world.step("b", after=["a"]))
    ids = [
        await world.desk.start(world.context, "w", subject=f"s{i}") for i in range(20)
    ]
    for run_id in ids:
        await world.ended(run_id)
    entries = await world.entries()
    assert [e.seq for e in entries] == list(range(1, len(entries) + 1))
    for kind in ("integritas.run.started.v1", "integritas.run.ended.v1"):
        told = [str(e.data["run"]) for e in entries if e.type == kind]
        assert sorted(told) == sorted(ids)
    assert len(world.notes.done) == 40
    assert sorted(e.run_id for e in world.notes.ended) == sorted(ids)

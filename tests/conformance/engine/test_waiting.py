"""Sleeps, time-outs and approvals, through restarts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.contracts import Actor, Context
from integritas.kernel.errors import (
    Conflict,
    NotFound,
    NotPermitted,
)
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.kernel.states import ActorKind
from integritas.workflows.api import (
    RunState,
    StepState,
)

if TYPE_CHECKING:
    from tests.conformance.engine.conftest import World

pytestmark = pytest.mark.integration

GO = {"name": "s", "signal": "go"}


async def in_state(world: World, run_id: RunId, step: str, state: StepState) -> None:
    """Wait until a step of a run is in a state."""
    await world.until(run_id, lambda detail: world.states(detail).get(step) is state)


# Waits --------------------------------------------------------------------------------


async def test_a_sleep_lets_time_pass(world: World) -> None:
    await world.up()
    await world.define(
        {"name": "rest", "sleep_s": 0.05}, world.step("a", after=["rest"])
    )
    detail = await world.run()
    view = world.last(detail, "rest")
    assert view.state is StepState.SUCCEEDED
    assert view.started_at is not None
    assert view.ended_at is not None
    assert view.ended_at - view.started_at >= timedelta(seconds=0.05)


@pytest.mark.parametrize(
    ("until", "state"),
    [
        ("'2026-01-01T00:00:00Z'", RunState.SUCCEEDED),
        ("timestamp('2026-01-01T00:00:00Z')", RunState.SUCCEEDED),
        ("submission.at", RunState.FAILED),
        ("'soon'", RunState.FAILED),
    ],
)
async def test_a_sleep_until_a_time(world: World, until: str, state: RunState) -> None:
    await world.up()
    await world.define({"name": "rest", "sleep_until": until})
    assert (await world.run()).run.state is state


HOUR = timedelta(hours=1)


async def test_a_sleep_is_not_begun_anew_by_a_restart(world: World) -> None:
    await world.up()
    await world.define({"name": "rest", "sleep_s": 3_600})
    run_id = await world.start()
    await world.until(run_id, lambda d: d.steps[0].started_at is not None)
    before = (await world.desk.run(DEFAULT_TENANT, run_id)).steps[0]
    assert before.state is StepState.WAITING
    await world.down_for(HOUR / 2)
    half = await world.desk.run(DEFAULT_TENANT, run_id)
    assert half.run.state is RunState.RUNNING
    await world.down_for(HOUR / 2)
    view = world.last(await world.ended(run_id), "rest")
    assert (view.state, view.started_at) == (StepState.SUCCEEDED, before.started_at)


async def test_a_time_out_of_a_signal_counts_through_a_restart(world: World) -> None:
    await world.up()
    await world.define({**GO, "timeout_s": 3_600})
    run_id = await world.start()
    await world.until(run_id, lambda d: d.steps[0].started_at is not None)
    await world.down_for(HOUR)
    detail = await world.ended(run_id)
    assert "no signal 'go' within 3600 s" in detail.run.cause


# Approvals ----------------------------------------------------------------------------

APPROVAL = {"name": "ok", "approval": {"roles": ["reviewer"]}}
REVIEWER = Context(
    DEFAULT_TENANT, Actor("user_2", ActorKind.PERSON, frozenset({"reviewer"})), "c"
)


async def test_an_approval_survives_a_restart_and_says_who(world: World) -> None:
    await world.up()
    await world.define(APPROVAL, world.step("a", after=["ok"]))
    run_id = await world.start()
    await in_state(world, run_id, "ok", StepState.WAITING)
    await world.down()
    await world.up()
    await world.desk.decide(REVIEWER, run_id, "ok", approve=True, reason="fine")
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.SUCCEEDED
    result = world.last(detail, "ok").result
    assert (result["approved"], result["by"], result["reason"]) == (
        True,
        "user_2",
        "fine",
    )


async def test_a_rejection_fails_its_step(world: World) -> None:
    await world.up()
    await world.define(APPROVAL)
    run_id = await world.start()
    await in_state(world, run_id, "ok", StepState.WAITING)
    await world.desk.decide(REVIEWER, run_id, "ok", approve=False, reason="no")
    detail = await world.ended(run_id)
    assert detail.run.state is RunState.FAILED
    assert detail.run.cause == "step ok failed: user_2 said no: no"
    error = world.last(detail, "ok").error
    assert error is not None
    assert error["code"] == "rejected"


async def test_not_everybody_may_decide_and_not_any_time(world: World) -> None:
    await world.up()
    await world.define(GO, {**APPROVAL, "after": ["s"]})
    run_id = await world.start()
    with pytest.raises(Conflict, match="does not wait for a decision now"):
        await world.desk.decide(REVIEWER, run_id, "ok", approve=True)
    with pytest.raises(NotFound, match="no step 's' to approve"):
        await world.desk.decide(REVIEWER, run_id, "s", approve=True)
    await world.desk.signal(world.context, run_id, "go", None)
    await in_state(world, run_id, "ok", StepState.WAITING)
    with pytest.raises(NotPermitted, match="decided by reviewer"):
        await world.desk.decide(world.context, run_id, "ok", approve=True)
    assert (await world.desk.run(DEFAULT_TENANT, run_id)).run.state is RunState.RUNNING

"""What operations and expressions see of a run that is kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integritas.kernel.contracts import Failure
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.workflows.api import (
    Definition,
    OnFailure,
    OperationSpec,
    Registry,
    RetryPolicy,
    RunState,
    RunView,
    Step,
    StepState,
)
from integritas.workflows.backends.temporal.kept import Kept, Unreadable
from integritas.workflows.plan import make_plan
from integritas.workflows.store import Attempt

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUN = RunId("run_1")
PASSING = Failure("unavailable", "not now", retryable=True)


async def do(calls: Any) -> Any:
    return calls


def attempt(
    step: str,
    number: int = 1,
    state: StepState = StepState.SUCCEEDED,
    result: bytes | None = None,
    error: Failure | None = None,
) -> Attempt:
    return Attempt(DEFAULT_TENANT, RUN, step, number, state, result, error, NOW, NOW)


def kept(*attempts: Attempt) -> Kept:
    registry = Registry()
    registry.register(OperationSpec("x.do", do))
    steps = (
        Step("a", "x.do", when="true"),
        Step("s", signal="go"),
        Step("b", "x.do", on_failure=OnFailure.CONTINUE, retry=RetryPolicy(2)),
    )
    view = RunView(
        tenant=DEFAULT_TENANT,
        id=RUN,
        workflow="w",
        version=3,
        subject="thing",
        state=RunState.RUNNING,
        input={"n": 1},
        correlation_id="c",
        created_at=NOW,
    )
    return Kept(view, make_plan(Definition("w", 3, steps), registry), attempts)


def test_results_are_decoded_and_compensations_are_none() -> None:
    found = kept(
        attempt("a", result=b'{"x": 1}'),
        attempt("s", result=b"7"),
        attempt("compensate:a", state=StepState.COMPENSATED, result=b"1"),
    ).results()
    assert found == {"a": {"x": 1}, "s": 7}


def test_expressions_see_null_where_a_step_was_skipped_or_passed_over() -> None:
    run = kept(
        attempt("a", state=StepState.SKIPPED),
        attempt("b", 1, StepState.FAILED, error=PASSING),
        attempt("b", 2, StepState.FAILED, error=PASSING),
    )
    assert run.scope(run.results()) == {
        "submission": {"n": 1},
        "steps": {"a": None, "b": None},
        "run": {"id": RUN, "subject": "thing", "workflow": "w", "version": 3},
    }


def test_a_step_that_will_be_tried_again_is_not_seen() -> None:
    run = kept(attempt("b", 1, StepState.FAILED, error=PASSING))
    assert run.scope({})["steps"] == {}
    assert not run.gave_up(run.plan.definition.step("b"), run.attempts[0])


def test_the_last_attempt_is_the_last_that_ended() -> None:
    run = kept(attempt("b", 1, StepState.FAILED), attempt("b", 2, result=b"1"))
    last = run.last("b")
    assert last is not None
    assert last.attempt == 2
    assert run.last("a") is None


def test_what_cannot_be_read_is_said() -> None:
    with pytest.raises(Unreadable, match="step a broke its run"):
        kept(attempt("a", result=b"{")).results()

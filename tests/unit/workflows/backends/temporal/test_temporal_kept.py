"""What operations and expressions see of a run that is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import InvalidInput
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.workflows.api import (
    Definition,
    OnFailure,
    OperationSpec,
    Registry,
    RetryPolicy,
    RunOptions,
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
LASTING = Failure("invalid_input", "cannot")
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
        Step("l", "x.do", for_each="[7, 8]"),
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
    ).known()
    assert found.results == {"a": {"x": 1}, "s": 7}


def test_expressions_see_null_where_a_step_was_skipped_or_passed_over() -> None:
    run = kept(
        attempt("a", state=StepState.SKIPPED),
        attempt("b", 1, StepState.FAILED, error=PASSING),
        attempt("b", 2, StepState.FAILED, error=PASSING),
    )
    assert run.known().scope() == {
        "submission": {"n": 1},
        "steps": {"a": None, "b": None},
        "run": {"id": RUN, "subject": "thing", "workflow": "w", "version": 3},
    }


def test_a_step_that_will_be_tried_again_is_not_seen() -> None:
    run = kept(attempt("b", 1, StepState.FAILED, error=PASSING))
    assert run.known().scope()["steps"] == {}
    assert run.outcome("b") is None


def test_the_last_attempt_is_the_last_that_ended() -> None:
    run = kept(attempt("b", 1, StepState.FAILED), attempt("b", 2, result=b"1"))
    last = run.last("b")
    assert last is not None
    assert last.attempt == 2
    assert run.last("a") is None


def test_what_cannot_be_read_is_said() -> None:
    with pytest.raises(Unreadable, match="step a broke its run"):
        kept(attempt("a", result=b"{")).known()


def test_outcomes_are_those_that_are_final_by_kept_name() -> None:
    run = kept(
        attempt("a", result=b"1"),
        attempt("l[0]", result=b"1"),
        attempt("l[1]", 1, StepState.FAILED, error=PASSING),
        attempt("l[2]", 1, StepState.FAILED, error=LASTING),
        attempt("s", state=StepState.FAILED, error=PASSING),
        attempt("compensate:a", state=StepState.COMPENSATED),
    )
    assert run.outcomes() == {
        "a": "succeeded",
        "l[0]": "succeeded",
        "l[2]": "failed",
        "s": "failed",
        "compensate:a": "succeeded",
    }


def test_an_item_sees_itself_and_its_number() -> None:
    run = kept()
    step = run.plan.definition.step("l")
    assert run.inputs(run.known(), step, 1) == {"item": 8}
    counted = replace(step, inputs={"n": "item + index"})
    assert run.inputs(run.known(), counted, 1) == {"n": 9}
    with pytest.raises(InvalidInput, match="has no item 2"):
        run.inputs(run.known(), step, 2)


def test_gathered_results_are_seen_as_a_list() -> None:
    run = kept(attempt("l[0]", result=b"1"), attempt("l", result=b"[1,null]"))
    assert run.known().results == {"l": [1, None]}


def test_the_shorter_limit_counts() -> None:
    run = kept()
    assert run.timeout_s is None
    assert replace(run, options=RunOptions(timeout_s=5.0)).timeout_s == 5.0
    assert replace(run, options=RunOptions(priority=7)).priority == 7

"""A run as a state machine: what each event does, and laws over random runs.

The law that matters most is recovery: whatever prefix of its rows a crash leaves, a run
restored from it ends as it would have ended.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from integritas.kernel.contracts import Failure
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.workflows.api import (
    Call,
    Definition,
    OnFailure,
    OperationSpec,
    Registry,
    RetryPolicy,
    RunState,
    Step,
    StepState,
)
from integritas.workflows.backends.active import ActiveRun, RunSeed, StepRow, Task
from integritas.workflows.plan import make_plan
from integritas.workflows.retry import retries

LASTING = Failure("invalid_input", "broken", retryable=False)
PASSING = Failure("unavailable", "later", retryable=True)
SEED = RunSeed(
    DEFAULT_TENANT,
    RunId("run_1"),
    "thing",
    {"n": 1},
    "c",
    datetime(2026, 1, 1, tzinfo=UTC),
)


async def never(calls: Sequence[Call], /) -> Sequence[Any]:
    """Stand for an operation: the tests answer themselves."""
    raise AssertionError(calls)


REGISTRY = Registry()
for _name in ("x.do", "x.undo"):
    REGISTRY.register(OperationSpec(_name, never))


def run_of(*steps: Step) -> ActiveRun:
    """Return a run of these steps, not begun."""
    return ActiveRun(SEED, make_plan(Definition("w", 1, steps), REGISTRY))


def do(name: str, *after: str, **fields: Any) -> Step:
    """Return a step that calls."""
    return Step(name, operation="x.do", after=after, **fields)


def names(tasks: Sequence[Task]) -> list[str]:
    """Return what is called."""
    return [task.name for task in tasks]


def succeed(run: ActiveRun, task: Task) -> None:
    """Let a task succeed with its name."""
    run.succeeded(task, task.name, orjson.dumps(task.name))


def fail(run: ActiveRun, task: Task, failure: Failure = LASTING) -> bool:
    """Let a task fail; return whether another attempt follows."""
    again = retries(run.plan.steps[task.index].retry, task.attempt, failure)
    run.failed(task, failure, again=again)
    return again


def state(run: ActiveRun) -> RunState:
    """Return the state, read anew: the type checker trusts the last look."""
    return run.state


def begun(*steps: Step) -> tuple[ActiveRun, dict[str, Task]]:
    """Return a run that has begun and its first tasks by name."""
    run = run_of(*steps)
    run.begin()
    return run, {task.name: task for task in run.take_tasks()}


def restored(run: ActiveRun, rows: Sequence[StepRow]) -> ActiveRun:
    """Return the same run restored from rows, as after a crash."""
    again = ActiveRun(run.seed, run.plan)
    for row in rows:
        again.restore(row.name, row.attempt, row.state, row.result, row.error)
    again.signals.update(run.signals)
    again.resume()
    return again


# One event at a time --------------------------------------------------------------


def test_a_diamond_goes_step_by_step() -> None:
    run, first = begun(do("a"), do("b", "a"), do("c", "a"), do("d", "b", "c"))
    assert list(first) == ["a"]
    succeed(run, first["a"])
    b, c = run.take_tasks()
    assert names([b, c]) == ["b", "c"]
    succeed(run, c)
    assert run.take_tasks() == []
    succeed(run, b)
    [d] = run.take_tasks()
    assert state(run) is RunState.RUNNING
    succeed(run, d)
    assert state(run) is RunState.SUCCEEDED
    assert [row.name for row in run.take_rows()] == ["a", "c", "b", "d"]
    assert run.take_rows() == []


def test_a_call_carries_what_came_before() -> None:
    run, first = begun(do("a"), do("b", "a", inputs={"x": "steps.a + '!'"}))
    succeed(run, first["a"])
    [b] = run.take_tasks()
    call = b.call()
    assert (call.inputs, call.results) == ({"x": "a!"}, {"a": "a"})
    assert (call.subject, call.step, call.attempt) == ("thing", "b", 1)


def test_a_failure_ends_the_run_with_its_cause() -> None:
    run, first = begun(do("a"), do("b", "a"))
    fail(run, first["a"])
    assert (run.state, run.cause) == (RunState.FAILED, "step a failed: broken")
    assert run.take_tasks() == []


def test_a_retry_is_the_next_attempt() -> None:
    run, first = begun(do("a"))
    assert fail(run, first["a"], PASSING)
    assert run.take_tasks() == []
    run.retry(first["a"])
    [again] = run.take_tasks()
    assert again.attempt == 2


def test_a_failure_passed_over_is_null_to_those_behind() -> None:
    run, first = begun(
        do("a", on_failure=OnFailure.CONTINUE), do("b", "a", when="steps.a == null")
    )
    fail(run, first["a"])
    assert names(run.take_tasks()) == ["b"]


def test_a_skipped_step_is_null_to_those_behind() -> None:
    run, first = begun(do("a", when="false"), do("b", "a", when="steps.a == null"))
    assert list(first) == ["b"]
    assert [row.state for row in run.take_rows()] == [StepState.SKIPPED]


def test_a_condition_that_breaks_fails_its_step() -> None:
    run, _ = begun(do("a", when="steps.none.x == 1"))
    assert state(run) is RunState.FAILED
    assert "cannot be evaluated" in run.cause


def test_a_long_chain_of_skipped_steps_does_not_nest() -> None:
    chain = [do("s0", when="false")]
    chain += [do(f"s{i}", f"s{i - 1}", when="false") for i in range(1, 1_000)]
    run, _ = begun(*chain)
    assert state(run) is RunState.SUCCEEDED
    assert len(run.take_rows()) == 1_000


def test_a_signal_before_the_step_is_kept_for_it() -> None:
    run, first = begun(do("a"), Step("s", signal="go", after=("a",)))
    run.signalled("go", {"by": "me"})
    assert state(run) is RunState.RUNNING
    succeed(run, first["a"])
    assert state(run) is RunState.SUCCEEDED
    assert run.results["s"] == {"by": "me"}


def test_a_signal_wakes_only_who_waits_for_it() -> None:
    run, _ = begun(Step("s", signal="go"), Step("t", signal="stop"))
    run.signalled("go", None)
    assert run.waiting == {1}
    run.signalled("other", None)
    assert run.waiting == {1}


def test_one_signal_serves_all_steps_of_its_name() -> None:
    run, _ = begun(Step("s", signal="go"), Step("t", signal="go"))
    run.signalled("go", 1)
    assert state(run) is RunState.SUCCEEDED


def test_a_signal_that_does_not_come_fails_its_step() -> None:
    run, _ = begun(Step("s", signal="go", timeout_s=5))
    run.timed_out(0)
    assert state(run) is RunState.FAILED
    assert run.cause == "step s failed: no signal 'go' within 5 s"


def test_a_time_out_after_the_signal_is_nothing() -> None:
    run, _ = begun(Step("s", signal="go"), Step("t", signal="stop"))
    run.signalled("go", 1)
    run.timed_out(0)
    assert state(run) is RunState.RUNNING


def test_ending_drops_what_is_ready() -> None:
    run = run_of(do("a"), do("b"))
    run.begin()
    run.end(RunState.CANCELLED, "enough")
    assert run.take_tasks() == []
    assert (run.state, run.cause) == (RunState.CANCELLED, "enough")


def test_a_run_ends_once() -> None:
    run, first = begun(do("a"))
    succeed(run, first["a"])
    run.end(RunState.CANCELLED, "late")
    assert (run.state, run.cause) == (RunState.SUCCEEDED, "")


def test_a_failing_run_waits_for_what_is_under_way() -> None:
    run, first = begun(do("a"), do("b"), do("c", "b"))
    fail(run, first["a"])
    assert state(run) is RunState.RUNNING
    succeed(run, first["b"])
    assert run.take_tasks() == []
    assert state(run) is RunState.FAILED


def test_a_failing_run_does_not_wait_for_a_retry() -> None:
    run, first = begun(do("a"), do("b"))
    fail(run, first["a"])
    assert fail(run, first["b"], PASSING)
    assert state(run) is RunState.FAILED
    run.retry(first["b"])
    assert run.take_tasks() == []


# Compensation ---------------------------------------------------------------------

UNDO: Mapping[str, Any] = {"compensate": "x.undo"}
SAGA: Mapping[str, Any] = {"on_failure": OnFailure.COMPENSATE}


def test_what_succeeded_is_undone_backwards() -> None:
    run, first = begun(do("a", **UNDO), do("b", "a", **UNDO), do("c", "b", **SAGA))
    succeed(run, first["a"])
    succeed(run, run.take_tasks()[0])
    fail(run, run.take_tasks()[0])
    undone = []
    while run.state is RunState.RUNNING:
        [task] = run.take_tasks()
        undone.append(task.name)
        succeed(run, task)
    assert undone == ["compensate:b", "compensate:a"]
    assert state(run) is RunState.FAILED
    assert run.cause == "step c failed: broken"
    assert [r.state for r in run.take_rows()][-2:] == [StepState.COMPENSATED] * 2


def test_what_succeeds_while_the_run_fails_is_undone_too() -> None:
    run, first = begun(do("a", **UNDO), do("b", **SAGA))
    fail(run, first["b"])
    assert run.take_tasks() == []
    succeed(run, first["a"])
    assert names(run.take_tasks()) == ["compensate:a"]


def test_an_undoing_that_fails_is_said_and_the_rest_undone() -> None:
    run, first = begun(do("a", **UNDO), do("b", "a", **UNDO), do("c", "b", **SAGA))
    succeed(run, first["a"])
    succeed(run, run.take_tasks()[0])
    fail(run, run.take_tasks()[0])
    fail(run, run.take_tasks()[0])
    [task] = run.take_tasks()
    assert task.name == "compensate:a"
    succeed(run, task)
    assert run.cause == "step c failed: broken; compensate:b failed: broken"


def test_an_undoing_is_tried_again() -> None:
    run, first = begun(do("a", **UNDO), do("c", "a", **SAGA))
    succeed(run, first["a"])
    fail(run, run.take_tasks()[0])
    [task] = run.take_tasks()
    assert fail(run, task, PASSING)
    assert state(run) is RunState.RUNNING
    run.retry(task)
    [again] = run.take_tasks()
    assert (again.name, again.attempt) == ("compensate:a", 2)
    succeed(run, again)
    assert state(run) is RunState.FAILED


def test_without_a_saga_nothing_is_undone() -> None:
    run, first = begun(do("a", **UNDO), do("b", "a"))
    succeed(run, first["a"])
    fail(run, run.take_tasks()[0])
    assert run.take_tasks() == []
    assert state(run) is RunState.FAILED


@pytest.mark.parametrize("order", [("b", "c"), ("c", "b")])
def test_one_of_several_failures_is_enough_to_undo(order: tuple[str, str]) -> None:
    run, first = begun(do("a", **UNDO), do("b"), do("c", **SAGA))
    succeed(run, first["a"])
    for name in order:
        fail(run, first[name])
    assert names(run.take_tasks()) == ["compensate:a"]


# Restored -------------------------------------------------------------------------


def test_a_step_behind_a_failure_passed_over_is_not_done_again() -> None:
    run, first = begun(
        do("a", on_failure=OnFailure.CONTINUE), do("b", "a"), do("c", "b")
    )
    fail(run, first["a"])
    succeed(run, run.take_tasks()[0])
    again = restored(run, run.take_rows())
    assert names(again.take_tasks()) == ["c"]
    assert again.state is RunState.RUNNING


def test_an_undoing_done_is_not_done_again() -> None:
    run, first = begun(do("a", **UNDO), do("b", "a", **UNDO), do("c", "b", **SAGA))
    succeed(run, first["a"])
    succeed(run, run.take_tasks()[0])
    fail(run, run.take_tasks()[0])
    succeed(run, run.take_tasks()[0])
    again = restored(run, run.take_rows())
    assert names(again.take_tasks()) == ["compensate:a"]


def test_an_undoing_under_retry_goes_on() -> None:
    run, first = begun(do("a", **UNDO), do("c", "a", **SAGA))
    succeed(run, first["a"])
    fail(run, run.take_tasks()[0])
    fail(run, run.take_tasks()[0], PASSING)
    again = restored(run, run.take_rows())
    [task] = again.take_tasks()
    assert (task.name, task.attempt) == ("compensate:a", 2)


def test_a_signal_that_did_not_come_is_not_waited_for_again() -> None:
    step = Step("s", signal="go", retry=RetryPolicy(retry_on=("signal_timeout",)))
    run, _ = begun(do("a"), step)
    run.timed_out(1)
    again = restored(run, run.take_rows())
    assert again.state is RunState.FAILED
    assert again.waiting == set()


def test_a_step_skipped_before_the_crash_is_null_after_it() -> None:
    run, _ = begun(do("a", when="false"), do("b", "a", when="steps.a == null"))
    again = restored(run, run.take_rows())
    assert names(again.take_tasks()) == ["b"]


def test_attempts_count_on() -> None:
    run, first = begun(do("a"))
    fail(run, first["a"], PASSING)
    again = restored(run, run.take_rows())
    [task] = again.take_tasks()
    assert task.attempt == 2


def test_a_row_of_a_step_that_is_no_more_is_refused() -> None:
    with pytest.raises(ValueError, match="gone"):
        run_of(do("a")).restore("gone", 1, StepState.SUCCEEDED, b"1")

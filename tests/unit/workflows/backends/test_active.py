"""A run as a state machine: what each event does, and laws over random runs.

The law that matters most is recovery: whatever prefix of its rows a crash leaves, a run
restored from it ends as it would have ended.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from integritas.workflows.backends.seeds import kept_name, split_name
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


# Laws -----------------------------------------------------------------------------


@st.composite
def plans(draw: st.DrawFn) -> tuple[Step, ...]:
    """Draw a definition with every kind of step and failure."""
    steps: list[Step] = []
    for i in range(draw(st.integers(1, 7))):
        before = [step.name for step in steps]
        chosen = draw(st.lists(st.sampled_from(before), unique=True)) if before else []
        shared: dict[str, Any] = {
            "after": tuple(chosen),
            "on_failure": draw(st.sampled_from(OnFailure)),
            "when": draw(st.sampled_from([None, None, None, "true", "false"])),
            "compensate": draw(st.sampled_from([None, "x.undo"])),
            "retry": RetryPolicy(attempts=draw(st.integers(1, 3))),
        }
        kind = draw(st.sampled_from(["call", "call", "call", "fan", "signal", "sleep"]))
        if kind == "signal":
            steps.append(Step(f"s{i}", signal=draw(st.sampled_from("pq")), **shared))
        elif kind == "sleep":
            steps.append(Step(f"s{i}", sleep_s=1, **shared))
        else:
            if kind == "fan":
                shared["for_each"] = draw(st.sampled_from(["[1, 2, 3]", "[1]", "[]"]))
                shared["parallel"] = draw(st.sampled_from([None, 1, 2]))
            steps.append(Step(f"s{i}", operation="x.do", **shared))
    return tuple(steps)


@dataclass
class Driver:
    """Drives a run to its end: how a task fares depends on its name and attempt.

    So a restored run meets the same fate, in whatever order things happen.
    """

    fates: Mapping[tuple[str, int], str]
    order: random.Random
    signals: frozenset[str]
    rows: list[StepRow] = field(default_factory=list)
    started: list[str] = field(default_factory=list)

    def drive(self, run: ActiveRun) -> None:
        """Let things happen until the run has ended."""
        open_: list[Task] = []
        later: list[Task] = []
        for _ in range(500):
            open_ += self._take(run)
            if run.state is not RunState.RUNNING:
                return
            self.order.shuffle(open_)
            if open_:
                task = open_.pop()
                if self._meet(run, task):
                    later.append(task)
            elif later:
                run.retry(later.pop())
            elif run.waiting:
                self._wait(run)
            else:
                raise AssertionError("nothing under way, and the run has not ended")
        raise AssertionError("the run does not end")

    def _take(self, run: ActiveRun) -> Sequence[Task]:
        self.rows += run.take_rows()
        tasks = run.take_tasks()
        for task in tasks:
            settled = {i for i, s in run._done.items() if s}
            if not task.undo:
                assert settled.issuperset(run.plan.graph.after[task.index])
            self.started.append(task.name)
        return tasks

    def _meet(self, run: ActiveRun, task: Task) -> bool:
        fate = self.fates.get((task.name, task.attempt), "succeed")
        if fate == "succeed":
            succeed(run, task)
            return False
        return fail(run, task, PASSING if fate == "pass" else LASTING)

    def _wait(self, run: ActiveRun) -> None:
        index = min(run.waiting)
        name = run.plan.steps[index].signal
        if name in self.signals:
            run.signalled(name, name)
        else:
            run.timed_out(index)


@st.composite
def stories(draw: st.DrawFn) -> tuple[tuple[Step, ...], Driver]:
    """Draw a definition and what will happen to it."""
    steps = draw(plans())
    fate = st.sampled_from(["succeed", "succeed", "pass", "fail"])
    fates = {
        (name, attempt): draw(fate)
        for step in steps
        for item in (None, 0, 1, 2)
        for name in (
            kept_name(step.name, item),
            kept_name(step.name, item, undo=True),
        )
        for attempt in (1, 2, 3)
    }
    signals = draw(st.frozensets(st.sampled_from("pq")))
    seed = draw(st.integers(0, 2**32))
    return steps, Driver(fates, random.Random(seed), signals)  # noqa: S311 - replayed


@given(stories())
def test_a_run_ends_and_every_row_is_written_once(
    story: tuple[tuple[Step, ...], Driver],
) -> None:
    steps, driver = story
    run = run_of(*steps)
    run.begin()
    driver.drive(run)
    keys = [(row.name, row.attempt) for row in driver.rows]
    assert len(keys) == len(set(keys))
    settled = [r.name for r in driver.rows if r.state is not StepState.FAILED]
    assert len(settled) == len(set(settled))
    if run.state is RunState.SUCCEEDED:
        assert set(run._done) == set(range(len(steps)))
    else:
        assert run.cause


@given(stories())
def test_after_its_end_a_run_does_nothing(
    story: tuple[tuple[Step, ...], Driver],
) -> None:
    steps, driver = story
    run = run_of(*steps)
    run.begin()
    driver.drive(run)
    end = (run.state, run.cause)
    for name in "pq":
        run.signalled(name, 1)
    for index in range(len(steps)):
        run.timed_out(index)
    run.end(RunState.CANCELLED, "late")
    assert (run.state, run.cause) == end
    assert run.take_tasks() == []
    assert run.take_rows() == []


@given(stories())
def test_compensation_runs_backwards_over_what_succeeded(
    story: tuple[tuple[Step, ...], Driver],
) -> None:
    steps, driver = story
    run = run_of(*steps)
    run.begin()
    driver.drive(run)
    done = {r.name for r in driver.rows if r.state is StepState.SUCCEEDED}
    undone = list(
        dict.fromkeys(n for n in driver.started if n.startswith("compensate:"))
    )
    saga = any(
        row.state is StepState.FAILED
        and row.error is not None
        and split_name(row.name) == (step.name, split_name(row.name)[1], False)
        and step.on_failure is OnFailure.COMPENSATE
        and (step.signal is not None or not retries(step.retry, row.attempt, row.error))
        for row in driver.rows
        for step in steps
    )
    order = [steps[i] for i in reversed(run.plan.graph.order)]
    names_ = [
        kept_name(s.name, item)
        for s in order
        if s.compensate
        for item in ((2, 1, 0) if s.for_each else (None,))
    ]
    due = [f"compensate:{name}" for name in names_ if name in done]
    assert undone == (due if saga else [])


def outcome(run: ActiveRun, rows: Sequence[StepRow]) -> object:
    """Return how a run ended: its state, and how each step stands at last."""
    last = {row.name: row.state for row in rows}
    return run.state, last


def only_order_free(steps: Sequence[Step]) -> bool:
    """Say whether no step can end the others: then the order decides nothing."""
    return all(step.on_failure is OnFailure.CONTINUE for step in steps)


@given(stories(), st.data())
def test_whatever_prefix_is_left_the_run_ends_alike(
    story: tuple[tuple[Step, ...], Driver], data: st.DataObject
) -> None:
    steps, driver = story
    run = run_of(*steps)
    run.begin()
    driver.drive(run)
    rows = driver.rows
    kept = rows[: data.draw(st.integers(0, len(rows)))]
    after = Driver(driver.fates, driver.order, driver.signals, rows=list(kept))
    again = ActiveRun(run.seed, run.plan)
    for row in kept:
        again.restore(row.name, row.attempt, row.state, row.result, row.error)
    again.resume()
    after.drive(again)
    keys = [(row.name, row.attempt) for row in after.rows]
    assert len(keys) == len(set(keys))
    settled = [r.name for r in after.rows if r.state is not StepState.FAILED]
    assert len(settled) == len(set(settled))
    assert again.state is run.state
    if only_order_free(steps):
        assert outcome(again, after.rows) == outcome(run, rows)
    if len(kept) == len(rows):
        assert again.cause == run.cause
        assert after.rows == kept


@given(stories())
def test_restored_from_every_row_nothing_is_called(
    story: tuple[tuple[Step, ...], Driver],
) -> None:
    steps, driver = story
    run = run_of(*steps)
    run.begin()
    driver.drive(run)
    again = restored(run, driver.rows)
    assert (again.state, again.cause) == (run.state, run.cause)
    assert again.take_tasks() == []
    assert again.take_rows() == []


@given(stories(), st.integers(0, 20))
def test_a_run_that_is_stopped_undoes_what_succeeded_and_ends_so(
    story: tuple[tuple[Step, ...], Driver], moment: int
) -> None:
    steps, driver = story
    run = run_of(*steps)
    run.begin()
    open_: list[Task] = []
    for _ in range(moment):
        open_ += driver._take(run)
        if not open_ or state(run) is not RunState.RUNNING:
            break
        driver._meet(run, open_.pop())
    stopped = state(run) is RunState.RUNNING and run._undoing is None
    run.stop("enough")
    for task in open_:  # under way: they may end, and are kept
        if state(run) is RunState.RUNNING:
            driver._meet(run, task)
    driver.drive(run)
    if not stopped:
        return
    assert run.state is RunState.CANCELLED
    done = {r.name for r in driver.rows if r.state is StepState.SUCCEEDED}
    undone = {n for n in driver.started if n.startswith("compensate:")}
    assert undone == {
        kept_name(step, item, undo=True)
        for step, item, _ in map(split_name, done)
        if _undoable(steps, step, item)
    }


def _undoable(steps: Sequence[Step], name: str, item: int | None) -> bool:
    step = next(step for step in steps if step.name == name)
    return step.compensate is not None and (step.for_each is None) == (item is None)

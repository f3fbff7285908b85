"""Laws over random runs; the one that matters most is recovery.

Whatever prefix of its rows a crash leaves, a run restored from it ends as it would
have ended.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
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

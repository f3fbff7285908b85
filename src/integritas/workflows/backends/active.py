"""A run in memory: a state machine without I/O.

The engine tells it what happened (`started`, `succeeded`, `failed`, `signalled`) and
takes from it what is to be done (`take_tasks`) and what is to be written
(`take_rows`). Recovery replays the rows of the disk through the same machine.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from integritas.kernel.contracts import SYSTEM, Context, Failure
from integritas.kernel.errors import IntegritasError, InvalidInput
from integritas.workflows.backends.fanout import MAX_ITEMS, FanOut, split_results
from integritas.workflows.backends.results import Results
from integritas.workflows.backends.seeds import (
    RunSeed,
    failure_of,
    kept_name,
    split_name,
)
from integritas.workflows.backends.waits import rejection, too_late
from integritas.workflows.expressions import (
    evaluate,
    evaluate_list,
    evaluate_time,
    holds,
)
from integritas.workflows.model import (
    DEFAULT_TIMEOUT_S,
    OnFailure,
    RunState,
    StepState,
)
from integritas.workflows.registry import Call, OperationSpec
from integritas.workflows.retry import retries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integritas.workflows.plan import Plan

__all__ = ["ActiveRun", "RunSeed", "StepRow", "Task", "failure_of"]


@dataclass(slots=True)
class Task:
    """A call to make: attempt `attempt` of a step of `run`, or of its undoing.

    `item` is the index of the item, if the step fans out.
    """

    run: ActiveRun
    index: int
    spec: OperationSpec
    name: str
    """What the attempt is kept under."""
    attempt: int
    undo: bool = False
    item: int | None = None
    started_at: datetime | None = None

    @property
    def is_child(self) -> bool:
        """Say whether it is another workflow's run, not a call."""
        return not self.undo and self.run.plan.steps[self.index].workflow is not None

    @property
    def timeout_s(self) -> float:
        """Return how long one attempt may take."""
        return self.run.plan.steps[self.index].timeout_s or DEFAULT_TIMEOUT_S

    def inputs(self) -> Mapping[str, Any]:
        """Return the values of the step's inputs.

        Raises:
            IntegritasError: one cannot be evaluated.
        """
        run, step = self.run, self.run.plan.steps[self.index]
        if self.item is None:
            if not step.inputs:
                return {}
            return {k: evaluate(e, run.known.scope()) for k, e in step.inputs.items()}
        item = run.item(self.index, self.item)
        if not step.inputs:
            return {"item": item}
        scope = {**run.known.scope(), "item": item, "index": self.item}
        return {k: evaluate(e, scope) for k, e in step.inputs.items()}

    def call(self) -> Call:
        """Return what the operation gets; raises as `inputs`."""
        run = self.run
        return Call(
            tenant=run.seed.tenant,
            run_id=run.seed.id,
            subject=run.seed.subject,
            step=run.plan.graph.names[self.index],
            attempt=self.attempt,
            inputs=self.inputs(),
            results=run.results,
            item=self.item,
        )


@dataclass(slots=True)
class StepRow:
    """An attempt that ended, to be written."""

    run: ActiveRun
    name: str
    attempt: int
    state: StepState
    result: bytes | None
    error: Failure | None
    started_at: datetime | None = None


class ActiveRun:
    """One run. `state` is RUNNING until `cause` and end are decided."""

    def __init__(self, seed: RunSeed, plan: Plan) -> None:
        """Make a run that has not begun."""
        self.seed = seed
        self.plan = plan
        self.context = Context(seed.tenant, SYSTEM, seed.correlation_id)
        self.state = RunState.RUNNING
        self.cause = ""
        self.depth = 0
        self.known = Results(seed, plan)
        self.signals: dict[str, Any] = {}
        self.waiting: set[int] = set()
        self.due: dict[int, datetime] = {}
        """When waits end that are to end by themselves, where that is known."""
        self.attempts: dict[str, int] = {}
        self.started: dict[tuple[str, int], datetime] = {}
        """When waits under way began, by name and number: the engine's notes."""
        self._left = len(plan.steps)
        self._unmet = [len(after) for after in plan.graph.after]
        self._done: dict[int, StepState] = {}
        self._begun: set[int] = set()
        self._running = 0
        self._open: deque[int] = deque()
        self._fans: dict[int, FanOut] = {}
        self._failing = False
        self._saga = False
        self._outcome = RunState.FAILED
        self._undoing: list[tuple[int, int | None]] | None = None
        self._undone: set[str] = set()
        self._last_errors: dict[str, Failure] = {}
        self._tasks: list[Task] = []
        self._children: list[Task] = []
        self._waits: list[int] = []
        self._rows: list[StepRow] = []

    @property
    def orderly(self) -> bool:
        """Say whether ending it early takes more than forgetting it."""
        return self.plan.orderly or self.seed.options.parent is not None

    @property
    def failing(self) -> bool:
        """Say whether nothing new begins: it failed, or is being cancelled."""
        return self._failing

    @property
    def timeout_s(self) -> float | None:
        """Return how long the run may take, None if there is no bound."""
        limits = (self.plan.definition.timeout_s, self.seed.options.timeout_s)
        return min((each for each in limits if each is not None), default=None)

    @property
    def priority(self) -> int:
        """Return its priority: its own, else its definition's."""
        own = self.seed.options.priority
        return self.plan.definition.priority if own is None else own

    # What the engine tells -------------------------------------------------------

    def begin(self) -> None:
        """Make the first steps ready."""
        self._open.extend(i for i in self.plan.graph.order if not self._unmet[i])
        self._go_on()

    def succeeded(self, task: Task, result: Any, encoded: bytes) -> None:  # noqa: ANN401
        """Take the result of a task."""
        self._running -= 1
        state = StepState.COMPENSATED if task.undo else StepState.SUCCEEDED
        self._write(task.name, task.attempt, state, encoded, None, task.started_at)
        if not task.undo:
            if task.item is None:
                self.known.keep(task.index, result)
                self._settle(task.index, StepState.SUCCEEDED)
            else:
                self._fans[task.index].keep(task.item, result, encoded)
                self._gather(task.index)
        self._go_on()

    def failed(self, task: Task, failure: Failure, *, again: bool) -> None:
        """Take the failure of a task; `again` says that another attempt follows."""
        self._running -= 1
        self._write(
            task.name, task.attempt, StepState.FAILED, None, failure, task.started_at
        )
        if again and (task.undo or not self._failing):
            return
        if task.undo:
            self._not_undone(task.name, failure)
        elif not again and self._may_lack(task.index, task.item):
            assert task.item is not None  # noqa: S101 - so `_may_lack` says
            self._fans[task.index].lose(task.item)
            self._gather(task.index)
        elif not again:
            self._give_up(task.index, failure)
        self._go_on()

    def retry(self, task: Task) -> None:
        """Make another attempt of a task ready."""
        if self.state is RunState.RUNNING and (task.undo or not self._failing):
            self._ready(task.index, task.spec, undo=task.undo, item=task.item)

    def withdraw(self, task: Task) -> None:
        """Take back a task that nobody began, of a run that begins no more."""
        del task
        self._running -= 1
        self._go_on()

    def signalled(self, name: str, payload: Any) -> None:  # noqa: ANN401 - JSON
        """Take a signal; a step that waits for it goes on."""
        self.signals[name] = payload
        for index in sorted(self.waiting):
            if self.plan.steps[index].awaits == name:
                self.waiting.discard(index)
                self._take_signal(index, payload)
        self._go_on()

    def timed_out(self, index: int) -> None:
        """End a wait: a sleep is over, a signal or decision did not come in time."""
        if index not in self.waiting:
            return
        self.waiting.discard(index)
        step = self.plan.steps[index]
        if step.sleeps:
            self._write(step.name, 1, StepState.SUCCEEDED, b"null")
            self.known.keep(index, None)
            self._settle(index, StepState.SUCCEEDED)
        else:
            failure = too_late(step)
            self._write(step.name, 1, StepState.FAILED, None, failure)
            self._give_up(index, failure)
        self._go_on()

    def stop(self, cause: str, outcome: RunState = RunState.CANCELLED) -> None:
        """Begin nothing more, let calls end, undo what succeeded, then end so."""
        if self.state is RunState.RUNNING:
            self._stop(cause, outcome)
            self._go_on()

    def end(self, state: RunState, cause: str) -> None:
        """End the run now, whatever is under way."""
        if self.state is RunState.RUNNING:
            self.state, self.cause = state, cause
            self._drop_tasks()
            self.waiting.clear()

    # What the engine takes -------------------------------------------------------

    def take_tasks(self) -> Sequence[Task]:
        """Return the calls that became ready."""
        tasks, self._tasks = self._tasks, []
        return tasks

    def take_children(self) -> Sequence[Task]:
        """Return the workflows that became ready to be run."""
        children, self._children = self._children, []
        return children

    def take_waits(self) -> Sequence[int]:
        """Return the steps that began to wait."""
        waits, self._waits = self._waits, []
        return waits

    def take_rows(self) -> Sequence[StepRow]:
        """Return the attempts that ended."""
        rows, self._rows = self._rows, []
        return rows

    @property
    def results(self) -> dict[str, Any]:
        """Return the results so far by step, as the operations made them."""
        return self.known.results

    def item(self, index: int, item: int) -> Any:  # noqa: ANN401 - JSON
        """Return an item of the list of a step that fans out.

        Raises:
            IntegritasError: after a restart, the list cannot be evaluated any more.
        """
        fan, step = self._fans[index], self.plan.steps[index]
        if not fan.items and step.for_each is not None:
            # Restored to be undone, so it was never opened again.
            fan.items = evaluate_list(step.for_each, self.known.scope(), MAX_ITEMS)
        return fan.items[item]

    # Recovery --------------------------------------------------------------------

    def restore(
        self,
        name: str,
        attempt: int,
        state: StepState,
        result: bytes | None = None,
        error: Failure | None = None,
    ) -> None:
        """Replay an attempt of the disk, before `resume`.

        Raises:
            ValueError: the definition has no such step, or the codec cannot read
                what it once wrote.
        """
        last = attempt > self.attempts.get(name, 0)
        self.attempts[name] = max(attempt, self.attempts.get(name, 0))
        step, item, undo = split_name(name)
        if step not in self.plan.graph.names:
            raise ValueError(f"there is no step {step}")
        index = self.plan.graph.names.index(step)
        if state is StepState.FAILED:
            if last and error is not None:
                self._last_errors.pop(name, None)  # last in order, too
                self._last_errors[name] = error
            return
        self._last_errors.pop(name, None)
        if undo:
            self._undone.add(name)
        elif item is not None and result is not None:
            fan = self._fans.setdefault(index, FanOut())
            fan.keep(item, self.known.decoded(index, result), result)
        else:
            self._restore_step(index, state, result)

    def resume(self, stopped: str | None = None) -> None:
        """Go on after all rows are replayed; `stopped` is why it was cancelled."""
        for index in self._done:
            self._left -= 1
            for successor in self.plan.graph.before[index]:
                self._unmet[successor] -= 1
        given_up = [
            (name, error)
            for name, error in self._last_errors.items()
            if self._exhausted(name, error)
        ]
        # Steps before their undoing, so that the cause names the step first.
        given_up.sort(key=lambda each: split_name(each[0])[2])
        for name, error in given_up:
            step, item, undo = split_name(name)
            index = self.plan.graph.names.index(step)
            if undo:
                self._not_undone(name, error)
            elif not self._may_lack(index, item):
                self._give_up(index, error)
        if stopped is not None:
            self._stop(stopped, RunState.CANCELLED)
        self.begin()

    def _exhausted(self, name: str, error: Failure) -> bool:
        step, _, undo = split_name(name)
        index = self.plan.graph.names.index(step)
        if self.plan.specs[index] is None and not undo:
            return True
        return not retries(self.plan.steps[index].retry, self.attempts[name], error)

    def _restore_step(self, index: int, state: StepState, result: bytes | None) -> None:
        if state is StepState.SUCCEEDED and result is not None:
            spec = self.plan.specs[index]
            if self.plan.steps[index].for_each is not None and spec is not None:
                self.known.keep(index, split_results(result, spec.codec))
            else:
                self.known.keep(index, self.known.decoded(index, result))
        self._done[index] = state
        if state is StepState.SKIPPED:
            self.known.hide(index)

    # Inside ----------------------------------------------------------------------

    def _go_on(self) -> None:
        """Look at what became open, one by one: a long chain must not nest calls."""
        while self._open:
            self._activate(self._open.popleft())
        self._check_end()

    def _activate(self, index: int) -> None:
        if self._failing or index in self._done or index in self._begun:
            return
        self._begun.add(index)
        step = self.plan.steps[index]
        try:
            if step.when and not holds(step.when, self.known.scope()):
                self._skip(index)
            else:
                self._begin(index)
        except (IntegritasError, ValueError) as error:
            failure = failure_of(error)
            self._write(
                step.name, self._next(step.name), StepState.FAILED, None, failure
            )
            self._give_up(index, failure)

    def _skip(self, index: int) -> None:
        name = self.plan.graph.names[index]
        self._write(name, self._next(name), StepState.SKIPPED, None)
        self.known.hide(index)
        self._settle(index, StepState.SKIPPED)

    def _begin(self, index: int) -> None:
        step, spec = self.plan.steps[index], self.plan.specs[index]
        if spec is not None:
            if step.for_each is None:
                self._ready(index, spec)
            else:
                self._fan_out(index, step.for_each)
        elif step.awaits in self.signals:
            self._take_signal(index, self.signals[step.awaits])
        else:
            if step.sleep_until is not None and index not in self.due:
                self.due[index] = evaluate_time(step.sleep_until, self.known.scope())
            self.waiting.add(index)
            self._waits.append(index)

    def _fan_out(self, index: int, for_each: str) -> None:
        fan = self._fans.setdefault(index, FanOut())
        step = self.plan.steps[index]
        items = evaluate_list(for_each, self.known.scope(), MAX_ITEMS)
        try:
            fan.open(items, step.parallel)
        except ValueError as error:
            raise InvalidInput(f"{for_each!r} changed: {error}") from error
        for item in range(len(items)):  # given up before the engine stopped
            name = kept_name(step.name, item)
            error_ = self._last_errors.get(name)
            if error_ is not None and self._exhausted(name, error_):
                fan.lose(item)
        self._gather(index)

    def _gather(self, index: int) -> None:
        """Begin more items of a step, or settle it with all its results."""
        fan, name = self._fans[index], self.plan.graph.names[index]
        if self._failing:
            return
        spec = self.plan.specs[index]
        assert spec is not None  # noqa: S101 - only such fan out
        while (item := fan.next()) is not None:
            self._ready(index, spec, item=item)
        if fan.whole:
            encoded = fan.encoded()
            self._write(name, self._next(name), StepState.SUCCEEDED, encoded)
            self.known.keep(index, fan.results())
            self._settle(index, StepState.SUCCEEDED)

    def _may_lack(self, index: int, item: int | None) -> bool:
        """Say whether a step goes on without this item: its result is null."""
        passed_over = self.plan.steps[index].on_failure is OnFailure.CONTINUE
        return item is not None and passed_over

    def _next(self, name: str) -> int:
        return self.attempts.get(name, 0) + 1

    def _ready(
        self,
        index: int,
        spec: OperationSpec,
        *,
        undo: bool = False,
        item: int | None = None,
    ) -> None:
        name = self.plan.graph.names[index]
        if undo or item is not None:
            name = kept_name(name, item, undo=undo)
        task = Task(self, index, spec, name, self._next(name), undo, item)
        self._running += 1
        if self.plan.steps[index].workflow is not None and not undo:
            self._children.append(task)
        else:
            self._tasks.append(task)

    def _take_signal(self, index: int, payload: Any) -> None:  # noqa: ANN401 - JSON
        step = self.plan.steps[index]
        failure = rejection(step, payload)
        if failure is not None:
            self._write(step.name, 1, StepState.FAILED, None, failure)
            self._give_up(index, failure)
            return
        self._write(step.name, 1, StepState.SUCCEEDED, orjson.dumps(payload))
        self.known.keep(index, payload)
        self._settle(index, StepState.SUCCEEDED)

    def _settle(self, index: int, state: StepState) -> None:
        self._done[index] = state
        self._left -= 1
        for successor in self.plan.graph.before[index]:
            self._unmet[successor] -= 1
            if not self._unmet[successor]:
                self._open.append(successor)

    def _give_up(self, index: int, failure: Failure) -> None:
        step = self.plan.steps[index]
        if step.on_failure is OnFailure.CONTINUE:
            self.known.hide(index)
            self._settle(index, StepState.FAILED)
            return
        if not self._failing:
            self._failing = True
            self.cause = f"step {step.name} failed: {failure.detail}"
        # Whichever of several failures came first: the same after a restart.
        self._saga = self._saga or step.on_failure is OnFailure.COMPENSATE
        self._done[index] = StepState.FAILED
        self._begin_nothing_more()

    def _stop(self, cause: str, outcome: RunState) -> None:
        self._outcome = outcome
        if not self._failing:
            self.cause = cause
        if self._undoing is None:
            self._failing = self._saga = True
            self._begin_nothing_more()

    def _begin_nothing_more(self) -> None:
        self.waiting.clear()
        self._drop_tasks()
        for fan in self._fans.values():
            fan.drop()

    def _not_undone(self, name: str, failure: Failure) -> None:
        """Say that a step cannot be undone; the others still are."""
        self._undone.add(name)
        self.cause += f"; {name} failed: {failure.detail}"

    def _check_end(self) -> None:
        if self.state is not RunState.RUNNING or self._running:
            return
        if self._failing:
            self._undo_next()
        elif not self._left:
            self.state = RunState.SUCCEEDED

    def _undo_next(self) -> None:
        if self._undoing is None:
            # Only now that nothing runs is it known what succeeded.
            self._undoing = self._to_undo() if self._saga else []
        if not self._undoing:
            self.state = self._outcome
            return
        index, item = self._undoing.pop()
        spec = self.plan.undo[index]
        assert spec is not None  # noqa: S101 - chosen so below
        self._ready(index, spec, undo=True, item=item)

    def _to_undo(self) -> list[tuple[int, int | None]]:
        found: list[tuple[int, int | None]] = []
        for i in self.plan.graph.order:
            if self.plan.undo[i] is None:
                continue
            if self.plan.steps[i].for_each is not None:
                fan = self._fans.get(i)
                found.extend((i, item) for item in (fan.succeeded if fan else ()))
            elif self._done.get(i) is StepState.SUCCEEDED:
                found.append((i, None))
        names = self.plan.graph.names
        return [
            (i, item)
            for i, item in found
            if kept_name(names[i], item, undo=True) not in self._undone
        ]

    def _drop_tasks(self) -> None:
        self._running -= len(self._tasks) + len(self._children)
        self._tasks.clear()
        self._children.clear()
        self._waits.clear()

    def _write(  # noqa: PLR0917 - a row
        self,
        name: str,
        attempt: int,
        state: StepState,
        result: bytes | None,
        error: Failure | None = None,
        began: datetime | None = None,
    ) -> None:
        self.attempts[name] = attempt
        self._rows.append(StepRow(self, name, attempt, state, result, error, began))

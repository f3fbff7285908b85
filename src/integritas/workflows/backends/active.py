"""A run in memory: a state machine without I/O.

The engine tells it what happened (`started`, `succeeded`, `failed`, `signalled`) and
takes from it what is to be done (`take_tasks`) and what is to be written
(`take_rows`). Recovery replays the rows of the disk through the same machine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import orjson

from integritas.kernel.contracts import SYSTEM, Context, Failure
from integritas.kernel.errors import IntegritasError
from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.expressions import evaluate, holds
from integritas.workflows.model import OnFailure, RunState, Step, StepState
from integritas.workflows.registry import Call, OperationSpec
from integritas.workflows.retry import retries

if TYPE_CHECKING:
    from integritas.workflows.plan import Plan

__all__ = ["ActiveRun", "RunSeed", "StepRow", "Task", "failure_of"]

_UNDO_PREFIX: Final = "compensate:"
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RunSeed:
    """What a run is made of."""

    tenant: TenantId
    id: RunId
    subject: str
    input: Mapping[str, Any]
    correlation_id: str
    created_at: datetime


@dataclass(slots=True)
class Task:
    """A call to make: attempt `attempt` of a step of `run`, or of its undoing."""

    run: ActiveRun
    index: int
    spec: OperationSpec
    name: str
    """What the attempt is kept under."""
    attempt: int
    undo: bool = False
    started_at: datetime | None = None

    @property
    def timeout_s(self) -> float:
        """Return how long one attempt may take."""
        return self.run.plan.steps[self.index].timeout_s

    def call(self) -> Call:
        """Return what the operation gets.

        Raises:
            IntegritasError: an input cannot be evaluated.
        """
        run, step = self.run, self.run.plan.steps[self.index]
        return Call(
            tenant=run.seed.tenant,
            run_id=run.seed.id,
            subject=run.seed.subject,
            step=step.name,
            attempt=self.attempt,
            inputs=run.inputs(step) if step.inputs else _NOTHING,
            results=run.results,
        )


@dataclass(slots=True)
class StepRow:
    """An attempt that ended, to be written; begun just now if nobody noted when."""

    run: ActiveRun
    name: str
    attempt: int
    state: StepState
    result: bytes | None
    error: Failure | None
    started_at: datetime | None


class ActiveRun:
    """One run. `state` is RUNNING until `cause` and end are decided."""

    def __init__(self, seed: RunSeed, plan: Plan) -> None:
        """Make a run that has not begun."""
        self.seed = seed
        self.plan = plan
        self.state = RunState.RUNNING
        self.cause = ""
        self.results: dict[str, Any] = {}
        self.signals: dict[str, Any] = {}
        self.waiting: set[int] = set()
        self.running: set[int] = set()
        self.attempts: dict[str, int] = {}
        self.context = Context(seed.tenant, SYSTEM, seed.correlation_id)
        self.waiting_since: dict[int, datetime] = {}
        """When steps began to wait for their signal: the engine's notes."""
        self._views: dict[str, Any] = {}
        self._left = len(plan.steps)
        self._unmet = [len(after) for after in plan.graph.after]
        self._done: dict[int, StepState] = {}
        self._open: deque[int] = deque()
        self._failing = False
        self._saga = False
        self._undoing: list[int] | None = None
        self._undone: set[int] = set()
        self._last_errors: dict[str, Failure] = {}
        self._tasks: list[Task] = []
        self._rows: list[StepRow] = []

    # What the engine tells -------------------------------------------------------

    def begin(self) -> None:
        """Make the first steps ready."""
        self._open.extend(i for i in self.plan.graph.order if not self._unmet[i])
        self._go_on()

    def succeeded(self, task: Task, result: Any, encoded: bytes) -> None:  # noqa: ANN401
        """Take the result of a task."""
        self.running.discard(task.index)
        if task.undo:
            self._end_attempt(task, StepState.COMPENSATED, encoded)
        else:
            self._end_attempt(task, StepState.SUCCEEDED, encoded)
            self._keep(task.index, result)
            self._settle(task.index, StepState.SUCCEEDED)
        self._go_on()

    def failed(self, task: Task, failure: Failure, *, again: bool) -> None:
        """Take the failure of a task; `again` says that another attempt follows."""
        self.running.discard(task.index)
        self._end_attempt(task, StepState.FAILED, None, failure)
        if again and (task.undo or not self._failing):
            return
        if task.undo:
            self._not_undone(task.index, failure)
        elif not again:
            self._give_up(task.index, failure)
        self._go_on()

    def retry(self, task: Task) -> None:
        """Make another attempt of a task ready."""
        if self.state is RunState.RUNNING and (task.undo or not self._failing):
            self._ready(task.index, task.spec, undo=task.undo)

    def signalled(self, name: str, payload: Any) -> None:  # noqa: ANN401 - JSON
        """Take a signal; a step that waits for it goes on."""
        self.signals[name] = payload
        for index in sorted(self.waiting):
            if self.plan.steps[index].signal == name:
                self.waiting.discard(index)
                self._take_signal(index, payload)
        self._go_on()

    def timed_out(self, index: int) -> None:
        """Give up a step that waited too long for its signal."""
        if index in self.waiting:
            self.waiting.discard(index)
            step = self.plan.steps[index]
            failure = Failure(
                code="signal_timeout",
                detail=f"no signal {step.signal!r} within {step.timeout_s:g} s",
            )
            self._write(step.name, 1, StepState.FAILED, None, failure)
            self._give_up(index, failure)
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

    def take_rows(self) -> Sequence[StepRow]:
        """Return the attempts that ended."""
        rows, self._rows = self._rows, []
        return rows

    def scope(self) -> Mapping[str, Any]:
        """Return what expressions see: `{submission, steps, run}`."""
        return {
            "submission": self.seed.input,
            "steps": self._views,
            "run": {
                "id": self.seed.id,
                "subject": self.seed.subject,
                "workflow": self.plan.definition.name,
                "version": self.plan.definition.version,
            },
        }

    def inputs(self, step: Step) -> Mapping[str, Any]:
        """Return the values of a step's inputs; raises as `evaluate`."""
        scope = self.scope()
        return {name: evaluate(each, scope) for name, each in step.inputs.items()}

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
        step = name.removeprefix(_UNDO_PREFIX)
        if step not in self.plan.graph.names:
            raise ValueError(f"there is no step {step}")
        index = self.plan.graph.names.index(step)
        if state is StepState.FAILED:
            if last and error is not None:
                self._last_errors.pop(name, None)  # last in order, too
                self._last_errors[name] = error
            return
        self._last_errors.pop(name, None)
        if name.startswith(_UNDO_PREFIX):
            self._undone.add(index)
            return
        spec = self.plan.specs[index]
        if state is StepState.SUCCEEDED and result is not None:
            decoded = spec.codec.decode(result) if spec else orjson.loads(result)
            self._keep(index, decoded)
        self._done[index] = state
        if state is StepState.SKIPPED:
            self._hide(index)

    def resume(self) -> None:
        """Go on after all rows are replayed."""
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
        given_up.sort(key=lambda each: each[0].startswith(_UNDO_PREFIX))
        for name, error in given_up:
            index = self.plan.graph.names.index(name.removeprefix(_UNDO_PREFIX))
            if name.startswith(_UNDO_PREFIX):
                self._not_undone(index, error)
            else:
                self._give_up(index, error)
        self.begin()

    def _exhausted(self, name: str, error: Failure) -> bool:
        step = self.plan.definition.step(name.removeprefix(_UNDO_PREFIX))
        if step.signal is not None and not name.startswith(_UNDO_PREFIX):
            return True
        return not retries(step.retry, self.attempts[name], error)

    # Inside ----------------------------------------------------------------------

    def _go_on(self) -> None:
        """Look at what became open, one by one: a long chain must not nest calls."""
        while self._open:
            self._activate(self._open.popleft())
        self._check_end()

    def _activate(self, index: int) -> None:
        step = self.plan.steps[index]
        begun = index in self._done or index in self.running or index in self.waiting
        if self._failing or begun:
            return
        try:
            wanted = holds(step.when, self.scope()) if step.when else True
        except IntegritasError as error:
            failure = failure_of(error)
            self._write(
                step.name, self._next(step.name), StepState.FAILED, None, failure
            )
            self._give_up(index, failure)
            return
        spec = self.plan.specs[index]
        if not wanted:
            self._write(step.name, self._next(step.name), StepState.SKIPPED, None)
            self._hide(index)
            self._settle(index, StepState.SKIPPED)
        elif spec is not None:
            self._ready(index, spec)
        elif step.signal in self.signals:
            self._take_signal(index, self.signals[step.signal])
        else:
            self.waiting.add(index)

    def _next(self, name: str) -> int:
        return self.attempts.get(name, 0) + 1

    def _ready(self, index: int, spec: OperationSpec, *, undo: bool = False) -> None:
        name = self.plan.graph.names[index]
        if undo:
            name = _UNDO_PREFIX + name
        task = Task(self, index, spec, name, self._next(name), undo)
        self.running.add(index)
        self._tasks.append(task)

    def _take_signal(self, index: int, payload: Any) -> None:  # noqa: ANN401 - JSON
        name = self.plan.graph.names[index]
        self._write(name, 1, StepState.SUCCEEDED, orjson.dumps(payload))
        self._keep(index, payload)
        self._settle(index, StepState.SUCCEEDED)

    def _keep(self, index: int, result: Any) -> None:  # noqa: ANN401 - its own type
        name = self.plan.graph.names[index]
        self.results[name] = result
        if self.plan.scoped:
            spec = self.plan.specs[index]
            self._views[name] = spec.codec.view(result) if spec else result

    def _hide(self, index: int) -> None:
        """Let expressions see null where a step was skipped or failed."""
        if self.plan.scoped:
            self._views[self.plan.graph.names[index]] = None

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
            self._hide(index)
            self._settle(index, StepState.FAILED)
            return
        if not self._failing:
            self._failing = True
            self.cause = f"step {step.name} failed: {failure.detail}"
        # Whichever of several failures came first: the same after a restart.
        self._saga = self._saga or step.on_failure is OnFailure.COMPENSATE
        self._done[index] = StepState.FAILED
        self.waiting.clear()
        self._drop_tasks()

    def _not_undone(self, index: int, failure: Failure) -> None:
        """Say that a step cannot be undone; the others still are."""
        self._undone.add(index)
        name = _UNDO_PREFIX + self.plan.graph.names[index]
        self.cause += f"; {name} failed: {failure.detail}"

    def _check_end(self) -> None:
        if self.state is not RunState.RUNNING or self.running:
            return
        if self._failing:
            self._undo_next()
        elif not self._left:
            self.state = RunState.SUCCEEDED

    def _undo_next(self) -> None:
        if self._undoing is None:
            # Only now that nothing runs is it known what succeeded.
            self._undoing = [
                i
                for i in self.plan.graph.order
                if self._saga
                and self.plan.undo[i] is not None
                and self._done.get(i) is StepState.SUCCEEDED
                and i not in self._undone
            ]
        if not self._undoing:
            self.state = RunState.FAILED
            return
        index = self._undoing.pop()
        spec = self.plan.undo[index]
        assert spec is not None  # noqa: S101 - chosen so above
        self._ready(index, spec, undo=True)

    def _drop_tasks(self) -> None:
        for task in self._tasks:
            self.running.discard(task.index)
        self._tasks.clear()

    def _end_attempt(
        self,
        task: Task,
        state: StepState,
        result: bytes | None,
        error: Failure | None = None,
    ) -> None:
        self.attempts[task.name] = task.attempt
        row = StepRow(
            self, task.name, task.attempt, state, result, error, task.started_at
        )
        self._rows.append(row)

    def _write(
        self,
        name: str,
        attempt: int,
        state: StepState,
        result: bytes | None,
        error: Failure | None = None,
    ) -> None:
        self.attempts[name] = attempt
        since = self.waiting_since.pop(self.plan.graph.names.index(name), None)
        self._rows.append(StepRow(self, name, attempt, state, result, error, since))


def failure_of(error: BaseException) -> Failure:
    """Return the failure that stands for an exception."""
    if isinstance(error, IntegritasError):
        return Failure(
            code=error.code,
            detail=str(error),
            retryable=error.retryable,
            errors=error.errors,
        )
    return Failure(code="error", detail=f"{type(error).__name__}: {error}")

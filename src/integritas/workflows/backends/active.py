"""A run in memory: a state machine without I/O.

The engine tells it what happened (`started`, `succeeded`, `failed`, `signalled`) and
takes from it what is to be done (`take_tasks`) and what is to be written
(`take_rows`). Recovery replays the rows of the disk through the same machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import IntegritasError
from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.expressions import evaluate, holds
from integritas.workflows.model import OnFailure, RunState, StepState
from integritas.workflows.registry import Call, OperationSpec

if TYPE_CHECKING:
    from integritas.workflows.plan import Plan

__all__ = ["ActiveRun", "RunSeed", "StepRow", "Task", "failure_of"]

_UNDO_PREFIX: Final = "compensate:"


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
    attempt: int
    undo: bool = False

    @property
    def name(self) -> str:
        """Return the name the attempt is kept under."""
        step = self.run.plan.graph.names[self.index]
        return _UNDO_PREFIX + step if self.undo else step

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
            inputs={k: evaluate(e, run.scope()) for k, e in step.inputs.items()},
            results=run.results,
        )


@dataclass(frozen=True, slots=True)
class StepRow:
    """An attempt that ended, to be written."""

    run: ActiveRun
    name: str
    attempt: int
    state: StepState
    result: bytes | None
    error: Failure | None


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
        self._views: dict[str, Any] = {}
        self._left = len(plan.steps)
        self._unmet = [len(after) for after in plan.graph.after]
        self._done: dict[int, StepState] = {}
        self._undoing: list[int] | None = None
        self._failing = False
        self._tasks: list[Task] = []
        self._rows: list[StepRow] = []

    # What the engine tells -------------------------------------------------------

    def begin(self) -> None:
        """Make the first steps ready."""
        for index in self.plan.graph.order:
            if not self._unmet[index] and index not in self._done:
                self._activate(index)

    def succeeded(self, task: Task, result: Any, encoded: bytes) -> None:  # noqa: ANN401
        """Take the result of a task."""
        self.running.discard(task.index)
        if task.undo:
            self._write(task.name, task.attempt, StepState.COMPENSATED, encoded)
            self._undo_next()
            return
        self._write(task.name, task.attempt, StepState.SUCCEEDED, encoded)
        self._keep(task.index, result)
        self._settle(task.index, StepState.SUCCEEDED)

    def failed(self, task: Task, failure: Failure, *, again: bool) -> None:
        """Take the failure of a task; `again` says that another attempt follows."""
        self.running.discard(task.index)
        self._write(task.name, task.attempt, StepState.FAILED, None, failure)
        if again:
            return
        if task.undo:
            # The saga cannot be undone; say so, and undo what can be.
            self.cause += f"; {task.name} failed: {failure.detail}"
            self._undo_next()
            return
        self._give_up(task.index, failure)

    def retry(self, task: Task) -> None:
        """Make another attempt of a task ready."""
        if self.state is RunState.RUNNING and (task.undo or not self._failing):
            self._ready(task.index, task.spec, task.attempt + 1, undo=task.undo)

    def signalled(self, name: str, payload: Any) -> None:  # noqa: ANN401 - JSON
        """Take a signal; a step that waits for it goes on."""
        self.signals[name] = payload
        for index in sorted(self.waiting):
            if self.plan.steps[index].signal == name:
                self.waiting.discard(index)
                self._take_signal(index, payload)

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

    # Recovery --------------------------------------------------------------------

    def restore(
        self, name: str, attempt: int, state: StepState, result: bytes | None
    ) -> None:
        """Replay an attempt of the disk, before `resume`."""
        self.attempts[name] = max(attempt, self.attempts.get(name, 0))
        if name.startswith(_UNDO_PREFIX) or state is StepState.FAILED:
            return
        index = self.plan.graph.names.index(name)
        spec = self.plan.specs[index]
        if state is StepState.SUCCEEDED and result is not None:
            decoded = spec.codec.decode(result) if spec else orjson.loads(result)
            self._keep(index, decoded)
        self._done[index] = state

    def resume(self, exhausted: Mapping[str, Failure]) -> None:
        """Go on after all rows are replayed.

        `exhausted` holds the steps whose last attempt failed for good.
        """
        for index in self._done:
            self._left -= 1
            for successor in self.plan.graph.before[index]:
                self._unmet[successor] -= 1
        failed = [i for i, n in enumerate(self.plan.graph.names) if n in exhausted]
        for index in failed:
            self._give_up(index, exhausted[self.plan.graph.names[index]])
        if self._undoing is not None:
            done = {n for n in self.attempts if n.startswith(_UNDO_PREFIX)}
            names = self.plan.graph.names
            self._undoing = [
                i for i in self._undoing if _UNDO_PREFIX + names[i] not in done
            ]
        if not self._failing:
            self.begin()
        self._check_end()

    # Inside ----------------------------------------------------------------------

    def _activate(self, index: int) -> None:
        step = self.plan.steps[index]
        if self._failing or index in self.running or index in self.waiting:
            return
        try:
            wanted = holds(step.when, self.scope()) if step.when else True
        except IntegritasError as error:
            failure = failure_of(error)
            self._write(step.name, 1, StepState.FAILED, None, failure)
            self._give_up(index, failure)
            return
        spec = self.plan.specs[index]
        if not wanted:
            self._write(step.name, 1, StepState.SKIPPED, None)
            self._settle(index, StepState.SKIPPED)
        elif spec is not None:
            self._ready(index, spec, self.attempts.get(step.name, 0) + 1)
        elif step.signal in self.signals:
            self._take_signal(index, self.signals[step.signal])
        else:
            self.waiting.add(index)

    def _ready(
        self, index: int, spec: OperationSpec, attempt: int, *, undo: bool = False
    ) -> None:
        self.running.add(index)
        self._tasks.append(Task(self, index, spec, attempt, undo))

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

    def _settle(self, index: int, state: StepState) -> None:
        self._done[index] = state
        self._left -= 1
        for successor in self.plan.graph.before[index]:
            self._unmet[successor] -= 1
            if not self._unmet[successor]:
                self._activate(successor)
        self._check_end()

    def _give_up(self, index: int, failure: Failure) -> None:
        step = self.plan.steps[index]
        if step.on_failure is OnFailure.CONTINUE:
            if self.plan.scoped:
                self._views[step.name] = None
            self._settle(index, StepState.FAILED)
            return
        if not self._failing:
            self._failing = True
            self.cause = f"step {step.name} failed: {failure.detail}"
            if step.on_failure is OnFailure.COMPENSATE:
                self._undoing = [
                    i
                    for i in self.plan.graph.order
                    if self._done.get(i) is StepState.SUCCEEDED and self.plan.undo[i]
                ]
        self._done[index] = StepState.FAILED
        self.waiting.clear()
        self._drop_tasks()
        self._check_end()

    def _undo_next(self) -> None:
        while self._undoing:
            index = self._undoing.pop()
            spec = self.plan.undo[index]
            if spec is not None:
                self._ready(index, spec, 1, undo=True)
                return
        self._undoing = None
        self._check_end()

    def _check_end(self) -> None:
        if self.state is not RunState.RUNNING or self.running:
            return
        if self._failing:
            if self._undoing:
                self._undo_next()
            else:
                self.state = RunState.FAILED
        elif not self._left:
            self.state = RunState.SUCCEEDED

    def _drop_tasks(self) -> None:
        for task in self._tasks:
            self.running.discard(task.index)
        self._tasks.clear()

    def _write(
        self,
        name: str,
        attempt: int,
        state: StepState,
        result: bytes | None,
        error: Failure | None = None,
    ) -> None:
        self.attempts[name] = attempt
        self._rows.append(StepRow(self, name, attempt, state, result, error))


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

"""What the embedded engine holds: runs in flight, and what is to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from integritas.kernel.ids import RunId, TenantId
from integritas.platform.db import Chain
from integritas.workflows.backends.active import ActiveRun
from integritas.workflows.backends.children import Children
from integritas.workflows.backends.holding import Holding
from integritas.workflows.backends.ready import ReadyQueue
from integritas.workflows.backends.timers import Alarms
from integritas.workflows.engine import RunEnded, StepDone
from integritas.workflows.options import Wait
from integritas.workflows.store import Attempt

if TYPE_CHECKING:
    from integritas.workflows.backends.active import Task

__all__ = ["Batch", "Key", "Memory", "done_of", "ended_of", "key_of"]

Key: TypeAlias = tuple[TenantId, RunId]


@dataclass(slots=True)
class Memory:
    """Everything that a restart forgets and rebuilds from the database."""

    runs: dict[Key, ActiveRun] = field(default_factory=dict)
    subjects: dict[tuple[TenantId, str], list[Key]] = field(default_factory=dict)
    ready: dict[str, ReadyQueue] = field(default_factory=dict)
    calling: dict[str, int] = field(default_factory=dict)
    alarms: Alarms = field(default_factory=Alarms)
    changed: dict[Key, ActiveRun] = field(default_factory=dict)
    """Runs that the engine has to look at."""
    unwritten: dict[Key, ActiveRun] = field(default_factory=dict)
    """Runs of which something is to be written, since `unwritten_at`."""
    unwritten_at: float = 0.0
    ending: bool = False
    """Whether one of them has ended: somebody may wait for that."""
    done: list[StepDone] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    children: Children = field(default_factory=Children)
    holding: Holding = field(default_factory=Holding)
    chain: Chain = field(default_factory=Chain)

    def add(self, key: Key, run: ActiveRun) -> None:
        """Hold a run."""
        self.runs[key] = run
        self.subjects.setdefault((key[0], run.seed.subject), []).append(key)

    def remove(self, key: Key) -> ActiveRun | None:
        """Let a run go, None if it is not held."""
        run = self.runs.pop(key, None)
        if run is not None:
            about = key[0], run.seed.subject
            keys = self.subjects[about]
            keys.remove(key)
            if not keys:
                del self.subjects[about]
        return run


@dataclass(slots=True)
class Batch:
    """What is written together."""

    attempts: list[Attempt] = field(default_factory=list)
    done: Sequence[StepDone] = ()
    ended: list[RunEnded] = field(default_factory=list)
    waits: Sequence[Wait] = ()
    at: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.attempts or self.done or self.ended or self.waits)


def key_of(run: ActiveRun) -> Key:
    """Return what a run is found by."""
    return run.seed.tenant, run.seed.id


def done_of(task: Task, result: Any) -> StepDone:  # noqa: ANN401 - the operation's own type
    """Return a step that is done for good, as effects are told of it."""
    return StepDone(
        context=task.run.context,
        run_id=task.run.seed.id,
        subject=task.run.seed.subject,
        operation=task.spec.name,
        result=result,
    )


def ended_of(run: ActiveRun) -> RunEnded:
    """Return the end of a run, as effects are told of it."""
    return RunEnded(
        child=run.seed.options.parent is not None,
        context=run.context,
        run_id=run.seed.id,
        subject=run.seed.subject,
        state=run.state,
        cause=run.cause,
    )

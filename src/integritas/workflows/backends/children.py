"""Runs that are steps of other runs: begun with their parents' rows, told of their end.

A child's end and the row of its parent's step are one commit, so there is no moment at
which a crash could leave the one without the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from integritas.kernel.contracts import SYSTEM, Context, Failure
from integritas.kernel.errors import IntegritasError, InvalidDefinition
from integritas.kernel.ids import IdFactory, RunId, TenantId
from integritas.workflows.backends.active import ActiveRun, Task
from integritas.workflows.backends.seeds import RunSeed, failure_of
from integritas.workflows.model import Parent, RunOptions, RunState, RunView, Step
from integritas.workflows.options import keep_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.clock import Clock
    from integritas.platform.db import Transaction
    from integritas.workflows.backends.results import Results
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.plan import Plan
    from integritas.workflows.store import RunStore

__all__ = [
    "MAX_DEPTH",
    "PARENT_ENDED",
    "Children",
    "Wanted",
    "answer_of",
    "answer_to_parent",
    "spawn",
    "wanted_of",
]

MAX_DEPTH: Final = 16
PARENT_ENDED: Final = "its parent ended"
Key: TypeAlias = tuple[TenantId, RunId]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A child to begin: for which step of which run, as what, with which inputs."""

    parent: RunSeed
    step: Step
    link: Parent
    depth: int
    inputs: Callable[[], Mapping[str, Any]]


class Children:
    """Which runs are children of which tasks."""

    def __init__(self) -> None:
        """Know none."""
        self._tasks: dict[Key, Task] = {}
        self._found: dict[tuple[TenantId, Parent], ActiveRun] = {}

    def __bool__(self) -> bool:
        """Say whether there are any."""
        return bool(self._tasks)

    def recovered(self, run: ActiveRun) -> None:
        """Note a child of the disk; its parent is to ask for it."""
        parent = run.seed.options.parent
        if parent is not None:
            self._found[run.seed.tenant, parent] = run

    def bind(self, tasks: Sequence[Task]) -> Sequence[Task]:
        """Bind tasks to children that run already; return those that have none."""
        missing = []
        for task in tasks:
            child = self._found.pop((task.run.seed.tenant, link_of(task)), None)
            if child is None:
                missing.append(task)
            else:
                self.add(child, task)
        return missing

    def add(self, child: ActiveRun, task: Task) -> None:
        """Note that a run does the work of a task."""
        self._tasks[child.seed.tenant, child.seed.id] = task

    def orphans(self) -> Sequence[ActiveRun]:
        """Return children that no parent asked for, forgetting them."""
        found, self._found = self._found, {}
        return list(found.values())

    def of(self, parent: ActiveRun) -> Sequence[Key]:
        """Return the children of a run."""
        return [key for key, task in self._tasks.items() if task.run is parent]

    def take(self, child: ActiveRun) -> Task | None:
        """Return the task of a child that ended, forgetting it."""
        return self._tasks.pop((child.seed.tenant, child.seed.id), None)


def link_of(task: Task) -> Parent:
    """Return what ties a child to the attempt that it is."""
    return Parent(task.run.seed.id, task.name, task.attempt)


def wanted_of(task: Task) -> Wanted:
    """Return the child that a task asks for."""
    run = task.run
    return Wanted(
        parent=run.seed,
        step=run.plan.steps[task.index],
        link=link_of(task),
        depth=run.depth + 1,
        inputs=task.inputs,
    )


def answer_of(child: ActiveRun) -> tuple[Any, bytes] | Failure:
    """Return what a child that ended is to its parent: outputs, or a failure."""
    view = replace(_view(child), state=child.state, cause=child.cause)
    return answer_to_parent(view, lambda: child.known)


def answer_to_parent(
    child: RunView, known: Callable[[], Results]
) -> tuple[Any, bytes] | Failure:
    """Return what a run that ended is to its parent: outputs, or a failure."""
    if child.state is RunState.SUCCEEDED:
        try:
            outputs = known().outputs()
            return outputs, orjson.dumps(outputs)
        except (IntegritasError, TypeError) as error:
            return failure_of(error)
    run = f"run {child.id} of {child.workflow}"
    return Failure(f"run_{child.state.value}", f"{run}: {child.cause}")


def spawn(
    tx: Transaction,
    wanted: Sequence[Wanted],
    *,
    definitions: Definitions,
    store: RunStore,
    clock: Clock,
    ids: IdFactory,
) -> Sequence[ActiveRun | Failure]:
    """Begin the children that are wanted, in order; they are kept, not begun."""
    made: list[ActiveRun | Failure] = []
    kept: list[tuple[Key, RunOptions]] = []
    for each in wanted:
        child = _child(tx, each, definitions, clock, ids)
        made.append(child)
        if isinstance(child, ActiveRun):
            seed = child.seed
            context = Context(seed.tenant, SYSTEM, seed.correlation_id)
            store.start(tx, [(context, _view(child))])
            kept.append(((seed.tenant, seed.id), seed.options))
    keep_options(tx, kept)
    return made


def _child(
    tx: Transaction,
    wanted: Wanted,
    definitions: Definitions,
    clock: Clock,
    ids: IdFactory,
) -> ActiveRun | Failure:
    parent, step = wanted.parent, wanted.step
    assert step.workflow is not None  # noqa: S101 - only such have children
    try:
        plan: Plan = definitions.plan(
            tx, parent.tenant, step.workflow, step.workflow_version
        )
        definitions.keep_shipped(tx, parent.tenant, plan.definition)
        if wanted.depth > MAX_DEPTH:
            raise InvalidDefinition(
                f"workflows run each other {wanted.depth} deep, {MAX_DEPTH} may be"
            )
        given = wanted.inputs()
    except IntegritasError as error:
        return failure_of(error)
    options = RunOptions(
        priority=parent.options.priority,
        timeout_s=step.timeout_s,
        parent=wanted.link,
        orderly=True,
    )
    child = ActiveRun(
        RunSeed(
            tenant=parent.tenant,
            id=ids.run(),
            subject=parent.subject,
            input=given,
            correlation_id=parent.correlation_id,
            created_at=clock.now(),
            options=options,
        ),
        plan,
    )
    child.depth = wanted.depth
    return child


def _view(child: ActiveRun) -> RunView:
    seed = child.seed
    return RunView(
        tenant=seed.tenant,
        id=seed.id,
        workflow=child.plan.definition.name,
        version=child.plan.definition.version,
        subject=seed.subject,
        state=RunState.RUNNING,
        input=seed.input,
        correlation_id=seed.correlation_id,
        created_at=seed.created_at,
    )

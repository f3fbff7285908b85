"""Runs that are steps of other runs: begun with their parents' rows, told of their end.

A child's end and the row of its parent's step are one commit, so there is no moment at
which a crash could leave the one without the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from integritas.kernel.contracts import SYSTEM, Context, Failure
from integritas.kernel.errors import IntegritasError, InvalidDefinition
from integritas.kernel.ids import IdFactory, RunId, TenantId
from integritas.workflows.backends.active import ActiveRun, Task
from integritas.workflows.backends.seeds import RunSeed, failure_of
from integritas.workflows.model import Parent, RunOptions, RunState, RunView
from integritas.workflows.options import keep_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.clock import Clock
    from integritas.platform.db import Transaction
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.plan import Plan
    from integritas.workflows.store import RunStore

__all__ = ["MAX_DEPTH", "Children", "answer_of", "spawn"]

MAX_DEPTH: Final = 16
PARENT_ENDED: Final = "its parent ended"
Key: TypeAlias = tuple[TenantId, RunId]


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


def answer_of(child: ActiveRun) -> tuple[Any, bytes] | Failure:
    """Return what a child that ended is to its parent: outputs, or a failure."""
    if child.state is RunState.SUCCEEDED:
        try:
            outputs = child.known.outputs()
            return outputs, orjson.dumps(outputs)
        except (IntegritasError, TypeError) as error:
            return failure_of(error)
    run = f"run {child.seed.id} of {child.plan.definition.name}"
    return Failure(f"run_{child.state.value}", f"{run}: {child.cause}")


def spawn(
    tx: Transaction,
    tasks: Sequence[Task],
    *,
    definitions: Definitions,
    store: RunStore,
    clock: Clock,
    ids: IdFactory,
) -> Sequence[ActiveRun | Failure]:
    """Begin a child for each task, in the order of the tasks; it is kept, not begun."""
    made: list[ActiveRun | Failure] = []
    kept: list[tuple[Key, RunOptions]] = []
    for task in tasks:
        child = _child(tx, task, definitions, clock, ids)
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
    task: Task,
    definitions: Definitions,
    clock: Clock,
    ids: IdFactory,
) -> ActiveRun | Failure:
    parent, step = task.run, task.run.plan.steps[task.index]
    assert step.workflow is not None  # noqa: S101 - only such have children
    try:
        plan: Plan = definitions.plan(
            tx, parent.seed.tenant, step.workflow, step.workflow_version
        )
        definitions.keep_shipped(tx, parent.seed.tenant, plan.definition)
        depth = parent.depth + 1
        if depth > MAX_DEPTH:
            raise InvalidDefinition(
                f"workflows run each other {depth} deep, {MAX_DEPTH} may be"
            )
        given = task.inputs()
    except IntegritasError as error:
        return failure_of(error)
    options = RunOptions(
        priority=parent.seed.options.priority,
        timeout_s=step.timeout_s,
        parent=link_of(task),
        orderly=True,
    )
    child = ActiveRun(
        RunSeed(
            tenant=parent.seed.tenant,
            id=ids.run(),
            subject=parent.seed.subject,
            input=given,
            correlation_id=parent.seed.correlation_id,
            created_at=clock.now(),
            options=options,
        ),
        plan,
    )
    child.depth = depth
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

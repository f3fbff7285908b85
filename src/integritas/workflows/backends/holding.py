"""Tasks of paused definitions, kept back until these are resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from integritas.kernel.ids import TenantId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from integritas.workflows.backends.active import ActiveRun, Task
    from integritas.workflows.backends.ready import ReadyQueue

__all__ = ["Holding"]

Paused: TypeAlias = frozenset[tuple[TenantId, str]]


class Holding:
    """What is paused, and the tasks that wait for it."""

    def __init__(self) -> None:
        """Hold nothing."""
        self.paused: Paused = frozenset()
        self._tasks: list[Task] = []

    def holds(self, run: ActiveRun) -> bool:
        """Say whether a run's definition is paused."""
        return (run.seed.tenant, run.plan.definition.name) in self.paused

    def keep(self, tasks: Iterable[Task]) -> None:
        """Keep tasks back."""
        self._tasks.extend(tasks)

    def change(self, paused: Paused, queues: Iterable[ReadyQueue]) -> list[Task]:
        """Take what is paused now; return the tasks that may go on."""
        self.paused = paused
        for queue in queues:
            self.keep(queue.take_out(lambda task: self.holds(task.run)))
        freed = [task for task in self._tasks if not self.holds(task.run)]
        self._tasks = [task for task in self._tasks if self.holds(task.run)]
        return freed

    def withdraw(self) -> list[Task]:
        """Return the tasks that their runs do not want any more, forgetting them."""
        if not self._tasks:
            return []
        unwanted = [t for t in self._tasks if t.run.failing and not t.undo]
        if unwanted:
            self._tasks = [t for t in self._tasks if not t.run.failing or t.undo]
        return unwanted

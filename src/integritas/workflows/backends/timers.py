"""When things of runs are due: alarms in memory, and waits that survive restarts."""

from __future__ import annotations

import heapq
import itertools
from typing import TYPE_CHECKING

from integritas.workflows.backends.waits import due_of
from integritas.workflows.options import Wait

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from integritas.workflows.backends.active import ActiveRun

__all__ = ["Alarms", "wait_of"]


class Alarms:
    """Actions by the moment they are due, on a clock that never goes back (s)."""

    def __init__(self) -> None:
        """Hold none."""
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    @property
    def next_due(self) -> float | None:
        """Return when the first is due, None if there is none."""
        return self._heap[0][0] if self._heap else None

    def add(self, due: float, action: Callable[[], None]) -> None:
        """Do `action` once `due` has come; of the same moment, the first one first."""
        heapq.heappush(self._heap, (due, next(self._numbers), action))

    def fire(self, now: float) -> None:
        """Do what is due by now."""
        while self._heap and self._heap[0][0] <= now:
            heapq.heappop(self._heap)[2]()


def wait_of(run: ActiveRun, index: int, now: datetime) -> Wait:
    """Return the wait of a step that waits: as it was kept, or beginning now."""
    step = run.plan.steps[index]
    began = run.started.get((step.name, 1), now)
    due = run.due.get(index) or due_of(step, began)
    return Wait(run.seed.tenant, run.seed.id, step.name, began, due)

"""Tasks that are ready for one operation: the higher priority first, else in order."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from integritas.workflows.backends.active import Task

__all__ = ["ReadyQueue"]


class ReadyQueue:
    """A queue with a lane a priority; mostly there is one."""

    def __init__(self) -> None:
        """Start empty."""
        self._lanes: dict[int, deque[Task]] = {}
        self._first: deque[Task] = deque()

    def append(self, task: Task) -> None:
        """Add a task behind those of its priority."""
        priority = task.run.priority
        lane = self._lanes.get(priority)
        if lane is None:
            lane = self._lanes[priority] = deque()
        lane.append(task)
        if len(self._lanes) > 1 or self._first is not lane:
            self._choose()

    def popleft(self) -> Task:
        """Remove and return the first; there must be one."""
        task = self._first.popleft()
        if not self._first:
            self._choose()
        return task

    def __getitem__(self, index: int) -> Task:
        """Return the task at an index within the first lane."""
        return self._first[index]

    def __len__(self) -> int:
        """Return how many wait."""
        return sum(len(lane) for lane in self._lanes.values())

    def __bool__(self) -> bool:
        """Say whether any waits."""
        return bool(self._first)

    def take_out(self, wanted: Callable[[Task], bool]) -> list[Task]:
        """Remove and return the tasks that are wanted."""
        taken: list[Task] = []
        for priority, lane in list(self._lanes.items()):
            taken += [task for task in lane if wanted(task)]
            self._lanes[priority] = deque(task for task in lane if not wanted(task))
        self._choose()
        return taken

    def _choose(self) -> None:
        filled = [priority for priority, lane in self._lanes.items() if lane]
        if filled:
            self._first = self._lanes[max(filled)]
        for priority in [p for p, lane in self._lanes.items() if not lane]:
            if self._lanes[priority] is not self._first:
                del self._lanes[priority]

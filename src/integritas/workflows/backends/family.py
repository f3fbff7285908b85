"""Children in an engine: begun when their parents ask, stopped and told with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from integritas.kernel.contracts import Failure
from integritas.platform.db import Database
from integritas.workflows.backends.active import ActiveRun, Task
from integritas.workflows.backends.children import (
    PARENT_ENDED,
    answer_of,
    wanted_of,
)
from integritas.workflows.backends.intake import Intake
from integritas.workflows.backends.memory import Memory
from integritas.workflows.model import RunState

__all__ = ["Family"]


@dataclass(frozen=True, slots=True)
class Family:
    """Does for an engine what children need; the engine lends what it can do.

    `add` takes a run into memory, `tell` tells one something, `stop` stops one,
    `answer` takes the answer to a task, `follow` watches a commit.
    """

    database: Database
    intake: Intake
    memory: Callable[[], Memory]
    add: Callable[[ActiveRun], None]
    tell: Callable[[ActiveRun, Callable[[], None]], None]
    stop: Callable[[ActiveRun, str], None]
    answer: Callable[[Task, tuple[Any, bytes] | Failure], None]
    follow: Callable[[asyncio.Future[Any]], None]

    def begin(self, run: ActiveRun) -> None:
        """Begin the children that a run wants."""
        memory = self.memory()
        missing = memory.children.bind(run.take_children())
        if missing and memory.holding.holds(run):
            memory.holding.keep(missing)
        elif missing:
            self.spawn(missing)

    def spawn(self, tasks: Sequence[Task]) -> None:
        """Begin a child for each task, once it is on disk."""
        memory = self.memory()
        future = self.database.enqueue(
            lambda tx: self.intake.spawn(tx, [wanted_of(task) for task in tasks]),
            chain=memory.chain,
        )

        def begun(future: asyncio.Future[Sequence[ActiveRun | Failure]]) -> None:
            if future.cancelled() or future.exception() or memory is not self.memory():
                return  # what failed is the engine's to see
            for task, child in zip(tasks, future.result(), strict=True):
                self._begun(memory, task, child)

        future.add_done_callback(begun)
        self.follow(future)

    def _begun(self, memory: Memory, task: Task, child: ActiveRun | Failure) -> None:
        if isinstance(child, ActiveRun):
            memory.children.add(child, task)
            self.add(child)
            self.tell(child, child.begin)
            if task.run.failing or task.run.state is not RunState.RUNNING:
                self.stop(child, PARENT_ENDED)
        elif task.run.state is RunState.RUNNING:
            self.answer(task, child)

    def settle(self) -> None:
        """Stop children of runs that fail, let those that ended answer, up and down.

        So all that follows from an end is known before any of it is written.
        """
        while self._stop_children() or self._tell_parents():
            pass

    def _stop_children(self) -> bool:
        memory = self.memory()
        stopped = False
        for run in [run for run in memory.changed.values() if run.failing]:
            for key in memory.children.of(run):
                child = memory.runs.get(key)
                if child is None or child.state is not RunState.RUNNING:
                    continue
                if not child.failing:
                    self.stop(child, PARENT_ENDED)
                    stopped = True
        return stopped

    def _tell_parents(self) -> bool:
        memory = self.memory()
        told = False
        for run in list(memory.changed.values()):
            if run.state is RunState.RUNNING or run.seed.options.parent is None:
                continue
            task = memory.children.take(run)
            if task is not None and task.run.state is RunState.RUNNING:
                self.answer(task, answer_of(run))
                told = True
        return told

"""Activities that wait for the same operation go to it as one batch.

As in the embedded engine: nothing waits for a batch to fill; while as many calls as
the operation allows are under way, or as its rate allows, the next one gathers. The
higher priority goes first.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from integritas.kernel.contracts import Failure
from integritas.workflows.backends.calls import call_operation
from integritas.workflows.backends.limits import RateLimits
from integritas.workflows.registry import Call

if TYPE_CHECKING:
    from integritas.workflows.registry import OperationSpec

__all__ = ["Answer", "Batcher"]

Answer: TypeAlias = tuple[Any, bytes] | Failure
"""A result and its JSON, or why there is none."""


@dataclass(slots=True)
class _Waiting:
    call: Call
    timeout_s: float | None
    answer: asyncio.Future[Answer]


@dataclass(slots=True)
class _Line:
    waiting: list[tuple[int, int, _Waiting]] = field(default_factory=list)
    """A heap: by priority, and in order."""
    under_way: int = 0

    @property
    def timeout_s(self) -> float | None:
        """Return the time-out of the first."""
        return self.waiting[0][2].timeout_s


class Batcher:
    """Calls operations for many runs at once, within their limits."""

    def __init__(self) -> None:
        """Begin with nothing under way."""
        self._lines: dict[str, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._limits = RateLimits()
        self._numbers = itertools.count()

    @property
    def waiting(self) -> int:
        """Return how many calls wait for a place."""
        return sum(len(line.waiting) for line in self._lines.values())

    async def call(
        self,
        spec: OperationSpec,
        call: Call,
        timeout_s: float | None,
        *,
        priority: int = 0,
    ) -> Answer:
        """Return the answer to one call; `timeout_s` begins with its batch."""
        line = self._lines.setdefault(spec.name, _Line())
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(call, timeout_s, answer)
        heapq.heappush(line.waiting, (-priority, next(self._numbers), waiting))
        self._go_on(spec, line)
        return await answer

    def _go_on(self, spec: OperationSpec, line: _Line) -> None:
        while line.waiting and line.under_way < spec.concurrency:
            size = self._allowed(spec, line)
            if not size:
                return
            timeout_s = line.timeout_s
            batch: list[_Waiting] = []
            while line.waiting and len(batch) < size and line.timeout_s == timeout_s:
                batch.append(heapq.heappop(line.waiting)[2])
            line.under_way += 1
            task = asyncio.create_task(self._run(spec, line, batch, timeout_s))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _allowed(self, spec: OperationSpec, line: _Line) -> int:
        """Return how many may go now; if none may, come back when one may."""
        size = min(spec.max_batch, len(line.waiting))
        if spec.rate_per_s is None:
            return size
        loop = asyncio.get_running_loop()
        size = self._limits.take(spec, size, loop.time())
        if not size:
            wait_s = self._limits.wait_s(spec, loop.time())
            loop.call_later(wait_s, self._go_on, spec, line)
        return size

    async def _run(
        self,
        spec: OperationSpec,
        line: _Line,
        batch: list[_Waiting],
        timeout_s: float | None,
    ) -> None:
        try:
            calls = [each.call for each in batch]
            answers = await call_operation(spec, calls, timeout_s)
            for each, answer in zip(batch, answers, strict=True):
                if not each.answer.done():
                    each.answer.set_result(answer)
        finally:
            for each in batch:
                each.answer.cancel()
            line.under_way -= 1
            self._go_on(spec, line)

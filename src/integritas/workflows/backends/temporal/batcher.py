"""Activities that wait for the same operation go to it as one batch.

As in the embedded engine: nothing waits for a batch to fill; while as many calls as
the operation allows are under way, the next one gathers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from integritas.kernel.contracts import Failure
from integritas.workflows.backends.calls import call_operation
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
    waiting: deque[_Waiting] = field(default_factory=deque)
    under_way: int = 0


class Batcher:
    """Calls operations for many runs at once, within their limits."""

    def __init__(self) -> None:
        """Begin with nothing under way."""
        self._lines: dict[str, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """Return how many calls wait for a place."""
        return sum(len(line.waiting) for line in self._lines.values())

    async def call(
        self, spec: OperationSpec, call: Call, timeout_s: float | None
    ) -> Answer:
        """Return the answer to one call; `timeout_s` begins with its batch."""
        line = self._lines.setdefault(spec.name, _Line())
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        line.waiting.append(_Waiting(call, timeout_s, answer))
        self._go_on(spec, line)
        return await answer

    def _go_on(self, spec: OperationSpec, line: _Line) -> None:
        while line.waiting and line.under_way < spec.concurrency:
            timeout_s = line.waiting[0].timeout_s
            batch: list[_Waiting] = []
            while (
                line.waiting
                and len(batch) < spec.max_batch
                and line.waiting[0].timeout_s == timeout_s
            ):
                batch.append(line.waiting.popleft())
            line.under_way += 1
            task = asyncio.create_task(self._run(spec, line, batch, timeout_s))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

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

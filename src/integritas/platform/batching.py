"""Coalescing: calls made at the same time become one batch."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from integritas.kernel.errors import ContractViolation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

__all__ = ["Coalescer", "isolating"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Coalescer(Generic[Item, Answer]):
    """Hands calls that are waiting to `run_batch` together, `limit` at most.

    A call alone goes at once; while a batch is under way, the next one gathers. An
    exception as an item's answer is raised to its caller; one raised by `run_batch`
    goes to all callers of the batch.
    """

    def __init__(
        self,
        run_batch: Callable[
            [Sequence[Item]], Awaitable[Sequence[Answer | BaseException]]
        ],
        *,
        limit: int = 512,
    ) -> None:
        """Take the function that does a batch."""
        self._run_batch = run_batch
        self._limit = limit
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._task: asyncio.Task[None] | None = None

    async def call(self, item: Item) -> Answer:
        """Return the answer to one item."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None:
            self._task = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[: self._limit]
                del self._waiting[: self._limit]
                await self._do(batch)
        finally:
            self._task = None

    async def _do(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._run_batch([item for item, _ in batch])
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - its callers must hear of it
            answers = [error] * len(batch)
        if len(answers) != len(batch):
            detail = f"{len(answers)} answers came for a batch of {len(batch)}"
            answers = [ContractViolation(detail)] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, BaseException):
                future.set_exception(answer)
            else:
                future.set_result(answer)


async def isolating(
    items: Sequence[Item],
    work: Callable[[Sequence[Item]], Awaitable[Sequence[Answer | BaseException]]],
) -> Sequence[Answer | BaseException]:
    """Do items of different callers together, or each alone if one breaks the rest."""
    try:
        return await work(items)
    except Exception as error:  # noqa: BLE001 - an answer to whoever caused it
        if len(items) == 1:
            return [error]
    alone = [asyncio.ensure_future(isolating([item], work)) for item in items]
    return [(await answer)[0] for answer in alone]

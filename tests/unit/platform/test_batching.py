"""Calls made at the same time become one batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from integritas.kernel.errors import ContractViolation, Refused
from integritas.platform.batching import Coalescer


class Doubler:
    """Answers 2n; refuses item 13, crashes on 99; remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.short = False

    async def __call__(self, items: Sequence[int]) -> Sequence[int | BaseException]:
        self.batches.append(list(items))
        await self.gate.wait()
        if 99 in items:
            raise ValueError("batch")
        answers = [Refused("13") if n == 13 else 2 * n for n in items]
        return answers[:-1] if self.short else answers


async def test_a_call_alone_is_a_batch_of_one() -> None:
    doubler = Doubler()
    assert await Coalescer(doubler).call(4) == 8
    assert doubler.batches == [[4]]


async def test_calls_at_the_same_time_are_one_batch_in_order() -> None:
    doubler = Doubler()
    coalescer = Coalescer(doubler)
    answers = await asyncio.gather(*(coalescer.call(n) for n in range(10)))
    assert answers == [2 * n for n in range(10)]
    assert doubler.batches == [list(range(10))]


async def test_calls_gather_while_a_batch_is_under_way() -> None:
    doubler = Doubler()
    coalescer = Coalescer(doubler)
    doubler.gate.clear()
    first = asyncio.create_task(coalescer.call(1))
    while not doubler.batches:
        await asyncio.sleep(0)
    rest = [asyncio.create_task(coalescer.call(n)) for n in (2, 3)]
    await asyncio.sleep(0)
    doubler.gate.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6]
    assert doubler.batches == [[1], [2, 3]]


async def test_a_batch_has_a_limit() -> None:
    doubler = Doubler()
    coalescer = Coalescer(doubler, limit=4)
    await asyncio.gather(*(coalescer.call(n) for n in range(10)))
    assert [len(batch) for batch in doubler.batches] == [4, 4, 2]


async def test_an_items_error_is_its_own() -> None:
    coalescer = Coalescer(Doubler())
    answers = await asyncio.gather(
        *(coalescer.call(n) for n in (1, 13, 2)), return_exceptions=True
    )
    assert [answers[0], answers[2]] == [2, 4]
    assert isinstance(answers[1], Refused)


async def test_a_batchs_error_is_everybodys() -> None:
    coalescer = Coalescer(Doubler())
    answers = await asyncio.gather(
        *(coalescer.call(n) for n in (1, 99)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [ValueError, ValueError]


async def test_after_an_error_the_next_call_goes_on() -> None:
    coalescer = Coalescer(Doubler())
    with pytest.raises(ValueError, match="batch"):
        await coalescer.call(99)
    assert await coalescer.call(1) == 2


async def test_an_answer_too_few_leaves_nobody_waiting() -> None:
    doubler = Doubler()
    doubler.short = True
    coalescer = Coalescer(doubler)
    calls = asyncio.gather(*(coalescer.call(n) for n in (1, 2)), return_exceptions=True)
    answers = await asyncio.wait_for(calls, 5)
    assert all(isinstance(answer, ContractViolation) for answer in answers)


async def test_who_gives_up_does_not_disturb_the_others() -> None:
    doubler = Doubler()
    coalescer = Coalescer(doubler)
    doubler.gate.clear()
    calls = [asyncio.create_task(coalescer.call(n)) for n in (1, 2)]
    while not doubler.batches:
        await asyncio.sleep(0)
    calls[0].cancel()
    doubler.gate.set()
    assert await calls[1] == 4


async def test_a_cancelled_batch_cancels_its_callers() -> None:
    doubler = Doubler()
    coalescer = Coalescer(doubler)
    doubler.gate.clear()
    call = asyncio.create_task(coalescer.call(1))
    while not doubler.batches:
        await asyncio.sleep(0)
    assert coalescer._task is not None
    coalescer._task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 5)

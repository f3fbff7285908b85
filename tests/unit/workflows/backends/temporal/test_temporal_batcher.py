"""Calls that wait together go together, within an operation's limits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from integritas.kernel.contracts import Failure
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.workflows.api import Call, OperationSpec
from integritas.workflows.backends.temporal.batcher import Batcher


def call(subject: str) -> Call:
    return Call(DEFAULT_TENANT, RunId(f"run_{subject}"), subject, "a", 1, {}, {})


class Held:
    """An operation that answers once it is let go."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.batches: list[list[str]] = []

    async def __call__(self, calls: Sequence[Call], /) -> Sequence[Any]:
        self.batches.append([each.subject for each in calls])
        await self.gate.wait()
        return [each.subject for each in calls]


async def asked(batcher: Batcher, spec: OperationSpec, *subjects: str) -> list[Any]:
    tasks = [
        asyncio.create_task(batcher.call(spec, call(subject), 5.0))
        for subject in subjects
    ]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_what_waits_while_calls_are_under_way_goes_as_one_batch() -> None:
    held, batcher = Held(), Batcher()
    spec = OperationSpec("x.do", held, concurrency=2, max_batch=3)
    tasks = await asked(batcher, spec, *"abcdefg")
    assert held.batches == [["a"], ["b"]]
    held.gate.set()
    answers = await asyncio.gather(*tasks)
    assert [result for result, _ in answers] == list("abcdefg")
    assert held.batches[2:] == [["c", "d", "e"], ["f", "g"]]


async def test_other_time_outs_go_in_other_batches() -> None:
    held, batcher = Held(), Batcher()
    spec = OperationSpec("x.do", held, concurrency=1)
    first = await asked(batcher, spec, "a")
    rest = [
        asyncio.create_task(batcher.call(spec, call(name), limit))
        for name, limit in (("b", 1.0), ("c", 1.0), ("d", 2.0))
    ]
    await asyncio.sleep(0)
    held.gate.set()
    await asyncio.gather(*first, *rest)
    assert held.batches == [["a"], ["b", "c"], ["d"]]


async def test_operations_do_not_wait_for_each_other() -> None:
    held, free, batcher = Held(), Held(), Batcher()
    free.gate.set()
    stuck = await asked(batcher, OperationSpec("x.do", held, concurrency=1), "a", "b")
    [quick] = await asked(batcher, OperationSpec("y.do", free), "c")
    assert (await quick)[0] == "c"
    held.gate.set()
    await asyncio.gather(*stuck)


async def test_what_hangs_fails_and_makes_room() -> None:
    held, batcher = Held(), Batcher()
    spec = OperationSpec("x.do", held, concurrency=1)
    answer = await batcher.call(spec, call("a"), 0.01)
    assert isinstance(answer, Failure)
    assert answer.code == "service_timeout"
    held.gate.set()
    assert await batcher.call(spec, call("b"), 5.0) == ("b", b'"b"')


async def test_the_higher_priority_goes_first_and_equals_in_order() -> None:
    held, batcher = Held(), Batcher()
    spec = OperationSpec("x.do", held, concurrency=1, max_batch=1)
    first = await asked(batcher, spec, "a")
    rest = [
        asyncio.create_task(batcher.call(spec, call(name), 5.0, priority=priority))
        for name, priority in (("b", 0), ("c", 5), ("d", -1), ("e", 5))
    ]
    await asyncio.sleep(0)
    assert batcher.waiting == 4
    held.gate.set()
    await asyncio.gather(*first, *rest)
    assert held.batches == [["a"], ["c"], ["e"], ["b"], ["d"]]


async def test_no_more_are_sent_than_the_rate_allows() -> None:
    held, batcher = Held(), Batcher()
    held.gate.set()
    spec = OperationSpec("x.do", held, rate_per_s=100.0, burst=2)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(*await asked(batcher, spec, *"abcd"))
    assert held.batches[:2] == [["a"], ["b"]]
    assert loop.time() - began >= 0.02
    assert batcher.waiting == 0

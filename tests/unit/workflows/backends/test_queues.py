"""What is ready, how often it may be asked, what fans out: each by itself."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.workflows.api import JsonCodec, OperationSpec
from integritas.workflows.backends.active import Task
from integritas.workflows.backends.fanout import FanOut, split_results
from integritas.workflows.backends.limits import RateLimits
from integritas.workflows.backends.ready import ReadyQueue
from integritas.workflows.backends.seeds import kept_name, split_name


class Ready:
    """A task as far as the queue looks."""

    def __init__(self, priority: int, number: int) -> None:
        self.priority = priority
        self.number = number
        self.run = self


def task(priority: int, number: int) -> Task:
    """Return something to queue."""
    return cast("Task", Ready(priority, number))


@given(st.lists(st.one_of(st.none(), st.integers(-3, 3)), max_size=60))
def test_the_highest_goes_first_and_else_in_order(events: list[int | None]) -> None:
    queue: Any = ReadyQueue()
    waiting: list[tuple[int, int]] = []
    for number, event in enumerate(events):
        if event is not None:
            queue.append(task(event, number))
            waiting.append((-event, number))
        elif waiting:
            waiting.sort()
            first: Any = queue[0]
            taken: Any = queue.popleft()
            assert taken is first
            assert (-first.priority, first.number) == waiting.pop(0)
        assert len(queue) == len(waiting)
        assert bool(queue) == bool(waiting)


def test_tasks_are_taken_out_of_every_lane() -> None:
    queue = ReadyQueue()
    for number, priority in enumerate([0, 1, 0, 1]):
        queue.append(task(priority, number))
    taken: list[Any] = queue.take_out(lambda each: cast("Any", each).number < 2)
    assert [each.number for each in taken] == [0, 1]
    rest: list[Any] = [queue.popleft() for _ in range(2)]
    assert [each.number for each in rest] == [3, 2]
    assert not queue


async def never(calls: object, /) -> list[Any]:
    """Stand for an operation that is not called."""
    raise AssertionError(calls)


@given(
    st.floats(0.5, 1_000),
    st.integers(1, 100),
    st.lists(st.tuples(st.floats(0, 5), st.integers(1, 50)), max_size=40),
)
def test_no_more_is_let_through_than_the_rate_allows(
    rate: float, burst: int, asked: list[tuple[float, int]]
) -> None:
    spec = OperationSpec("x.do", never, rate_per_s=rate, burst=burst)
    limits, now, through = RateLimits(), 0.0, 0
    for pause, wanted in asked:
        now += pause
        taken = limits.take(spec, wanted, now)
        assert 0 <= taken <= wanted
        through += taken
        if not taken:
            assert limits.wait_s(spec, now) > 0
        assert through <= burst + rate * now + 1e-6


def test_whoever_waits_as_long_as_told_is_let_through() -> None:
    spec = OperationSpec("x.do", never, rate_per_s=3.0, burst=1)
    limits = RateLimits()
    now = 0.0
    for _ in range(50):
        assert limits.take(spec, 5, now) == 1
        now += limits.wait_s(spec, now)


def test_without_a_rate_all_is_let_through() -> None:
    spec = OperationSpec("x.do", never)
    limits = RateLimits()
    assert limits.take(spec, 1_000, 0.0) == 1_000
    assert limits.wait_s(spec, 0.0) == 0.0


# No result holds more: what does not fit 64 bits is refused where it is encoded.
INTEGERS = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(INTEGERS, max_size=20), st.integers(1, 5), st.data())
def test_results_are_gathered_in_order_however_they_come(
    items: list[int], parallel: int, data: st.DataObject
) -> None:
    fan = FanOut()
    fan.open(items, parallel)
    busy: list[int] = []
    while not fan.whole:
        while (item := fan.next()) is not None:
            busy.append(item)
        assert len(busy) <= parallel
        item = busy.pop(data.draw(st.integers(0, len(busy) - 1)))
        fan.keep(item, items[item], str(items[item]).encode())
    assert fan.results() == items
    assert split_results(fan.encoded(), JsonCodec()) == items
    assert list(fan.succeeded) == list(range(len(items)))


def test_a_list_that_became_shorter_is_refused() -> None:
    fan = FanOut()
    fan.keep(3, "d", b'"d"')
    with pytest.raises(ValueError, match="item 3 is done"):
        fan.open([1, 2], None)


@given(
    st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True),
    st.one_of(st.none(), st.integers(0, 10_000)),
    st.booleans(),
)
def test_a_kept_name_is_read_back(step: str, item: int | None, undo: bool) -> None:
    assert split_name(kept_name(step, item, undo=undo)) == (step, item, undo)


@pytest.mark.parametrize("name", ["", "a[", "a[x]", "compensate:", "a]b"])
def test_what_is_no_kept_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a step"):
        split_name(name)

"""Calling operations: whatever they do, every call is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import InvalidInput, Unavailable
from integritas.kernel.ids import DEFAULT_TENANT, RunId
from integritas.workflows.api import Call, OperationSpec
from integritas.workflows.backends.calls import call_operation

Operation = Callable[[Sequence[Call]], Awaitable[Sequence[Any]]]


def calls(count: int) -> list[Call]:
    """Return so many calls, numbered by their subjects."""
    return [
        Call(DEFAULT_TENANT, RunId(f"run_{i}"), str(i), "s", 1, {}, {})
        for i in range(count)
    ]


async def answers(
    operation: Operation, count: int, timeout_s: float = 5.0
) -> Sequence[Any]:
    """Return what the calls are answered with."""
    return await call_operation(
        OperationSpec("x.do", operation), calls(count), timeout_s
    )


def codes(got: Sequence[Any]) -> list[str | None]:
    """Return the failures' codes."""
    return [each.code if isinstance(each, Failure) else None for each in got]


async def test_results_come_with_their_json() -> None:
    async def echo(some: Sequence[Call]) -> list[str]:
        return [call.subject for call in some]

    assert await answers(echo, 2) == [("0", b'"0"'), ("1", b'"1"')]


async def test_a_failure_is_passed_on_as_it_is() -> None:
    failure = Failure("not_found", "no such", retryable=True)

    async def some(given: Sequence[Call]) -> list[Any]:
        return [failure, *(1 for _ in given[1:])]

    assert await answers(some, 2) == [failure, (1, b"1")]


async def test_an_operation_that_hangs_is_given_up() -> None:
    async def hang(given: Sequence[Call]) -> list[Any]:
        await asyncio.Event().wait()
        return [None for _ in given]

    got = await answers(hang, 2, timeout_s=0.01)
    assert codes(got) == ["service_timeout"] * 2
    assert all(each.retryable and "0.01 s" in each.detail for each in got)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8])
async def test_the_item_that_breaks_a_batch_fails_alone(count: int) -> None:
    poison = str(count // 2)

    async def brittle(given: Sequence[Call]) -> list[str]:
        if any(call.subject == poison for call in given):
            raise InvalidInput(f"cannot take {poison}")
        return [call.subject for call in given]

    got = await answers(brittle, count)
    assert codes(got) == [
        "invalid_input" if str(i) == poison else None for i in range(count)
    ]
    assert [each[0] for each in got if not isinstance(each, Failure)] == [
        str(i) for i in range(count) if str(i) != poison
    ]


async def test_a_part_that_is_down_is_not_asked_item_by_item() -> None:
    asked: list[int] = []

    async def down(given: Sequence[Call]) -> list[Any]:
        asked.append(len(given))
        raise Unavailable("down")

    got = await answers(down, 8)
    assert codes(got) == ["unavailable"] * 8
    assert all(each.retryable for each in got)
    assert asked == [8]


@pytest.mark.parametrize(
    ("error", "lines"),
    [(Unavailable("spam is down"), False), (ValueError("bug"), True)],
)
async def test_what_is_down_is_logged_in_a_line_a_bug_with_where(
    error: Exception, lines: bool
) -> None:
    async def fail(given: Sequence[Call]) -> Sequence[Any]:
        del given
        raise error

    with capture_logs() as logs:
        await answers(fail, 1)
    [log] = logs
    assert ("exc_info" in log) is lines
    assert log.get("detail") == (None if lines else "spam is down")


async def test_any_exception_is_a_failure_that_names_it() -> None:
    async def bug(given: Sequence[Call]) -> list[Any]:
        raise ZeroDivisionError(len(given))

    [failure] = await answers(bug, 1)
    assert (failure.code, failure.retryable) == ("error", False)
    assert "ZeroDivisionError" in failure.detail


@pytest.mark.parametrize("answer", [[], [1], [1, 2, 3], None, 5, {1: 2, 2: 3}, "ab"])
async def test_a_wrong_answer_breaks_the_contract(answer: Any) -> None:
    async def wrong(given: Sequence[Call]) -> Any:
        del given
        return answer

    got = await answers(wrong, 2)
    assert codes(got) == ["contract_violation"] * 2
    assert "for 2 calls" in got[0].detail


async def test_a_result_that_cannot_be_kept_fails_alone() -> None:
    async def odd(given: Sequence[Call]) -> list[Any]:
        return [object(), *(1 for _ in given[1:])]

    got = await answers(odd, 2)
    assert codes(got) == ["contract_violation", None]


async def test_no_calls_no_answers() -> None:
    async def none(given: Sequence[Call]) -> list[Any]:
        return [None for _ in given]

    assert await answers(none, 0) == []


async def test_cancelling_is_not_swallowed() -> None:
    entered = asyncio.Event()

    async def hang(given: Sequence[Call]) -> list[Any]:
        entered.set()
        await asyncio.Event().wait()
        return [None for _ in given]

    task = asyncio.create_task(answers(hang, 1))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

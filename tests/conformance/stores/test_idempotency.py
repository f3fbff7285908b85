"""The same request twice is answered twice and done once."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from integritas.kernel.errors import (
    IdempotencyMismatch,
    IdempotencyRunning,
    Refused,
)
from integritas.kernel.ids import TenantId
from integritas.platform.idempotency import IdempotencyScope, forget_old_answers, once

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.stores.conftest import Stores

    from integritas.platform.db import Transaction

pytestmark = pytest.mark.integration

SCOPE = IdempotencyScope(TenantId("main"), "user_1", "POST /cases", "key", "hash")
DAY_S = 24 * 3_600


class Requests:
    """Does requests and counts them."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.done = 0

    def _do(self) -> Mapping[str, Any]:
        self.done += 1
        return {"number": self.done, "text": "é\0"}

    def work(self, tx: Transaction, scope: IdempotencyScope) -> tuple[Any, bool]:
        """Do the request in a unit of work."""
        return once(tx, scope, self.stores.clock.now(), self._do)

    async def __call__(self, scope: IdempotencyScope = SCOPE) -> tuple[Any, bool]:
        """Do the request."""
        return await self.stores.database.transact(lambda tx: self.work(tx, scope))


@pytest.fixture
def request_once(stores: Stores) -> Requests:
    """Return something to ask for."""
    return Requests(stores)


async def test_the_second_answer_is_the_first(request_once: Requests) -> None:
    assert await request_once() == ({"number": 1, "text": "é\0"}, False)
    assert await request_once() == ({"number": 1, "text": "é\0"}, True)
    assert request_once.done == 1


async def test_at_the_same_time_it_is_done_once(request_once: Requests) -> None:
    answers = await asyncio.gather(*(request_once() for _ in range(20)))
    assert {answer["number"] for answer, _ in answers} == {1}
    assert sum(not replayed for _, replayed in answers) == 1


async def test_another_body_is_refused(request_once: Requests) -> None:
    await request_once()
    with pytest.raises(IdempotencyMismatch) as caught:
        await request_once(replace(SCOPE, body_hash="other"))
    assert caught.value.errors[0].path == "Idempotency-Key"
    assert request_once.done == 1


@pytest.mark.parametrize(
    "scope",
    [
        replace(SCOPE, tenant=TenantId("other")),
        replace(SCOPE, principal="user_2"),
        replace(SCOPE, route="POST /submissions"),
        replace(SCOPE, key="other"),
    ],
)
async def test_scopes_do_not_meet(
    request_once: Requests, scope: IdempotencyScope
) -> None:
    await request_once()
    assert await request_once(scope) == ({"number": 2, "text": "é\0"}, False)


async def test_an_answer_is_kept_a_day(request_once: Requests, stores: Stores) -> None:
    await request_once()
    stores.clock.advance(DAY_S - 1)
    assert (await request_once())[1]
    stores.clock.advance(1)
    assert await request_once() == ({"number": 2, "text": "é\0"}, False)
    assert (await request_once())[1]


async def test_after_a_day_another_body_is_fine(
    request_once: Requests, stores: Stores
) -> None:
    await request_once()
    stores.clock.advance(DAY_S)
    assert not (await request_once(replace(SCOPE, body_hash="other")))[1]


async def test_a_crash_keeps_neither_answer_nor_deed(
    request_once: Requests, stores: Stores
) -> None:
    def crash(tx: Transaction) -> None:
        request_once.work(tx, SCOPE)
        raise Refused("crash")

    with pytest.raises(Refused):
        await stores.database.transact(crash)
    assert not (await request_once())[1]


async def test_old_answers_are_forgotten(
    request_once: Requests, stores: Stores
) -> None:
    await request_once()
    stores.clock.advance(DAY_S / 2)
    await request_once(replace(SCOPE, key="young"))
    stores.clock.advance(DAY_S / 2 + 1)
    now = stores.clock.now()
    forget = stores.database.transact
    assert await forget(lambda tx: forget_old_answers(tx, now)) == 1
    assert await forget(lambda tx: forget_old_answers(tx, now)) == 0
    assert (await request_once(replace(SCOPE, key="young")))[1]


async def test_while_another_process_is_at_it_nothing_is_done_twice(
    stores: Stores, beside: Stores
) -> None:
    """Postgres says so at once; SQLite's second writer waits, then replays."""
    entered, leave = threading.Event(), threading.Event()
    mine, theirs = Requests(stores), Requests(beside)

    def slow(tx: Transaction) -> tuple[Any, bool]:
        answer = mine.work(tx, SCOPE)
        entered.set()
        assert leave.wait(10)
        return answer

    first = asyncio.create_task(stores.database.transact(slow))
    assert await asyncio.to_thread(entered.wait, 10)
    second = asyncio.create_task(theirs())
    if stores.database.dialect == "postgresql":
        with pytest.raises(IdempotencyRunning):
            await second
        second = first
    leave.set()
    assert not (await first)[1]
    assert (await second)[0] == {"number": 1, "text": "é\0"}
    assert await theirs() == ({"number": 1, "text": "é\0"}, True)
    assert theirs.done == 0

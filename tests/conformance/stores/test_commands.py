"""The durable queue: kept with what wants it, removed with what it led to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.errors import Refused
from integritas.kernel.ids import TenantId
from integritas.platform.commands import CANCEL_RUN, START_RUN, Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conformance.stores.conftest import Stores

    from integritas.platform.db import Transaction

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
OTHER = TenantId("other")


async def put(
    stores: Stores, *subjects: str, kind: str = START_RUN, tenant: TenantId = MAIN
) -> None:
    """Queue commands."""
    items = [(subject, {"for": subject}) for subject in subjects]
    await stores.database.transact(
        lambda tx: stores.commands.put(tx, tenant, kind, items)
    )


async def due(stores: Stores, *kinds: str, limit: int = 100) -> Sequence[Command]:
    """Return what is due."""
    return await stores.database.read(
        lambda tx: stores.commands.due(tx, kinds or (START_RUN,), limit=limit)
    )


async def test_a_command_comes_back_as_it_was_put(stores: Stores) -> None:
    await put(stores, "case_1")
    [command] = await due(stores)
    assert (command.tenant, command.kind, command.subject) == (
        MAIN,
        START_RUN,
        "case_1",
    )
    assert command.payload == {"for": "case_1"}


async def test_commands_come_in_order(stores: Stores) -> None:
    await put(stores, "a", "b")
    stores.clock.advance(1)
    await put(stores, "c", tenant=OTHER)
    assert [command.subject for command in await due(stores)] == ["a", "b", "c"]
    assert [command.subject for command in await due(stores, limit=2)] == ["a", "b"]


async def test_only_the_kinds_asked_for(stores: Stores) -> None:
    await put(stores, "a")
    await put(stores, "b", kind=CANCEL_RUN)
    assert [c.subject for c in await due(stores, CANCEL_RUN)] == ["b"]
    assert len(await due(stores, CANCEL_RUN, START_RUN)) == 2


async def test_what_is_due_later_waits(stores: Stores) -> None:
    stores.clock.advance(60)
    await put(stores, "a")
    stores.clock.advance(-60)
    assert await due(stores) == []
    stores.clock.advance(60)
    assert len(await due(stores)) == 1


async def test_removing_removes_those_only(stores: Stores) -> None:
    await put(stores, "a", "b", "c")
    first, _, last = await due(stores)
    await stores.database.transact(lambda tx: stores.commands.remove(tx, [first, last]))
    assert [command.subject for command in await due(stores)] == ["b"]
    await stores.database.transact(lambda tx: stores.commands.remove(tx, []))
    assert len(await due(stores)) == 1


async def test_a_refused_change_queues_nothing(stores: Stores) -> None:
    def work(tx: Transaction) -> None:
        stores.commands.put(tx, MAIN, START_RUN, [("a", {})])
        raise Refused("no")

    with pytest.raises(Refused):
        await stores.database.transact(work)
    assert await due(stores) == []


async def test_a_refused_removal_keeps_the_command(stores: Stores) -> None:
    await put(stores, "a")
    commands = await due(stores)

    def work(tx: Transaction) -> None:
        stores.commands.remove(tx, commands)
        raise Refused("no")

    with pytest.raises(Refused):
        await stores.database.transact(work)
    assert await due(stores) == commands


async def test_listeners_are_woken_until_they_stop(stores: Stores) -> None:
    woken = asyncio.Event()
    stop = stores.commands.listen(woken.set)
    await put(stores, "a")
    await asyncio.wait_for(woken.wait(), 10)
    stop()
    woken.clear()
    await put(stores, "b")
    await stores.database.transact(lambda tx: tx.dialect)
    assert not woken.is_set()


def test_a_listener_of_a_closed_loop_is_forgotten(stores: Stores) -> None:
    async def listen() -> None:
        stores.commands.listen(lambda: None)

    asyncio.run(listen())
    assert stores.commands._listeners
    asyncio.run(put(stores, "a"))
    assert not stores.commands._listeners

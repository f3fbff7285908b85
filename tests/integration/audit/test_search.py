"""Search by fields and words, over an index that follows the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import InvalidInput, StorageFailure
from integritas.kernel.ids import TenantId
from integritas.services.audit.external import ExternalEvent
from integritas.services.audit.search import EntryFilter

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.audit.conftest import World

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
CONTEXT = Context(MAIN, SYSTEM, "req-1")


def event(number: int, **change: object) -> ExternalEvent:
    given = {
        "event_id": f"erp-{number}",
        "type": "com.example.order.approved.v1",
        "subject": f"order {number % 3}",
        "source": "erp",
        "actor_id": f"clerk {number % 2}",
        "outcome": "success" if number % 4 else "failure",
        "reason": "Genehmigung erteilt" if number == 5 else None,
        **change,
    }
    return ExternalEvent(**given)  # type: ignore[arg-type] # as above


async def filled(world: World) -> World:
    for number in range(12):
        await world.trail.append_events(CONTEXT, [event(number)])
        world.clock.advance(60)
    return world


async def found(world: World, **chosen: str) -> list[int]:
    entries = await world.trail.search(
        MAIN, EntryFilter(**chosen), start=0, limit=1_000
    )
    return [entry.index for entry in entries]


async def test_fields_and_words_are_found(world: World) -> None:
    await filled(world)
    assert await found(world) == list(range(12))
    assert await found(world, subject="order 1") == [1, 4, 7, 10]
    assert await found(world, subject="order 1", actor="clerk 0") == [4, 10]
    assert await found(world, outcome="failure") == [0, 4, 8]
    assert await found(world, type="com.example.order.approved.v1", q="erteilt") == [5]
    assert await found(world, q="genehm*") == [5]
    assert await found(world, q="genehm") == []
    assert await found(world, q="erp order nothing") == []
    since, until = "2026-01-01T00:02:00.000000Z", "2026-01-01T00:05:00.000000Z"
    assert await found(world, since=since, until=until) == [2, 3, 4]


@pytest.mark.parametrize("q", ['"', "(", "a OR b", "NEAR(", "*", "text:x", "-", "'"])
async def test_no_word_is_an_operator(sqlite_world: World, q: str) -> None:
    await filled(sqlite_world)
    assert set(await found(sqlite_world, q=q)) <= set(range(12))


async def test_what_came_since_is_found_and_a_restart_goes_on(world: World) -> None:
    await filled(world)
    assert await found(world, q="clerk") == list(range(12))
    await world.trail.append_events(CONTEXT, [event(50, subject="late")])
    assert await found(world, subject="late") == [12]
    again = world.reopened()
    await again.trail.append_events(CONTEXT, [event(51, subject="late")])
    assert await found(again, subject="late") == [12, 13]
    again.database.close()


async def test_an_index_of_another_log_is_built_anew(
    sqlite_world: World, tmp_path: Path
) -> None:
    await filled(sqlite_world)
    await found(sqlite_world, q="clerk")
    beside = sqlite_world.beside(tmp_path)
    name = "search/audit/integritas%2Fmain.db"
    target = beside.state / name
    target.parent.mkdir(parents=True)
    target.write_bytes((sqlite_world.state / name).read_bytes())
    await beside.trail.append_events(CONTEXT, [event(1, subject="other")])
    assert await found(beside, q="clerk") == [0]
    assert await found(beside, subject="other") == [0]
    beside.database.close()


async def test_a_broken_index_is_named(sqlite_world: World) -> None:
    await filled(sqlite_world)
    folder = sqlite_world.state / "search"
    folder.write_text("in the way")
    with pytest.raises(StorageFailure, match="remove it and it is built anew"):
        await found(sqlite_world, q="x")


async def test_pages_begin_where_they_are_told(sqlite_world: World) -> None:
    await filled(sqlite_world)
    chosen = EntryFilter(subject="order 1")
    page = await sqlite_world.trail.search(MAIN, chosen, start=2, limit=2)
    assert [entry.index for entry in page] == [4, 7]
    with pytest.raises(InvalidInput):
        await sqlite_world.trail.search(MAIN, chosen, start=-1, limit=2)


@pytest.mark.parametrize(("form", "lines"), [("jsonl", 4), ("csv", 5), ("cef", 4)])
async def test_what_is_found_is_exported(
    sqlite_world: World, form: str, lines: int
) -> None:
    await filled(sqlite_world)
    chosen = EntryFilter(subject="order 1")
    text = "".join(
        [line async for line in sqlite_world.trail.export(MAIN, chosen, form)]
    )
    assert text.count("\n") == lines

"""After an orderly stop nothing may come; what comes is named by who looks next."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from tests.integration.audit.test_commands import Commands

from integritas.journal.api import SettledMark, settled_at
from integritas.journal.tables import JOURNAL
from integritas.kernel.errors import StorageFailure
from integritas.kernel.ids import TenantId
from integritas.platform.db import open_database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.integration.audit.conftest import World

    from integritas.platform.db import Transaction

pytestmark = pytest.mark.integration

MAIN, OTHER = TenantId("main"), TenantId("other")
GREW = "integritas.journal.grew_while_stopped.v1"


async def stopped(world: World) -> SettledMark:
    """Log something, and stop in order; return the mark of it."""
    await world.log(5)
    await world.trail.settle()
    mark = world.journal.mark
    assert mark is not None
    assert mark.there()
    return mark


async def plant(world: World, tenant: TenantId = MAIN, seq: int = 6) -> None:
    """Forge an entry of a journal, like its last one."""

    def work(tx: Transaction) -> None:
        row = tx.execute(sa.select(JOURNAL).where(JOURNAL.c.seq == 5).limit(1)).one()
        forged = {**row._mapping, "tenant_id": tenant, "seq": seq, "commitment": None}
        forged["event_id"] = row.event_id[:-1] + (
            "0" if row.event_id[-1] != "0" else "1"
        )
        tx.execute(sa.insert(JOURNAL).values(forged))

    await world.database.transact(work)


async def places(world: World, tenant: TenantId = MAIN) -> list[str]:
    report = await world.trail.verify(tenant)
    return [difference.place for difference in report.differences]


async def told(world: World, tenant: TenantId = MAIN) -> list[Any]:
    """Return what entries tell of what came while nothing ran."""
    entries: Sequence[Any] = await world.journal.read(tenant)
    return [entry.data for entry in entries if entry.type == GREW]


async def test_what_came_after_an_orderly_stop_is_a_difference(world: World) -> None:
    await stopped(world)
    report = await world.trail.verify(MAIN)
    assert report.differences == ()
    assert "stopped in order at 20" in report.notes[-1]
    await plant(world)
    report = await world.trail.verify(MAIN)
    (found,) = report.differences
    assert (found.place, found.message) == ("journal[6]", "came after the orderly stop")


async def test_the_next_writer_takes_the_mark_away_and_tells(world: World) -> None:
    mark = await stopped(world)
    await plant(world)
    again = world.reopened()
    await again.record(1)
    assert not mark.there()
    assert await told(again) == [{"settled": 5, "found": 6}]
    await again.trail.follower().catch_up()
    report = await again.trail.verify(MAIN)  # the log tells of it for good
    assert report.differences == ()
    (note,) = report.notes
    assert note.startswith("entry 7 of the journal tells that entries came while the")
    assert note.endswith("from 5, without it, to 6")
    again.database.close()


async def test_a_start_tells_before_anything_is_logged(world: World) -> None:
    mark = await stopped(world)
    await plant(world)
    await world.database.transact(world.journal.unsettle)
    assert await told(world) == [{"settled": 5, "found": 6}]
    assert not mark.there()


async def test_after_an_orderly_stop_and_start_nothing_is_told(world: World) -> None:
    mark = await stopped(world)
    await world.log(2)
    assert not mark.there()
    assert await told(world) == []
    assert await places(world) == []


async def test_what_waits_is_logged_before_the_mark(world: World) -> None:
    await world.log(5)
    await world.record(2)
    time = "2026-01-01T00:00:00.000000Z"
    early = await world.database.transact(lambda tx: settled_at(tx, time, "audit"))
    assert early is None
    await world.trail.settle()
    assert world.journal.mark is not None
    settled = world.journal.mark.read()
    assert settled is not None
    assert settled.end(MAIN) == 7
    assert settled.end(OTHER) == 0


async def test_a_tenant_that_was_not_there_is_named_too(world: World) -> None:
    await stopped(world)
    await plant(world, OTHER, 1)
    assert "journal[other/1]" in await places(world)
    assert "journal[1]" in await places(world, OTHER)
    await world.log(1)
    assert await told(world, OTHER) == [{"settled": 0, "found": 1}]


async def test_each_tenant_answers_for_itself(world: World) -> None:
    await world.log(5, tenant=OTHER)
    await stopped(world)
    await plant(world)
    assert await places(world) == ["journal[6]"]
    assert await places(world, OTHER) == []


async def test_the_mark_of_another_database_says_nothing(
    sqlite_world: World, tmp_path: Path
) -> None:
    mark = await stopped(sqlite_world)
    other = sqlite_world.beside(tmp_path)
    assert other.journal.mark is not None
    await other.log(7)
    settled = mark.read()
    assert settled is not None
    other.journal.mark.write(settled)
    report = await other.trail.verify(MAIN)
    assert report.differences == ()
    assert "is of another database" in report.notes[-1]
    await other.log(1)
    assert other.journal.mark.there()
    assert await told(other) == []
    other.database.close()


async def test_a_mark_that_cannot_be_used_is_named_and_stops_nobody(
    sqlite_world: World,
) -> None:
    mark = await stopped(sqlite_world)
    (path,) = sqlite_world.state.rglob("*.settled")
    for content in (b"", b"[]", b'{"time": 1, "ends": {"main": 3}}'):
        path.write_bytes(content)
        with pytest.raises(StorageFailure, match="it is no mark of a stop"):
            await sqlite_world.trail.verify(MAIN)
    await sqlite_world.log(1)
    assert not mark.there()
    assert await places(sqlite_world) == []


async def test_a_folder_that_cannot_be_written_keeps_nobody_from_stopping(
    sqlite_world: World,
) -> None:
    await sqlite_world.log(5)
    (key,) = sqlite_world.state.rglob("*.key")
    assert sqlite_world.journal.mark is not None
    name = f".integritas.settled.{os.getpid()}.draft"
    (sqlite_world.state / "anchors" / "audit" / name).mkdir()
    await sqlite_world.trail.settle()
    assert not sqlite_world.journal.mark.there()
    assert key.exists()


async def test_forgetting_a_log_forgets_its_mark(sqlite_world: World) -> None:
    mark = await stopped(sqlite_world)
    sqlite_world.trail.forget(MAIN)
    assert not mark.there()


async def test_who_is_still_connected_keeps_postgres_from_being_settled(
    postgres_url: str, tmp_path: Path, clock: Any, open_world: Any
) -> None:
    world = open_world(postgres_url, tmp_path / "state", clock)
    await world.log(5)
    other = open_database(postgres_url)
    try:
        await other.ping()
        await world.trail.settle()
        assert not world.journal.mark.there()
        other.close()
        await world.trail.settle()
        assert world.journal.mark.there()
    finally:
        other.close()
        world.database.close()


async def test_a_forged_telling_breaks_no_verification(sqlite_world: World) -> None:
    await sqlite_world.log(5)
    for seq, data in ((4, "[]"), (5, "{}")):
        change = sa.text(
            "UPDATE journal SET type = :type, data = :data WHERE seq = :seq"
        )
        values = {"type": GREW, "data": data, "seq": seq}
        await sqlite_world.database.transact(
            lambda tx, q=change, v=values: tx.execute(q, v)  # type: ignore[misc] # mypy sees no default
        )
    report = await sqlite_world.trail.verify(MAIN)
    assert {found.place for found in report.differences} == {"journal[4]", "journal[5]"}


@pytest.fixture
async def ended(
    sqlite_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Commands:
    """Return commands on what was stopped in order."""
    monkeypatch.chdir(tmp_path)  # a .env of the working folder is read
    await stopped(sqlite_world)
    sqlite_world.database.close()
    return Commands(sqlite_world, tmp_path)


FORGED = """
    INSERT INTO journal SELECT tenant_id, 6, 'evt_01JF8R0000F008000000000000', type,
    subject, time, actor_id, actor_kind, actor_roles, correlation_id, data, NULL
    FROM journal WHERE seq = 5
"""


def test_a_command_after_the_stop_ends_what_the_mark_says(ended: Commands) -> None:
    assert "stopped in order" in ended.run("verify").stderr
    ended.run("export", "--case", "case_2", "--output", "-")
    result = ended.run("verify")
    assert result.exit_code == 0
    assert result.stderr == "note: 1 entries of the journal are not logged yet\n"


def test_a_command_tells_of_what_came_before_it(ended: Commands) -> None:
    ended.tamper(FORGED)
    result = ended.run("verify")
    assert result.exit_code == 1
    assert result.stdout == "journal[6]: came after the orderly stop\n"
    ended.run("export", "--case", "case_2", "--output", "-")
    result = ended.run("verify")
    assert "entry 7 of the journal tells that entries came" in result.stderr
    assert ended.run("verify", "--settled").exit_code == 1

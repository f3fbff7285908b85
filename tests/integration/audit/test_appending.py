"""Entries from outside: exactly once, in groups, all or none, on both databases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from integritas.kernel.errors import (
    Conflict,
    ContentTooLarge,
    IntegrityViolation,
    InvalidInput,
    StorageFailure,
)
from integritas.kernel.ids import TenantId
from integritas.services.audit.api import inclusion_holds, leaf_hash, parse_checkpoint
from integritas.services.audit.bodies import canonical

if TYPE_CHECKING:
    from tests.integration.audit.conftest import World

    from integritas.platform.db import Transaction

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
TIME = "2026-01-01T00:00:00.000000Z"


def entry(number: int, *, subject: str = "order", time: str = TIME) -> bytes:
    return canonical(
        {
            "event_id": f"evt-{number:06d}",
            "subject": subject,
            "time": time,
            "type": "com.example.order.approved.v1",
            "v": 1,
        }
    )


async def bodies(world: World) -> list[bytes]:
    return [e.body for e in await world.trail.entries(MAIN, start=0, limit=10_000)]


async def test_an_entry_is_integrated_before_it_is_acknowledged(world: World) -> None:
    done = await world.trail.append(MAIN, [entry(1), entry(2)])
    assert list(done.indexes) == [0, 1]
    checkpoint = parse_checkpoint(done.checkpoint.note)
    proof = await world.trail.inclusion(MAIN, index=1, size=checkpoint.size)
    leaf = leaf_hash(entry(2))
    assert inclusion_holds(leaf, 1, checkpoint.size, proof.hashes, checkpoint.root)
    assert (await world.trail.verify(MAIN)).sound


async def test_a_retry_is_answered_and_not_logged_again(world: World) -> None:
    await world.trail.append(MAIN, [entry(1), entry(2)])
    later = entry(2, time="2026-01-01T00:00:05.000000Z")
    done = await world.trail.append(MAIN, [later, entry(3), entry(3)])
    assert list(done.indexes) == [1, 2, 2]
    assert await bodies(world) == [entry(1), entry(2), entry(3)]
    again = await world.trail.append(MAIN, [entry(1)])
    assert list(again.indexes) == [0]
    assert again.checkpoint == done.checkpoint


async def test_a_retry_after_a_restart_is_not_logged_again(world: World) -> None:
    await world.trail.append(MAIN, [entry(1)])
    reopened = world.reopened()
    done = await reopened.trail.append(MAIN, [entry(1), entry(2)])
    assert list(done.indexes) == [0, 1]
    assert (await reopened.trail.verify(MAIN)).sound
    reopened.database.close()


async def test_an_id_with_other_content_is_refused_and_nothing_of_it_kept(
    world: World,
) -> None:
    await world.trail.append(MAIN, [entry(1)])
    with pytest.raises(Conflict, match="evt-000001 is entry 0 of the log"):
        await world.trail.append(MAIN, [entry(2), entry(1, subject="other")])
    assert await bodies(world) == [entry(1)]


async def test_of_a_group_only_who_is_wrong_is_refused(world: World) -> None:
    await world.trail.append(MAIN, [entry(0)])
    calls = [
        world.trail.append(MAIN, [entry(number, subject="other")] * 2)
        for number in range(4)
    ]
    first, *rest = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(first, Conflict)
    assert [list(done.indexes) for done in rest] == [[1, 1], [2, 2], [3, 3]]  # type: ignore[union-attr] # no errors
    assert (await world.trail.verify(MAIN)).sound


async def test_many_callers_at_once_are_each_logged_once(world: World) -> None:
    calls = [world.trail.append(MAIN, [entry(number % 200)]) for number in range(400)]
    done = await asyncio.gather(*calls)
    found = await bodies(world)
    assert sorted(found) == [entry(number) for number in range(200)]
    for number, answer in enumerate(done):
        assert found[answer.indexes[0]] == entry(number % 200)
    report = await world.trail.verify(MAIN)
    assert report.sound
    assert report.size == 200


async def test_the_journal_and_the_outside_share_a_log(world: World) -> None:
    await world.log(3)
    await world.trail.append(MAIN, [entry(number) for number in range(300)])
    await world.log(4)
    await world.trail.append(MAIN, [entry(300)])
    report = await world.trail.verify(MAIN)
    assert report.differences == ()
    assert report.notes == ()
    assert report.size == 308


async def test_a_log_of_the_outside_alone_is_no_stray(world: World) -> None:
    await world.log(2)
    await world.trail.append(TenantId("other"), [entry(1)])
    for tenant in (MAIN, TenantId("other")):
        assert (await world.trail.verify(tenant)).differences == ()


async def test_a_batch_with_one_bad_entry_is_refused_whole(world: World) -> None:
    with pytest.raises(InvalidInput, match="not canonical"):
        await world.trail.append(MAIN, [entry(1), entry(2) + b" "])
    with pytest.raises(ContentTooLarge):
        await world.trail.append(MAIN, [entry(1), entry(2, subject="x" * 70_000)])
    with pytest.raises(InvalidInput, match="nothing to append"):
        await world.trail.append(MAIN, [])
    assert await bodies(world) == []


async def test_a_rolled_back_log_is_not_appended_to(world: World) -> None:
    await world.trail.append(MAIN, [entry(1)])
    await world.trail.append(MAIN, [entry(2)])
    for statement in (
        "DELETE FROM audit_entries WHERE idx = 1",
        "DELETE FROM audit_checkpoints WHERE number = 2",
        "UPDATE audit_tiles SET hashes = (SELECT leaf_hash FROM audit_entries)",
    ):
        await world.database.transact(lambda tx, s=statement: tx.execute(sa.text(s)))  # type: ignore[misc] # bound now
    with pytest.raises(IntegrityViolation, match="was rolled back"):
        await world.trail.append(MAIN, [entry(3)])


async def test_a_full_disk_in_the_middle_of_a_batch_leaves_the_log_whole(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    await world.trail.append(MAIN, [entry(number) for number in range(100)])

    def limit(tx: Transaction, *, spare: int) -> None:
        pages = int(tx.execute(sa.text("PRAGMA page_count")).scalar() or 0)
        tx.execute(sa.text(f"PRAGMA max_page_count = {pages + spare}"))

    await world.database.transact(lambda tx: limit(tx, spare=3))
    batch = [entry(number) for number in range(100, 1_000)]
    with pytest.raises(StorageFailure, match="disk is full"):
        await world.trail.append(MAIN, batch)
    assert (await world.trail.verify(MAIN)).size == 100
    await world.database.transact(lambda tx: limit(tx, spare=10_000))
    done = await world.trail.append(MAIN, batch)
    assert list(done.indexes) == list(range(100, 1_000))
    assert (await world.trail.verify(MAIN)).sound


async def test_a_full_disk_while_the_journal_is_followed_loses_nothing(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    await world.log(100)
    await world.record(500)
    pages = "PRAGMA page_count"

    async def spare(count: int) -> None:
        def work(tx: Transaction) -> None:
            used = int(tx.execute(sa.text(pages)).scalar() or 0)
            tx.execute(sa.text(f"PRAGMA max_page_count = {used + count}"))

        await world.database.transact(work)

    await spare(3)
    with pytest.raises(StorageFailure, match="disk is full"):
        await world.trail.follower().catch_up()
    report = await world.trail.verify(MAIN)
    assert (report.size, report.differences) == (100, ())
    assert "500 entries of the journal are not logged yet" in report.notes
    await spare(10_000)
    await world.trail.follower().catch_up()
    report = await world.trail.verify(MAIN)
    assert (report.size, report.differences) == (600, ())

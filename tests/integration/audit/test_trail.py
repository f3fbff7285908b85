"""Appending exactly once, proving, refusing: on SQLite and Postgres."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import sqlalchemy as sa

from integritas.kernel.clock import SystemRandomness
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import (
    IntegrityViolation,
    InvalidInput,
    NotFound,
    StorageFailure,
)
from integritas.kernel.ids import TenantId
from integritas.services.audit.anchors import Anchors
from integritas.services.audit.api import (
    AUDIT_CHECKPOINTS,
    AUDIT_ENTRIES,
    AUDIT_TILES,
    consistency_holds,
    inclusion_holds,
    leaf_hash,
    parse_checkpoint,
    parse_verifier_key,
)
from integritas.services.audit.external import ExternalEvent
from integritas.services.audit.merkle import root_of
from integritas.services.audit.notes import SigningKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.integration.audit.conftest import World

    from integritas.journal.api import Entry
    from integritas.platform.db import Transaction

pytestmark = pytest.mark.integration

MAIN = TenantId("main")


async def count(world: World, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return await world.database.read(lambda tx: int(tx.execute(query).scalar() or 0))


async def leaves(world: World) -> list[bytes]:
    found = await world.trail.entries(MAIN, start=0, limit=10_000)
    return [leaf_hash(entry.body) for entry in found]


async def test_each_journal_entry_is_logged_once_and_in_order(world: World) -> None:
    await world.log(3, 300)
    found = await world.trail.entries(MAIN, start=0, limit=1_000)
    journal = await world.journal.read(MAIN)
    assert [entry.event_id for entry in found] == [e.event_id for e in journal]
    assert [entry.index for entry in found] == list(range(303))
    assert all(leaf_hash(entry.body) == entry.leaf_hash for entry in found)


async def test_personal_data_never_stands_in_the_log(world: World) -> None:
    await world.log(8)
    bodies = [e.body for e in await world.trail.entries(MAIN, start=0, limit=10)]
    assert not any(b"Jane" in body for body in bodies)
    assert b'"commitment":null' in bodies[1]
    assert b'"commitment":"' in bodies[0]


async def test_a_batch_is_sealed_by_one_signed_checkpoint(world: World) -> None:
    await world.log(3, 300)
    (vkey,) = await world.trail.verifier_keys(MAIN)
    checkpoint = await world.trail.checkpoint(MAIN)
    parsed = parse_checkpoint(checkpoint.note)
    assert parsed.signed_by((parse_verifier_key(vkey),))
    assert (parsed.origin, parsed.size) == ("integritas/main", 303)
    assert parsed.root == checkpoint.root == root_of(await leaves(world))
    assert await count(world, AUDIT_CHECKPOINTS) == 2


async def test_an_untouched_log_verifies(world: World) -> None:
    await world.log(256, 1, 999, 44, 1_000)
    report = await world.trail.verify(MAIN)
    assert report.differences == ()
    assert (report.size, report.notes) == (2_300, ())
    assert report.root == (await world.trail.checkpoint(MAIN)).root


async def test_an_empty_log_verifies_and_has_nothing_to_show(world: World) -> None:
    report = await world.trail.verify(MAIN)
    assert report.sound
    assert report.size == 0
    assert await world.trail.verifier_keys(MAIN) == []
    assert await world.trail.entries(MAIN, start=0, limit=5) == []
    with pytest.raises(NotFound):
        await world.trail.checkpoint(MAIN)
    with pytest.raises(NotFound):
        await world.trail.inclusion(MAIN, index=0)


async def test_entries_not_yet_logged_are_no_difference(world: World) -> None:
    await world.log(5)
    await world.record(5)
    assert (await world.trail.verify(MAIN)).sound


async def test_a_restart_goes_on_where_it_stopped(world: World) -> None:
    await world.log(300)
    again = world.reopened()
    await again.log(7)
    report = await again.trail.verify(MAIN)
    assert report.sound
    assert report.size == 307
    again.database.close()


async def test_verifying_a_log_that_grows_raises_no_alarm(world: World) -> None:
    growing = asyncio.create_task(world.log(*[30] * 15))
    sizes = set()
    while not growing.done():
        report = await world.trail.verify(MAIN)
        assert report.differences == ()
        sizes.add(report.size)
    await growing
    assert len(sizes) > 1
    assert (await world.trail.verify(MAIN)).size == 450


async def test_a_handler_run_twice_appends_nothing_twice(world: World) -> None:
    await world.record(10)
    entries = await world.journal.read(MAIN)
    for part in (entries[:6], entries[:6], entries[3:], entries):
        await world.database.transact(
            lambda tx, part=part: world.trail.handle(tx, MAIN, part)  # type: ignore[misc] # a loop variable kept
        )
    assert await count(world, AUDIT_ENTRIES) == 10
    assert await count(world, AUDIT_CHECKPOINTS) == 2
    assert (await world.trail.verify(MAIN)).sound


async def test_a_lost_cursor_appends_nothing_twice(world: World) -> None:
    await world.log(10)
    await world.database.transact(
        lambda tx: tx.execute(sa.text("DELETE FROM journal_cursors"))
    )
    await world.log(1)
    assert await count(world, AUDIT_ENTRIES) == 11
    assert (await world.trail.verify(MAIN)).sound


async def test_a_batch_that_fails_leaves_nothing(world: World) -> None:
    await world.log(10)
    await world.record(5)
    entries = await world.journal.read(MAIN, after=10)

    def crash(tx: Transaction) -> None:
        world.trail.handle(tx, MAIN, entries)
        raise IntegrityViolation("crash before the commit")

    with pytest.raises(IntegrityViolation, match="crash"):
        await world.database.transact(crash)
    assert (await world.trail.checkpoint(MAIN)).size == 10
    await world.trail.follower().catch_up()
    report = await world.trail.verify(MAIN)
    assert (report.sound, report.size) == (True, 15)


async def test_an_event_with_another_body_is_refused(world: World) -> None:
    await world.log(10)
    (entry, *_) = await world.journal.read(MAIN)
    await refused(world, [replace(entry, subject="case_other")], "another body")


async def test_two_bodies_for_one_event_in_a_batch_are_refused(world: World) -> None:
    await world.record(2)
    one, two = await world.journal.read(MAIN)
    await refused(world, [one, replace(two, event_id=one.event_id)], "another body")
    assert await count(world, AUDIT_ENTRIES) == 0


async def refused(world: World, entries: Sequence[Entry], match: str) -> None:
    with pytest.raises(IntegrityViolation, match=match):
        await world.database.transact(lambda tx: world.trail.handle(tx, MAIN, entries))


async def test_tenants_have_logs_of_their_own(world: World) -> None:
    other = TenantId("other")
    await world.log(5)
    await world.log(3, tenant=other)
    assert (await world.trail.checkpoint(MAIN)).origin == "integritas/main"
    theirs = await world.trail.checkpoint(other)
    assert (theirs.origin, theirs.size) == ("integritas/other", 3)
    assert await world.trail.verifier_keys(MAIN) != await world.trail.verifier_keys(
        other
    )
    assert (await world.trail.verify(MAIN)).sound
    assert (await world.trail.verify(other)).sound


async def test_a_clock_that_jumps_back_is_noted_and_harms_nothing(world: World) -> None:
    await world.log(5)
    world.clock.advance(-3_600)
    await world.log(5)
    report = await world.trail.verify(MAIN)
    assert report.sound
    assert "the clock went back once at audit_entries[5]" in report.notes


async def test_a_clock_that_jumps_back_takes_no_checkpoint_back(world: World) -> None:
    """Entries say the time that was shown; order, sizes and checkpoints only grow."""
    await world.log(5)
    first = await world.trail.checkpoint(MAIN)
    world.clock.advance(-86_400)
    await world.log(3)
    world = world.reopened()  # what was signed last is read anew
    await world.trail.append_events(
        Context(MAIN, SYSTEM, "req-1"),
        [ExternalEvent("erp-1", "com.example.t", "order 1", "erp", "clerk")],
    )
    world.clock.advance(-86_400)
    await world.log(3)
    bodies = [e.body for e in await world.trail.entries(MAIN, start=0, limit=99)]
    days = [orjson.loads(body)["time"][:10] for body in bodies]
    assert days == ["2026-01-01"] * 5 + ["2025-12-31"] * 4 + ["2025-12-30"] * 3
    columns = AUDIT_CHECKPOINTS.c
    query = sa.select(columns.size, columns.created).order_by(columns.number)
    heads = await world.database.read(lambda tx: tx.execute(query).all())
    assert [head.size for head in heads] == [5, 8, 9, 12]
    assert len({head.created for head in heads}) == 1  # of the latest entry covered
    proof = await world.trail.consistency(MAIN, old=5)
    root = (await world.trail.checkpoint(MAIN)).root
    assert consistency_holds(5, 12, first.root, root, proof.hashes)
    report = await world.trail.verify(MAIN, checkpoints=[first.note])
    assert report.differences == ()
    assert "the clock went back 2 times, first at audit_entries[5]" in report.notes
    world.database.close()


async def test_large_data_is_logged_by_hash(world: World) -> None:
    await world.record(1, data="x" * 70_000)
    await world.record(1, data=2**60)
    await world.trail.follower().catch_up()
    bodies = [e.body for e in await world.trail.entries(MAIN, start=0, limit=5)]
    assert all(b"data_digest" in body and len(body) < 65_536 for body in bodies)
    assert (await world.trail.verify(MAIN)).sound


# Proofs -----------------------------------------------------------------------------


async def test_inclusion_proofs_hold_at_old_and_new_sizes(world: World) -> None:
    await world.log(700)
    hashes = await leaves(world)
    for index, size in [(0, 1), (0, 700), (255, 256), (256, 257), (511, 699)]:
        proof = await world.trail.inclusion(MAIN, index=index, size=size)
        root = root_of(hashes[:size])
        assert proof.leaf_hash == hashes[index]
        assert inclusion_holds(proof.leaf_hash, index, size, proof.hashes, root)


async def test_inclusion_is_proved_in_the_newest_tree_by_default(world: World) -> None:
    await world.log(5, 5)
    assert (await world.trail.inclusion(MAIN, index=2)).size == 10


async def test_consistency_proofs_hold(world: World) -> None:
    await world.log(700)
    hashes = await leaves(world)
    for old, new in [(1, 700), (255, 256), (256, 700), (300, 599), (700, 700)]:
        proof = await world.trail.consistency(MAIN, old=old, new=new)
        roots = root_of(hashes[:old]), root_of(hashes[:new])
        assert consistency_holds(old, new, *roots, proof.hashes)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"index": 10}, "index"),
        ({"index": -1}, "index"),
        ({"index": 5, "size": 5}, "index"),
        ({"index": 0, "size": 11}, "size"),
        ({"index": 0, "size": 0}, "size"),
    ],
)
async def test_an_inclusion_proof_beyond_the_tree_is_refused(
    sqlite_world: World, arguments: dict[str, Any], field: str
) -> None:
    await sqlite_world.log(10)
    with pytest.raises(InvalidInput) as caught:
        await sqlite_world.trail.inclusion(MAIN, **arguments)
    assert caught.value.errors[0].path == field


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"old": 11}, "old"), ({"old": 0}, "old"), ({"old": 3, "new": 11}, "new")],
)
async def test_a_consistency_proof_beyond_the_tree_is_refused(
    sqlite_world: World, arguments: dict[str, Any], field: str
) -> None:
    await sqlite_world.log(10)
    with pytest.raises(InvalidInput) as caught:
        await sqlite_world.trail.consistency(MAIN, **arguments)
    assert caught.value.errors[0].path == field


async def test_tiles_are_served_full_and_partial(world: World) -> None:
    await world.log(300)
    hashes = await leaves(world)
    full = await world.trail.tile(MAIN, "0/000")
    assert full == b"".join(hashes[:256])
    assert await world.trail.tile(MAIN, "0/001.p/44") == b"".join(hashes[256:])
    assert await world.trail.tile(MAIN, "0/000.p/3") == full[:96]
    assert await world.trail.tile(MAIN, "1/000.p/1") == root_of(hashes[:256])


async def test_bundles_of_entries_are_length_prefixed(world: World) -> None:
    await world.log(300)
    blob = await world.trail.tile(MAIN, "entries/001.p/44")
    bodies = []
    while blob:
        length = int.from_bytes(blob[:2])
        bodies.append(blob[2 : 2 + length])
        blob = blob[2 + length :]
    assert [leaf_hash(body) for body in bodies] == (await leaves(world))[256:]


@pytest.mark.parametrize(
    "path", ["0/001", "0/001.p/45", "0/002", "2/000", "entries/001"]
)
async def test_a_tile_beyond_the_log_is_not_found(
    sqlite_world: World, path: str
) -> None:
    await sqlite_world.log(300)
    with pytest.raises(NotFound):
        await sqlite_world.trail.tile(MAIN, path)


# Keys, anchors, forks -----------------------------------------------------------------


async def test_the_key_is_made_once_and_for_its_owner_only(sqlite_world: World) -> None:
    await sqlite_world.log(1)
    (path,) = (sqlite_world.state / "keys" / "audit").iterdir()
    assert path.name == "integritas%2Fmain.key"
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_text()
    again = sqlite_world.reopened()
    await again.log(1)
    assert path.read_text() == before
    again.database.close()


def key_file(world: World) -> Path:
    return world.state / "keys" / "audit" / "integritas%2Fmain.key"


def anchor_file(world: World) -> Path:
    return world.state / "anchors" / "audit" / "integritas%2Fmain.json"


async def test_without_its_key_a_log_is_not_gone_on_with(sqlite_world: World) -> None:
    await sqlite_world.log(5)
    key_file(sqlite_world).unlink()
    again = sqlite_world.reopened()
    with pytest.raises(IntegrityViolation, match="missing from the state folder"):
        await again.log(1)
    assert not key_file(again).exists()
    again.database.close()


@pytest.mark.parametrize("anchored", [True, False])
async def test_another_key_refuses_to_sign(sqlite_world: World, anchored: bool) -> None:
    await sqlite_world.log(5)
    key_file(sqlite_world).unlink()
    if not anchored:
        anchor_file(sqlite_world).unlink()
    stranger = sqlite_world.reopened()
    Anchors(stranger.state).make_key("integritas/main", SystemRandomness())
    with pytest.raises(IntegrityViolation, match="was not signed by the key"):
        await stranger.log(1)
    assert (await stranger.trail.checkpoint(MAIN)).size == 5
    stranger.database.close()


async def test_a_broken_key_file_is_named(sqlite_world: World) -> None:
    await sqlite_world.log(5)
    key_file(sqlite_world).write_text("no key\n")
    again = sqlite_world.reopened()
    with pytest.raises(StorageFailure, match=r"main\.key cannot be used"):
        await again.log(1)
    again.database.close()


async def test_a_broken_anchor_is_named(sqlite_world: World) -> None:
    await sqlite_world.log(5)
    anchor_file(sqlite_world).write_text("{}")
    with pytest.raises(StorageFailure, match=r"main\.json cannot be used"):
        await sqlite_world.trail.verify(MAIN)


async def test_a_lost_anchor_is_said_and_made_anew(sqlite_world: World) -> None:
    await sqlite_world.log(5)
    anchor_file(sqlite_world).unlink()
    report = await sqlite_world.trail.verify(MAIN)
    assert report.sound
    assert report.notes == ("no checkpoint is remembered: cannot exclude rollback",)
    await sqlite_world.log(1)
    assert (await sqlite_world.trail.verify(MAIN)).notes == ()


async def test_an_anchor_that_cannot_be_written_loses_nothing(
    sqlite_world: World,
) -> None:
    await sqlite_world.log(1)
    folder = anchor_file(sqlite_world).parent
    before = anchor_file(sqlite_world).read_text()
    anchor_file(sqlite_world).unlink()
    folder.rmdir()
    folder.write_text("in the way")
    await sqlite_world.log(1)
    assert (await sqlite_world.trail.checkpoint(MAIN)).size == 2
    folder.unlink()
    folder.mkdir()
    anchor_file(sqlite_world).write_text(before)
    again = sqlite_world.reopened()
    await again.log(1)
    assert (await again.trail.verify(MAIN)).sound
    again.database.close()


async def rolled_back(world: World) -> None:
    """Take the log, not the journal, back to its first checkpoint."""

    def work(tx: Transaction) -> None:
        tx.execute(sa.delete(AUDIT_CHECKPOINTS).where(AUDIT_CHECKPOINTS.c.number > 1))
        tx.execute(sa.delete(AUDIT_ENTRIES).where(AUDIT_ENTRIES.c.idx >= 5))
        tile = tx.execute(sa.select(AUDIT_TILES.c.hashes)).scalar_one()
        tx.execute(sa.update(AUDIT_TILES).values(hashes=tile[: 5 * 32]))
        tx.execute(sa.text("UPDATE journal_cursors SET seq = 5"))
        tx.execute(sa.text("DELETE FROM journal WHERE seq > 5"))
        tx.execute(sa.text("DELETE FROM journal_personal WHERE seq > 5"))

    await world.database.transact(work)


async def test_a_rollback_is_found_by_the_remembered_checkpoint(world: World) -> None:
    await world.log(5, 5)
    await rolled_back(world)
    (found,) = (await world.trail.verify(MAIN)).differences
    assert found.place == "audit_checkpoints[2]"
    assert "rolled back" in found.message


async def test_a_rollback_is_found_by_a_checkpoint_from_elsewhere(world: World) -> None:
    await world.log(5, 5)
    note = (await world.trail.checkpoint(MAIN)).note
    await rolled_back(world)
    anchor_file(world).unlink()
    assert (await world.trail.verify(MAIN)).sound
    (found,) = (await world.trail.verify(MAIN, checkpoints=[note])).differences
    assert found.place == "checkpoint of size 10"


async def test_a_log_that_was_rolled_back_is_not_gone_on_with(world: World) -> None:
    await world.log(5, 5)
    await rolled_back(world)
    again = world.reopened()
    with pytest.raises(IntegrityViolation, match="was rolled back"):
        await again.log(3)
    again.database.close()


async def test_a_checkpoint_of_a_fork_is_a_difference(
    world: World, tmp_path: Path
) -> None:
    await world.log(5, 5)
    fork = world.beside(tmp_path / "fork")
    key_file(fork).parent.mkdir(parents=True)
    key_file(fork).write_text(key_file(world).read_text())
    await fork.log(7)
    note = (await fork.trail.checkpoint(MAIN)).note
    fork.database.close()
    (found,) = (await world.trail.verify(MAIN, checkpoints=[note])).differences
    assert found.message == "the log does not extend it: its root differs"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_entries WHERE idx = 9",
        "UPDATE audit_checkpoints SET size = 9 WHERE number = 2",
        "UPDATE audit_checkpoints SET root = hashes FROM audit_tiles WHERE number = 2",
        "UPDATE audit_tiles SET hashes = root FROM audit_checkpoints WHERE number = 1",
        "DELETE FROM audit_tiles",
    ],
)
async def test_nothing_is_signed_on_top_of_a_log_that_was_altered(
    world: World, statement: str
) -> None:
    await world.log(5, 5)
    await world.database.transact(lambda tx: tx.execute(sa.text(statement)))
    again = world.reopened()
    with pytest.raises(IntegrityViolation):
        await again.log(1)
    again.database.close()


async def test_a_checkpoint_of_another_log_is_a_difference(world: World) -> None:
    await world.log(5)
    await world.log(5, tenant=TenantId("other"))
    note = (await world.trail.checkpoint(TenantId("other"))).note
    (found,) = (await world.trail.verify(MAIN, checkpoints=[note])).differences
    assert found.message == "is of integritas/other, not of integritas/main"


async def test_a_checkpoint_with_a_broken_signature_is_a_difference(
    world: World,
) -> None:
    await world.log(5)
    stranger = SigningKey("integritas/main", bytes(32))
    checkpoint = parse_checkpoint((await world.trail.checkpoint(MAIN)).note)
    note = f"{checkpoint.text}\n{stranger.sign(checkpoint.text).line()}"
    (found,) = (await world.trail.verify(MAIN, checkpoints=[note])).differences
    assert found.message == "its signature does not verify"


async def test_what_is_planted_about_the_tables_is_named(world: World) -> None:
    await world.log(3)
    assert (await world.trail.verify(MAIN)).differences == ()
    sqlite = world.database.dialect == "sqlite"
    planted = (
        "CREATE TRIGGER t AFTER INSERT ON journal BEGIN SELECT 1; END"
        if sqlite
        else "CREATE RULE t AS ON INSERT TO journal DO INSTEAD NOTHING"
    )
    for statement in (planted, "ALTER TABLE audit_tiles ADD COLUMN more TEXT"):
        await world.database.transact(lambda tx, s=statement: tx.execute(sa.text(s)))  # type: ignore[misc] # mypy sees no default
    found = (await world.trail.verify(MAIN)).differences
    assert [f.place for f in found] == ["journal", "audit_tiles.more"]

"""Legal hold, erasure, retention: payloads go, hashes stay, the log tells of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
import pytest
import sqlalchemy as sa

from integritas.journal.api import ERASED
from integritas.kernel.contracts import Actor, Context
from integritas.kernel.errors import (
    Conflict,
    ContentTooLarge,
    IntegrityViolation,
    InvalidInput,
    NotFound,
    Refused,
)
from integritas.kernel.ids import TenantId
from integritas.kernel.states import ActorKind
from integritas.services.audit.api import (
    AUDIT_PERSONAL,
    inclusion_holds,
    verify_bundle,
)
from integritas.services.audit.external import ExternalEvent
from integritas.services.audit.records import is_pruned
from integritas.services.audit.search import EntryFilter

if TYPE_CHECKING:
    from datetime import datetime

    from tests.integration.audit.conftest import World

    from integritas.kernel.contracts import LoggedEntry

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
ANN = Context(
    MAIN,
    Actor("user_ann", ActorKind.PERSON, frozenset({"admin"}), "192.0.2.7"),
    "req-ann",
)
JANE = {"name": "Jane Roe"}


def event(number: int, **more: object) -> ExternalEvent:
    return ExternalEvent(
        f"erp-{number}",
        "com.example.order.approved.v1",
        f"order {number % 3}",
        "erp",
        "clerk 3",
        **more,  # type: ignore[arg-type] # any of its fields
    )


async def every(world: World) -> list[LoggedEntry]:
    return list(await world.trail.entries(MAIN, start=0, limit=10_000))


async def kept(world: World) -> list[str]:
    query = sa.select(AUDIT_PERSONAL.c.event_id).order_by(AUDIT_PERSONAL.c.event_id)
    return await world.database.read(lambda tx: list(tx.execute(query).scalars()))


async def sound(world: World) -> None:
    report = await world.trail.verify(MAIN)
    assert report.differences == ()


def tomorrow(world: World) -> datetime:
    """Let a day pass."""
    world.clock.advance(86_400)
    return world.clock.now()


async def filled(world: World) -> None:
    """Log entries of the journal and of outside, some with personal data."""
    await world.log(20)
    await world.trail.append_events(
        ANN,
        [
            event(n, personal=JANE if n % 2 else None, actor_address="192.0.2.9")
            for n in range(10)
        ],
    )
    await world.log(300)


# Personal data of outside systems -------------------------------------------------


async def test_personal_data_stands_beside_the_log_under_its_commitment(
    world: World,
) -> None:
    await world.trail.append_events(
        ANN, [event(1, personal=JANE, actor_address="192.0.2.9"), event(2)]
    )
    one, two = (orjson.loads(entry.body) for entry in await every(world))
    assert "Jane" not in str(one)
    assert "192.0.2.9" not in str(one)
    assert len(one["commitment"]) == 64
    assert two["commitment"] is None
    assert await kept(world) == ["erp-1"]
    await sound(world)


async def test_a_retry_with_the_same_personal_data_is_answered(world: World) -> None:
    for _ in range(2):
        done = await world.trail.append_events(ANN, [event(1, personal=JANE)])
        assert list(done.indexes) == [0]
    with pytest.raises(Conflict, match="with another body"):
        await world.trail.append_events(ANN, [event(1, personal={"name": "Joe"})])
    with pytest.raises(Conflict):
        await world.trail.append_events(ANN, [event(1)])
    await sound(world)


async def test_a_retry_after_the_erasure_is_answered(world: World) -> None:
    await world.trail.append_events(ANN, [event(1, personal=JANE)])
    await world.trail.erase(ANN, subject="order 1", reason="asked to")
    done = await world.trail.append_events(ANN, [event(1, personal=JANE)])
    assert list(done.indexes) == [0]
    assert "erp-1" not in await kept(world)
    await sound(world)


async def test_two_commitments_or_too_much_are_refused(world: World) -> None:
    with pytest.raises(InvalidInput) as caught:
        await world.trail.append_events(
            ANN, [event(1, personal=JANE, commitment="ab" * 32)]
        )
    assert caught.value.errors[0].path == "entries[0].commitment"
    with pytest.raises(ContentTooLarge):
        await world.trail.append_events(ANN, [event(1, personal={"x": "y" * 70_000})])
    assert await kept(world) == []


# Erasure --------------------------------------------------------------------------


async def test_erasure_takes_the_data_and_leaves_the_log(world: World) -> None:
    await filled(world)
    before = await every(world)
    # order 1: events 1, 4 and 7, each with an address at least
    assert await world.trail.erase(ANN, subject="order 1", reason="asked to") == 3
    assert await world.trail.erase(ANN, subject="case_0", reason="asked to") == 10
    await world.trail.follower().catch_up()
    after = await every(world)
    assert after[: len(before)] == before
    assert not {"erp-1", "erp-4", "erp-7"} & set(await kept(world))
    assert "erp-2" in await kept(world)
    told = [orjson.loads(entry.body) for entry in after[len(before) :]]
    assert [entry["type"] for entry in told] == [ERASED, ERASED]
    assert told[0]["data"] == {"events": ["erp-1", "erp-4", "erp-7"]}
    assert told[0]["actor"] == {
        "id": "user_ann",
        "kind": "person",
        "roles": ["admin"],
    }
    assert "asked to" not in str(told)
    await sound(world)


async def test_nothing_is_erased_twice(world: World) -> None:
    await filled(world)
    await world.trail.erase(ANN, subject="order 1", reason="asked to")
    size = len(await every(world))
    assert await world.trail.erase(ANN, subject="order 1", reason="asked to") == 0
    assert len(await every(world)) == size


# Legal hold -----------------------------------------------------------------------


async def test_a_hold_lasts_until_it_is_released(world: World) -> None:
    await filled(world)
    await world.trail.hold(ANN, subject="order 1", reason="a court asked")
    (held,) = await world.trail.holds(MAIN)
    assert (held.subject, held.actor) == ("order 1", "user_ann")
    with pytest.raises(Refused, match="under legal hold"):
        await world.trail.erase(ANN, subject="order 1", reason="asked to")
    assert await world.trail.erase(ANN, subject="order 2", reason="asked to")
    await world.trail.release(ANN, subject="order 1", reason="the court is done")
    assert await world.trail.holds(MAIN) == []
    assert await world.trail.erase(ANN, subject="order 1", reason="asked to")
    await sound(world)


async def test_a_hold_on_everything_holds_everything(world: World) -> None:
    await filled(world)
    await world.trail.hold(ANN, subject="*", reason="a court asked")
    with pytest.raises(Refused):
        await world.trail.erase(ANN, subject="order 1", reason="asked to")
    later = tomorrow(world)
    assert await world.trail.prune(ANN, before=later, reason="ten years") == 0


async def test_a_hold_needs_a_reason_and_a_release_a_hold(world: World) -> None:
    await filled(world)
    with pytest.raises(InvalidInput) as caught:
        await world.trail.hold(ANN, subject="", reason=" ")
    assert [error.path for error in caught.value.errors] == ["subject", "reason"]
    with pytest.raises(NotFound):
        await world.trail.release(ANN, subject="order 1", reason="done")


# Retention ------------------------------------------------------------------------


async def test_pruning_takes_payloads_and_leaves_hashes(world: World) -> None:
    await filled(world)
    await world.trail.hold(ANN, subject="order 1", reason="a court asked")
    world.clock.advance(60)
    limit = world.clock.now()
    await world.log(5)
    before = await every(world)
    assert await world.trail.prune(ANN, before=limit, reason="ten years") == 327
    await world.trail.follower().catch_up()
    after = await every(world)
    same = [(e.index, e.event_id, e.leaf_hash) for e in before]
    assert [(e.index, e.event_id, e.leaf_hash) for e in after[: len(same)]] == same
    by_id = {str(entry.event_id): entry for entry in after}
    assert is_pruned(by_id["erp-2"])
    assert not is_pruned(by_id["erp-1"])  # held
    assert "data" not in orjson.loads(by_id["erp-2"].body)
    held = {"erp-1", "erp-4", "erp-7"}
    assert {name for name in await kept(world) if name.startswith("erp")} == held
    assert await world.journal.personal(MAIN, 1) is None
    await sound(world)


async def test_what_is_pruned_can_be_proven_still(world: World) -> None:
    await filled(world)
    later = tomorrow(world)
    await world.trail.prune(ANN, before=later, reason="ten years")
    checkpoint = await world.trail.checkpoint(MAIN)
    proof = await world.trail.inclusion(MAIN, index=7, size=checkpoint.size)
    assert inclusion_holds(
        proof.leaf_hash, 7, checkpoint.size, proof.hashes, checkpoint.root
    )
    with pytest.raises(NotFound, match="were pruned"):
        await world.trail.tile(MAIN, "entries/000")
    with pytest.raises(NotFound, match="were pruned"):
        await world.trail.bundle(MAIN, subject="order 1")


async def test_the_log_goes_on_after_a_pruning(world: World) -> None:
    await filled(world)
    later = tomorrow(world)
    await world.trail.prune(ANN, before=later, reason="ten years")
    assert await world.trail.prune(ANN, before=later, reason="again") == 0
    await world.log(300)
    await world.trail.append_events(ANN, [event(3, personal=JANE), event(99)])
    await sound(world)
    reopened = world.reopened()
    await reopened.log(2)
    lost = "DELETE FROM journal_cursors"
    await reopened.database.transact(lambda tx: tx.execute(sa.text(lost)))
    await reopened.trail.follower().catch_up()  # reads everything again
    await sound(reopened)
    reopened.database.close()


async def test_words_of_what_is_pruned_are_found_no_longer(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    await world.trail.append_events(ANN, [event(1, reason="zebra")])
    chosen = EntryFilter(q="zebra")
    assert len(await world.trail.search(MAIN, chosen, start=0, limit=10)) == 1
    later = tomorrow(world)
    await world.trail.prune(ANN, before=later, reason="ten years")
    assert await world.trail.search(MAIN, chosen, start=0, limit=10) == []
    chosen = EntryFilter(subject="order 1")
    assert len(await world.trail.search(MAIN, chosen, start=0, limit=10)) == 1


async def test_a_limit_that_lies_ahead_is_refused(world: World) -> None:
    await filled(world)
    before = await every(world)
    ahead = world.clock.now() + timedelta(seconds=1)
    with pytest.raises(InvalidInput) as caught:
        await world.trail.prune(ANN, before=ahead, reason="ten years")
    assert [error.path for error in caught.value.errors] == ["before"]
    assert await every(world) == before


async def test_a_log_that_does_not_verify_is_not_pruned(world: World) -> None:
    await filled(world)
    later = tomorrow(world)
    forged = sa.text("UPDATE audit_entries SET event_id = 'x' WHERE idx = 3")
    await world.database.transact(lambda tx: tx.execute(forged))
    with pytest.raises(IntegrityViolation, match=r"audit_entries\[3\].event_id"):
        await world.trail.prune(ANN, before=later, reason="ten years")


async def test_a_bundle_of_an_outside_subject(world: World) -> None:
    await filled(world)
    bundle = await world.trail.bundle(MAIN, subject="order 1")
    assert len(bundle["entries"]) == 3  # type: ignore[arg-type] # a list
    assert verify_bundle(bundle).sound

"""A key is handed over in the log itself, signed by both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from integritas.kernel.clock import SystemRandomness
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import IntegrityViolation, NotFound
from integritas.kernel.ids import TenantId
from integritas.services.audit.api import parse_checkpoint, parse_verifier_key
from integritas.services.audit.handover import Handover, key_chain, parse_handover
from integritas.services.audit.notes import SigningKey

if TYPE_CHECKING:
    from tests.integration.audit.conftest import World

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
CONTEXT = Context(MAIN, SYSTEM, "req-1")
ORIGIN = "integritas/main"


async def rotated(world: World, *counts: int) -> list[str]:
    """Log entries, rotating the key between the batches; return the keys, old first."""
    world.trail._sealer._randomness = SystemRandomness()  # keys must differ
    for number, count in enumerate(counts):
        if number:
            await world.trail.rotate_key(CONTEXT)
        await world.log(count)
    return list(reversed(await world.trail.verifier_keys(MAIN)))


async def test_each_key_signs_its_part_and_the_log_verifies(world: World) -> None:
    keys = await rotated(world, 5, 3, 2)
    assert len(set(keys)) == 3
    assert (await world.trail.verify(MAIN)).differences == ()
    note = parse_checkpoint((await world.trail.checkpoint(MAIN)).note)
    assert note.signed_by((parse_verifier_key(keys[-1]),))
    assert note.size == 12


@pytest.mark.parametrize("number", [0, 1, 2])
async def test_who_trusts_one_key_can_verify_all_of_the_log(
    world: World, number: int
) -> None:
    keys = [parse_verifier_key(key) for key in await rotated(world, 5, 3, 2)]
    assert (await world.trail.verify(MAIN, keys=[keys[number]])).differences == ()


async def test_a_stranger_is_not_trusted(world: World) -> None:
    await rotated(world, 5, 3)
    stranger = SigningKey(ORIGIN, bytes(32)).verifier
    places = [
        found.place
        for found in (await world.trail.verify(MAIN, keys=[stranger])).differences
    ]
    assert "audit_checkpoints[1].note" in places


async def test_a_restart_goes_on_with_the_new_key(world: World) -> None:
    keys = await rotated(world, 5, 3)
    reopened = world.reopened()
    await reopened.log(2)
    assert list(reversed(await reopened.trail.verifier_keys(MAIN))) == keys
    assert (await reopened.trail.verify(MAIN)).differences == ()
    reopened.database.close()


async def test_a_crash_between_the_entry_and_the_key_file_is_settled(
    world: World,
) -> None:
    await world.log(3)
    world.trail._sealer._randomness = SystemRandomness()
    folder = world.state / "keys/audit"
    old = (folder / "integritas%2Fmain.key").read_text()
    new = await world.trail.rotate_key(CONTEXT)
    # As if the process had died after the commit, before the rename.
    (folder / "integritas%2Fmain.key").replace(folder / "integritas%2Fmain.next")
    (folder / "integritas%2Fmain.key").write_text(old)
    reopened = world.reopened()
    await reopened.log(2)
    assert (await reopened.trail.verifier_keys(MAIN))[0] == new
    assert (await reopened.trail.verify(MAIN)).differences == ()
    assert not (folder / "integritas%2Fmain.next").exists()
    reopened.database.close()


async def test_a_key_that_was_never_handed_over_to_is_dropped(world: World) -> None:
    await world.log(3)
    (key,) = await world.trail.verifier_keys(MAIN)
    world.trail._anchors.make_next_key(ORIGIN, SystemRandomness())
    reopened = world.reopened()
    await reopened.log(2)
    assert list(await reopened.trail.verifier_keys(MAIN)) == [key]
    assert (await reopened.trail.verify(MAIN)).sound
    reopened.database.close()


async def test_the_old_key_may_not_sign_on(world: World) -> None:
    await world.log(3)
    old = world.trail._anchors.find_key(ORIGIN)
    assert old is not None
    await rotated(world, 1, 2)
    head = parse_checkpoint((await world.trail.checkpoint(MAIN)).note)
    forged = f"{head.text}\n{old.sign(head.text).line()}"
    update = sa.text("UPDATE audit_checkpoints SET note = :note WHERE size = :size")
    values = {"note": forged, "size": head.size}
    await world.database.transact(lambda tx: tx.execute(update, values))
    number = 4
    places = [found.place for found in (await world.trail.verify(MAIN)).differences]
    assert f"audit_checkpoints[{number}].note" in places
    await world.record(1)
    follower = world.reopened().trail.follower()
    with pytest.raises(IntegrityViolation):
        await follower.catch_up()


async def test_an_empty_log_has_no_key_to_rotate(world: World) -> None:
    with pytest.raises(NotFound, match="no key to rotate"):
        await world.trail.rotate_key(CONTEXT)


async def test_a_handover_that_one_did_not_sign_is_none(world: World) -> None:
    await rotated(world, 2, 1)
    entries = await world.trail.entries(MAIN, start=0, limit=10)
    body = entries[2].body
    found = parse_handover(body, ORIGIN)
    assert found is not None
    assert found.size == 3
    assert parse_handover(body, "other/log") is None
    assert parse_handover(body.replace(b"AAA", b"AAB", 1), ORIGIN) in (found, None)
    flipped = body.replace(b"\\n3\\n", b"\\n4\\n")
    assert flipped != body
    assert parse_handover(flipped, ORIGIN) is None
    assert parse_handover(b"{}", ORIGIN) is None
    assert parse_handover(entries[0].body, ORIGIN) is None


def test_a_chain_needs_a_trusted_end() -> None:
    one, two, three = (
        SigningKey(ORIGIN, bytes([number] * 32)).verifier for number in range(3)
    )
    steps = [Handover(5, one, two), Handover(9, two, three)]
    for key in (one, two, three):
        chain = key_chain([key], steps)
        assert [chain.keys_for(size) for size in (5, 6, 9, 10)] == [
            (one,),
            (two,),
            (two,),
            (three,),
        ]
    other = replace(one, public=bytes(32))
    assert key_chain([other], steps).keys_for(3) == (other,)

"""API keys: a person's own, and those of machines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from integritas.identity.api import NewApiKey, Role, UserChanges, permissions_of
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import (
    InvalidInput,
    NotAuthenticated,
    NotFound,
    NotPermitted,
)
from integritas.kernel.ids import DEFAULT_TENANT, KeyId, TenantId
from integritas.kernel.states import MOVES, ActorKind, CaseState

if TYPE_CHECKING:
    from tests.integration.identity.conftest import World

pytestmark = pytest.mark.integration
CONTEXT = Context(DEFAULT_TENANT, SYSTEM, "test")


async def test_own_key_acts_for_its_owner(world: World) -> None:
    ann = await world.signed_in()
    issued = await world.identity.keys.create(ann, NewApiKey("laptop"), "req")
    principal = await world.identity.verify(issued.secret)
    assert principal.actor == ann.actor
    assert principal.permissions == ann.permissions
    assert (principal.user, principal.key) == (ann.user, issued.key.id)
    assert principal.session is None


async def test_scopes_narrow_a_key(world: World) -> None:
    ann = await world.signed_in()
    new = NewApiKey("reader", frozenset({"cases:read"}))
    issued = await world.identity.keys.create(ann, new, "req")
    principal = await world.identity.verify(issued.secret)
    assert principal.permissions == {"cases:read"}
    with pytest.raises(NotPermitted):
        principal.require("cases:write")


async def test_scopes_cannot_widen_it(world: World) -> None:
    ann = await world.signed_in()
    new = NewApiKey("boss", frozenset({"users:manage", "no:such"}))
    with pytest.raises(InvalidInput) as refused:
        await world.identity.keys.create(ann, new, "req")
    assert [error.path for error in refused.value.errors] == ["scopes", "scopes"]


async def test_key_loses_what_its_owner_loses(world: World) -> None:
    ann = await world.signed_in("ann", Role.REVIEWER)
    issued = await world.identity.keys.create(ann, NewApiKey("laptop"), "req")
    assert (await world.identity.verify(issued.secret)).permits("approvals:decide")
    changes = UserChanges(roles={Role.VIEWER})
    await world.identity.users.update(CONTEXT, ann.user, changes)  # type: ignore[arg-type] # ann is a user
    after = await world.identity.verify(issued.secret)
    assert after.permissions == permissions_of(frozenset({Role.VIEWER}))


async def test_key_does_not_gain_what_its_owner_gains(world: World) -> None:
    ann = await world.signed_in("ann", Role.VIEWER)
    issued = await world.identity.keys.create(ann, NewApiKey("laptop"), "req")
    changes = UserChanges(roles={Role.REVIEWER})
    await world.identity.users.update(CONTEXT, ann.user, changes)  # type: ignore[arg-type] # ann is a user
    assert not (await world.identity.verify(issued.secret)).permits("approvals:decide")


async def test_key_of_a_disabled_user_is_dead(world: World) -> None:
    ann = await world.signed_in()
    issued = await world.identity.keys.create(ann, NewApiKey("laptop"), "req")
    await world.identity.verify(issued.secret)
    await world.identity.users.update(CONTEXT, ann.user, UserChanges(disabled=True))  # type: ignore[arg-type] # ann is a user
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(issued.secret)


async def test_machine_key_is_no_person(world: World) -> None:
    admin = await world.signed_in("root", Role.ADMIN)
    new = NewApiKey("intake", machine=True)
    issued = await world.identity.keys.create(admin, new, "req")
    principal = await world.identity.verify(issued.secret)
    assert principal.roles == {Role.SERVICE}
    assert principal.user is None
    assert principal.actor.id == issued.key.id
    assert principal.actor.kind is ActorKind.POLICY
    assert principal.permits("submissions:write")
    assert not principal.permits("cases:transition")


def test_kind_of_machines_may_make_no_move_of_persons_or_platform() -> None:
    for moves in MOVES.values():
        for target, move in moves.items():
            if target in {CaseState.CANCELLED, CaseState.FAILED, CaseState.PENDING}:
                assert ActorKind.POLICY not in move.actors


async def test_machine_key_is_for_admins_to_make(world: World) -> None:
    ann = await world.signed_in()
    with pytest.raises(NotPermitted, match="keys:manage"):
        await world.identity.keys.create(ann, NewApiKey("x", machine=True), "req")


async def test_machine_key_gets_no_permission_of_people(world: World) -> None:
    admin = await world.signed_in("root", Role.ADMIN)
    new = NewApiKey("x", frozenset({"cases:transition"}), machine=True)
    with pytest.raises(InvalidInput, match="cases:transition"):
        await world.identity.keys.create(admin, new, "req")


async def test_key_makes_no_keys(world: World) -> None:
    ann = await world.signed_in()
    issued = await world.identity.keys.create(ann, NewApiKey("laptop"), "req")
    bearer = await world.identity.verify(issued.secret)
    with pytest.raises(NotPermitted, match="sign in"):
        await world.identity.keys.create(bearer, NewApiKey("another"), "req")


@pytest.mark.parametrize(
    ("new", "path"),
    [
        (NewApiKey(""), "name"),
        (NewApiKey("x" * 101), "name"),
        (NewApiKey("a\0"), "name"),
        (NewApiKey("x", expires_at=datetime(2026, 6, 1)), "expires_at"),  # noqa: DTZ001 - that is the fault
        (
            NewApiKey("x", expires_at=datetime.fromisoformat("2025-12-31T00:00:00Z")),
            "expires_at",
        ),
    ],
)
async def test_bad_key_is_told_the_field(
    world: World, new: NewApiKey, path: str
) -> None:
    ann = await world.signed_in()
    with pytest.raises(InvalidInput) as refused:
        await world.identity.keys.create(ann, new, "req")
    (error,) = refused.value.errors
    assert error.path == path
    assert error.remedy


async def test_key_expires_even_if_remembered(world: World) -> None:
    ann = await world.signed_in()
    until = world.clock.now() + timedelta(seconds=5)
    new = NewApiKey("brief", expires_at=until)
    issued = await world.identity.keys.create(ann, new, "req")
    assert (await world.identity.verify(issued.secret)).expires_at == until
    world.clock.advance(5)
    for identity in (world.identity, world.again()):
        with pytest.raises(NotAuthenticated):
            await identity.verify(issued.secret)


async def test_revoked_key_is_dead_at_once(world: World) -> None:
    ann = await world.signed_in()
    issued = await world.identity.keys.create(ann, NewApiKey("laptop"), "req")
    await world.identity.verify(issued.secret)
    for _ in range(2):
        await world.identity.keys.revoke(ann, issued.key.id, "req")
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(issued.secret)
    (entry,) = await world.entries("key_revoked")
    assert (entry.subject, entry.actor_id) == (issued.key.id, ann.user)


async def test_key_of_another_is_not_there(world: World) -> None:
    ann, bob = await world.signed_in("ann"), await world.signed_in("bob")
    issued = await world.identity.keys.create(ann, NewApiKey("laptop"), "req")
    with pytest.raises(NotFound):
        await world.identity.keys.revoke(bob, issued.key.id, "req")
    with pytest.raises(NotFound):
        await world.identity.keys.revoke(ann, KeyId("key_none"), "req")
    await world.identity.verify(issued.secret)


async def test_machine_sees_no_keys(world: World) -> None:
    admin = await world.signed_in("root", Role.ADMIN)
    new = NewApiKey("intake", machine=True)
    issued = await world.identity.keys.create(admin, new, "req")
    machine = await world.identity.verify(issued.secret)
    with pytest.raises(NotPermitted):
        await world.identity.keys.list(machine)
    with pytest.raises(NotFound):
        await world.identity.keys.revoke(machine, issued.key.id, "req")


async def test_one_sees_ones_own_and_an_admin_all(world: World) -> None:
    ann, bob = await world.signed_in("ann"), await world.signed_in("bob")
    admin = await world.signed_in("root", Role.ADMIN)
    keys = world.identity.keys
    own = (await keys.create(ann, NewApiKey("1"), "req")).key
    other = (await keys.create(bob, NewApiKey("2"), "req")).key
    machine = (await keys.create(admin, NewApiKey("3", machine=True), "req")).key
    assert list(await keys.list(ann)) == [own]
    assert list(await keys.list(admin)) == [own, other, machine]
    assert list(await keys.list(admin, after=own.id, limit=1)) == [other]


async def test_admin_revokes_any_key(world: World) -> None:
    ann = await world.signed_in("ann")
    admin = await world.signed_in("root", Role.ADMIN)
    issued = await world.identity.keys.create(ann, NewApiKey("laptop"), "req")
    await world.identity.keys.revoke(admin, issued.key.id, "req")
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(issued.secret)


async def test_key_is_of_its_tenant_only(world: World) -> None:
    ann = await world.signed_in()
    await world.identity.ensure_tenant(TenantId("other"))
    issued = await world.identity.keys.create(ann, NewApiKey("laptop"), "req")
    moved = issued.secret.replace("ik_main-", "ik_other-")
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(moved)


@pytest.mark.parametrize("text", ["ik_", "ik_main-aaaaaaaa_" + "a" * 48, "ik_\ud800"])
async def test_unknown_key_is_refused(world: World, text: str) -> None:
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(text)


async def test_creation_is_in_the_journal_and_the_secret_nowhere(world: World) -> None:
    ann = await world.signed_in()
    issued = await world.identity.keys.create(ann, NewApiKey("laptop"), "req")
    (entry,) = await world.entries("key_created")
    assert entry.subject == issued.key.id
    assert entry.data["prefix"] == issued.key.prefix
    assert await world.personal(entry) == {"name": "laptop"}
    assert issued.secret not in repr((entry, issued))

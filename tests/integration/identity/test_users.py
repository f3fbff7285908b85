"""Users: created, changed, disabled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integritas.identity.api import NewApiKey, NewUser, Role, UserChanges
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import (
    Conflict,
    InvalidInput,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    Refused,
    VersionConflict,
)
from integritas.kernel.ids import DEFAULT_TENANT, TenantId, UserId, is_id

if TYPE_CHECKING:
    from tests.integration.identity.conftest import World

pytestmark = pytest.mark.integration
CONTEXT = Context(DEFAULT_TENANT, SYSTEM, "test")
OTHER = TenantId("other")


async def test_created_user_can_be_read(world: World) -> None:
    user = await world.user("Ann")
    assert is_id(user.id, "user")
    assert user.display_name == "Ann"
    assert await world.identity.users.get(DEFAULT_TENANT, user.id) == user


async def test_creation_is_in_the_journal_without_the_name(world: World) -> None:
    user = await world.user("ann", Role.VIEWER, Role.AUDITOR)
    (entry,) = await world.entries("user_created")
    assert entry.subject == user.id
    assert entry.data == {"roles": ["auditor", "viewer"], "teams": []}
    assert await world.personal(entry) == {
        "username": "ann",
        "display_name": "ann",
        "email": None,
    }


async def test_taken_name_is_a_conflict_in_any_spelling(world: World) -> None:
    await world.user("ann")
    with pytest.raises(Conflict) as refused:
        await world.user("ANN")
    assert refused.value.errors[0].path == "username"
    assert len(await world.identity.users.list(DEFAULT_TENANT)) == 1


async def test_same_name_in_two_tenants_is_two_users(world: World) -> None:
    ours, theirs = await world.user(), await world.user(tenant=OTHER)
    assert ours.id != theirs.id
    assert list(await world.identity.users.list(OTHER)) == [theirs]


async def test_user_of_another_tenant_is_not_there(world: World) -> None:
    theirs = await world.user(tenant=OTHER)
    with pytest.raises(NotFound):
        await world.identity.users.get(DEFAULT_TENANT, theirs.id)
    with pytest.raises(NotFound):
        await world.identity.users.update(CONTEXT, theirs.id, UserChanges())


async def test_no_user_without_a_tenant(world: World) -> None:
    context = Context(TenantId("nowhere"), SYSTEM, "test")
    with pytest.raises(NotFound, match="nowhere"):
        await world.identity.users.create(context, NewUser("ann", {Role.VIEWER}))


async def test_all_faults_are_told_at_once(world: World) -> None:
    await world.identity.ensure_tenant()
    new = NewUser("", set(), "short", "\0", "nowhere")
    with pytest.raises(InvalidInput) as refused:
        await world.identity.users.create(CONTEXT, new)
    told = refused.value.errors
    assert {error.path for error in told} == {
        "username",
        "display_name",
        "roles",
        "email",
        "password",
    }
    assert all(error.remedy for error in told)
    assert not await world.identity.users.list(DEFAULT_TENANT)


async def test_users_are_listed_by_pages(world: World) -> None:
    users = [await world.user(name) for name in ("ann", "bob", "cid")]
    listing = world.identity.users.list
    first = await listing(DEFAULT_TENANT, limit=2)
    assert list(first) == users[:2]
    assert list(await listing(DEFAULT_TENANT, after=first[-1].id)) == users[2:]


async def test_changes_are_written_and_told(world: World) -> None:
    user = await world.user()
    world.clock.advance(60)
    changes = UserChanges(
        display_name="Ann B.", email="ann@example.org", roles={Role.REVIEWER}
    )
    after = await world.identity.users.update(CONTEXT, user.id, changes)
    assert after == await world.identity.users.get(DEFAULT_TENANT, user.id)
    assert (after.display_name, after.email) == ("Ann B.", "ann@example.org")
    assert after.version == 2
    assert after.updated_at == world.clock.now()
    (entry,) = await world.entries("user_changed")
    assert entry.data["changed"] == ["display_name", "email", "roles"]
    assert entry.data["roles"] == ["reviewer"]
    assert await world.personal(entry) == {
        "display_name": "Ann B.",
        "email": "ann@example.org",
    }


async def test_empty_address_removes_it(world: World) -> None:
    user = await world.user()
    users = world.identity.users
    await users.update(CONTEXT, user.id, UserChanges(email="ann@example.org"))
    assert (await users.update(CONTEXT, user.id, UserChanges(email=""))).email is None


async def test_change_of_nothing_is_none(world: World) -> None:
    user = await world.user()
    changes = UserChanges(roles={Role.ANALYST}, disabled=False)
    assert await world.identity.users.update(CONTEXT, user.id, changes) == user
    assert not await world.entries("user_changed")


async def test_change_of_an_old_version_is_refused(world: World) -> None:
    user = await world.user()
    users = world.identity.users
    await users.update(CONTEXT, user.id, UserChanges(display_name="A"), expect=1)
    with pytest.raises(VersionConflict):
        await users.update(CONTEXT, user.id, UserChanges(display_name="B"), expect=1)
    assert (await users.get(DEFAULT_TENANT, user.id)).display_name == "A"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (UserChanges(password="short"), "password"),
        (UserChanges(roles={Role.SERVICE}), "roles"),
        (UserChanges(roles=frozenset()), "roles"),
        (UserChanges(email="nowhere"), "email"),
        (UserChanges(display_name="\0"), "display_name"),
    ],
)
async def test_bad_change_is_told_the_field(
    world: World, changes: UserChanges, path: str
) -> None:
    user = await world.user()
    with pytest.raises(InvalidInput) as refused:
        await world.identity.users.update(CONTEXT, user.id, changes)
    assert [error.path for error in refused.value.errors] == [path]


async def test_unknown_user_is_not_there(world: World) -> None:
    with pytest.raises(NotFound):
        await world.identity.users.get(DEFAULT_TENANT, UserId("user_none"))


@pytest.mark.parametrize(
    "changes", [UserChanges(disabled=True), UserChanges(roles={Role.VIEWER})]
)
async def test_last_administrator_stays(world: World, changes: UserChanges) -> None:
    root = await world.user("root", Role.ADMIN)
    await world.user("ann")
    with pytest.raises(Refused, match="last administrator"):
        await world.identity.users.update(CONTEXT, root.id, changes)
    await world.user("deputy", Role.ADMIN)
    await world.identity.users.update(CONTEXT, root.id, changes)


async def test_administrator_of_another_tenant_does_not_count(world: World) -> None:
    root = await world.user("root", Role.ADMIN)
    await world.user("root", Role.ADMIN, tenant=OTHER)
    with pytest.raises(Refused):
        await world.identity.users.update(CONTEXT, root.id, UserChanges(disabled=True))


async def test_new_password_ends_all_sessions(world: World) -> None:
    user = await world.user()
    pair = await world.login()
    await world.identity.verify(pair.access_token)
    changes = UserChanges(password="another good one")
    await world.identity.users.update(CONTEXT, user.id, changes)
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(pair.access_token)
    with pytest.raises(NotAuthenticated):
        await world.login()
    await world.login(password="another good one")
    (entry,) = await world.entries("user_changed")
    assert entry.data["changed"] == ["password"]


async def test_own_password_changes_with_the_current_one(world: World) -> None:
    ann = await world.signed_in()
    users = world.identity.users
    with pytest.raises(InvalidInput) as refused:
        await users.change_password(ann, "not this", "another good one", "req")
    assert refused.value.errors[0].path == "current"
    await users.change_password(ann, "correct horse battery", "another good one", "req")
    await world.login(password="another good one")


async def test_key_changes_no_password(world: World) -> None:
    ann = await world.signed_in()
    issued = await world.identity.keys.create(ann, NewApiKey("laptop"), "req")
    bearer = await world.identity.verify(issued.secret)
    with pytest.raises(NotPermitted):
        await world.identity.users.change_password(
            bearer, "correct horse battery", "another good one", "req"
        )

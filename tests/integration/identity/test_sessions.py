"""Signing in, staying in, getting out."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from argon2.profiles import CHEAPEST

from integritas.identity.api import Identity, Login, Role, UserChanges
from integritas.identity.sessions import ACCESS_TTL_S, REFRESH_TTL, SESSION_TTL
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import NotAuthenticated, NotFound, TooManyRequests
from integritas.kernel.ids import DEFAULT_TENANT, TenantId, UserId
from integritas.kernel.states import ActorKind
from integritas.platform.security import Passwords
from integritas.platform.tokens import TokenKind

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.identity.conftest import World

pytestmark = pytest.mark.integration
CONTEXT = Context(DEFAULT_TENANT, SYSTEM, "test")


async def fail(world: World, times: int, name: str = "ann") -> None:
    for _ in range(times):
        with pytest.raises(NotAuthenticated):
            await world.login(name, "wrong password")


async def test_right_password_gives_a_session(world: World) -> None:
    user = await world.user()
    pair = await world.login()
    principal = await world.identity.verify(pair.access_token)
    assert principal == pair.principal
    assert principal.user == principal.actor.id == user.id
    assert principal.actor.kind is ActorKind.PERSON
    assert principal.roles == {Role.ANALYST}
    assert principal.permits("cases:write")
    assert not principal.permits("users:manage")
    assert pair.expires_in_s == ACCESS_TTL_S


async def test_any_spelling_of_the_name_does(world: World) -> None:
    await world.user("Ann")
    assert (await world.login("aNN")).access_token


async def test_wrong_password_does_not(world: World) -> None:
    await world.user()
    with pytest.raises(NotAuthenticated, match="name or the password"):
        await world.login(password="wrong password")


async def test_refusals_do_not_tell_why(world: World) -> None:
    await world.user()
    await world.user("nopassword", password=None)
    bob = await world.user("bob")
    await world.identity.users.update(CONTEXT, bob.id, UserChanges(disabled=True))
    said = set()
    for login in (
        Login(DEFAULT_TENANT, "ann", "wrong password"),
        Login(DEFAULT_TENANT, "nobody", "wrong password"),
        Login(DEFAULT_TENANT, "nopassword", "wrong password"),
        Login(DEFAULT_TENANT, "bob", "correct horse battery"),
        Login(TenantId("nowhere"), "ann", "correct horse battery"),
        Login(TenantId("\ud800"), "ann", "correct horse battery"),
        Login(DEFAULT_TENANT, "\ud800\0", "correct horse battery"),
        Login(DEFAULT_TENANT, "ann", "x" * 10_000),
    ):
        with pytest.raises(NotAuthenticated) as refused:
            await world.identity.sessions.login(login, "req")
        said.add(str(refused.value))
    assert len(said) == 1


async def test_success_is_in_the_journal_and_the_name_is_not(world: World) -> None:
    user = await world.user()
    pair = await world.login()
    (entry,) = await world.entries("login_succeeded")
    assert entry.subject == entry.actor_id == user.id
    assert entry.data == {"session": pair.principal.session, "method": "password"}
    assert entry.correlation_id == "req"
    assert await world.personal(entry) == {"username": "ann", "address": "192.0.2.7"}


async def test_failures_are_in_the_journal_with_their_cause(world: World) -> None:
    user = await world.user()
    await fail(world, 1)
    await fail(world, 1, "nobody\0")
    entries = await world.entries("login_failed")
    assert [(e.subject, e.data["cause"]) for e in entries] == [
        (user.id, "wrong_password"),
        ("user_unknown", "unknown_user"),
    ]
    assert all(e.actor_id == "platform:identity" for e in entries)
    assert await world.personal(entries[1]) == {
        "username": "nobody\ufffd",
        "address": "192.0.2.7",
    }


async def test_attempts_on_a_tenant_that_is_not_leave_no_entry(world: World) -> None:
    with pytest.raises(NotAuthenticated):
        await world.login(tenant=TenantId("nowhere"))
    assert "nowhere" not in await world.journal.tenants()


@pytest.mark.parametrize("name", ["ann", "nobody"])
async def test_repeated_failures_are_refused_for_a_while(
    world: World, name: str
) -> None:
    await world.user()
    await fail(world, 5, name)
    with pytest.raises(TooManyRequests) as refused:
        await world.login(name)
    assert refused.value.retry_after_s == 2
    (entry,) = [
        e for e in await world.entries("login_failed") if e.data["cause"] == "locked"
    ]
    assert entry.correlation_id == "req"


async def test_after_the_pause_the_right_password_does_and_clears(world: World) -> None:
    await world.user()
    await fail(world, 5)
    world.clock.advance(2)
    await world.login()
    await fail(world, 4)
    await world.login()


async def test_pauses_grow_with_further_failures(world: World) -> None:
    await world.user()
    await fail(world, 5)
    world.clock.advance(2)
    await fail(world, 1)
    with pytest.raises(TooManyRequests) as refused:
        await world.login()
    assert refused.value.retry_after_s == 4


async def test_attempts_during_a_pause_do_not_lengthen_it(world: World) -> None:
    await world.user()
    await fail(world, 5)
    for _ in range(3):
        with pytest.raises(TooManyRequests):
            await world.login()
    world.clock.advance(2)
    await world.login()


async def test_failures_are_forgotten_after_a_day(world: World) -> None:
    await world.user()
    await fail(world, 4)
    world.clock.advance(24 * 3600 + 1)
    await fail(world, 4)
    await world.login()


async def test_guesses_at_once_are_no_way_round_the_pause(world: World) -> None:
    await world.user()
    guesses = [world.login(password=f"wrong {n}") for n in range(20)]
    told = await asyncio.gather(*guesses, world.login(), return_exceptions=True)
    refused = [error for error in told[:-1] if isinstance(error, NotAuthenticated)]
    locked = [error for error in told if isinstance(error, TooManyRequests)]
    assert len(refused) <= 6
    assert len(refused) + len(locked) >= 20


async def test_old_hash_is_renewed_at_the_next_login(world: World) -> None:
    user = await world.user()
    stronger = Identity(
        world.database,
        world.journal,
        world.clock,
        world.randomness,
        world.ids,
        state_dir=world.folder,
        hasher=Passwords(replace(CHEAPEST, time_cost=2)),
    )
    login = Login(DEFAULT_TENANT, "ann", "correct horse battery")
    for _ in range(2):
        await stronger.sessions.login(login, "req")
    assert (await world.identity.users.get(DEFAULT_TENANT, user.id)).version == 2
    assert (await world.login()).access_token


async def test_password_changed_while_it_is_checked_does_not_open(
    world: World,
) -> None:
    user = await world.user()

    class Slow(Passwords):
        """Takes so long that the password is changed meanwhile."""

        async def verify(self, encoded: str | None, password: str) -> bool:
            right = await super().verify(encoded, password)
            changes = UserChanges(password="another good one")
            await world.identity.users.update(CONTEXT, user.id, changes)
            return right

    slow = Identity(
        world.database,
        world.journal,
        world.clock,
        world.randomness,
        world.ids,
        state_dir=world.folder,
        hasher=Slow(CHEAPEST),
    )
    login = Login(DEFAULT_TENANT, "ann", "correct horse battery")
    with pytest.raises(NotAuthenticated):
        await slow.sessions.login(login, "req")


async def test_an_administrator_ends_all_sessions_of_a_user(world: World) -> None:
    user = await world.user()
    pairs = [await world.login() for _ in range(2)]
    await world.identity.verify(pairs[0].access_token)
    sessions = world.identity.sessions
    assert await sessions.end_all(CONTEXT, user.id) == 2
    assert await sessions.end_all(CONTEXT, user.id) == 0
    for pair in pairs:
        with pytest.raises(NotAuthenticated):
            await world.identity.verify(pair.access_token)
        with pytest.raises(NotAuthenticated):
            await sessions.refresh(pair.refresh_token, "req")
    (entry,) = await world.entries("sessions_ended")
    assert (entry.subject, entry.data) == (user.id, {"sessions": 2})
    await world.login()


async def test_sessions_of_nobody_or_of_another_tenant_are_not_ended(
    world: World,
) -> None:
    user = await world.user()
    pair = await world.login()
    other = Context(TenantId("other"), SYSTEM, "test")
    for context, who in ((CONTEXT, UserId("user_none")), (other, user.id)):
        with pytest.raises(NotFound):
            await world.identity.sessions.end_all(context, who)
    await world.identity.verify(pair.access_token)


# Access tokens --------------------------------------------------------------------


async def test_access_token_expires(world: World) -> None:
    await world.user()
    pair = await world.login()
    world.clock.advance(ACCESS_TTL_S + 5)
    with pytest.raises(NotAuthenticated, match="expired"):
        await world.identity.verify(pair.access_token)


async def test_remembered_token_expires_too(world: World) -> None:
    await world.user()
    pair = await world.login()
    world.clock.advance(ACCESS_TTL_S - 1)
    await world.identity.verify(pair.access_token)
    world.clock.advance(6)
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(pair.access_token)


async def test_known_token_needs_no_database(world: World) -> None:
    await world.user()
    pair = await world.login()
    known = await world.identity.verify(pair.access_token)
    world.database.close()
    assert await world.identity.verify(pair.access_token) is known


async def test_tampered_token_is_refused(world: World) -> None:
    await world.user()
    pair = await world.login()
    head, body, signature = pair.access_token.split(".")
    for text in (f"{head}.{body}.", f"{head}.{body[:-2]}.{signature}", "", "x"):
        with pytest.raises(NotAuthenticated):
            await world.identity.verify(text)


async def test_refresh_token_opens_nothing(world: World) -> None:
    await world.user()
    pair = await world.login()
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(pair.refresh_token)


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant": TenantId("other")},
        {"tenant": None},
        {"session": None},
        {"session": "sess_other"},
        {"audience": "spam"},
    ],
)
async def test_token_that_does_not_fit_its_session_is_refused(
    world: World, changes: dict[str, Any]
) -> None:
    await world.user()
    await world.user(tenant=TenantId("other"))
    principal = (await world.login()).principal
    wanted: dict[str, Any] = {
        "audience": "integritas-api",
        "ttl_s": 60,
        "tenant": DEFAULT_TENANT,
        "session": principal.session,
    }
    sign = world.identity.tokens.sign
    await world.identity.verify(sign(TokenKind.ACCESS, str(principal.user), **wanted))
    text = sign(TokenKind.ACCESS, str(principal.user), **(wanted | changes))
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(text)


async def test_token_of_a_session_is_no_other_users(world: World) -> None:
    ann, bob = await world.signed_in("ann"), await world.signed_in("bob")
    text = world.identity.tokens.sign(
        TokenKind.ACCESS,
        str(bob.user),
        audience="integritas-api",
        ttl_s=60,
        tenant=DEFAULT_TENANT,
        session=ann.session,
    )
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(text)


async def test_token_signed_elsewhere_is_refused(world: World, tmp_path: Path) -> None:
    await world.user()
    pair = await world.login()
    stranger = Identity(
        world.database,
        world.journal,
        world.clock,
        world.randomness,
        world.ids,
        state_dir=tmp_path / "elsewhere",
    )
    with pytest.raises(NotAuthenticated):
        await stranger.verify(pair.access_token)


async def test_new_roles_count_at_once(world: World) -> None:
    user = await world.user()
    pair = await world.login()
    await world.identity.verify(pair.access_token)
    changes = UserChanges(roles={Role.VIEWER})
    await world.identity.users.update(CONTEXT, user.id, changes)
    assert (await world.identity.verify(pair.access_token)).roles == {Role.VIEWER}


async def test_disabled_user_is_out_at_once(world: World) -> None:
    user = await world.user()
    pair = await world.login()
    await world.identity.verify(pair.access_token)
    await world.identity.users.update(CONTEXT, user.id, UserChanges(disabled=True))
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(pair.access_token)
    with pytest.raises(NotAuthenticated):
        await world.identity.sessions.refresh(pair.refresh_token, "req")


async def test_enabled_again_the_old_session_stays_over(world: World) -> None:
    user = await world.user()
    pair = await world.login()
    for disabled in (True, False):
        changes = UserChanges(disabled=disabled)
        await world.identity.users.update(CONTEXT, user.id, changes)
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(pair.access_token)
    await world.login()


async def test_other_process_hears_within_ten_seconds(world: World) -> None:
    user = await world.user()
    pair = await world.login()
    elsewhere = world.again()
    await elsewhere.verify(pair.access_token)
    await world.identity.users.update(CONTEXT, user.id, UserChanges(disabled=True))
    world.clock.advance(10)
    with pytest.raises(NotAuthenticated):
        await elsewhere.verify(pair.access_token)


# Refresh ---------------------------------------------------------------------------


async def test_refresh_gives_a_new_pair_of_the_same_session(world: World) -> None:
    await world.user()
    first = await world.login()
    second = await world.identity.sessions.refresh(first.refresh_token, "req")
    assert second.refresh_token != first.refresh_token
    assert second.principal.session == first.principal.session
    await world.identity.verify(second.access_token)


async def test_replayed_refresh_token_ends_the_session(world: World) -> None:
    user = await world.user()
    first = await world.login()
    second = await world.identity.sessions.refresh(first.refresh_token, "req")
    await world.identity.verify(second.access_token)
    with pytest.raises(NotAuthenticated, match="used before"):
        await world.identity.sessions.refresh(first.refresh_token, "req-2")
    with pytest.raises(NotAuthenticated):
        await world.identity.sessions.refresh(second.refresh_token, "req")
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(second.access_token)
    (entry,) = await world.entries("session_ended")
    assert (entry.subject, entry.data["cause"]) == (user.id, "refresh_reused")
    assert entry.actor_id == "platform:identity"


async def test_replay_leaves_other_sessions_alone(world: World) -> None:
    await world.user()
    stolen, other = await world.login(), await world.login()
    await world.identity.sessions.refresh(stolen.refresh_token, "req")
    with pytest.raises(NotAuthenticated):
        await world.identity.sessions.refresh(stolen.refresh_token, "req")
    await world.identity.verify(other.access_token)


async def test_of_two_refreshes_at_once_one_wins(world: World) -> None:
    await world.user()
    pair = await world.login()
    told = await asyncio.gather(
        *(world.identity.sessions.refresh(pair.refresh_token, "req") for _ in "ab"),
        return_exceptions=True,
    )
    assert sorted(isinstance(answer, NotAuthenticated) for answer in told) == [
        False,
        True,
    ]


async def test_refresh_token_expires(world: World) -> None:
    await world.user()
    pair = await world.login()
    world.clock.advance(REFRESH_TTL.total_seconds())
    with pytest.raises(NotAuthenticated):
        await world.identity.sessions.refresh(pair.refresh_token, "req")


async def test_session_ends_after_a_week_whatever_is_refreshed(world: World) -> None:
    await world.user()
    pair = await world.login()
    step = REFRESH_TTL.total_seconds() / 2
    for _ in range(13):
        world.clock.advance(step)
        pair = await world.identity.sessions.refresh(pair.refresh_token, "req")
    world.clock.advance(SESSION_TTL.total_seconds() - 13 * step - 60)
    pair = await world.identity.sessions.refresh(pair.refresh_token, "req")
    assert pair.expires_in_s == 60
    world.clock.advance(60)
    with pytest.raises(NotAuthenticated):
        await world.identity.sessions.refresh(pair.refresh_token, "req")


@pytest.mark.parametrize(
    "text", ["", "x", "ir_main-aaaaaaaa_" + "a" * 48, "ik_main-aaaaaaaa_" + "a" * 48]
)
async def test_unknown_refresh_token_is_refused(world: World, text: str) -> None:
    with pytest.raises(NotAuthenticated):
        await world.identity.sessions.refresh(text, "req")


async def test_refresh_token_is_of_its_tenant_only(world: World) -> None:
    await world.user()
    await world.user(tenant=TenantId("other"))
    pair = await world.login()
    moved = pair.refresh_token.replace("ir_main-", "ir_other-")
    with pytest.raises(NotAuthenticated):
        await world.identity.sessions.refresh(moved, "req")
    await world.identity.sessions.refresh(pair.refresh_token, "req")


async def test_what_is_over_is_cleared_away(world: World) -> None:
    await world.user()
    old = await world.login()
    world.clock.advance(SESSION_TTL.total_seconds())
    await world.login()
    with pytest.raises(NotAuthenticated, match="unknown"):
        await world.identity.sessions.refresh(old.refresh_token, "req")


# Revocation ------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
async def test_revoked_session_is_over_at_once(world: World, which: str) -> None:
    user = await world.user()
    pair = await world.login()
    await world.identity.verify(pair.access_token)
    await world.identity.sessions.revoke(getattr(pair, which), "req")
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(pair.access_token)
    with pytest.raises(NotAuthenticated):
        await world.identity.sessions.refresh(pair.refresh_token, "req")
    (entry,) = await world.entries("session_ended")
    assert entry.actor_id == entry.subject == user.id
    assert entry.data["cause"] == "logout"


async def test_revoking_twice_is_told_once(world: World) -> None:
    await world.user()
    pair = await world.login()
    for _ in range(2):
        await world.identity.sessions.revoke(pair.refresh_token, "req")
    assert len(await world.entries("session_ended")) == 1


@pytest.mark.parametrize("text", ["", "x.y.z", "ir_main-aaaaaaaa_" + "a" * 48])
async def test_revoking_nothing_is_no_error(world: World, text: str) -> None:
    await world.identity.sessions.revoke(text, "req")
    assert not await world.entries("session_ended")

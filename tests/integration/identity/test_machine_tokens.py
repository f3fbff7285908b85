"""Client credentials: a machine's key gives a short-lived token (RFC 6749, 4.4)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from integritas.identity.api import IssuedKey, NewApiKey, Principal, Role, TokenPair
from integritas.identity.parts import ACCESS_TTL_S, AUDIENCE
from integritas.kernel.errors import NotAuthenticated, NotPermitted
from integritas.kernel.ids import DEFAULT_TENANT, TenantId
from integritas.platform.tokens import TokenKind

if TYPE_CHECKING:
    from tests.integration.identity.conftest import World

pytestmark = pytest.mark.integration


async def machine(
    world: World, *scopes: str, lasts_s: float | None = None
) -> tuple[Principal, IssuedKey]:
    admin = await world.signed_in("root", Role.ADMIN)
    expires_at = None
    if lasts_s is not None:
        expires_at = world.clock.now() + timedelta(seconds=lasts_s)
    new = NewApiKey("robot", frozenset(scopes), machine=True, expires_at=expires_at)
    return admin, await world.identity.keys.create(admin, new, "req")


async def sign_in(world: World, client: str, secret: str) -> TokenPair:
    return await world.identity.keys.sign_in(client, secret, "192.0.2.9", "req-7")


async def test_a_machine_gets_a_token_and_no_refresh_token(world: World) -> None:
    _, issued = await machine(world, "cases:read")
    pair = await sign_in(world, issued.key.id, issued.secret)
    assert pair.refresh_token == ""
    assert pair.expires_in_s == ACCESS_TTL_S
    principal = await world.identity.verify(pair.access_token)
    assert principal.permissions == {"cases:read"}
    assert principal.roles == {Role.SERVICE}
    assert principal.actor.id == principal.key == issued.key.id
    assert principal.user is None
    assert principal.session is None


async def test_it_is_in_the_journal(world: World) -> None:
    _, issued = await machine(world)
    await sign_in(world, issued.key.id, issued.secret)
    with pytest.raises(NotAuthenticated):
        await sign_in(world, "key_other", issued.secret)
    succeeded = (await world.entries("login_succeeded"))[-1]
    assert (succeeded.subject, succeeded.actor_id) == (issued.key.id, issued.key.id)
    assert succeeded.data == {"method": "client_credentials"}
    assert await world.personal(succeeded) == {"address": "192.0.2.9"}
    (failed,) = await world.entries("login_failed")
    assert (failed.subject, failed.actor_id) == ("key_unknown", "platform:identity")
    assert failed.data == {"method": "client_credentials", "cause": "wrong_secret"}


@pytest.mark.parametrize("secret", ["", "x", "ik_main-aaaaaaaa_" + "a" * 48, "\ud800"])
async def test_a_secret_that_is_none_is_refused(world: World, secret: str) -> None:
    _, issued = await machine(world)
    with pytest.raises(NotAuthenticated):
        await sign_in(world, issued.key.id, secret)


async def test_an_unknown_tenant_has_no_journal_to_write_to(world: World) -> None:
    with pytest.raises(NotAuthenticated):
        await sign_in(world, "key_1", "ik_nowhere-aaaaaaaa_" + "a" * 48)
    assert "nowhere" not in await world.journal.tenants()


async def test_a_persons_key_gives_no_token(world: World) -> None:
    principal = await world.signed_in()
    issued = await world.identity.keys.create(principal, NewApiKey("mine"), "req")
    with pytest.raises(NotAuthenticated):
        await sign_in(world, issued.key.id, issued.secret)
    (failed,) = await world.entries("login_failed")
    assert failed.data["cause"] == "not_a_machine"


async def test_a_revoked_key_ends_its_tokens_at_once(world: World) -> None:
    admin, issued = await machine(world)
    pair = await sign_in(world, issued.key.id, issued.secret)
    await world.identity.verify(pair.access_token)
    await world.identity.keys.revoke(admin, issued.key.id, "req")
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(pair.access_token)
    with pytest.raises(NotAuthenticated):
        await sign_in(world, issued.key.id, issued.secret)


async def test_no_token_outlives_its_key(world: World) -> None:
    _, issued = await machine(world, lasts_s=100)
    pair = await sign_in(world, issued.key.id, issued.secret)
    assert pair.expires_in_s == 100
    world.clock.advance(106)
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(pair.access_token)
    with pytest.raises(NotAuthenticated):
        await sign_in(world, issued.key.id, issued.secret)


async def test_a_token_makes_no_keys(world: World) -> None:
    _, issued = await machine(world)
    pair = await sign_in(world, issued.key.id, issued.secret)
    principal = await world.identity.verify(pair.access_token)
    with pytest.raises(NotPermitted):
        await world.identity.keys.create(principal, NewApiKey("more"), "req")


@pytest.mark.parametrize("tenant", [None, TenantId("other"), DEFAULT_TENANT])
@pytest.mark.parametrize("whose", ["nobody", "person"])
async def test_a_token_without_session_is_a_machines_or_nobodys(
    world: World, tenant: TenantId | None, whose: str
) -> None:
    principal = await world.signed_in()
    issued = await world.identity.keys.create(principal, NewApiKey("mine"), "req")
    text = world.identity.tokens.sign(
        TokenKind.ACCESS,
        issued.key.id if whose == "person" else "key_none",
        audience=AUDIENCE,
        ttl_s=60,
        tenant=tenant,
    )
    with pytest.raises(NotAuthenticated):
        await world.identity.verify(text)

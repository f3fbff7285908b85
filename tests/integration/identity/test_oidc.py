"""OpenID Connect against a real provider (npm oidc-provider, certified)."""

from __future__ import annotations

import base64
import hmac
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import pytest_asyncio
from argon2.profiles import CHEAPEST
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import RSAKey

from integritas.gateway.routes.oidc import router
from integritas.identity.api import Identity, OidcSettings, Role, TokenPair, UserChanges
from integritas.identity.oidc import COOKIE_TTL_S, OpenIdLogin
from integritas.kernel.clock import SystemClock
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import (
    InvalidInput,
    NotAuthenticated,
    NotPermitted,
    Unavailable,
)
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.platform.sealing import Sealer
from integritas.platform.security import Passwords

if TYPE_CHECKING:
    from tests.integration.identity.conftest import World

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
SOURCE = Path(__file__).parent / "provider"
BACK = "http://127.0.0.1:8000/api/v1/auth/oidc/callback"
SECRET = "a secret of the client"
CONTEXT = Context(DEFAULT_TENANT, SYSTEM, "test")
PEOPLE = {
    "p-1": {
        "email": "Ann@example.org",
        "email_verified": True,
        "preferred_username": "ann",
        "name": "Ann Onym",
    },
    "p-2": {"email": "bob@example.org", "email_verified": False},
}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the provider, or skip where there is no Node.js."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node.js is not installed: no OpenID provider to sign in at")
    home = tmp_path_factory.mktemp("provider")
    shutil.copytree(SOURCE, home, dirs_exist_ok=True)
    subprocess.run(  # noqa: S603 - the locked packages, without their scripts
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=home,
        check=True,
        capture_output=True,
    )
    server = subprocess.Popen(  # noqa: S603 - our own script
        [node, "provider.mjs", BACK],
        cwd=home,
        env={**os.environ, "PEOPLE": json.dumps(PEOPLE)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    port = server.stdout.readline().strip()
    assert port, "the provider did not start"
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait(10)
    server.stdout.close()


@dataclass
class Browser:
    """Somebody who clicks through the provider's pages."""

    world: World
    identity: Identity

    @property
    def oidc(self) -> OpenIdLogin:
        assert self.identity.oidc is not None
        return self.identity.oidc

    async def walk(self, who: str, address: str) -> dict[str, str]:
        """Return what the provider sends back."""
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{address}&{urlencode({'login_hint': who})}")
            while (where := answer.headers["location"]).split("?")[0] != BACK:
                answer = await client.get(httpx.URL(address).join(where))
        return {
            name: value[0] for name, value in parse_qs(urlsplit(where).query).items()
        }

    async def enter(self, who: str) -> TokenPair:
        address, cookie = await self.oidc.begin()
        return await self.oidc.finish(
            cookie, await self.walk(who, address), "192.0.2.7", "req"
        )


@pytest_asyncio.fixture
async def browser(world: World, issuer: str) -> AsyncIterator[Browser]:
    # The provider's tokens carry the machine's time.
    clock = SystemClock()
    settings = OidcSettings(issuer, "integritas", SECRET, BACK, DEFAULT_TENANT, None)
    identity = Identity(
        world.database,
        world.journal,
        clock,
        world.randomness,
        world.ids,
        state_dir=world.folder,
        hasher=Passwords(CHEAPEST),
        oidc=settings,
    )
    yield Browser(world, identity)
    assert identity.oidc is not None
    await identity.oidc.close()


def making(browser: Browser, role: Role = Role.VIEWER) -> None:
    browser.oidc.settings = replace(browser.oidc.settings, role=role)


async def test_a_user_with_the_verified_address_comes_in(browser: Browser) -> None:
    user = await browser.world.user("anybody")
    changes = UserChanges(email="ann@example.org")
    await browser.world.identity.users.update(CONTEXT, user.id, changes)
    pair = await browser.enter("p-1")
    principal = await browser.identity.verify(pair.access_token)
    assert principal.user == user.id
    (linked,) = await browser.world.entries("external_identity_linked")
    assert linked.subject == user.id
    assert linked.data == {"issuer": browser.oidc.settings.issuer}
    (entered,) = await browser.world.entries("login_succeeded")
    assert entered.data["method"] == "oidc"
    # Known by now, whatever becomes of the address.
    gone = UserChanges(email="")
    await browser.world.identity.users.update(CONTEXT, user.id, gone)
    assert (await browser.enter("p-1")).principal.user == user.id
    assert len(await browser.world.entries("external_identity_linked")) == 1


@pytest.mark.parametrize("who", ["p-1", "p-2"])
async def test_nobody_known_is_nobody_let_in(browser: Browser, who: str) -> None:
    bob = await browser.world.user("bob")
    changes = UserChanges(email="bob@example.org")  # p-2's is not verified
    await browser.world.identity.users.update(CONTEXT, bob.id, changes)
    with pytest.raises(NotPermitted) as refused:
        await browser.enter(who)
    assert "INTEGRITAS_OIDC_ROLE" in refused.value.errors[0].remedy
    (failed,) = await browser.world.entries("login_failed")
    assert failed.data == {"cause": "unknown_user", "method": "oidc"}


async def test_with_a_role_for_it_a_user_is_made(browser: Browser) -> None:
    await browser.world.identity.ensure_tenant()
    making(browser, Role.ANALYST)
    principal = (await browser.enter("p-1")).principal
    assert principal.roles == {Role.ANALYST}
    user = await browser.world.identity.users.get(
        DEFAULT_TENANT,
        principal.user or principal.actor.id,  # type: ignore[arg-type]
    )
    assert (user.username, user.display_name) == ("ann", "Ann Onym")
    assert (await browser.enter("p-1")).principal.user == user.id
    assert len(await browser.world.entries("user_created")) == 1


async def test_a_taken_name_is_not_taken_over(browser: Browser) -> None:
    ann = await browser.world.user("ann")
    making(browser)
    principal = (await browser.enter("p-1")).principal
    assert principal.user != ann.id
    nameless = (await browser.enter("p-2")).principal
    assert nameless.user not in {ann.id, principal.user}


async def test_a_disabled_user_stays_out(browser: Browser) -> None:
    await browser.world.identity.ensure_tenant()
    making(browser)
    principal = (await browser.enter("p-1")).principal
    assert principal.user is not None
    changes = UserChanges(disabled=True)
    await browser.world.identity.users.update(CONTEXT, principal.user, changes)
    with pytest.raises(NotAuthenticated, match="disabled"):
        await browser.enter("p-1")


async def test_a_code_works_once(browser: Browser) -> None:
    await browser.world.identity.ensure_tenant()
    making(browser)
    address, cookie = await browser.oidc.begin()
    answer = await browser.walk("p-1", address)
    await browser.oidc.finish(cookie, answer, None, "req")
    with pytest.raises(NotAuthenticated, match="does not take the code"):
        await browser.oidc.finish(cookie, answer, None, "req")


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "another"},
        {"state": None},
        {"iss": "https://evil.example"},
        {"code": None, "error": "access_denied"},
        {"code": "made up"},
    ],
)
async def test_an_answer_to_something_else_is_refused(
    browser: Browser, changes: dict[str, str | None]
) -> None:
    address, cookie = await browser.oidc.begin()
    answer: dict[str, Any] = {**await browser.walk("p-1", address), **changes}
    given = {name: value for name, value in answer.items() if value is not None}
    with pytest.raises(NotAuthenticated, match="begin again"):
        await browser.oidc.finish(cookie, given, None, "req")


@pytest.mark.parametrize("cookie", ["", "x", "other", "old"])
async def test_another_browsers_answer_is_refused(
    browser: Browser, cookie: str
) -> None:
    address, own = await browser.oidc.begin()
    answer = await browser.walk("p-1", address)
    shown = (await browser.oidc.begin())[1] if cookie == "other" else cookie
    if cookie == "old":
        sealer = Sealer.load(browser.world.folder / "keys")
        long_ago = int(SystemClock().now().timestamp()) - COOKIE_TTL_S - 60
        opened = sealer.open(own)
        shown = sealer._fernet.encrypt_at_time(str(opened).encode(), long_ago).decode()
    with pytest.raises(NotAuthenticated, match="begin again"):
        await browser.oidc.finish(shown, answer, None, "req")


async def test_the_routes_carry_it_in_a_cookie(browser: Browser) -> None:
    await browser.world.identity.ensure_tenant()
    making(browser)
    app = FastAPI()
    app.state.parts = SimpleNamespace(identity=browser.identity)
    app.include_router(router, prefix="/api/v1")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        sent = await client.get("/api/v1/auth/oidc/login")
        assert sent.status_code == 302
        cookie = sent.headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=lax", "Path=/api/v1/auth/oidc", "Max-Age"):
            assert part in cookie
        answer = await browser.walk("p-1", sent.headers["location"])
        entered = await client.get("/api/v1/auth/oidc/callback", params=answer)
        assert entered.headers["cache-control"] == "no-store"
        assert not client.cookies
    principal = await browser.identity.verify(entered.json()["access_token"])
    assert principal.roles == {Role.VIEWER}


# ID tokens -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong", ["aud", "iss", "exp", "nonce", "azp", "key", "hs256", "none", "empty"]
)
async def test_a_token_that_is_not_for_us_is_refused(
    browser: Browser, wrong: str
) -> None:
    own = RSAKey.generate_key(2048, {"kid": "k"}, private=True)
    known = await browser.oidc._provider()
    known.keys.keys.append(own)
    now = int(SystemClock().now().timestamp())
    claims: dict[str, Any] = {
        "iss": browser.oidc.settings.issuer,
        "aud": "integritas",
        "sub": "p-1",
        "exp": now + 60,
        "iat": now,
        "nonce": "n",
    }
    good = jwt.encode({"alg": "RS256", "kid": "k"}, claims, own)
    assert (await browser.oidc._claims(good, "n")).subject == "p-1"
    changes: dict[str, dict[str, Any]] = {
        "aud": {"aud": "another"},
        "iss": {"iss": "https://evil.example"},
        "exp": {"exp": now - 3_600},
        "nonce": {"nonce": "m"},
        "azp": {"azp": "another"},
    }
    changed = changes.get(wrong, {})
    text = jwt.encode({"alg": "RS256", "kid": "k"}, {**claims, **changed}, own)
    if wrong == "key":
        stranger = RSAKey.generate_key(2048, {"kid": "k"}, private=True)
        text = jwt.encode({"alg": "RS256", "kid": "k"}, claims, stranger)
    if wrong == "hs256":  # the public key as a shared secret
        head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"k"}').decode()
        signed = f"{head.rstrip('=')}.{text.split('.')[1]}"
        mac = hmac.digest(own.as_pem(private=False), signed.encode(), "sha256")
        text = f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    if wrong == "none":
        head = "eyJhbGciOiJub25lIn0"
        text = f"{head}.{text.split('.')[1]}."
    if wrong == "empty":
        text = ""
    with pytest.raises(NotAuthenticated, match="ID token"):
        await browser.oidc._claims(text, "n")


async def test_a_provider_that_is_away_is_said_to_be(browser: Browser) -> None:
    browser.oidc.settings = replace(browser.oidc.settings, issuer="http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="cannot be reached"):
        await browser.oidc.begin()


@pytest.mark.parametrize("address", ["http://idp.example/token", "https://i]dp/", ""])
async def test_a_provider_that_names_what_is_not_safe_is_not_used(
    browser: Browser, address: str
) -> None:
    issuer = browser.oidc.settings.issuer

    def answer(_: httpx.Request) -> httpx.Response:
        fine = f"{issuer}/x"
        named = {"authorization_endpoint": fine, "jwks_uri": fine}
        return httpx.Response(
            200, json={"issuer": issuer, **named, "token_endpoint": address}
        )

    await browser.oidc.close()
    browser.oidc._client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    with pytest.raises(Unavailable, match="token_endpoint is not https"):
        await browser.oidc.begin()


def test_a_provider_without_tls_is_refused(world: World) -> None:
    settings = OidcSettings("http://idp.example", "x", None, BACK, DEFAULT_TENANT, None)
    with pytest.raises(InvalidInput, match="not safe"):
        Identity(
            world.database,
            world.journal,
            world.clock,
            world.randomness,
            world.ids,
            state_dir=world.folder,
            oidc=settings,
        )

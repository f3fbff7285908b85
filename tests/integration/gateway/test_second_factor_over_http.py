"""The second factor and machines' tokens through the door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp

PASSWORD = "several words together"


async def ask(gateway: Any, **body: Any) -> httpx.Response:
    async with gateway.client() as client:
        answer: httpx.Response = await client.post("/api/v1/auth/token", json=body)
    return answer


def fresh_code(totp: pyotp.TOTP) -> str:
    """Return the next step's code, which none before it has used up."""
    return totp.at(datetime.now(UTC) + timedelta(seconds=30))


async def test_from_the_qr_code_to_the_sign_in(gateway: Any, tenant: Any) -> None:
    client = await tenant.client("analyst")
    begun = await client.post("/api/v1/auth/totp")
    assert begun.status_code == 201
    assert begun.json()["uri"].startswith("otpauth://totp/Integritas:analyst?")
    totp = pyotp.TOTP(begun.json()["secret"])
    confirmed = await client.post(
        "/api/v1/auth/totp/confirm", json={"code": totp.now()}
    )
    assert confirmed.status_code == 200, confirmed.text
    body = {"username": "analyst", "password": PASSWORD, "tenant": tenant.name}
    needed = await ask(gateway, **body)
    assert needed.status_code == 401
    assert needed.json()["code"] == "second_factor_required"
    assert (await ask(gateway, **body, code=fresh_code(totp))).status_code == 200
    recovery = confirmed.json()["recovery_codes"][0]
    assert (await ask(gateway, **body, code=recovery)).status_code == 200
    again = await client.post("/api/v1/auth/totp")
    assert again.status_code == 409
    wrong = await client.post("/api/v1/auth/totp/remove", json={"code": "000000"})
    assert wrong.status_code == 422
    other = confirmed.json()["recovery_codes"][1]
    gone = await client.post("/api/v1/auth/totp/remove", json={"code": other})
    assert gone.status_code == 204
    assert (await ask(gateway, **body)).status_code == 200


async def test_an_administrator_resets_it(
    tenant: Any, admin: httpx.AsyncClient
) -> None:
    client = await tenant.client("viewer")
    totp = pyotp.TOTP((await client.post("/api/v1/auth/totp")).json()["secret"])
    await client.post("/api/v1/auth/totp/confirm", json={"code": totp.now()})
    me = (await client.get("/api/v1/me")).json()["id"]
    assert (await client.delete(f"/api/v1/users/{me}/totp")).status_code == 403
    assert (await admin.delete(f"/api/v1/users/{me}/totp")).status_code == 204
    assert (await client.get("/api/v1/me")).status_code == 401  # its sessions ended


async def test_an_administrator_ends_sessions(
    tenant: Any, admin: httpx.AsyncClient
) -> None:
    client = await tenant.client("viewer")
    me = (await client.get("/api/v1/me")).json()["id"]
    assert (await admin.delete(f"/api/v1/users/{me}/sessions")).status_code == 204
    assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_machine_signs_in_with_its_key(
    gateway: Any, admin: httpx.AsyncClient
) -> None:
    made = await admin.post("/api/v1/api-keys", json={"name": "r", "machine": True})
    key = made.json()
    grant = {"grant_type": "client_credentials", "client_id": key["id"]}
    answer = await ask(gateway, **grant, client_secret=key["secret"])
    assert answer.status_code == 200
    assert answer.json()["refresh_token"] is None
    async with gateway.client(answer.json()["access_token"]) as client:
        assert (await client.get("/api/v1/me")).json()["id"] == key["id"]
    assert (await ask(gateway, **grant, client_secret="x")).status_code == 401
    assert (await ask(gateway, **grant)).status_code == 422


async def test_tokens_outlive_the_rotation_of_their_key(
    tenant: Any, admin: httpx.AsyncClient, gateway: Any
) -> None:
    async with gateway.client() as client:
        before = (await client.get("/api/v1/auth/jwks.json")).json()["keys"]
        rotated = await admin.post("/api/v1/auth/keys/rotate")
        assert rotated.status_code == 200
        after = (await client.get("/api/v1/auth/jwks.json")).json()["keys"]
    assert [key["kid"] for key in after] == [
        *(key["kid"] for key in before),
        rotated.json()["kid"],
    ]
    assert (await admin.get("/api/v1/me")).status_code == 200
    async with gateway.client(await tenant.token("admin")) as fresh:
        assert (await fresh.get("/api/v1/me")).status_code == 200

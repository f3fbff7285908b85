"""The token endpoint as an OAuth 2.0 client meets it (RFC 6749)."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

PASSWORD = "several words together"
TOKEN = "/api/v1/auth/token"


async def ask(
    gateway: Any, form: dict[str, str] | str, **headers: str
) -> httpx.Response:
    headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    content = form if isinstance(form, str) else urlencode(form)
    async with gateway.client(**headers) as client:
        answer: httpx.Response = await client.post(
            TOKEN, content=content, headers=headers
        )
    assert answer.headers["cache-control"] == "no-store"
    return answer


def basic(client: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()


async def machine(tenant: Any) -> dict[str, str]:
    admin = await tenant.client("admin")
    body = {"name": "robot", "machine": True, "scopes": ["cases:read"]}
    issued = (await admin.post("/api/v1/api-keys", json=body)).json()
    return {"client_id": issued["id"], "client_secret": issued["secret"]}


async def test_a_password_and_a_refresh_token(gateway: Any, tenant: Any) -> None:
    await tenant.client("viewer")
    form = {
        "grant_type": "password",
        "username": "viewer",
        "password": PASSWORD,
        "tenant": tenant.name,
        "scope": "",  # empty: as if left out (3.2)
        "what": "ignored",  # unknown: ignored
    }
    pair = await ask(gateway, form)
    assert pair.status_code == 200, pair.text
    assert pair.headers["pragma"] == "no-cache"
    assert pair.json()["token_type"] == "bearer"
    again = {
        "grant_type": "refresh_token",
        "refresh_token": pair.json()["refresh_token"],
    }
    renewed = await ask(gateway, again)
    assert renewed.status_code == 200
    async with gateway.client(renewed.json()["access_token"]) as client:
        assert (await client.get("/api/v1/me")).json()["roles"] == ["viewer"]
    replayed = await ask(gateway, again)  # each works once
    assert replayed.status_code == 400
    assert replayed.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("way", ["body", "basic", "both ids"])
async def test_a_machine(gateway: Any, tenant: Any, way: str) -> None:
    client = await machine(tenant)
    shown = basic(client["client_id"], client["client_secret"])
    form = {"grant_type": "client_credentials"}
    if way == "body":
        answer = await ask(gateway, form | client)
    elif way == "basic":
        answer = await ask(gateway, form, Authorization=shown)
    else:
        form["client_id"] = client["client_id"]
        answer = await ask(gateway, form, Authorization=shown)
    assert answer.status_code == 200, answer.text
    assert answer.json()["refresh_token"] is None


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"username": "x", "password": "wrong password"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "rt_x"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "password", "username": "x"}, "invalid_request"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": "\u2028\"\\'"}, "unsupported_grant_type"),
        ({"username": "x" * 300, "password": "y"}, "invalid_request"),
        ("grant_type=password&grant_type=password", "invalid_request"),
        ("username=%ff&password=x", "invalid_request"),
        ("username=\xe4&password=x", "invalid_request"),
        ("&".join(f"a{n}=b" for n in range(60)), "invalid_request"),
        ("nonsense", "invalid_request"),
        ("", "invalid_request"),
    ],
)
async def test_a_refusal_says_which(
    gateway: Any, form: dict[str, str] | str, error: str
) -> None:
    answer = await ask(gateway, form)
    assert answer.status_code == 400, answer.text
    document = answer.json()
    assert set(document) == {"error", "error_description"}
    assert document["error"] == error
    assert document["error_description"]
    assert not set(document["error_description"]) & {'"', "\\"}


async def test_a_client_that_is_none(gateway: Any, tenant: Any) -> None:
    form = {"grant_type": "client_credentials"}
    client = await machine(tenant)
    wrong = await ask(gateway, form, Authorization=basic(client["client_id"], "wrong"))
    assert wrong.status_code == 401
    assert wrong.json()["error"] == "invalid_client"
    assert wrong.headers["www-authenticate"] == "Basic"
    no_header = await ask(gateway, {**form, **client, "client_secret": "wrong"})
    assert (no_header.status_code, no_header.json()["error"]) == (401, "invalid_client")
    shown = basic(client["client_id"], client["client_secret"])
    for more in (client, {"client_id": "key_other"}):  # two ways at once, two clients
        twice = await ask(gateway, form | more, Authorization=shown)
        assert twice.json()["error"] == "invalid_request"
    for bad in ("Basic", "Basic ?", "Basic eA=="):
        answer = await ask(gateway, form, Authorization=bad)
        assert answer.json()["error"] == "invalid_request"


async def test_json_is_answered_as_ever(gateway: Any) -> None:
    async with gateway.client() as client:
        answer = await client.post(TOKEN, json={"grant_type": "authorization_code"})
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        wrong = await client.post(TOKEN, json={"username": "x", "password": "y"})
        assert wrong.json()["code"] == "not_authenticated"

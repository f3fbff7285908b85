"""The door's protection: headers, other pages' scripts, limits of a caller, the log."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from integritas.gateway.app import create_app
from integritas.kernel.clock import ManualClock
from integritas.platform.limits import MemoryBuckets, RateLimit, RateLimits
from integritas.platform.logging import configure_logging

WORKBENCH = "https://workbench.example.org"


def remade(gateway: Any, **changes: Any) -> FastAPI:
    """Return another app over the same parts."""
    parts = gateway.app.state.parts
    return create_app(
        replace(parts, metrics=CollectorRegistry(), on_start=(), on_stop=(), **changes)
    )


def client_of(app: FastAPI, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://testserver",
        headers={"Authorization": f"Bearer {token}"},
    )


async def test_every_answer_is_shielded(admin: httpx.AsyncClient) -> None:
    for path in ("/api/v1/me", "/api/v1/nothing", "/healthz", "/api/docs"):
        headers = (await admin.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert "default-src" in headers["content-security-policy"], path
    assert (await admin.get("/api/v1/me")).headers["cache-control"] == "no-store"


async def test_the_documents_pages_load_nothing_from_elsewhere(
    admin: httpx.AsyncClient,
) -> None:
    for path in ("/api/docs", "/api/redoc"):
        page = await admin.get(path)
        assert "https://" not in page.text, path
        assert "default-src 'self'" in page.headers["content-security-policy"]


async def test_scripts_of_other_pages_may_call_where_allowed(
    gateway: Any, tenant: Any
) -> None:
    await tenant.client("viewer")
    token = await tenant.token("viewer")
    app = remade(gateway, cors_origins=(WORKBENCH,))
    asked = {"Access-Control-Request-Method": "PATCH"}
    asked["Access-Control-Request-Headers"] = "authorization,if-match"
    async with client_of(app, token) as client:
        for origin, allowed in ((WORKBENCH, WORKBENCH), ("https://evil.example", None)):
            preflight = await client.options(
                "/api/v1/cases/x", headers={"Origin": origin, **asked}
            )
            given = preflight.headers.get("access-control-allow-origin")
            assert given == allowed
            answer = await client.get("/api/v1/me", headers={"Origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed
        assert (
            "ETag"
            in (await client.get("/api/v1/me", headers={"Origin": WORKBENCH})).headers[
                "access-control-expose-headers"
            ]
        )


async def test_without_a_setting_no_page_may(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/api/v1/me", headers={"Origin": WORKBENCH})
    assert "access-control-allow-origin" not in answer.headers


async def test_a_caller_over_the_limit_waits_and_others_do_not(
    gateway: Any, tenant: Any, clock: ManualClock
) -> None:
    for who in ("viewer", "analyst"):
        await tenant.client(who)
    limit = RateLimit("caller", MemoryBuckets(clock), per_s=1, burst=2)
    app = remade(gateway, limits=RateLimits(caller=limit))
    viewer, analyst = await tenant.token("viewer"), await tenant.token("analyst")
    async with client_of(app, viewer) as client, client_of(app, analyst) as other:
        answers = [await client.get("/api/v1/me") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[1].headers["ratelimit"] == '"caller";r=0;t=2'
        assert answers[1].headers["ratelimit-policy"] == '"caller";q=2;w=2'
        assert answers[2].headers["retry-after"] == "1"
        assert (await other.get("/api/v1/me")).status_code == 200
        clock.advance(1)
        assert (await client.get("/api/v1/me")).status_code == 200


async def test_a_second_token_is_no_second_caller(
    gateway: Any, tenant: Any, clock: ManualClock
) -> None:
    await tenant.client("viewer")
    limit = RateLimit("caller", MemoryBuckets(clock), per_s=1, burst=1)
    app = remade(gateway, limits=RateLimits(caller=limit))
    answers = []
    for _ in range(2):
        async with client_of(app, await tenant.token("viewer")) as client:
            answers.append((await client.get("/api/v1/me")).status_code)
    assert answers == [200, 429]


async def test_an_answer_given_again_counts_as_any_other(
    gateway: Any, tenant: Any, clock: ManualClock
) -> None:
    await tenant.client("admin")
    limit = RateLimit("caller", MemoryBuckets(clock), per_s=1, burst=3)
    app = remade(gateway, limits=RateLimits(caller=limit))
    body = {"username": "ada", "roles": ["viewer"]}
    async with client_of(app, await tenant.token("admin")) as client:
        answers = [
            await client.post(
                "/api/v1/users", json=body, headers={"Idempotency-Key": "k"}
            )
            for _ in range(4)
        ]
        assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
        assert answers[0].headers["ratelimit"] == '"caller";r=2;t=1'
        assert answers[1].headers["idempotency-replayed"] == "true"
        assert answers[1].headers["ratelimit"] == '"caller";r=1;t=2'
        assert answers[3].headers["retry-after"] == "1"


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
async def test_a_body_that_does_not_come_is_late_not_large(
    gateway: Any, tenant: Any, headers: dict[str, str]
) -> None:
    await tenant.client("admin")
    app = remade(gateway, body_timeout_s=0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with client_of(app, await tenant.token("admin")) as client:
        sent = {"Content-Type": "application/json", **headers}
        answer = await client.post("/api/v1/users", content=slow(), headers=sent)
    assert answer.status_code == 408
    assert answer.json()["code"] == "request_timeout"


# The log ---------------------------------------------------------------------------


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Return all that is logged meanwhile, of libraries too."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging(level="debug", form="json", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


async def test_no_secret_of_a_request_is_in_the_log(
    gateway: Any, tenant: Any, log: io.StringIO
) -> None:
    admin = await tenant.client("admin")
    key = (await admin.post("/api/v1/api-keys", json={"name": "x"})).json()["secret"]
    token = await tenant.token("admin")
    secrets = [key, token, "several words together", "wrong words together"]
    async with gateway.client(token) as client:
        await client.get(f"/api/v1/cases/{key}")
        body = {"username": "admin", "password": secrets[3], "tenant": tenant.name}
        await client.post("/api/v1/auth/token", json=body)
        await client.post("/api/v1/auth/revoke", json={"token": token})
        await client.post(
            "/api/v1/auth/token", content=b'{"password": "' + token.encode()
        )
    logging.getLogger("some.library").error("could not use %s or %s", token, key)
    text = log.getvalue()
    assert "could not use [redacted] or [redacted]" in text
    for secret in secrets:
        assert secret not in text

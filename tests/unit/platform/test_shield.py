"""Headers, time and limits around an app."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from starlette.types import Message

from integritas.kernel.clock import ManualClock
from integritas.platform.limits import MemoryBuckets, RateLimit, RateLimits
from integritas.platform.problems import install_problems
from integritas.platform.shield import AddressLimit, BodyTime, SecurityHeaders


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI(docs_url="/api/docs", redoc_url=None)
    install_problems(app)

    @app.get("/api/v1/things")
    @app.get("/healthz")
    @app.post("/api/v1/auth/token")
    async def things(request: Request) -> str:
        await request.body()
        return "things"

    @app.post("/api/v1/things")
    async def add(body: dict[str, str]) -> str:
        return str(body)

    @app.get("/api/v1/kept")
    async def kept() -> Response:
        return Response("x", headers={"Cache-Control": "max-age=60"})

    return app


def client(
    app: FastAPI, url: str = "http://test", address: str = "192.0.2.1"
) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url=url)


@pytest.mark.parametrize(
    "path", ["/api/v1/things", "/healthz", "/nothing", "/api/docs"]
)
async def test_every_answer_is_shielded(app: FastAPI, path: str) -> None:
    app.add_middleware(SecurityHeaders)
    async with client(app) as asking:
        headers = (await asking.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert ("'unsafe-inline'" in headers["content-security-policy"]) == (
        path == "/api/docs"
    )
    assert "strict-transport-security" not in headers
    assert "server" not in headers


async def test_answers_of_the_api_are_not_kept_unless_they_say_so(app: FastAPI) -> None:
    app.add_middleware(SecurityHeaders)
    async with client(app) as asking:
        cached = [
            (await asking.get(path)).headers.get("cache-control")
            for path in ("/api/v1/things", "/api/v1/kept", "/healthz")
        ]
    assert cached == ["no-store", "max-age=60", None]


async def test_over_tls_browsers_are_told_to_stay_with_it(app: FastAPI) -> None:
    app.add_middleware(SecurityHeaders)
    async with client(app, "https://test") as asking:
        headers = (await asking.get("/healthz")).headers
    assert headers["strict-transport-security"].startswith("max-age=31536000")


# Bodies ---------------------------------------------------------------------------


async def trickle(app: FastAPI) -> list[Message]:
    """Send half a body and then nothing; return what comes back."""
    sent: list[Message] = []
    messages = [{"type": "http.request", "body": b'{"a": ', "more_body": True}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/things",
        "headers": [(b"content-type", b"application/json")],
        "query_string": b"",
        "scheme": "http",
    }
    await app(scope, receive, send)
    return sent


async def test_a_body_that_does_not_end_is_refused(app: FastAPI) -> None:
    app.add_middleware(BodyTime, limit_s=0.01)
    start, body = await trickle(app)
    assert start["status"] == 408
    assert b'"code":"request_timeout"' in body["body"]


async def test_a_body_in_time_goes_through(app: FastAPI) -> None:
    app.add_middleware(BodyTime, limit_s=5)
    async with client(app) as asking:
        answer = await asking.post("/api/v1/things", json={"a": "b"})
    assert answer.status_code == 200


# Addresses ------------------------------------------------------------------------


async def test_logins_from_one_address_are_counted(
    app: FastAPI, clock: ManualClock
) -> None:
    login = RateLimit("login", MemoryBuckets(clock), per_s=1, burst=2)
    app.add_middleware(
        AddressLimit, limits=RateLimits(login=login), logins="/api/v1/auth/"
    )
    app.add_middleware(SecurityHeaders)
    async with client(app) as asking, client(app, address="192.0.2.2") as other:
        answers = [await asking.post("/api/v1/auth/token") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[0].headers["ratelimit"] == '"login";r=1;t=1'
        assert answers[2].headers["retry-after"] == "1"
        assert answers[2].json()["code"] == "too_many_requests"
        assert (await asking.get("/healthz")).status_code == 200
        assert (await other.post("/api/v1/auth/token")).status_code == 200


async def test_all_requests_of_an_address_are_counted(
    app: FastAPI, clock: ManualClock
) -> None:
    address = RateLimit("address", MemoryBuckets(clock), per_s=1, burst=1)
    app.add_middleware(AddressLimit, limits=RateLimits(address=address), logins="/x")
    async with client(app) as asking:
        assert (await asking.get("/healthz")).status_code == 200
        assert (await asking.get("/api/v1/things")).status_code == 429

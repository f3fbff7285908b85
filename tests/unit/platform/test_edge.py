"""Request ids, traces, metrics and size limits at the edge."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from prometheus_client import CollectorRegistry
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from integritas.kernel.clock import SeededRandomness
from integritas.kernel.ids import IdFactory, is_id
from integritas.platform.edge import BodyLimit, RequestEdge
from integritas.platform.problems import install_problems
from integritas.platform.telemetry import HttpMetrics

LIMIT = 100
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def app(
    registry: CollectorRegistry, ids: IdFactory, randomness: SeededRandomness
) -> FastAPI:
    app = FastAPI()
    install_problems(app)

    @app.post("/echo")
    async def echo(request: Request) -> dict[str, object]:
        body = await request.body()
        return {"size": len(body), **get_contextvars()}

    @app.get("/crash/{secret}")
    async def crash(secret: str) -> None:
        raise RuntimeError(secret)

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("broke")

        return StreamingResponse(parts())

    outer, inner = APIRouter(), APIRouter(prefix="/things")

    @inner.get("/{thing}")
    async def thing(thing: str) -> str:
        return thing

    outer.include_router(inner)
    app.include_router(outer, prefix="/api")
    app.add_middleware(BodyLimit, limit=LIMIT, wider={"/wide": 2 * LIMIT})
    app.add_middleware(
        RequestEdge, metrics=HttpMetrics(registry), ids=ids, randomness=randomness
    )
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test"
    ) as client:
        yield client


async def test_request_id_goes_in_and_comes_out(client: httpx.AsyncClient) -> None:
    response = await client.post("/echo", headers={"X-Request-ID": "abc-123"})
    assert response.headers["X-Request-ID"] == "abc-123"
    assert response.json()["request_id"] == "abc-123"


@pytest.mark.parametrize("given", ["", "with space", "x" * 129, "a\u00e9"])
async def test_request_id_is_made_where_there_is_none(
    client: httpx.AsyncClient, given: str
) -> None:
    response = await client.post("/echo", headers={b"X-Request-ID": given.encode()})
    assert is_id(response.headers["X-Request-ID"], "req")


async def test_problem_carries_the_request_id(client: httpx.AsyncClient) -> None:
    response = await client.get("/nowhere", headers={"X-Request-ID": "abc"})
    assert response.json()["request_id"] == "abc"


async def test_context_ends_with_the_request(client: httpx.AsyncClient) -> None:
    await client.post("/echo")
    assert "request_id" not in get_contextvars()


async def test_traceparent_comes_out_again(client: httpx.AsyncClient) -> None:
    response = await client.post("/echo", headers={"traceparent": TRACEPARENT})
    assert response.headers["traceparent"] == TRACEPARENT


@pytest.mark.parametrize("given", ["", "nonsense", "ff" + TRACEPARENT[2:]])
async def test_traceparent_is_made_where_there_is_none(
    client: httpx.AsyncClient, given: str
) -> None:
    response = await client.post("/echo", headers={"traceparent": given})
    made = response.headers["traceparent"]
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", made)
    assert made != TRACEPARENT


async def test_crash_says_nothing_and_is_logged(client: httpx.AsyncClient) -> None:
    with capture_logs() as lines:
        response = await client.get("/crash/hunter2", headers={"X-Request-ID": "abc"})
    assert response.status_code == 500
    assert response.headers["X-Request-ID"] == "abc"
    assert response.json()["code"] == "error"
    assert "hunter2" not in response.json()["detail"]
    assert [line["event"] for line in lines] == ["request_crashed"]


async def test_half_an_answer_is_cut_off(client: httpx.AsyncClient) -> None:
    with pytest.raises(RuntimeError, match="broke"):
        await client.get("/half")


async def test_requests_are_counted_by_route(
    client: httpx.AsyncClient, registry: CollectorRegistry
) -> None:
    await client.get("/crash/one")
    await client.get("/crash/two")
    await client.get("/nowhere/at/all")
    await client.get("/api/things/7")

    def count(route: str, status: str) -> float | None:
        labels = {"method": "GET", "route": route, "status": status}
        return registry.get_sample_value("integritas_http_requests_total", labels)

    assert count("/crash/{secret}", "500") == 2.0
    assert count("(none)", "404") == 1.0
    assert count("/api/things/{thing}", "200") == 1.0
    assert registry.get_sample_value("integritas_http_requests_under_way") == 0.0


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (LIMIT + 1, 413)])
async def test_announced_bodies_are_limited(
    client: httpx.AsyncClient, size: int, status: int
) -> None:
    response = await client.post("/echo", content=b"x" * size)
    assert response.status_code == status


@pytest.mark.parametrize(("parts", "status"), [(2, 200), (3, 413)])
async def test_chunked_bodies_are_limited(
    client: httpx.AsyncClient, parts: int, status: int
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(parts):
            yield b"x" * 50

    response = await client.post("/echo", content=chunks())
    assert response.status_code == status
    if status == 413:
        assert response.json()["code"] == "content_too_large"
        assert str(LIMIT) in response.json()["detail"]


async def test_wider_paths_have_their_own_limit(client: httpx.AsyncClient) -> None:
    assert (await client.post("/wide", content=b"x" * 150)).status_code == 404
    assert (await client.post("/wide", content=b"x" * 250)).status_code == 413


async def test_other_scopes_pass_untouched(registry: CollectorRegistry) -> None:
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del receive, send
        seen.append(scope)

    scope = {"type": "lifespan"}
    edge = RequestEdge(BodyLimit(app), metrics=HttpMetrics(registry))
    await edge(scope, None, None)  # type: ignore[arg-type] # nobody calls them
    assert seen == [scope]
    assert scope == {"type": "lifespan"}

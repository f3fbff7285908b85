"""A service behind a real server: what a caller sees over a real socket."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.contracts import Assessment, Dossier, Evidence, dossier_digest
from integritas.kernel.errors import CircuitOpen, Unavailable
from integritas.kernel.evidence import Message, content_digest
from integritas.kernel.ids import EvidenceId, IdFactory, TenantId
from integritas.platform.http import assess_router, assessing, service_app
from integritas.platform.remote import RemoteAssessor, RemoteService, remote_client
from integritas.platform.resilience import Guard, GuardPolicy
from integritas.platform.telemetry import CallMetrics, new_registry

TOKEN = "t0ken"
LIMIT = 100_000


class Echo:
    """Answers each dossier with its own digest."""

    async def assess(self, batch: Sequence[Dossier], /) -> Sequence[Assessment]:
        """Answer in order."""
        return [
            Assessment("echo", (), {}, dossier_digest(dossier)) for dossier in batch
        ]


def app() -> FastAPI:
    ids = IdFactory(SystemClock(), SystemRandomness())
    return service_app(
        name="echo",
        operations={"assess": assessing(Echo())},
        router=assess_router("echo", Echo(), ids, SystemClock()),
        pings={},
        token=TOKEN,
        max_body_bytes=LIMIT,
    )


@asynccontextmanager
async def served() -> AsyncIterator[tuple[str, uvicorn.Server]]:
    config = uvicorn.Config(app(), host="127.0.0.1", port=0, log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.should_exit = True
        await task


def guard(**policy: float) -> Guard:
    return Guard("echo", CallMetrics(new_registry()), GuardPolicy(**policy))  # type: ignore[arg-type] # numbers all


def dossier(number: int, size: int = 10) -> Dossier:
    content = Message(b"x" * size)
    evidence = Evidence(EvidenceId(f"ev_{number}"), content, content_digest(content))
    when = datetime(2026, 1, 1, tzinfo=UTC)
    return Dossier(str(number), TenantId("main"), "api", when, (evidence,))


async def test_a_large_batch_comes_back_in_order() -> None:
    batch = [dossier(number, 1_000) for number in range(300)]
    async with served() as (url, _), remote_client(url, "echo", token=TOKEN) as client:
        remote = RemoteAssessor(RemoteService("echo", client, guard()))
        answers = await remote.assess(batch)
    assert answers == await Echo().assess(batch)


async def test_a_wrong_token_is_unavailable() -> None:
    async with (
        served() as (url, _),
        remote_client(url, "echo", token="other") as client,
    ):
        remote = RemoteAssessor(RemoteService("echo", client, guard(tries=1)))
        with pytest.raises(Unavailable, match="does not accept our service token"):
            await remote.assess([dossier(1)])


async def test_a_service_that_went_away_is_left_alone() -> None:
    async with served() as (url, _), remote_client(url, "echo", token=TOKEN) as client:
        service = RemoteService("echo", client, guard(tries=1, trip_after=2, rest_s=60))
        assert await service.ping() is None
        assert await RemoteAssessor(service).assess([dossier(1)])
    async with remote_client(url, "echo", token=TOKEN) as client:
        service = RemoteService("echo", client, guard(tries=1, trip_after=2, rest_s=60))
        assert "cannot be reached" in (await service.ping() or "")
        for _ in range(2):
            with pytest.raises(Unavailable, match="cannot be reached"):
                await RemoteAssessor(service).assess([dossier(1)])
        with pytest.raises(CircuitOpen):
            await RemoteAssessor(service).assess([dossier(1)])


async def test_a_chunked_body_over_the_limit_is_refused() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * (LIMIT // 10)

    async with served() as (url, _), remote_client(url, "echo", token=TOKEN) as client:
        response = await client.post("/api/v1/echo/assess", content=chunks())
    assert response.status_code == 413
    assert response.json()["code"] == "content_too_large"


async def test_keep_alive_survives_a_refused_body() -> None:
    async with served() as (url, _), remote_client(url, "echo", token=TOKEN) as client:
        for _ in range(3):
            response = await client.post(
                "/api/v1/echo/assess", content=b" " * (LIMIT + 1)
            )
            assert response.status_code == 413
            assert (await client.get("/healthz")).status_code == 200


async def test_problem_comes_with_the_callers_request_id() -> None:
    async with served() as (url, _), httpx.AsyncClient(base_url=url) as client:
        response = await client.post(
            "/api/v1/echo/assess", json={}, headers={"X-Request-ID": "mine"}
        )
    assert response.status_code == 401
    assert response.json()["request_id"] == response.headers["X-Request-ID"] == "mine"

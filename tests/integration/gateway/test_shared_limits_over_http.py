"""Two gateways, one Valkey: what one has counted the other refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from argon2.profiles import CHEAPEST
from tests.valkey import Valkey

from integritas.bootstrap import Services, bootstrap
from integritas.platform.config import load_settings
from integritas.platform.security import Passwords

pytest.importorskip("redis", reason="the extra `redis` is not installed")


@pytest_asyncio.fixture(loop_scope="session")
async def valkey() -> AsyncIterator[Valkey]:
    server = Valkey()
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def doors(
    valkey: Valkey, services: Services, tmp_path: Path
) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        clients = []
        for name in ("one", "other"):
            folder = tmp_path / name
            folder.mkdir()
            settings = load_settings(
                state_dir=folder,
                database_url=f"sqlite:///{folder}/test.db",
                rate_limit_url=valkey.url,
                login_limit_per_s=0.001,  # one at once
            )
            platform = bootstrap(
                settings, services=services, passwords=Passwords(CHEAPEST)
            )
            stack.callback(platform.database.close)
            app = platform.app(managed=False)
            await stack.enter_async_context(app.router.lifespan_context(app))
            transport = httpx.ASGITransport(app, client=("192.0.2.1", 1))
            client = httpx.AsyncClient(transport=transport, base_url="http://test")
            clients.append(await stack.enter_async_context(client))
        yield clients


async def test_a_login_at_one_counts_at_the_other(
    doors: list[httpx.AsyncClient], valkey: Valkey
) -> None:
    one, other = doors
    body = {"username": "nobody", "password": "guessed this one"}
    assert (await one.post("/api/v1/auth/token", json=body)).status_code == 401
    refused = await other.post("/api/v1/auth/token", json=body)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 900
    ready = (await one.get("/readyz")).json()
    assert ready["checks"]["rate limits"] == {"status": "ok"}

    await valkey.stop()
    assert (await other.post("/api/v1/auth/token", json=body)).status_code == 401
    assert (await other.post("/api/v1/auth/token", json=body)).status_code == 429
    answer = await one.get("/readyz")
    assert answer.json()["checks"]["rate limits"]["status"] == "degraded"
    metrics = (await other.get("/metrics")).text
    assert "integritas_rate_limit_fallbacks_total 2.0" in metrics

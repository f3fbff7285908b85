"""Readiness names each dependency and tells degraded from failing."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from integritas.platform import health
from integritas.platform.health import DEGRADED, Ping, health_router
from integritas.platform.telemetry import new_registry


async def fine() -> None:
    return None


async def failing() -> str:
    return "disk full"


async def degraded() -> str:
    return f"{DEGRADED}no list loaded"


async def crashing() -> str:
    raise OSError("gone")


async def ask(path: str, **pings: Ping) -> httpx.Response:
    app = FastAPI()
    app.include_router(health_router(pings, new_registry()))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path)


async def test_healthz_lives_whatever_fails() -> None:
    response = await ask("/healthz", database=failing)
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


@pytest.mark.parametrize(
    ("pings", "status", "word"),
    [
        ({}, 200, "ready"),
        ({"a": fine}, 200, "ready"),
        ({"a": fine, "b": degraded}, 200, "degraded"),
        ({"a": degraded, "b": failing}, 503, "failing"),
        ({"a": crashing}, 503, "failing"),
    ],
    ids=["none", "fine", "degraded", "failing", "crashing"],
)
async def test_readyz_takes_the_worst(
    pings: dict[str, Any], status: int, word: str
) -> None:
    response = await ask("/readyz", **pings)
    assert (response.status_code, response.json()["status"]) == (status, word)


async def test_readyz_names_each_dependency() -> None:
    response = await ask("/readyz", db=fine, lists=degraded, disk=failing, net=crashing)
    assert response.json()["checks"] == {
        "db": {"status": "ok"},
        "lists": {"status": "degraded", "detail": "no list loaded"},
        "disk": {"status": "failing", "detail": "disk full"},
        "net": {"status": "failing", "detail": "OSError: gone"},
    }


async def test_readyz_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    # The limit is a constant of the module: no caller has a use for another.
    monkeypatch.setattr(health, "PING_TIMEOUT_S", 0.01)

    async def hanging() -> None:
        await asyncio.Event().wait()

    response = await ask("/readyz", slow=hanging)
    assert response.status_code == 503
    assert response.json()["checks"]["slow"]["detail"] == "no answer in 0.01 s"


async def test_metrics_are_prometheus_text() -> None:
    response = await ask("/metrics")
    assert response.headers["content-type"].startswith("text/plain")

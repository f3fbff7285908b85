"""The routes and the standalone app."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.ids import IdFactory
from integritas.services.spam.api import load_spam_service
from integritas.services.spam.app import create_app


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    clock = ManualClock()
    ids = IdFactory(clock, SeededRandomness(1))
    app = create_app(load_spam_service(), ids, clock, token=None)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://spam") as opened:
        yield opened


def body(raw: str) -> dict[str, object]:
    return {"evidence": [{"kind": "message", "raw": raw}]}


async def test_assess_answers_with_a_verdict(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/spam/assess", json=body("see you at five"))
    assert answer.status_code == 200
    (finding,) = answer.json()["findings"]
    assert finding["data"]["verdict"] == "deliver"


async def test_a_bad_item_does_not_sink_the_batch(client: httpx.AsyncClient) -> None:
    items = [body("see you at five"), {"evidence": [{"kind": "message"}]}]
    answer = await client.post("/api/v1/spam/assess/batch", json={"items": items})
    good, bad = answer.json()["results"]
    assert good["assessment"]["service"] == "spam"
    assert bad["error"]["errors"][0]["path"].startswith("items[1].evidence[0]")


async def test_ready_names_the_model(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert "model" in answer.text

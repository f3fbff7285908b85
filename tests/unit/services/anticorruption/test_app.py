from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.ids import IdFactory
from integritas.platform.tokens import service_tokens
from integritas.services.anticorruption.api import load_anticorruption_service
from integritas.services.anticorruption.app import create_app

TOKEN = "service-token"
HEADERS = {"Authorization": f"Bearer {service_tokens(TOKEN).token('anticorruption')}"}


@pytest.fixture
def app() -> FastAPI:
    clock = ManualClock()
    ids = IdFactory(clock, SeededRandomness(1))
    return create_app(load_anticorruption_service(), ids, clock, token=TOKEN)


def client(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)
    return httpx.AsyncClient(transport=transport, base_url="http://service")


async def test_the_catalogue_lists_every_indicator(app: FastAPI) -> None:
    async with client(app) as http:
        answer = await http.get("/api/v1/anticorruption/indicators", headers=HEADERS)
    assert answer.status_code == 200
    body = answer.json()
    assert len(body["data"]) == 32
    assert body["data"][0]["code"] == "I101"
    assert body["next_cursor"] is None


async def test_the_catalogue_is_for_known_callers(app: FastAPI) -> None:
    async with client(app) as http:
        answer = await http.get("/api/v1/anticorruption/indicators")
    assert answer.status_code == 401


async def test_a_release_is_assessed_over_http(app: FastAPI) -> None:
    release = {
        "ocid": "ocds-1",
        "tender": {"procurementMethod": "open", "numberOfTenderers": 1},
    }
    body = {"evidence": [{"kind": "procurement", "release": release}]}
    async with client(app) as http:
        answer = await http.post(
            "/api/v1/anticorruption/assess", json=body, headers=HEADERS
        )
    assert answer.status_code == 200
    codes = [finding["code"] for finding in answer.json()["findings"]]
    assert codes == ["R018", "procurement_coverage"]


async def test_an_empty_internal_batch_is_answered(app: FastAPI) -> None:
    async with client(app) as http:
        answer = await http.post(
            "/internal/v1/anticorruption/assess", content=b"[]", headers=HEADERS
        )
    assert (answer.status_code, answer.json()) == (200, [])

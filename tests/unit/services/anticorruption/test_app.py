from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from integritas.journal.api import Journal
from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.contracts import Dossier, Evidence
from integritas.kernel.evidence import Procurement, content_digest
from integritas.kernel.ids import DEFAULT_TENANT, EventId, EvidenceId, IdFactory
from integritas.migrations.api import migrate
from integritas.platform.codec import encode_observation
from integritas.platform.db import open_database
from integritas.platform.tokens import service_tokens
from integritas.services.anticorruption.app import create_app

TOKEN = "service-token"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    clock = ManualClock()
    ids = IdFactory(clock, SeededRandomness(1))
    database = open_database(f"sqlite:///{tmp_path / 'learned.db'}")
    migrate(database)
    journal = Journal(database, clock, SeededRandomness(2), ids)
    yield create_app(database, ids, clock, recorder=journal, token=TOKEN)
    database.close()


def client(app: FastAPI) -> httpx.AsyncClient:
    """Return a caller with a token of now: the suite outlives one of its import."""
    token = service_tokens(TOKEN).token("anticorruption")
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://service",
        headers={"Authorization": f"Bearer {token}"},
    )


async def test_the_catalogue_lists_every_indicator(app: FastAPI) -> None:
    async with client(app) as http:
        answer = await http.get("/api/v1/anticorruption/indicators")
    assert answer.status_code == 200
    body = answer.json()
    assert len(body["data"]) == 32
    assert body["data"][0]["code"] == "I101"
    assert body["next_cursor"] is None


async def test_the_catalogue_is_for_known_callers(app: FastAPI) -> None:
    async with client(app) as http:
        del http.headers["Authorization"]
        answer = await http.get("/api/v1/anticorruption/indicators")
    assert answer.status_code == 401


async def test_a_release_is_assessed_over_http(app: FastAPI) -> None:
    release = {
        "ocid": "ocds-1",
        "tender": {"procurementMethod": "open", "numberOfTenderers": 1},
    }
    body = {"evidence": [{"kind": "procurement", "release": release}]}
    async with client(app) as http:
        answer = await http.post("/api/v1/anticorruption/assess", json=body)
    assert answer.status_code == 200
    codes = [finding["code"] for finding in answer.json()["findings"]]
    assert codes == ["R018", "procurement_coverage"]


async def test_an_empty_internal_batch_is_answered(app: FastAPI) -> None:
    async with client(app) as http:
        answer = await http.post("/internal/v1/anticorruption/assess", content=b"[]")
    assert (answer.status_code, answer.json()) == (200, [])


async def test_the_service_alone_learns_and_shows_what_it_learned(app: FastAPI) -> None:
    release = Procurement({"ocid": "o1", "buyer": {"id": "city"}})
    item = Evidence(EvidenceId("ev1"), release, content_digest(release))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    dossier = Dossier("d", DEFAULT_TENANT, "api", now, (item,))
    body = encode_observation(EventId("e1"), [dossier])
    async with client(app) as http:
        for _ in range(2):
            answer = await http.post(
                "/internal/v1/anticorruption/observe", content=body
            )
            assert answer.status_code == 200
        told = await http.get("/api/v1/anticorruption/datasets/observed")
        ready = await http.get("/readyz")
    assert told.json()["processes"] == 1
    assert ready.status_code == 200

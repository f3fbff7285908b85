"""Campaigns and feedback over HTTP: the service's router over a real database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from integritas.journal.api import Journal
from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.contracts import Dossier, Evidence
from integritas.kernel.evidence import Message, content_digest
from integritas.kernel.ids import DEFAULT_TENANT, EventId, IdFactory
from integritas.migrations.api import migrate
from integritas.platform.db import open_database
from integritas.platform.http import service_app
from integritas.services.spam.api import load_spam_service, open_spam_desk
from integritas.services.spam.app import router

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OFFER = "Dear friend, claim your prize of {} dollars now at our office in town today"


@pytest.fixture
async def client(
    tmp_path: Path, clock: ManualClock
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client of a service that has learned of three offers."""
    database = open_database(f"sqlite:///{tmp_path}/test.db")
    migrate(database)
    randomness = SeededRandomness(1)
    ids = IdFactory(clock, randomness)
    journal = Journal(database, clock, randomness, ids)
    desk = open_spam_desk(database, clock, ids, journal)
    service = load_spam_service(desk=desk)
    batch = []
    for number in range(3):
        content = Message(OFFER.format(number).encode())
        evidence = Evidence(ids.evidence(), content, content_digest(content))
        batch.append(
            Dossier(ids.new("case"), DEFAULT_TENANT, "form", clock.now(), (evidence,))
        )
    await service.observe(EventId(ids.new("evt")), batch)
    app = service_app(
        name="spam",
        operations={},
        router=router(service, ids, clock, desk),
        pings={},
        token=None,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://test/api/v1/spam"
    ) as found:
        yield found
    database.close()


async def test_a_campaign_is_listed_and_decided_together(
    client: httpx.AsyncClient,
) -> None:
    listed = (await client.get("/campaigns")).json()
    [campaign] = listed["data"]
    assert listed["next_cursor"] is None
    assert campaign["messages"] == 3
    shown = (await client.get(f"/campaigns/{campaign['id']}")).json()
    assert len(shown["case_ids"]) == 3
    body = {"campaign": campaign["id"], "label": "junk"}
    given = await client.post("/feedback", json=body)
    assert given.status_code == 201
    assert len(given.json()["data"]) == 3


async def test_a_campaigns_messages_come_in_pages(client: httpx.AsyncClient) -> None:
    [campaign] = (await client.get("/campaigns")).json()["data"]
    path = f"/campaigns/{campaign['id']}"
    whole = (await client.get(path)).json()
    first = (await client.get(path, params={"limit": 2})).json()
    assert first["messages"] == 3
    params = {"limit": 2, "cursor": first["next_cursor"]}
    rest = (await client.get(path, params=params)).json()
    assert first["members"] + rest["members"] == whole["members"]
    assert first["case_ids"] + rest["case_ids"] == whole["case_ids"]
    assert rest["next_cursor"] is whole["next_cursor"] is None


async def test_feedback_pages_and_is_taken_back(client: httpx.AsyncClient) -> None:
    [campaign] = (await client.get("/campaigns")).json()["data"]
    await client.post("/feedback", json={"campaign": campaign["id"], "label": "junk"})
    first = (await client.get("/feedback", params={"limit": 2})).json()
    assert len(first["data"]) == 2
    rest = await client.get("/feedback", params={"cursor": first["next_cursor"]})
    [last] = rest.json()["data"]
    assert rest.json()["next_cursor"] is None
    gone = await client.delete(f"/feedback/{last['id']}")
    assert gone.json()["withdrawn_by"] == "platform:service"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"label": "junk"}, 422),
        ({"label": "spam", "case": "case_01JZ8QK4T3V5E7M9N1P2R4S6T8"}, 422),
        ({"label": "junk", "case": "nonsense"}, 422),
        ({"label": "junk", "case": "case_01JZ8QK4T3V5E7M9N1P2R4S6T8"}, 404),
    ],
)
async def test_bad_feedback_is_refused(
    client: httpx.AsyncClient, body: dict[str, str], status: int
) -> None:
    assert (await client.post("/feedback", json=body)).status_code == status


async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/campaigns/camp_x")).status_code == 404
    assert (await client.delete("/feedback/fdb_x")).status_code == 404
    assert (await client.get("/campaigns", params={"cursor": "!"})).status_code == 422


@pytest.mark.parametrize(
    "query", ["cursor=seq_x", "cursor=ev_1", "limit=0", "limit=501"]
)
async def test_pages_that_are_none_are_refused(
    client: httpx.AsyncClient, query: str
) -> None:
    assert (await client.get(f"/campaigns/camp_x?{query}")).status_code == 422

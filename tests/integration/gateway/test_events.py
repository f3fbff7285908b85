"""Events as a stream and as pages, and webhooks, over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

STREAM = {"Accept": "text/event-stream"}
PAGE = {"Accept": "application/json"}
EVENTS = "/api/v1/events"
HOOK = {"url": "http://127.0.0.1:9/hook", "types": ["integritas.case.*"]}


@asynccontextmanager
async def following(
    url: str, token: str, last: str | None = None, **query: str
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """Open a stream; yield its events as they come."""
    headers = {**STREAM, "Authorization": f"Bearer {token}"}
    if last is not None:
        headers["Last-Event-ID"] = last
    async with (
        httpx.AsyncClient(base_url=url, timeout=20) as client,
        client.stream("GET", EVENTS, headers=headers, params=query) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert (await anext(lines)).startswith("retry:")
        yield _events(lines)


async def _events(lines: AsyncIterator[str]) -> AsyncIterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    async for line in lines:
        name, _, value = line.partition(": ")
        if not line and "data" in event:
            yield {**event, "data": json.loads(event["data"])}
            event = {}
        elif line:
            event[name] = value


async def test_events_come_as_they_happen_and_go_on_where_they_ended(
    tenant: Any, served: str, evidence: dict[str, Any]
) -> None:
    await tenant.client("analyst")
    token = await tenant.token("analyst")
    async with asyncio.timeout(20):
        async with following(served, token, type="integritas.case.opened.v1") as events:
            case = await tenant.assessed(evidence["message"])
            first = await anext(events)
        assert first["event"] == first["data"]["type"] == "integritas.case.opened.v1"
        assert first["data"]["subject"] == case["id"]
        assert first["id"] == first["data"]["sequence"]
        async with following(served, token, last=first["id"]) as events:
            second = await anext(events)
        assert int(second["id"]) == int(first["id"]) + 1
        async with following(served, token, last="0") as events:
            whole = [await anext(events) for _ in range(int(second["id"]))]
    assert [int(event["id"]) for event in whole] == [*range(1, int(second["id"]) + 1)]


async def test_a_stream_shows_its_own_tenant_alone(
    gateway: Any, tenant: Any, served: str, evidence: dict[str, Any]
) -> None:
    await tenant.assessed(evidence["message"])
    stranger = await gateway.tenant()
    await stranger.client("viewer")
    async with (
        asyncio.timeout(20),
        following(served, await stranger.token("viewer"), last="0") as events,
    ):
        seen = await anext(events)
    assert seen["data"]["source"].endswith(f":{stranger.name}")


async def test_a_stream_ends_when_the_server_drains(
    gateway: Any, tenant: Any, served: str
) -> None:
    await tenant.client("viewer")
    async with asyncio.timeout(20):
        async with following(served, await tenant.token("viewer")) as events:
            gateway.app.state.draining = True
            try:
                assert [event async for event in events] == []
            finally:
                gateway.app.state.draining = False


async def test_pages_hold_the_same_events(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, Any]
) -> None:
    case = await tenant.assessed(evidence["message"])
    seen: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 3, "subject": case["id"]}
    while True:
        answer = await analyst.get(EVENTS, params=query, headers=PAGE)
        assert answer.status_code == 200, answer.text
        seen += answer.json()["data"]
        if answer.json()["next_cursor"] is None:
            break
        query["cursor"] = answer.json()["next_cursor"]
    timeline = await analyst.get(f"/api/v1/cases/{case['id']}/timeline?limit=500")
    assert [e["id"] for e in seen] == [e["event_id"] for e in timeline.json()["data"]]
    assert evidence["message"]["raw"] not in answer.text


async def test_an_id_that_is_none_is_named(analyst: httpx.AsyncClient) -> None:
    answer = await analyst.get(EVENTS, headers={**PAGE, "Last-Event-ID": "x"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "Last-Event-ID"


async def test_a_webhook_is_kept_changed_and_forgotten(
    admin: httpx.AsyncClient,
) -> None:
    made = await admin.post("/api/v1/webhooks", json=HOOK)
    assert made.status_code == 201, made.text
    assert made.json()["secret"].startswith("whsec_")
    assert made.headers["cache-control"] == "no-store"
    url = made.headers["location"]
    kept = await admin.get(url)
    assert "secret" not in kept.json()
    missing = await admin.patch(url, json={"enabled": False})
    assert missing.status_code == 428
    headers = {"If-Match": kept.headers["etag"]}
    changed = await admin.patch(url, json={"enabled": False}, headers=headers)
    assert changed.status_code == 200
    assert changed.json()["enabled"] is False
    assert changed.json()["secret"] is None
    stale = await admin.patch(url, json={"enabled": True}, headers=headers)
    assert stale.status_code == 412
    rotated = await admin.patch(
        url, json={"rotate_secret": True}, headers={"If-Match": "*"}
    )
    assert rotated.json()["secret"] != made.json()["secret"]
    listed = (await admin.get("/api/v1/webhooks")).json()["data"]
    assert [each["id"] for each in listed] == [made.json()["id"]]
    found = (await admin.get(f"{url}/deliveries?state=delivered")).json()["data"]
    assert found == []
    assert (await admin.delete(url)).status_code == 204
    assert (await admin.get(url)).status_code == 404


async def test_an_address_inside_is_refused(admin: httpx.AsyncClient) -> None:
    for url in ("https://10.0.0.1/", "https://[::1]/", "http://93.184.215.14/"):
        answer = await admin.post("/api/v1/webhooks", json={"url": url})
        assert answer.status_code == 422, url
        assert answer.json()["errors"][0]["path"] == "url"


async def test_a_secret_is_never_answered_twice(admin: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "hook"}
    made = await admin.post("/api/v1/webhooks", json=HOOK, headers=key)
    again = await admin.post("/api/v1/webhooks", json=HOOK, headers=key)
    assert (made.status_code, again.status_code) == (201, 409)
    assert "whsec_" not in again.text
    assert len((await admin.get("/api/v1/webhooks")).json()["data"]) == 1

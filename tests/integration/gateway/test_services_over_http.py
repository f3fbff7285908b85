"""The services' own routes and the audit trail, behind the gateway's door."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest


@pytest.mark.parametrize("service", ["spam", "anticorruption", "compliance"])
async def test_a_service_assesses_without_a_case(
    tenant: Any,
    analyst: httpx.AsyncClient,
    evidence: dict[str, dict[str, Any]],
    service: str,
) -> None:
    items = list(evidence.values())
    one = await analyst.post(f"/api/v1/{service}/assess", json={"evidence": items})
    assert one.status_code == 200
    assert one.json()["service"] == service
    assert len(one.json()["evidence"]) == len(items)
    many = await analyst.post(
        f"/api/v1/{service}/assess/batch",
        json={"items": [{"evidence": [item]} for item in items] + [{"evidence": 3}]},
    )
    results = many.json()["results"]
    assert [result["index"] for result in results] == list(range(5))
    assert [("assessment" in result) for result in results] == [True] * 4 + [False]
    assert await tenant.count_cases() == 0


async def test_a_listed_name_is_found(
    analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    name = listed["properties"]["name"][0]
    query = {"query": name, "type": "Person"}
    one = await analyst.post("/api/v1/compliance/screen", json=query)
    assert any(hit["match"] for hit in one.json()["hits"])
    many = await analyst.post(
        "/api/v1/compliance/screen/batch", json={"queries": [query, {}]}
    )
    assert many.status_code == 200
    assert many.json()["results"][0]["hits"] == one.json()["hits"]
    assert many.json()["results"][1]["errors"]
    alike = await analyst.post(
        "/api/v1/compliance/match", json={"left": name, "right": name}
    )
    assert alike.json()["match"] is True
    lists = await analyst.get("/api/v1/compliance/lists")
    assert lists.json()["data"]


async def test_findings_are_decided_on_without_a_case(
    analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    assessed = (
        await analyst.post("/api/v1/compliance/assess", json={"evidence": [listed]})
    ).json()
    body = {
        "dossier_id": "d1",
        "kinds": ["party"],
        "assessments": {
            "compliance": {k: v for k, v in assessed.items() if k != "evidence"}
        },
    }
    answer = await analyst.post("/api/v1/compliance/decide", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] != "no_action"


async def test_indicators_are_explained(analyst: httpx.AsyncClient) -> None:
    answer = await analyst.get("/api/v1/anticorruption/indicators")
    assert answer.status_code == 200
    assert "R018" in answer.text


# Audit ----------------------------------------------------------------------------


async def pages(client: Any, limit: int) -> list[dict[str, Any]]:
    found, cursor = [], None
    while True:
        params = {"limit": str(limit)} | ({"cursor": cursor} if cursor else {})
        page = (await client.get("/api/v1/audit/entries", params=params)).json()
        found += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


async def test_everything_is_in_the_audit_log_and_proven(
    tenant: Any, evidence: dict[str, dict[str, Any]], until: Any
) -> None:
    case = await tenant.assessed(evidence["message"])
    auditor = await tenant.client("auditor")
    analyst = await tenant.client("analyst")
    timeline = (await analyst.get(f"/api/v1/cases/{case['id']}/timeline")).json()

    async def sealed() -> bool:
        events = {entry["event_id"] for entry in await pages(auditor, 500)}
        return bool(events >= {entry["event_id"] for entry in timeline["data"]})

    await until(sealed)
    entries = await pages(auditor, 3)
    assert [entry["index"] for entry in entries] == list(range(len(entries)))
    assert len({entry["event_id"] for entry in entries}) == len(entries)
    one = await auditor.get("/api/v1/audit/entries/1")
    assert one.json() == entries[1]
    assert (await auditor.get("/api/v1/audit/entries/99999")).status_code == 404
    proof = await auditor.get("/api/v1/audit/proofs/inclusion?index=1")
    assert proof.json()["leaf_hash"] == entries[1]["leaf_hash"]
    consistency = await auditor.get("/api/v1/audit/proofs/consistency?old=2")
    assert consistency.json()["hashes"]
    report = (await auditor.post("/api/v1/audit/verify")).json()
    assert report["sound"] is True
    assert report["differences"] == []


async def test_the_checkpoint_is_signed_for_the_tenant(
    tenant: Any, evidence: dict[str, dict[str, Any]], until: Any
) -> None:
    await tenant.assessed(evidence["message"])
    auditor = await tenant.client("auditor")

    async def there() -> bool:
        answer = await auditor.get("/api/v1/audit/log/checkpoint")
        return bool(answer.status_code == 200 and answer.text.split("\n")[1] != "0")

    await until(there)
    answer = await auditor.get("/api/v1/audit/log/checkpoint")
    origin, size, root, *_ = answer.text.split("\n")
    assert origin.endswith(f"/{tenant.name}")
    assert int(size) > 0
    assert len(base64.b64decode(root)) == 32
    keys = (await auditor.get("/api/v1/audit/keys")).json()["data"]
    assert keys
    assert keys[0].startswith(origin)
    tile = await auditor.get(f"/api/v1/audit/log/tile/0/000.p/{size}")
    assert tile.status_code == 200
    assert len(tile.content) == 32 * int(size)


async def test_the_bundle_of_a_case_is_given_out(
    tenant: Any, evidence: dict[str, dict[str, Any]], until: Any
) -> None:
    case = await tenant.assessed(evidence["message"])
    auditor = await tenant.client("auditor")

    async def there() -> bool:
        answer = await auditor.get(f"/api/v1/audit/bundles/{case['id']}")
        return bool(answer.status_code == 200)

    await until(there)

"""Models behind the gateway's door: read by people, changed by administrators."""

from __future__ import annotations

import httpx
import pytest


async def test_models_are_listed_with_their_versions(
    analyst: httpx.AsyncClient,
) -> None:
    listed = (await analyst.get("/api/v1/models")).json()["data"]
    assert [model["name"] for model in listed] == ["collusion", "names", "spam"]
    one = (await analyst.get("/api/v1/models/spam")).json()
    assert one["champion"].startswith("spam-")
    assert one["previous"] is one["challenger"] is None
    versions = (await analyst.get("/api/v1/models/spam/versions")).json()["data"]
    assert versions[0]["shipped"] is True
    assert versions[0]["version"] == one["champion"]
    assert "views" in versions[0]["manifest"]


async def test_drift_is_told_or_said_to_be_unmeasured(
    analyst: httpx.AsyncClient,
) -> None:
    told = (await analyst.get("/api/v1/models/spam/drift")).json()
    assert told["scores"]["verdict"] == "too few messages"
    assert (await analyst.get("/api/v1/models/names/drift")).status_code == 404
    assert (await analyst.get("/api/v1/models/none")).status_code == 404


async def test_only_administrators_change_models(
    analyst: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    version = (await admin.get("/api/v1/models/spam")).json()["champion"]
    path = "/api/v1/models/spam"
    body = {"version": version}
    assert (await analyst.post(f"{path}/promote", json=body)).status_code == 403
    done = await admin.post(f"{path}/promote", json=body)
    assert done.json()["champion"] == version
    assert (await admin.post(f"{path}/rollback")).status_code == 409
    canary = await admin.post(f"{path}/canary", json={**body, "share": 0.1})
    assert canary.status_code == 409


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("promote", {"version": "../../etc"}, 422),
        ("promote", {"version": "spam-9@000000000000"}, 404),
        ("canary", {"version": None}, 200),
        ("canary", {"version": "spam-9@000000000000", "share": 0.9}, 422),
    ],
)
async def test_what_cannot_be_is_refused(
    admin: httpx.AsyncClient, action: str, body: dict[str, object], status: int
) -> None:
    answer = await admin.post(f"/api/v1/models/spam/{action}", json=body)
    assert answer.status_code == status

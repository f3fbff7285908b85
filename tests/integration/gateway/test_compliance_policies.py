"""Policies and their backtests through the real door."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
PATH = "/api/v1/compliance/policies"


def document(outcome: str = "review", **parts: Any) -> Json:
    return {
        "name": "default",
        "required_assessments": ["spam", "anticorruption", "compliance"],
        "bands": [
            {"name": "low", "from": 0, "to": 30, "outcome": outcome},
            {"name": "high", "from": 30, "to": 100, "outcome": "escalate"},
        ],
        "severity_points": {
            "info": 0,
            "low": 10,
            "medium": 35,
            "high": 50,
            "critical": 75,
        },
        "examples": [{"name": "clean", "expect": {"outcome": outcome}}],
        **parts,
    }


async def test_a_policy_from_draft_to_verdict(
    tenant: Any, evidence: dict[str, Json]
) -> None:
    admin = await tenant.client("admin")
    second = await tenant.client("admin", who="second")
    clean = await tenant.assessed(evidence["party"])
    assert clean["outcome"] == "no_action"

    made = await admin.post(PATH, json={"document": document()})
    assert made.status_code == 201, made.text
    tag = {"If-Match": made.headers["ETag"]}
    tried = await admin.post(f"{PATH}/default/test", json={})
    assert tried.json()["passed"] is True
    back = await admin.post(f"{PATH}/default/backtest", json={})
    assert back.json()["changed"] == 1
    assert back.json()["changes"][0]["case"] == clean["id"]
    assert back.json()["moves"] == [
        {"before": "no_action", "after": "review", "cases": 1}
    ]

    proposed = await admin.post(f"{PATH}/default/publish", json={}, headers=tag)
    assert proposed.status_code == 202, proposed.text
    again = await admin.post(f"{PATH}/default/publish", json={}, headers=tag)
    assert again.status_code == 409, again.text
    published = await second.post(f"{PATH}/default/publish", json={}, headers=tag)
    assert published.status_code == 200, published.text
    assert published.json()["state"] == "published"
    listed = (await admin.get(PATH)).json()
    assert [policy["name"] for policy in listed["data"]] == ["default"]
    assert "risk" in listed["fields"]


async def test_changes_name_what_was_read(tenant: Any) -> None:
    admin = await tenant.client("admin")
    await admin.post(PATH, json={"document": document()})
    body = {"document": document(description="x")}
    assert (await admin.put(f"{PATH}/default", json=body)).status_code == 428
    stale = {"If-Match": '"1.9"'}
    assert (
        await admin.put(f"{PATH}/default", json=body, headers=stale)
    ).status_code == 412
    bad = {"If-Match": "x"}
    assert (
        await admin.put(f"{PATH}/default", json=body, headers=bad)
    ).status_code == 412
    good = {"If-Match": '"1.1"'}
    saved = await admin.put(f"{PATH}/default", json=body, headers=good)
    assert saved.headers["ETag"] == '"1.2"'
    assert (await admin.get(f"{PATH}/default")).headers["ETag"] == '"1.2"'


async def test_bad_policies_are_refused_field_by_field(tenant: Any) -> None:
    admin = await tenant.client("admin")
    guard = {"name": "g", "when": "salary > 3", "outcome": "review"}
    answer = await admin.post(PATH, json={"document": document(guards=[guard])})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == "guards[0].when"
    assert error["remedy"]
    answer = await admin.post(PATH, json={"document": {}})
    assert answer.status_code == 422
    assert (await admin.get(f"{PATH}/nobody")).status_code == 404
    missing = await admin.post(f"{PATH}/nobody/backtest", json={})
    assert missing.status_code == 404


async def test_who_may_not_manage_may_only_read(tenant: Any) -> None:
    analyst = await tenant.client("analyst")
    assert (await analyst.get(PATH)).status_code == 200
    answer = await analyst.post(PATH, json={"document": document()})
    assert answer.status_code == 403

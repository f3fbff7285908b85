"""Definitions, runs, steps and signals over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

WORKFLOWS = "/api/v1/workflows"
OWN: dict[str, Any] = {
    "name": "own",
    "description": "asks a person",
    "steps": [
        {"name": "ask", "signal": "go"},
        {"name": "look", "operation": "spam.assess", "after": ["ask"]},
    ],
}


async def run_of(client: httpx.AsyncClient, run_id: str) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/runs/{run_id}")
    found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
    return found


@pytest.fixture
def in_state(until: Any) -> Any:
    """Return what waits until a run is in a state."""

    async def wait(client: httpx.AsyncClient, run_id: str, state: str) -> None:
        async def reached() -> bool:
            return (await run_of(client, run_id)).get("state") == state

        await until(reached)

    return wait


async def test_a_definition_is_kept_and_read(admin: httpx.AsyncClient) -> None:
    checked = await admin.post(f"{WORKFLOWS}/validate", json=OWN)
    assert checked.status_code == 200
    names = [d["name"] for d in (await admin.get(WORKFLOWS)).json()["data"]]
    assert names == ["case-assessment"]
    made = await admin.post(WORKFLOWS, json=OWN)
    assert made.status_code == 201
    assert made.json() == checked.json()
    assert (await admin.get(f"{WORKFLOWS}/own")).json() == made.json()
    assert (await admin.get(f"{WORKFLOWS}/own/versions/1")).json() == made.json()
    assert (await admin.get(f"{WORKFLOWS}/own/versions/2")).status_code == 404
    again = await admin.post(WORKFLOWS, json=OWN)
    assert again.status_code == 409
    second = await admin.post(WORKFLOWS, json={**OWN, "version": 2})
    assert second.status_code == 201
    assert (await admin.get(f"{WORKFLOWS}/own")).json()["version"] == 2


async def test_what_is_shown_can_be_sent_back(admin: httpx.AsyncClient) -> None:
    shown = (await admin.get(f"{WORKFLOWS}/case-assessment")).json()
    answer = await admin.post(f"{WORKFLOWS}/validate", json=shown)
    assert answer.json() == shown


async def test_a_cycle_is_spelled_out(admin: httpx.AsyncClient) -> None:
    steps = [
        {"name": "a", "operation": "spam.assess", "after": ["c"]},
        {"name": "b", "operation": "spam.assess", "after": ["a"]},
        {"name": "c", "operation": "spam.assess", "after": ["b"]},
    ]
    answer = await admin.post(WORKFLOWS, json={"name": "round", "steps": steps})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_definition"
    for name in "abc":
        assert name in answer.json()["errors"][0]["message"]
    assert (await admin.get(f"{WORKFLOWS}/round")).status_code == 404


async def test_the_operations_are_listed(analyst: httpx.AsyncClient) -> None:
    found = (await analyst.get("/api/v1/services")).json()["data"]
    assert {"spam.assess", "anticorruption.assess", "compliance.decide"} <= set(found)


async def test_a_run_waits_for_its_signal(
    tenant: Any, admin: httpx.AsyncClient, listed: dict[str, Any], in_state: Any
) -> None:
    case = await tenant.assessed(listed)
    await admin.post(WORKFLOWS, json=OWN)
    started = await admin.post(
        f"{WORKFLOWS}/own/runs", json={"subject": case["id"], "input": {"n": [1, None]}}
    )
    assert started.status_code == 202
    run_id = started.json()["run_id"]
    await in_state(admin, run_id, "running")
    steps = {s["name"]: s["state"] for s in (await run_of(admin, run_id))["steps"]}
    assert steps["ask"] == "waiting"
    url = f"/api/v1/runs/{run_id}"
    sent = await admin.post(
        f"{url}/signals", json={"name": "go", "payload": {"by": "me"}}
    )
    assert sent.status_code == 202
    await in_state(admin, run_id, "succeeded")
    listed_steps = (await admin.get(f"{url}/steps")).json()["data"]
    assert [step["name"] for step in listed_steps] == ["ask", "look"]
    late = await admin.post(f"{url}/signals", json={"name": "go"})
    assert late.status_code == 409


async def test_a_run_is_cancelled_once(
    tenant: Any, admin: httpx.AsyncClient, listed: dict[str, Any], in_state: Any
) -> None:
    case = await tenant.assessed(listed)
    await admin.post(WORKFLOWS, json=OWN)
    started = await admin.post(f"{WORKFLOWS}/own/runs", json={"subject": case["id"]})
    run_id = started.json()["run_id"]
    await in_state(admin, run_id, "running")
    url = f"/api/v1/runs/{run_id}/cancel"
    assert (await admin.post(url, json={"cause": "wrong one"})).status_code == 202
    await in_state(admin, run_id, "cancelled")
    assert (await run_of(admin, run_id))["cause"] == "wrong one"
    assert (await admin.post(url, json={"cause": "again"})).status_code == 409


async def test_a_run_on_nothing_is_refused(admin: httpx.AsyncClient) -> None:
    for subject in ("case_1", "case_01JZ8QK4T3V5E7M9N1P2R4S6T8"):
        answer = await admin.post(
            f"{WORKFLOWS}/case-assessment/runs", json={"subject": subject}
        )
        assert answer.status_code == 404
    assert (await admin.get("/api/v1/runs")).json()["data"] == []


async def test_a_run_of_nothing_is_refused(
    tenant: Any, admin: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    case = await tenant.assessed(evidence["message"])
    for name, body in (
        ("nothing", {"subject": case["id"]}),
        ("case-assessment", {"subject": case["id"], "version": 99}),
    ):
        answer = await admin.post(f"{WORKFLOWS}/{name}/runs", json=body)
        assert answer.status_code == 404, answer.text
    assert len((await admin.get("/api/v1/runs")).json()["data"]) == 1


async def test_runs_are_listed_by_case_and_state(
    tenant: Any, admin: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    first = await tenant.assessed(evidence["message"])
    await tenant.assessed(evidence["party"])
    runs = (await admin.get("/api/v1/runs")).json()["data"]
    assert len(runs) == 2
    own = (await admin.get(f"/api/v1/runs?subject={first['id']}")).json()["data"]
    assert [run["subject"] for run in own] == [first["id"]]
    failed = (await admin.get("/api/v1/runs?state=failed")).json()["data"]
    assert failed == []
    page = (await admin.get("/api/v1/runs?limit=1")).json()
    rest = (
        await admin.get(f"/api/v1/runs?limit=1&cursor={page['next_cursor']}")
    ).json()
    assert [*page["data"], *rest["data"]] == runs
    assert rest["next_cursor"] is None


async def test_a_step_is_approved_over_http(
    tenant: Any, admin: httpx.AsyncClient, listed: dict[str, Any], in_state: Any
) -> None:
    case = await tenant.assessed(listed)
    steps = [{"name": "ok", "approval": {"roles": ["admin"]}}]
    await admin.post(WORKFLOWS, json={"name": "ask", "steps": steps})
    started = await admin.post(f"{WORKFLOWS}/ask/runs", json={"subject": case["id"]})
    run_id = started.json()["run_id"]
    await in_state(admin, run_id, "running")
    url = f"/api/v1/runs/{run_id}/steps"
    missing = await admin.post(f"{url}/nothing/decide", json={"approve": True})
    assert missing.status_code == 404
    sent = await admin.post(f"{url}/ok/decide", json={"approve": True, "reason": "r"})
    assert sent.status_code == 202
    await in_state(admin, run_id, "succeeded")
    [step] = (await run_of(admin, run_id))["steps"]
    assert step["result"]["reason"] == "r"


async def test_the_same_key_starts_one_run(
    tenant: Any, admin: httpx.AsyncClient, listed: dict[str, Any], in_state: Any
) -> None:
    case = await tenant.assessed(listed)
    await admin.post(WORKFLOWS, json=OWN)
    body = {"subject": case["id"], "priority": 5, "attributes": {"region": "north"}}
    key = {"Idempotency-Key": "one"}
    url = f"{WORKFLOWS}/own/runs"
    first = await admin.post(url, json=body, headers=key)
    again = await admin.post(url, json=body, headers=key)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = await admin.post(url, json={**body, "priority": 6}, headers=key)
    assert other.status_code == 422
    run_id = first.json()["run_id"]
    await in_state(admin, run_id, "running")
    shown = await run_of(admin, run_id)
    assert (shown["priority"], shown["attributes"]) == (5, {"region": "north"})
    runs = "/api/v1/runs?attribute=region:north"
    assert [r["id"] for r in (await admin.get(runs)).json()["data"]] == [run_id]
    none = await admin.get(f"{runs}&attribute=team:a")
    assert none.json()["data"] == []
    assert (await admin.get("/api/v1/runs?attribute=nothing")).status_code == 422


async def test_a_failed_case_is_redriven_from_the_dead_letters(
    tenant: Any, admin: httpx.AsyncClient, listed: dict[str, Any], in_state: Any
) -> None:
    case = await tenant.assessed(listed)
    steps = [
        {"name": "intake", "operation": "cases.intake"},
        {"name": "late", "signal": "go", "timeout_s": 0.01, "after": ["intake"]},
    ]
    await admin.post(WORKFLOWS, json={"name": "late", "steps": steps})
    started = await admin.post(f"{WORKFLOWS}/late/runs", json={"subject": case["id"]})
    run_id = started.json()["run_id"]
    await in_state(admin, run_id, "failed")
    letters = (await admin.get("/api/v1/dead-letters")).json()["data"]
    assert [letter["id"] for letter in letters] == [run_id]
    url = f"/api/v1/dead-letters/{run_id}/redrive"
    made = await admin.post(url)
    assert made.status_code == 202
    second = made.json()["run_id"]
    await in_state(admin, second, "failed")
    shown = await run_of(admin, second)
    assert shown["origin"] == run_id
    assert (await admin.post(url)).status_code == 404


async def test_a_finished_run_is_retried_and_forked(
    tenant: Any, admin: httpx.AsyncClient, listed: dict[str, Any], in_state: Any
) -> None:
    case = await tenant.assessed(listed)
    [run] = (await admin.get(f"/api/v1/runs?subject={case['id']}")).json()["data"]
    url = f"/api/v1/runs/{run['id']}"
    refused = await admin.post(f"{url}/retry", json={})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "from_step"
    retried = await admin.post(f"{url}/retry", json={"from_step": "decide"})
    assert retried.status_code == 202
    await in_state(admin, retried.json()["run_id"], "succeeded")
    forked = await admin.post(f"{url}/fork", json={"from_step": "spam", "input": {}})
    await in_state(admin, forked.json()["run_id"], "succeeded")
    found = (await admin.get(f"/api/v1/runs?origin={run['id']}")).json()["data"]
    assert len(found) == 2


async def test_a_workflow_is_paused_and_resumed(admin: httpx.AsyncClient) -> None:
    await admin.post(WORKFLOWS, json=OWN)
    body = {"reason": "an incident"}
    assert (await admin.post(f"{WORKFLOWS}/own/pause", json=body)).status_code == 204
    assert (await admin.post(f"{WORKFLOWS}/own/pause", json=body)).status_code == 409
    [pause] = (await admin.get("/api/v1/workflow-pauses")).json()["data"]
    assert (pause["name"], pause["reason"]) == ("own", "an incident")
    assert (await admin.post(f"{WORKFLOWS}/own/resume")).status_code == 204
    assert (await admin.post(f"{WORKFLOWS}/own/resume")).status_code == 409
    for what, sent in (("pause", {}), ("resume", None)):
        nothing = await admin.post(f"{WORKFLOWS}/nothing/{what}", json=sent)
        assert nothing.status_code == 404


async def test_a_schedule_is_kept_paused_and_deleted(admin: httpx.AsyncClient) -> None:
    await admin.post(WORKFLOWS, json=OWN)
    url = "/api/v1/schedules"
    body = {"name": "nightly", "workflow": "own", "cron": "0 2 * * *"}
    made = await admin.post(url, json=body)
    assert made.status_code == 201
    assert made.json()["next_at"].endswith("02:00:00Z")
    assert (await admin.post(url, json=body)).status_code == 409
    wrong = await admin.post(url, json={**body, "name": "x", "cron": "never"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["path"] == "cron"
    patched = await admin.patch(f"{url}/nightly", json={"paused": True})
    assert patched.json()["paused"] is True
    assert [s["name"] for s in (await admin.get(url)).json()["data"]] == ["nightly"]
    assert (await admin.delete(f"{url}/nightly")).status_code == 204
    assert (await admin.delete(f"{url}/nightly")).status_code == 404


async def test_the_subject_of_a_schedule_is_a_case(
    tenant: Any, admin: httpx.AsyncClient, evidence: dict[str, Any]
) -> None:
    planned = {"name": "odd", "workflow": "case-assessment", "cron": "0 0 1 1 *"}
    url = "/api/v1/schedules"
    case = await tenant.assessed(evidence["message"])
    refused = await admin.post(url, json={**planned, "subject": "case_1"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["path"] == "subject"
    kept = await admin.post(url, json={**planned, "subject": case["id"]})
    assert kept.status_code == 201, kept.text

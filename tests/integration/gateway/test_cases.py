"""Cases over HTTP: read, change, move, four eyes, new evidence."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

CASES = "/api/v1/cases"


async def get(client: httpx.AsyncClient, path: str) -> list[dict[str, Any]]:
    answer = await client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    data: list[dict[str, Any]] = answer.json()["data"]
    return data


async def move(
    client: httpx.AsyncClient, case: dict[str, Any], to: str, reason: str = "because"
) -> httpx.Response:
    return await client.post(
        f"{CASES}/{case['id']}/transitions",
        json={"to": to, "reason": reason},
        headers={"If-Match": "*"},
    )


# Reading --------------------------------------------------------------------------


async def test_what_happened_to_a_case_is_told(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    case = await tenant.assessed(*evidence.values())
    path = f"/cases/{case['id']}"
    history = await get(analyst, f"{path}/history")
    assert history[0]["from_state"] == "PENDING"
    assert history[-1]["to_state"] == case["state"]
    timeline = await get(analyst, f"{path}/timeline")
    assert timeline[0]["type"] == "integritas.case.opened.v1"
    assert {entry["data"].get("service") for entry in timeline} >= {
        *("spam", "anticorruption", "compliance")
    }
    decisions = await get(analyst, f"{path}/decisions")
    assert decisions[-1]["outcome"] == case["outcome"]
    assert decisions[-1]["risk"] == case["risk"]
    items = await get(analyst, f"{path}/evidence")
    assert [item["kind"] for item in items] == list(evidence)
    runs = await get(analyst, f"/runs?subject={case['id']}")
    assert [run["state"] for run in runs] == ["succeeded"]


async def test_the_timeline_holds_no_personal_data(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    case = await tenant.assessed(*evidence.values())
    answer = await analyst.get(f"{CASES}/{case['id']}/timeline")
    for secret in ("Ashworth", "Nordbau", "DE89", "winner was known"):
        assert secret not in answer.text


async def test_the_timeline_pages(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    case = await tenant.assessed(evidence["message"])
    path = f"/cases/{case['id']}/timeline"
    whole = await get(analyst, path)
    parts, cursor = [], None
    while True:
        query = "?limit=2" + (f"&cursor={cursor}" if cursor else "")
        page = (await analyst.get(f"/api/v1{path}{query}")).json()
        parts += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert parts == whole


async def test_cases_are_filtered_and_paged(
    tenant: Any,
    analyst: httpx.AsyncClient,
    evidence: dict[str, dict[str, Any]],
    listed: dict[str, Any],
) -> None:
    high = await tenant.assessed(listed)
    for _ in range(3):
        await tenant.assessed(evidence["message"])
    risky = await get(analyst, "/cases?min_risk=70")
    assert [case["id"] for case in risky] == [high["id"]]
    waiting = await get(analyst, "/cases?state=VALIDATING&state=INVESTIGATING")
    assert {case["state"] for case in waiting} <= {"VALIDATING", "INVESTIGATING"}
    assert await get(analyst, "/cases?channel=email") == []
    assert await get(analyst, "/cases?assignee=nobody") == []
    page = (await analyst.get(f"{CASES}?limit=3")).json()
    rest = (await analyst.get(f"{CASES}?limit=3&cursor={page['next_cursor']}")).json()
    assert [c["id"] for c in rest["data"]] == [high["id"]]
    assert rest["next_cursor"] is None


async def test_raw_evidence_is_as_it_came_and_reading_it_is_recorded(
    tenant: Any, analyst: httpx.AsyncClient
) -> None:
    raw = "From: a@example.org\r\nSubject: <script>alert(1)</script>\r\n\r\nbody"
    case = await tenant.assessed({"kind": "message", "raw": raw})
    [item] = await get(analyst, f"/cases/{case['id']}/evidence")
    assert (await analyst.get(f"/api/v1/evidence/{item['id']}")).json() == item
    before = await get(analyst, f"/cases/{case['id']}/timeline")
    answer = await analyst.get(f"/api/v1/evidence/{item['id']}/raw")
    assert answer.content == raw.encode()
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-evidence-media-type"] == "message/rfc822"
    after = await get(analyst, f"/cases/{case['id']}/timeline")
    assert [e["type"] for e in after[len(before) :]] == ["integritas.evidence.read.v1"]
    assert after[-1]["data"] == {"evidence": item["id"]}
    refused = await (await tenant.client("viewer")).get(
        f"/api/v1/evidence/{item['id']}/raw"
    )
    assert refused.status_code == 403
    assert await get(analyst, f"/cases/{case['id']}/timeline") == after


@pytest.mark.parametrize("kind", ["procurement", "party", "payment"])
async def test_raw_evidence_of_other_kinds_is_json(
    tenant: Any,
    analyst: httpx.AsyncClient,
    evidence: dict[str, dict[str, Any]],
    kind: str,
) -> None:
    case = await tenant.assessed(evidence[kind])
    [item] = await get(analyst, f"/cases/{case['id']}/evidence")
    answer = await analyst.get(f"/api/v1/evidence/{item['id']}/raw")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    shown = answer.json()
    assert shown["kind"] == kind
    assert "Gwendolyn Ashworth" in answer.text or kind == "procurement"
    assert set(evidence[kind]) <= set(shown)


async def test_a_finding_is_reviewed_with_a_reason(
    tenant: Any, analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    [finding, *_] = await get(analyst, f"/cases/{case['id']}/findings")
    url = f"/api/v1/findings/{finding['id']}"
    assert (await analyst.get(url)).json() == finding
    nothing = await analyst.post(
        f"{url}/review", json={"review": "dismissed", "reason": " "}
    )
    assert nothing.status_code == 422
    answer = await analyst.post(
        f"{url}/review", json={"review": "dismissed", "reason": "another person"}
    )
    assert answer.status_code == 200
    assert (await analyst.get(url)).json()["review"] == "dismissed"
    assert (
        answer.json()["reviewed_by"] == (await analyst.get("/api/v1/me")).json()["id"]
    )


# Changing -------------------------------------------------------------------------


async def test_a_case_is_changed_as_it_was_read(
    tenant: Any, analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    url = f"{CASES}/{case['id']}"
    read = await analyst.get(url)
    me = (await analyst.get("/api/v1/me")).json()["id"]
    patch = {
        "title": "Known winner",
        "priority": "high",
        "assignee": me,
        "tags": ["tender", "urgent"],
        "due_at": "2027-01-01T12:00:00+02:00",
    }
    changed = await analyst.patch(
        url, json=patch, headers={"If-Match": read.headers["etag"]}
    )
    assert changed.status_code == 200
    assert changed.json()["due_at"] == "2027-01-01T10:00:00Z"
    assert changed.headers["etag"] == f'"{case["version"] + 1}"'
    assert (await analyst.get(url)).json() == changed.json()
    stale = await analyst.patch(
        url, json={"title": "x"}, headers={"If-Match": read.headers["etag"]}
    )
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")
    missing = await analyst.patch(url, json={"title": "x"})
    assert (missing.status_code, missing.json()["code"]) == (
        *(428, "precondition_required"),
    )
    unassigned = await analyst.patch(
        url, json={"assignee": None}, headers={"If-Match": "*"}
    )
    assert unassigned.json()["assignee"] is None
    assert unassigned.json()["title"] == "Known winner"


async def test_a_case_is_assigned_to_an_active_user_of_the_tenant(
    tenant: Any,
    analyst: httpx.AsyncClient,
    admin: httpx.AsyncClient,
    listed: dict[str, Any],
) -> None:
    case = await tenant.assessed(listed)
    gone = (
        await admin.post(
            "/api/v1/users", json={"username": "gone", "roles": ["analyst"]}
        )
    ).json()["id"]
    await admin.patch(
        f"/api/v1/users/{gone}", json={"disabled": True}, headers={"If-Match": "*"}
    )
    for assignee in ("user_nobody", gone):
        answer = await analyst.patch(
            f"{CASES}/{case['id']}",
            json={"assignee": assignee},
            headers={"If-Match": "*"},
        )
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert (error["path"], error["remedy"]) == (
            *("assignee", "use the id of an active user"),
        )
    assert (await analyst.get(f"{CASES}/{case['id']}")).json()["assignee"] is None


async def test_an_illegal_move_says_what_is_legal(
    tenant: Any, analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    answer = await move(analyst, case, "PENDING")
    found = answer.json()
    assert (answer.status_code, found["code"]) == (409, "transition_refused")
    assert found["errors"][0]["path"] == "to"
    for legal in case["moves"]:
        assert legal in found["errors"][0]["remedy"]
    silent = await move(analyst, case, "CANCELLED", reason="")
    assert silent.json()["errors"][0]["path"] == "reason"
    assert (await analyst.get(f"{CASES}/{case['id']}")).json() == case


async def test_a_move_says_what_was_read(
    tenant: Any, analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    url = f"{CASES}/{case['id']}/transitions"
    body = {"to": "REMEDIATING"}
    missing = await analyst.post(url, json=body)
    assert (missing.status_code, missing.json()["code"]) == (
        *(428, "precondition_required"),
    )
    stale = await analyst.post(url, json=body, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    moved = await analyst.post(
        url, json=body, headers={"If-Match": f'"{case["version"]}"'}
    )
    assert (moved.status_code, moved.json()["state"]) == (200, "REMEDIATING")
    assert moved.headers["etag"] == f'"{moved.json()["version"]}"'


async def test_what_is_final_stays(
    tenant: Any,
    analyst: httpx.AsyncClient,
    listed: dict[str, Any],
    evidence: dict[str, dict[str, Any]],
) -> None:
    case = await tenant.assessed(listed)
    assert (await move(analyst, case, "CANCELLED")).status_code == 200
    assert (await move(analyst, case, "INVESTIGATING")).status_code == 409
    url = f"{CASES}/{case['id']}"
    patch = await analyst.patch(url, json={"title": "x"}, headers={"If-Match": "*"})
    assert patch.status_code == 409
    more = await analyst.post(f"{url}/evidence", json={"evidence": [evidence["party"]]})
    assert more.status_code == 409
    assert len(await get(analyst, f"/cases/{case['id']}/evidence")) == 1


# Four eyes ------------------------------------------------------------------------


async def test_closing_at_high_risk_needs_a_second_person(
    tenant: Any, analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    asked = await move(analyst, case, "RESOLVED")
    approval = asked.json()
    assert asked.status_code == 202
    assert (approval["state"], approval["to"]) == ("open", "RESOLVED")
    assert (await analyst.get(f"{CASES}/{case['id']}")).json()["state"] == "VALIDATING"
    assert await get(analyst, asked.headers["location"].removeprefix("/api/v1"))
    again = await move(analyst, case, "RESOLVED")
    assert again.json()["id"] == approval["id"]
    reviewer = await tenant.client("reviewer")
    open_ones = await get(reviewer, "/approvals?state=open")
    assert [each["id"] for each in open_ones] == [approval["id"]]
    decided = await reviewer.post(
        f"/api/v1/approvals/{approval['id']}/decide",
        json={"approve": True, "reason": "seen it"},
    )
    assert (decided.status_code, decided.json()["state"]) == (200, "approved")
    assert (await analyst.get(f"{CASES}/{case['id']}")).json()["state"] == "RESOLVED"
    last = (await get(analyst, f"/cases/{case['id']}/history"))[-1]
    assert last["approved_by"] == decided.json()["decided_by"]
    assert last["actor_id"] == approval["requested_by"] != last["approved_by"]
    twice = await reviewer.post(
        f"/api/v1/approvals/{approval['id']}/decide", json={"approve": False}
    )
    assert twice.status_code == 409


async def test_nobody_approves_what_they_asked_for(
    tenant: Any, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    reviewer = await tenant.client("reviewer")
    approval = (await move(reviewer, case, "RESOLVED")).json()
    url = f"/api/v1/approvals/{approval['id']}/decide"
    own = await reviewer.post(url, json={"approve": True})
    assert own.status_code == 403
    key = (await reviewer.post("/api/v1/api-keys", json={"name": "k"})).json()
    async with tenant.gateway.client(**{"X-API-Key": key["secret"]}) as client:
        assert (await client.post(url, json={"approve": True})).status_code == 403
    rejected = await (await tenant.client("admin")).post(url, json={"approve": False})
    assert rejected.json()["state"] == "rejected"
    unchanged = (await reviewer.get(f"{CASES}/{case['id']}")).json()
    assert unchanged["state"] == "VALIDATING"


async def test_an_approval_does_not_outlive_what_it_was_asked_for(
    tenant: Any,
    analyst: httpx.AsyncClient,
    evidence: dict[str, dict[str, Any]],
    listed: dict[str, Any],
    until: Any,
) -> None:
    case = await tenant.assessed(listed)
    approval = (await move(analyst, case, "RESOLVED")).json()
    assert approval["case_version"] == case["version"]
    assert approval["from_state"] == "VALIDATING"
    url = f"{CASES}/{case['id']}"
    await analyst.post(f"{url}/evidence", json={"evidence": [evidence["party"]]})

    async def again() -> bool:
        return bool((await analyst.get(url)).json()["state"] == "VALIDATING")

    await until(again)
    reviewer = await tenant.client("reviewer")
    decided = await reviewer.post(
        f"/api/v1/approvals/{approval['id']}/decide", json={"approve": True}
    )
    assert decided.status_code == 409
    problem = decided.json()
    assert "is void: the case changed" in problem["detail"]
    assert problem["errors"][0]["remedy"]
    assert (await analyst.get(url)).json()["state"] == "VALIDATING"
    [kept] = await get(analyst, f"/cases/{case['id']}/approvals")
    assert (kept["state"], kept["decided_by"]) == ("void", None)


async def test_a_second_person_who_asks_is_told_who_did(
    tenant: Any, analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    approval = (await move(analyst, case, "RESOLVED")).json()
    second = await move(await tenant.client("reviewer"), case, "RESOLVED", "mine")
    assert second.status_code == 409
    assert approval["id"] in second.json()["detail"]
    assert second.json()["errors"][0]["path"] == "to"


# New evidence and runs ------------------------------------------------------------


async def test_new_evidence_is_assessed_again(
    tenant: Any,
    analyst: httpx.AsyncClient,
    evidence: dict[str, dict[str, Any]],
    listed: dict[str, Any],
    until: Any,
) -> None:
    case = await tenant.assessed(listed)
    url = f"{CASES}/{case['id']}"
    stale = await analyst.post(
        f"{url}/evidence",
        json={"evidence": [evidence["message"]]},
        headers={"If-Match": '"1"'},
    )
    assert stale.status_code == 412
    answer = await analyst.post(
        f"{url}/evidence", json={"evidence": [evidence["message"], evidence["payment"]]}
    )
    added = answer.json()
    assert answer.status_code == 202
    assert added["kinds"] == ["message", "party", "payment"]
    assert added["missing"] == ["anticorruption", "compliance", "spam"]
    assert added["state"] == "INVESTIGATING"

    async def again_assessed() -> bool:
        return not (await analyst.get(url)).json()["missing"]

    await until(again_assessed)
    runs = await get(analyst, f"/runs?subject={case['id']}")
    assert len(runs) == 2
    assert len(await get(analyst, f"/cases/{case['id']}/evidence")) == 3


async def test_cancelling_a_case_stops_its_run(
    tenant: Any, admin: httpx.AsyncClient, listed: dict[str, Any], until: Any
) -> None:
    case = await tenant.assessed(listed)
    waiting = {"name": "waiting", "steps": [{"name": "ask", "signal": "go"}]}
    made = await admin.post("/api/v1/workflows", json=waiting)
    assert made.status_code == 201, made.text
    started = await admin.post(
        "/api/v1/workflows/waiting/runs", json={"subject": case["id"]}
    )
    run = f"/api/v1/runs/{started.json()['run_id']}"

    async def runs() -> bool:
        answer = await admin.get(run)
        return answer.status_code == 200 and answer.json()["state"] == "running"

    await until(runs)
    assert (await move(admin, case, "CANCELLED")).status_code == 200

    async def cancelled() -> bool:
        return bool((await admin.get(run)).json()["state"] == "cancelled")

    await until(cancelled)

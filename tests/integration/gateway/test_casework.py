"""Cases that people open, sort, change by the dozen, link and attach to."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

CASES = "/api/v1/cases"


async def opened(
    client: httpx.AsyncClient, evidence: dict[str, Any], **fields: Any
) -> dict[str, Any]:
    """Open a case as a person does."""
    body = {"title": "tip", "evidence": [evidence["message"]], **fields}
    answer = await client.post(CASES, json=body)
    assert answer.status_code == 201, answer.text
    case: dict[str, Any] = answer.json()
    return case


async def test_a_case_is_opened_as_its_opener_wants_it(
    analyst: httpx.AsyncClient, evidence: dict[str, Any]
) -> None:
    body = {
        "title": "Walk-in",
        "priority": "urgent",
        "tags": ["tender"],
        "due_at": "2030-01-01T00:00:00+01:00",
        "evidence": [evidence["message"]],
    }
    answer = await analyst.post(CASES, json=body)
    case = answer.json()
    assert answer.status_code == 201, answer.text
    assert (case["title"], case["priority"], case["tags"]) == (
        "Walk-in",
        "urgent",
        ["tender"],
    )
    assert case["channel"] == "desk"
    assert answer.headers["etag"] == f'"{case["version"]}"'
    assert answer.headers["location"] == f"{CASES}/{case['id']}"


async def test_who_cannot_be_assigned_opens_nothing(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, Any]
) -> None:
    body = {"evidence": [evidence["message"]], "assignee": "user_nobody"}
    answer = await analyst.post(CASES, json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "assignee"
    assert await tenant.count_cases() == 0


# Lists ----------------------------------------------------------------------------


@pytest.mark.parametrize("sort", ["risk", "due_at", "updated_at", "created_at"])
@pytest.mark.parametrize("down", ["", "-"])
async def test_sorted_pages_hold_each_case_once_in_order(
    analyst: httpx.AsyncClient, evidence: dict[str, Any], sort: str, down: str
) -> None:
    for day in (3, 1, 2, 1):
        due = f"2030-01-0{day}T00:00:00Z"
        await opened(analyst, evidence, due_at=due)
    await opened(analyst, evidence)  # never due
    seen: list[dict[str, Any]] = []
    query: dict[str, Any] = {"sort": f"{down}{sort}", "limit": 2}
    if sort in {"risk", "updated_at"}:  # what moves meanwhile may come twice
        query["limit"] = 50
    while True:
        page = (await analyst.get(CASES, params=query)).json()
        seen += page["data"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert len({case["id"] for case in seen}) == len(seen) == 5
    empty: Any = -1.0 if sort == "risk" else "9999"
    values = [empty if case[sort] is None else case[sort] for case in seen]
    assert values == sorted(values, reverse=bool(down))


async def test_a_cursor_of_another_order_is_named(
    analyst: httpx.AsyncClient, evidence: dict[str, Any]
) -> None:
    for _ in range(2):
        await opened(analyst, evidence)
    page = (await analyst.get(CASES, params={"limit": 1})).json()
    query = {"sort": "risk", "cursor": page["next_cursor"]}
    answer = await analyst.get(CASES, params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "cursor"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"tag": "blue"}, 1),
        ({"tag": "blu"}, 0),
        ({"tag": "50%"}, 1),
        ({"tag": "%"}, 0),
        ({"priority": ["high", "low"]}, 1),
        ({"kind": "message"}, 2),
        ({"kind": "payment"}, 0),
        ({"channel": "desk"}, 2),
        ({"due_before": "2030-06-01T00:00:00Z"}, 1),
        ({"created_before": "2020-01-01T00:00:00Z"}, 0),
        ({"created_from": "2020-01-01T00:00:00Z"}, 2),
        ({"updated_from": "2020-01-01T00:00:00Z", "tag": "blue"}, 1),
        ({"max_risk": 0, "min_risk": 100}, 0),
        ({"outcome": "escalate"}, 0),
    ],
)
async def test_filters_hold_together(
    analyst: httpx.AsyncClient,
    evidence: dict[str, Any],
    query: dict[str, Any],
    count: int,
) -> None:
    await opened(
        analyst,
        evidence,
        tags=["blue", "50%"],
        priority="high",
        due_at="2030-01-01T00:00:00Z",
    )
    await opened(analyst, evidence)
    answer = await analyst.get(CASES, params=query)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]) == count


async def test_whole_lists_have_pages_too(
    tenant: Any, analyst: httpx.AsyncClient
) -> None:
    items = [{"kind": "message", "raw": f"number {n}"} for n in range(5)]
    case = await tenant.assessed(*items)
    for name in ("evidence", "findings", "history"):
        path = f"{CASES}/{case['id']}/{name}"
        whole = (await analyst.get(path)).json()["data"]
        seen, cursor = [], None
        while True:
            query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
            page = (await analyst.get(path, params=query)).json()
            assert len(page["data"]) <= 2
            seen += page["data"]
            if (cursor := page["next_cursor"]) is None:
                break
        assert seen == whole, name
        assert whole, name


# Bulk -----------------------------------------------------------------------------


async def test_each_change_of_many_is_made_or_named(
    tenant: Any, analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    items = [
        {"id": case["id"], "version": case["version"], "patch": {"priority": "high"}},
        {"id": case["id"], "version": case["version"], "patch": {"tags": ["late"]}},
        {"id": case["id"], "patch": {"tags": ["any"]}},
        {"id": "case_1", "patch": {"priority": "low"}},
        {"id": case["id"]},
        {"id": case["id"], "patch": {"assignee": "user_nobody"}},
        {"id": case["id"], "patch": {"priority": "highest"}},
        {"id": case["id"], "transition": {"to": "RESOLVED"}},
        {"id": case["id"], "transition": {"to": "REMEDIATING", "reason": "x"}},
        "nonsense",
    ]
    answer = await analyst.post(f"{CASES}/bulk", json={"items": items})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    results = body["results"]
    assert [one["index"] for one in results] == list(range(10))
    assert [i for i, one in enumerate(results) if one["case"]] == [0, 2, 8]
    assert (body["changed"], body["refused"]) == (3, 7)
    for one in results:
        assert (one["case"] is None) != (one["error"] is None)
        if one["error"]:
            assert one["error"]["errors"], one
            assert all(each["remedy"] for each in one["error"]["errors"]), one
    codes = {
        i: one["error"]["type"].rpartition(":")[2]
        for i, one in enumerate(results)
        if one["error"]
    }
    assert codes[1] == "version_conflict"
    assert codes[3] == "not_found"
    assert codes[7] == "approval_required"
    after = (await analyst.get(f"{CASES}/{case['id']}")).json()
    assert (after["priority"], after["tags"], after["state"]) == (
        "high",
        ["any"],
        "REMEDIATING",
    )


# Approvals ------------------------------------------------------------------------


async def test_a_second_person_is_asked_before_the_move(
    tenant: Any, analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    path = f"{CASES}/{case['id']}/approvals"
    match = {"If-Match": f'"{case["version"]}"'}
    asked = await analyst.post(path, json={"to": "RESOLVED"}, headers=match)
    assert asked.status_code == 201, asked.text
    assert asked.json()["state"] == "open"
    reviewer = await tenant.client("reviewer")
    decided = await reviewer.post(
        f"/api/v1/approvals/{asked.json()['id']}/decide", json={"approve": True}
    )
    assert decided.json()["state"] == "approved"
    after = (await analyst.get(f"{CASES}/{case['id']}")).json()
    assert after["state"] == "RESOLVED"


async def test_a_move_that_needs_nobody_is_not_asked_for(
    tenant: Any, analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    answer = await analyst.post(
        f"{CASES}/{case['id']}/approvals",
        json={"to": "REMEDIATING", "reason": "x"},
        headers={"If-Match": "*"},
    )
    assert answer.status_code == 409
    assert "no second person" in answer.json()["detail"]
    assert answer.json()["errors"][0]["remedy"]


# Links and attachments ------------------------------------------------------------


async def test_a_link_is_seen_from_both_ends(
    analyst: httpx.AsyncClient, evidence: dict[str, Any]
) -> None:
    one, two = [await opened(analyst, evidence) for _ in range(2)]
    path = f"{CASES}/{one['id']}/links"
    body = {"to": two["id"], "kind": "duplicate_of", "reason": "the same tip"}
    made = await analyst.post(path, json=body)
    assert made.status_code == 201, made.text
    for case in (one, two):
        found = (await analyst.get(f"{CASES}/{case['id']}/links")).json()["data"]
        assert found == [made.json()]
    assert (await analyst.post(path, json=body)).status_code == 409
    timeline = (await analyst.get(f"{CASES}/{one['id']}/timeline?limit=500")).json()
    [told] = [e for e in timeline["data"] if e["type"].endswith("case.linked.v1")]
    assert told["data"] == {"to": two["id"], "kind": "duplicate_of"}


@pytest.mark.parametrize("to", ["case_1", "itself"])
async def test_a_link_to_nothing_is_named(
    analyst: httpx.AsyncClient, evidence: dict[str, Any], to: str
) -> None:
    case = await opened(analyst, evidence)
    body = {"to": case["id"] if to == "itself" else to}
    answer = await analyst.post(f"{CASES}/{case['id']}/links", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "to"


async def test_an_attachment_is_kept_and_its_reading_recorded(
    analyst: httpx.AsyncClient, evidence: dict[str, Any]
) -> None:
    case = await opened(analyst, evidence)
    path = f"{CASES}/{case['id']}/attachments"
    content = bytes(range(256))
    body = {
        "name": "minutes „März“.html",
        "media_type": "text/html",
        "content_base64": base64.b64encode(content).decode(),
    }
    made = await analyst.post(path, json=body)
    assert made.status_code == 201, made.text
    assert (await analyst.get(path)).json()["data"] == [made.json()]
    read = await analyst.get(made.headers["location"])
    assert read.content == content
    assert read.headers["content-type"] == "application/octet-stream"
    assert read.headers["x-content-type-options"] == "nosniff"
    assert read.headers["content-disposition"].startswith("attachment;")
    timeline = (await analyst.get(f"{CASES}/{case['id']}/timeline?limit=500")).json()
    told = [e["type"].split(".", 1)[1] for e in timeline["data"]]
    assert told.count("case.attached.v1") == told.count("attachment.read.v1") == 1
    assert "minutes" not in str(timeline)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content_base64", "%%%"),
        ("content_base64", "eA="),
        ("media_type", "text/html\r\nX-Evil: 1"),
        ("name", ""),
        ("name", "a\x00b"),
    ],
)
async def test_an_attachment_that_is_none_is_named(
    analyst: httpx.AsyncClient, evidence: dict[str, Any], field: str, value: str
) -> None:
    case = await opened(analyst, evidence)
    body = {"name": "x", "content_base64": "eA==", field: value}
    answer = await analyst.post(f"{CASES}/{case['id']}/attachments", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == field
    assert answer.json()["errors"][0]["remedy"]


# Search and statistics --------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "found", "matched"),
    [
        ("bridge", 1, ["title"]),
        ("BRIDGE north", 1, ["title"]),
        ("bridge south", 0, []),
        ("purple", 1, ["tag"]),
        ("ref-77", 1, ["reference"]),
        ("100%", 0, []),
        ("INT-", 2, ["number"]),
    ],
)
async def test_cases_are_found_by_their_words(
    analyst: httpx.AsyncClient,
    evidence: dict[str, Any],
    words: str,
    found: int,
    matched: list[str],
) -> None:
    await opened(
        analyst,
        evidence,
        title="North bridge",
        tags=["purple"],
        reference="REF-77",
    )
    await opened(analyst, evidence, title="Harbour")
    answer = await analyst.get("/api/v1/search", params={"q": words})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]) == found
    for one in answer.json()["data"]:
        assert one["matched"] == matched


async def test_statistics_count_what_there_is(
    tenant: Any, analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    stats = (await analyst.get("/api/v1/stats")).json()
    assert stats["cases"] == sum(stats["by_state"].values()) == 1
    assert stats["by_state"] == {case["state"]: 1}
    assert stats["by_band"] == {case["band"]: 1}
    assert stats["unassigned"] == 1
    assert stats["overdue"] == stats["open_approvals"] == 0
    assert stats["findings_by_severity"]


@pytest.mark.parametrize(("interval", "points"), [("day", 31), ("month", 1)])
async def test_a_series_has_no_gap(
    analyst: httpx.AsyncClient, interval: str, points: int
) -> None:
    query = {"first": "2026-01-01", "last": "2026-01-31", "interval": interval}
    answer = await analyst.get("/api/v1/stats/timeseries", params=query)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["data"]) == points
    assert {(p["opened"], p["closed"]) for p in answer.json()["data"]} == {(0, 0)}


async def test_a_series_counts_what_was_opened_and_closed(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, Any]
) -> None:
    case = await tenant.assessed(evidence["payment"])
    data = (await analyst.get("/api/v1/stats/timeseries")).json()["data"]
    assert len(data) == 30
    assert sum(point["opened"] for point in data) == 1
    assert sum(point["closed"] for point in data) == (case["closed_at"] is not None)


async def test_a_span_that_is_none_is_named(analyst: httpx.AsyncClient) -> None:
    query = {"first": "2026-02-01", "last": "2026-01-31"}
    answer = await analyst.get("/api/v1/stats/timeseries", params=query)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "first"

"""Bad addresses, queries and headers: a problem, never a 5xx."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

SUBMISSIONS = "/api/v1/submissions"
JSON = {"Content-Type": "application/json"}


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Check the form of a problem document; return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:integritas:problem:{body['code']}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["x-request-id"]
    return body


def paths(body: dict[str, Any]) -> set[str]:
    return {error["path"] for error in body["errors"]}


def submission(*items: Any, **more: Any) -> dict[str, Any]:
    return {"evidence": list(items), **more}


def odd(headers: dict[str, bytes]) -> list[tuple[bytes, bytes]]:
    """Return headers as bytes, as they are."""
    given = [(name.encode(), value) for name, value in headers.items()]
    return [*given, (b"content-type", b"application/json")]


# Addresses and queries ------------------------------------------------------------

ODD_IDS = [
    "x",
    "case_0",
    "case_01JZ8QK4T3V5E7M9N1P2R4S6T8",
    "%2e%2e%2fetc%2fpasswd",
    "%00",
    "a%00b",
    "%ff",
    "%ed%a0%80",
    "'%20OR%201=1--",
    "a" * 5_000,
    "%F0%9F%92%A9",
]
ADDRESSES = [
    "/cases/{}",
    "/cases/{}/history",
    "/cases/{}/timeline",
    "/cases/{}/decisions",
    "/cases/{}/evidence",
    "/cases/{}/findings",
    "/cases/{}/approvals",
    "/submissions/{}",
    "/evidence/{}",
    "/evidence/{}/raw",
    "/findings/{}",
    "/workflows/{}",
    "/workflows/{}/versions/1",
    "/runs/{}",
    "/runs/{}/steps",
    "/users/{}",
    "/audit/bundles/{}",
]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_id_of_nothing_is_not_found(
    admin: httpx.AsyncClient, address: str
) -> None:
    for odd in ODD_IDS:
        answer = await admin.get(f"/api/v1{address.format(odd)}")
        problem(answer, 404)


@pytest.mark.parametrize(
    "path", ["x", "0/x", "8/000", "0/000.p/0", "0/9999999999999999999", "0/%00"]
)
async def test_a_tile_of_nothing_is_refused(
    admin: httpx.AsyncClient, path: str
) -> None:
    answer = await admin.get(f"/api/v1/audit/log/tile/{path}")
    problem(answer, 404 if path in {"0/%00", "8/000"} else 422)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=x",
        "limit=1e3",
        "limit=" + "9" * 5_000,
        "cursor=%25",
        "cursor=",
        "cursor=abc",
        "cursor=Y2FzZQ",
        "cursor=AAAA",
        "cursor=%00",
        "cursor=" + "A" * 501,
    ],
)
@pytest.mark.parametrize(
    "address",
    ["/cases", "/submissions", "/approvals", "/runs", "/users", "/api-keys"],
)
async def test_a_wrong_page_is_named(
    admin: httpx.AsyncClient, address: str, query: str
) -> None:
    found = problem(await admin.get(f"/api/v1{address}?{query}"), 422)
    assert paths(found) == {query.partition("=")[0]}


@pytest.mark.parametrize(
    "query", ["cursor=Y2FzZQ", "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "limit=0"]
)
async def test_a_wrong_page_of_a_timeline_is_named(
    tenant: Any, evidence: dict[str, dict[str, Any]], query: str
) -> None:
    case = await tenant.assessed(evidence["message"])
    client = await tenant.client("viewer")
    answer = await client.get(f"/api/v1/cases/{case['id']}/timeline?{query}")
    assert paths(problem(answer, 422)) == {query.partition("=")[0]}


@pytest.mark.parametrize(
    "query",
    ["state=OPEN", "min_risk=x", "min_risk=nan", "min_risk=101", "assignee=a%00"],
)
async def test_a_wrong_filter_is_named(admin: httpx.AsyncClient, query: str) -> None:
    found = problem(await admin.get(f"/api/v1/cases?{query}"), 422)
    assert any(p.startswith(query.partition("=")[0]) for p in paths(found))


@pytest.mark.parametrize(
    "address",
    [
        "/audit/entries?limit=0",
        "/audit/entries?cursor=x",
        "/audit/entries?cursor=-1",
        "/audit/entries/x",
        "/audit/proofs/inclusion",
        "/audit/proofs/inclusion?index=x",
        "/workflows/case-assessment/versions/x",
    ],
)
async def test_a_wrong_number_is_named(admin: httpx.AsyncClient, address: str) -> None:
    assert problem(await admin.get(f"/api/v1{address}"), 422)["errors"]


@pytest.mark.parametrize("number", ["-1", "9" * 18, "9" * 19, "9" * 40])
@pytest.mark.parametrize(
    "address",
    [
        "/audit/entries/{}",
        "/audit/entries?cursor={}",
        "/audit/proofs/inclusion?index={}",
        "/audit/proofs/inclusion?index=0&size={}",
        "/audit/proofs/consistency?old={}",
        "/audit/proofs/consistency?old=0&new={}",
        "/workflows/case-assessment/versions/{}",
    ],
)
async def test_a_number_beyond_everything_is_no_crash(
    admin: httpx.AsyncClient, address: str, number: str
) -> None:
    answer = await admin.get(f"/api/v1{address.format(number)}")
    assert answer.status_code in {200, 404, 422}, answer.text


# Headers --------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "k" * 201])
async def test_a_wrong_idempotency_key_is_named(
    analyst: httpx.AsyncClient,
    tenant: Any,
    evidence: dict[str, dict[str, Any]],
    key: str,
) -> None:
    answer = await analyst.post(
        SUBMISSIONS,
        json=submission(evidence["message"]),
        headers={"Idempotency-Key": key},
    )
    assert {p.lower() for p in paths(problem(answer, 422))} == {"idempotency-key"}
    assert await tenant.count_cases() == 0


@pytest.mark.parametrize(
    "name",
    ["X-Request-ID", "traceparent", "Prefer", "User-Agent", "Accept", "X-Unknown"],
)
@pytest.mark.parametrize("value", [b"\xff" * 100, b"a" * 60_000, b"wait=99999", b""])
async def test_an_odd_header_is_no_crash(
    analyst: httpx.AsyncClient, name: str, value: bytes
) -> None:
    answer = await analyst.get("/api/v1/me", headers=odd({name: value}))
    assert answer.status_code == 200


async def test_a_host_that_is_none_is_no_crash(analyst: httpx.AsyncClient) -> None:
    for host in (b"[::", b"a b", b"", b"\xff", b"evil.example:99999999"):
        answer = await analyst.get("/api/v1/nothing", headers=odd({"Host": host}))
        problem(answer, 404)
        answer = await analyst.post(
            SUBMISSIONS, json={}, headers=odd({"Host": host, "Idempotency-Key": b"k"})
        )
        problem(answer, 422)


# Routes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/v2/cases",
        "/api/v1",
        "/api/v1/../../etc/passwd",
        "/api/v1/cases/",
        "//api/v1/cases",
        "/api/v1//cases",
        "/API/V1/cases",
        "/api/v1/cases%2f",
        "/internal/v1/spam/assess",
        "/api/static-docs/../../../pyproject.toml",
        "/api/static-docs/%2e%2e/%2e%2e/core.py",
    ],
)
async def test_no_such_path_is_a_problem(admin: httpx.AsyncClient, path: str) -> None:
    url = httpx.URL("http://testserver").copy_with(raw_path=path.encode())
    problem(await admin.get(url), 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_another_method_is_refused(admin: httpx.AsyncClient, method: str) -> None:
    answer = await admin.request(method, "/api/v1/cases")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]

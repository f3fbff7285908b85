"""Bad input: a clear problem that names the field, nothing half-done, never a 5xx."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
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


async def refused(
    analyst: httpx.AsyncClient, tenant: Any, document: Any, status: int = 422
) -> dict[str, Any]:
    """Submit what must be refused; check that nothing was kept of it."""
    content = document if isinstance(document, bytes) else json.dumps(document)
    answer = await analyst.post(SUBMISSIONS, content=content, headers=JSON)
    body = problem(answer, status)
    assert body["errors"], body
    assert await tenant.count_cases() == 0
    return body


def submission(*items: Any, **more: Any) -> dict[str, Any]:
    return {"evidence": list(items), **more}


# The body as a whole ----------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"not json",
        b'{"evidence": [}',
        b'{"evidence": []} trailing',
        b"\xff\xfe\x00",
        b'{"title": "\xff"}',
        b'{"title": "a\x00b"}',
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"title": ' + b"9" * 10_000 + b"}",
        b"",
    ],
    ids=range(11),
)
async def test_what_is_no_json_is_refused(analyst, tenant, body: bytes) -> None:
    answer = await analyst.post(SUBMISSIONS, content=body, headers=JSON)
    found = problem(answer, 400 if body else 422)
    assert paths(found) == {"(body)"}
    assert all(error["remedy"] for error in found["errors"])
    assert await tenant.count_cases() == 0


@pytest.mark.parametrize("body", ["null", "[]", "3", '"text"', "true", "{}"])
async def test_json_of_another_shape_is_refused(analyst, tenant, body: str) -> None:
    await refused(analyst, tenant, body.encode())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_what_json_does_not_know_is_refused(analyst, tenant, number: str) -> None:
    body = f'{{"evidence": [{{"kind": "procurement", "release": {{"ocid": "a", "x": {number}}}}}]}}'
    await refused(analyst, tenant, body.encode(), 400)


async def test_a_key_given_twice_is_refused(analyst, tenant) -> None:
    body = b'{"evidence": [{"kind": "message", "raw": "a", "raw": "b"}]}'
    found = await refused(analyst, tenant, body, 400)
    assert "raw" in found["detail"]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "multipart/form-data", "nonsense"]
)
async def test_another_content_type_is_refused(
    analyst, tenant, evidence, media_type: str
) -> None:
    content = json.dumps(submission(evidence["message"]))
    answer = await analyst.post(
        SUBMISSIONS, content=content, headers={"Content-Type": media_type}
    )
    found = problem(answer, 422)
    assert "application/json" in found["errors"][0]["remedy"]
    assert await tenant.count_cases() == 0


async def test_a_body_too_large_is_refused(analyst, tenant) -> None:
    body = b" " * (10 * 1024 * 1024 + 1)
    answer = await analyst.post(SUBMISSIONS, content=body, headers=JSON)
    assert "10485760 bytes" in problem(answer, 413)["detail"]
    assert await tenant.count_cases() == 0


async def test_a_chunked_body_too_large_is_refused(analyst, tenant) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 1024 * 1024

    answer = await analyst.post(SUBMISSIONS, content=chunks(), headers=JSON)
    problem(answer, 413)
    assert await tenant.count_cases() == 0


async def test_a_content_length_that_is_no_number_is_no_crash(gateway, analyst) -> None:
    answer = await analyst.post(
        SUBMISSIONS, content=b"{}", headers={**JSON, "Content-Length": b"\xb2"}
    )
    assert answer.status_code == 422


# Fields ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({}, "evidence"),
        (submission(), "evidence"),
        (submission("text"), "evidence[0]"),
        (submission(None), "evidence[0]"),
        ({"evidence": "text"}, "evidence"),
        ({"evidence": {"0": {}}}, "evidence"),
        (submission({}), "evidence[0]"),
        (submission({"kind": "photo"}), "evidence[0]"),
        (submission({"kind": None}), "evidence[0]"),
        (submission({"kind": ["message"]}), "evidence[0]"),
        (submission({"kind": "message"}), "evidence[0]"),
        (submission({"kind": "message", "raw": 7}), "evidence[0].raw"),
        (submission({"kind": "message", "raw": "a", "x": 1}), "evidence[0].x"),
        (submission({"kind": "message", "raw_base64": "%"}), "evidence[0]"),
        (submission({"kind": "message", "raw_base64": "YQ"}), "evidence[0]"),
        (
            submission({"kind": "message", "raw": "a", "raw_base64": "YQ=="}),
            "evidence[0]",
        ),
        (
            submission({"kind": "message", "raw": "a", "media_type": "text/html"}),
            "evidence[0].media_type",
        ),
        (submission({"kind": "message", "raw": "a"}, title="\ud800"), "title"),
        (submission({"kind": "message", "raw": "a"}, title="a\0"), "title"),
        (submission({"kind": "message", "raw": "a"}, title="a" * 501), "title"),
        (submission({"kind": "message", "raw": "a"}, title=["a"]), "title"),
        (submission({"kind": "message", "raw": "a"}, reference="\0"), "reference"),
        (submission({"kind": "message", "raw": "a"}, channel="A B"), "channel"),
        (submission({"kind": "message", "raw": "a"}, channel="api\n"), "channel"),
        (submission({"kind": "message", "raw": "a"}, nonsense=1), "nonsense"),
        (submission(*[{"kind": "message", "raw": "a"}] * 201), "evidence"),
        (submission({"kind": "procurement"}), "evidence[0]"),
        (submission({"kind": "procurement", "release": []}), "evidence[0].release"),
        (submission({"kind": "procurement", "release": {}}), "evidence[0]"),
        (submission({"kind": "procurement", "release": {"ocid": 7}}), "evidence[0]"),
        (
            submission(
                {"kind": "procurement", "release": {"ocid": "a", "b": "\ud800"}}
            ),
            "evidence[0]",
        ),
        (
            submission({"kind": "procurement", "release": {"ocid": "a", "\ud800": 1}}),
            "evidence[0]",
        ),
        (
            submission(
                {
                    "kind": "procurement",
                    "release": {"ocid": "a", "tender": {"value": {"amount": "many"}}},
                }
            ),
            "evidence[0].release.tender.value.amount",
        ),
        (
            submission(
                {
                    "kind": "procurement",
                    "release": {"ocid": "a", "tender": {"value": {"amount": -1}}},
                }
            ),
            "evidence[0].release.tender.value.amount",
        ),
        (
            submission({"kind": "party", "schema": "person", "properties": {}}),
            "evidence[0].schema",
        ),
        (
            submission({"kind": "party", "schema": "Person", "properties": {}}),
            "evidence[0]",
        ),
        (
            submission(
                {"kind": "party", "schema": "Person", "properties": {"name": "Jane"}}
            ),
            "evidence[0].properties.name",
        ),
        (
            submission(
                {"kind": "party", "schema": "Person", "properties": {"name": [" "]}}
            ),
            "evidence[0]",
        ),
    ],
)
async def test_a_wrong_field_is_named(
    analyst, tenant, document: Any, path: str
) -> None:
    assert path in paths(await refused(analyst, tenant, document))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "-1"),
        ("amount", "much"),
        ("amount", "NaN"),
        ("amount", "Infinity"),
        ("amount", "1e400"),
        ("amount", "1" * 25),
        ("amount", None),
        ("amount", True),
        ("currency", "euro"),
        ("currency", "eur"),
        ("date", "2026-02-30"),
        ("date", "yesterday"),
        ("date", 20260101),
        ("date", "0000-00-00"),
        ("reference", "x" * 2_001),
        ("debtor", None),
        ("debtor", {"name": ""}),
        ("creditor", {"name": "A", "country": "deu"}),
        ("creditor", {"name": "A", "iban": "DE"}),
    ],
)
async def test_a_wrong_field_of_a_payment_is_named(
    analyst, tenant, evidence, field: str, value: Any
) -> None:
    payment = {**evidence["payment"], field: value}
    found = await refused(analyst, tenant, submission(payment))
    assert any(path.startswith(f"evidence[0].{field}") for path in paths(found))


async def test_a_huge_number_for_an_amount_is_named(analyst, tenant, evidence) -> None:
    text = json.dumps(submission(evidence["payment"])).replace('"1200.00"', "1e400")
    found = await refused(analyst, tenant, text.encode())
    assert paths(found) == {"evidence[0].amount"}


async def test_all_that_is_wrong_is_said_at_once(analyst, tenant) -> None:
    found = await refused(
        analyst, tenant, {"channel": "A", "x": 1, "evidence": [{"kind": "party"}]}
    )
    assert paths(found) >= {
        "channel",
        "x",
        "evidence[0].schema",
        "evidence[0].properties",
    }


async def test_a_long_name_of_a_field_is_not_sent_back(analyst, tenant) -> None:
    document = {"evidence": [], "x" * 1_000_000: 1}
    content = json.dumps(document)
    answer = await analyst.post(SUBMISSIONS, content=content, headers=JSON)
    problem(answer, 422)
    assert len(answer.content) < 5_000


@pytest.mark.parametrize(
    "raw",
    [
        "From: a\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x--",
        "Content-Type: multipart/mixed\r\n\r\nno boundary",
        "Subject: =?utf-8?B?%%%?=\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%",
        "Subject: a\0b\r\n\r\nc\0",
        "",
        "\ufeff\u202e\ufffe",
        "From: a\r\n" * 5_000,
    ],
    ids=range(7),
)
async def test_a_broken_mail_is_taken_and_assessed(tenant, raw: str) -> None:
    case = await tenant.assessed({"kind": "message", "raw": raw})
    assert case["risk"] is not None
    assert ("spam" in case["missing"]) == (not raw)  # of nothing, nothing is said


async def test_text_that_is_no_unicode_is_taken(analyst) -> None:
    answer = await analyst.post(
        SUBMISSIONS,
        content=json.dumps(submission({"kind": "message", "raw": "a \ud800 b"})),
        headers={**JSON, "Prefer": "wait=20"},
    )
    assert answer.status_code == 200
    assert answer.json()["missing"] == []


async def test_bytes_that_are_no_text_are_taken(tenant) -> None:
    case = await tenant.assessed({"kind": "message", "raw_base64": "/wD+gA=="})
    assert case["kinds"] == ["message"]


async def test_nul_in_evidence_is_kept_as_it_came(tenant, analyst) -> None:
    party = {
        "kind": "party",
        "schema": "Person",
        "properties": {"name": ["A\0B"], "a\0b": ["\0"]},
    }
    release = {"kind": "procurement", "release": {"ocid": "a\0", "\0": "\0"}}
    case = await tenant.assessed(party, release)
    items = (await analyst.get(f"/api/v1/cases/{case['id']}/evidence")).json()["data"]
    raws = [await analyst.get(f"/api/v1/evidence/{item['id']}/raw") for item in items]
    assert raws[0].json()["properties"] == party["properties"]
    assert raws[1].json()["release"] == release["release"]


@pytest.mark.parametrize("number", ["1e308", "123456789012345678901234567890", "-0.0"])
async def test_a_big_number_in_a_release_is_no_crash(
    analyst, tenant, number: str
) -> None:
    body = f'{{"evidence": [{{"kind": "procurement", "release": {{"ocid": "a", "x": {number}}}}}]}}'
    headers = {**JSON, "Prefer": "wait=20"}
    answer = await analyst.post(SUBMISSIONS, content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["missing"] == []


async def test_a_deep_release_is_taken_or_refused(analyst, tenant) -> None:
    for depth in (50, 150, 300, 900):
        inner = "[" * depth + "]" * depth
        body = f'{{"evidence": [{{"kind": "procurement", "release": {{"ocid": "a", "x": {inner}}}}}]}}'
        headers = {**JSON, "Prefer": "wait=20"}
        answer = await analyst.post(SUBMISSIONS, content=body, headers=headers)
        assert answer.status_code in {200, 400, 422}, (depth, answer.text)
        if answer.status_code == 200:
            case = answer.json()["id"]
            listed = await analyst.get(f"/api/v1/cases/{case}/evidence")
            item = listed.json()["data"][0]["id"]
            raw = await analyst.get(f"/api/v1/evidence/{item}/raw")
            assert raw.status_code == 200, depth


# Batches --------------------------------------------------------------------------


async def test_bad_items_of_a_batch_are_named_by_index(
    analyst, tenant, evidence
) -> None:
    items = [
        submission(evidence["message"]),
        submission({"kind": "photo"}),
        7,
        submission(evidence["party"], title="\ud800"),
        submission({"kind": "procurement", "release": {"ocid": "a", "tender": 3}}),
        submission(evidence["payment"]),
    ]
    content = json.dumps({"items": items})
    answer = await analyst.post(f"{SUBMISSIONS}/batch", content=content, headers=JSON)
    body = answer.json()
    assert answer.status_code == 202
    assert (body["accepted"], body["rejected"]) == (2, 4)
    assert [r["index"] for r in body["results"]] == list(range(6))
    assert [r["accepted"] is not None for r in body["results"]] == [
        *(True, False, False, False, False, True)
    ]
    for result in body["results"][1:5]:
        assert result["error"]["type"] == "urn:integritas:problem:invalid_input"
        assert result["error"]["errors"][0]["path"].startswith(
            f"items[{result['index']}]"
        )
    assert await tenant.count_cases() == 2


@pytest.mark.parametrize(
    "document", [{}, {"items": []}, {"items": 3}, {"items": [{}] * 1_001}]
)
async def test_a_batch_that_is_none_is_refused(analyst, tenant, document: Any) -> None:
    answer = await analyst.post(f"{SUBMISSIONS}/batch", json=document)
    assert paths(problem(answer, 422)) == {"items"}


async def test_a_batch_of_bad_items_only_opens_nothing(analyst, tenant) -> None:
    answer = await analyst.post(f"{SUBMISSIONS}/batch", json={"items": [1, None, []]})
    assert answer.json()["rejected"] == 3
    assert await tenant.count_cases() == 0


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
async def test_an_id_of_nothing_is_not_found(admin, address: str) -> None:
    for odd in ODD_IDS:
        answer = await admin.get(f"/api/v1{address.format(odd)}")
        problem(answer, 404)


@pytest.mark.parametrize(
    "path", ["x", "0/x", "8/000", "0/000.p/0", "0/9999999999999999999", "0/%00"]
)
async def test_a_tile_of_nothing_is_refused(admin, path: str) -> None:
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
async def test_a_wrong_page_is_named(admin, address: str, query: str) -> None:
    found = problem(await admin.get(f"/api/v1{address}?{query}"), 422)
    assert paths(found) == {query.partition("=")[0]}


@pytest.mark.parametrize(
    "query", ["cursor=Y2FzZQ", "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "limit=0"]
)
async def test_a_wrong_page_of_a_timeline_is_named(tenant, evidence, query) -> None:
    case = await tenant.assessed(evidence["message"])
    client = await tenant.client("viewer")
    answer = await client.get(f"/api/v1/cases/{case['id']}/timeline?{query}")
    assert paths(problem(answer, 422)) == {query.partition("=")[0]}


@pytest.mark.parametrize(
    "query",
    ["state=OPEN", "min_risk=x", "min_risk=nan", "min_risk=101", "assignee=a%00"],
)
async def test_a_wrong_filter_is_named(admin, query: str) -> None:
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
async def test_a_wrong_number_is_named(admin, address: str) -> None:
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
    admin, address: str, number: str
) -> None:
    answer = await admin.get(f"/api/v1{address.format(number)}")
    assert answer.status_code in {200, 404, 422}, answer.text


# Headers --------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "k" * 201])
async def test_a_wrong_idempotency_key_is_named(
    analyst, tenant, evidence, key: str
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
async def test_an_odd_header_is_no_crash(analyst, name: str, value: bytes) -> None:
    answer = await analyst.get("/api/v1/me", headers={name: value})
    assert answer.status_code == 200


async def test_a_host_that_is_none_is_no_crash(analyst) -> None:
    for host in (b"[::", b"a b", b"", b"\xff", b"evil.example:99999999"):
        answer = await analyst.get("/api/v1/nothing", headers={"Host": host})
        problem(answer, 404)
        answer = await analyst.post(
            SUBMISSIONS, json={}, headers={"Host": host, "Idempotency-Key": "k"}
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
async def test_no_such_path_is_a_problem(admin, path: str) -> None:
    url = httpx.URL("http://testserver").copy_with(raw_path=path.encode())
    problem(await admin.get(url), 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_another_method_is_refused(admin, method: str) -> None:
    answer = await admin.request(method, "/api/v1/cases")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


# Other bodies ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        ({"title": "\0"}, "title"),
        ({"title": 3}, "title"),
        ({"priority": "extreme"}, "priority"),
        ({"assignee": "a\0"}, "assignee"),
        ({"assignee": "\ud800"}, "assignee"),
        ({"tags": ["\0"]}, "tags[0]"),
        ({"tags": ["a"] * 51}, "tags"),
        ({"tags": [""]}, "tags[0]"),
        ({"due_at": "2026-01-01T00:00:00"}, "due_at"),
        ({"due_at": "soon"}, "due_at"),
        ({"due_at": "9999-12-31T23:59:59-12:00"}, "due_at"),
        ({"due_at": "0001-01-01T00:00:00+12:00"}, "due_at"),
        ({"state": "RESOLVED"}, "state"),
        ({"risk": 0}, "risk"),
    ],
)
async def test_a_wrong_change_of_a_case_is_named(
    tenant, analyst, evidence, patch: dict[str, Any], path: str
) -> None:
    case = await tenant.assessed(evidence["message"])
    headers = {"If-Match": f'"{case["version"]}"', **JSON}
    url = f"/api/v1/cases/{case['id']}"
    answer = await analyst.patch(url, content=json.dumps(patch), headers=headers)
    assert path in paths(problem(answer, 422))
    assert (await analyst.get(url)).json()["version"] == case["version"]


WORKFLOW = {"name": "own", "steps": [{"name": "a", "operation": "spam.assess"}]}


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ([], "steps"),
        ([{"name": "a"}], "steps[0]"),
        ([{"name": "a", "operation": "spam.asess"}], "steps[0].operation"),
        ([{"name": "a", "operation": "weather.look"}], "steps[0].operation"),
        ([{"name": "A", "operation": "spam.assess"}], "steps[0].name"),
        (
            [{"name": "a", "operation": "spam.assess", "when": "1 +"}],
            "steps[0].when",
        ),
        (
            [{"name": "a", "operation": "spam.assess", "timeout_s": 0}],
            "steps[0].timeout_s",
        ),
        (
            [{"name": "a", "operation": "spam.assess", "after": ["b"]}],
            "steps[0].after",
        ),
        (
            [
                {"name": "a", "operation": "spam.assess", "after": ["b"]},
                {"name": "b", "operation": "spam.assess", "after": ["a"]},
            ],
            "steps",
        ),
    ],
)
@pytest.mark.parametrize("address", ["/workflows", "/workflows/validate"])
async def test_a_wrong_definition_is_named(
    admin, steps: list[Any], path: str, address: str
) -> None:
    answer = await admin.post(f"/api/v1{address}", json={"name": "own", "steps": steps})
    found = problem(answer, 422)
    assert found["code"] == "invalid_definition"
    assert any(p.startswith(path) for p in paths(found)), found
    listed = (await admin.get("/api/v1/workflows")).json()["data"]
    assert [each["name"] for each in listed] == ["case-assessment"]


@pytest.mark.parametrize(
    "document",
    [
        {**WORKFLOW, "name": "\ud800"},
        {**WORKFLOW, "description": "\ud800"},
        {**WORKFLOW, "\ud800": 1},
        {**WORKFLOW, "version": 10**30},
        {**WORKFLOW, "version": 1e400},
        {**WORKFLOW, "timeout_s": 1e400},
    ],
)
async def test_an_odd_definition_is_no_crash(admin, document: Any) -> None:
    for address in ("/workflows", "/workflows/validate"):
        answer = await admin.post(
            f"/api/v1{address}", content=json.dumps(document), headers=JSON
        )
        assert answer.status_code in {400, 422}, answer.text


ODD_VALUES = [
    "\ud800",
    {"\ud800": 1},
    {"a": [{"b": "\udfff"}]},
    10**30,
    -(10**30),
    2**64,
    {"a": "\0"},
    {"\0": 1},
    json.loads("[" * 400 + "]" * 400),
    json.loads('{"a":' * 180 + "1" + "}" * 180),
]


@pytest.mark.parametrize("value", ODD_VALUES, ids=range(len(ODD_VALUES)))
async def test_an_odd_value_for_a_run_is_no_crash(
    tenant, admin, evidence, value: Any
) -> None:
    case = await tenant.assessed(evidence["message"])
    answer = await admin.post(
        "/api/v1/workflows/case-assessment/runs",
        content=json.dumps({"subject": case["id"], "input": {"x": value}}),
        headers=JSON,
    )
    assert answer.status_code in {202, 422}, answer.text
    if answer.status_code == 422:
        [path] = paths(answer.json())
        assert path.startswith("input.x")
    runs = (await admin.get("/api/v1/runs")).json()["data"]
    answer = await admin.post(
        f"/api/v1/runs/{runs[0]['id']}/signals",
        content=json.dumps({"name": "approval", "payload": value}),
        headers=JSON,
    )
    assert answer.status_code in {202, 409, 422}, answer.text


@pytest.mark.parametrize("version", [0, -1, 2**31, 2**63, 10**30, "1.5"])
async def test_an_odd_version_for_a_run_is_no_crash(
    tenant, admin, evidence, version: Any
) -> None:
    case = await tenant.assessed(evidence["message"])
    answer = await admin.post(
        "/api/v1/workflows/case-assessment/runs",
        json={"subject": case["id"], "version": version},
    )
    assert answer.status_code in {404, 422}, answer.text


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"username": "a b", "roles": ["viewer"]}, "username"),
        ({"username": "a\0", "roles": ["viewer"]}, "username"),
        ({"username": "\ud800", "roles": ["viewer"]}, "username"),
        ({"username": "jo", "roles": []}, "roles"),
        ({"username": "jo", "roles": ["service"]}, "roles"),
        ({"username": "jo", "roles": ["root"]}, "roles[0]"),
        ({"username": "jo", "roles": ["viewer"], "password": "short"}, "password"),
        ({"username": "jo", "roles": ["viewer"], "email": "a\0@b"}, "email"),
        (
            {"username": "jo", "roles": ["viewer"], "display_name": "\0"},
            "display_name",
        ),
        ({"username": "jo", "roles": ["viewer"], "tenant": "main"}, "tenant"),
    ],
)
async def test_a_wrong_user_is_named(
    admin, document: dict[str, Any], path: str
) -> None:
    answer = await admin.post(
        "/api/v1/users", content=json.dumps(document), headers=JSON
    )
    assert path in paths(problem(answer, 422))
    assert len((await admin.get("/api/v1/users")).json()["data"]) == 1


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\0"}, "name"),
        ({"name": "a", "scopes": ["everything"]}, "scopes"),
        ({"name": "a", "scopes": ["\0"]}, "scopes"),
        ({"name": "a", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "a", "expires_at": "2030-01-01T00:00:00"}, "expires_at"),
        ({"name": "a", "machine": "perhaps"}, "machine"),
    ],
)
async def test_a_wrong_key_is_named(admin, document: dict[str, Any], path: str) -> None:
    answer = await admin.post("/api/v1/api-keys", json=document)
    assert path in paths(problem(answer, 422))
    assert (await admin.get("/api/v1/api-keys")).json()["data"] == []


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"username": "a"},
        {"grant_type": "refresh_token"},
        {"grant_type": "magic"},
        {"username": "a", "password": "b", "tenant": "\0"},
        {"username": "\ud800", "password": "\ud800"},
        {"username": "a", "password": 7},
        {"username": "a" * 201, "password": "b"},
    ],
)
async def test_a_wrong_grant_is_no_crash(gateway, document: dict[str, Any]) -> None:
    async with gateway.client() as client:
        answer = await client.post(
            "/api/v1/auth/token", content=json.dumps(document), headers=JSON
        )
    assert answer.status_code in {401, 422}, answer.text


@pytest.mark.parametrize(
    "document",
    [
        {"username": "a\0", "password": "b\0"},
        {"username": "a", "password": "b", "tenant": "nowhere"},
        {"username": "a", "password": "b", "tenant": "../x"},
        {"grant_type": "refresh_token", "refresh_token": "x"},
        {"grant_type": "refresh_token", "refresh_token": "ir_main-aaaaaaaa_\0"},
    ],
)
async def test_a_grant_that_is_worth_nothing_is_refused(
    gateway, document: dict[str, Any]
) -> None:
    async with gateway.client() as client:
        answer = await client.post("/api/v1/auth/token", json=document)
    problem(answer, 401)


@pytest.mark.parametrize("service", ["spam", "anticorruption", "compliance"])
async def test_services_refuse_bad_evidence_too(analyst, service: str) -> None:
    url = f"/api/v1/{service}/assess"
    answer = await analyst.post(url, json=submission({"kind": "photo"}))
    assert paths(problem(answer, 422)) == {"evidence[0]"}
    answer = await analyst.post(url, content=b"{", headers=JSON)
    problem(answer, 400)
    answer = await analyst.post(
        f"{url}/batch", json={"items": [7, submission({"kind": "photo"})]}
    )
    assert answer.status_code == 200
    assert [r["error"]["code"] for r in answer.json()["results"]] == [
        *("invalid_input",) * 2
    ]


@pytest.mark.parametrize("value", ODD_VALUES, ids=range(len(ODD_VALUES)))
async def test_an_odd_finding_to_decide_on_is_no_crash(analyst, value: Any) -> None:
    finding = {
        "code": "x",
        "severity": "low",
        "score": 0.5,
        "subject": {"evidence": None, "path": ""},
        "title": "x",
        "data": {"x": value},
    }
    assessment = {
        "service": "spam",
        "findings": [finding],
        "versions": {},
        "input_hash": "",
    }
    body = {"dossier_id": "d", "assessments": [assessment]}
    answer = await analyst.post(
        "/api/v1/compliance/decide", content=json.dumps(body), headers=JSON
    )
    assert answer.status_code in {200, 422}, answer.text


@pytest.mark.parametrize("address", ["screen", "match"])
@pytest.mark.parametrize(
    "name", ["", "\ud800", "\0", " ", "a" * 100_000, "\u202e" * 50]
)
async def test_an_odd_name_to_screen_is_no_crash(
    analyst, address: str, name: str
) -> None:
    body = (
        {"query": name, "type": "person"}
        if address == "screen"
        else {"left": name, "right": "Jane Roe"}
    )
    answer = await analyst.post(
        f"/api/v1/compliance/{address}", content=json.dumps(body), headers=JSON
    )
    assert answer.status_code in {200, 422}, answer.text

"""Bad changes, definitions, users, keys and questions: a problem, never a 5xx."""

from __future__ import annotations

import json
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
    tenant: Any,
    analyst: httpx.AsyncClient,
    evidence: dict[str, dict[str, Any]],
    patch: dict[str, Any],
    path: str,
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
    admin: httpx.AsyncClient, steps: list[Any], path: str, address: str
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
async def test_an_odd_definition_is_no_crash(
    admin: httpx.AsyncClient, document: Any
) -> None:
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
    tenant: Any,
    admin: httpx.AsyncClient,
    evidence: dict[str, dict[str, Any]],
    value: Any,
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
    tenant: Any,
    admin: httpx.AsyncClient,
    evidence: dict[str, dict[str, Any]],
    version: Any,
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
    admin: httpx.AsyncClient, document: dict[str, Any], path: str
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
async def test_a_wrong_key_is_named(
    admin: httpx.AsyncClient, document: dict[str, Any], path: str
) -> None:
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
async def test_a_wrong_grant_is_no_crash(
    gateway: Any, document: dict[str, Any]
) -> None:
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
    gateway: Any, document: dict[str, Any]
) -> None:
    async with gateway.client() as client:
        answer = await client.post("/api/v1/auth/token", json=document)
    problem(answer, 401)


@pytest.mark.parametrize("service", ["spam", "anticorruption", "compliance"])
async def test_services_refuse_bad_evidence_too(
    analyst: httpx.AsyncClient, service: str
) -> None:
    url = f"/api/v1/{service}/assess"
    answer = await analyst.post(url, json=submission({"kind": "photo"}))
    assert paths(problem(answer, 422)) == {"evidence[0].kind"}
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
async def test_an_odd_finding_to_decide_on_is_no_crash(
    analyst: httpx.AsyncClient, value: Any
) -> None:
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
    body = {"dossier_id": "d", "assessments": {"spam": assessment}}
    answer = await analyst.post(
        "/api/v1/compliance/decide", content=json.dumps(body), headers=JSON
    )
    assert answer.status_code in {200, 422}, answer.text


@pytest.mark.parametrize("address", ["screen", "match"])
@pytest.mark.parametrize(
    "name", ["", "\ud800", "\0", " ", "a" * 100_000, "\u202e" * 50]
)
async def test_an_odd_name_to_screen_is_no_crash(
    analyst: httpx.AsyncClient, address: str, name: str
) -> None:
    body = (
        {"query": name, "type": "Person"}
        if address == "screen"
        else {"left": name, "right": "Jane Roe"}
    )
    answer = await analyst.post(
        f"/api/v1/compliance/{address}", content=json.dumps(body), headers=JSON
    )
    assert answer.status_code in {200, 422}, answer.text

"""Bad bodies: a clear problem that names the field, nothing half-done."""

from __future__ import annotations

import gzip
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


def odd(headers: dict[str, bytes]) -> list[tuple[bytes, bytes]]:
    """Return headers as bytes, as they are."""
    given = [(name.encode(), value) for name, value in headers.items()]
    return [*given, (b"content-type", b"application/json")]


def release_with(value: str) -> str:
    """Return a submission of a release that holds a value, written as it is."""
    item = '{"kind": "procurement", "release": {"ocid": "a", "x": VALUE}}'
    return f'{{"evidence": [{item}]}}'.replace("VALUE", value)


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
        b"\xef\xbb\xbf{}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"title": ' + b"9" * 10_000 + b"}",
        b"",
    ],
    ids=range(12),
)
async def test_what_is_no_json_is_refused(
    analyst: httpx.AsyncClient, tenant: Any, body: bytes
) -> None:
    answer = await analyst.post(SUBMISSIONS, content=body, headers=JSON)
    found = problem(answer, 400 if body else 422)
    assert paths(found) == {"(body)"}
    assert all(error["remedy"] for error in found["errors"])
    assert await tenant.count_cases() == 0


@pytest.mark.parametrize("body", ["null", "[]", "3", '"text"', "true", "{}"])
async def test_json_of_another_shape_is_refused(
    analyst: httpx.AsyncClient, tenant: Any, body: str
) -> None:
    await refused(analyst, tenant, body.encode())


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
async def test_what_json_does_not_know_is_refused(
    analyst: httpx.AsyncClient, tenant: Any, number: str
) -> None:
    body = release_with(number)
    await refused(analyst, tenant, body.encode(), 400)


async def test_a_key_given_twice_is_refused(
    analyst: httpx.AsyncClient, tenant: Any
) -> None:
    body = b'{"evidence": [{"kind": "message", "raw": "a", "raw": "b"}]}'
    found = await refused(analyst, tenant, body, 400)
    assert "raw" in found["detail"]


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/xml", "multipart/form-data", "nonsense", "x" * 5_000],
)
async def test_another_content_type_is_refused(
    analyst: httpx.AsyncClient,
    tenant: Any,
    evidence: dict[str, dict[str, Any]],
    media_type: str,
) -> None:
    content = json.dumps(submission(evidence["message"]))
    answer = await analyst.post(
        SUBMISSIONS, content=content, headers={"Content-Type": media_type}
    )
    found = problem(answer, 415)
    [error] = found["errors"]
    assert error["path"] == "Content-Type"
    assert media_type[:50] in error["message"]
    assert len(error["message"]) < 200
    assert error["remedy"] == "send application/json"
    assert answer.headers["accept"] == "application/json"
    assert await tenant.count_cases() == 0


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=utf-8", "application/vnd.api+json"]
)
async def test_json_by_another_name_is_taken(
    analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]], media_type: str
) -> None:
    content = json.dumps(submission(evidence["message"]))
    answer = await analyst.post(
        SUBMISSIONS, content=content, headers={"Content-Type": media_type}
    )
    assert answer.status_code == 202


async def test_a_compressed_body_is_refused(analyst: httpx.AsyncClient) -> None:
    answer = await analyst.post(
        SUBMISSIONS,
        content=gzip.compress(b'{"evidence": []}'),
        headers={**JSON, "Content-Encoding": "gzip"},
    )
    found = problem(answer, 415)
    assert paths(found) == {"Content-Encoding"}
    assert answer.headers["accept-encoding"] == "identity"


async def test_a_body_of_no_content_type_is_refused(analyst: httpx.AsyncClient) -> None:
    request = analyst.build_request("POST", SUBMISSIONS, content=b"{}")
    assert "content-type" not in request.headers
    found = problem(await analyst.send(request), 415)
    assert found["errors"][0]["message"] == "is missing"


async def test_sign_in_names_both_forms_it_takes(analyst: httpx.AsyncClient) -> None:
    answer = await analyst.post(
        "/api/v1/auth/token", content=b"<a/>", headers={"Content-Type": "text/xml"}
    )
    problem(answer, 415)
    assert answer.headers["accept"] == (
        "application/json, application/x-www-form-urlencoded"
    )


async def test_a_body_too_large_is_refused(
    analyst: httpx.AsyncClient, tenant: Any
) -> None:
    body = b" " * (10 * 1024 * 1024 + 1)
    answer = await analyst.post(SUBMISSIONS, content=body, headers=JSON)
    assert "10485760 bytes" in problem(answer, 413)["detail"]
    assert await tenant.count_cases() == 0


async def test_a_chunked_body_too_large_is_refused(
    analyst: httpx.AsyncClient, tenant: Any
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 1024 * 1024

    answer = await analyst.post(SUBMISSIONS, content=chunks(), headers=JSON)
    problem(answer, 413)
    assert await tenant.count_cases() == 0


async def test_a_content_length_that_is_no_number_is_no_crash(
    analyst: httpx.AsyncClient,
) -> None:
    answer = await analyst.post(
        SUBMISSIONS, content=b"{}", headers=odd({"Content-Length": b"\xb2"})
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
        (submission({}), "evidence[0].kind"),
        (submission({"kind": "photo"}), "evidence[0].kind"),
        (submission({"kind": None}), "evidence[0].kind"),
        (submission({"kind": ["message"]}), "evidence[0].kind"),
        (submission({"kind": "message"}), "evidence[0].raw"),
        (submission({"kind": "message", "raw": 7}), "evidence[0].raw"),
        (submission({"kind": "message", "raw": "a", "x": 1}), "evidence[0].x"),
        (submission({"kind": "message", "raw_base64": "%"}), "evidence[0].raw_base64"),
        (submission({"kind": "message", "raw_base64": "YQ"}), "evidence[0].raw_base64"),
        (
            submission({"kind": "message", "raw": "a", "raw_base64": "YQ=="}),
            "evidence[0].raw",
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
        (submission({"kind": "procurement"}), "evidence[0].release"),
        (submission({"kind": "procurement", "release": []}), "evidence[0].release"),
        (
            submission({"kind": "procurement", "release": {}}),
            "evidence[0].release.ocid",
        ),
        (
            submission({"kind": "procurement", "release": {"ocid": 7}}),
            "evidence[0].release.ocid",
        ),
        (
            submission(
                {"kind": "procurement", "release": {"ocid": "a", "b": "\ud800"}}
            ),
            "evidence[0].release",
        ),
        (
            submission({"kind": "procurement", "release": {"ocid": "a", "\ud800": 1}}),
            "evidence[0].release",
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
            "evidence[0].properties.name",
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
            "evidence[0].properties.name",
        ),
    ],
)
async def test_a_wrong_field_is_named(
    analyst: httpx.AsyncClient, tenant: Any, document: Any, path: str
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
    analyst: httpx.AsyncClient,
    tenant: Any,
    evidence: dict[str, dict[str, Any]],
    field: str,
    value: Any,
) -> None:
    payment = {**evidence["payment"], field: value}
    found = await refused(analyst, tenant, submission(payment))
    assert any(path.startswith(f"evidence[0].{field}") for path in paths(found))


async def test_a_huge_number_for_an_amount_is_named(
    analyst: httpx.AsyncClient, tenant: Any, evidence: dict[str, dict[str, Any]]
) -> None:
    text = json.dumps(submission(evidence["payment"])).replace('"1200.00"', "1e400")
    found = await refused(analyst, tenant, text.encode())
    assert paths(found) == {"evidence[0].amount"}


async def test_all_that_is_wrong_is_said_at_once(
    analyst: httpx.AsyncClient, tenant: Any
) -> None:
    found = await refused(
        analyst, tenant, {"channel": "A", "x": 1, "evidence": [{"kind": "party"}]}
    )
    assert paths(found) >= {
        "channel",
        "x",
        "evidence[0].schema",
        "evidence[0].properties",
    }


async def test_a_long_name_of_a_field_is_not_sent_back(
    analyst: httpx.AsyncClient,
) -> None:
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
async def test_a_broken_mail_is_taken_and_assessed(tenant: Any, raw: str) -> None:
    case = await tenant.assessed({"kind": "message", "raw": raw})
    assert case["risk"] is not None
    assert ("spam" in case["missing"]) == (not raw)  # of nothing, nothing is said


async def test_text_that_is_no_unicode_is_taken(analyst: httpx.AsyncClient) -> None:
    answer = await analyst.post(
        SUBMISSIONS,
        content=json.dumps(submission({"kind": "message", "raw": "a \ud800 b"})),
        headers={**JSON, "Prefer": "wait=20"},
    )
    assert answer.status_code == 200
    assert answer.json()["missing"] == []


async def test_bytes_that_are_no_text_are_taken(tenant: Any) -> None:
    case = await tenant.assessed({"kind": "message", "raw_base64": "/wD+gA=="})
    assert case["kinds"] == ["message"]


async def test_nul_in_evidence_is_kept_as_it_came(
    tenant: Any, analyst: httpx.AsyncClient
) -> None:
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
    analyst: httpx.AsyncClient, number: str
) -> None:
    body = release_with(number)
    headers = {**JSON, "Prefer": "wait=20"}
    answer = await analyst.post(SUBMISSIONS, content=body, headers=headers)
    assert answer.status_code == 200
    # Assessed, though of a release with nothing but a value nothing can be said.
    assert answer.json()["missing"] == ["anticorruption"]


async def test_a_deep_release_is_taken_or_refused(analyst: httpx.AsyncClient) -> None:
    for depth in (50, 150, 300, 900):
        inner = "[" * depth + "]" * depth
        body = release_with(inner)
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
    analyst: httpx.AsyncClient, tenant: Any, evidence: dict[str, dict[str, Any]]
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
async def test_a_batch_that_is_none_is_refused(
    analyst: httpx.AsyncClient, document: Any
) -> None:
    answer = await analyst.post(f"{SUBMISSIONS}/batch", json=document)
    assert paths(problem(answer, 422)) == {"items"}


async def test_a_batch_of_bad_items_only_opens_nothing(
    analyst: httpx.AsyncClient, tenant: Any
) -> None:
    answer = await analyst.post(f"{SUBMISSIONS}/batch", json={"items": [1, None, []]})
    assert answer.json()["rejected"] == 3
    assert await tenant.count_cases() == 0

"""Submitting: every kind, waiting, repeating, in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from integritas.kernel.clock import SystemClock
from integritas.workflows.api import Admission

SUBMISSIONS = "/api/v1/submissions"
KINDS = ("message", "procurement", "party", "payment")


async def test_a_submission_is_taken_and_can_be_found(
    analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    document = {
        "channel": "form",
        "title": "A tip",
        "reference": "mine-7",
        "evidence": [evidence["message"]],
    }
    answer = await analyst.post(SUBMISSIONS, json=document)
    taken = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == taken["links"]["self"]
    assert taken["number"].startswith("INT-")
    assert len(taken["evidence"]) == 1
    found = (await analyst.get(taken["links"]["self"])).json()
    assert {name: found[name] for name in ("channel", "title", "reference")} == {
        name: document[name] for name in ("channel", "title", "reference")
    }
    assert found["case_id"] == taken["case_id"]
    for name in ("case", "findings"):
        assert (await analyst.get(taken["links"][name])).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_is_assessed(
    tenant: Any, evidence: dict[str, dict[str, Any]], kind: str
) -> None:
    case = await tenant.assessed(evidence[kind])
    assert case["kinds"] == [kind]
    assert case["missing"] == []
    assert case["outcome"] is not None
    assert 0 <= case["risk"] <= 100


async def test_all_kinds_together_are_assessed(
    tenant: Any, evidence: dict[str, dict[str, Any]]
) -> None:
    case = await tenant.assessed(*evidence.values())
    assert case["kinds"] == sorted(KINDS)
    assert case["missing"] == []


async def test_waiting_answers_with_the_assessed_case(
    analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    answer = await analyst.post(
        SUBMISSIONS,
        json={"evidence": [evidence["message"]]},
        headers={"Prefer": "respond-async, wait=10"},
    )
    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "wait=10"
    case = answer.json()
    assert case["state"] in {"VALIDATING", "RESOLVED"}
    assert (await analyst.get(f"/api/v1/cases/{case['id']}")).json() == case


async def test_a_listed_party_is_found_and_waits_for_a_person(
    tenant: Any, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    client = await tenant.client("viewer")
    found = (await client.get(f"/api/v1/cases/{case['id']}/findings")).json()["data"]
    assert any(f["kind"] == "hit" and f["service"] == "compliance" for f in found)
    assert case["state"] == "VALIDATING"
    assert case["risk"] >= 70


async def test_who_does_not_wait_is_told_where_to_look(
    analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    answer = await analyst.post(
        SUBMISSIONS,
        json={"evidence": [evidence["message"]]},
        headers={"Prefer": "wait=0"},
    )
    assert answer.status_code == 202


# Repeating ------------------------------------------------------------------------


async def test_a_repeated_request_is_answered_and_not_redone(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    document = {"evidence": [evidence["message"]]}
    headers = {"Idempotency-Key": "k-1"}
    first = await analyst.post(SUBMISSIONS, json=document, headers=headers)
    again = await analyst.post(SUBMISSIONS, json=document, headers=headers)
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    assert first.headers["location"] == again.headers["location"]
    assert first.headers["idempotency-replayed"] == "false"
    assert again.headers["idempotency-replayed"] == "true"
    assert await tenant.count_cases() == 1


async def test_a_repeated_request_may_wait(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    document = {"evidence": [evidence["message"]]}
    headers = {"Idempotency-Key": "k", "Prefer": "wait=20"}
    first = await analyst.post(SUBMISSIONS, json=document, headers=headers)
    again = await analyst.post(SUBMISSIONS, json=document, headers=headers)
    assert first.status_code == again.status_code == 200
    assert first.json()["id"] == again.json()["id"]
    assert await tenant.count_cases() == 1


async def test_a_key_with_another_body_is_refused(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    headers = {"Idempotency-Key": "k"}
    await analyst.post(
        SUBMISSIONS, json={"evidence": [evidence["message"]]}, headers=headers
    )
    answer = await analyst.post(
        SUBMISSIONS, json={"evidence": [evidence["party"]]}, headers=headers
    )
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_mismatch"
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"
    assert await tenant.count_cases() == 1


async def test_a_refused_request_does_not_use_its_key_up(
    analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    headers = {"Idempotency-Key": "k"}
    bad = await analyst.post(SUBMISSIONS, json={"evidence": []}, headers=headers)
    good = await analyst.post(
        SUBMISSIONS, json={"evidence": [evidence["message"]]}, headers=headers
    )
    assert (bad.status_code, good.status_code) == (422, 202)


async def test_keys_of_two_people_are_two(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    other = await tenant.client("reviewer")
    for client in (analyst, other):
        answer = await client.post(
            SUBMISSIONS,
            json={"evidence": [evidence["message"]]},
            headers={"Idempotency-Key": "k"},
        )
        assert answer.headers["idempotency-replayed"] == "false"
    assert await tenant.count_cases() == 2


async def test_the_same_key_at_the_same_time_opens_one_case(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    answers = await asyncio.gather(
        *(
            analyst.post(
                SUBMISSIONS,
                json={"evidence": [evidence["message"]]},
                headers={"Idempotency-Key": "k"},
            )
            for _ in range(20)
        )
    )
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len({a.json()["case_id"] for a in answers if a.status_code == 202}) == 1
    assert await tenant.count_cases() == 1


async def test_many_at_the_same_time_are_all_taken(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    answers = await asyncio.gather(
        *(
            analyst.post(SUBMISSIONS, json={"evidence": [evidence["message"]]})
            for _ in range(50)
        )
    )
    numbers = sorted(answer.json()["number"][-5:] for answer in answers)
    assert numbers == [f"{n:05d}" for n in range(1, 51)]
    assert await tenant.count_cases() == 50


# Batches and lists ----------------------------------------------------------------


async def test_a_batch_opens_a_case_for_each(
    analyst: httpx.AsyncClient,
    evidence: dict[str, dict[str, Any]],
    until: Any,
) -> None:
    items = [{"evidence": [evidence[kind]], "reference": kind} for kind in KINDS]
    answer = await analyst.post(f"{SUBMISSIONS}/batch", json={"items": items})
    body = answer.json()
    assert (answer.status_code, body["accepted"], body["rejected"]) == (202, 4, 0)
    ids = [result["accepted"]["case_id"] for result in body["results"]]
    assert len(set(ids)) == 4

    async def all_decided() -> bool:
        cases = (await analyst.get("/api/v1/cases")).json()["data"]
        return all(case["outcome"] is not None for case in cases)

    await until(all_decided)
    for result, kind in zip(body["results"], KINDS, strict=True):
        case = (await analyst.get(result["accepted"]["links"]["case"])).json()
        assert case["kinds"] == [kind]


async def test_submissions_page_newest_first(
    analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    items: list[dict[str, Any]] = [
        {"evidence": [evidence["message"]], "reference": str(n)} for n in range(5)
    ]
    for item in items:
        await analyst.post(SUBMISSIONS, json=item)
    seen, cursor = [], None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await analyst.get(SUBMISSIONS, params=params)).json()
        seen += [item["reference"] for item in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["4", "3", "2", "1", "0"]


@pytest.fixture
def no_room(gateway: Any) -> Iterator[None]:
    """Let so many runs wait that no more may."""
    parts = gateway.app.state.parts
    full = Admission(gateway.platform.database, SystemClock(), limit=1)
    full._waiting, full._next_look = 1, float("inf")
    gateway.app.state.parts = replace(parts, admission=full)
    yield
    gateway.app.state.parts = parts


@pytest.mark.usefixtures("no_room")
async def test_when_too_many_runs_wait_submitters_come_back_later(
    analyst: httpx.AsyncClient, evidence: dict[str, dict[str, Any]]
) -> None:
    one = {"evidence": [evidence["message"]]}
    for url, body in ((SUBMISSIONS, one), (f"{SUBMISSIONS}/batch", {"items": [one]})):
        answer = await analyst.post(url, json=body)
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.json()["code"] == "too_many_requests"
        assert "as may: 1" in answer.json()["detail"]
    assert (await analyst.get(SUBMISSIONS)).json()["data"] == []

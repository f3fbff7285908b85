from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.ids import IdFactory
from integritas.services.compliance.api import ComplianceService, create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

API = "/api/v1/compliance"


def client(service: ComplianceService, token: str | None = None) -> httpx.AsyncClient:
    clock = ManualClock()
    ids = IdFactory(clock, SeededRandomness(1))
    app = create_app(service, ids=ids, clock=clock, token=token)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://compliance"
    )


@pytest.fixture
async def http(service: ComplianceService) -> AsyncIterator[httpx.AsyncClient]:
    async with client(service) as opened:
        yield opened


@pytest.fixture
async def listless(bare: ComplianceService) -> AsyncIterator[httpx.AsyncClient]:
    async with client(bare) as opened:
        yield opened


async def post(http: httpx.AsyncClient, path: str, body: object) -> Any:
    answer = await http.post(f"{API}{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def refused(http: httpx.AsyncClient, path: str, body: object) -> list[str]:
    answer = await http.post(f"{API}{path}", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    return [error["path"] for error in answer.json()["errors"]]


async def test_screen_answers_with_hits_and_lists(http: httpx.AsyncClient) -> None:
    body = {"query": "Orlov Mikhail", "type": "Person", "birth_date": "1971-03-12"}
    answer = await post(http, "/screen", body)
    assert answer["hits"][0]["uid"] == "101"
    assert answer["hits"][0]["match"] is True
    assert answer["hits"][0]["reasons"][0]["text"].startswith("agrees")
    assert [name.split("@")[0] for name in answer["lists"]] == ["ofac", "un"]


async def test_screen_of_nobody_listed_has_no_hits(http: httpx.AsyncClient) -> None:
    assert (await post(http, "/screen", {"query": "Qqq Jjj"}))["hits"] == []


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["query"]),
        ({"query": "😀"}, ["query"]),
        ({"query": "x" * 10_000}, ["query"]),
        ({"query": "a " * 50}, ["query"]),
        ({"query": "A B", "birth_date": "yesterday"}, ["birth_date"]),
        ({"query": "A B", "country": "Atlantis"}, ["country"]),
        ({"query": "A B", "type": "no schema"}, ["type"]),
        ({"query": 3}, ["query"]),
    ],
)
async def test_a_bad_query_names_its_fields(
    http: httpx.AsyncClient, body: object, paths: list[str]
) -> None:
    assert await refused(http, "/screen", body) == paths


async def test_a_bad_query_of_a_batch_fails_alone(http: httpx.AsyncClient) -> None:
    queries = [{"query": "Orlov"}, {"query": ""}, {"query": "Silver Heron"}]
    answer = await post(http, "/screen/batch", {"queries": queries, "limit": 1})
    first, second, third = answer["results"]
    assert (first["hits"][0]["uid"], third["hits"][0]["uid"]) == ("101", "103")
    assert second["hits"] == []
    assert second["errors"][0]["path"] == "queries[1].query"


@pytest.mark.parametrize("bad", [7, None, "Orlov", [], {"query": 5}])
async def test_what_is_no_query_fails_alone(
    http: httpx.AsyncClient, bad: object
) -> None:
    queries = [{"query": "Orlov"}, bad]
    answer = await post(http, "/screen/batch", {"queries": queries})
    first, second = answer["results"]
    assert first["hits"]
    assert second["errors"][0]["path"].startswith("queries[1]")


async def test_a_batch_of_bad_queries_is_answered(http: httpx.AsyncClient) -> None:
    answer = await post(http, "/screen/batch", {"queries": [{"query": ""}]})
    assert answer["results"][0]["errors"]


@pytest.mark.parametrize("queries", [[], [{"query": "A"}] * 1001])
async def test_a_batch_has_bounds(
    http: httpx.AsyncClient, queries: list[object]
) -> None:
    assert await refused(http, "/screen/batch", {"queries": queries}) == ["queries"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/screen", {"query": "Orlov"}),
        ("/screen/batch", {"queries": [{"query": "Orlov"}]}),
    ],
)
async def test_without_a_list_screening_is_unavailable(
    listless: httpx.AsyncClient, path: str, body: object
) -> None:
    answer = await listless.post(f"{API}{path}", json=body)
    assert answer.status_code == 503
    assert "no watchlist" in answer.json()["detail"]


async def test_match_compares_two_names(http: httpx.AsyncClient) -> None:
    body = {"left": "Mikhail Orlov", "right": "Михаил Орлов"}
    answer = await post(http, "/match", body)
    assert answer["match"] is True


async def test_match_of_unlike_names_is_none(listless: httpx.AsyncClient) -> None:
    body = {"left": "Mikhail Orlov", "right": "Jane Roe"}
    answer = await post(listless, "/match", body)
    assert answer["match"] is False
    assert answer["score"] < 0.2


async def test_personal_data_is_found_and_taken_out(
    listless: httpx.AsyncClient,
) -> None:
    body = {"text": "Ana <ana@example.org>, 030 901820", "region": "de"}
    answer = await post(listless, "/pii", body)
    assert [item["kind"] for item in answer["found"]] == ["email", "phone"]
    assert answer["redacted"] == "Ana <[email]>, [phone]"


async def test_lists_are_told(http: httpx.AsyncClient) -> None:
    lists = (await http.get(f"{API}/lists")).json()["data"]
    assert [(item["name"], item["entries"]) for item in lists] == [
        ("ofac", 5),
        ("un", 2),
    ]


async def test_no_lists_are_told(listless: httpx.AsyncClient) -> None:
    assert (await listless.get(f"{API}/lists")).json() == {"data": []}


async def test_what_assess_answers_can_be_decided(http: httpx.AsyncClient) -> None:
    evidence = {
        "kind": "party",
        "schema": "Person",
        "properties": {"name": ["Mikhail Petrovich Orlov"]},
    }
    assessment = await post(http, "/assess", {"evidence": [evidence]})
    assert assessment["findings"][0]["code"] == "sanctions.hit"
    assessment.pop("evidence")
    body = {"dossier_id": "d", "assessments": {"compliance": assessment}}
    verdict = await post(http, "/decide", body)
    assert verdict["outcome"] == "escalate"
    assert verdict["risk"] >= 90.0


async def test_decide_on_nothing_asks_for_a_person(http: httpx.AsyncClient) -> None:
    verdict = await post(http, "/decide", {"dossier_id": "d", "assessments": {}})
    assert verdict["outcome"] == "review"


async def test_decide_names_a_bad_field(http: httpx.AsyncClient) -> None:
    body = {"dossier_id": "d", "assessments": {"spam": {"service": "spam"}}}
    paths = await refused(http, "/decide", body)
    assert "assessments.spam.findings" in paths


async def test_ready_with_a_list(http: httpx.AsyncClient) -> None:
    assert (await http.get("/readyz")).json()["status"] == "ready"


async def test_degraded_without_a_list(listless: httpx.AsyncClient) -> None:
    assert (await listless.get("/readyz")).json()["status"] == "degraded"


async def test_strangers_are_turned_away(service: ComplianceService) -> None:
    async with client(service, token="secret") as http:
        answer = await http.post(f"{API}/screen", json={"query": "Orlov"})
    assert answer.status_code == 401


async def test_internal_screening_and_lists(http: httpx.AsyncClient) -> None:
    body = {"queries": [{"name": "Orlov"}], "limit": 1}
    hits = (await http.post("/internal/v1/compliance/screen", json=body)).json()
    assert hits[0][0]["entry"]["uid"] == "101"
    lists = (await http.post("/internal/v1/compliance/lists", json={})).json()
    assert lists[1]["date"] == "2026-02-27"


async def test_internal_screening_refuses_nonsense(http: httpx.AsyncClient) -> None:
    answer = await http.post("/internal/v1/compliance/screen", json={"queries": 1})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        ("/screen", {"query": ""}, "query"),
        ("/screen", {"query": "x" * 10_000}, "query"),
        ("/screen", {"query": "A", "birth_date": "1950-13-99"}, "birth_date"),
        ("/screen", {"query": "A", "country": "Atlantis"}, "country"),
        ("/match", {"left": "", "right": "A"}, "left"),
        ("/match", {"left": "A", "right": "\U0001f600"}, "right"),
        ("/match", {"left": "A", "right": "B", "schema": "Dragon"}, "schema"),
        ("/screen", {"query": "A", "type": "Dragon"}, "type"),
        ("/pii", {"text": "030 901820", "region": "XX"}, "region"),
    ],
)
async def test_what_is_wrong_comes_with_a_remedy(
    http: httpx.AsyncClient, path: str, body: dict[str, str], place: str
) -> None:
    answer = await http.post(f"{API}{path}", json=body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == place
    assert error["remedy"] not in {"", "see what the field takes at /api/docs"}


async def test_a_bad_query_of_a_batch_comes_with_a_remedy(
    http: httpx.AsyncClient,
) -> None:
    answer = await post(http, "/screen/batch", {"queries": [{"query": ""}]})
    (error,) = answer["results"][0]["errors"]
    assert error["remedy"]


async def test_a_party_is_held_to_what_submissions_are_held_to(
    http: httpx.AsyncClient,
) -> None:
    good = {"kind": "party", "schema": "Person", "properties": {"name": ["Ann Li"]}}
    alien = {**good, "schema": "Alien"}
    born = {**good, "properties": {"name": ["Ann Li"], "birthDate": ["yesterday"]}}
    wrong = {"evidence": [good, alien, born]}
    assert await refused(http, "/assess", wrong) == [
        "evidence[1].schema",
        "evidence[2].properties.birthDate[0]",
    ]
    batch = {"items": [{"evidence": [alien]}, {"evidence": [good]}]}
    first, second = (await post(http, "/assess/batch", batch))["results"]
    assert first["error"]["errors"][0]["path"] == "evidence[0].schema"
    assert second["assessment"]["findings"] == []


async def test_a_name_that_was_cut_is_said_to_be(http: httpx.AsyncClient) -> None:
    names = {"left": "Ivan " * 24 + "Petrov", "right": "Ivan " * 24 + "Sidorov"}
    answer = await post(http, "/match", names)
    assert "only the first 600 characters and 24 words" in answer["reasons"][-1]["text"]


async def test_gender_counts_where_it_is_given(http: httpx.AsyncClient) -> None:
    body = {"query": "Orlov Mikhail", "type": "Person", "gender": "female"}
    (hit, *_) = (await post(http, "/screen", body))["hits"]
    assert hit["gender"] == "male"
    assert hit["reasons"][-1]["text"] == "looked for: female, listed: male"
    assert await refused(http, "/screen", {**body, "gender": "w"}) == ["gender"]
    party = {"name": ["Mikhail Orlov"], "gender": ["female"]}
    item = {"kind": "party", "schema": "Person", "properties": party}
    (found,) = (await post(http, "/assess", {"evidence": [item]}))["findings"]
    row = next(row for row in found["data"]["fields"] if row["field"] == "gender")
    assert (row["case"], row["list"]) == ("female", "male")

"""`Idempotency-Key` on any write; sparse answers to any read."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from integritas.gateway.sparse import SPARSE
from integritas.platform.idempotency import IDEMPOTENCY_KEYS

KEY = {"Idempotency-Key": "k-1"}
DATASET = {"name": "tenders", "title": "t"}


async def test_the_same_request_again_gets_the_same_answer(
    admin: httpx.AsyncClient,
) -> None:
    body = {"username": "ada", "roles": ["viewer"]}
    first = await admin.post("/api/v1/users", json=body, headers=KEY)
    again = await admin.post("/api/v1/users", json=body, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    found = (await admin.get("/api/v1/users")).json()["data"]
    assert [user["username"] for user in found].count("ada") == 1


async def test_a_service_keeps_it_too(admin: httpx.AsyncClient) -> None:
    path = "/api/v1/anticorruption/datasets"
    first = await admin.post(path, json=DATASET, headers=KEY)
    again = await admin.post(path, json=DATASET, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()


async def test_a_change_replayed_is_not_stale(
    tenant: Any, analyst: httpx.AsyncClient, listed: dict[str, Any]
) -> None:
    case = await tenant.assessed(listed)
    path = f"/api/v1/cases/{case['id']}"
    headers = {**KEY, "If-Match": f'"{case["version"]}"'}
    first = await analyst.patch(path, json={"priority": "high"}, headers=headers)
    again = await analyst.patch(path, json={"priority": "high"}, headers=headers)
    assert first.status_code == again.status_code == 200
    assert again.headers["etag"] == first.headers["etag"]


async def test_another_body_is_named(admin: httpx.AsyncClient) -> None:
    path = "/api/v1/users"
    await admin.post(path, json={"username": "a", "roles": ["viewer"]}, headers=KEY)
    other = await admin.post(
        path, json={"username": "b", "roles": ["viewer"]}, headers=KEY
    )
    assert other.status_code == 422
    assert other.json()["code"] == "idempotency_mismatch"
    assert other.json()["errors"][0]["path"] == "Idempotency-Key"


async def test_keys_are_of_a_caller_and_a_route(
    tenant: Any, admin: httpx.AsyncClient
) -> None:
    body = {"username": "ada", "roles": ["viewer"]}
    await admin.post("/api/v1/users", json=body, headers=KEY)
    other = await tenant.client("admin", "second")
    taken = await other.post("/api/v1/users", json=body, headers=KEY)
    assert taken.status_code == 409
    stranger = await (await tenant.gateway.tenant()).client("admin")
    made = await stranger.post("/api/v1/users", json=body, headers=KEY)
    assert made.status_code == 201
    assert "idempotency-replayed" not in made.headers


async def test_a_refusal_is_not_kept(admin: httpx.AsyncClient) -> None:
    bad = await admin.post("/api/v1/users", json={"username": ""}, headers=KEY)
    assert bad.status_code == 422
    good = await admin.post(
        "/api/v1/users", json={"username": "ada", "roles": ["viewer"]}, headers=KEY
    )
    assert good.status_code == 201


async def test_what_is_not_answered_yet_is_not_begun_again(
    admin: httpx.AsyncClient,
) -> None:
    body = {"username": "ada", "roles": ["viewer"]}
    many = await asyncio.gather(
        *(admin.post("/api/v1/users", json=body, headers=KEY) for _ in range(8))
    )
    codes = [answer.status_code for answer in many]
    assert set(codes) <= {201, 409}
    for answer in many:
        if answer.status_code == 409:
            assert answer.json()["code"] == "idempotency_running"
            assert answer.json()["retryable"] is True
    found = (await admin.get("/api/v1/users")).json()["data"]
    assert [user["username"] for user in found].count("ada") == 1


async def test_a_claim_whose_process_died_is_never_done_again(
    tenant: Any, admin: httpx.AsyncClient
) -> None:
    body = {"username": "ada", "roles": ["viewer"]}
    await admin.post("/api/v1/users", json=body, headers=KEY)
    database = tenant.gateway.platform.database
    mine = IDEMPOTENCY_KEYS.c.tenant_id == tenant.name
    await database.transact(
        lambda tx: (
            tx.execute(
                IDEMPOTENCY_KEYS.update().where(mine).values(answer={"running": True})
            ).rowcount
        )
    )
    again = await admin.post("/api/v1/users", json=body, headers=KEY)
    assert again.status_code == 409
    assert again.json()["code"] == "idempotency_running"


@pytest.mark.parametrize("key", ["", "x" * 201])
async def test_a_key_of_no_use_is_named(admin: httpx.AsyncClient, key: str) -> None:
    answer = await admin.post(
        "/api/v1/users", json={}, headers={"Idempotency-Key": key}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"


async def test_who_lost_a_right_does_not_get_the_answer_by_it(
    tenant: Any, admin: httpx.AsyncClient
) -> None:
    person = await tenant.client("admin", "fallen")
    body = {"username": "ada", "roles": ["viewer"]}
    await person.post("/api/v1/users", json=body, headers=KEY)
    me = (await person.get("/api/v1/me")).json()
    changed = await admin.patch(
        f"/api/v1/users/{me['id']}",
        json={"roles": ["viewer"]},
        headers={"If-Match": "*"},
    )
    assert changed.status_code == 200, changed.text
    again = await tenant.gateway.client(await tenant.token("fallen")).post(
        "/api/v1/users", json=body, headers=KEY
    )
    assert again.status_code == 403


async def test_a_body_over_the_limit_is_no_crash(admin: httpx.AsyncClient) -> None:
    async def pieces() -> Any:
        for _ in range(12):
            yield b"x" * 1024 * 1024

    answer = await admin.post("/api/v1/users", content=pieces(), headers=KEY)
    assert answer.status_code == 413


async def test_without_a_credential_nothing_is_kept(gateway: Any) -> None:
    async with gateway.client() as client:
        answer = await client.post("/api/v1/users", json={}, headers=KEY)
    assert answer.status_code == 401


# Sparse fields ----------------------------------------------------------------------


async def test_only_the_fields_asked_for_come(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, Any]
) -> None:
    case = await tenant.assessed(evidence["message"])
    one = await analyst.get(f"/api/v1/cases/{case['id']}?fields=id,state")
    assert one.json() == {"id": case["id"], "state": case["state"]}
    assert one.headers["content-type"] == SPARSE
    many = await analyst.get("/api/v1/cases", params={"fields": "number"})
    assert many.json() == {"data": [{"number": case["number"]}], "next_cursor": None}


async def test_a_field_that_is_none_is_named(
    tenant: Any, analyst: httpx.AsyncClient, evidence: dict[str, Any]
) -> None:
    await tenant.assessed(evidence["message"])
    answer = await analyst.get("/api/v1/cases?fields=id,stat")
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert error["path"] == "fields"
    assert "stat" in error["message"]
    assert "state" in error["remedy"]


async def test_a_problem_stays_whole(analyst: httpx.AsyncClient) -> None:
    answer = await analyst.get("/api/v1/cases/case_1?fields=id")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    assert answer.json()["errors"][0]["remedy"]


async def test_a_secret_is_not_kept_for_a_replay(
    tenant: Any, admin: httpx.AsyncClient
) -> None:
    made = await admin.post("/api/v1/api-keys", json={"name": "mine"}, headers=KEY)
    assert made.status_code == 201
    assert made.headers["cache-control"] == "no-store"
    query = sa.select(IDEMPOTENCY_KEYS.c.answer)
    kept = await tenant.gateway.platform.database.read(
        lambda tx: list(tx.execute(query).scalars())
    )
    assert made.json()["secret"] not in str(kept)

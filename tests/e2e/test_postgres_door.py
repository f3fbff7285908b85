"""The door before a real Postgres, which takes less than SQLite: no NUL, 32 bits."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2.profiles import CHEAPEST

from integritas.bootstrap import bootstrap
from integritas.migrations.api import migrate
from integritas.platform.config import load_settings
from integritas.platform.db import open_database
from integritas.platform.security import Passwords

PASSWORD = "several words together"
MESSAGE = {"kind": "message", "raw": "a \0 b"}
PARTY = {"kind": "party", "schema": "Person", "properties": {"name": ["Jane Roe"]}}
NUL_CURSOR = base64.urlsafe_b64encode(b"case_\0").decode()


@pytest.fixture
async def client(postgres_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = load_settings(
        state_dir=tmp_path, database_url=postgres_url, admin_password=PASSWORD
    )
    database = open_database(postgres_url)
    migrate(database)
    database.close()
    app = bootstrap(settings, passwords=Passwords(CHEAPEST)).app()
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        body = {"username": "admin", "password": PASSWORD}
        pair = (await client.post("/api/v1/auth/token", json=body)).json()
        client.headers["Authorization"] = f"Bearer {pair['access_token']}"
        yield client


async def test_a_case_goes_its_way(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/api/v1/submissions",
        json={"evidence": [MESSAGE, PARTY], "reference": "r"},
        headers={"Prefer": "wait=30", "Idempotency-Key": "k"},
    )
    assert answer.status_code == 200
    case = answer.json()
    # No list is loaded: compliance could not look, so a person must.
    assert (case["state"], case["missing"]) == ("VALIDATING", ["compliance"])
    moved = await client.post(
        f"/api/v1/cases/{case['id']}/transitions",
        json={"to": "REMEDIATING"},
        headers={"If-Match": f'"{case["version"]}"'},
    )
    assert moved.json()["state"] == "REMEDIATING"


async def test_what_postgres_does_not_take_is_refused_at_the_door(
    client: httpx.AsyncClient,
) -> None:
    for path in (
        *("/cases/a%00", "/evidence/%00/raw", "/runs/%00", "/users/%00"),
        *("/workflows/%00", "/audit/bundles/%00", "/audit/log/tile/%00"),
        *("/cases?assignee=%00", "/cases?channel=%00", "/runs?subject=%00"),
        *(f"/cases?cursor={NUL_CURSOR}", f"/users?cursor={NUL_CURSOR}"),
        "/workflows/case-assessment/versions/2147483648",
        f"/workflows/case-assessment/versions/{10**30}",
        *("/audit/entries/9223372036854775808", f"/audit/entries/{10**30}"),
        f"/audit/entries?cursor={10**17 - 1}",
        f"/audit/proofs/inclusion?index=0&size={10**30}",
    ):
        answer = await client.get(f"/api/v1{path}")
        assert answer.status_code in {200, 404, 422}, (path, answer.text)


async def test_nul_in_a_body_is_kept_or_refused(client: httpx.AsyncClient) -> None:
    items = [
        {
            "kind": "party",
            "schema": "Person",
            "properties": {"name": ["A\0"], "\0": ["\0"]},
        },
        {"kind": "procurement", "release": {"ocid": "\0", "\0": "\0", "tender": {}}},
        {
            "kind": "payment",
            "debtor": {"name": "\0", "account": "\0"},
            "creditor": {"name": "A"},
            "amount": "1",
            "currency": "EUR",
            "date": "2026-01-01",
            "reference": "\0",
        },
    ]
    for item in items:
        answer = await client.post(
            "/api/v1/submissions",
            json={"evidence": [item]},
            headers={"Prefer": "wait=30"},
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["outcome"] is not None
        found = await client.get(f"/api/v1/cases/{answer.json()['id']}/findings")
        assert found.status_code == 200
    bodies: list[tuple[str, Any]] = [
        ("/auth/token", {"username": "\0", "password": "\0"}),
        ("/auth/token", {"username": "a", "password": "b", "tenant": "\0"}),
        ("/auth/revoke", {"token": "\0"}),
        ("/users", {"username": "\0", "roles": ["viewer"]}),
        ("/api-keys", {"name": "\0"}),
        ("/workflows/case-assessment/runs", {"subject": "\0"}),
        ("/workflows/\u20ac/runs", {"subject": "case_1"}),
    ]
    for path, body in bodies:
        answer = await client.post(
            f"/api/v1{path}",
            content=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code in {204, 401, 404, 422}, (path, answer.text)


async def test_nul_in_a_definition_and_a_signal_is_kept_or_refused(
    client: httpx.AsyncClient,
) -> None:
    steps = [{"name": "ask", "signal": "go"}]
    definition = {"name": "own", "description": "\0", "steps": steps}
    made = await client.post("/api/v1/workflows", json=definition)
    assert made.status_code in {201, 422}, made.text
    answer = await client.post(
        "/api/v1/submissions",
        json={"evidence": [{"kind": "message", "raw": "x"}]},
        headers={"Prefer": "wait=30"},
    )
    started = await client.post(
        "/api/v1/workflows/own/runs",
        json={"subject": answer.json()["id"], "input": {"\0": "\0"}},
    )
    assert started.status_code in {202, 404, 422}, started.text
    runs = (await client.get("/api/v1/runs")).json()["data"]
    for run in runs:
        sent = await client.post(
            f"/api/v1/runs/{run['id']}/signals", json={"name": "go", "payload": "\0"}
        )
        assert sent.status_code in {202, 409, 422}, sent.text
        ended = await client.post(
            f"/api/v1/runs/{run['id']}/cancel", json={"cause": "\0"}
        )
        assert ended.status_code == 422

"""What stands beside the cases agrees with the journal; what is planted is named."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from integritas.journal.api import Journal
from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.ids import IdFactory
from integritas.oversight.registers import ALLOW_LIST, check_registers
from integritas.platform.db import open_database
from integritas.services.compliance.api import kept_allowed

if TYPE_CHECKING:
    from pathlib import Path

    import httpx
    from tests.integration.gateway.conftest import Tenant

pytestmark = pytest.mark.integration

ANY = {"If-Match": "*"}
PLANTED = [
    ("UPDATE evidence SET content = X'7b7d' WHERE {one}", "evidence[{id}].content"),
    ("UPDATE evidence SET salt = 'x' WHERE {one}", "evidence[{id}].content"),
    ("UPDATE evidence SET case_id = 'case_x' WHERE {one}", "evidence[{id}].case"),
    ("UPDATE attachments SET content = X'00' WHERE {one}", "attachments[{id}].content"),
    ("DELETE FROM attachments WHERE {one}", "attachments[{id}]"),
    ("UPDATE cases SET assignee = 'user_x' WHERE {one}", "cases[{id}].assignee"),
    ("UPDATE cases SET priority = 'low' WHERE {one}", "cases[{id}].priority"),
    ("DELETE FROM case_restrictions WHERE {one}", "case_restrictions[{id}]"),
    ("UPDATE case_grants SET grantee = 'user_x' WHERE {one}", "case_grants[{id}]"),
    ("UPDATE case_grants SET expires_at = NULL WHERE {one}", "case_grants[{id}]"),
    ("UPDATE case_grants SET broken = NOT broken WHERE {one}", "case_grants[{id}]"),
    ("DELETE FROM case_grants WHERE {one}", "case_grants[{id}]"),
    ("UPDATE case_grants SET id = 'grant_x' WHERE {one}", "case_grants[grant_x]"),
    ("DELETE FROM case_links WHERE {one}", "case_links["),
    ("UPDATE approvals SET decided_by = 'user_x' WHERE {one}", "approvals[{id}]."),
    ("UPDATE approvals SET id = 'approval_x' WHERE {one}", "approvals[approval_x]"),
    ("UPDATE findings SET review = 'confirmed' WHERE {one}", "findings[{id}].review"),
    ("UPDATE findings SET review = 'open' WHERE {one}", "findings[{id}]"),
    ("UPDATE users SET roles = '[\"admin\"]' WHERE {one}", "users[{id}].roles"),
    ("UPDATE users SET teams = '[\"board\"]' WHERE {one}", "users[{id}].teams"),
    ("UPDATE users SET disabled = 0 WHERE {one}", "users[{id}].disabled"),
    ("UPDATE users SET id = 'user_x' WHERE {one}", "users[user_x]"),
    ("DELETE FROM users WHERE {one}", "users[{id}]"),
    ("UPDATE api_keys SET scopes = '[\"x\"]' WHERE {one}", "api_keys[{id}].scopes"),
    ("UPDATE api_keys SET revoked_at = NULL WHERE {one}", "api_keys[{id}].revoked"),
    ("UPDATE api_keys SET owner_id = 'user_x' WHERE {one}", "api_keys[{id}].owner"),
    ("DELETE FROM compliance_allowed WHERE {one}", "compliance_allowed[{id}]"),
    (
        "UPDATE compliance_allowed SET expires_at = '2999-01-01T00:00:00Z' WHERE {one}",
        "compliance_allowed[{id}].expires_at",
    ),
    (
        "UPDATE compliance_allowed SET id = 'allow_x' WHERE {one}",
        "compliance_allowed[allow_x]",
    ),
]
KEYS = {"case_restrictions": "case_id", "case_links": "case_id"}
CHOSEN = {
    "findings": "review <> 'open'",
    "api_keys": "revoked_at IS NOT NULL",
    "users": "disabled = 1",
    "cases": "priority = 'high'",
    "approvals": "state <> 'open'",
    "case_grants": "expires_at IS NOT NULL",
}


async def _everything(tenant: Tenant, listed: dict[str, Any], folder: Path) -> Path:
    """Put something into every register, and end some of it; return a copy."""
    admin, analyst = await tenant.client("admin"), await tenant.client("analyst")
    reviewer = await tenant.client("reviewer")
    one, two = await tenant.assessed(listed), await tenant.assessed(listed)
    at, other = (f"/api/v1/cases/{case['id']}" for case in (one, two))
    people = (await admin.get("/api/v1/users")).json()["data"]
    ids = {person["username"]: person["id"] for person in people}
    file = base64.b64encode(b"minutes").decode()
    (hit, *_) = (await analyst.get(f"{at}/findings")).json()["data"]
    answers = [
        await analyst.patch(
            at, json={"priority": "high", "assignee": ids["analyst"]}, headers=ANY
        ),
        await analyst.post(f"{at}/links", json={"to": two["id"], "kind": "related"}),
        await analyst.post(
            f"{at}/attachments",
            json={"name": "a", "media_type": "text/plain", "content_base64": file},
        ),
        await analyst.post(
            f"/api/v1/findings/{hit['id']}/review",
            json={"review": "dismissed", "reason": "another person"},
        ),
        await reviewer.post(
            "/api/v1/compliance/allow-list",
            json={"finding": hit["id"], "reason": "another person"},
        ),
    ]
    asked = await analyst.post(
        f"{at}/approvals", json={"to": "RESOLVED", "reason": "x"}, headers=ANY
    )
    answers += [
        asked,
        await reviewer.post(
            f"/api/v1/approvals/{asked.json()['id']}/decide", json={"approve": False}
        ),
        await _access(reviewer, other, ids["analyst"], confidential=True),
        await admin.post(f"{other}/break-glass", json={"reason": "an emergency"}),
        *await _people(admin),
    ]
    for answer in answers:
        assert answer.status_code < 300, answer.text
    return await _copied(tenant, folder)


async def _access(
    client: httpx.AsyncClient, at: str, user: str, *, confidential: bool
) -> httpx.Response:
    why = {"confidential": confidential, "reason": "names a member of the board"}
    answer = await client.put(f"{at}/access", json=why)
    assert answer.status_code < 300, answer.text
    body = {"kind": "user", "grantee": user, "reason": "helps"}
    made = await client.post(f"{at}/grants", json=body)
    assert made.status_code < 300, made.text
    return await client.delete(f"{at}/grants/{made.json()['id']}")


async def _people(admin: httpx.AsyncClient) -> list[httpx.Response]:
    """Create and disable a person, and a key that is revoked."""
    body = {"username": "ben", "roles": ["viewer"], "password": "several words more"}
    ben = await admin.post("/api/v1/users", json=body)
    end = "2999-01-01T01:00:00+01:00"
    key = await admin.post("/api/v1/api-keys", json={"name": "k", "expires_at": end})
    return [
        ben,
        await admin.patch(
            f"/api/v1/users/{ben.json()['id']}", json={"disabled": True}, headers=ANY
        ),
        key,
        await admin.delete(f"/api/v1/api-keys/{key.json()['id']}"),
    ]


async def _copied(tenant: Tenant, folder: Path) -> Path:
    path = folder / "copy.db"
    source = tenant.gateway.platform.database.url.database or ""
    with closing(sqlite3.connect(source)) as kept, closing(sqlite3.connect(path)) as to:
        kept.backup(to)
    return path


async def _places(path: Path, tenant: Tenant) -> list[str]:
    database = open_database(f"sqlite:///{path}")
    clock, randomness = SystemClock(), SystemRandomness()
    journal = Journal(database, clock, randomness, IdFactory(clock, randomness))
    try:
        found = await check_registers(tenant.name, journal, {ALLOW_LIST: kept_allowed})
    finally:
        database.close()
    return [difference.place for difference in found]


def _plant(path: Path, tenant: Tenant, statement: str) -> str:
    """Tamper with one row; return its key."""
    table = statement.split()[2 if statement.startswith("DELETE") else 1]
    key = KEYS.get(table, "id")
    with closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute(
            f"SELECT {key} FROM {table} WHERE tenant_id = ? AND "  # noqa: S608 - a test
            f"{CHOSEN.get(table, 'true')} ORDER BY {key} LIMIT 1",
            (tenant.name,),
        ).fetchone()
        done = connection.execute(statement.format(one=f"{key} = ?"), (found,))
        assert done.rowcount == 1
        connection.commit()
    return str(found)


async def test_what_is_planted_beside_the_cases_is_named(
    tenant: Tenant, listed: dict[str, Any], tmp_path: Path
) -> None:
    path = await _everything(tenant, listed, tmp_path)
    assert await _places(path, tenant) == []
    content = path.read_bytes()
    for statement, place in PLANTED:
        path.write_bytes(content)
        key = _plant(path, tenant, statement)
        places = await _places(path, tenant)
        expected = place.format(id=key)
        assert any(found.startswith(expected) for found in places), (statement, places)


async def test_what_ended_is_expected_no_more(
    tenant: Tenant, listed: dict[str, Any], tmp_path: Path
) -> None:
    await _everything(tenant, listed, tmp_path)
    admin, reviewer = await tenant.client("admin"), await tenant.client("reviewer")
    cases = (await admin.get("/api/v1/cases")).json()["data"]
    for case in cases:
        why = {"confidential": False, "reason": "over"}
        await reviewer.put(f"/api/v1/cases/{case['id']}/access", json=why)
        evidence = await admin.get(f"/api/v1/cases/{case['id']}/evidence")
        ids = [item["id"] for item in evidence.json()["data"]]
        gone = await admin.post(
            "/api/v1/compliance/subjects/erase",
            json={"evidence": ids, "reason": "article 17"},
        )
        assert gone.status_code < 300, gone.text
    allowed = await admin.get("/api/v1/compliance/allow-list")
    for pair in allowed.json()["data"]:
        await reviewer.delete(f"/api/v1/compliance/allow-list/{pair['id']}")
    assert await _places(await _copied(tenant, tmp_path), tenant) == []

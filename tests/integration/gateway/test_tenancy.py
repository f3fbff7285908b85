"""No answer without its tenant, none of another's: every route, as a stranger."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.integration.gateway.test_compliance_policies import document

from integritas.identity.api import PERMISSIONS, Role, permitted

POLICY = document()
OWN = {"name": "secret-flow", "steps": [{"name": "ask", "signal": "go"}]}


@pytest_asyncio.fixture(loop_scope="session")
async def things(
    tenant: Any, admin: httpx.AsyncClient, listed: dict[str, Any], until: Any
) -> dict[str, str]:
    """Return the ids of one thing of each kind in the tenant, by path parameter."""
    case = await tenant.assessed(listed)
    path = f"/api/v1/cases/{case['id']}"

    async def first(url: str) -> dict[str, Any]:
        found: dict[str, Any] = (await admin.get(url)).json()["data"][0]
        return found

    asked = await admin.post(
        f"{path}/transitions", json={"to": "RESOLVED"}, headers={"If-Match": "*"}
    )
    assert asked.status_code == 202
    user = await admin.post(
        "/api/v1/users", json={"username": "secret", "roles": ["viewer"]}
    )
    key = await admin.post("/api/v1/api-keys", json={"name": "secret"})
    assert (await admin.post("/api/v1/workflows", json=OWN)).status_code == 201
    dataset = {"name": OWN["name"], "title": "secret"}
    kept = await admin.post("/api/v1/anticorruption/datasets", json=dataset)
    assert kept.status_code == 201, kept.text
    policy = {"document": {**POLICY, "name": OWN["name"]}}
    written = await admin.post("/api/v1/compliance/policies", json=policy)
    assert written.status_code == 201, written.text
    planned = {
        "name": OWN["name"],
        "workflow": OWN["name"],
        "cron": "0 0 1 1 *",
        "subject": case["id"],
    }
    made = await admin.post("/api/v1/schedules", json=planned)
    assert made.status_code == 201, made.text

    file = {"name": "secret.txt", "content_base64": "c2VjcmV0"}
    attached = await admin.post(f"{path}/attachments", json=file)
    assert attached.status_code == 201, attached.text
    hook = await admin.post("/api/v1/webhooks", json={"url": "http://127.0.0.1:9/"})
    assert hook.status_code == 201, hook.text
    deliveries = f"/api/v1/webhooks/{hook.json()['id']}/deliveries"

    async def queued() -> bool:
        return bool((await admin.get(deliveries)).json()["data"])

    await until(queued)

    refresh = await admin.post("/api/v1/compliance/lists/refresh", json={})
    assert refresh.status_code == 202, refresh.text

    async def sealed() -> bool:
        answer = await admin.get("/api/v1/audit/entries")
        return len(answer.json()["data"]) > 10

    await until(sealed)
    return {
        "case_id": case["id"],
        "case": case["id"],
        "submission_id": case["submission_id"],
        "evidence_id": (await first(f"{path}/evidence"))["id"],
        "finding_id": (await first(f"{path}/findings"))["id"],
        "approval_id": asked.json()["id"],
        "attachment_id": attached.json()["id"],
        "webhook_id": hook.json()["id"],
        "delivery_id": (await first(deliveries))["id"],
        "run_id": (await first("/api/v1/runs"))["id"],
        "user_id": user.json()["id"],
        "key_id": key.json()["id"],
        "refresh_id": refresh.json()["id"],
        "name": "secret-flow",
        "version": "1",
        "step": "ask",
        # What is only ever taken back: nobody has one of these, to begin with.
        "allowed_id": "allow_1",
        "key": "feedback_1",
        "grant_id": "grant_1",
    }


# What a request to change needs so that it gets as far as the thing.
BODIES: dict[str, Any] = {
    "users_update": {"display_name": "x"},
    "cases_update": {"title": "x"},
    "cases_transition": {"to": "CANCELLED", "reason": "x"},
    "cases_link": {"to": "case_1"},
    "cases_restrict": {"confidential": True, "reason": "x"},
    "cases_grant": {"grantee": "user_1", "reason": "x"},
    "cases_break_glass": {"reason": "x"},
    "cases_ask_approval": {"to": "RESOLVED", "reason": "x"},
    "attachments_add": {"name": "x", "content_base64": "eA=="},
    "webhooks_update": {"description": "x"},
    "evidence_add": {"evidence": [{"kind": "message", "raw": "x"}]},
    "findings_review": {"review": "dismissed", "reason": "x"},
    "findings_reveal": {"purpose": "audit", "reason": "compare"},
    "evidence_reveal": {"purpose": "audit", "reason": "compare"},
    "approvals_decide": {"approve": True},
    "runs_start": {"subject": "case_id"},
    "runs_cancel": {"cause": "x"},
    "runs_signal": {"name": "go"},
    "runs_decide": {"approve": True},
    "runs_retry": {},
    "runs_fork": {"from_step": "ask"},
    "schedules_update": {"paused": True},
    "anticorruption_dataset_load": {"releases": [{"ocid": "o1"}]},
    "workflows_pause": {"reason": "x"},
    "compliance_policy_save": {"document": {**POLICY, "name": OWN["name"]}},
    "compliance_policy_test": {},
    "compliance_policy_publish": {},
    "compliance_policy_backtest": {},
}
# Models are of all tenants; what is of one is told by tests of their own, as are
# campaigns, which nobody can make by asking.
APART = ("models_", "spam_campaign")
# What everybody has some of: the audit log's own entries are the tenant's too, and of
# one party or process several may keep releases (tests of the service part those).
OF_EVERYBODY = {"index", "ocid", "party", "path"}


def named(operations: dict[str, Any], things: dict[str, str]) -> dict[str, Any]:
    """Return the operations that name a thing by its id."""
    found = {}
    for name, (method, path, operation) in operations.items():
        parameters = set(re.findall(r"{(\w+)}", path))
        apart = parameters & OF_EVERYBODY or name.startswith(APART)
        if parameters and not apart:
            assert parameters <= set(things), f"{name}: tell the test of {parameters}"
            found[name] = (method, path.format(**things), operation)
    return found


async def of_role(tenant: Any, role: Role) -> httpx.AsyncClient:
    """Return the client of somebody who has one role, a machine for `service`."""
    if role is Role.SERVICE:
        client: httpx.AsyncClient = await tenant.machine()
        return client
    client = await tenant.client(role.value)
    return client


def lacks(operation: dict[str, Any], role: Role) -> bool:
    """Say whether the policy keeps a role from an operation."""
    rule = operation["x-permission"]
    return rule in PERMISSIONS and not permitted([role], rule)


@pytest.mark.parametrize("role", list(Role))
async def test_a_stranger_finds_nothing_by_its_id(
    gateway: Any, tenant: Any, things: dict[str, str], role: Role
) -> None:
    """As each role of another tenant, every route that names a thing: no, or none."""
    stranger = await of_role(await gateway.tenant(), role)
    owner = await tenant.client("admin")
    before = (await owner.get("/api/v1/cases")).json()
    operations = named(gateway.contract.operations, things)
    assert len(operations) > 25
    for name, (method, url, operation) in operations.items():
        body = BODIES.get(name)
        if body == {"subject": "case_id"}:
            body = {"subject": things["case_id"]}
        if "requestBody" in operation:
            assert body is not None, f"tell the test of a body of {name}"
        answer = await stranger.request(
            method, url, json=body, headers={"If-Match": "*"}
        )
        expected = 403 if lacks(operation, role) else 404
        assert answer.status_code == expected, (name, answer.text)
    assert (await owner.get("/api/v1/cases")).json() == before


@pytest.mark.parametrize("role", list(Role))
async def test_who_may_finds_each_of_their_own_by_its_id(
    gateway: Any, tenant: Any, things: dict[str, str], role: Role
) -> None:
    """The counter-test: the ids of the test above lead somewhere."""
    client = await of_role(tenant, role)
    for name, (method, url, operation) in named(
        gateway.contract.operations, things
    ).items():
        if method == "GET":
            expected = 403 if lacks(operation, role) else 200
            assert (await client.get(url)).status_code == expected, name


async def test_a_stranger_sees_none_of_it_in_a_list(
    gateway: Any, tenant: Any, things: dict[str, str]
) -> None:
    other = await gateway.tenant()
    stranger = await other.client("admin")
    owner = await tenant.client("admin")
    shared = {"step", "version", "allowed_id", "key", "grant_id"}
    secrets = {v for k, v in things.items() if k not in shared} | {tenant.name}
    lists = [
        path
        for method, path, _ in gateway.contract.operations.values()
        if method == "GET" and "{" not in path and path.startswith("/api/v1/")
    ]
    assert len(lists) > 10
    seen_by_owner = ""
    for path in lists:
        queries = ["", f"?subject={things['case_id']}", "?limit=500"]
        for query in queries:
            answer = await stranger.get(path + query)
            for secret in secrets:
                assert secret not in answer.text, (path, secret)
        seen_by_owner += (await owner.get(path)).text
    assert {s for s in secrets if s not in seen_by_owner} <= {
        *(things["evidence_id"], things["finding_id"]),
        *(things["attachment_id"], things["delivery_id"]),
    }


async def test_a_cursor_of_another_leads_nowhere(
    gateway: Any, tenant: Any, things: dict[str, str]
) -> None:
    owner = await tenant.client("admin")
    await tenant.assessed({"kind": "message", "raw": "x"})
    page = (await owner.get("/api/v1/cases?limit=1")).json()
    cursor = page["next_cursor"]
    assert cursor
    assert page["data"][0]["id"] != things["case_id"]
    stranger = await (await gateway.tenant()).client("admin")
    answer = await stranger.get(f"/api/v1/cases?cursor={cursor}")
    assert answer.json() == {"data": [], "next_cursor": None}


async def test_evidence_of_another_cannot_be_raw_or_recorded(
    gateway: Any, tenant: Any, things: dict[str, str]
) -> None:
    owner = await tenant.client("admin")
    url = f"/api/v1/cases/{things['case_id']}/timeline"
    before = (await owner.get(url)).json()
    stranger = await (await gateway.tenant()).client("admin")
    answer = await stranger.get(f"/api/v1/evidence/{things['evidence_id']}/raw")
    assert answer.status_code == 404
    assert (await owner.get(url)).json() == before


async def test_the_same_key_in_two_tenants_is_two(
    gateway: Any, tenant: Any, evidence: dict[str, dict[str, Any]]
) -> None:
    other = await gateway.tenant()
    document = {"evidence": [evidence["message"]]}
    for each in (tenant, other):
        client = await each.client("analyst")
        answer = await client.post(
            "/api/v1/submissions", json=document, headers={"Idempotency-Key": "k"}
        )
        assert answer.headers["idempotency-replayed"] == "false"
        assert answer.json()["number"].endswith("-00001")


async def test_the_same_name_in_two_tenants_is_two(
    gateway: Any, admin: httpx.AsyncClient
) -> None:
    other = await gateway.tenant()
    assert await other.client("admin")
    users = (await admin.get("/api/v1/users")).json()["data"]
    assert [user["username"] for user in users] == ["admin"]
    body = {"username": "admin", "password": "several words together"}
    async with gateway.client() as client:
        answer = await client.post(
            "/api/v1/auth/token", json={**body, "tenant": other.name}
        )
        token = answer.json()["access_token"]
    async with gateway.client(token) as client:
        assert (await client.get("/api/v1/me")).json()["tenant"] == other.name


@pytest.mark.parametrize("header", ["X-Integritas-Tenant", "X-Tenant", "Tenant"])
async def test_no_header_chooses_the_tenant(
    gateway: Any, tenant: Any, things: dict[str, str], header: str
) -> None:
    other = await gateway.tenant()
    await other.client("admin")
    token = await other.token("admin")
    async with gateway.client(token, **{header: tenant.name}) as client:
        assert (await client.get("/api/v1/me")).json()["tenant"] == other.name
        answer = await client.get(f"/api/v1/cases/{things['case_id']}")
        assert answer.status_code == 404

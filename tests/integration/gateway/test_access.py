"""Who may what: every operation against every role, and every bad credential."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from integritas.identity.api import PERMISSIONS, Role, permitted
from integritas.kernel.clock import SystemClock
from integritas.kernel.errors import ContractViolation
from integritas.kernel.ids import IdFactory
from integritas.platform.tokens import KeyRing, TokenKind, Tokens

AUDIENCE = "integritas-api"

# The permission each operation needs; None: it is enough to be signed in. An operation
# that stands in neither table fails `test_every_operation_has_a_rule`.
RULES: dict[str, str | None] = {
    "me": None,
    "roles": None,
    "users_list": "users:read",
    "users_get": "users:read",
    "users_create": "users:manage",
    "users_update": "users:manage",
    "keys_list": "keys:own",
    "keys_create": "keys:own",
    "keys_revoke": None,  # one's own, or 404
    "submissions_create": "submissions:write",
    "submissions_create_batch": "submissions:write",
    "submissions_list": "submissions:read",
    "submissions_get": "submissions:read",
    "cases_list": "cases:read",
    "cases_get": "cases:read",
    "cases_history": "cases:read",
    "cases_timeline": "cases:read",
    "cases_decisions": "cases:read",
    "cases_update": "cases:write",
    "cases_transition": "cases:transition",
    "cases_approvals": "approvals:read",
    "approvals_list": "approvals:read",
    "approvals_decide": "approvals:decide",
    "evidence_list": "evidence:read",
    "evidence_get": "evidence:read",
    "evidence_add": "evidence:write",
    "evidence_raw": "evidence:raw",
    "findings_list": "findings:read",
    "findings_get": "findings:read",
    "findings_review": "findings:review",
    "workflows_list": "workflows:read",
    "workflows_get": "workflows:read",
    "workflows_get_version": "workflows:read",
    "workflows_validate": "workflows:read",
    "workflows_create": "workflows:write",
    "runs_list": "workflows:read",
    "runs_get": "workflows:read",
    "runs_steps": "workflows:read",
    "runs_start": "runs:start",
    "runs_cancel": "runs:control",
    "runs_signal": "runs:control",
    "runs_decide": "approvals:decide",
    "runs_retry": "runs:control",
    "runs_fork": "runs:control",
    "dead_letters_list": "workflows:read",
    "dead_letters_redrive": "runs:control",
    "workflows_pause": "workflows:write",
    "workflows_resume": "workflows:write",
    "workflows_paused": "workflows:read",
    "schedules_list": "workflows:read",
    "schedules_create": "workflows:write",
    "schedules_update": "workflows:write",
    "schedules_delete": "workflows:write",
    "services_list": "workflows:read",
    "spam_assess": "services:assess",
    "spam_assess_batch": "services:assess",
    "anticorruption_assess": "services:assess",
    "anticorruption_assess_batch": "services:assess",
    "anticorruption_indicators": "services:read",
    "anticorruption_models": "services:read",
    "anticorruption_datasets": "services:read",
    "anticorruption_dataset": "services:read",
    "anticorruption_dataset_create": "services:teach",
    "anticorruption_dataset_load": "services:teach",
    "anticorruption_process": "services:read",
    "anticorruption_network": "services:read",
    "compliance_assess": "services:assess",
    "compliance_assess_batch": "services:assess",
    "compliance_decide": "services:assess",
    "compliance_screen": "services:assess",
    "compliance_screen_batch": "services:assess",
    "compliance_match": "services:assess",
    "compliance_pii": "services:assess",
    "compliance_payment_rules": "services:read",
    "compliance_hits": "findings:read",
    "compliance_allow_list": "findings:read",
    "compliance_allow": "compliance:allow",
    "compliance_allow_withdraw": "compliance:allow",
    "compliance_policies": "services:read",
    "compliance_policy": "services:read",
    "compliance_policy_create": "compliance:manage",
    "compliance_policy_save": "compliance:manage",
    "compliance_policy_test": "compliance:manage",
    "compliance_policy_publish": "compliance:manage",
    "compliance_policy_backtest": "compliance:manage",
    "compliance_subject_export": "subjects:manage",
    "compliance_subject_erase": "subjects:manage",
    "compliance_lists": "services:read",
    "audit_append": "audit:write",
    "audit_entries": "audit:read",
    "audit_entry": "audit:read",
    "audit_export": "audit:read",
    "audit_checkpoint": "audit:read",
    "audit_tile": "audit:read",
    "audit_inclusion": "audit:read",
    "audit_consistency": "audit:read",
    "audit_bundle": "audit:read",
    "audit_keys": "audit:read",
    "audit_verify": "audit:verify",
    "audit_rotate_key": "keys:manage",
}
PUBLIC = {"healthz", "readyz", "auth_token", "auth_revoke", "auth_jwks"}
BODIES: dict[str, dict[str, Any]] = {"keys_create": {"name": "mine"}}


def address(path: str) -> str:
    """Return a path with ids of nothing in it."""
    return (
        path.replace("{version}", "1")
        .replace("{index}", "0")
        .replace("{path}", "0/000")
        .replace("{", "")
        .replace("}", "")
    )


async def call(gateway: Any, client: httpx.AsyncClient, name: str) -> httpx.Response:
    method, path, operation = gateway.contract.operations[name]
    body = BODIES.get(name, {}) if "requestBody" in operation else None
    return await client.request(method, address(path), json=body)


async def test_every_operation_has_a_rule(gateway: Any) -> None:
    assert set(gateway.contract.operations) == {*RULES, *PUBLIC}
    assert {rule for rule in RULES.values() if rule} <= set(PERMISSIONS)


@pytest.mark.parametrize("role", [r.value for r in Role if r is not Role.SERVICE])
async def test_a_person_may_what_the_policy_says(
    gateway: Any, tenant: Any, role: str
) -> None:
    client = await tenant.client(role)
    for name, rule in RULES.items():
        answer = await call(gateway, client, name)
        refused = rule is not None and not permitted([Role(role)], rule)
        assert (answer.status_code == 403) is refused, (name, answer.text)
        assert answer.status_code != 401, name
        if refused:
            assert str(rule) in answer.json()["detail"]


async def test_a_machine_may_what_the_policy_says(gateway: Any, tenant: Any) -> None:
    client = await tenant.machine()
    for name, rule in RULES.items():
        answer = await call(gateway, client, name)
        refused = rule is not None and not permitted([Role.SERVICE], rule)
        assert (answer.status_code == 403) is refused, (name, answer.text)


async def test_a_key_may_no_more_than_its_scopes(gateway: Any, tenant: Any) -> None:
    client = await tenant.machine("cases:read")
    for name, rule in RULES.items():
        answer = await call(gateway, client, name)
        refused = rule not in {None, "cases:read"}
        assert (answer.status_code == 403) is refused, (name, answer.text)


async def test_nobody_may_nothing(gateway: Any) -> None:
    async with gateway.client() as client:
        for name in RULES:
            answer = await call(gateway, client, name)
            assert answer.status_code == 401, name
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["code"] == "not_authenticated"


async def test_a_route_of_a_service_without_a_rule_is_no_start() -> None:
    from fastapi import APIRouter

    from integritas.gateway.security import guard_service_router

    router = APIRouter()
    router.add_api_route("/spam/secrets", lambda: None, operation_id="spam_secrets")
    with pytest.raises(ContractViolation, match="spam_secrets"):
        guard_service_router(router)


# Credentials ----------------------------------------------------------------------


def tampered(token: str, **claims: Any) -> str:
    head, body, signature = token.split(".")
    payload = json.loads(base64.urlsafe_b64decode(body + "=="))
    changed = json.dumps({**payload, **claims}).encode()
    body = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def unsigned(token: str, algorithm: str) -> str:
    head = json.dumps({"alg": algorithm, "typ": "at+jwt"}).encode()
    encoded = base64.urlsafe_b64encode(head).rstrip(b"=").decode()
    return f"{encoded}.{token.split('.')[1]}."


async def refused(gateway: Any, **headers: Any) -> None:
    async with gateway.client(**headers) as client:
        answer = await client.get("/api/v1/me")
    assert answer.status_code == 401, answer.text
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer ...",
        "Bearer " + "a" * 20_000,
        "Bearer ik_main-aaaaaaaa_" + "a" * 48,
        "Bearer ik_main",
        "Bearer ik_../../etc-aaaaaaaa_" + "a" * 48,
        "Bearer \xff\xfe",
        "Basic YWRtaW46YWRtaW4=",
        "Negotiate x",
    ],
    ids=range(13),
)
async def test_a_credential_that_is_none_is_refused(gateway: Any, header: str) -> None:
    await refused(gateway, Authorization=header.encode("latin-1"))


@pytest.mark.parametrize("key", ["", "x", "\xff", "ik_main-aaaaaaaa_" + "a" * 48])
async def test_a_key_that_is_none_is_refused(gateway: Any, key: str) -> None:
    await refused(gateway, **{"X-API-Key": key.encode("latin-1")})


async def test_a_token_that_was_changed_is_refused(gateway: Any, tenant: Any) -> None:
    await tenant.client("viewer")
    token = await tenant.token("viewer")
    forged = [
        tampered(token, sub="user_1"),
        tampered(token, tenant="main"),
        tampered(token, exp=9_999_999_999),
        unsigned(token, "none"),
        unsigned(token, "HS256"),
        token[:-2],
        token + "A",
        token.swapcase(),
        token.replace(".", ".."),
    ]
    for each in forged:
        await refused(gateway, token=each)
    await refused(gateway, Authorization=f"Basic {token}")


@pytest.mark.parametrize("wrong", ["ring", "audience", "kind", "time", "session"])
async def test_a_token_for_something_else_is_refused(
    gateway: Any, tenant: Any, ids: IdFactory, tmp_path: Path, wrong: str
) -> None:
    client = await tenant.client("viewer")
    token = await tenant.token("viewer")
    me = (await client.get("/api/v1/me")).json()["id"]
    own = gateway.platform.identity.tokens
    claims = own.verify(token, kind=TokenKind.ACCESS, audience=AUDIENCE)
    clock = SystemClock()
    tokens = (
        Tokens(KeyRing.load(tmp_path, clock), clock, ids) if wrong == "ring" else own
    )
    forged = tokens.sign(
        TokenKind.SERVICE if wrong == "kind" else TokenKind.ACCESS,
        me,
        audience="elsewhere" if wrong == "audience" else AUDIENCE,
        ttl_s=-60 if wrong == "time" else 60,
        tenant=tenant.name,
        session="ses_1" if wrong == "session" else claims.session,
    )
    await refused(gateway, token=forged)


async def test_the_key_of_a_machine_says_who_it_is(tenant: Any) -> None:
    client = await tenant.machine()
    me = (await client.get("/api/v1/me")).json()
    assert me["roles"] == ["service"]
    assert me["tenant"] == tenant.name
    assert me["id"].startswith("key_")


async def test_a_bearer_token_counts_before_a_key(gateway: Any, tenant: Any) -> None:
    await tenant.client("analyst")
    token = await tenant.token("analyst")
    async with gateway.client(token, **{"X-API-Key": "nonsense"}) as client:
        assert (await client.get("/api/v1/me")).json()["roles"] == ["analyst"]


async def test_a_machine_cannot_move_a_case(
    tenant: Any, evidence: dict[str, dict[str, Any]]
) -> None:
    client = await tenant.machine()
    answer = await client.post(
        "/api/v1/submissions",
        json={"evidence": [evidence["message"]]},
        headers={"Prefer": "wait=20"},
    )
    case = answer.json()
    for to in ("RESOLVED", "CANCELLED", "INVESTIGATING"):
        moved = await client.post(
            f"/api/v1/cases/{case['id']}/transitions",
            json={"to": to, "reason": "x"},
            headers={"If-Match": "*"},
        )
        assert moved.status_code == 403
    unchanged = await client.get(f"/api/v1/cases/{case['id']}")
    assert unchanged.json()["version"] == case["version"]

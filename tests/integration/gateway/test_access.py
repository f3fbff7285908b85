"""Who may what: every operation against every role, and every bad credential.

The rules are read from the OpenAPI document, the roles from the policy table: an
operation that comes later is tested without a word here.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, Depends

from integritas.gateway.rules import PUBLIC, SIGNED_IN, name_rules
from integritas.gateway.security import allow
from integritas.identity.api import PERMISSIONS, Role, permitted
from integritas.kernel.clock import SystemClock
from integritas.kernel.errors import ContractViolation
from integritas.kernel.ids import IdFactory
from integritas.platform.tokens import KeyRing, TokenKind, Tokens

AUDIENCE = "integritas-api"

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


def rules(gateway: Any) -> dict[str, str]:
    """Return the rule of every operation that needs a credential."""
    return {
        name: operation["x-permission"]
        for name, (_, _, operation) in gateway.contract.operations.items()
        if operation["x-permission"] != "public"
    }


def test_the_document_names_the_rule_of_every_operation(gateway: Any) -> None:
    operations = gateway.contract.operations
    for name, (_, _, operation) in operations.items():
        rule = operation["x-permission"]
        public = rule == "public"
        assert rule in {"public", "signed-in", "session", *PERMISSIONS}, name
        assert bool(operation.get("security")) is not public, name
        said = {"public": "no credential", "signed-in": "Any credential"}
        told = said.get(rule, "no API key" if rule == "session" else rule)
        assert told in operation["description"], name
    assert {n for n, r in rules(gateway).items() if r == "signed-in"} == set(SIGNED_IN)
    assert set(operations) - set(rules(gateway)) == set(PUBLIC)


def test_every_permission_that_reads_has_a_route_or_waits_for_one(
    gateway: Any,
) -> None:
    used = set(rules(gateway).values())
    assert {"cases:read", "evidence:raw", "users:manage", "keys:own"} <= used


@pytest.mark.parametrize("role", [r.value for r in Role if r is not Role.SERVICE])
async def test_a_person_may_what_the_policy_says(
    gateway: Any, tenant: Any, role: str
) -> None:
    client = await tenant.client(role)
    for name, rule in rules(gateway).items():
        answer = await call(gateway, client, name)
        refused = rule in PERMISSIONS and not permitted([Role(role)], rule)
        assert (answer.status_code == 403) is refused, (name, answer.text)
        assert answer.status_code != 401, name
        if refused:
            problem = answer.json()
            assert PERMISSIONS[rule].allows in problem["detail"]
            assert rule in problem["errors"][0]["message"]
            assert "ask an administrator for the role" in problem["errors"][0]["remedy"]


async def test_a_machine_may_what_the_policy_says(gateway: Any, tenant: Any) -> None:
    client = await tenant.machine()
    for name, rule in rules(gateway).items():
        answer = await call(gateway, client, name)
        refused = rule == "session" or (
            rule in PERMISSIONS and not permitted([Role.SERVICE], rule)
        )
        assert (answer.status_code == 403) is refused, (name, answer.text)


async def test_a_key_may_no_more_than_its_scopes(gateway: Any, tenant: Any) -> None:
    client = await tenant.machine("cases:read")
    for name, rule in rules(gateway).items():
        answer = await call(gateway, client, name)
        refused = rule not in {"signed-in", "cases:read"}
        assert (answer.status_code == 403) is refused, (name, answer.text)


async def test_nobody_may_nothing(gateway: Any) -> None:
    async with gateway.client() as client:
        for name in rules(gateway):
            answer = await call(gateway, client, name)
            assert answer.status_code == 401, name
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("operation", ["spam_secrets", "users_secrets", "None"])
def test_a_route_without_a_rule_is_no_start(operation: str) -> None:
    router = APIRouter()
    router.add_api_route("/secrets", lambda: None, operation_id=operation)
    with pytest.raises(ContractViolation, match=f"call {operation}"):
        name_rules(router)


def test_a_route_with_two_rules_is_no_start() -> None:
    router = APIRouter()
    needs = [Depends(allow("cases:read")), Depends(allow("users:read"))]
    router.add_api_route("/me", lambda: None, operation_id="both", dependencies=needs)
    with pytest.raises(ContractViolation, match="2 rules say who may call both"):
        name_rules(router)


def test_a_permission_that_is_none_is_no_rule() -> None:
    with pytest.raises(KeyError):
        allow("cases:shred")


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

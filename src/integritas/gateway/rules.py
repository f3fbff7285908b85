"""Which rule holds for which route, read off the routes themselves.

A route of the gateway names its permission by `allow`; one of a service has it in
`SERVICE_RULES`. What needs none stands here with the reason. A route without a rule
keeps the gateway from starting. Every operation of the OpenAPI document says its rule
as `x-permission`, and the matrix test holds each against every role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi.routing import APIRoute

from integritas.gateway.security import SERVICE_RULES, permission_of
from integritas.identity.api import PERMISSIONS
from integritas.kernel.errors import ContractViolation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fastapi import APIRouter
    from fastapi.dependencies.models import Dependant

__all__ = ["PUBLIC", "SIGNED_IN", "name_rules", "rule_of"]

PUBLIC: Final[Mapping[str, str]] = {
    "healthz": "an orchestrator asks",
    "readyz": "an orchestrator asks",
    "auth_token": "whoever signs in is not signed in",
    "auth_revoke": "the token is the proof",
    "oidc_login": "whoever signs in is not signed in",
    "oidc_callback": "the provider's answer is the proof",
    "auth_jwks": "public keys are public",
}
"""Operations that need no credential, and why."""

SIGNED_IN: Final[Mapping[str, str]] = {
    "me": "about the caller alone",
    "roles": "the policy is no secret to those it binds",
}
"""Operations that any credential opens, and why."""


def rule_of(route: APIRoute) -> str:
    """Return the permission of a route, `public`, `signed-in` or `session`.

    Raises:
        ContractViolation: the route has no rule, or two.
    """
    name = str(route.operation_id)
    found = set(_permissions(route.dependant))
    found |= {"public"} if name in PUBLIC else set()
    found |= {"signed-in"} if name in SIGNED_IN else set()
    if not found and name in SERVICE_RULES:
        found = {SERVICE_RULES[name]}
    if len(found) == 1:
        return found.pop()
    wrong = f"{len(found)} rules say" if found else "no rule says"
    raise ContractViolation(f"{wrong} who may call {name} ({route.path})")


def name_rules(router: APIRouter) -> None:
    """Write into the description of every route of a router which rule it has.

    Raises:
        ContractViolation: a route has no rule, or two.
    """
    for route in router.routes:
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        rule = rule_of(route)
        extra = route.openapi_extra or {}
        if extra.get("x-permission") == rule:  # named when another app was made
            continue
        route.openapi_extra = {**extra, "x-permission": rule}
        route.description = f"{route.description}\n\n{_told(rule)}".strip()


def _permissions(dependant: Dependant) -> Iterator[str]:
    for inner in dependant.dependencies:
        permission = permission_of(inner.call)
        if permission is not None:
            yield permission
        yield from _permissions(inner)


def _told(rule: str) -> str:
    if rule == "public":
        return "Needs no credential."
    if rule == "signed-in":
        return "Any credential will do."
    if rule == "session":
        return "Needs the access token of a person who signed in, no API key."
    roles = ", ".join(sorted(PERMISSIONS[rule].roles))
    return f"Needs the permission `{rule}`: {roles}."

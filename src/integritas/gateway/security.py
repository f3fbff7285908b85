"""Who calls, and whether they may: one dependency for every route.

The credential is a bearer token or an API key (`Authorization: Bearer …` or
`X-API-Key`). The permission is named by the route; routes of services are named here,
by operation id. What rule holds for which route is gathered in `rules`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from integritas.cases.api import Reader
from integritas.gateway.need import check_need, reader_of
from integritas.gateway.parts import Parts
from integritas.identity.api import PERMISSIONS, Principal, View, view_of
from integritas.kernel.contracts import Context
from integritas.kernel.errors import FieldError, NotAuthenticated, NotPermitted
from integritas.platform.limits import note
from integritas.platform.problems import request_id_of

__all__ = [
    "SERVICE_RULES",
    "Guarded",
    "InSession",
    "Reads",
    "Signed",
    "allow",
    "permission_of",
    "sight",
]

Check: TypeAlias = Callable[[Request, Parts, Principal], Awaitable[Context]]

SERVICE_RULES: Final[Mapping[str, str]] = {
    "spam_assess": "services:assess",
    "spam_assess_batch": "services:assess",
    "spam_campaigns": "services:read",
    "spam_campaign": "services:read",
    "spam_feedback": "services:teach",
    "spam_feedback_list": "services:read",
    "spam_feedback_withdraw": "services:teach",
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
    "anticorruption_erase": "subjects:manage",
    "compliance_assess": "services:assess",
    "compliance_assess_batch": "services:assess",
    "compliance_decide": "services:assess",
    "compliance_screen": "services:assess",
    "compliance_screen_batch": "services:assess",
    "compliance_match": "services:assess",
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
    "compliance_retention": "subjects:manage",
    "compliance_pii": "services:assess",
    "compliance_lists": "services:read",
    "compliance_lists_refresh": "compliance:manage",
    "compliance_lists_refreshes": "services:read",
    "compliance_lists_refresh_get": "services:read",
    "audit_append": "audit:write",
    "audit_entries": "audit:read",
    "audit_entry": "audit:read",
    "audit_export": "audit:read",
    "audit_checkpoint": "audit:read",
    "audit_tile": "audit:read",
    "audit_inclusion": "audit:read",
    "audit_consistency": "audit:read",
    "audit_verify": "audit:verify",
    "audit_bundle": "audit:read",
    "audit_keys": "audit:read",
    "audit_rotate_key": "keys:manage",
    "audit_holds": "audit:read",
    "audit_hold": "audit:hold",
    "audit_release": "audit:hold",
    "audit_erase": "audit:erase",
    "audit_prune": "audit:erase",
}

_bearer = HTTPBearer(
    auto_error=False, description="An access token of POST /auth/token."
)
_api_key = APIKeyHeader(
    name="X-API-Key", auto_error=False, description="An API key of POST /api-keys."
)


async def signed(
    request: Request,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    api_key: Annotated[str | None, Depends(_api_key)],
    parts: Parts,
) -> Principal:
    """Return who calls, and leave the context for the service routes.

    Raises:
        NotAuthenticated: no credential, or one that is worth nothing.
        TooManyRequests: the caller is over their limit.
    """
    credential = bearer.credentials if bearer is not None else api_key
    if not credential:
        raise NotAuthenticated(
            "send an access token (Authorization: Bearer …) or an API key (X-API-Key)"
        )
    principal = await parts.identity.verify(credential)
    if parts.limits.caller is not None:
        who = principal.key or principal.actor.id
        standing = await parts.limits.caller.take(f"{principal.tenant} {who}")
        note(request.scope["state"], standing)
    address = request.client.host if request.client else None
    request.state.context = principal.context(request_id_of(request.scope), address)
    reader = reader_of(principal)
    request.state.withheld = lambda: parts.access.withheld(reader)
    return principal


Signed: TypeAlias = Annotated[Principal, Depends(signed)]


async def reading(principal: Signed) -> Reader:
    """Return who reads, for lists and searches."""
    return reader_of(principal)


Reads: TypeAlias = Annotated[Reader, Depends(reading)]


async def in_session(principal: Signed) -> Principal:
    """Return who signed in; a key, stolen or lent, is not the person.

    Raises:
        NotPermitted: an API key or a machine's token asks.
    """
    if principal.session is None:
        raise NotPermitted(
            "an API key may not do this: it is for who signs in",
            errors=(
                FieldError("(credential)", "is of an API key", "sign in and try again"),
            ),
        )
    return principal


InSession: TypeAlias = Annotated[Principal, Depends(in_session)]


_ALLOWED: Final[dict[object, str]] = {}


@cache
def allow(permission: str) -> Check:
    """Return the dependency that lets only holders of a permission through."""
    if permission not in PERMISSIONS:
        raise KeyError(permission)

    async def check(request: Request, parts: Parts, principal: Signed) -> Context:
        principal.require(permission)
        await check_need(request, parts, principal)
        context: Context = request.state.context
        return context

    _ALLOWED[check] = permission
    return check


def permission_of(dependency: object) -> str | None:
    """Return what a dependency asks for: a permission, `session`, or None: nothing."""
    return "session" if dependency is in_session else _ALLOWED.get(dependency)


async def guarded(request: Request, parts: Parts, principal: Signed) -> None:
    """Let only those through whom the rule of a service's route lets."""
    route = request.scope.get("route")
    principal.require(SERVICE_RULES[str(getattr(route, "operation_id", ""))])
    await check_need(request, parts, principal)


Guarded = Depends(guarded)


def sight(context: Context) -> View:
    """Return how much of personal data the caller sees."""
    return view_of(context.actor.roles)

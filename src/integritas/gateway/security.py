"""Who calls, and whether they may: one dependency for every route.

The credential is a bearer token or an API key (`Authorization: Bearer …` or
`X-API-Key`). The permission is named by the route; routes of services are named here,
by operation id. What rule holds for which route is gathered in `rules`.

Dependencies here take the request alone and call each other: FastAPI walks a tree of
them anew for each place where it asks for one, which cost more than what they do. So
`document` tells of the credentials, which FastAPI would read off such a tree.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import Annotated, Final, TypeAlias

from fastapi import Depends, Request
from starlette.datastructures import Headers

from integritas.cases.api import Reader
from integritas.gateway.need import check_need, reader_of
from integritas.gateway.parts import parts_of
from integritas.identity.api import PERMISSIONS, Principal, View, view_of
from integritas.kernel.contracts import Context
from integritas.kernel.errors import FieldError, NotAuthenticated, NotPermitted
from integritas.platform.limits import note
from integritas.platform.problems import request_id_of

__all__ = [
    "CREDENTIALS",
    "SERVICE_RULES",
    "Guarded",
    "InSession",
    "Reads",
    "Signed",
    "allow",
    "credential_of",
    "permission_of",
    "sight",
]

Check: TypeAlias = Callable[[Request], Awaitable[Context]]

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
    "compliance_list_refresh": "compliance:manage",
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

CREDENTIALS: Final[Mapping[str, Mapping[str, str]]] = {
    "HTTPBearer": {
        "type": "http",
        "description": "An access token of POST /auth/token.",
        "scheme": "bearer",
    },
    "APIKeyHeader": {
        "type": "apiKey",
        "description": "An API key of POST /api-keys.",
        "in": "header",
        "name": "X-API-Key",
    },
}
"""Security schemes of the OpenAPI document; either will do."""


async def signed(request: Request) -> Principal:
    """Return who calls, and leave the context for the service routes.

    Raises:
        NotAuthenticated: no credential, or one that is worth nothing.
        TooManyRequests: the caller is over their limit.
    """
    known: Principal | None = getattr(request.state, "principal", None)
    if known is not None:
        return known
    credential = credential_of(request.headers)
    if not credential:
        raise NotAuthenticated(
            "send an access token (Authorization: Bearer …) or an API key (X-API-Key)"
        )
    parts = await parts_of(request)
    principal = await parts.identity.verify(credential)
    if parts.limits.caller is not None:
        who = principal.key or principal.actor.id
        standing = await parts.limits.caller.take(f"{principal.tenant} {who}")
        note(request.scope["state"], standing)
    address = request.client.host if request.client else None
    request.state.context = principal.context(request_id_of(request.scope), address)
    reader = reader_of(principal)
    request.state.withheld = lambda: parts.access.withheld(reader)
    request.state.principal = principal
    return principal


def credential_of(headers: Headers) -> str | None:
    """Return the credential of a request, None if there is none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return headers.get("x-api-key")


Signed: TypeAlias = Annotated[Principal, Depends(signed)]


async def reading(request: Request) -> Reader:
    """Return who reads, for lists and searches."""
    return reader_of(await signed(request))


Reads: TypeAlias = Annotated[Reader, Depends(reading)]


async def in_session(request: Request) -> Principal:
    """Return who signed in; a key, stolen or lent, is not the person.

    Raises:
        NotPermitted: an API key or a machine's token asks.
    """
    principal = await signed(request)
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

    async def check(request: Request) -> Context:
        principal = await signed(request)
        principal.require(permission)
        await check_need(request, await parts_of(request), principal)
        context: Context = request.state.context
        return context

    _ALLOWED[check] = permission
    return check


def permission_of(dependency: object) -> str | None:
    """Return what a dependency asks for: a permission, `session`, or None: nothing."""
    return "session" if dependency is in_session else _ALLOWED.get(dependency)


async def guarded(request: Request) -> None:
    """Let only those through whom the rule of a service's route lets."""
    principal = await signed(request)
    route = request.scope.get("route")
    principal.require(SERVICE_RULES[str(getattr(route, "operation_id", ""))])
    await check_need(request, await parts_of(request), principal)


Guarded = Depends(guarded)


def sight(context: Context) -> View:
    """Return how much of personal data the caller sees."""
    return view_of(context.actor.roles)

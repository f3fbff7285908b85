"""Signing in and out, and who one is."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from integritas.gateway.conventions import Page
from integritas.gateway.oauth import FORM, OAuthError, TokenRoute
from integritas.gateway.parts import Parts
from integritas.gateway.security import Signed, allow
from integritas.gateway.strict import StrictRoute
from integritas.identity.api import PERMISSIONS, Login, Principal, Role, TokenPair
from integritas.kernel.contracts import Context
from integritas.kernel.errors import FieldError, InvalidInput
from integritas.kernel.ids import DEFAULT_TENANT, TenantId
from integritas.platform.problems import problem_responses, request_id_of

__all__ = ["router"]

router = APIRouter(tags=["auth"], route_class=StrictRoute)
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}

ManagingKeys = Annotated[Context, Depends(allow("keys:manage"))]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=4_096)]


class TokenIn(BaseModel):
    """A grant (RFC 6749 sections 4.3, 4.4 and 6).

    `password` takes username, password, tenant, and the code of the second factor
    where there is one; `refresh_token` the token; `client_credentials` the id and
    secret of a machine's API key.
    """

    model_config = ConfigDict(extra="forbid")

    grant_type: Literal["password", "refresh_token", "client_credentials"] = "password"
    username: Annotated[str, StringConstraints(max_length=200)] | None = None
    password: Annotated[str, StringConstraints(max_length=4_096)] | None = None
    code: Annotated[str, StringConstraints(max_length=40)] | None = Field(
        None, description="six digits, or a recovery code"
    )
    refresh_token: Secret | None = None
    client_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    client_secret: Secret | None = None
    tenant: Annotated[str, StringConstraints(max_length=63)] = DEFAULT_TENANT


class TokenOut(BaseModel):
    """Tokens, shown this once; a machine gets no refresh token."""

    access_token: str
    refresh_token: str | None
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - no secret
    expires_in: int = Field(description="seconds the access token lives")

    @classmethod
    def of(cls, pair: TokenPair) -> TokenOut:
        """Show a pair."""
        return cls(
            access_token=pair.access_token,
            refresh_token=pair.refresh_token or None,
            expires_in=pair.expires_in_s,
        )


class RevokeIn(BaseModel):
    """A token whose session is to end (RFC 7009)."""

    model_config = ConfigDict(extra="forbid")

    token: Secret


class MeOut(BaseModel):
    """Who calls and what they may do."""

    id: str
    tenant: str
    roles: list[str]
    permissions: list[str]

    @classmethod
    def of(cls, principal: Principal) -> MeOut:
        """Show a principal."""
        return cls(
            id=principal.actor.id,
            tenant=principal.tenant,
            roles=sorted(principal.roles),
            permissions=sorted(principal.permissions),
        )


class KeyRotated(BaseModel):
    """The key that signs from now on."""

    kid: str = Field(description="its id in /auth/jwks.json")


class RoleOut(BaseModel):
    """A role and what it may do."""

    name: str
    permissions: list[str]


async def issue_token(request: Request, parts: Parts, body: TokenIn) -> TokenOut:
    """Give tokens for a password, a refresh token or a machine's API key.

    Each refresh token works once: one that comes again ends the session. OAuth 2.0
    clients send a form, a machine its id and secret by HTTP Basic if it likes, and are
    answered as RFC 6749 says.
    """
    sessions = parts.identity.sessions
    correlation_id = request_id_of(request.scope)
    address = request.client.host if request.client else None
    if body.grant_type == "refresh_token":
        token = _given(body.refresh_token, "refresh_token")
        return TokenOut.of(await sessions.refresh(token, correlation_id))
    if body.grant_type == "client_credentials":
        client = _given(body.client_id, "client_id")
        secret = _given(body.client_secret, "client_secret")
        keys = parts.identity.keys
        return TokenOut.of(await keys.sign_in(client, secret, address, correlation_id))
    login = Login(
        tenant=TenantId(body.tenant),
        username=_given(body.username, "username"),
        password=_given(body.password, "password"),
        address=address,
        code=body.code,
    )
    return TokenOut.of(await sessions.login(login, correlation_id))


router.add_api_route(
    "/auth/token",
    issue_token,
    methods=["POST"],
    response_model=TokenOut,
    route_class_override=TokenRoute,
    operation_id="auth_token",
    summary="Sign in, or renew",
    responses={
        **problem_responses(401, 422, 429),
        400: {
            "description": "A refused form (RFC 6749), or a body that cannot be read",
            "model": OAuthError,
            "content": {"application/problem+json": {"schema": _PROBLEM}},
        },
        401: {
            "description": "Wrong, unknown or expired credentials",
            "model": OAuthError,
            "content": {"application/problem+json": {"schema": _PROBLEM}},
        },
    },
    openapi_extra={
        "requestBody": {
            "content": {
                FORM: {
                    "schema": {"$ref": "#/components/schemas/TokenIn"},
                    "example": {
                        "grant_type": "password",
                        "username": "jane.roe",
                        "password": "correct horse battery staple",
                    },
                }
            }
        }
    },
)


@router.post(
    "/auth/revoke",
    operation_id="auth_revoke",
    summary="Sign out",
    status_code=204,
    responses=problem_responses(422),
)
async def revoke_token(request: Request, parts: Parts, body: RevokeIn) -> None:
    """End the session of a token; a token that is worth nothing is no error."""
    sessions = parts.identity.sessions
    await sessions.revoke(body.token, request_id_of(request.scope))


@router.get("/auth/jwks.json", operation_id="auth_jwks", summary="Public keys")
async def jwks(parts: Parts) -> dict[str, Any]:
    """Return the keys that access tokens are verified with (RFC 7517)."""
    return parts.identity.jwks()


@router.post(
    "/auth/keys/rotate",
    operation_id="auth_rotate_key",
    summary="Sign tokens with a new key",
    responses=problem_responses(401, 403),
)
async def rotate_key(parts: Parts, context: ManagingKeys) -> KeyRotated:
    """Make a new signing key; tokens of the one before are good until they expire."""
    return KeyRotated(kid=await parts.identity.rotate_signing_key(context))


@router.get(
    "/me",
    operation_id="me",
    summary="Who I am",
    responses=problem_responses(401),
)
async def me(principal: Signed) -> MeOut:
    """Return who calls and what they may do."""
    return MeOut.of(principal)


@router.get(
    "/roles",
    operation_id="roles",
    summary="Roles and permissions",
    responses=problem_responses(401),
)
async def roles(_: Signed) -> Page[RoleOut]:
    """Return the policy table by role, on one page."""
    found = [
        RoleOut(
            name=role.value,
            permissions=sorted(n for n, g in PERMISSIONS.items() if role in g.roles),
        )
        for role in Role
    ]
    return Page(data=found)


def _given(value: str | None, name: str) -> str:
    if not value:
        raise InvalidInput(
            "the grant is not complete",
            errors=(FieldError(name, "is missing", f"send {name}"),),
        )
    return value

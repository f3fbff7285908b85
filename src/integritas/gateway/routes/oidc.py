"""Signing in at an OpenID provider."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Cookie, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import StringConstraints

from integritas.gateway.parts import GatewayParts, Parts
from integritas.gateway.routes.auth import TokenOut
from integritas.identity.api import COOKIE_TTL_S, OpenIdLogin
from integritas.kernel.errors import NotFound
from integritas.platform.problems import problem_responses, request_id_of

__all__ = ["router"]

router = APIRouter(tags=["auth"])

COOKIE: Final = "integritas_oidc"
FOLDER: Final = "/api/v1/auth/oidc"
Answered = Annotated[
    str | None, Query(max_length=4_096), StringConstraints(max_length=4_096)
]


@router.get(
    "/auth/oidc/login",
    operation_id="oidc_login",
    summary="Go to the OpenID provider",
    status_code=302,
    response_class=RedirectResponse,
    responses=problem_responses(404, 503),
)
async def login(parts: Parts) -> RedirectResponse:
    """Send the browser to the provider, with a cookie that it must bring back."""
    provider = _provider(parts)
    address, cookie = await provider.begin()
    answer = RedirectResponse(address, 302)
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=COOKIE_TTL_S,
        path=FOLDER,
        httponly=True,
        samesite="lax",
        secure=provider.settings.redirect_url.startswith("https:"),
    )
    return answer


@router.get(
    "/auth/oidc/callback",
    operation_id="oidc_callback",
    summary="Come back from the OpenID provider",
    responses=problem_responses(401, 403, 404, 422, 503),
)
async def callback(  # noqa: PLR0917 - FastAPI passes by name
    request: Request,
    response: Response,
    parts: Parts,
    state: Answered = None,
    code: Answered = None,
    iss: Answered = None,
    error: Answered = None,
    integritas_oidc: Annotated[str | None, Cookie(include_in_schema=False)] = None,
) -> TokenOut:
    """Give tokens to who comes back with the provider's answer and the cookie."""
    given = {"state": state, "code": code, "iss": iss, "error": error}
    pair = await _provider(parts).finish(
        integritas_oidc or "",
        {name: value for name, value in given.items() if value is not None},
        request.client.host if request.client else None,
        request_id_of(request.scope),
    )
    response.delete_cookie(COOKIE, path=FOLDER)
    response.headers["Cache-Control"] = "no-store"
    return TokenOut.of(pair)


def _provider(parts: GatewayParts) -> OpenIdLogin:
    if parts.identity.oidc is None:
        raise NotFound("no OpenID provider is set up: set INTEGRITAS_OIDC_ISSUER")
    return parts.identity.oidc

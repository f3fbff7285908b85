"""The token endpoint as OAuth 2.0 clients know it: a form in, RFC 6749 errors out.

What comes as `application/x-www-form-urlencoded` is read as section 3.2 says (what is
unknown or empty is ignored, nothing may stand twice, a client may show its secret by
HTTP Basic, section 2.3.1) and refused as section 5.2 says. JSON stays as everywhere.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import parse_qsl, unquote_plus

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response

from integritas.gateway.strict import StrictRoute
from integritas.kernel.errors import InvalidInput, NotAuthenticated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Message

__all__ = ["FORM", "OAuthError", "TokenRoute"]

FORM: Final = "application/x-www-form-urlencoded"
_KNOWN: Final = frozenset(
    {
        *("grant_type", "username", "password", "code", "refresh_token"),
        *("client_id", "client_secret", "tenant"),
    }
)
_MOST_FIELDS: Final = 50
_NEVER_KEPT: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthError(BaseModel):
    """A refusal of the token endpoint to a form (RFC 6749 section 5.2)."""

    error: Literal[
        "invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type"
    ]
    error_description: str


class TokenRoute(StrictRoute):
    """A route that takes a form for its JSON, and answers such a caller in kind."""

    def get_route_handler(
        self,
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler."""
        handle = super().get_route_handler()

        async def handle_either(request: Request) -> Response:
            kind = request.headers.get("content-type", "").partition(";")[0].strip()
            if kind.lower() != FORM:
                return await handle(request)
            return await _handle_form(request, handle)

        return handle_either


async def _handle_form(
    request: Request, handle: Callable[[Request], Coroutine[Any, Any, Response]]
) -> Response:
    basic = "authorization" in request.headers
    try:
        given = _read(await request.body(), request.headers)
    except ValueError as error:
        return _refusal("invalid_request", str(error))
    machine = given.get("grant_type") == "client_credentials"
    try:
        response = await handle(_as_json(request, given))
    except RequestValidationError as error:
        return _refusal(*_wrong_with(error))
    except InvalidInput as error:
        lacking = ", ".join(f"{each.path} {each.message}" for each in error.errors)
        return _refusal("invalid_request", lacking or error.detail)
    except NotAuthenticated as error:
        if not machine:
            return _refusal("invalid_grant", error.detail)
        return _refusal("invalid_client", error.detail, basic=basic)
    response.headers.update(_NEVER_KEPT)
    return response


def _read(body: bytes, headers: Headers) -> dict[str, str]:
    """Return the parameters that are known and not empty.

    Raises:
        ValueError: one stands twice, or it is no form.
    """
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise ValueError("the body is not a form in UTF-8") from error
    names = Counter(name for name, _ in pairs)
    twice = sorted(n for n in _KNOWN & set(names) if names[n] > 1)
    if twice:
        raise ValueError(f"{twice[0]} stands twice")
    given = {name: value for name, value in pairs if name in _KNOWN and value}
    authorization = headers.get("authorization", "")
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return given
    if "client_secret" in given:
        raise ValueError("the client shows its secret twice: header and body")
    client, secret = _basic(credentials)
    if given.get("client_id", client) != client:
        raise ValueError("client_id is not the client of the Authorization header")
    return {**given, "client_id": client, "client_secret": secret}


def _basic(credentials: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise ValueError("the Authorization header is not Basic") from error
    client, colon, secret = text.partition(":")
    if not colon:
        raise ValueError("the Authorization header is not Basic")
    return unquote_plus(client), unquote_plus(secret)


def _as_json(request: Request, given: Mapping[str, str]) -> Request:
    """Return the request as if its body had been the JSON of the form."""
    scope = {**request.scope, "headers": list(request.scope["headers"])}
    MutableHeaders(scope=scope)["content-type"] = "application/json"
    body = json.dumps(given).encode()

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    return Request(scope, receive)


def _wrong_with(error: RequestValidationError) -> tuple[str, str]:
    first = error.errors()[0]
    name = str(first["loc"][-1])
    if name == "grant_type":
        offered = "password, refresh_token or client_credentials"
        return "unsupported_grant_type", f"use {offered}"
    return "invalid_request", f"{name}: {first['msg']}"


def _refusal(error: str, description: str, *, basic: bool = False) -> Response:
    # Section 5.2 allows no quotes and no backslash in a description.
    told = "".join(
        c if c.isascii() and c.isprintable() and c not in '"\\' else "'"
        for c in description
    )
    headers = dict(_NEVER_KEPT)
    status = 400
    if error == "invalid_client":
        status = 401
        headers["WWW-Authenticate"] = "Basic" if basic else "Bearer"
    document = {"error": error, "error_description": told}
    return JSONResponse(document, status, headers)

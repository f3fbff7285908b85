"""What every answer says to browsers, and how long and how often one may ask.

Plain ASGI, as the rest of the edge.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from integritas.kernel.errors import TooManyRequests
from integritas.platform.limits import RateLimits, note, rate_headers
from integritas.platform.problems import error_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BODY_TIMEOUT_S", "AddressLimit", "BodyTime", "SecurityHeaders"]

BODY_TIMEOUT_S: Final = 30.0

_HEADERS: Final[Mapping[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_NOTHING: Final = "default-src 'none'; frame-ancestors 'none'"
# Swagger UI and ReDoc start by a script within the page and draw by styles.
_PAGES: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; "
    "frame-ancestors 'none'"
)
_DOCUMENTS: Final = ("/api/docs", "/api/redoc")
_PRIVATE: Final = ("/api/v1/", "/internal/")
HSTS: Final = "max-age=31536000; includeSubDomains"


class SecurityHeaders:
    """Tells browsers to take answers for nothing else than they are.

    What a route says itself stays. Answers of the API are not kept by caches unless
    they say how. Over TLS browsers are told to stay with it.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]

        async def send_shielded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                page = path.startswith(_DOCUMENTS)
                headers.setdefault(
                    "Content-Security-Policy", _PAGES if page else _NOTHING
                )
                if path.startswith(_PRIVATE):
                    headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", HSTS)
                if rates := scope.get("state", {}).get("rates"):
                    headers.update(rate_headers(rates))
            await send(message)

        await self._app(scope, receive, send_shielded)


class BodyTime:
    """Refuses with 408 a body that takes longer than `limit_s` to come.

    Whoever sends a byte a second would else hold a connection for as long as they
    like.
    """

    def __init__(self, app: ASGIApp, *, limit_s: float) -> None:
        """Wrap `app`."""
        self._app = app
        self._limit_s = limit_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request whose body comes in time."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._limit_s
        whole = False

        async def receive_in_time() -> Message:
            nonlocal whole
            if whole:  # what comes now is that the client hung up
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError as error:
                # As for a body too large: nothing else gets through FastAPI here.
                raise HTTPException(
                    408, f"the body did not come within {self._limit_s:g} s"
                ) from error
            whole = not message.get("more_body", False)
            return message

        await self._app(scope, receive_in_time, send)


class AddressLimit:
    """Counts requests by address, those to sign in by a limit of their own."""

    def __init__(self, app: ASGIApp, *, limits: RateLimits, logins: str) -> None:
        """Wrap `app`; paths that begin with `logins` are to sign in."""
        self._app = app
        self._limits = limits
        self._logins = logins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request within the limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = HTTPConnection(scope).client
        address = "unknown" if client is None else client.host
        login = scope["path"].startswith(self._logins)
        for limit in (self._limits.address, self._limits.login if login else None):
            if limit is None:
                continue
            try:
                note(scope.setdefault("state", {}), await limit.take(address))
            except TooManyRequests as error:
                await error_response(scope, error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

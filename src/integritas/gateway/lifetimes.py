"""Operations on their way out say so: `Deprecation`, `Sunset` and a `Link`.

A route that is declared `deprecated=True` names its days in `openapi_extra`:
`x-deprecated-at`, `x-sunset` and `x-successor`. What the document tells, the headers of
every answer tell too (RFC 9745, RFC 8594), errors included.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from starlette.datastructures import MutableHeaders

from integritas.platform.paths import PathTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Lifetimes"]


class Lifetimes:
    """Puts the headers on the answers of deprecated operations."""

    def __init__(
        self, app: ASGIApp, *, document: Callable[[], Mapping[str, Any]]
    ) -> None:
        """Wrap `app`; the document is asked for with the first request."""
        self._app = app
        self._document = document
        self._table: PathTable | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        told = self._told(scope) if scope["type"] == "http" else {}
        if not told:
            await self._app(scope, receive, send)
            return

        async def send_told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(told)
            await send(message)

        await self._app(scope, receive, send_told)

    def _told(self, scope: Scope) -> dict[str, str]:
        if self._table is None:
            self._table = PathTable(_deprecated(self._document()))
        found = self._table.operations(scope["path"])
        operation = found.get(scope["method"].lower(), {})
        return _headers(operation) if operation else {}


def _deprecated(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with nothing but what is deprecated: mostly empty."""
    paths = {
        path: {
            method: operation
            for method, operation in methods.items()
            if operation.get("deprecated")
        }
        for path, methods in document["paths"].items()
    }
    return {"paths": {path: methods for path, methods in paths.items() if methods}}


def _headers(operation: Mapping[str, Any]) -> dict[str, str]:
    since = _moment(operation["x-deprecated-at"])
    told = {"Deprecation": f"@{int(since.timestamp())}"}
    if "x-sunset" in operation:
        told["Sunset"] = format_datetime(_moment(operation["x-sunset"]), usegmt=True)
    if "x-successor" in operation:
        told["Link"] = f'<{operation["x-successor"]}>; rel="successor-version"'
    return told


def _moment(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)

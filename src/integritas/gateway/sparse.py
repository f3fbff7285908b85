"""Sparse fields: `?fields=id,state` on any read that answers with JSON.

The answer is another representation than the whole thing, so it has a media type of
its own: whoever relies on the schema of the whole never meets half of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import orjson
from starlette.datastructures import Headers, MutableHeaders

from integritas.kernel.errors import FieldError
from integritas.platform.problems import problem_response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SPARSE", "SparseAnswers"]

SPARSE: Final = "application/vnd.integritas.sparse+json"
_MOST: Final = 50


class SparseAnswers:
    """Leaves in an answer, or in each item of a list, only the fields asked for."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        fields = _asked(scope)
        if fields is None:
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = bytearray()

        async def gather(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                if _is_whole(message):
                    start = message
                else:
                    await send(message)
            elif start is None:
                await send(message)
            else:
                body.extend(message.get("body", b""))

        await self._app(scope, receive, gather)
        if start is not None:
            await _answer(scope, receive, send, start, bytes(body), fields)


def _asked(scope: Scope) -> Sequence[str] | None:
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    if b"fields=" not in scope["query_string"]:
        return None
    if not scope["path"].startswith("/api/v1/"):
        return None
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    names = ",".join(query.get("fields", ())).split(",")
    return [name.strip() for name in names][:_MOST] if "fields" in query else None


def _is_whole(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return bool(start["status"] == 200) and kind.partition(";")[0] == "application/json"


async def _answer(  # noqa: PLR0917 - the ASGI three and what came
    scope: Scope,
    receive: Receive,
    send: Send,
    start: Message,
    body: bytes,
    fields: Sequence[str],
) -> None:
    whole = orjson.loads(body)
    items = whole["data"] if _is_list(whole) else [whole]
    known = {name for item in items if isinstance(item, dict) for name in item}
    unknown = [name for name in fields if name not in known]
    if items and unknown:
        wrong = FieldError(
            "fields",
            f"{unknown[0][:100]!r} is no field of it",
            f"use {', '.join(sorted(known)) or 'none: it has no fields'}",
        )
        answer = problem_response(
            scope, "invalid_input", "1 field is not valid", errors=(wrong,)
        )
        await answer(scope, receive, send)
        return
    kept: Any = [_sparse(item, fields) for item in items]
    shown = orjson.dumps({**whole, "data": kept} if _is_list(whole) else kept[0])
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["content-type"] = SPARSE
    headers["content-length"] = str(len(shown))
    await send({**start, "headers": headers.raw})
    await send({"type": "http.response.body", "body": shown})


def _is_list(whole: object) -> bool:
    return isinstance(whole, dict) and isinstance(whole.get("data"), list)


def _sparse(item: object, fields: Sequence[str]) -> object:
    if not isinstance(item, dict):
        return item
    return {name: item[name] for name in fields if name in item}

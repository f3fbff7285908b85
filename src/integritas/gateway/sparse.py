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
    from collections.abc import Callable, Sequence

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["MOST", "SPARSE", "SparseAnswers"]

SPARSE: Final = "application/vnd.integritas.sparse+json"
MOST: Final = 50


class SparseAnswers:
    """Leaves in an answer, or in each item of a list, only the fields asked for."""

    def __init__(self, app: ASGIApp, *, names: Callable[[str], Sequence[str]]) -> None:
        """Wrap `app`; `names` are the fields of what is read at a path."""
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        fields = _asked(scope)
        names = () if fields is None else self._names(scope["path"])
        if fields is None or not names:
            await self._app(scope, receive, send)
            return
        unknown = next((name for name in fields if name not in names), None)
        if unknown is not None:
            await _refusal(scope, unknown, names)(scope, receive, send)
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
            await _answer(send, start, bytes(body), fields)


def _asked(scope: Scope) -> Sequence[str] | None:
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    if b"fields=" not in scope["query_string"]:
        return None
    if not scope["path"].startswith("/api/v1/"):
        return None
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    names = ",".join(query.get("fields", ())).split(",")
    return [name.strip() for name in names][:MOST] if "fields" in query else None


def _is_whole(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return bool(start["status"] == 200) and kind.partition(";")[0] == "application/json"


def _refusal(scope: Scope, unknown: str, names: Sequence[str]) -> Response:
    wrong = FieldError(
        "fields", f"{unknown[:100]!r} is no field of it", f"use {', '.join(names)}"
    )
    return problem_response(
        scope, "invalid_input", "1 field is not valid", errors=(wrong,)
    )


async def _answer(
    send: Send, start: Message, body: bytes, fields: Sequence[str]
) -> None:
    whole = orjson.loads(body)
    if _is_list(whole):
        shown = {**whole, "data": [_sparse(item, fields) for item in whole["data"]]}
    else:
        shown = _sparse(whole, fields)
    text = orjson.dumps(shown)
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["content-type"] = SPARSE
    headers["content-length"] = str(len(text))
    await send({**start, "headers": headers.raw})
    await send({"type": "http.response.body", "body": text})


def _is_list(whole: object) -> bool:
    return isinstance(whole, dict) and isinstance(whole.get("data"), list)


def _sparse(item: dict[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    return {name: item[name] for name in fields if name in item}

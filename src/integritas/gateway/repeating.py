"""`Idempotency-Key` on every write: the same request again gets the first answer.

The key is claimed before the request is let in and its answer kept after it, so what
was begun is never begun twice. Who calls is found out, and counted, before that: an
answer given again is a request like any other.

Two routes do better and are left to do so: a submission and the start of a run keep
their answer in the commit that does the work.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from integritas.gateway.security import signed
from integritas.kernel.errors import (
    FieldError,
    IntegritasError,
    InvalidInput,
    NotAuthenticated,
)
from integritas.platform.idempotency import IdempotencyScope
from integritas.platform.problems import error_response, problem_response
from integritas.platform.remedies import REMEDIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from integritas.identity.api import Principal
    from integritas.platform.idempotency import Answers

__all__ = ["MAX_KEY", "Repeating", "keeps_its_own"]

MAX_KEY: Final = 200
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_OWN: Final = re.compile(r"/api/v1/(?:submissions|workflows/[^/]+/runs)")
# Whoever calls these is not known yet.
_UNSIGNED: Final = ("/api/v1/auth/",)
_KEPT_HEADERS: Final = frozenset({"content-type", "location", "etag", "link"})


def keeps_its_own(path: str) -> bool:
    """Say whether a route keeps its answers in its own commit."""
    return _OWN.fullmatch(path) is not None


@dataclass(slots=True)
class _Answer:
    """What went out, so that it can go out again."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    secret: bool = False
    body: bytearray = field(default_factory=bytearray)

    def note(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = Headers(raw=message["headers"])
            self.headers = {k: v for k, v in headers.items() if k in _KEPT_HEADERS}
            self.secret = "no-store" in headers.get("cache-control", "")
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    def kept(self) -> dict[str, Any]:
        shown = not self.secret
        return {
            "status": self.status,
            "headers": self.headers if shown else {},
            "body": self.body.decode() if shown else "",
            "secret": self.secret,
        }


class Repeating:
    """Answers a write under a known key with what was answered before."""

    def __init__(self, app: ASGIApp, *, answers: Answers) -> None:
        """Wrap `app`; `answers` keeps what is answered."""
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer it again."""
        key = Headers(scope=scope).get("idempotency-key") if _is_write(scope) else None
        if key is None:
            await self._app(scope, receive, send)
            return
        try:
            principal = await signed(Request(scope))
            _check(key)
            body = await _body(receive)
            claim = _claim(scope, principal, key, body)
            known = await self._answers.claim(claim)
        except NotAuthenticated:  # 401 as ever, by the route
            await self._app(scope, receive, send)
            return
        except IntegritasError as error:
            answer = error_response(scope, error)
        except HTTPException as error:
            answer = _unread(scope, error)
        else:
            if known is None:
                again = _replay(body, receive)
                await self._first(claim, _rights(principal), scope, again, send)
                return
            answer = _again(scope, known, principal)
        await answer(scope, receive, send)

    async def _first(
        self,
        claim: IdempotencyScope,
        rights: str,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Let the request in; keep its answer, or forget the claim if it did nothing.

        The end of the answer goes out once it is kept: who has seen it may rely on it.
        """
        answer = _Answer()

        async def send_noted(message: Message) -> None:
            answer.note(message)
            last = message["type"] == "http.response.body" and not message.get(
                "more_body"
            )
            if last and answer.status < 400:
                await self._answers.keep(claim, {**answer.kept(), "rights": rights})
            elif last:
                await self._answers.release(claim)
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except Exception:
            await self._answers.release(claim)
            raise


def _is_write(scope: Scope) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] in _WRITES
        and scope["path"].startswith("/api/v1/")
        and not scope["path"].startswith(_UNSIGNED)
        and not (scope["method"] == "POST" and keeps_its_own(scope["path"]))
    )


def _check(key: str) -> None:
    if 0 < len(key) <= MAX_KEY:
        return
    wrong = FieldError(
        "Idempotency-Key",
        "is empty or too long",
        f"use 1 to {MAX_KEY} characters, such as a UUID",
    )
    raise InvalidInput("1 field is not valid", errors=(wrong,))


def _unread(scope: Scope, error: HTTPException) -> Response:
    """Return what a route would say of a body that is too large, or too slow."""
    late = error.status_code == HTTPStatus.REQUEST_TIMEOUT
    code = "request_timeout" if late else "content_too_large"
    detail = str(error.detail)
    wrong = (FieldError("(body)", detail, REMEDIES[code]),)
    return problem_response(scope, code, detail, errors=wrong)


def _claim(
    scope: Scope, principal: Principal, key: str, body: bytes
) -> IdempotencyScope:
    # What a request means lies in its query and its precondition too.
    digest = hashlib.sha256(body)
    digest.update(b"\0" + scope.get("query_string", b""))
    return IdempotencyScope(
        tenant=principal.tenant,
        principal=principal.actor.id,
        route=f"{scope['method']} {scope['path']}",
        key=key,
        body_hash=digest.hexdigest(),
    )


def _rights(principal: Principal) -> str:
    return " ".join(sorted(principal.permissions))


def _again(scope: Scope, known: Mapping[str, Any], principal: Principal) -> Response:
    """Return the first answer again, to the same caller with the same rights."""
    if known["rights"] != _rights(principal):
        return problem_response(
            scope, "not_permitted", "the rights of the caller changed since"
        )
    if known["secret"]:
        wrong = FieldError(
            "Idempotency-Key",
            "its request was done; the answer held a secret, shown once",
            "read what is there; for another secret send the request with a new key",
        )
        return problem_response(
            scope, "conflict", "this request was done already", errors=(wrong,)
        )
    headers = {**known["headers"], "Idempotency-Replayed": "true"}
    return Response(known["body"].encode(), known["status"], headers)


async def _body(receive: Receive) -> bytes:
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    whole: Message | None = {
        "type": "http.request",
        "body": body,
        "more_body": False,
    }

    async def receive_again() -> Message:
        nonlocal whole
        message, whole = whole, None
        return await receive() if message is None else message

    return receive_again

"""`Idempotency-Key` on every write: the same request again gets the first answer.

The key is claimed before the request is let in and its answer kept after it, so what
was begun is never begun twice. Two routes do better and are left to do so: a submission
and the start of a run keep their answer in the commit that does the work.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response

from integritas.kernel.errors import FieldError, IntegritasError, NotAuthenticated
from integritas.platform.idempotency import IdempotencyScope
from integritas.platform.problems import problem_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from integritas.gateway.parts import GatewayParts
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

    def __init__(self, app: ASGIApp, *, parts: GatewayParts, answers: Answers) -> None:
        """Wrap `app`; `answers` keeps what is answered."""
        self._app = app
        self._parts = parts
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or answer it again."""
        if not _is_write(scope):
            await self._app(scope, receive, send)
            return
        key = Headers(scope=scope).get("idempotency-key")
        principal = None if key is None else await self._signed(scope)
        if key is None or principal is None:  # without a credential: 401 as ever
            await self._app(scope, receive, send)
            return
        if not 0 < len(key) <= MAX_KEY:
            await _refused(scope)(scope, receive, send)
            return
        try:
            body = await _body(receive)
        except HTTPException as error:
            wrong = (FieldError("(body)", str(error.detail), "send less at once"),)
            answer = problem_response(
                scope, "content_too_large", str(error.detail), errors=wrong
            )
            await answer(scope, receive, send)
            return
        claim = _claim(scope, principal, key, body)
        try:
            known = await self._answers.claim(claim)
        except IntegritasError as error:
            answer = problem_response(
                scope,
                error.code,
                error.detail,
                errors=error.errors,
                retryable=error.retryable,
            )
            await answer(scope, receive, send)
            return
        if known is not None:
            again = _again(scope, known, principal)
            await again(scope, receive, send)
            return
        await self._first(
            claim, _rights(principal), scope, _replay(body, receive), send
        )

    async def _signed(self, scope: Scope) -> Principal | None:
        headers = Headers(scope=scope)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        credential = bearer or headers.get("x-api-key")
        if not credential:
            return None
        try:
            return await self._parts.identity.verify(credential)
        except NotAuthenticated:
            return None

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


def _refused(scope: Scope) -> Response:
    wrong = FieldError(
        "Idempotency-Key",
        "is empty or too long",
        f"use 1 to {MAX_KEY} characters, such as a UUID",
    )
    return problem_response(
        scope, "invalid_input", "1 field is not valid", errors=(wrong,)
    )


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

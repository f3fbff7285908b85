"""The edge of an HTTP app: request id, trace context, metrics, size limit.

Plain ASGI, so that streams stay streams and context variables reach the routes.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from opentelemetry import context as otel_context
from opentelemetry import trace
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from structlog.contextvars import bound_contextvars

from integritas.kernel.clock import Randomness, SystemClock, SystemRandomness
from integritas.kernel.errors import FieldError
from integritas.kernel.ids import IdFactory
from integritas.platform.problems import crash_response, problem_response
from integritas.platform.telemetry import (
    HttpMetrics,
    format_traceparent,
    remote_parent,
    tracer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["MAX_BODY_BYTES", "BodyLimit", "RequestEdge"]

MAX_BODY_BYTES: Final = 10 * 1024 * 1024
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@dataclass(slots=True)
class _Progress:
    status: int = 0


class RequestEdge:
    """Gives each request an id and a trace, counts it, answers what nobody caught.

    `X-Request-ID` and W3C `traceparent` are taken from the request if well-formed,
    else made; both stand in the answer, the id also in `request.state.request_id` and
    in every log line on the way.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: HttpMetrics,
        ids: IdFactory | None = None,
        randomness: Randomness | None = None,
    ) -> None:
        """Wrap `app`; ids come from the machine's clock unless given."""
        self._app = app
        self._metrics = metrics
        self._randomness = randomness or SystemRandomness()
        self._ids = ids or IdFactory(SystemClock(), self._randomness)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = headers.get("x-request-id", "")
        if _REQUEST_ID.fullmatch(request_id) is None:
            request_id = self._ids.new("req")
        scope.setdefault("state", {})["request_id"] = request_id
        parent = remote_parent(headers.get("traceparent"), self._randomness)
        token = otel_context.attach(parent)
        try:
            with (
                tracer().start_as_current_span("http.request"),
                bound_contextvars(request_id=request_id),
            ):
                await self._serve(scope, receive, send, request_id)
        finally:
            otel_context.detach(token)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, request_id: str
    ) -> None:
        progress = _Progress()
        traceparent = format_traceparent(trace.get_current_span().get_span_context())

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                progress.status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["traceparent"] = traceparent
            await send(message)

        started = time.perf_counter()
        with self._metrics.under_way.track_inprogress():
            try:
                await self._app(scope, receive, send_marked)
            except Exception as error:
                if progress.status:  # half an answer is out: the server must hang up
                    raise
                answer = crash_response(scope, error)
                await answer(scope, receive, send_marked)
            finally:
                self._count(scope, progress.status, time.perf_counter() - started)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = _route_of(scope)
        method = scope["method"]
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)


def _route_of(scope: Scope) -> str:
    """Return the template of the route that answered, prefixes of routers included."""
    # FastAPI keeps routers apart; the whole path stands beside the route.
    whole = scope.get("fastapi", {}).get("effective_route_context")
    return getattr(whole or scope.get("route"), "path", "(none)")


class BodyLimit:
    """Refuses bodies over `limit` bytes with 413, whether announced or chunked."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit: int = MAX_BODY_BYTES,
        wider: Mapping[str, int] | None = None,
    ) -> None:
        """Wrap `app`; paths that begin with a key of `wider` have its limit."""
        self._app = app
        self._limit = limit
        self._wider = dict(wider or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request whose body stays within the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isascii() and announced.isdigit() and int(announced) > limit:
            detail = _too_large(limit)
            answer = problem_response(
                scope,
                "content_too_large",
                detail,
                errors=(FieldError("(body)", detail, "send less at once"),),
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, _counting(receive, limit), send)

    def _limit_of(self, path: str) -> int:
        for prefix, limit in self._wider.items():
            if path.startswith(prefix):
                return limit
        return self._limit


def _counting(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def receive_counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            # FastAPI lets nothing but an HTTPException through while it reads a
            # body: this is the one place outside the gateway that raises it.
            raise HTTPException(413, _too_large(limit))
        return message

    return receive_counted


def _too_large(limit: int) -> str:
    return f"the body is larger than {limit} bytes: send it in parts"

"""HTTP/1.1 as it comes in: what is bounded before an app hears of a request.

httptools refuses what two servers in a row could read in two ways: both lengths at
once, malformed chunks, bare line feeds. It bounds nothing, and leaves `Host` to the
server (RFC 9112 section 3.2); uvicorn adds no bound of its own. So here a head has a
size, a request a time to come in, and every refusal is a problem document.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.ids import IdFactory
from integritas.platform.problems import problem_response

if TYPE_CHECKING:
    import asyncio
    from asyncio.events import TimerHandle

    from starlette.types import Scope
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

__all__ = ["GRACE_S", "MAX_HEAD_BYTES", "LimitedProtocol", "protocol_within"]

MAX_HEAD_BYTES: Final = 65_536
"""Of the request line and the header fields of a request."""
FIELD_BYTES: Final = 32
"""What a field counts beside its text, as in HTTP/2 (RFC 9113 section 6.5.2)."""
GRACE_S: Final = 2.0
"""How much longer than the app's own time a body has: the app answers first."""
_LOG: Final = structlog.get_logger("integritas.http")
_IDS: Final = IdFactory(SystemClock(), SystemRandomness())
_BAD: Final = ("malformed_request", "the request is not HTTP/1.1 as RFC 9112 has it")
_LONG: Final = (
    "head_too_large",
    f"the request line and the header fields are larger than {MAX_HEAD_BYTES} bytes",
)
_HOST: Final = (
    "malformed_request",
    "a request has one Host header (RFC 9112 section 3.2)",
)
_LATE: Final = ("request_timeout", "the head of the request did not come in time")


class LimitedProtocol(HttpToolsProtocol):
    """A connection on which no request is larger, or longer on its way, than it may.

    A body's size is the app's matter. Where the app has answered before a body came,
    or instead of it, the rest is let come for as long as it might have taken.
    """

    limit_s = 30.0

    _head = 0  # bytes of a head that is not whole, near enough
    _begun = False  # by the bytes that are looked at
    _coming = True  # a request is awaited, or not whole yet
    _in_head = True
    _headed_at = 0.0
    _timer: TimerHandle | None = None
    _refusal: tuple[str, str] | None = None

    def connection_made(  # type: ignore[override] # as the base class has it
        self, transport: asyncio.Transport
    ) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._await()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._rest()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; refuse a head that grows without end."""
        self._begun = False
        super().data_received(data)
        if self.transport.is_closing():
            return
        if not self._coming:
            if not self.cycle.response_complete:
                return
            # Blank lines, or the end of a body that was answered before it came:
            # the base class took its own clock for the next request away.
            self._coming, self._in_head, self._head = True, True, 0
        if self._timer is None:
            self._await()
        if self._in_head:
            self._head += 1 if self._begun else len(data)
            if self._head > MAX_HEAD_BYTES:
                self._refuse(*_LONG)

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        self._coming = self._in_head = self._begun = True
        self._head = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Look at a head that is whole, then hand the request on.

        Raises:
            ValueError: it is refused; httptools reads no further.
        """
        size, hosts = len(self.url), 0
        for name, value in self.headers:
            size += len(name) + len(value) + FIELD_BYTES
            hosts += name == b"host"
        if size > MAX_HEAD_BYTES:
            self._refusal = _LONG
        elif hosts != 1 and (hosts or self.parser.get_http_version() == "1.1"):
            self._refusal = _HOST
        if self._refusal is not None:
            raise ValueError
        self._in_head = False
        self._headed_at = self.loop.time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the clock: the request is whole."""
        self._coming = False
        self._rest()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's name
        """Say what is wrong with what came, then hang up."""
        self._refuse(*(self._refusal or _BAD))

    def _await(self) -> None:
        self._timer = self.loop.call_later(self.limit_s, self._look)

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        """Hang up on who takes too long; who sent nothing is told nothing."""
        self._timer = None
        if self.transport.is_closing():
            return
        if self.pipeline or (self._in_head and _is_unanswered(self.cycle)):
            # What comes ahead of its turn is kept back by us.
            self._headed_at = self.loop.time()
            self._await()
        elif self._in_head and self._head:
            self._refuse(*_LATE)
        elif self._in_head:
            self.transport.close()
        else:
            left = self._headed_at + self.limit_s + GRACE_S - self.loop.time()
            if left <= 0:
                self.transport.close()
            else:
                self._timer = self.loop.call_later(left, self._look)

    def _refuse(self, code: str, detail: str) -> None:
        self._rest()
        if _is_unanswered(self.cycle) and self.cycle.response_started:
            self.transport.close()  # a second answer would stand within the first
            return
        request_id = _IDS.new("req")
        _LOG.warning("request_refused", code=code, request_id=request_id)
        scope: Scope = {"path": "", "state": {"request_id": request_id}}
        answer = problem_response(
            scope,
            code,
            detail,
            headers={
                "X-Request-ID": request_id,
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": "no-store",
                "Connection": "close",
            },
        )
        phrase = HTTPStatus(answer.status_code).phrase
        head = [f"HTTP/1.1 {answer.status_code} {phrase}".encode()]
        head += [name + b": " + value for name, value in answer.raw_headers]
        self.transport.write(b"\r\n".join([*head, b"", bytes(answer.body)]))
        self.transport.close()


def _is_unanswered(cycle: RequestResponseCycle | None) -> bool:
    return cycle is not None and not cycle.response_complete


def protocol_within(limit_s: float) -> type[LimitedProtocol]:
    """Return the protocol for connections whose requests come within `limit_s`.

    The head has as long, and then the body.
    """
    return type("Protocol", (LimitedProtocol,), {"limit_s": limit_s})

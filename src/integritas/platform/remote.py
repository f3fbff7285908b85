"""Services in another process, behind the same protocols as the local objects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import httpx
import orjson
from opentelemetry import trace
from structlog.contextvars import get_contextvars

from integritas.kernel.contracts import (
    Assessment,
    DecisionRequest,
    Dossier,
    Failure,
    Verdict,
)
from integritas.kernel.errors import (
    ContractViolation,
    IntegritasError,
    ServiceTimeout,
    Unavailable,
)
from integritas.platform import codec
from integritas.platform.telemetry import format_traceparent
from integritas.platform.tokens import service_tokens

if TYPE_CHECKING:
    import ssl

    from integritas.kernel.evidence import EvidenceKind
    from integritas.kernel.ids import EventId
    from integritas.platform.resilience import Guard

__all__ = [
    "RemoteAssessor",
    "RemoteDecider",
    "RemoteObserver",
    "RemoteService",
    "remote_client",
]

Item = TypeVar("Item")
Answer = TypeVar("Answer")

# Bodies are split above this, far below what the other side accepts
# (`http.INTERNAL_BODY_FACTOR`), so that a batch never fails for its size alone.
SPLIT_BYTES: Final = 8 * 1024 * 1024


def remote_client(
    url: str, audience: str, *, token: str | None, tls: ssl.SSLContext | None = None
) -> httpx.AsyncClient:
    """Return a client of service `audience` at `url`; whoever asked for it closes it.

    With the secret `token`, each request carries a service token of a minute.

    Time limits are the guard's affair; here only connecting has one.
    """
    return httpx.AsyncClient(
        base_url=url,
        auth=_ServiceAuth(token, audience) if token else None,
        timeout=httpx.Timeout(None, connect=5.0),
        verify=True if tls is None else tls,
        limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
    )


class _ServiceAuth(httpx.Auth):
    def __init__(self, secret: str, audience: str) -> None:
        self._tokens = service_tokens(secret)
        self._audience = audience

    def auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        token = self._tokens.token(self._audience)
        request.headers["Authorization"] = f"Bearer {token}"
        yield request


class RemoteService:
    """One service at the other end of a client, guarded."""

    def __init__(self, name: str, client: httpx.AsyncClient, guard: Guard) -> None:
        """Call service `name` through `client` under `guard`."""
        self.name = name
        self._client = client
        self._guard = guard

    async def call(self, operation: str, body: bytes) -> bytes:
        """Return the answer of an internal operation to a batch.

        Raises:
            Unavailable: it cannot be reached, says so, or refuses our token.
            ServiceTimeout: no answer in time.
            CircuitOpen: it is being given a rest.
            ContractViolation: it crashed, or refused what the contract allows.
        """
        return await self._guard.run(lambda: self._post(operation, body))

    async def ping(self) -> str | None:
        """Return None if the service is ready or degraded, else why not."""
        try:
            response = await self._client.get("/readyz")
        except httpx.TransportError as error:
            return f"{self.name} cannot be reached: {_named(error)}"
        if response.status_code == httpx.codes.OK:
            return None
        return f"{self.name} is not ready: HTTP {response.status_code}"

    async def _post(self, operation: str, body: bytes) -> bytes:
        path = f"/internal/v1/{self.name}/{operation}"
        try:
            response = await self._client.post(
                path, content=body, headers=_trace_headers()
            )
        except httpx.TimeoutException as error:
            raise ServiceTimeout(
                f"{self.name} did not answer in time: {_named(error)}"
            ) from error
        except httpx.TransportError as error:
            raise Unavailable(
                f"{self.name} cannot be reached: {_named(error)}"
            ) from error
        if response.status_code == httpx.codes.OK:
            return response.content
        raise self._refusal(operation, response)

    def _refusal(self, operation: str, response: httpx.Response) -> IntegritasError:
        status, detail = response.status_code, _detail(response)
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            return Unavailable(f"{self.name} does not accept our service token")
        if status in _LATER:
            return Unavailable(f"{self.name}.{operation} failed: {status} {detail}")
        return ContractViolation(f"{self.name}.{operation} refused: {status} {detail}")


_LATER: Final = frozenset({429, 502, 503, 504})


def _trace_headers() -> Mapping[str, str]:
    headers = {"Content-Type": "application/json"}
    request_id = get_contextvars().get("request_id")
    if request_id:
        headers["X-Request-ID"] = str(request_id)
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        headers["traceparent"] = format_traceparent(span)
    return headers


def _detail(response: httpx.Response) -> str:
    try:
        return str(orjson.loads(response.content)["detail"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return response.reason_phrase


def _named(error: Exception) -> str:
    return str(error) or type(error).__name__


# The protocols ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Exchange(Generic[Item, Answer]):
    """A batch operation: how its items are written and its answers read."""

    service: RemoteService
    operation: str
    encode: Callable[[Item], bytes]
    decode: Callable[[bytes], list[Answer]]

    async def run(self, batch: Sequence[Item]) -> Sequence[Answer | Failure]:
        answers: list[Answer | Failure | None] = [None] * len(batch)
        bodies: list[tuple[int, bytes]] = []
        for index, item in enumerate(batch):
            try:
                bodies.append((index, self.encode(item)))
            except IntegritasError as error:
                answers[index] = Failure(error.code, error.detail, errors=error.errors)
        for part, found in await asyncio.gather(*map(self._send, _split(bodies))):
            for (index, _), answer in zip(part, found, strict=True):
                answers[index] = answer
        return cast("list[Answer | Failure]", answers)  # every place is filled by now

    async def _send(
        self, part: Sequence[tuple[int, bytes]]
    ) -> tuple[Sequence[tuple[int, bytes]], list[Answer]]:
        body = codec.encode_array(document for _, document in part)
        found = self.decode(await self.service.call(self.operation, body))
        if len(found) != len(part):
            raise ContractViolation(
                f"{self.service.name}.{self.operation} gave {len(found)} answers "
                f"to a batch of {len(part)}"
            )
        return part, found


def _split(
    bodies: Iterable[tuple[int, bytes]],
) -> list[list[tuple[int, bytes]]]:
    parts: list[list[tuple[int, bytes]]] = []
    room = 0
    for item in bodies:
        size = len(item[1])
        if not parts or size > room:
            parts.append([])
            room = SPLIT_BYTES
        parts[-1].append(item)
        room -= size
    return parts


class RemoteAssessor:
    """An `Assessor` in another process."""

    def __init__(self, service: RemoteService) -> None:
        """Assess by operation `assess` of `service`."""
        self._exchange: _Exchange[Dossier, Any] = _Exchange(
            service, "assess", codec.encode_dossier, codec.decode_answers
        )

    async def assess(
        self, batch: Sequence[Dossier], /
    ) -> Sequence[Assessment | Failure]:
        """Answer each dossier with an assessment or an error, in the same order.

        Raises:
            Unavailable: as `RemoteService.call`.
            ContractViolation: the answer is not one assessment or failure for each.
        """
        return await self._exchange.run(batch)


class RemoteDecider:
    """A `Decider` in another process."""

    def __init__(self, service: RemoteService) -> None:
        """Decide by operation `decide` of `service`."""
        self._exchange: _Exchange[DecisionRequest, Any] = _Exchange(
            service, "decide", codec.encode_decision_request, codec.decode_decisions
        )

    async def decide(
        self, batch: Sequence[DecisionRequest], /
    ) -> Sequence[Verdict | Failure]:
        """Answer each request with a verdict or an error, in the same order.

        Raises:
            Unavailable: as `RemoteService.call`.
            ContractViolation: the answer is not one verdict or failure for each.
        """
        return await self._exchange.run(batch)


class RemoteObserver:
    """An `Observer` in another process."""

    def __init__(
        self, service: RemoteService, learns_from: frozenset[EvidenceKind]
    ) -> None:
        """Observe by operation `observe` of a service that learns from those kinds."""
        self._service = service
        self.learns_from = learns_from

    async def observe(self, event_id: EventId, batch: Sequence[Dossier], /) -> None:
        """Let the service learn; an `event_id` it has seen it drops.

        Raises:
            Unavailable: as `RemoteService.call`.
        """
        body = codec.encode_observation(event_id, batch)
        await self._service.call("observe", body)

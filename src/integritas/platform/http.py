"""The HTTP side of a service: who calls, how to assess, how to serve alone.

A service has one router. In one process bootstrap mounts it under the gateway's
authentication; standing alone, `service_app` serves the same router, and beside it the
internal operations that `remote.RemoteAssessor` and its kin call.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar

from fastapi import APIRouter, Depends, FastAPI
from prometheus_client import CollectorRegistry
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.config import JsonDict
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from integritas.kernel.contracts import (
    SYSTEM,
    Actor,
    Assessment,
    Assessor,
    Context,
    Decider,
    Dossier,
    Evidence,
    Failure,
    Finding,
    Observer,
)
from integritas.kernel.errors import (
    ContractViolation,
    InvalidInput,
    NotAuthenticated,
    NotFound,
)
from integritas.kernel.evidence import EvidenceIn, content_digest
from integritas.kernel.ids import DEFAULT_TENANT, EvidenceId, TenantId, valid_tenant
from integritas.kernel.states import ActorKind
from integritas.kernel.validation import field_errors
from integritas.platform import codec
from integritas.platform.edge import MAX_BODY_BYTES, BodyLimit, RequestEdge
from integritas.platform.health import Ping, health_router
from integritas.platform.problems import (
    failure_response,
    install_problems,
    problem_response,
    problem_responses,
    request_id_of,
)
from integritas.platform.shield import BODY_TIMEOUT_S, BodyTime, SecurityHeaders
from integritas.platform.telemetry import HttpMetrics, ServiceMetrics, new_registry
from integritas.platform.tokens import service_tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from integritas.kernel.clock import Clock
    from integritas.kernel.ids import IdFactory

__all__ = [
    "TENANT_HEADER",
    "Assessed",
    "Caller",
    "Operation",
    "Ping",
    "assess_router",
    "assessing",
    "caller",
    "deciding",
    "observing",
    "service_app",
]

T = TypeVar("T")

Operation: TypeAlias = Callable[[bytes], Awaitable[bytes]]
"""An internal operation: the JSON of a batch in, the JSON of its answers out. Made by
`assessing`, `deciding` and `observing`."""

TENANT_HEADER: Final = "X-Integritas-Tenant"
MAX_ITEMS: Final = 1_000
INTERNAL_BODY_FACTOR: Final = 8
"""Bytes of evidence grow on the way in between: base64, escapes, several in a batch."""


async def caller(request: Request) -> Context:
    """Return who calls and for which tenant, as the door's authentication found out.

    Raises:
        NotAuthenticated: nobody was authenticated.
    """
    context = getattr(request.state, "context", None)
    if not isinstance(context, Context):
        raise NotAuthenticated("send a bearer token or an API key")
    return context


Caller: TypeAlias = Annotated[Context, Depends(caller)]


# Operations ---------------------------------------------------------------------


def assessing(assessor: Assessor) -> Operation:
    """Return the operation that assesses a batch of dossiers."""

    async def operate(body: bytes) -> bytes:
        batch = _read(codec.decode_dossiers, body)
        answers = await assessor.assess(batch)
        _same_length(batch, answers)
        return codec.encode_array(map(codec.encode_answer, answers))

    return operate


def deciding(decider: Decider) -> Operation:
    """Return the operation that decides a batch of requests."""

    async def operate(body: bytes) -> bytes:
        batch = _read(codec.decode_decision_requests, body)
        decisions = await decider.decide(batch)
        _same_length(batch, decisions)
        return codec.encode_array(map(codec.encode_decision, decisions))

    return operate


def observing(observer: Observer) -> Operation:
    """Return the operation that learns from dossiers; it answers an empty array."""

    async def operate(body: bytes) -> bytes:
        observation = _read(codec.decode_observation, body)
        await observer.observe(observation.event_id, observation.batch)
        return codec.encode_array(())

    return operate


def _read(decode: Callable[[bytes], T], body: bytes) -> T:
    """Decode a body; here it is the caller who broke the contract."""
    try:
        return decode(body)
    except ContractViolation as error:
        raise InvalidInput(error.detail, errors=error.errors) from error


def _same_length(batch: Sequence[object], answers: Sequence[object]) -> None:
    if len(answers) != len(batch):
        raise ContractViolation(
            f"{len(answers)} answers to a batch of {len(batch)}: one each is due"
        )


# The public router --------------------------------------------------------------

_EXAMPLE: Final[JsonDict] = {
    "evidence": [
        {"kind": "message", "raw": "Subject: You won\n\nClaim your prize now!"},
        {
            "kind": "party",
            "schema": "Person",
            "properties": {"name": ["Jane Roe"], "country": ["de"]},
        },
    ]
}


class AssessIn(BaseModel):
    """Evidence to be assessed now, without opening a case."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": _EXAMPLE},
    )

    channel: Annotated[str, Field(min_length=1, max_length=40)] = "api"
    evidence: Annotated[list[EvidenceIn], Field(min_length=1, max_length=MAX_ITEMS)]


@dataclass(frozen=True, slots=True)
class _Rejected:
    """Stands in a parsed batch where an item could not be read."""

    error: ValidationError


def _kept_apart(
    value: object, handler: ValidatorFunctionWrapHandler
) -> AssessIn | _Rejected:
    try:
        item: AssessIn = handler(value)
    except ValidationError as error:
        return _Rejected(error)
    return item


class BatchIn(BaseModel):
    """Items to be assessed, each by itself; a bad one does not sink the rest."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"items": [_EXAMPLE]}},
    )

    items: Annotated[
        list[Annotated[AssessIn, WrapValidator(_kept_apart)]],
        Field(min_length=1, max_length=MAX_ITEMS),
    ]


@dataclass(frozen=True, slots=True)
class Assessed:
    """A service's answer: what it found, with which versions, on which input.

    `evidence` are the ids that findings refer to, in the order of the request.
    """

    service: str
    evidence: tuple[EvidenceId, ...]
    findings: tuple[Finding, ...]
    versions: Mapping[str, str]
    input_hash: str


@dataclass(frozen=True, slots=True)
class ItemAssessed:
    """Item `index` of a batch and what the service says of it."""

    index: int
    assessment: Assessed


@dataclass(frozen=True, slots=True)
class ItemFailed:
    """Item `index` of a batch and why it could not be assessed."""

    index: int
    error: Failure


@dataclass(frozen=True, slots=True)
class BatchResults:
    """One result for each item, in the order of the request."""

    results: tuple[ItemAssessed | ItemFailed, ...]


_assessed: Final = TypeAdapter(Assessed)
_results: Final = TypeAdapter(BatchResults)
_FINDING_EXAMPLE: Final = {
    "code": "spam.likely",
    "severity": "high",
    "score": 0.97,
    "subject": {"evidence": "ev_01JZ8QK4T3V5E7M9N1P2R4S6T8", "path": "Subject"},
    "title": "The message reads like spam",
    "reasons": [{"text": "“claim your prize”", "weight": 2.1, "data": {}}],
    "kind": "signal",
    "data": {},
}
_ASSESSED_EXAMPLE: Final = {
    "service": "spam",
    "evidence": ["ev_01JZ8QK4T3V5E7M9N1P2R4S6T8"],
    "findings": [_FINDING_EXAMPLE],
    "versions": {"model": "1.0.0"},
    "input_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
_RESULTS_EXAMPLE: Final = {
    "results": [
        {"index": 0, "assessment": _ASSESSED_EXAMPLE},
        {
            "index": 1,
            "error": {
                "code": "invalid_input",
                "detail": "the item is not valid",
                "retryable": False,
                "errors": [
                    {
                        "path": "items[1].evidence",
                        "message": "Field required",
                        "remedy": "add the field",
                    }
                ],
            },
        },
    ]
}


def assess_router(
    service: str, assessor: Assessor, ids: IdFactory, clock: Clock
) -> APIRouter:
    """Return POST /{service}/assess and /{service}/assess/batch.

    Paths are relative to /api/v1. Nothing is stored: what is assessed here opens no
    case and teaches the service nothing.
    """
    router = APIRouter(prefix=f"/{service}", tags=[service])

    def dossier(item: AssessIn, tenant: TenantId) -> Dossier:
        contents = [evidence.content() for evidence in item.evidence]
        return Dossier(
            id=ids.new("dossier"),
            tenant=tenant,
            channel=item.channel,
            received_at=clock.now(),
            evidence=tuple(
                Evidence(ids.evidence(), content, content_digest(content))
                for content in contents
            ),
        )

    async def answers(batch: Sequence[Dossier]) -> Sequence[Assessment | Failure]:
        if not batch:
            return ()
        found = await assessor.assess(batch)
        _same_length(batch, found)
        return found

    @router.post(
        "/assess",
        operation_id=f"{service}_assess",
        summary=f"Assess evidence ({service})",
        response_model=Assessed,
        responses={
            200: {"content": {"application/json": {"example": _ASSESSED_EXAMPLE}}},
            **problem_responses(400, 401, 413, 422, 503),
        },
    )
    async def assess(request: Request, body: AssessIn, context: Caller) -> Response:
        item = dossier(body, context.tenant)
        (answer,) = await answers((item,))
        if isinstance(answer, Failure):
            return failure_response(request.scope, answer)
        document = _assessed.dump_json(_with_ids(item, answer))
        return Response(document, media_type="application/json")

    @router.post(
        "/assess/batch",
        operation_id=f"{service}_assess_batch",
        summary=f"Assess many items, each by itself ({service})",
        response_model=BatchResults,
        responses={
            200: {"content": {"application/json": {"example": _RESULTS_EXAMPLE}}},
            **problem_responses(400, 401, 413, 422, 503),
        },
    )
    async def assess_batch(body: BatchIn, context: Caller) -> Response:
        parsed = list(enumerate[Any](body.items))  # _kept_apart leaves _Rejected there
        readable = {
            index: dossier(item, context.tenant)
            for index, item in parsed
            if isinstance(item, AssessIn)
        }
        found = await answers(tuple(readable.values()))
        results: dict[int, ItemAssessed | ItemFailed] = {
            index: _result(index, item, answer)
            for (index, item), answer in zip(readable.items(), found, strict=True)
        }
        for index, item in parsed:
            if isinstance(item, _Rejected):
                results[index] = ItemFailed(index, _rejection(index, item))
        ordered = BatchResults(tuple(results[index] for index, _ in parsed))
        document = _results.dump_json(ordered)
        return Response(document, media_type="application/json")

    return router


def _with_ids(dossier: Dossier, assessment: Assessment) -> Assessed:
    return Assessed(
        service=assessment.service,
        evidence=tuple(item.id for item in dossier.evidence),
        findings=assessment.findings,
        versions=assessment.versions,
        input_hash=assessment.input_hash,
    )


def _result(
    index: int, dossier: Dossier, answer: Assessment | Failure
) -> ItemAssessed | ItemFailed:
    if isinstance(answer, Failure):
        return ItemFailed(index, answer)
    return ItemAssessed(index, _with_ids(dossier, answer))


def _rejection(index: int, item: _Rejected) -> Failure:
    return Failure(
        code=InvalidInput.code,
        detail="the item is not valid",
        errors=field_errors(item.error, path=f"items[{index}]"),
    )


# The standalone app -------------------------------------------------------------


class _ServiceAuth:
    """Lets only holders of a service token through to the service's own paths."""

    def __init__(self, app: ASGIApp, *, secret: str | None, name: str) -> None:
        self._app = app
        self._tokens = service_tokens(secret) if secret else None
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(("/internal/", "/api/v1/")):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        tenant = headers.get(TENANT_HEADER, DEFAULT_TENANT)
        if not self._holds_token(headers.get("authorization", "")):
            answer = problem_response(
                scope, NotAuthenticated.code, "send a service token as a bearer token"
            )
        elif not valid_tenant(tenant):
            answer = problem_response(
                scope, InvalidInput.code, f"{TENANT_HEADER} does not name a tenant"
            )
        else:
            scope.setdefault("state", {})["context"] = Context(
                tenant=TenantId(tenant),
                actor=Actor("platform:service", ActorKind.PLATFORM, SYSTEM.roles),
                correlation_id=request_id_of(scope),
            )
            await self._app(scope, receive, send)
            return
        await answer(scope, receive, send)

    def _holds_token(self, header: str) -> bool:
        if self._tokens is None:
            return True
        scheme, _, given = header.partition(" ")
        if scheme.lower() != "bearer":
            return False
        try:
            self._tokens.check(given.strip(), self._name)
        except NotAuthenticated:
            return False
        return True


def service_app(
    *,
    name: str,
    operations: Mapping[str, Operation],
    router: APIRouter,
    pings: Mapping[str, Ping],
    token: str | None,
    registry: CollectorRegistry | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    on_start: Sequence[Callable[[], Awaitable[None]]] = (),
    on_stop: Sequence[Callable[[], Awaitable[None]]] = (),
) -> FastAPI:
    """Return a service that stands alone.

    POST /internal/v1/{name}/{operation} takes and answers JSON arrays, outside OpenAPI;
    the public router is mounted under /api/v1. Both need a service token for `name`,
    made with the secret `token` (None: none is asked for; for a loopback only).
    `on_start` runs before the first request, `on_stop` after the last.
    """
    registry = registry or new_registry()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        for start in on_start:
            await start()
        try:
            yield
        finally:
            for stop in on_stop:
                await stop()

    app = FastAPI(
        title=f"Integritas {name}",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )
    install_problems(app)
    app.include_router(health_router(pings, registry))
    app.include_router(router, prefix="/api/v1")
    app.include_router(_internal_router(name, operations, ServiceMetrics(registry)))
    # The last added is the outermost.
    app.add_middleware(_ServiceAuth, secret=token, name=name)
    app.add_middleware(
        BodyLimit,
        limit=max_body_bytes,
        wider={"/internal/": INTERNAL_BODY_FACTOR * max_body_bytes},
    )
    app.add_middleware(BodyTime, limit_s=BODY_TIMEOUT_S)
    app.add_middleware(RequestEdge, metrics=HttpMetrics(registry))
    app.add_middleware(SecurityHeaders)
    return app


def _internal_router(
    name: str, operations: Mapping[str, Operation], metrics: ServiceMetrics
) -> APIRouter:
    router = APIRouter(prefix=f"/internal/v1/{name}", include_in_schema=False)

    @router.post("/{operation}")
    async def operate(request: Request, operation: str) -> Response:
        run = operations.get(operation)
        if run is None:
            known = ", ".join(sorted(operations)) or "none"
            raise NotFound(f"{name} has no operation {operation!r}; it has: {known}")
        body = await request.body()
        started = time.perf_counter()
        answer = await run(body)
        metrics.bytes.labels(name, operation).observe(len(body))
        metrics.seconds.labels(name, operation).observe(time.perf_counter() - started)
        return Response(answer, media_type="application/json")

    return router

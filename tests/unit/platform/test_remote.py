"""A service in another process answers as the local object would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from opentelemetry import context as otel_context
from structlog.contextvars import bound_contextvars

from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.contracts import DecisionRequest, Dossier, Failure
from integritas.kernel.errors import (
    CircuitOpen,
    ContractViolation,
    IntegritasError,
    ServiceTimeout,
    Unavailable,
)
from integritas.kernel.evidence import EvidenceKind, Message
from integritas.kernel.ids import EventId, IdFactory, TenantId
from integritas.platform import remote
from integritas.platform.http import (
    assess_router,
    assessing,
    deciding,
    observing,
    service_app,
)
from integritas.platform.remote import (
    RemoteAssessor,
    RemoteDecider,
    RemoteObserver,
    RemoteService,
    remote_client,
)
from integritas.platform.resilience import Guard, GuardPolicy
from integritas.platform.telemetry import CallMetrics, new_registry, remote_parent
from integritas.platform.tokens import service_tokens

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
Respond = Callable[[httpx.Request], httpx.Response]


async def no_sleep(seconds: float) -> None:
    del seconds


def guard(**policy: Any) -> Guard:
    return Guard(
        "fake", CallMetrics(new_registry()), GuardPolicy(**policy), sleep=no_sleep
    )


def scripted(respond: Respond, **policy: Any) -> RemoteService:
    client = httpx.AsyncClient(
        transport=httpx.MockTransport(respond), base_url="http://fake"
    )
    return RemoteService("fake", client, guard(**policy))


@pytest.fixture
def reached(service: Any, ids: IdFactory, clock: ManualClock) -> RemoteService:
    app = service_app(
        name="fake",
        operations={
            "assess": assessing(service),
            "decide": deciding(service),
            "observe": observing(service),
        },
        router=assess_router("fake", service, ids, clock),
        pings={},
        token="t0ken",
    )
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://fake",
        headers={"Authorization": f"Bearer {service_tokens('t0ken').token('fake')}"},
    )
    return RemoteService("fake", client, guard())


async def test_assess_answers_as_the_local_object(
    reached: RemoteService, service: Any, dossier_of: Callable[..., Dossier]
) -> None:
    batch = [dossier_of(id="a"), dossier_of(channel="poison"), dossier_of(id="b")]
    assert await RemoteAssessor(reached).assess(batch) == await service.assess(batch)


async def test_decide_answers_as_the_local_object(
    reached: RemoteService, service: Any
) -> None:
    batch = [
        DecisionRequest(
            "d", TenantId("main"), channel, frozenset({EvidenceKind.PARTY}), {}
        )
        for channel in ("api", "poison")
    ]
    assert await RemoteDecider(reached).decide(batch) == await service.decide(batch)


async def test_observe_reaches_the_service(
    reached: RemoteService, service: Any, dossier_of: Callable[..., Dossier]
) -> None:
    await RemoteObserver(reached, frozenset(EvidenceKind)).observe(
        EventId("evt_1"), [dossier_of()]
    )
    assert service.observed == [("evt_1", (dossier_of(),))]


async def test_an_empty_batch_asks_nobody() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        raise AssertionError(request)

    assert list(await RemoteAssessor(scripted(respond)).assess([])) == []


async def test_an_unwritable_item_fails_alone(
    reached: RemoteService, dossier_of: Callable[..., Dossier]
) -> None:
    batch = [dossier_of(), dossier_of(channel="\ud800"), dossier_of()]
    answers = await RemoteAssessor(reached).assess(batch)
    assert [isinstance(answer, Failure) for answer in answers] == [False, True, False]


async def test_large_batches_are_split(
    reached: RemoteService,
    service: Any,
    dossier_of: Callable[..., Dossier],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The size is a constant of the module; megabytes in a unit test would be slow.
    monkeypatch.setattr(remote, "SPLIT_BYTES", 2_000)
    batch = [dossier_of(Message(b"x" * 900), id=str(n)) for n in range(5)]
    answers = await RemoteAssessor(reached).assess(batch)
    sizes = [len(part) for part in service.seen]
    assert sum(sizes) == 5
    assert len(sizes) > 1
    service.seen.clear()
    assert answers == await service.assess(batch)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"[1]", b'[{"code": "x"}]', b"[null]"],
)
async def test_malformed_answers_break_the_contract(
    body: bytes, dossier_of: Callable[..., Dossier]
) -> None:
    service = scripted(lambda _: httpx.Response(200, content=body))
    with pytest.raises(ContractViolation):
        await RemoteAssessor(service).assess([dossier_of()])


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ContractViolation),
        (401, Unavailable),
        (403, Unavailable),
        (404, ContractViolation),
        (422, ContractViolation),
        (429, Unavailable),
        (500, ContractViolation),
        (502, Unavailable),
        (503, Unavailable),
        (504, Unavailable),
    ],
)
async def test_refusals_are_told_apart(
    status: int, error: type[IntegritasError]
) -> None:
    service = scripted(lambda _: httpx.Response(status, json={"detail": "why"}))
    with pytest.raises(IntegritasError) as raised:
        await service.call("assess", b"[]")
    assert type(raised.value) is error


@pytest.mark.parametrize("body", [b"", b"[]", b'{"a": 1}', b"<html>"])
async def test_refusal_without_a_problem_names_the_status(body: bytes) -> None:
    service = scripted(lambda _: httpx.Response(404, content=body))
    with pytest.raises(ContractViolation, match="404 Not Found"):
        await service.call("assess", b"[]")


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (httpx.ConnectError("refused"), Unavailable),
        (httpx.RemoteProtocolError("cut off"), Unavailable),
        (httpx.ReadTimeout("slow"), ServiceTimeout),
        (httpx.ConnectTimeout(""), ServiceTimeout),
    ],
    ids=lambda value: getattr(value, "__name__", None) or type(value).__name__,
)
async def test_broken_connections_are_told_apart(
    broken: Exception, error: type[IntegritasError]
) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        del request
        raise broken

    with pytest.raises(IntegritasError, match="fake") as raised:
        await scripted(respond).call("assess", b"[]")
    assert type(raised.value) is error


async def test_what_may_succeed_later_is_tried_again() -> None:
    answers = [httpx.Response(503), httpx.Response(200, content=b"[]")]
    service = scripted(lambda _: answers.pop(0))
    assert await service.call("assess", b"[]") == b"[]"
    assert answers == []


async def test_a_dead_service_is_left_alone() -> None:
    calls = []

    def respond(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        return httpx.Response(503)

    service = scripted(respond, tries=1, trip_after=2, rest_s=60)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await service.call("assess", b"[]")
    with pytest.raises(CircuitOpen):
        await service.call("assess", b"[]")
    assert len(calls) == 2


async def test_the_request_is_marked_with_id_and_trace(
    randomness: SeededRandomness,
) -> None:
    headers: list[httpx.Headers] = []

    def respond(request: httpx.Request) -> httpx.Response:
        headers.append(request.headers)
        return httpx.Response(200, content=b"[]")

    token = otel_context.attach(remote_parent(TRACEPARENT, randomness))
    try:
        with bound_contextvars(request_id="req_1"):
            await scripted(respond).call("assess", b"[]")
    finally:
        otel_context.detach(token)
    assert headers[0]["X-Request-ID"] == "req_1"
    assert headers[0]["traceparent"] == TRACEPARENT


@pytest.mark.parametrize(
    ("status", "expected"), [(200, None), (503, "fake is not ready: HTTP 503")]
)
async def test_ping_asks_whether_it_is_ready(status: int, expected: str | None) -> None:
    assert await scripted(lambda _: httpx.Response(status)).ping() == expected


async def test_ping_says_that_nobody_answers() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    assert await scripted(respond).ping() == "fake cannot be reached: refused"


def shown(client: httpx.AsyncClient) -> str | None:
    """Return the credential that a request of the client carries."""
    request = client.build_request("GET", "/")
    auth = client.auth or httpx.Auth()
    sent: str | None = next(auth.auth_flow(request)).headers.get("authorization")
    return sent


async def test_client_carries_a_token_for_its_service_and_not_the_secret() -> None:
    async with remote_client("http://fake:1", "fake", token="t0ken") as client:
        scheme, _, token = (shown(client) or "").partition(" ")
    assert scheme == "Bearer"
    assert "t0ken" not in token
    assert service_tokens("t0ken").check(token, "fake") == "platform"


async def test_client_without_a_secret_carries_nothing() -> None:
    async with remote_client("http://fake:1", "fake", token=None) as client:
        assert shown(client) is None

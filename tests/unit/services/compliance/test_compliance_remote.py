"""The service behind a client answers as it does in the same process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.contracts import Assessment, DecisionRequest
from integritas.kernel.errors import ContractViolation, InvalidInput
from integritas.kernel.evidence import Party
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory
from integritas.platform.remote import RemoteService
from integritas.platform.resilience import Guard
from integritas.platform.telemetry import CallMetrics, new_registry
from integritas.services.compliance.api import (
    ComplianceService,
    Query,
    RemoteCompliance,
    create_app,
)
from integritas.services.compliance.remote import rescreening

if TYPE_CHECKING:
    from collections.abc import Callable

    from integritas.kernel.contracts import Dossier


def remote(transport: httpx.AsyncBaseTransport) -> RemoteCompliance:
    client = httpx.AsyncClient(transport=transport, base_url="http://compliance")
    guard = Guard("compliance", CallMetrics(new_registry()))
    return RemoteCompliance(RemoteService("compliance", client, guard))


@pytest.fixture
async def desk(service: ComplianceService) -> RemoteCompliance:
    clock = ManualClock()
    app = create_app(service, ids=IdFactory(clock, SeededRandomness(1)), clock=clock)
    return remote(httpx.ASGITransport(app=app))


async def test_screening_is_the_same(
    desk: RemoteCompliance, service: ComplianceService
) -> None:
    queries = [Query("Mikhail Orlov", "Person", ("1971",), ("ru",)), Query("😀")]
    assert await desk.screen(queries, 3) == tuple(await service.screen(queries, 3))


async def test_list_versions_are_the_same(
    desk: RemoteCompliance, service: ComplianceService
) -> None:
    assert await desk.list_versions() == await service.list_versions()


async def test_assessing_and_deciding_are_the_same(
    desk: RemoteCompliance,
    service: ComplianceService,
    dossier: Callable[..., Dossier],
) -> None:
    batch = [dossier(Party("Person", {"name": ("Mikhail Orlov",)}))]
    (found,) = await desk.assess(batch)
    assert [found] == list(await service.assess(batch))
    assert isinstance(found, Assessment)
    asked = [
        DecisionRequest("d", DEFAULT_TENANT, "api", frozenset(), {"compliance": found})
    ]
    assert list(await desk.decide(asked)) == list(await service.decide(asked))


async def test_rescreening_is_the_same_and_sees_only_what_is_new(
    desk: RemoteCompliance,
    service: ComplianceService,
    dossier: Callable[..., Dossier],
) -> None:
    batch = [dossier(Party("Person", {"name": ("Mikhail Petrovich Orlov",)}))]
    (found,) = await desk.rescreen({"ofac": ""}, batch)
    assert [found] == list(await service.rescreen({"ofac": ""}, batch))
    assert isinstance(found, Assessment)
    assert [f.data["uid"] for f in found.findings] == ["101"]
    (other,) = await desk.rescreen({"un": ""}, batch)
    assert isinstance(other, Assessment)
    assert other.findings == ()


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"since": {}}', b'{"since": 1, "batch": []}']
)
async def test_rescreening_refuses_what_is_no_question(
    service: ComplianceService, body: bytes
) -> None:
    with pytest.raises(InvalidInput, match="since"):
        await rescreening(service)(body)


async def test_ping_reaches_the_service(desk: RemoteCompliance) -> None:
    assert await desk.ping() is None


async def test_nonsense_in_the_answer_is_a_broken_contract() -> None:
    desk = remote(httpx.MockTransport(lambda _: httpx.Response(200, json={"a": 1})))
    with pytest.raises(ContractViolation):
        await desk.list_versions()

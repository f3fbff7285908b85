"""What the gateway needs of the rest; bootstrap supplies it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, TypeAlias

from fastapi import Depends, Request

from integritas.kernel.errors import FieldError
from integritas.kernel.evidence import Content, EvidenceKind
from integritas.platform.edge import MAX_BODY_BYTES
from integritas.platform.health import Ping
from integritas.platform.limits import RateLimits
from integritas.platform.shield import BODY_TIMEOUT_S

if TYPE_CHECKING:
    from fastapi import APIRouter
    from prometheus_client import CollectorRegistry

    from integritas.cases.api import CaseAccess, CaseDesk, CaseFigures, CaseFiles
    from integritas.delivery.api import Webhooks
    from integritas.identity.api import Identity
    from integritas.journal.api import Journal
    from integritas.platform.idempotency import Answers
    from integritas.registry.api import ModelRegistry
    from integritas.workflows.api import Admission, WorkflowDesk

__all__ = ["EvidenceCheck", "GatewayParts", "Parts", "admit"]

EvidenceCheck: TypeAlias = Callable[[Content], Sequence[FieldError]]
"""Says what is wrong with content of a kind; paths are relative to the item."""


@dataclass(frozen=True, slots=True)
class GatewayParts:
    """The desks, the services' routers, and what the edge needs.

    `on_start` runs before the first request, `on_stop` after the last, in order.
    """

    identity: Identity
    cases: CaseDesk
    access: CaseAccess
    files: CaseFiles
    figures: CaseFigures
    webhooks: Webhooks
    workflows: WorkflowDesk
    journal: Journal
    models: ModelRegistry
    service_routers: Sequence[APIRouter]
    pings: Mapping[str, Ping]
    metrics: CollectorRegistry
    answers: Answers
    checks: Mapping[EvidenceKind, EvidenceCheck] = field(default_factory=dict)
    max_body_bytes: int = MAX_BODY_BYTES
    admission: Admission | None = None
    limits: RateLimits = field(default_factory=RateLimits)
    cors_origins: Sequence[str] = ()
    body_timeout_s: float = BODY_TIMEOUT_S
    on_start: Sequence[Callable[[], Awaitable[None]]] = ()
    on_stop: Sequence[Callable[[], Awaitable[None]]] = ()


async def parts_of(request: Request) -> GatewayParts:
    """Return the parts of the app that serves a request."""
    parts: GatewayParts = request.app.state.parts
    return parts


Parts: TypeAlias = Annotated[GatewayParts, Depends(parts_of)]


async def admit(parts: Parts, count: int = 1) -> None:
    """Return if there is room for more runs; raises TooManyRequests."""
    if parts.admission is not None:
        await parts.admission.admit(count)

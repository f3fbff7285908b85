"""The spam service's routes, and the service standing alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.platform.http import assess_router, assessing, service_app
from integritas.services.spam.service import SERVICE, SpamService

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Assessor
    from integritas.kernel.ids import IdFactory

__all__ = ["create_app", "router"]


def router(assessor: Assessor, ids: IdFactory, clock: Clock) -> APIRouter:
    """Return the routes; `assessor` is the service, or a client of it."""
    return assess_router(SERVICE, assessor, ids, clock)


def create_app(
    service: SpamService, ids: IdFactory, clock: Clock, *, token: str | None
) -> FastAPI:
    """Return the service as an app of its own; `token` guards it."""
    return service_app(
        name=SERVICE,
        operations={"assess": assessing(service)},
        router=router(service, ids, clock),
        pings={"model": service.ping},
        token=token,
    )

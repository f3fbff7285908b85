"""The anti-corruption service's routes, and the service standing alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.platform.http import (
    Caller,
    Ping,
    assess_router,
    assessing,
    service_app,
)
from integritas.platform.problems import problem_responses
from integritas.services.anticorruption.catalogue import IndicatorList, catalogue
from integritas.services.anticorruption.routes import (
    add_desk_routes,
    add_model_routes,
)
from integritas.services.anticorruption.service import SERVICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import APIRouter, FastAPI

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Assessor
    from integritas.kernel.ids import IdFactory
    from integritas.services.anticorruption.desk import DatasetDesk

__all__ = ["create_app", "router"]


def router(
    assessor: Assessor, ids: IdFactory, clock: Clock, desk: DatasetDesk | None = None
) -> APIRouter:
    """Return the routes; `assessor` is the service here, or a client of it elsewhere.

    The catalogue comes from declarations, so it needs no service. Datasets and
    networks are there with a `desk`.
    """
    routes = assess_router(SERVICE, assessor, ids, clock)

    @routes.get(
        "/indicators",
        operation_id="anticorruption_indicators",
        summary="List the red flags: formula, options, source, why it matters",
        responses=problem_responses(401),
    )
    async def indicators(context: Caller) -> IndicatorList:
        del context  # known callers only
        return catalogue()

    add_model_routes(routes)
    if desk is not None:
        add_desk_routes(routes, desk)
    return routes


def create_app(
    assessor: Assessor,
    ids: IdFactory,
    clock: Clock,
    *,
    token: str | None,
    pings: Mapping[str, Ping] | None = None,
) -> FastAPI:
    """Return the service as an app of its own; `token` guards it."""
    return service_app(
        name=SERVICE,
        operations={"assess": assessing(assessor)},
        router=router(assessor, ids, clock),
        pings=pings or {},
        token=token,
    )

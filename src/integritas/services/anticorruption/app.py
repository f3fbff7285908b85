"""The anti-corruption service's routes, and the service standing alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from integritas.platform.http import (
    Caller,
    assess_router,
    assessing,
    observing,
    service_app,
)
from integritas.platform.problems import problem_responses
from integritas.services.anticorruption.api import (
    load_anticorruption_service,
    open_dataset_desk,
)
from integritas.services.anticorruption.catalogue import IndicatorList, catalogue
from integritas.services.anticorruption.routes import (
    add_desk_routes,
    add_model_routes,
)
from integritas.services.anticorruption.service import SERVICE

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Assessor, Recorder
    from integritas.kernel.ids import IdFactory
    from integritas.platform.db import Database
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
    database: Database,
    ids: IdFactory,
    clock: Clock,
    *,
    recorder: Recorder,
    token: str | None,
) -> FastAPI:
    """Return the service as an app of its own; `token` guards it.

    What it learns it keeps in the database, which it closes at its end.
    """
    desk = open_dataset_desk(database, clock, recorder)
    service = load_anticorruption_service(desk)

    async def close() -> None:
        await asyncio.to_thread(database.close)

    return service_app(
        name=SERVICE,
        operations={"assess": assessing(service), "observe": observing(service)},
        router=router(service, ids, clock, desk),
        pings={"database": database.ping},
        token=token,
        on_stop=[close],
    )

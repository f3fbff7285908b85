"""The spam service's routes, and the service standing alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.platform.http import (
    Ping,
    assess_router,
    assessing,
    observing,
    service_app,
)
from integritas.services.spam.routes import add_desk_routes
from integritas.services.spam.service import SERVICE, SpamService

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Assessor
    from integritas.kernel.ids import IdFactory
    from integritas.platform.db import Database
    from integritas.services.spam.desk import SpamDesk

__all__ = ["create_app", "router"]


def router(
    assessor: Assessor, ids: IdFactory, clock: Clock, desk: SpamDesk | None = None
) -> APIRouter:
    """Return the routes; `assessor` is the service, or a client of it.

    Campaigns and feedback are there with a `desk`.
    """
    routes = assess_router(SERVICE, assessor, ids, clock)
    if desk is not None:
        add_desk_routes(routes, desk)
    return routes


def create_app(
    service: SpamService,
    ids: IdFactory,
    clock: Clock,
    *,
    token: str | None,
    database: Database | None = None,
) -> FastAPI:
    """Return the service as an app of its own; `token` guards it.

    `database` is where it keeps what it learns; it is closed with the app.
    """
    pings: dict[str, Ping] = {"model": service.ping}

    async def close() -> None:
        if database is not None:
            database.close()

    if database is not None:
        pings["database"] = database.ping
    return service_app(
        name=SERVICE,
        operations={"assess": assessing(service), "observe": observing(service)},
        router=router(service, ids, clock),
        pings=pings,
        token=token,
        on_stop=(close,),
    )

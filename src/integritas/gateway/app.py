"""The gateway's FastAPI app."""

from __future__ import annotations

from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from fastapi import Depends
from fastapi_offline import FastAPIOffline

from integritas.gateway.conventions import check_address
from integritas.gateway.document import describe, names_at
from integritas.gateway.lifetimes import Lifetimes
from integritas.gateway.repeating import Repeating
from integritas.gateway.routes import (
    approvals,
    auth,
    casefiles,
    cases,
    casework,
    events,
    evidence,
    insight,
    schedules,
    submissions,
    users,
    workflows,
)
from integritas.gateway.security import Guarded, guard_service_router
from integritas.gateway.sparse import SparseAnswers
from integritas.platform.edge import BodyLimit, RequestEdge
from integritas.platform.health import health_router
from integritas.platform.problems import install_problems, problem_responses
from integritas.platform.telemetry import HttpMetrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from integritas.gateway.parts import GatewayParts

__all__ = ["PREFIX", "create_app"]

PREFIX: Final = "/api/v1"
_DESCRIPTION: Final = """
Triage tips, messages, tenders, counterparties and payments; decide; prove it
afterwards.

Sign in at `POST /api/v1/auth/token`, send `Authorization: Bearer …` (or an API key as
`X-API-Key`). Errors are `application/problem+json` (RFC 9457). Lists page by cursor.
`POST /api/v1/submissions` takes an `Idempotency-Key`; changes take `If-Match`.
"""
_ROUTERS: Final = (
    auth,
    users,
    submissions,
    cases,
    casework,
    evidence,
    casefiles,
    approvals,
    workflows,
    schedules,
    events,
    insight,
)


def create_app(parts: GatewayParts) -> FastAPI:
    """Return the app over its parts."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        for start in parts.on_start:
            await start()
        try:
            yield
        finally:
            for stop in parts.on_stop:
                await stop()

    app: FastAPI = FastAPIOffline(
        title="Integritas",
        version=version("integritas"),
        description=_DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url="/api/docs",
        redoc_url="/api/redoc",
        static_url="/api/static-docs",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        dependencies=[Depends(check_address)],
        redirect_slashes=False,  # to where the Host header says
    )
    app.state.parts = parts
    app.state.draining = False  # once it is, streams end
    install_problems(app)
    describe(app)
    app.include_router(health_router(parts.pings, parts.metrics))
    for module in _ROUTERS:
        app.include_router(module.router, prefix=PREFIX)
    for router in parts.service_routers:
        guard_service_router(router)
        app.include_router(
            router,
            prefix=PREFIX,
            dependencies=[Guarded],
            responses=problem_responses(403),
        )
    # The last added is the outermost.
    app.add_middleware(Lifetimes, document=app.openapi)
    app.add_middleware(SparseAnswers, names=names_at(app))
    app.add_middleware(Repeating, parts=parts, answers=parts.answers)
    app.add_middleware(BodyLimit, limit=parts.max_body_bytes)
    app.add_middleware(RequestEdge, metrics=HttpMetrics(parts.metrics))
    return app

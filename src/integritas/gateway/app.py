"""The gateway's FastAPI app."""

from __future__ import annotations

from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from fastapi import Depends
from fastapi_offline import FastAPIOffline
from starlette.middleware.cors import CORSMiddleware

from integritas.gateway.conventions import check_address
from integritas.gateway.document import describe, names_at
from integritas.gateway.error_pages import router as error_pages
from integritas.gateway.lifetimes import Lifetimes
from integritas.gateway.redoc import redoc_route
from integritas.gateway.repeating import Repeating
from integritas.gateway.routes import (
    access,
    approvals,
    auth,
    casefiles,
    cases,
    casework,
    events,
    evidence,
    insight,
    models,
    oidc,
    schedules,
    second_factor,
    submissions,
    users,
    workflows,
)
from integritas.gateway.rules import name_rules
from integritas.gateway.security import Guarded
from integritas.gateway.sparse import SparseAnswers
from integritas.platform.edge import BodyLimit, RequestEdge
from integritas.platform.health import health_router
from integritas.platform.problems import install_problems, problem_responses
from integritas.platform.shield import AddressLimit, BodyTime, SecurityHeaders
from integritas.platform.telemetry import HttpMetrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fastapi import FastAPI

    from integritas.gateway.parts import GatewayParts

__all__ = ["PREFIX", "create_app"]

PREFIX: Final = "/api/v1"
_STATIC: Final = "/api/static-docs"
_DESCRIPTION: Final = """
Triage tips, messages, tenders, counterparties and payments; decide; prove it
afterwards.

Sign in at `POST /api/v1/auth/token`, send `Authorization: Bearer …` (or an API key as
`X-API-Key`). Errors are `application/problem+json` (RFC 9457). Lists page by cursor.
`POST /api/v1/submissions` takes an `Idempotency-Key`; changes take `If-Match`.
"""
_CORS_REQUEST: Final = (
    *("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "Last-Event-ID"),
    *("Prefer", "X-API-Key", "X-Request-ID", "traceparent"),
)
_CORS_ANSWER: Final = (
    *("Content-Disposition", "Deprecation", "ETag", "Idempotency-Replayed", "Link"),
    *("Location", "Preference-Applied", "RateLimit", "RateLimit-Policy", "Retry-After"),
    *("Sunset", "X-Request-ID", "traceparent"),
)
# Routes are tried in turn: what is asked most comes first.
_ROUTERS: Final = (
    cases,
    submissions,
    auth,
    oidc,
    second_factor,
    users,
    casework,
    access,
    evidence,
    casefiles,
    approvals,
    workflows,
    schedules,
    events,
    insight,
    models,
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
        static_url=_STATIC,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        lifespan=lifespan,
        dependencies=[Depends(check_address)],
        redirect_slashes=False,  # to where the Host header says
    )
    # Before the folder of the package, which comes first otherwise.
    app.router.routes.insert(0, redoc_route(f"{_STATIC}/redoc.standalone.js"))
    app.state.parts = parts
    app.state.parameters = {}  # what each operation takes, once it is asked for
    app.state.draining = False  # once it is, streams end
    install_problems(app)
    describe(app)
    health = health_router(parts.pings, parts.metrics)
    for router in (health, *(m.router for m in _ROUTERS), *parts.service_routers):
        name_rules(router)
    app.include_router(health)
    app.include_router(error_pages)
    for module in _ROUTERS:
        app.include_router(module.router, prefix=PREFIX)
    for router in parts.service_routers:
        app.include_router(
            router,
            prefix=PREFIX,
            dependencies=[Guarded],
            responses=problem_responses(403),
        )
    _add_edge(app, parts)
    return app


def _add_edge(app: FastAPI, parts: GatewayParts) -> None:
    """Wrap the app; the last added is the outermost."""
    app.add_middleware(Lifetimes, document=app.openapi)
    app.add_middleware(SparseAnswers, names=names_at(app))
    app.add_middleware(Repeating, answers=parts.answers)
    app.add_middleware(BodyLimit, limit=parts.max_body_bytes)
    app.add_middleware(BodyTime, limit_s=parts.body_timeout_s)
    app.add_middleware(AddressLimit, limits=parts.limits, logins=f"{PREFIX}/auth/")
    app.add_middleware(RequestEdge, metrics=HttpMetrics(parts.metrics))
    if parts.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=parts.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_CORS_REQUEST,
            expose_headers=_CORS_ANSWER,
            max_age=600,
        )
    app.add_middleware(SecurityHeaders)

"""Whether a process lives, can serve, and what it counts: three routes for each app."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry

__all__ = ["DEGRADED", "Ping", "health_router"]

Ping: TypeAlias = Callable[[], Awaitable[str | None]]
"""Says None if a dependency is fine, else why not. An answer that begins with
`DEGRADED` says that the platform works without it, if less well."""

DEGRADED: Final = "degraded: "
PING_TIMEOUT_S: Final = 2.0


async def _check(name: str, ping: Ping) -> tuple[str, dict[str, str]]:
    try:
        async with asyncio.timeout(PING_TIMEOUT_S):
            why = await ping()
    except TimeoutError:
        why = f"no answer in {PING_TIMEOUT_S:g} s"
    except Exception as error:  # noqa: BLE001 - a broken ping is a failed check
        why = f"{type(error).__name__}: {error}"
    if why is None:
        return name, {"status": "ok"}
    if why.startswith(DEGRADED):
        return name, {"status": "degraded", "detail": why.removeprefix(DEGRADED)}
    return name, {"status": "failing", "detail": why}


def health_router(pings: Mapping[str, Ping], registry: CollectorRegistry) -> APIRouter:
    """Return /healthz (alive), /readyz (each dependency by name) and /metrics.

    /readyz answers 503 if a dependency fails, 200 if all are fine or one is degraded;
    the body tells which.
    """
    router = APIRouter(tags=["health"])

    @router.get("/healthz", operation_id="healthz", summary="Say that it is alive")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get(
        "/readyz",
        operation_id="readyz",
        summary="Say whether it can serve, each dependency named",
        responses={503: {"description": "A dependency fails"}},
    )
    async def readyz() -> JSONResponse:
        checks = dict(await asyncio.gather(*(_check(*item) for item in pings.items())))
        states = {check["status"] for check in checks.values()}
        status = next((s for s in ("failing", "degraded") if s in states), "ready")
        return JSONResponse(
            {"status": status, "checks": checks}, 503 if status == "failing" else 200
        )

    @router.get("/metrics", operation_id="metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return router

"""What is on its way out says so, in the document and in every answer."""

from __future__ import annotations

import httpx
from fastapi import FastAPI, HTTPException

from integritas.gateway.lifetimes import Lifetimes


def app() -> FastAPI:
    made = FastAPI()

    @made.get(
        "/old/{thing}",
        deprecated=True,
        openapi_extra={
            "x-deprecated-at": "2026-01-01",
            "x-sunset": "2026-07-01",
            "x-successor": "/new",
        },
    )
    async def old(thing: str) -> str:
        if thing == "bad":
            raise HTTPException(404)
        return thing

    @made.post("/old/{thing}")
    async def other(thing: str) -> str:
        return thing

    made.add_middleware(Lifetimes, document=made.openapi)
    return made


async def test_the_days_stand_in_every_answer() -> None:
    transport = httpx.ASGITransport(app())
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        for thing, status in (("x", 200), ("bad", 404)):
            answer = await client.get(f"/old/{thing}")
            assert answer.status_code == status
            assert answer.headers["deprecation"] == "@1767225600"
            assert answer.headers["sunset"] == "Wed, 01 Jul 2026 00:00:00 GMT"
            assert answer.headers["link"] == '</new>; rel="successor-version"'
        kept = await client.post("/old/x")
    assert "deprecation" not in kept.headers


async def test_nothing_else_is_told(analyst: httpx.AsyncClient) -> None:
    answer = await analyst.get("/api/v1/cases")
    assert "deprecation" not in answer.headers

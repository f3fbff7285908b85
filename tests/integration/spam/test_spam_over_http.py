"""Messages alike, from submission to decision: over HTTP, on the wired platform."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from argon2.profiles import CHEAPEST

from integritas.bootstrap import bootstrap
from integritas.platform.config import load_settings
from integritas.platform.security import Passwords

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

PASSWORD = "several words together"
TIP = (
    "The mayor of our town took {} euros in cash from the builder of the new school"
    " last month, and the bill was written for the work of another firm"
)
DEADLINE_S = 30


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Return an administrator's client of a whole platform."""
    settings = load_settings(
        database_url=f"sqlite:///{tmp_path}/test.db",
        state_dir=tmp_path / "state",
        admin_password=PASSWORD,
    )
    app = bootstrap(settings, passwords=Passwords(CHEAPEST)).app()
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://testserver/api/v1"
        ) as client,
    ):
        body = {"username": "admin", "password": PASSWORD}
        token = (await client.post("/auth/token", json=body)).json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


async def submitted(client: httpx.AsyncClient, text: str) -> str:
    """Return the case of a message, once it is assessed."""
    answer = await client.post(
        "/submissions",
        json={"evidence": [{"kind": "message", "raw": text}]},
        headers={"Prefer": "wait=30"},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def until(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Return an answer that says something, within the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not (answer := await ask()):
            await asyncio.sleep(0.02)
    return answer


@pytest.mark.timeout(120)
async def test_two_messages_alike_are_decided_together(
    admin: httpx.AsyncClient,
) -> None:
    first = await submitted(admin, TIP.format(2_000))
    second = await submitted(admin, TIP.format(5_000))
    other = await submitted(admin, "An unlike thing: the lift of house nine is broken.")

    async def campaigns() -> Any:
        asked = await admin.get("/spam/campaigns", params={"case": first})
        return asked.json()["data"]

    # both cases are there, and name each other by their campaign
    [campaign] = await until(campaigns)
    assert (campaign["messages"], campaign["cases"]) == (2, 2)
    shown = (await admin.get(f"/spam/campaigns/{campaign['id']}")).json()
    assert set(shown["case_ids"]) == {first, second}
    asked = await admin.get("/spam/campaigns", params={"case": other})
    assert asked.json()["data"] == []

    # a later one is told of them, and is a case all the same
    third = await submitted(admin, TIP.format(9_000))
    findings = (await admin.get(f"/cases/{third}/findings")).json()["data"]
    [told] = [item for item in findings if item["code"] == "spam.campaign"]
    assert told["data"] == {"campaign": campaign["id"], "others": 2}

    async def grown() -> Any:
        asked = (await admin.get(f"/spam/campaigns/{campaign['id']}")).json()
        return asked if len(asked["case_ids"]) == 3 else None

    ids = (await until(grown))["case_ids"]
    assert set(ids) == {first, second, third}
    states = [(await admin.get(f"/cases/{case}")).json()["state"] for case in ids]
    assert len(set(states)) == 1

    # one decision for all of them, each recorded with its case
    move = {"to": "CANCELLED", "reason": "told three times"}
    items = [{"id": case, "transition": move} for case in ids]
    answer = await admin.post("/cases/bulk", json={"items": items})
    assert (answer.json()["changed"], answer.json()["refused"]) == (3, 0)
    for case in ids:
        after = (await admin.get(f"/cases/{case}")).json()
        assert after["state"] == "CANCELLED"
    assert (await admin.get(f"/cases/{other}")).json()["state"] != "CANCELLED"

    # and the scores learn from all of them at once
    body = {"campaign": campaign["id"], "label": "wanted"}
    learnt = (await admin.post("/spam/feedback", json=body)).json()["data"]
    assert len(learnt) == 3

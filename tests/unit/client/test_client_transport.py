"""What the clients send and what they make of answers."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from integritas.client import ApiError, AsyncClient, Client

BASE = "http://server"
METHODS = [name for name, each in vars(Client).items() if inspect.isfunction(each)]


def answering(
    status: int, body: Any
) -> tuple[httpx.MockTransport, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, json=body, request=request)

    return httpx.MockTransport(handle), seen


def arguments(method: Callable[..., Any]) -> dict[str, Any]:
    """Return something for each thing a method must be given."""
    parameters = inspect.signature(method).parameters.values()
    return {
        p.name: {"a": 1} if p.name == "body" else "x/y"
        for p in parameters
        if p.default is p.empty and p.name != "self"
    }


@pytest.mark.parametrize("name", METHODS)
async def test_both_clients_send_the_same_request(name: str) -> None:
    transport, seen = answering(200, {})
    with Client(BASE, token="t", transport=transport) as client:
        method = getattr(client, name)
        method(**arguments(method))
    async with AsyncClient(BASE, token="t", transport=transport) as other:
        method = getattr(other, name)
        await method(**arguments(method))
    first, second = seen
    assert (first.method, first.url, first.content) == (
        second.method,
        second.url,
        second.content,
    )
    assert first.headers["Authorization"] == "Bearer t"
    assert first.url.path.startswith(("/api/v1/", "/healthz", "/readyz"))


def test_lists_are_repeated_and_what_is_not_given_is_left_out() -> None:
    transport, seen = answering(200, {"data": []})
    with Client(BASE, api_key="k", transport=transport) as client:
        client.cases_list(state=["VALIDATING", "PENDING"], limit=3)
    assert seen[0].url.query == b"state=VALIDATING&state=PENDING&limit=3"
    assert seen[0].headers["X-API-Key"] == "k"


def test_headers_and_bodies_are_sent() -> None:
    transport, seen = answering(200, {})
    with Client(BASE, transport=transport) as client:
        client.cases_update("case_1", {"title": "ä"}, if_match='"3"')
    assert seen[0].url.path == "/api/v1/cases/case_1"
    assert seen[0].headers["If-Match"] == '"3"'
    assert json.loads(seen[0].content) == {"title": "ä"}
    assert "Idempotency-Key" not in seen[0].headers


def test_a_problem_is_an_error_that_says_why() -> None:
    problem = {"code": "storage_busy", "detail": "later", "retryable": True}
    transport, _ = answering(503, problem)
    with (
        Client(BASE, transport=transport) as client,
        pytest.raises(ApiError, match="later") as told,
    ):
        client.me()
    assert (told.value.status, told.value.code) == (503, "storage_busy")
    assert told.value.retryable


def test_an_answer_of_somebody_else_is_an_error_too() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(502, text="<html>"))
    with Client(BASE, transport=transport) as client, pytest.raises(ApiError) as told:
        client.me()
    assert told.value.code == ""


EVENTS = b'retry: 1\n\nid: 1\nevent: a\ndata: {"n": 1}\n\n: beat\n\ndata: {"n": 2}\n\n'


async def test_events_are_followed() -> None:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, content=EVENTS)

    transport = httpx.MockTransport(handle)
    with Client(BASE, transport=transport) as client:
        assert [e["n"] for e in client.follow("0", subject="case_1")] == [1, 2]
    async with AsyncClient(BASE, transport=transport) as other:
        assert [e["n"] async for e in other.follow()] == [1, 2]
    assert seen[0].headers["Last-Event-ID"] == "0"
    assert seen[0].url.query == b"subject=case_1"
    assert "Last-Event-ID" not in seen[1].headers


async def test_a_stream_that_is_refused_is_an_error() -> None:
    transport, _ = answering(403, {"code": "not_permitted", "detail": "no"})
    with Client(BASE, transport=transport) as client, pytest.raises(ApiError):
        next(client.follow())
    async with AsyncClient(BASE, transport=transport) as other:
        with pytest.raises(ApiError):
            await anext(other.follow())

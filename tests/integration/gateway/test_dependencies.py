"""What routes depend on runs in the event loop, not by a way through a thread."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any


def dependencies(dependant: Any) -> Iterator[Any]:
    for each in dependant.dependencies:
        yield each.call
        yield from dependencies(each)


def routes_in(routes: Any) -> Iterator[Any]:
    for route in routes:
        if hasattr(route, "dependant"):
            yield route
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_in(inner.routes)


def is_async(call: Any) -> bool:
    return any(
        inspect.iscoroutinefunction(each) for each in (call, type(call).__call__)
    )


async def test_no_dependency_and_no_route_takes_a_thread(gateway: Any) -> None:
    routes = list(routes_in(gateway.app.router.routes))
    assert len(routes) > 100
    slow = {
        f"{route.path}: {call.__qualname__}"
        for route in routes
        for call in (route.endpoint, *dependencies(route.dependant))
        if not is_async(call)
    }
    assert slow == set()
    asked = [each.dependency for each in gateway.app.router.dependencies]
    assert all(map(is_async, asked))

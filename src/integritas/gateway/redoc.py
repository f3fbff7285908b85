"""ReDoc's script as we serve it: it asks nobody else for anything.

The script draws a badge from its maker's CDN. That would tell them who reads our
documents, and our content security policy refuses it, with an error in the console.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["redoc_route"]

_BADGE: Final = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
_NOTHING: Final = b"data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"


def redoc_route(path: str) -> Route:
    """Return the route of the script; it must stand before the folder it is in."""
    return Route(path, _serve, include_in_schema=False)


async def _serve(_: Request) -> Response:
    return Response(_script(), media_type="text/javascript")


@cache
def _script() -> bytes:
    found = files("fastapi_offline").joinpath("static", "redoc.standalone.js")
    return found.read_bytes().replace(_BADGE, _NOTHING)

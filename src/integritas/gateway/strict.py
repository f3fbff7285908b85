"""Bodies read strictly: one meaning or none.

Python's JSON takes NaN, Infinity and the last of two equal keys. What is kept as
evidence must mean the same to everybody who reads it (RFC 8259 section 4), so a body
that does not is refused. Routers whose bodies are kept name `StrictRoute`.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, NoReturn, TypeAlias

from fastapi import HTTPException, Request
from fastapi.routing import APIRoute
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, JsonValue
from pydantic_core import PydanticCustomError
from starlette.responses import Response

__all__ = ["Day", "Json", "Moment", "StrictRoute", "read_json"]

_INTEGERS: Final = range(-(2**63), 2**63)
_SAFE_DEPTH: Final = 100


class StrictRoute(APIRoute):
    """A route that reads its body with `read_json`."""

    def get_route_handler(
        self,
    ) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, its request made strict."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            return await handle(_StrictRequest(request.scope, request.receive))

        return handle_strictly


class _StrictRequest(Request):
    async def json(self) -> Any:  # noqa: ANN401 - any JSON
        return read_json(await self.body())


def read_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Return the JSON of a body.

    Raises:
        json.JSONDecodeError: it is not well-formed.
        HTTPException: 400, for what Python would read and others read otherwise.
    """
    if body.startswith(BOM_UTF8):
        raise HTTPException(400, "the body begins with a byte order mark: leave it out")
    try:
        return json.loads(
            body.decode(), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except json.JSONDecodeError:
        raise  # FastAPI says where
    except UnicodeDecodeError as error:
        raise HTTPException(
            400, f"the body is not UTF-8 at byte {error.start}"
        ) from error
    except RecursionError as error:
        raise HTTPException(400, "the body is nested too deeply") from error
    except ValueError as error:  # Python reads no integer of over 4,300 digits
        raise HTTPException(400, "a number in the body is too long") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) < len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise HTTPException(400, f"the key {twice[:100]!r} stands twice in one object")
    return read


def _no_constant(name: str) -> NoReturn:
    raise HTTPException(400, f"JSON has no {name}: leave the field out")


# Values ---------------------------------------------------------------------------


def _storable(value: JsonValue) -> JsonValue:
    """Refuse what some database or reader of JSON does not take."""
    level: list[JsonValue] = [value]
    depth = 0
    while level:
        if depth > _SAFE_DEPTH:
            raise PydanticCustomError("too_deep", "is nested too deeply")
        below: list[JsonValue] = []
        for item in level:
            if isinstance(item, dict):
                below += [*item, *item.values()]
            elif isinstance(item, list):
                below += item
            else:
                _check_scalar(item)
        level, depth = below, depth + 1
    return value


def _check_scalar(value: object) -> None:
    if isinstance(value, int) and value not in _INTEGERS:
        raise PydanticCustomError("too_large", "holds an integer of over 64 bits")
    if isinstance(value, float) and not abs(value) < float("inf"):
        raise PydanticCustomError("finite_number", "holds what is no finite number")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise PydanticCustomError(
                "string_unicode", "holds an unpaired surrogate"
            ) from error


Json: TypeAlias = Annotated[JsonValue, AfterValidator(_storable)]
"""Any JSON that can be kept and read again as it was."""


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise PydanticCustomError(
            "too_far", "lies outside the years 1 to 9999"
        ) from error


def _written_out(value: object) -> object:
    """Refuse numbers of seconds, which pydantic would take."""
    if isinstance(value, str) and _DATE.match(value) is None:
        raise PydanticCustomError("datetime_parsing", "is no moment")
    return value


_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
Moment: TypeAlias = Annotated[
    AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)
]
"""A moment with its offset, in UTC."""
Day: TypeAlias = Annotated[date, BeforeValidator(_written_out)]
"""A day of the calendar, YYYY-MM-DD."""

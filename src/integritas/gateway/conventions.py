"""Conventions of the API: cursors, entity tags, idempotency keys, `Prefer: wait`.

Dependencies are coroutine functions even where they wait for nothing: FastAPI sends
others to a thread, which costs more than all of them together.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Generic, TypeAlias, TypeVar

from fastapi import Depends, Header, HTTPException, Query, Request, Response
from pydantic import BaseModel

from integritas.gateway.parameters import check_names
from integritas.identity.api import Principal
from integritas.kernel.errors import FieldError, InvalidInput, NotFound
from integritas.platform.idempotency import IdempotencyScope

__all__ = [
    "CursorAsked",
    "IfMatch",
    "Limit",
    "NeverKept",
    "NumberCursorAsked",
    "Page",
    "PlaceCursorAsked",
    "RequiredIfMatch",
    "ScopeAsked",
    "Wait",
    "check_address",
    "encode_cursor",
    "etag",
    "page_of",
    "slice_of",
]

Item = TypeVar("Item")
Out = TypeVar("Out")

MAX_WAIT_S: Final = 60


class Page(BaseModel, Generic[Item]):
    """A page of a list; `next_cursor` is null on the last."""

    data: list[Item]
    next_cursor: str | None = None


async def never_kept(response: Response) -> None:
    """Say that an answer holds a secret: no cache may keep it, nor do we to replay."""
    response.headers["Cache-Control"] = "no-store"


NeverKept = Depends(never_kept)


def page_of(
    found: Sequence[Item],
    limit: int,
    key: Callable[[Item], str],
    show: Callable[[Item], Out],
) -> Page[Out]:
    """Return a page of what was found by asking for one more than `limit`."""
    more = len(found) > limit
    shown = found[:limit]
    cursor = encode_cursor(key(shown[-1])) if more else None
    return Page(data=[show(item) for item in shown], next_cursor=cursor)


def slice_of(
    found: Sequence[Item],
    limit: int,
    after: int,
    show: Callable[[Item], Out],
) -> Page[Out]:
    """Return a page of what was found whole: few things, in an order that stays."""
    shown = found[after : after + limit]
    end = after + len(shown)
    cursor = encode_cursor(str(end)) if end < len(found) else None
    return Page(data=[show(item) for item in shown], next_cursor=cursor)


def encode_cursor(key: str) -> str:
    """Return a place in a list as a cursor."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


_Cursor: TypeAlias = Annotated[
    str | None, Query(max_length=500, description="`next_cursor` of the page before.")
]


def _decode(cursor: str, form: re.Pattern[str]) -> str:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = base64.b64decode(padded, b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        key = ""
    if form.fullmatch(key) is None:
        raise InvalidInput(
            "the cursor is not valid",
            errors=(
                FieldError(
                    "cursor",
                    "is not one of this list",
                    "pass next_cursor of the page before",
                ),
            ),
        )
    return key


async def _id_cursor(cursor: _Cursor = None) -> str | None:
    return None if cursor is None else _decode(cursor, _ID)


async def _place_cursor(cursor: _Cursor = None) -> tuple[str, str] | None:
    if cursor is None:
        return None
    value, _, case_id = _decode(cursor, _PLACE).partition(" ")
    return value, case_id


async def _number_cursor(cursor: _Cursor = None) -> int:
    return 0 if cursor is None else int(_decode(cursor, _NUMBER))


_ID: Final = re.compile(r"[a-z]{1,10}_[0-9A-Z]{26}")
_PLACE: Final = re.compile(r"[-+.:0-9A-Za-z]{1,40} [a-z]{1,10}_[0-9A-Z]{26}")
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
CursorAsked: TypeAlias = Annotated[str | None, Depends(_id_cursor)]
PlaceCursorAsked: TypeAlias = Annotated[tuple[str, str] | None, Depends(_place_cursor)]
NumberCursorAsked: TypeAlias = Annotated[int, Depends(_number_cursor)]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=500, description="Items a page.")]

# Addresses ------------------------------------------------------------------------


async def check_address(request: Request) -> None:
    """Refuse U+0000, which not every database takes, and unknown names in a query.

    Raises:
        NotFound: in the path; nothing is named so.
        InvalidInput: in the query, or a name in it that is no parameter.
    """
    if "\0" in request.scope["path"]:
        raise NotFound("nothing here has U+0000 in its name")
    for name, value in request.query_params.multi_items():
        if "\0" in value:
            raise InvalidInput(
                "the query is not valid",
                errors=(FieldError(name, "holds U+0000", "leave it out"),),
            )
    if request.scope["query_string"]:
        check_names(request)


# Entity tags (RFC 9110 section 8.8.3) ---------------------------------------------

_ETAG: Final = re.compile(r'(?:W/)?"(\d{1,18})"|(\d{1,18})')


def etag(version: int) -> str:
    """Return the entity tag of a version."""
    return f'"{version}"'


async def _if_match(
    if_match: Annotated[
        str | None,
        Header(description="The ETag read, or `*`; a stale one gets 412."),
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise InvalidInput(
            "If-Match is not valid",
            errors=(
                FieldError("If-Match", "is not an ETag of ours", "send the ETag read"),
            ),
        )
    return int(found[1] or found[2])


async def _required_if_match(
    request: Request, version: Annotated[int | None, Depends(_if_match)]
) -> int | None:
    if "if-match" not in request.headers:
        raise HTTPException(428, "send If-Match with the ETag you read")
    return version


IfMatch: TypeAlias = Annotated[int | None, Depends(_if_match)]
RequiredIfMatch: TypeAlias = Annotated[int | None, Depends(_required_if_match)]

# Idempotency keys -----------------------------------------------------------------


class Scope:
    """Makes the scope of a request's `Idempotency-Key`, None without one."""

    def __init__(self, request: Request, key: str | None) -> None:
        """Keep the request for its body."""
        self._request = request
        self._key = key

    async def of(self, principal: Principal) -> IdempotencyScope | None:
        """Return the scope of the key, None if there is none."""
        if self._key is None:
            return None
        body = await self._request.body()
        return IdempotencyScope(
            tenant=principal.tenant,
            principal=principal.actor.id,
            route=f"{self._request.method} {self._request.url.path}",
            key=self._key,
            body_hash=hashlib.sha256(body).hexdigest(),
        )


async def _scope(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            description="The same key and body again get the same answer.",
        ),
    ] = None,
) -> Scope:
    return Scope(request, idempotency_key)


ScopeAsked: TypeAlias = Annotated[Scope, Depends(_scope)]

# Prefer: wait (RFC 7240 section 4.3) ------------------------------------------------


async def _wait(
    prefer: Annotated[
        str | None,
        Header(description="`wait=N`: answer when the case is assessed, N s at most."),
    ] = None,
) -> float:
    found = re.search(r"(?:^|[,;\s])wait=(\d{1,4})", prefer or "", re.IGNORECASE)
    return float(min(int(found[1]), MAX_WAIT_S)) if found else 0.0


Wait: TypeAlias = Annotated[float, Depends(_wait)]

"""Routes of refreshes of the lists."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from integritas.kernel.contracts import Context
from integritas.kernel.errors import InvalidInput, NotFound
from integritas.platform.http import caller
from integritas.platform.problems import problem_responses
from integritas.services.compliance.keeping.store import ListOutcome, Refresh

if TYPE_CHECKING:
    from fastapi import APIRouter

    from integritas.services.compliance.keeping.desk import ListDesk

__all__ = ["add_refresh_routes"]

Caller: TypeAlias = Annotated[Context, Depends(caller)]
Cursor: TypeAlias = Annotated[
    str | None, Query(max_length=100, pattern=r"^[a-z]{1,10}_[0-9A-Z]{26}$")
]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=500)]
_Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,40}$")]


class RefreshIn(BaseModel):
    """Which lists to fetch; all that have a source if none is named."""

    model_config = ConfigDict(extra="forbid")

    lists: Annotated[tuple[_Name, ...], Field(max_length=20)] = ()


class RefreshOut(BaseModel):
    """A refresh; `outcomes` tells of each list once it is `done` or `failed`."""

    id: str
    state: Literal["waiting", "done", "failed"]
    lists: tuple[str, ...]
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    outcomes: tuple[ListOutcome, ...]

    @classmethod
    def of(cls, refresh: Refresh) -> RefreshOut:
        """Return the wire form."""
        return cls.model_validate(refresh, from_attributes=True)


class RefreshList(BaseModel):
    """A page of refreshes, newest first."""

    data: list[RefreshOut]
    next_cursor: str | None = None


def add_refresh_routes(routes: APIRouter, desk: ListDesk) -> None:
    """Add the routes; what is asked for is carried out where the lists are kept."""

    @routes.post(
        "/lists/refresh",
        operation_id="compliance_lists_refresh",
        summary="Fetch the lists from their publishers",
        status_code=202,
        responses=problem_responses(400, 401, 409, 413, 422),
    )
    async def refresh(
        response: Response, context: Caller, body: RefreshIn
    ) -> RefreshOut:
        """Answer at once; `Location` tells what came of it.

        A list that its publisher does not give, or that does not load, stays as it was.
        """
        asked = await desk.ask(context, body.lists)
        response.headers["Location"] = f"/api/v1/compliance/lists/refreshes/{asked.id}"
        return RefreshOut.of(asked)

    @routes.post(
        "/lists/{name}/refresh",
        operation_id="compliance_list_refresh",
        summary="Fetch a list from its publisher",
        status_code=202,
        responses=problem_responses(401, 404, 409),
    )
    async def refresh_one(response: Response, context: Caller, name: str) -> RefreshOut:
        """Answer at once; `Location` tells what came of it."""
        try:
            asked = await desk.ask(context, (name,))
        except InvalidInput as error:
            [wrong] = error.errors
            raise NotFound(
                f"there is no list {name} that can be fetched",
                errors=(replace(wrong, path="name"),),
            ) from error
        response.headers["Location"] = f"/api/v1/compliance/lists/refreshes/{asked.id}"
        return RefreshOut.of(asked)

    @routes.get(
        "/lists/refreshes",
        operation_id="compliance_lists_refreshes",
        summary="List refreshes: which version took the place of which",
        responses=problem_responses(401, 422),
    )
    async def list_all(
        context: Caller, cursor: Cursor = None, limit: Limit = 50
    ) -> RefreshList:
        """Answer newest first."""
        found = await desk.list(context.tenant, before=cursor, limit=limit + 1)
        more = found[limit - 1].id if len(found) > limit else None
        return RefreshList(
            data=[RefreshOut.of(one) for one in found[:limit]], next_cursor=more
        )

    @routes.get(
        "/lists/refreshes/{refresh_id}",
        operation_id="compliance_lists_refresh_get",
        summary="Get a refresh and what came of it",
        responses=problem_responses(401, 404),
    )
    async def get(refresh_id: str, context: Caller) -> RefreshOut:
        """Answer with versions and numbers of entries, or each list's error."""
        return RefreshOut.of(await desk.get(context.tenant, refresh_id))

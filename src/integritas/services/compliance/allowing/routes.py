"""Routes of hits and of the allow-list."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from integritas.identity.api import View, mask_finding, view_of
from integritas.kernel.contracts import Context, Finding
from integritas.kernel.errors import NotFound
from integritas.kernel.ids import FindingId
from integritas.kernel.validation import NO_NUL
from integritas.platform.http import caller
from integritas.platform.problems import problem_responses
from integritas.platform.withholding import Withheld, visible_page
from integritas.services.compliance.allowing.store import Allowed

if TYPE_CHECKING:
    from fastapi import APIRouter

    from integritas.services.compliance.allowing.desk import (
        AllowDesk,
        HitReader,
        ReviewedHit,
    )

__all__ = ["add_hit_routes"]

Caller: TypeAlias = Annotated[Context, Depends(caller)]
Cursor: TypeAlias = Annotated[
    str | None,
    Query(max_length=100, pattern=r"^[a-z]{1,10}_[0-9A-Z]{26}$"),
]
Limit: TypeAlias = Annotated[int, Query(ge=1, le=500)]


class CaseHitOut(BaseModel):
    """A hit of a case: both sides are in the finding's data, `fields`.

    `proposed` waits for a second person; until then `review` holds.
    """

    id: str
    case: str
    finding: Finding
    created_at: datetime
    review: str
    reviewed_by: str | None
    review_reason: str
    proposed: str | None
    proposed_by: str | None
    proposed_reason: str | None

    @classmethod
    def of(cls, hit: ReviewedHit, view: View) -> CaseHitOut:
        """Return the wire form as the caller may see it."""
        return cls(
            id=hit.id,
            case=hit.case_id,
            finding=mask_finding(view, hit.finding),
            created_at=hit.created_at,
            review=hit.review,
            reviewed_by=hit.reviewed_by,
            review_reason=view.remark(hit.review_reason),
            proposed=hit.proposed,
            proposed_by=hit.proposed_by,
            proposed_reason=hit.proposed_reason and view.remark(hit.proposed_reason),
        )


class CaseHitList(BaseModel):
    """A page of hits, newest first."""

    data: list[CaseHitOut]
    next_cursor: str | None = None


class AllowIn(BaseModel):
    """A dismissed hit, and how long its pair is none."""

    model_config = ConfigDict(extra="forbid")

    finding: Annotated[str, StringConstraints(pattern=r"^find_[0-9A-Z]{26}$")]
    reason: Annotated[
        str, StringConstraints(min_length=1, max_length=2_000, pattern=NO_NUL)
    ]
    days: Annotated[int, Field(ge=1, le=3_650)] = 365


class AllowedList(BaseModel):
    """A page of pairs, newest first."""

    data: list[Allowed]
    next_cursor: str | None = None


def add_hit_routes(routes: APIRouter, desk: AllowDesk, hits: HitReader) -> None:
    """Add the routes of hits and of the allow-list."""

    @routes.get(
        "/hits",
        operation_id="compliance_hits",
        summary="List watchlist hits of all cases",
        responses=problem_responses(401, 422),
    )
    async def list_hits(
        context: Caller,
        withheld: Withheld,
        review: Annotated[
            Literal["open", "proposed", "confirmed", "dismissed"] | None, Query()
        ] = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> CaseHitList:
        """Answer newest first; a hit is reviewed at POST /findings/{id}/review.

        `open` are those of which nobody said anything, `proposed` those that wait for a
        second person.
        """
        found, more = await visible_page(
            lambda at, most: hits.hits(
                context.tenant, review=review, before=at, limit=most
            ),
            lambda hit: hit.id not in withheld,
            lambda hit: str(hit.id),
            at=cursor,
            limit=limit,
        )
        view = view_of(context.actor.roles)
        shown = [CaseHitOut.of(hit, view) for hit in found]
        return CaseHitList(data=shown, next_cursor=more)

    @routes.get(
        "/allow-list",
        operation_id="compliance_allow_list",
        summary="List the pairs that are no hits",
        responses=problem_responses(401, 422),
    )
    async def list_pairs(
        context: Caller, withheld: Withheld, cursor: Cursor = None, limit: Limit = 50
    ) -> AllowedList:
        """Answer newest first, those that have run out too."""
        found, more = await visible_page(
            lambda at, most: desk.list(context.tenant, before=at, limit=most),
            lambda one: one.finding not in withheld,
            lambda one: one.id,
            at=cursor,
            limit=limit,
        )
        return AllowedList(data=list(found), next_cursor=more)

    @routes.post(
        "/allow-list",
        operation_id="compliance_allow",
        summary="Put a dismissed hit on the allow-list",
        status_code=201,
        responses=problem_responses(400, 401, 404, 409, 422),
    )
    async def allow(context: Caller, withheld: Withheld, body: AllowIn) -> Allowed:
        """Keep the pair from coming back until the entry changes or the days end."""
        if body.finding in withheld:
            raise NotFound(f"there is no finding {body.finding}")
        hit = await hits.finding(context.tenant, FindingId(body.finding))
        return await desk.allow(context, hit, body.reason, body.days)

    @routes.delete(
        "/allow-list/{allowed_id}",
        operation_id="compliance_allow_withdraw",
        summary="Take a pair off the allow-list",
        status_code=204,
        responses=problem_responses(401, 404),
    )
    async def withdraw(
        context: Caller, withheld: Withheld, allowed_id: str
    ) -> Response:
        """Let the hit come back."""
        await desk.withdraw(context, allowed_id, withheld)
        return Response(status_code=204)

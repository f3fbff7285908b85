"""Routes of campaigns and feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import Query

from integritas.platform.http import Caller
from integritas.platform.problems import problem_responses
from integritas.platform.withholding import Withheld, visible_page
from integritas.services.spam.desk import Target
from integritas.services.spam.schemas import (
    CampaignDetail,
    CampaignOut,
    CampaignPage,
    FeedbackGiven,
    FeedbackIn,
    FeedbackOut,
    FeedbackPage,
    MemberOut,
)
from integritas.services.spam.scoring import probability_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import APIRouter

    from integritas.services.spam.desk import SpamDesk
    from integritas.services.spam.store import CampaignRow, FeedbackRow, MemberRow

__all__ = ["add_desk_routes"]

Limit = Annotated[int, Query(ge=1, le=500, description="Items a page.")]
Cursor = Annotated[
    str | None,
    Query(
        pattern=r"^[a-z]{1,10}_[0-9A-Za-z]{1,40}$",
        description="`next_cursor` of the page before.",
    ),
]
_PLACE: Final = "seq_"
MemberCursor = Annotated[
    str | None,
    Query(
        pattern=rf"^{_PLACE}[0-9]{{1,18}}$",
        description="`next_cursor` of the page before.",
    ),
]
OfCase = Annotated[
    str | None,
    Query(
        pattern=r"^case_[0-9A-Z]{26}$",
        description="Only campaigns that hold a message of this case.",
    ),
]


def add_desk_routes(routes: APIRouter, desk: SpamDesk) -> None:
    """Add campaigns and feedback."""
    _add_campaigns(routes, desk)
    _add_feedback(routes, desk)


def _add_campaigns(routes: APIRouter, desk: SpamDesk) -> None:
    @routes.get(
        "/campaigns",
        operation_id="spam_campaigns",
        summary="List campaigns: messages that are nearly the same",
        responses=problem_responses(401, 422),
    )
    async def campaigns(
        context: Caller,
        withheld: Withheld,
        limit: Limit = 50,
        cursor: Cursor = None,
        case: OfCase = None,
    ) -> CampaignPage:
        rows = await desk.campaigns(
            context.tenant,
            before=cursor,
            limit=limit + 1,
            case=case,
            withheld=withheld,
        )
        shown = [CampaignOut.model_validate(row) for row in rows[:limit]]
        more = len(rows) > limit
        return CampaignPage(data=shown, next_cursor=shown[-1].id if more else None)

    @routes.get(
        "/campaigns/{name}",
        operation_id="spam_campaign",
        summary="Tell a campaign's messages and cases",
        responses=problem_responses(401, 404, 422),
    )
    async def campaign(
        context: Caller,
        withheld: Withheld,
        name: str,
        limit: Limit = 500,
        cursor: MemberCursor = None,
    ) -> CampaignDetail:
        found, members = await desk.campaign(
            context.tenant,
            name,
            before=int(cursor.removeprefix(_PLACE)) if cursor else None,
            limit=limit + 1,
            withheld=withheld,
        )
        more = len(members) > limit
        return _detail(found, members[:limit], more=more)


def _add_feedback(routes: APIRouter, desk: SpamDesk) -> None:
    @routes.post(
        "/feedback",
        operation_id="spam_feedback",
        summary="Say what messages are; the tenant's scores learn from it",
        status_code=201,
        responses=problem_responses(400, 401, 404, 422),
    )
    async def give(
        context: Caller, withheld: Withheld, body: FeedbackIn
    ) -> FeedbackGiven:
        target = Target(body.evidence, body.case, body.campaign)
        rows = await desk.give_feedback(
            context, target, body.label, body.reason, withheld
        )
        return FeedbackGiven(data=_shown(rows))

    @routes.get(
        "/feedback",
        operation_id="spam_feedback_list",
        summary="List feedback",
        responses=problem_responses(401, 422),
    )
    async def listed(
        context: Caller, withheld: Withheld, limit: Limit = 50, cursor: Cursor = None
    ) -> FeedbackPage:
        rows, more = await visible_page(
            lambda at, most: desk.feedback(context.tenant, before=at, limit=most),
            lambda row: row.evidence_id not in withheld,
            lambda row: row.id,
            at=cursor,
            limit=limit,
        )
        return FeedbackPage(data=_shown(rows), next_cursor=more)

    @routes.delete(
        "/feedback/{key}",
        operation_id="spam_feedback_withdraw",
        summary="Take feedback back, as if it had never been given",
        responses=problem_responses(401, 404),
    )
    async def withdraw(context: Caller, withheld: Withheld, key: str) -> FeedbackOut:
        row = await desk.withdraw_feedback(context, key, withheld)
        return FeedbackOut.model_validate(row)


def _shown(rows: Sequence[FeedbackRow]) -> list[FeedbackOut]:
    return [FeedbackOut.model_validate(row) for row in rows]


def _detail(
    found: CampaignRow, members: Sequence[MemberRow], *, more: bool
) -> CampaignDetail:
    return CampaignDetail(
        **found._asdict(),
        members=[
            MemberOut(
                evidence=member.evidence_id,
                case=member.case_id,
                channel=member.channel,
                seen_at=member.seen_at,
                verdict=member.verdict,
                probability=probability_of(member.logit),
            )
            for member in members
        ],
        case_ids=list(dict.fromkeys(member.case_id for member in members)),
        next_cursor=f"{_PLACE}{members[-1].seq}" if more else None,
    )

"""Cases: list, read, change, move, and what happened to them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from integritas.cases.api import (
    Approval,
    CaseFilter,
    CaseOrder,
    CaseSort,
    EditCase,
    Priority,
    Transition,
)
from integritas.gateway.conventions import (
    Limit,
    NumberCursorAsked,
    Page,
    PlaceCursorAsked,
    RequiredIfMatch,
    encode_cursor,
    etag,
    page_of,
    slice_of,
)
from integritas.gateway.parts import Parts
from integritas.gateway.schemas import (
    ApprovalOut,
    CaseOut,
    CasePatch,
    DecisionOut,
    HistoryOut,
    Name,
    Tag,
    TimelineEntryOut,
    TransitionIn,
)
from integritas.gateway.security import Reads, allow, sight
from integritas.gateway.strict import Moment, StrictRoute
from integritas.kernel.contracts import Context, Outcome
from integritas.kernel.errors import FieldError, InvalidInput, NotFound
from integritas.kernel.ids import CaseId, UserId
from integritas.kernel.states import CaseState
from integritas.platform.problems import problem_responses
from integritas.platform.withholding import Withheld, mentions, visible_page

__all__ = ["check_assignee", "router"]

router = APIRouter(tags=["cases"], route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("cases:read"))]
Writing = Annotated[Context, Depends(allow("cases:write"))]
Moving = Annotated[Context, Depends(allow("cases:transition"))]


class Chosen(BaseModel):
    """Which cases are wanted, all that is given must hold; and in what order."""

    model_config = ConfigDict(extra="ignore")

    state: list[CaseState] = Field(default_factory=list, max_length=10)
    outcome: list[Outcome] = Field(default_factory=list, max_length=10)
    priority: list[Priority] = Field(default_factory=list, max_length=10)
    assignee: Name | None = None
    channel: Name | None = None
    kind: Name | None = Field(None, description="A kind of evidence.")
    tag: Tag | None = None
    min_risk: Annotated[float | None, Field(ge=0, le=100)] = None
    max_risk: Annotated[float | None, Field(ge=0, le=100)] = None
    created_from: Moment | None = None
    created_before: Moment | None = None
    updated_from: Moment | None = None
    due_before: Moment | None = None
    sort: CaseSort = Field(
        CaseSort.CREATED_DOWN, description="A minus: from the greatest down."
    )

    def filter(self) -> CaseFilter:
        """Return it as the desk takes it."""
        given = self.model_dump(exclude={"state", "outcome", "priority", "sort"})
        return CaseFilter(
            **given,
            states=tuple(self.state),
            outcomes=tuple(self.outcome),
            priorities=tuple(self.priority),
        )


@router.get(
    "/cases",
    operation_id="cases_list",
    summary="List cases",
    responses=problem_responses(401, 403, 422),
)
async def list_cases(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    context: Reading,
    reader: Reads,
    where: Annotated[Chosen, Query()],
    after: PlaceCursorAsked,
    limit: Limit = 50,
) -> Page[CaseOut]:
    """List the cases that fit all that is asked, newest first unless sorted."""
    order = CaseOrder(where.sort, after)
    found = await parts.cases.list(
        context.tenant, where.filter(), order=order, limit=limit + 1, reader=reader
    )
    return page_of(
        found,
        limit,
        lambda case: " ".join(order.place(case)),
        partial(CaseOut.of, view=sight(context)),
    )


@router.get(
    "/cases/{case_id}",
    operation_id="cases_get",
    summary="Get a case",
    responses=problem_responses(401, 403, 404),
)
async def get_case(
    parts: Parts, response: Response, context: Reading, reader: Reads, case_id: str
) -> CaseOut:
    """Return a case; its ETag is what a change must send back."""
    case = await parts.cases.get(context.tenant, CaseId(case_id), reader=reader)
    response.headers["ETag"] = etag(case.version)
    return CaseOut.of(case, sight(context))


@router.patch(
    "/cases/{case_id}",
    operation_id="cases_update",
    summary="Change a case",
    responses=problem_responses(400, 401, 403, 404, 409, 412, 422, 428),
)
async def update_case(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    response: Response,
    context: Writing,
    case_id: str,
    body: CasePatch,
    expect: RequiredIfMatch,
) -> CaseOut:
    """Change title, priority, assignee, tags or due date."""
    if body.assignee is not None:
        await check_assignee(parts, context, body.assignee)
    command = EditCase(
        title=body.title,
        priority=body.priority,
        assignee=body.assignee,
        unassign="assignee" in body.model_fields_set and body.assignee is None,
        tags=None if body.tags is None else tuple(body.tags),
        due_at=body.due_at,
        expect=expect,
    )
    case = await parts.cases.change(context, CaseId(case_id), command)
    response.headers["ETag"] = etag(case.version)
    return CaseOut.of(case, sight(context))


async def check_assignee(parts: Parts, context: Context, assignee: str) -> None:
    """Return if cases can be assigned to this user.

    Raises:
        InvalidInput: it is no user of the tenant, or a disabled one.
    """
    try:
        user = await parts.identity.users.get(context.tenant, UserId(assignee))
    except NotFound:
        wrong = "is no user of this tenant"
    else:
        if not user.disabled:
            return
        wrong = "is a user who is disabled"
    raise InvalidInput(
        "the case cannot be assigned so",
        errors=(FieldError("assignee", wrong, "use the id of an active user"),),
    )


@router.post(
    "/cases/{case_id}/transitions",
    operation_id="cases_transition",
    summary="Move a case to another state",
    response_model=CaseOut | ApprovalOut,
    responses={
        200: {"model": CaseOut},
        202: {"model": ApprovalOut, "description": "A second person must approve"},
        **problem_responses(400, 401, 403, 404, 409, 412, 422, 428),
    },
)
async def move_case(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    response: Response,
    context: Moving,
    case_id: str,
    body: TransitionIn,
    expect: RequiredIfMatch,
) -> CaseOut | ApprovalOut:
    """Make a transition, or ask for the second person it needs (202)."""
    command = Transition(to=body.to, reason=body.reason, expect=expect)
    moved = await parts.cases.transition(context, CaseId(case_id), command)
    if isinstance(moved, Approval):
        response.status_code = 202
        response.headers["Location"] = f"/api/v1/cases/{case_id}/approvals"
        return ApprovalOut.of(moved, sight(context))
    response.headers["ETag"] = etag(moved.version)
    return CaseOut.of(moved, sight(context))


@router.get(
    "/cases/{case_id}/history",
    operation_id="cases_history",
    summary="Transitions of a case",
    responses=problem_responses(401, 403, 404, 422),
)
async def case_history(
    parts: Parts,
    context: Reading,
    case_id: str,
    after: NumberCursorAsked,
    limit: Limit = 100,
) -> Page[HistoryOut]:
    """Return the transitions of a case, oldest first."""
    found = await parts.cases.history(context.tenant, CaseId(case_id))
    show = partial(HistoryOut.of, view=sight(context))
    return slice_of(found, limit, after, show)


@router.get(
    "/cases/{case_id}/timeline",
    operation_id="cases_timeline",
    summary="Everything that happened to a case",
    responses=problem_responses(401, 403, 404, 422),
)
async def case_timeline(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    context: Reading,
    withheld: Withheld,
    case_id: str,
    after: NumberCursorAsked,
    limit: Limit = 100,
) -> Page[TimelineEntryOut]:
    """Return the journal entries on a case, oldest first."""
    await parts.cases.get(context.tenant, CaseId(case_id))
    # An entry on a link names the other case.
    found, last = await visible_page(
        lambda at, most: parts.journal.read_subject(
            context.tenant, case_id, after=at or 0, limit=most
        ),
        lambda entry: not mentions(entry.data, withheld),
        lambda entry: entry.seq,
        at=after,
        limit=limit,
    )
    return Page(
        data=list(map(TimelineEntryOut.of, found)),
        next_cursor=None if last is None else encode_cursor(str(last)),
    )


@router.get(
    "/cases/{case_id}/decisions",
    operation_id="cases_decisions",
    summary="Verdicts on a case",
    responses=problem_responses(401, 403, 404, 422),
)
async def case_decisions(
    parts: Parts,
    context: Reading,
    case_id: str,
    after: NumberCursorAsked,
    limit: Limit = 100,
) -> Page[DecisionOut]:
    """Return the policy verdicts on a case with their reasons, oldest first."""
    found = await parts.cases.decisions(context.tenant, CaseId(case_id))
    show = partial(DecisionOut.of, view=sight(context))
    return slice_of(found, limit, after, show)

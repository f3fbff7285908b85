"""Approvals: what waits for a second person."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from integritas.cases.api import ApprovalState
from integritas.gateway.conventions import CursorAsked, Limit, Page, page_of
from integritas.gateway.parts import Parts
from integritas.gateway.schemas import ApprovalDecideIn, ApprovalOut
from integritas.gateway.security import Reads, allow, sight
from integritas.gateway.strict import StrictRoute
from integritas.kernel.contracts import Context
from integritas.kernel.ids import ApprovalId, CaseId
from integritas.platform.problems import problem_responses

__all__ = ["router"]

router = APIRouter(tags=["approvals"], route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("approvals:read"))]
Deciding = Annotated[Context, Depends(allow("approvals:decide"))]


@router.get(
    "/approvals",
    operation_id="approvals_list",
    summary="List approvals",
    responses=problem_responses(401, 403, 422),
)
async def list_approvals(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    context: Reading,
    reader: Reads,
    cursor: CursorAsked,
    state: Annotated[ApprovalState | None, Query()] = None,
    limit: Limit = 50,
) -> Page[ApprovalOut]:
    """List approvals, newest first."""
    found = await parts.cases.approvals(
        context.tenant, state=state, before=cursor, limit=limit + 1, reader=reader
    )
    return page_of(
        found,
        limit,
        lambda approval: approval.id,
        partial(ApprovalOut.of, view=sight(context)),
    )


@router.get(
    "/cases/{case_id}/approvals",
    operation_id="cases_approvals",
    summary="Approvals of a case",
    responses=problem_responses(401, 403, 404, 422),
)
async def case_approvals(
    parts: Parts,
    context: Reading,
    case_id: str,
    cursor: CursorAsked,
    limit: Limit = 50,
) -> Page[ApprovalOut]:
    """Return the approvals of a case, newest first."""
    case = await parts.cases.get(context.tenant, CaseId(case_id))
    found = await parts.cases.approvals(
        context.tenant, case_id=case.id, before=cursor, limit=limit + 1
    )
    return page_of(
        found,
        limit,
        lambda approval: approval.id,
        partial(ApprovalOut.of, view=sight(context)),
    )


@router.post(
    "/approvals/{approval_id}/decide",
    operation_id="approvals_decide",
    summary="Approve or reject",
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def decide_approval(
    parts: Parts, context: Deciding, approval_id: str, body: ApprovalDecideIn
) -> ApprovalOut:
    """Approve, which makes the transition, or reject; never one's own."""
    approval = await parts.cases.decide_approval(
        context, ApprovalId(approval_id), approve=body.approve, reason=body.reason
    )
    return ApprovalOut.of(approval, sight(context))

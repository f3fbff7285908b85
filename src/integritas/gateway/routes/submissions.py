"""Submissions: what comes in opens a case, durably, before it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from integritas.cases.api import NewSubmission, Opened
from integritas.gateway.conventions import (
    CursorAsked,
    Limit,
    Page,
    ScopeAsked,
    Wait,
    page_of,
)
from integritas.gateway.intake import (
    accepted,
    new_submission,
    parse_item,
    problem_of,
)
from integritas.gateway.parts import Parts, admit
from integritas.gateway.schemas import (
    BatchAccepted,
    BatchItem,
    CaseOut,
    SubmissionAccepted,
    SubmissionBatchIn,
    SubmissionIn,
    SubmissionOut,
)
from integritas.gateway.security import Reads, Signed, allow, sight
from integritas.gateway.strict import StrictRoute
from integritas.kernel.contracts import Context
from integritas.kernel.errors import InvalidInput
from integritas.kernel.ids import CaseId, SubmissionId
from integritas.platform.problems import problem_responses

__all__ = ["router"]

router = APIRouter(tags=["submissions"], route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("submissions:read"))]
Writing = Annotated[Context, Depends(allow("submissions:write"))]


def _answer(opened: Opened) -> Mapping[str, Any]:
    return accepted(opened).model_dump(mode="json")


@router.post(
    "/submissions",
    operation_id="submissions_create",
    summary="Submit evidence",
    status_code=202,
    response_model=SubmissionAccepted | CaseOut,
    responses={
        200: {"model": CaseOut, "description": "Assessed within `Prefer: wait=N`"},
        202: {"model": SubmissionAccepted},
        **problem_responses(400, 401, 403, 409, 413, 422, 429, 503),
    },
)
async def submit(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    response: Response,
    context: Writing,
    principal: Signed,
    body: SubmissionIn,
    scope: ScopeAsked,
    wait_s: Wait,
) -> Mapping[str, Any] | CaseOut:
    """Open a case with the evidence; its workflow starts by itself.

    202 with the case's address, or, with `Prefer: wait=N`, 200 with the case once it
    is assessed.
    """
    submission = new_submission(body, parts.checks)
    await admit(parts)
    key = await scope.of(principal)
    if key is None:
        answer = _answer(await parts.cases.open(context, submission))
    else:
        answer, replayed = await parts.cases.open_once(
            context, submission, key, _answer
        )
        response.headers["Idempotency-Replayed"] = str(replayed).lower()
    response.headers["Location"] = answer["links"]["self"]
    case_id = CaseId(answer["case_id"])
    if wait_s and await parts.workflows.wait(context.tenant, case_id, wait_s):
        response.status_code = 200
        response.headers["Preference-Applied"] = f"wait={wait_s:.0f}"
        return CaseOut.of(
            await parts.cases.get(context.tenant, case_id), sight(context)
        )
    return answer


@router.post(
    "/submissions/batch",
    operation_id="submissions_create_batch",
    summary="Submit many, each by itself",
    status_code=202,
    responses=problem_responses(400, 401, 403, 413, 422, 429, 503),
)
async def submit_batch(
    parts: Parts, context: Writing, body: SubmissionBatchIn
) -> BatchAccepted:
    """Open a case for each good item, all in one commit; name the bad ones."""
    good: dict[int, NewSubmission] = {}
    results: dict[int, BatchItem] = {}
    for index, item in enumerate(body.items):
        try:
            good[index] = parse_item(index, item, parts.checks)
        except InvalidInput as error:
            results[index] = BatchItem(index=index, error=problem_of(error))
    await admit(parts, len(good))
    opened = await parts.cases.open_many(context, list(good.values()))
    for index, one in zip(good, opened, strict=True):
        results[index] = BatchItem(index=index, accepted=accepted(one))
    return BatchAccepted(
        accepted=len(good),
        rejected=len(results) - len(good),
        results=[results[index] for index in sorted(results)],
    )


@router.get(
    "/submissions",
    operation_id="submissions_list",
    summary="List submissions",
    responses=problem_responses(401, 403, 422),
)
async def list_submissions(
    parts: Parts,
    context: Reading,
    reader: Reads,
    cursor: CursorAsked,
    limit: Limit = 50,
) -> Page[SubmissionOut]:
    """List submissions, newest first."""
    found = await parts.cases.submissions(
        context.tenant, before=cursor, limit=limit + 1, reader=reader
    )
    return page_of(
        found,
        limit,
        lambda item: item.id,
        partial(SubmissionOut.of, view=sight(context)),
    )


@router.get(
    "/submissions/{submission_id}",
    operation_id="submissions_get",
    summary="Get a submission",
    responses=problem_responses(401, 403, 404),
)
async def get_submission(
    parts: Parts, context: Reading, submission_id: str
) -> SubmissionOut:
    """Return a submission."""
    found = await parts.cases.submission(context.tenant, SubmissionId(submission_id))
    return SubmissionOut.of(found, sight(context))

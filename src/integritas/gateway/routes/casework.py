"""Cases that people open, change by the dozen, and ask a second person about."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from integritas.cases.api import Case, EditCase, Priority, Transition
from integritas.gateway.conventions import RequiredIfMatch, etag
from integritas.gateway.intake import new_submission, problem_of
from integritas.gateway.parts import Parts, admit
from integritas.gateway.routes.cases import check_assignee
from integritas.gateway.schemas import (
    ApprovalOut,
    CaseOut,
    CasePatch,
    Channel,
    Name,
    SubmissionIn,
    Tag,
    TransitionIn,
    Version,
)
from integritas.gateway.security import Signed, allow, sight
from integritas.gateway.strict import Moment, StrictRoute
from integritas.identity.api import View
from integritas.kernel.contracts import Context
from integritas.kernel.errors import FieldError, IntegritasError, InvalidInput, NotFound
from integritas.kernel.ids import CaseId
from integritas.kernel.validation import field_errors
from integritas.platform.problems import problem_responses
from integritas.platform.remedies import OTHERWISE
from integritas.platform.withholding import Withheld

__all__ = ["router"]

router = APIRouter(route_class=StrictRoute)

Writing = Annotated[Context, Depends(allow("cases:write"))]
Asking = Annotated[Context, Depends(allow("approvals:request"))]
Command = tuple[CaseId, EditCase | Transition]


class CaseIn(SubmissionIn):
    """A case that a person opens, with its evidence and as they want it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "title": "Walk-in tip about tender 2026-17",
                "channel": "desk",
                "priority": "high",
                "tags": ["tender"],
                "evidence": [
                    {
                        "kind": "message",
                        "raw": "The winner was known before the tender opened.",
                        "media_type": "text/plain",
                    }
                ],
            }
        },
    )

    channel: Channel = "desk"
    priority: Priority = Priority.NORMAL
    assignee: Name | None = None
    tags: Annotated[list[Tag], Field(default_factory=list, max_length=50)]
    due_at: Moment | None = None


class BulkItem(BaseModel):
    """One change: `patch` what people may change, or `transition` to a state."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=100)
    version: Version | None = Field(
        None, description="The version read, as If-Match; left out: whatever it is."
    )
    patch: CasePatch | None = None
    transition: TransitionIn | None = None


class BulkIn(BaseModel):
    """Changes of several cases; each is made or refused by itself."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "items": [
                    {
                        "id": "case_01J9Z3K8Q5V7R2M4N6P8S0T1W2",
                        "version": 7,
                        "patch": {"priority": "high"},
                    },
                    {
                        "id": "case_01J9Z3K8Q5V7R2M4N6P8S0T1W3",
                        "transition": {"to": "CANCELLED", "reason": "a test"},
                    },
                ]
            }
        },
    )

    items: Annotated[list[JsonValue], Field(min_length=1, max_length=500)]


class BulkResult(BaseModel):
    """What became of one item, by its index."""

    index: int
    case: CaseOut | None = None
    error: dict[str, Any] | None = None


class BulkOut(BaseModel):
    """What became of all of them."""

    changed: int
    refused: int
    results: list[BulkResult]


@router.post(
    "/cases",
    tags=["cases"],
    operation_id="cases_create",
    summary="Open a case",
    status_code=201,
    responses=problem_responses(400, 401, 403, 409, 413, 422, 429, 503),
)
async def open_case(
    parts: Parts, response: Response, context: Writing, body: CaseIn
) -> CaseOut:
    """Open a case with evidence, as its opener wants it; its workflow starts."""
    if body.assignee is not None:
        await check_assignee(parts, context, body.assignee)
    submission = new_submission(body, parts.checks)
    await admit(parts)
    wanted = EditCase(
        priority=body.priority,
        assignee=body.assignee,
        tags=tuple(body.tags),
        due_at=body.due_at,
    )
    case = await parts.cases.open_edited(context, submission, wanted)
    response.headers["Location"] = f"/api/v1/cases/{case.id}"
    response.headers["ETag"] = etag(case.version)
    return CaseOut.of(case, sight(context))


@router.post(
    "/cases/bulk",
    tags=["cases"],
    operation_id="cases_bulk",
    summary="Change many cases, each by itself",
    responses=problem_responses(400, 401, 403, 413, 422),
)
async def change_cases(
    parts: Parts, context: Writing, principal: Signed, withheld: Withheld, body: BulkIn
) -> BulkOut:
    """Make each change that may be made, all in one commit; name the others.

    A move that needs a second person is refused here: ask for it on the case.
    """
    good: dict[int, Command] = {}
    answers: dict[int, Case | IntegritasError] = {}
    for index, item in enumerate(body.items):
        try:
            wanted = _parse(index, item)
            if wanted.transition is not None:
                principal.require("cases:transition")
            if wanted.patch is not None and wanted.patch.assignee is not None:
                await check_assignee(parts, context, wanted.patch.assignee)
            if wanted.id in withheld:
                raise NotFound(f"there is no case {wanted.id}")
            good[index] = CaseId(wanted.id), _command(wanted)
        except IntegritasError as error:
            answers[index] = error
    done = await parts.cases.change_many([(context, *good[i]) for i in good])
    answers.update(zip(good, done, strict=True))
    view = sight(context)
    results = [_result(index, answers[index], view) for index in sorted(answers)]
    refused = sum(result.error is not None for result in results)
    return BulkOut(changed=len(results) - refused, refused=refused, results=results)


@router.post(
    "/cases/{case_id}/approvals",
    tags=["approvals"],
    operation_id="cases_ask_approval",
    summary="Ask a second person",
    status_code=201,
    responses=problem_responses(400, 401, 403, 404, 409, 412, 422, 428),
)
async def ask_approval(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    response: Response,
    context: Asking,
    case_id: str,
    body: TransitionIn,
    expect: RequiredIfMatch,
) -> ApprovalOut:
    """Ask for the second person that a move of a case needs; the move waits."""
    command = Transition(to=body.to, reason=body.reason, expect=expect)
    asked = await parts.cases.ask_approval(context, CaseId(case_id), command)
    response.headers["Location"] = f"/api/v1/cases/{case_id}/approvals"
    return ApprovalOut.of(asked, sight(context))


def _parse(index: int, item: JsonValue) -> BulkItem:
    path = f"items[{index}]"
    try:
        wanted = BulkItem.model_validate(item)
    except ValidationError as error:
        raise InvalidInput(
            "the change is not valid",
            errors=field_errors(error, path=path, otherwise=OTHERWISE),
        ) from error
    if (wanted.patch is None) == (wanted.transition is None):
        raise InvalidInput(
            "the change is not valid",
            errors=(
                FieldError(path, "needs a patch or a transition", "give one of them"),
            ),
        )
    return wanted


def _command(wanted: BulkItem) -> EditCase | Transition:
    if wanted.transition is not None:
        move = wanted.transition
        return Transition(to=move.to, reason=move.reason, expect=wanted.version)
    return _edit(wanted.patch or CasePatch(), wanted.version)


def _edit(patch: CasePatch, expect: int | None) -> EditCase:
    return EditCase(
        title=patch.title,
        priority=patch.priority,
        assignee=patch.assignee,
        unassign="assignee" in patch.model_fields_set and patch.assignee is None,
        tags=None if patch.tags is None else tuple(patch.tags),
        due_at=patch.due_at,
        expect=expect,
    )


def _result(index: int, answer: Case | IntegritasError, view: View) -> BulkResult:
    if isinstance(answer, IntegritasError):
        return BulkResult(index=index, error=problem_of(answer))
    return BulkResult(index=index, case=CaseOut.of(answer, view))

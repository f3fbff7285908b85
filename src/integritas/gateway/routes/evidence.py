"""Evidence and findings of cases."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from integritas.cases.api import AddEvidence, Disclosed, ReviewState
from integritas.gateway.conventions import (
    IfMatch,
    Limit,
    NumberCursorAsked,
    Page,
    etag,
    slice_of,
)
from integritas.gateway.intake import new_evidence
from integritas.gateway.masked import clear_content, masked_content
from integritas.gateway.parts import Parts
from integritas.gateway.schemas import (
    CaseOut,
    ContentOut,
    EvidenceOut,
    FindingOut,
    NewEvidenceIn,
    RevealIn,
    ReviewIn,
)
from integritas.gateway.security import allow, sight
from integritas.gateway.strict import StrictRoute
from integritas.kernel.contracts import Context
from integritas.kernel.evidence import Message, serialise_content
from integritas.kernel.ids import CaseId, EvidenceId, FindingId
from integritas.platform.problems import problem_responses

__all__ = ["router"]

router = APIRouter(route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("evidence:read"))]
Writing = Annotated[Context, Depends(allow("evidence:write"))]
ReadingRaw = Annotated[Context, Depends(allow("evidence:raw"))]
ReadingFindings = Annotated[Context, Depends(allow("findings:read"))]
Reviewing = Annotated[Context, Depends(allow("findings:review"))]


@router.get(
    "/cases/{case_id}/evidence",
    tags=["evidence"],
    operation_id="evidence_list",
    summary="Evidence of a case",
    responses=problem_responses(401, 403, 404, 422),
)
async def list_evidence(
    parts: Parts,
    context: Reading,
    case_id: str,
    after: NumberCursorAsked,
    limit: Limit = 100,
) -> Page[EvidenceOut]:
    """Return the items of evidence without their content, in the order they came."""
    found = await parts.cases.evidence(context.tenant, CaseId(case_id))
    return slice_of(found, limit, after, EvidenceOut.of)


@router.post(
    "/cases/{case_id}/evidence",
    tags=["evidence"],
    operation_id="evidence_add",
    summary="Add evidence to a case",
    status_code=202,
    responses=problem_responses(400, 401, 403, 404, 409, 412, 413, 422),
)
async def add_evidence(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    response: Response,
    context: Writing,
    case_id: str,
    body: NewEvidenceIn,
    expect: IfMatch,
) -> CaseOut:
    """Add evidence; every service looks again."""
    items = new_evidence(body.evidence, parts.checks)
    command = AddEvidence(evidence=items, expect=expect)
    case = await parts.cases.change(context, CaseId(case_id), command)
    response.headers["ETag"] = etag(case.version)
    response.headers["Location"] = f"/api/v1/cases/{case_id}"
    return CaseOut.of(case, sight(context))


@router.get(
    "/evidence/{evidence_id}",
    tags=["evidence"],
    operation_id="evidence_get",
    summary="Get an item of evidence",
    responses=problem_responses(401, 403, 404),
)
async def get_evidence(parts: Parts, context: Reading, evidence_id: str) -> EvidenceOut:
    """Return an item of evidence without its content."""
    _, item = await parts.cases.one_evidence(context.tenant, EvidenceId(evidence_id))
    return EvidenceOut.of(item)


@router.get(
    "/evidence/{evidence_id}/content",
    tags=["evidence"],
    operation_id="evidence_content",
    summary="Read evidence as one's roles see it",
    responses=problem_responses(401, 403, 404),
)
async def evidence_content(
    parts: Parts, context: Reading, evidence_id: str
) -> ContentOut:
    """Return content with the personal data masked that the caller's roles hide."""
    _, item = await parts.cases.one_evidence(context.tenant, EvidenceId(evidence_id))
    return ContentOut.of(item, masked_content(sight(context), item.content))


@router.post(
    "/evidence/{evidence_id}/reveal",
    tags=["evidence"],
    operation_id="evidence_reveal",
    summary="Read evidence in clear (recorded)",
    responses=problem_responses(400, 401, 403, 404, 422),
)
async def reveal_evidence(
    parts: Parts, context: ReadingRaw, evidence_id: str, body: RevealIn
) -> ContentOut:
    """Return content with nothing masked; who read it and why is recorded first."""
    item = await parts.cases.read_raw(
        context, EvidenceId(evidence_id), Disclosed(body.purpose, body.reason)
    )
    return ContentOut.of(item, clear_content(item.content))


@router.post(
    "/findings/{finding_id}/reveal",
    tags=["findings"],
    operation_id="findings_reveal",
    summary="Read a finding in clear (recorded)",
    responses=problem_responses(400, 401, 403, 404, 422),
)
async def reveal_finding(
    parts: Parts, context: ReadingRaw, finding_id: str, body: RevealIn
) -> FindingOut:
    """Return a finding with nothing masked; who read it and why is recorded first."""
    found = await parts.cases.read_finding(
        context, FindingId(finding_id), Disclosed(body.purpose, body.reason)
    )
    return FindingOut.of(found, None)


@router.get(
    "/evidence/{evidence_id}/raw",
    tags=["evidence"],
    operation_id="evidence_raw",
    summary="Read raw evidence (recorded)",
    response_class=Response,
    responses={
        200: {
            "content": {"application/octet-stream": {}, "application/json": {}},
            "description": "The bytes of a message, or the JSON of anything else",
        },
        **problem_responses(401, 403, 404),
    },
)
async def raw_evidence(parts: Parts, context: ReadingRaw, evidence_id: str) -> Response:
    """Return raw evidence; that it was read is recorded first."""
    item = await parts.cases.read_raw(context, EvidenceId(evidence_id))
    # Never shown by a browser as what it claims to be: it may be hostile.
    headers = {
        "Content-Disposition": f'attachment; filename="{item.id}"',
        "X-Content-Type-Options": "nosniff",
    }
    if not isinstance(item.content, Message):
        document = serialise_content(item.content)
        return Response(document, 200, headers, "application/json")
    headers["X-Evidence-Media-Type"] = item.content.media_type
    return Response(item.content.raw, 200, headers, "application/octet-stream")


@router.get(
    "/cases/{case_id}/findings",
    tags=["findings"],
    operation_id="findings_list",
    summary="Findings on a case",
    responses=problem_responses(401, 403, 404, 422),
)
async def list_findings(
    parts: Parts,
    context: ReadingFindings,
    case_id: str,
    after: NumberCursorAsked,
    limit: Limit = 100,
) -> Page[FindingOut]:
    """Return the findings on a case, oldest first, as the caller's roles see them."""
    found = await parts.cases.findings(context.tenant, CaseId(case_id))
    show = partial(FindingOut.of, view=sight(context))
    return slice_of(found, limit, after, show)


@router.get(
    "/findings/{finding_id}",
    tags=["findings"],
    operation_id="findings_get",
    summary="Get a finding",
    responses=problem_responses(401, 403, 404),
)
async def get_finding(
    parts: Parts, context: ReadingFindings, finding_id: str
) -> FindingOut:
    """Return a finding with its reasons, as the caller's roles see them."""
    found = await parts.cases.finding(context.tenant, FindingId(finding_id))
    return FindingOut.of(found, sight(context))


@router.post(
    "/findings/{finding_id}/review",
    tags=["findings"],
    operation_id="findings_review",
    summary="Confirm or dismiss a finding",
    responses={
        202: {"model": FindingOut, "description": "A second person must agree"},
        **problem_responses(400, 401, 403, 404, 409, 422),
    },
)
async def review_finding(
    parts: Parts,
    response: Response,
    context: Reviewing,
    finding_id: str,
    body: ReviewIn,
) -> FindingOut:
    """Say of a finding that it is right or wrong, and why.

    Where the policy asks for a second person it is proposed (202), and holds once
    somebody else says the same (200); `open` refuses what was proposed.
    """
    record = await parts.cases.review_finding(
        context, FindingId(finding_id), ReviewState(body.review), body.reason
    )
    if record.proposed is not None:
        response.status_code = 202
    return FindingOut.of(record, sight(context))

"""What people keep beside cases: links to other cases, attachments."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from integritas.cases.api import Attachment, CaseLink, LinkKind, NewAttachment
from integritas.gateway.conventions import (
    Limit,
    NumberCursorAsked,
    Page,
    slice_of,
)
from integritas.gateway.parts import Parts
from integritas.gateway.schemas import Name, Prose
from integritas.gateway.security import Reads, allow, sight
from integritas.gateway.strict import StrictRoute
from integritas.identity.api import View
from integritas.kernel.contracts import Context
from integritas.kernel.ids import AttachmentId, CaseId
from integritas.kernel.validation import NO_NUL
from integritas.platform.problems import problem_responses

__all__ = ["router"]

router = APIRouter(route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("cases:read"))]
Linking = Annotated[Context, Depends(allow("cases:write"))]
ReadingFiles = Annotated[Context, Depends(allow("evidence:read"))]
WritingFiles = Annotated[Context, Depends(allow("evidence:write"))]
ReadingRaw = Annotated[Context, Depends(allow("evidence:raw"))]
FileName = Annotated[
    str, StringConstraints(min_length=1, max_length=255, pattern=NO_NUL)
]
MediaType = Annotated[
    str,
    StringConstraints(
        max_length=127, pattern=r"^[a-zA-Z0-9][\w.+-]{0,62}/[a-zA-Z0-9][\w.+-]{0,62}$"
    ),
]


def _decoded(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise PydanticCustomError("base64", "is not base64") from error
    return text


Base64 = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9+/]*={0,2}$"), AfterValidator(_decoded)
]


class LinkIn(BaseModel):
    """The other case, and how this one stands to it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "to": "case_01J9Z3K8Q5V7R2M4N6P8S0T1W2",
                "kind": "related",
                "reason": "the same supplier",
            }
        },
    )

    to: Name
    kind: LinkKind = LinkKind.RELATED
    reason: Prose = ""


class LinkOut(BaseModel):
    """`case_id` is `kind` `to`."""

    model_config = ConfigDict(from_attributes=True)

    case_id: str
    to: str
    kind: LinkKind
    reason: str
    actor_id: str
    created_at: datetime

    @classmethod
    def of(cls, link: CaseLink, view: View) -> LinkOut:
        """Show a link."""
        shown = cls.model_validate(link)
        shown.reason = view.remark(shown.reason)
        return shown


class AttachmentIn(BaseModel):
    """A file to keep with a case."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "name": "minutes.txt",
                "media_type": "text/plain",
                "content_base64": "VGhlIG1pbnV0ZXMu",
            }
        },
    )

    name: FileName
    media_type: MediaType = "application/octet-stream"
    content_base64: Base64 = Field(description="The bytes, in standard base64.")


class AttachmentOut(BaseModel):
    """An attachment without its content."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    case_id: str
    name: str
    media_type: str
    size: int
    sha256: str
    added_by: str
    added_at: datetime

    @classmethod
    def of(cls, attachment: Attachment, view: View) -> AttachmentOut:
        """Show an attachment."""
        shown = cls.model_validate(attachment)
        shown.name = view.remark(shown.name)
        return shown


@router.get(
    "/cases/{case_id}/links",
    tags=["cases"],
    operation_id="cases_links",
    summary="Links of a case",
    responses=problem_responses(401, 403, 404, 422),
)
async def list_links(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    context: Reading,
    reader: Reads,
    case_id: str,
    after: NumberCursorAsked,
    limit: Limit = 100,
) -> Page[LinkOut]:
    """Return the links from and to a case, oldest first."""
    found = await parts.files.links(context.tenant, CaseId(case_id), reader=reader)
    show = partial(LinkOut.of, view=sight(context))
    return slice_of(found, limit, after, show)


@router.post(
    "/cases/{case_id}/links",
    tags=["cases"],
    operation_id="cases_link",
    summary="Link a case to another",
    status_code=201,
    responses=problem_responses(400, 401, 403, 404, 409, 422),
)
async def link_case(
    parts: Parts, context: Linking, reader: Reads, case_id: str, body: LinkIn
) -> LinkOut:
    """Link a case to another of the tenant; neither changes."""
    link = await parts.files.link(
        context,
        CaseId(case_id),
        CaseId(body.to),
        body.kind,
        body.reason,
        reader=reader,
    )
    return LinkOut.of(link, sight(context))


@router.get(
    "/cases/{case_id}/attachments",
    tags=["evidence"],
    operation_id="attachments_list",
    summary="Attachments of a case",
    responses=problem_responses(401, 403, 404, 422),
)
async def list_attachments(
    parts: Parts,
    context: ReadingFiles,
    case_id: str,
    after: NumberCursorAsked,
    limit: Limit = 100,
) -> Page[AttachmentOut]:
    """Return the attachments of a case without their content, oldest first."""
    found = await parts.files.attachments(context.tenant, CaseId(case_id))
    show = partial(AttachmentOut.of, view=sight(context))
    return slice_of(found, limit, after, show)


@router.post(
    "/cases/{case_id}/attachments",
    tags=["evidence"],
    operation_id="attachments_add",
    summary="Attach a file to a case",
    status_code=201,
    responses=problem_responses(400, 401, 403, 404, 409, 413, 422),
)
async def attach(
    parts: Parts,
    response: Response,
    context: WritingFiles,
    case_id: str,
    body: AttachmentIn,
) -> AttachmentOut:
    """Keep a file with a case. It is not evidence: no service looks at it."""
    new = NewAttachment(
        body.name, body.media_type, base64.b64decode(body.content_base64)
    )
    kept = await parts.files.attach(context, CaseId(case_id), new)
    response.headers["Location"] = f"/api/v1/attachments/{kept.id}"
    return AttachmentOut.of(kept, sight(context))


@router.get(
    "/attachments/{attachment_id}",
    tags=["evidence"],
    operation_id="attachments_get",
    summary="Read an attachment (recorded)",
    response_class=Response,
    responses={
        200: {
            "content": {
                "application/octet-stream": {
                    "schema": {"type": "string", "format": "binary"}
                }
            },
            "description": "The bytes of the file",
        },
        **problem_responses(401, 403, 404),
    },
)
async def get_attachment(
    parts: Parts, context: ReadingRaw, attachment_id: str
) -> Response:
    """Return the bytes of an attachment; that it was read is recorded first."""
    found, content = await parts.files.read_attachment(
        context, AttachmentId(attachment_id)
    )
    # Never shown by a browser as what it claims to be: it may be hostile.
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, '')}",
        "X-Content-Type-Options": "nosniff",
        "X-Attachment-Media-Type": found.media_type,
    }
    return Response(content, 200, headers, "application/octet-stream")

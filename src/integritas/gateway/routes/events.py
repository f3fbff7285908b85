"""Events: the journal as it grows, and webhooks that are told of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from integritas.cases.api import Reader
from integritas.delivery.api import (
    Delivery,
    DeliveryId,
    DeliveryState,
    NewWebhook,
    Webhook,
    WebhookChanges,
    WebhookId,
    event_document,
)
from integritas.gateway.conventions import (
    CursorAsked,
    Limit,
    NumberCursorAsked,
    Page,
    RequiredIfMatch,
    etag,
    page_of,
)
from integritas.gateway.need import reader_of
from integritas.gateway.parts import Parts
from integritas.gateway.schemas import Line
from integritas.gateway.security import Signed, allow, credential_of
from integritas.gateway.strict import StrictRoute
from integritas.identity.api import Principal
from integritas.journal.api import Entry
from integritas.kernel.clock import SystemClock
from integritas.kernel.contracts import Context
from integritas.kernel.errors import FieldError, IntegritasError, InvalidInput
from integritas.platform.problems import problem_responses
from integritas.platform.withholding import mentions

__all__ = ["router"]

router = APIRouter(tags=["events"], route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("events:read"))]
Managing = Annotated[Context, Depends(allow("webhooks:manage"))]
TypePattern = Annotated[
    str,
    StringConstraints(max_length=100, pattern=r"^(\*|[a-z][a-z0-9_.]*\.?\*?)$"),
]
Url = Annotated[
    str, StringConstraints(min_length=8, max_length=2_000, pattern=r"^https?://[!-~]+$")
]
STREAM: Final = "text/event-stream"
_BEAT_S: Final = 15.0
_LOOK_S: Final = 1.0
_BATCH: Final = 500
_SEQ: Final = re.compile(r"[0-9]{1,18}")


class EventOut(BaseModel):
    """What happened, as a CloudEvent (1.0): references only, no personal data."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: str
    sequence: str = Field(description="The number in the journal; Last-Event-ID.")
    data: dict[str, Any]


class Wanted(BaseModel):
    """Which events; all that is given must hold."""

    model_config = ConfigDict(extra="ignore")

    type: list[TypePattern] = Field(
        default_factory=list,
        max_length=20,
        description="Types, `integritas.case.*` for all that begin so.",
    )
    subject: Annotated[str | None, StringConstraints(max_length=200)] = None

    def fits(self, entry: Entry, hidden: frozenset[str]) -> bool:
        """Say whether an entry is wanted, and names nothing that is hidden."""
        if mentions((entry.subject, entry.data), hidden):
            return False
        if self.subject not in {None, entry.subject}:
            return False
        return not self.type or any(
            entry.type.startswith(each[:-1])
            if each.endswith("*")
            else entry.type == each
            for each in self.type
        )


async def _last_event_id(
    last_event_id: Annotated[
        str | None,
        Header(
            max_length=30,
            description="The id of the last event seen: the stream goes on behind it. "
            "`0` begins with the first event there is; without it, from now on.",
        ),
    ] = None,
) -> int | None:
    if last_event_id is None or not last_event_id.strip():
        return None
    if _SEQ.fullmatch(last_event_id.strip()) is None:
        wrong = FieldError(
            "Last-Event-ID", "is no id of an event here", "send the id as it came"
        )
        raise InvalidInput("1 field is not valid", errors=(wrong,))
    return int(last_event_id)


@router.get(
    "/events",
    operation_id="events_stream",
    summary="Follow events",
    response_model=Page[EventOut],
    responses={
        200: {
            "description": "A stream without end; a page if `Accept` asks for JSON",
            "content": {
                STREAM: {
                    "schema": {"type": "string"},
                    "example": "id: 17\nevent: integritas.case.opened.v1\n"
                    'data: {"specversion": "1.0", "id": "evt_01J…"}\n\n',
                }
            },
        },
        **problem_responses(401, 403, 422),
    },
)
async def follow_events(  # noqa: PLR0917 - FastAPI passes by name
    request: Request,
    parts: Parts,
    context: Reading,
    principal: Signed,
    wanted: Annotated[Wanted, Query()],
    last: Annotated[int | None, Depends(_last_event_id)],
    cursor: NumberCursorAsked,
    limit: Limit = 100,
) -> Response:
    """Stream the tenant's events as Server-Sent Events, each exactly once, in order.

    With `Accept: application/json` the events behind `cursor` come as a page instead.
    """
    accept = request.headers.get("accept", "")
    if "application/json" in accept and STREAM not in accept:
        reader = reader_of(principal)
        page = await _page(parts, reader, wanted, cursor, limit)
        return Response(page.model_dump_json(), media_type="application/json")
    after = await parts.journal.head(context.tenant) if last is None else last
    return StreamingResponse(
        _stream(request, parts, principal, wanted, after),
        media_type=STREAM,
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _page(
    parts: Parts, reader: Reader, wanted: Wanted, after: int, limit: int
) -> Page[EventOut]:
    found: list[Entry] = []
    hidden = await parts.access.withheld(reader)
    while len(found) <= limit:
        entries = await parts.journal.read(reader.tenant, after=after, limit=_BATCH)
        found += [entry for entry in entries if wanted.fits(entry, hidden)]
        if len(entries) < _BATCH:
            break
        after = entries[-1].seq
    return page_of(
        found,
        limit,
        lambda entry: str(entry.seq),
        lambda entry: EventOut.model_validate(event_document(entry)),
    )


async def _stream(
    request: Request, parts: Parts, principal: Principal, wanted: Wanted, after: int
) -> AsyncIterator[bytes]:
    """Yield what is wanted until the caller goes, may no longer, or we close."""
    yield b"retry: 2000\n\n"
    clock = asyncio.get_running_loop().time
    reader = reader_of(principal)
    beat = clock() + _BEAT_S
    while not request.app.state.draining:
        entries = await parts.journal.read(principal.tenant, after=after, limit=_BATCH)
        # Asked after the entries were read: what was made confidential before they
        # were written is hidden, whenever it was made so.
        hidden = await parts.access.withheld(reader) if entries else frozenset()
        shown = [_frame(entry) for entry in entries if wanted.fits(entry, hidden)]
        after = entries[-1].seq if entries else after
        if shown:
            yield b"".join(shown)
        if clock() >= beat:
            if not await _still_may(request, parts, principal):
                return
            yield b": beat\n\n"
            beat = clock() + _BEAT_S
        if len(entries) < _BATCH:
            await parts.journal.wait(_LOOK_S)


async def _still_may(request: Request, parts: Parts, principal: Principal) -> bool:
    """Say whether the credential the stream began with still counts."""
    if principal.expires_at <= SystemClock().now():
        return False
    credential = credential_of(request.headers)
    try:
        (await parts.identity.verify(credential or "")).require("events:read")
    except IntegritasError:
        return False
    return True


def _frame(entry: Entry) -> bytes:
    document = orjson.dumps(event_document(entry))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (
        entry.seq,
        entry.type.encode(),
        document,
    )


# Webhooks -------------------------------------------------------------------------


class WebhookIn(BaseModel):
    """Where to send messages (Standard Webhooks), and of which types of events."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "url": "https://example.org/integritas",
                "types": ["integritas.case.*"],
                "description": "tickets",
            }
        },
    )

    url: Url
    types: Annotated[list[TypePattern], Field(min_length=1, max_length=50)] = Field(
        default_factory=lambda: ["*"]
    )
    description: Line = ""


class WebhookPatch(BaseModel):
    """What to change; what is left out stays.

    With `rotate_secret` the answer shows a new secret once; the old one signs beside it
    for a day.
    """

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    types: Annotated[list[TypePattern], Field(min_length=1, max_length=50)] | None = (
        None
    )
    description: Line | None = None
    enabled: bool | None = None
    rotate_secret: bool = False


class WebhookOut(BaseModel):
    """A webhook without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    url: str
    types: list[str]
    description: str
    enabled: bool
    disabled_because: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    version: int


class WebhookWithSecret(WebhookOut):
    """A webhook and, where it is new, the secret: it is shown this once."""

    secret: str | None = Field(
        None, examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    )

    @classmethod
    def of(cls, webhook: Webhook, *, secret: bool) -> WebhookWithSecret:
        """Show a webhook."""
        shown = WebhookOut.model_validate(webhook).model_dump()
        return cls(**shown, secret=webhook.secret if secret else None)


class DeliveryOut(BaseModel):
    """One event on its way to one webhook."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    webhook_id: str
    event_id: str
    type: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    status: int | None
    error: str
    created_at: datetime
    ended_at: datetime | None
    replay_of: str | None

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        """Show a delivery."""
        return cls.model_validate(delivery)


@router.get(
    "/webhooks",
    operation_id="webhooks_list",
    summary="List webhooks",
    responses=problem_responses(401, 403, 422),
)
async def list_webhooks(
    parts: Parts, context: Managing, cursor: CursorAsked, limit: Limit = 50
) -> Page[WebhookOut]:
    """List webhooks, newest first."""
    found = await parts.webhooks.list(context.tenant, before=cursor, limit=limit + 1)
    return page_of(found, limit, lambda one: one.id, WebhookOut.model_validate)


@router.post(
    "/webhooks",
    operation_id="webhooks_create",
    summary="Keep a webhook",
    status_code=201,
    responses=problem_responses(400, 401, 403, 422),
)
async def create_webhook(
    parts: Parts, response: Response, context: Managing, body: WebhookIn
) -> WebhookWithSecret:
    """Keep a webhook; it is told of what happens from now on.

    Messages are signed with the secret, retried for three days, then dead until
    replayed. Private addresses and redirects are refused.
    """
    new = NewWebhook(body.url, tuple(body.types), body.description)
    webhook = await parts.webhooks.create(context, new)
    response.headers["Location"] = f"/api/v1/webhooks/{webhook.id}"
    response.headers["ETag"] = etag(webhook.version)
    response.headers["Cache-Control"] = "no-store"
    return WebhookWithSecret.of(webhook, secret=True)


@router.get(
    "/webhooks/{webhook_id}",
    operation_id="webhooks_get",
    summary="Get a webhook",
    responses=problem_responses(401, 403, 404),
)
async def get_webhook(
    parts: Parts, response: Response, context: Managing, webhook_id: str
) -> WebhookOut:
    """Return a webhook; its ETag is what a change must send back."""
    webhook = await parts.webhooks.get(context.tenant, WebhookId(webhook_id))
    response.headers["ETag"] = etag(webhook.version)
    return WebhookOut.model_validate(webhook)


@router.patch(
    "/webhooks/{webhook_id}",
    operation_id="webhooks_update",
    summary="Change a webhook",
    responses=problem_responses(400, 401, 403, 404, 412, 422, 428),
)
async def update_webhook(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    response: Response,
    context: Managing,
    webhook_id: str,
    body: WebhookPatch,
    expect: RequiredIfMatch,
) -> WebhookWithSecret:
    """Change, disable or enable a webhook, or give it a new secret."""
    changes = WebhookChanges(
        url=body.url,
        types=None if body.types is None else tuple(body.types),
        description=body.description,
        enabled=body.enabled,
        rotate_secret=body.rotate_secret,
        expect=expect,
    )
    webhook = await parts.webhooks.change(context, WebhookId(webhook_id), changes)
    response.headers["ETag"] = etag(webhook.version)
    if body.rotate_secret:
        response.headers["Cache-Control"] = "no-store"
    return WebhookWithSecret.of(webhook, secret=body.rotate_secret)


@router.delete(
    "/webhooks/{webhook_id}",
    operation_id="webhooks_delete",
    summary="Forget a webhook",
    status_code=204,
    responses=problem_responses(401, 403, 404),
)
async def delete_webhook(parts: Parts, context: Managing, webhook_id: str) -> None:
    """Forget a webhook and what is on its way to it."""
    await parts.webhooks.delete(context, WebhookId(webhook_id))


@router.get(
    "/webhooks/{webhook_id}/deliveries",
    operation_id="webhooks_deliveries",
    summary="Deliveries to a webhook",
    responses=problem_responses(401, 403, 404, 422),
)
async def list_deliveries(  # noqa: PLR0917 - FastAPI passes by name
    parts: Parts,
    context: Managing,
    webhook_id: str,
    cursor: CursorAsked,
    state: Annotated[DeliveryState | None, Query()] = None,
    limit: Limit = 50,
) -> Page[DeliveryOut]:
    """List deliveries, newest first; `state=dead` are those given up."""
    found = await parts.webhooks.deliveries(
        context.tenant,
        WebhookId(webhook_id),
        state=state,
        before=cursor,
        limit=limit + 1,
    )
    return page_of(found, limit, lambda one: one.id, DeliveryOut.of)


@router.post(
    "/deliveries/{delivery_id}/replay",
    operation_id="deliveries_replay",
    summary="Deliver once more",
    status_code=202,
    responses=problem_responses(401, 403, 404, 409),
)
async def replay_delivery(
    parts: Parts, response: Response, context: Managing, delivery_id: str
) -> DeliveryOut:
    """Send the event to its webhook once more, under the same `webhook-id`."""
    again = await parts.webhooks.replay(context, DeliveryId(delivery_id))
    response.headers["Location"] = f"/api/v1/webhooks/{again.webhook_id}/deliveries"
    return DeliveryOut.of(again)

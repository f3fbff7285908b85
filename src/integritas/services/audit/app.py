"""The audit trail over HTTP: entries, checkpoint, tiles, proofs, verification, bundles.

Paths are relative to /api/v1. Everything under `/audit/log/` is C2SP tlog-tiles, so
that prefix is what a tlog client is given.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Protocol

import orjson
from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue
from starlette.responses import PlainTextResponse, Response

from integritas.kernel.contracts import AuditLog, Context, LoggedEntry
from integritas.kernel.errors import FieldError, InvalidInput, NotFound
from integritas.kernel.ids import TenantId
from integritas.platform.health import Ping
from integritas.platform.http import Caller, service_app
from integritas.platform.problems import problem_responses
from integritas.services.audit.appending import Appended
from integritas.services.audit.external import ExternalEvent

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["AuditReader", "create_app", "router"]

IMMUTABLE: Final = "public, max-age=31536000, immutable"
_PROBLEMS: Final = problem_responses(401, 404, 422)
_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Digest = Annotated[
    str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, lower case hex")
]


class AuditReader(AuditLog, Protocol):
    """What the routes need: the log, its tiles, and a way in."""

    async def rotate_key(self, context: Context, /) -> str:
        """Hand the log over to a new key."""
        ...

    async def append_events(
        self, context: Context, events: Sequence[ExternalEvent], /
    ) -> Appended:
        """Append events of an outside system."""
        ...

    async def tile(self, tenant: TenantId, path: str, /) -> bytes:
        """Return a resource of tlog-tiles."""
        ...


class EntryOut(BaseModel):
    """A leaf. The bytes hashed are `entry` as canonical JSON (RFC 8785)."""

    index: int
    event_id: str
    leaf_hash: Annotated[str, Field(description="base64")]
    entry: dict[str, JsonValue]


class EntriesOut(BaseModel):
    """A page of leaves, oldest first."""

    data: list[EntryOut]
    next_cursor: str | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ActorIn(_Strict):
    """Who did it, in the outside system."""

    id: _Text
    kind: Literal["person", "service", "platform"] = "person"
    roles: Annotated[list[_Text], Field(max_length=50)] = []


class EventIn(_Strict):
    """An event of an outside system. No personal data: send a `commitment` to it."""

    event_id: Annotated[_Text, Field(description="names the event for ever")]
    type: Annotated[_Text, Field(examples=["com.example.order.approved.v1"])]
    subject: Annotated[_Text, Field(description="what it happened to")]
    source: Annotated[_Text, Field(description="the system that tells it")]
    actor: ActorIn
    occurred: Annotated[
        AwareDatetime | None, Field(description="when, by the sender's clock")
    ] = None
    outcome: Literal["success", "failure", "unknown"] | None = None
    reason: Annotated[str, Field(max_length=4_000)] | None = None
    correlation_id: _Text | None = None
    before: _Digest | None = None
    after: _Digest | None = None
    commitment: _Digest | None = None
    data: dict[str, JsonValue] = {}

    def event(self) -> ExternalEvent:
        """Return the event."""
        return ExternalEvent(
            actor_id=self.actor.id,
            actor_kind=self.actor.kind,
            actor_roles=tuple(self.actor.roles),
            **{name: getattr(self, name) for name in _PLAIN},
        )


_PLAIN: Final = tuple(name for name in EventIn.model_fields if name != "actor")


class EventsIn(_Strict):
    """Events to append: all of them or none."""

    entries: Annotated[list[EventIn], Field(min_length=1, max_length=1_000)]


class PlaceOut(BaseModel):
    """Where an event stands in the log."""

    index: int
    event_id: str


class AppendedOut(BaseModel):
    """Where the events stand, and the signed checkpoint that covers them."""

    data: list[PlaceOut]
    checkpoint: str


class InclusionOut(BaseModel):
    """An audit path (RFC 6962 section 2.1.1); hashes in base64."""

    index: int
    size: int
    leaf_hash: str
    hashes: list[str]


class ConsistencyOut(BaseModel):
    """A consistency proof (RFC 6962 section 2.1.2); hashes in base64."""

    old: int
    new: int
    hashes: list[str]


class DifferenceOut(BaseModel):
    """One thing a verification found."""

    place: str
    message: str


class ReportOut(BaseModel):
    """What a verification looked at and what it found."""

    sound: bool
    origin: str
    size: int
    root: str
    differences: list[DifferenceOut]
    notes: list[str]


class KeysOut(BaseModel):
    """Verifier keys, C2SP vkeys, newest first."""

    data: list[str]


def router(log: AuditReader) -> APIRouter:
    """Return the routes over a log, local or remote."""
    routes = APIRouter(prefix="/audit", tags=["audit"], responses=_PROBLEMS)
    _add_entries(routes, log)
    _add_tiles(routes, log)
    _add_proofs(routes, log)
    _add_verification(routes, log)
    return routes


def create_app(
    log: AuditReader, *, pings: Mapping[str, Ping], token: str | None
) -> FastAPI:
    """Return the audit service standing alone."""
    return service_app(
        name="audit", operations={}, router=router(log), pings=pings, token=token
    )


def _add_entries(routes: APIRouter, log: AuditReader) -> None:
    @routes.get("/entries", operation_id="audit_entries", summary="List entries")
    async def list_entries(
        caller: Caller,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        cursor: str | None = None,
    ) -> EntriesOut:
        start = _start(cursor)
        found = await log.entries(caller.tenant, start=start, limit=limit)
        following = str(start + limit) if len(found) == limit else None
        return EntriesOut(data=[_entry(e) for e in found], next_cursor=following)

    @routes.post(
        "/entries",
        operation_id="audit_append",
        summary="Append events of an outside system",
        status_code=201,
        responses=problem_responses(403, 409, 413),
    )
    async def append(caller: Caller, body: EventsIn) -> AppendedOut:
        events = [event.event() for event in body.entries]
        done = await log.append_events(caller, events)
        return AppendedOut(
            data=[
                PlaceOut(index=index, event_id=event.event_id)
                for index, event in zip(done.indexes, events, strict=True)
            ],
            checkpoint=done.checkpoint.note,
        )

    @routes.get("/entries/{index}", operation_id="audit_entry", summary="Get an entry")
    async def get_entry(caller: Caller, index: int) -> EntryOut:
        found = await log.entries(caller.tenant, start=index, limit=1)
        if not found or found[0].index != index:
            raise NotFound(f"the audit log has no entry {index}")
        return _entry(found[0])


def _add_tiles(routes: APIRouter, log: AuditReader) -> None:
    @routes.get(
        "/log/checkpoint",
        operation_id="audit_checkpoint",
        summary="Get the signed checkpoint",
        response_class=PlainTextResponse,
    )
    async def get_checkpoint(caller: Caller) -> PlainTextResponse:
        checkpoint = await log.checkpoint(caller.tenant)
        return PlainTextResponse(checkpoint.note, headers={"Cache-Control": "no-cache"})

    @routes.get(
        "/log/tile/{path:path}",
        operation_id="audit_tile",
        summary="Get a tile or a bundle of entries (C2SP tlog-tiles)",
        response_class=Response,
        responses={200: {"content": {"application/octet-stream": {}}}},
    )
    async def get_tile(caller: Caller, path: str) -> Response:
        return Response(
            await log.tile(caller.tenant, path),
            media_type="application/octet-stream",
            headers={"Cache-Control": IMMUTABLE},
        )


def _add_proofs(routes: APIRouter, log: AuditReader) -> None:
    @routes.get(
        "/proofs/inclusion",
        operation_id="audit_inclusion",
        summary="Prove that an entry stands in the log",
    )
    async def prove_inclusion(
        caller: Caller, index: int, size: int | None = None
    ) -> InclusionOut:
        proof = await log.inclusion(caller.tenant, index=index, size=size)
        return InclusionOut(
            index=proof.index,
            size=proof.size,
            leaf_hash=_base64(proof.leaf_hash),
            hashes=_all_base64(proof.hashes),
        )

    @routes.get(
        "/proofs/consistency",
        operation_id="audit_consistency",
        summary="Prove that the log only grew",
    )
    async def prove_consistency(
        caller: Caller, old: int, new: int | None = None
    ) -> ConsistencyOut:
        proof = await log.consistency(caller.tenant, old=old, new=new)
        return ConsistencyOut(
            old=proof.old, new=proof.new, hashes=_all_base64(proof.hashes)
        )


def _add_verification(routes: APIRouter, log: AuditReader) -> None:
    @routes.post(
        "/verify", operation_id="audit_verify", summary="Re-compute everything"
    )
    async def verify(caller: Caller) -> ReportOut:
        report = await log.verify(caller.tenant)
        return ReportOut(
            sound=report.sound,
            origin=report.origin,
            size=report.size,
            root=_base64(report.root),
            differences=[
                DifferenceOut(place=found.place, message=found.message)
                for found in report.differences
            ],
            notes=list(report.notes),
        )

    @routes.get(
        "/bundles/{case}",
        operation_id="audit_bundle",
        summary="Get the evidence bundle of a case",
    )
    async def get_bundle(caller: Caller, case: str) -> dict[str, Any]:
        return dict(await log.bundle(caller.tenant, subject=case))

    @routes.get("/keys", operation_id="audit_keys", summary="List the verifier keys")
    async def list_keys(caller: Caller) -> KeysOut:
        return KeysOut(data=list(await log.verifier_keys(caller.tenant)))

    @routes.post(
        "/keys/rotation",
        operation_id="audit_rotate_key",
        summary="Hand the log over to a new key, by an entry that both sign",
        status_code=201,
    )
    async def rotate_key(caller: Caller) -> KeysOut:
        await log.rotate_key(caller)
        return KeysOut(data=list(await log.verifier_keys(caller.tenant)))


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if cursor.isascii() and cursor.isdigit() and len(cursor) < 18:
        return int(cursor)
    raise InvalidInput(
        "the cursor is not one of this list",
        errors=(FieldError("cursor", "unknown form", "pass next_cursor unchanged"),),
    )


def _entry(entry: LoggedEntry) -> EntryOut:
    return EntryOut(
        index=entry.index,
        event_id=entry.event_id,
        leaf_hash=_base64(entry.leaf_hash),
        entry=orjson.loads(entry.body),
    )


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _all_base64(hashes: Sequence[bytes]) -> list[str]:
    return [_base64(digest) for digest in hashes]

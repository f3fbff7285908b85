"""The audit trail over HTTP: entries, checkpoint, tiles, proofs, verification, bundles.

What stays of their payloads is decided in `routes`.
Paths are relative to /api/v1. Everything under `/audit/log/` is C2SP tlog-tiles, so
that prefix is what a tlog client is given.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Protocol, TypeAlias

import orjson
from fastapi import APIRouter, Depends, Path, Query
from pydantic import AwareDatetime
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from integritas.kernel.clock import format_time
from integritas.kernel.contracts import AuditLog, Context, LoggedEntry
from integritas.kernel.errors import FieldError, InvalidInput, NotFound, NotPermitted
from integritas.kernel.ids import TenantId
from integritas.platform.health import Ping
from integritas.platform.http import Caller, service_app
from integritas.platform.problems import problem_responses
from integritas.platform.withholding import Withheld, visible_page
from integritas.services.audit.appending import Appended
from integritas.services.audit.external import ExternalEvent
from integritas.services.audit.records import is_pruned, names_any
from integritas.services.audit.routes import LogKeeper, add_keeping
from integritas.services.audit.schemas import (
    AppendedOut,
    ConsistencyOut,
    DifferenceOut,
    EntriesOut,
    EntryOut,
    EventsIn,
    InclusionOut,
    KeysOut,
    Outcome,
    PlaceOut,
    ReportOut,
)
from integritas.services.audit.search import EntryFilter
from integritas.services.audit.siem import MEDIA_TYPES

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["AuditReader", "create_app", "router"]

IMMUTABLE: Final = "public, max-age=31536000, immutable"
_PROBLEMS: Final = problem_responses(401, 404, 422)
_EXPORTED: Final = sorted({kind.partition(";")[0] for kind in MEDIA_TYPES.values()})


class AuditReader(AuditLog, LogKeeper, Protocol):
    """What the routes need: the log, its tiles, and a way in."""

    async def search(
        self, tenant: TenantId, chosen: EntryFilter, /, *, start: int, limit: int
    ) -> Sequence[LoggedEntry]:
        """Return matching entries from index `start` on."""
        ...

    def export(
        self,
        tenant: TenantId,
        chosen: EntryFilter,
        form: str,
        /,
        *,
        withheld: frozenset[str] = frozenset(),
    ) -> AsyncIterator[str]:
        """Yield matching entries as lines of a format, but what is withheld."""
        ...

    async def rotate_key(self, context: Context, /) -> str:
        """Hand the log over to a new key."""
        ...

    async def record_export(
        self,
        context: Context,
        /,
        *,
        form: str,
        subject: str | None = None,
        chosen: EntryFilter | None = None,
    ) -> None:
        """Journal that entries are handed out."""
        ...

    async def append_events(
        self, context: Context, events: Sequence[ExternalEvent], /
    ) -> Appended:
        """Append events of an outside system."""
        ...

    async def tile(self, tenant: TenantId, path: str, /) -> bytes:
        """Return a resource of tlog-tiles."""
        ...


async def chosen_entries(
    *,
    q: Annotated[
        str | None, Query(max_length=500, description="words; word* for beginnings")
    ] = None,
    type: Annotated[str | None, Query(max_length=200)] = None,  # noqa: A002 - the name on the wire
    subject: Annotated[str | None, Query(max_length=200)] = None,
    actor: Annotated[str | None, Query(max_length=200)] = None,
    outcome: Outcome | None = None,
    correlation_id: Annotated[str | None, Query(max_length=200)] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
) -> EntryFilter:
    """Return the filter of a request; conditions hold together."""
    return EntryFilter(
        q=q,
        type=type,
        subject=subject,
        actor=actor,
        outcome=outcome,
        correlation_id=correlation_id,
        since=format_time(since) if since else None,
        until=format_time(until) if until else None,
    )


Chosen: TypeAlias = Annotated[EntryFilter, Depends(chosen_entries)]


def router(log: AuditReader) -> APIRouter:
    """Return the routes over a log, local or remote."""
    routes = APIRouter(prefix="/audit", tags=["audit"], responses=_PROBLEMS)
    _add_entries(routes, log)
    _add_tiles(routes, log)
    _add_proofs(routes, log)
    _add_verification(routes, log)
    add_keeping(routes, log)
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
        chosen: Chosen,
        withheld: Withheld,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
        cursor: str | None = None,
    ) -> EntriesOut:
        start = _start(cursor)
        found, last = await visible_page(
            lambda at, most: log.search(
                caller.tenant,
                chosen,
                start=start if at is None else at + 1,
                limit=most,
            ),
            lambda entry: not names_any(entry, withheld),
            lambda entry: entry.index,
            at=None,
            limit=limit,
        )
        following = None if last is None else str(last + 1)
        return EntriesOut(data=list(map(_entry, found)), next_cursor=following)

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
    async def get_entry(
        caller: Caller, withheld: Withheld, index: Annotated[int, Path(ge=0, le=2**62)]
    ) -> EntryOut:
        found = await log.entries(caller.tenant, start=index, limit=1)
        there = found and found[0].index == index
        if not there or names_any(found[0], withheld):
            raise NotFound(f"the audit log has no entry {index}")
        return _entry(found[0])

    @routes.get(
        "/export",
        operation_id="audit_export",
        summary="Export entries: JSON Lines, CSV, OCSF or CEF",
        response_class=StreamingResponse,
        responses={200: {"content": {kind: {} for kind in _EXPORTED}}},
    )
    async def export(
        caller: Caller,
        chosen: Chosen,
        withheld: Withheld,
        form: Annotated[
            Literal["jsonl", "csv", "ocsf", "cef"], Query(alias="format")
        ] = "jsonl",
    ) -> StreamingResponse:
        await log.record_export(caller, form=form, chosen=chosen)
        lines = log.export(caller.tenant, chosen, form, withheld=withheld)
        name = f"attachment; filename=audit.{form}"
        return StreamingResponse(
            lines, media_type=MEDIA_TYPES[form], headers={"Content-Disposition": name}
        )


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
        responses={
            200: {"content": {"application/octet-stream": {}}},
            **problem_responses(403),
        },
    )
    async def get_tile(caller: Caller, withheld: Withheld, path: str) -> Response:
        tile = await log.tile(caller.tenant, path)
        if path.startswith("entries/") and any(i.encode() in tile for i in withheld):
            # Left out of it, its hashes would not fit: all of the bundle, or nothing.
            raise NotPermitted(
                "the bundle holds entries of cases that you may not see: read the "
                "others one by one, or mirror the log at the server"
            )
        return Response(
            tile,
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
        bundle = await log.bundle(caller.tenant, subject=case)
        await log.record_export(caller, form="bundle", subject=case)
        return dict(bundle)

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
        pruned=is_pruned(entry),
    )


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def _all_base64(hashes: Sequence[bytes]) -> list[str]:
    return [_base64(digest) for digest in hashes]

"""Retention, legal hold and erasure over HTTP; relative to /api/v1/audit.

What these take away is gone for good. So each names its reason, each is an entry of
the log, and what is under legal hold refuses.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from integritas.kernel.contracts import Context
from integritas.kernel.errors import NotFound
from integritas.kernel.ids import TenantId
from integritas.platform.http import Caller
from integritas.platform.problems import problem_responses
from integritas.platform.withholding import Withheld
from integritas.services.audit.records import EVERYTHING, Hold
from integritas.services.audit.schemas import (
    ErasedOut,
    HoldOut,
    HoldsOut,
    OnSubjectIn,
    PrunedOut,
    PruneIn,
)

if TYPE_CHECKING:
    from fastapi import APIRouter

__all__ = ["LogKeeper", "add_keeping"]


class LogKeeper(Protocol):
    """What decides what stays of the payloads of a log."""

    async def holds(self, tenant: TenantId, /) -> Sequence[Hold]:
        """Return the legal holds that last."""
        ...

    async def hold(self, context: Context, /, *, subject: str, reason: str) -> None:
        """Put a subject under legal hold."""
        ...

    async def release(self, context: Context, /, *, subject: str, reason: str) -> None:
        """End a legal hold."""
        ...

    async def erase(self, context: Context, /, *, subject: str, reason: str) -> int:
        """Erase the personal data beside entries on a subject."""
        ...

    async def prune(self, context: Context, /, *, before: datetime, reason: str) -> int:
        """Prune the payloads of older entries."""
        ...


def add_keeping(routes: APIRouter, log: LogKeeper) -> None:
    """Add the routes of what is kept."""

    @routes.get(
        "/holds", operation_id="audit_holds", summary="List the legal holds that last"
    )
    async def list_holds(caller: Caller, withheld: Withheld) -> HoldsOut:
        return await _lasting(log, caller.tenant, withheld)

    @routes.post(
        "/holds",
        operation_id="audit_hold",
        summary="Put a subject under legal hold: nothing on it is pruned or erased",
        status_code=201,
    )
    async def hold(caller: Caller, withheld: Withheld, body: OnSubjectIn) -> HoldsOut:
        await log.hold(caller, subject=body.subject, reason=body.reason)
        return await _lasting(log, caller.tenant, withheld)

    @routes.post(
        "/holds/release", operation_id="audit_release", summary="End a legal hold"
    )
    async def release(
        caller: Caller, withheld: Withheld, body: OnSubjectIn
    ) -> HoldsOut:
        if body.subject in withheld:
            raise NotFound(f"{body.subject!r} is under no legal hold")
        await log.release(caller, subject=body.subject, reason=body.reason)
        return await _lasting(log, caller.tenant, withheld)

    @routes.post(
        "/erase",
        operation_id="audit_erase",
        summary="Erase the personal data beside all entries on a subject",
        responses=problem_responses(409),
    )
    async def erase(caller: Caller, withheld: Withheld, body: OnSubjectIn) -> ErasedOut:
        if body.subject in withheld and not await _all_held(log, caller.tenant):
            return ErasedOut(erased=0)  # as for a subject that no entry names
        count = await log.erase(caller, subject=body.subject, reason=body.reason)
        return ErasedOut(erased=count)

    @routes.post(
        "/prune",
        operation_id="audit_prune",
        summary="Prune the payloads of old entries, never hashes; what is held stays",
        responses=problem_responses(409),
    )
    async def prune(caller: Caller, body: PruneIn) -> PrunedOut:
        count = await log.prune(caller, before=body.before, reason=body.reason)
        return PrunedOut(pruned=count)


async def _all_held(log: LogKeeper, tenant: TenantId) -> bool:
    return any(held.subject == EVERYTHING for held in await log.holds(tenant))


async def _lasting(
    log: LogKeeper, tenant: TenantId, withheld: frozenset[str]
) -> HoldsOut:
    found = await log.holds(tenant)
    return HoldsOut(
        data=[
            HoldOut(subject=held.subject, since=held.since, actor=held.actor)
            for held in found
            if held.subject not in withheld
        ]
    )

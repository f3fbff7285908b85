"""Schedules: runs of workflows by the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from integritas.cases.api import Reader
from integritas.gateway.conventions import Limit, NumberCursorAsked, Page, slice_of
from integritas.gateway.parts import Parts
from integritas.gateway.schemas import NO_NUL, Version
from integritas.gateway.security import Reads, allow
from integritas.gateway.strict import Json, StrictRoute
from integritas.kernel.contracts import Context
from integritas.kernel.errors import FieldError, InvalidInput, NotFound
from integritas.kernel.ids import CaseId
from integritas.platform.problems import problem_responses
from integritas.platform.withholding import Withheld
from integritas.workflows.api import CatchUp, Overlap, Schedule

__all__ = ["router"]

router = APIRouter(tags=["workflows"], route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("workflows:read"))]
Writing = Annotated[Context, Depends(allow("workflows:write"))]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]


class ScheduleIn(BaseModel):
    """When which workflow runs: `cron` has five fields, in `time_zone` (IANA).

    `catch_up`: what becomes of times that passed while no engine was up. `overlap`:
    what becomes of a time while the run before is under way.
    """

    model_config = ConfigDict(extra="forbid")

    name: Name
    workflow: Name
    version: Version | None = None
    cron: Line
    time_zone: Line = "UTC"
    subject: Line | None = None
    input: dict[str, Json] = Field(default_factory=dict)
    catch_up: CatchUp = CatchUp.ONE
    overlap: Overlap = Overlap.SKIP


class ScheduleOut(BaseModel):
    """A schedule, when it is due next, and its last run."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    workflow: str
    version: int | None
    cron: str
    time_zone: str
    subject: str | None
    input: dict[str, Json]
    catch_up: CatchUp
    overlap: Overlap
    paused: bool
    created_at: datetime
    next_at: datetime
    last_at: datetime | None
    last_run_id: str | None


class SchedulePatch(BaseModel):
    """Pause or resume a schedule."""

    model_config = ConfigDict(extra="forbid")

    paused: bool


@router.get(
    "/schedules",
    operation_id="schedules_list",
    summary="List schedules",
    responses=problem_responses(401, 403, 422),
)
async def list_schedules(
    parts: Parts,
    context: Reading,
    withheld: Withheld,
    after: NumberCursorAsked,
    limit: Limit = 100,
) -> Page[ScheduleOut]:
    """List the schedules by name."""
    kept = await parts.workflows.schedules(context.tenant)
    found = [one for one in kept if one.subject not in withheld]
    return slice_of(found, limit, after, ScheduleOut.model_validate)


@router.post(
    "/schedules",
    operation_id="schedules_create",
    summary="Keep a schedule",
    status_code=201,
    responses=problem_responses(400, 401, 403, 409, 422),
)
async def create_schedule(
    parts: Parts, context: Writing, reader: Reads, body: ScheduleIn
) -> ScheduleOut:
    """Keep a schedule; its first time is the next one from now.

    A `subject` is a case, as the subject of a run is.
    """
    if body.subject is not None:
        await _check_subject(parts, reader, body.subject)
    made = Schedule(tenant=context.tenant, **body.model_dump())
    return ScheduleOut.model_validate(await parts.workflows.schedule(context, made))


async def _check_subject(parts: Parts, reader: Reader, subject: str) -> None:
    try:
        await parts.cases.get(reader.tenant, CaseId(subject), reader=reader)
    except NotFound as error:
        raise InvalidInput(
            "the schedule is not valid",
            errors=(
                FieldError(
                    "subject",
                    f"there is no case {subject}",
                    "use the id of a case, or leave it out",
                ),
            ),
        ) from error


@router.patch(
    "/schedules/{name}",
    operation_id="schedules_update",
    summary="Pause or resume a schedule",
    responses=problem_responses(400, 401, 403, 404, 422),
)
async def update_schedule(
    parts: Parts, context: Writing, withheld: Withheld, name: str, body: SchedulePatch
) -> ScheduleOut:
    """Pause or resume; times that pass meanwhile are not caught up."""
    await _check_seen(parts, context, withheld, name)
    found = await parts.workflows.pause_schedule(context, name, paused=body.paused)
    return ScheduleOut.model_validate(found)


@router.delete(
    "/schedules/{name}",
    operation_id="schedules_delete",
    summary="Forget a schedule",
    status_code=204,
    responses=problem_responses(401, 403, 404),
)
async def delete_schedule(
    parts: Parts, context: Writing, withheld: Withheld, name: str
) -> None:
    """Forget a schedule; its runs go on."""
    await _check_seen(parts, context, withheld, name)
    await parts.workflows.unschedule(context, name)


async def _check_seen(
    parts: Parts, context: Context, withheld: frozenset[str], name: str
) -> None:
    """Go on unless the schedule is on a case that the caller may not know of."""
    for one in await parts.workflows.schedules(context.tenant) if withheld else ():
        if one.name == name and one.subject in withheld:
            raise NotFound(f"there is no schedule {name}")

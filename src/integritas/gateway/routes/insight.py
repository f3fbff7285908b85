"""Search and statistics over cases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, StringConstraints

from integritas.cases.api import Found, Interval
from integritas.gateway.conventions import CursorAsked, Limit, Page, page_of
from integritas.gateway.parts import Parts
from integritas.gateway.schemas import CaseOut
from integritas.gateway.security import Reads, allow, sight
from integritas.gateway.strict import Day, StrictRoute
from integritas.identity.api import View
from integritas.kernel.contracts import Context
from integritas.kernel.errors import FieldError, InvalidInput
from integritas.kernel.validation import NO_NUL
from integritas.platform.problems import problem_responses

__all__ = ["router"]

router = APIRouter(tags=["insight"], route_class=StrictRoute)

Reading = Annotated[Context, Depends(allow("insight:read"))]
Words = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)]
_MOST_DAYS = 3_660


class FoundOut(BaseModel):
    """A case that was searched for; `matched` names the fields."""

    case: CaseOut
    matched: list[str]

    @classmethod
    def of(cls, found: Found, view: View) -> FoundOut:
        """Show what was found."""
        return cls(case=CaseOut.of(found.case, view), matched=list(found.matched))


class StatsOut(BaseModel):
    """How many cases there are, by what they are; and what waits."""

    model_config = ConfigDict(from_attributes=True)

    cases: int
    by_state: dict[str, int]
    by_outcome: dict[str, int]
    by_band: dict[str, int]
    by_priority: dict[str, int]
    by_channel: dict[str, int]
    findings_by_severity: dict[str, int]
    unassigned: int
    overdue: int
    open_approvals: int


class PointOut(BaseModel):
    """What happened from `start` on, for the interval."""

    model_config = ConfigDict(from_attributes=True)

    start: date
    opened: int
    closed: int


class SeriesOut(BaseModel):
    """Points of equal length without a gap, the oldest first."""

    interval: Interval
    data: list[PointOut]


class Span(BaseModel):
    """From which day to which, both of them counted, UTC; the last 30 days."""

    model_config = ConfigDict(extra="ignore")

    first: Day | None = None
    last: Day | None = None
    interval: Interval = Interval.DAY


@router.get(
    "/search",
    operation_id="search",
    summary="Search cases",
    responses=problem_responses(401, 403, 422),
)
async def search(  # noqa: PLR0917 - FastAPI fills the parameters by name
    parts: Parts,
    context: Reading,
    reader: Reads,
    q: Annotated[Words, Query(description="Words; all of them must be found.")],
    cursor: CursorAsked,
    limit: Limit = 50,
) -> Page[FoundOut]:
    """Find cases by number, title, tag, reference or finding, newest first."""
    found = await parts.figures.search(reader, q, before=cursor, limit=limit + 1)
    show = partial(FoundOut.of, view=sight(context))
    return page_of(found, limit, lambda one: one.case.id, show)


@router.get(
    "/stats",
    operation_id="stats",
    summary="Count cases",
    responses=problem_responses(401, 403),
)
async def stats(parts: Parts, _: Reading, reader: Reads) -> StatsOut:
    """Count the cases that the caller may see, as they are now."""
    found = await parts.figures.stats(reader)
    return StatsOut.model_validate(found)


@router.get(
    "/stats/timeseries",
    operation_id="stats_timeseries",
    summary="Count cases over time",
    responses=problem_responses(401, 403, 422),
)
async def timeseries(
    parts: Parts, _: Reading, reader: Reads, span: Annotated[Span, Query()]
) -> SeriesOut:
    """Count the cases opened and closed, by day, week or month."""
    last = span.last or datetime.now(UTC).date()
    first = span.first or last - timedelta(days=29)
    if not timedelta() <= last - first <= timedelta(days=_MOST_DAYS):
        raise InvalidInput(
            "the span is not valid",
            errors=(
                FieldError(
                    "first",
                    f"{first} to {last} is no span of days",
                    f"use a day up to {_MOST_DAYS} days before the last",
                ),
            ),
        )
    found = await parts.figures.series(reader, first, last, span.interval)
    points = [PointOut.model_validate(point) for point in found]
    return SeriesOut(interval=span.interval, data=points)

"""Finding cases by what people remember of them, and counting them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import sqlalchemy as sa

from integritas.cases.model import Case
from integritas.cases.need import visible_to
from integritas.cases.rows import case_of
from integritas.cases.tables import APPROVALS, CASES, FINDINGS, SUBMISSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.cases.need import Reader, Visible
    from integritas.kernel.clock import Clock
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Database, Transaction

__all__ = ["CaseFigures", "Found", "Interval", "Point", "Stats"]

Own: TypeAlias = "tuple[TenantId, Visible]"
"""Whose cases are counted, and which of them."""

_FIELDS: Final = ("number", "title", "reference", "tag", "finding")


@dataclass(frozen=True, slots=True)
class Found:
    """A case that was searched for, and in which of its fields the words stand."""

    case: Case
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stats:
    """How many cases there are, by what they are; and what waits."""

    cases: int
    by_state: Mapping[str, int]
    by_outcome: Mapping[str, int]
    by_band: Mapping[str, int]
    by_priority: Mapping[str, int]
    by_channel: Mapping[str, int]
    findings_by_severity: Mapping[str, int]
    unassigned: int
    overdue: int
    open_approvals: int


class Interval(StrEnum):
    """How long a point of a time series lasts."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Point:
    """What began on `start` (UTC) and within the interval."""

    start: date
    opened: int
    closed: int


class CaseFigures:
    """Answers questions about many cases; reads only."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """Read from `database`; the clock tells which grants are over."""
        self._database = database
        self._clock = clock

    async def search(
        self, reader: Reader, words: str, *, before: str | None, limit: int
    ) -> Sequence[Found]:
        """Return cases all of whose words stand in one field each, newest first.

        Fields are the case's number, title and tags, the submission's reference, and
        the titles of findings; letters of either case are alike.
        """
        wanted = words.casefold().split()
        visible = visible_to(reader, self._clock.now())
        query = (
            sa.select(CASES)
            .join(
                SUBMISSIONS,
                sa.and_(
                    SUBMISSIONS.c.tenant_id == CASES.c.tenant_id,
                    SUBMISSIONS.c.id == CASES.c.submission_id,
                ),
            )
            .add_columns(SUBMISSIONS.c.reference)
            .where(CASES.c.tenant_id == reader.tenant, visible(CASES.c.id))
            .order_by(CASES.c.id.desc())
            .limit(limit)
        )
        for word in wanted:
            query = query.where(_stands_somewhere(word))
        if before is not None:
            query = query.where(CASES.c.id < before)

        def read(tx: Transaction) -> Sequence[Found]:
            return [_found(row, wanted) for row in tx.execute(query)]

        return await self._database.read(read)

    async def stats(self, reader: Reader) -> Stats:
        """Count the cases a reader may see, as they are."""
        now = self._clock.now()
        visible = visible_to(reader, now)
        tenant = reader.tenant

        def read(tx: Transaction) -> Stats:
            own = tenant, visible
            by_state = _counts(tx, CASES.c.state, own)
            is_open = CASES.c.closed_at.is_(None)
            return Stats(
                cases=sum(by_state.values()),
                by_state=by_state,
                by_outcome=_counts(tx, CASES.c.outcome, own),
                by_band=_counts(tx, CASES.c.band, own),
                by_priority=_counts(tx, CASES.c.priority, own),
                by_channel=_counts(tx, CASES.c.channel, own),
                findings_by_severity=_counts(tx, FINDINGS.c.severity, own),
                unassigned=_count(tx, own, is_open, CASES.c.assignee.is_(None)),
                overdue=_count(tx, own, is_open, CASES.c.due_at < now),
                open_approvals=_counts(tx, APPROVALS.c.state, own).get("open", 0),
            )

        return await self._database.read(read)

    async def series(
        self, reader: Reader, first: date, last: date, interval: Interval
    ) -> Sequence[Point]:
        """Return how many cases were opened and closed, by interval, none left out."""
        own = reader.tenant, visible_to(reader, self._clock.now())

        def read(tx: Transaction) -> Sequence[Point]:
            opened = _by_day(tx, CASES.c.created_at, own, first, last)
            closed = _by_day(tx, CASES.c.closed_at, own, first, last)
            return _points(opened, closed, first, last, interval)

        return await self._database.read(read)


def _stands_somewhere(word: str) -> sa.ColumnElement[bool]:
    in_findings = (
        sa.select(FINDINGS.c.id)
        .where(
            FINDINGS.c.tenant_id == CASES.c.tenant_id,
            FINDINGS.c.case_id == CASES.c.id,
            _stands_in(sa.cast(FINDINGS.c.body, sa.Text), word),
        )
        .exists()
    )
    return sa.or_(
        _stands_in(CASES.c.number, word),
        _stands_in(CASES.c.title, word),
        _stands_in(sa.cast(CASES.c.tags, sa.Text), word),
        _stands_in(SUBMISSIONS.c.reference, word),
        in_findings,
    )


def _stands_in(column: sa.ColumnElement[Any], word: str) -> sa.ColumnElement[bool]:
    return sa.func.lower(column).contains(word, autoescape=True)


def _found(row: Any, words: Sequence[str]) -> Found:  # noqa: ANN401 - a row
    case = case_of(row)
    texts = (case.number, case.title, row.reference, " ".join(case.tags))
    matched = tuple(
        name
        for name, text in zip(_FIELDS, texts, strict=False)
        if any(word in text.casefold() for word in words)
    )
    return Found(case, matched or ("finding",))


def _counts(tx: Transaction, column: sa.Column[Any], own: Own) -> dict[str, int]:
    query = (
        sa.select(column.label("value"), sa.func.count().label("rows"))
        .where(*_own(column.table, own), column.is_not(None))
        .group_by(column)
        .order_by(column)
    )
    return {row.value: row.rows for row in tx.execute(query)}


def _own(table: Any, own: Own) -> Sequence[sa.ColumnElement[bool]]:  # noqa: ANN401 - a table with cases
    tenant, visible = own
    case = table.c.id if table is CASES else table.c.case_id
    return table.c.tenant_id == tenant, visible(case)


def _count(tx: Transaction, own: Own, *conditions: sa.ColumnElement[bool]) -> int:
    query = (
        sa.select(sa.func.count())
        .select_from(CASES)
        .where(*_own(CASES, own), *conditions)
    )
    return int(tx.execute(query).scalar_one())


def _by_day(
    tx: Transaction, column: sa.Column[Any], own: Own, first: date, last: date
) -> dict[date, int]:
    if tx.dialect == "postgresql":
        day = sa.func.to_char(sa.func.timezone("UTC", column), "YYYY-MM-DD")
    else:
        day = sa.func.substr(sa.type_coerce(column, sa.Text), 1, 10)
    start = datetime.combine(first, datetime.min.time(), UTC)
    end = datetime.combine(last, datetime.min.time(), UTC) + timedelta(days=1)
    query = (
        sa.select(day.label("day"), sa.func.count().label("cases"))
        .where(*_own(CASES, own), column >= start, column < end)
        .group_by(sa.text("day"))
    )
    return {date.fromisoformat(row.day): row.cases for row in tx.execute(query)}


def _points(
    opened: Mapping[date, int],
    closed: Mapping[date, int],
    first: date,
    last: date,
    interval: Interval,
) -> list[Point]:
    totals: dict[date, list[int]] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        total = totals.setdefault(_start(day, interval), [0, 0])
        total[0] += opened.get(day, 0)
        total[1] += closed.get(day, 0)
    return [Point(start, *total) for start, total in totals.items()]


def _start(day: date, interval: Interval) -> date:
    if interval is Interval.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval is Interval.MONTH else day

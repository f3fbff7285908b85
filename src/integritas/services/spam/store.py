"""Statements over what was learned: a function each, in a unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import sqlalchemy as sa

from integritas.services.spam.campaigns import LEAST, Sighting
from integritas.services.spam.online import MOST_ALIKE, Lesson
from integritas.services.spam.tables import (
    SPAM_FEEDBACK,
    SPAM_SIGHTINGS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from integritas.kernel.contracts import UnitOfWork
    from integritas.kernel.ids import TenantId
    from integritas.services.spam.sighting import SightingRow

__all__ = [
    "CampaignRow",
    "FeedbackRow",
    "MemberRow",
    "ScoreRow",
    "erase_evidence",
    "find_campaign",
    "find_sightings",
    "forget_before",
    "insert_feedback",
    "insert_sightings",
    "join_campaigns",
    "known_evidence",
    "list_campaigns",
    "list_feedback",
    "list_members",
    "read_lessons",
    "read_scores",
    "read_version",
    "read_window",
    "withdraw_feedback",
]

_AT_ONCE: Final = 500
NOTHING: Final[frozenset[str]] = frozenset()


class CampaignRow(NamedTuple):
    """A campaign as its sightings make it."""

    id: str
    messages: int
    cases: int
    senders: int
    first_seen: datetime
    last_seen: datetime


class MemberRow(NamedTuple):
    """A message of a campaign."""

    seq: int
    evidence_id: str
    case_id: str
    channel: str
    seen_at: datetime
    verdict: str
    logit: float


class FeedbackRow(NamedTuple):
    """What an analyst said of a message."""

    id: str
    evidence_id: str
    label: str
    reason: str
    given_by: str
    given_at: datetime
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None


class ScoreRow(NamedTuple):
    """What champion and challenger said of a message, and an analyst, if one did."""

    logit: float
    unknown: float
    verdict: str
    challenger_verdict: str
    label: str | None


# Sightings ------------------------------------------------------------------------


def known_evidence(
    uow: UnitOfWork, tenant: TenantId, ids: Sequence[str]
) -> frozenset[str]:
    """Return which of the items were seen before."""
    table = SPAM_SIGHTINGS
    query = sa.select(table.c.evidence_id).where(
        table.c.tenant_id == tenant, table.c.evidence_id.in_(list(ids))
    )
    return frozenset(uow.execute(query).scalars())


def insert_sightings(
    uow: UnitOfWork, tenant: TenantId, rows: Sequence[SightingRow]
) -> None:
    """Keep sightings."""
    if rows:
        values = [{"tenant_id": tenant, **row._asdict()} for row in rows]
        uow.execute(sa.insert(SPAM_SIGHTINGS), values)


def join_campaigns(uow: UnitOfWork, tenant: TenantId, old: str, new: str) -> None:
    """Let all messages of a campaign be of another."""
    table = SPAM_SIGHTINGS
    uow.execute(
        sa.update(table)
        .where(table.c.tenant_id == tenant, table.c.campaign == old)
        .values(campaign=new)
    )


def read_window(
    uow: UnitOfWork, tenant: TenantId, *, after: int, most: int
) -> Sequence[Sighting]:
    """Return the newest sightings behind a number, in the order they were learned."""
    table = SPAM_SIGHTINGS
    query = (
        sa.select(
            table.c.seq,
            table.c.evidence_id,
            table.c.channel,
            table.c.sender,
            table.c.seen_at,
            table.c.signature,
            table.c.campaign,
        )
        .where(table.c.tenant_id == tenant, table.c.seq > after)
        .order_by(table.c.seq.desc())
        .limit(most)
    )
    found = [
        Sighting(
            row.seq,
            row.evidence_id,
            row.channel,
            row.sender,
            row.seen_at,
            np.frombuffer(row.signature, np.uint32) if row.signature else None,
            row.campaign,
        )
        for row in uow.execute(query)
    ]
    found.reverse()
    return found


def erase_evidence(uow: UnitOfWork, tenant: TenantId, ids: Sequence[str]) -> int:
    """Erase sightings of items and what analysts said of them; return how many rows."""
    gone = 0
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        for table in (SPAM_SIGHTINGS, SPAM_FEEDBACK):
            mine = (table.c.tenant_id == tenant) & table.c.evidence_id.in_(some)
            gone += int(uow.execute(sa.delete(table).where(mine)).rowcount)
    return gone


def forget_before(
    uow: UnitOfWork, tenant: TenantId, oldest: datetime, *, most: int
) -> None:
    """Forget sightings older than a time, among the first that are kept.

    So many at a time: there is no index over times, and none is needed.
    """
    table = SPAM_SIGHTINGS
    first = (
        sa.select(table.c.seq)
        .where(table.c.tenant_id == tenant)
        .order_by(table.c.seq)
        .limit(most)
        .subquery()
    )
    uow.execute(
        sa.delete(table).where(
            table.c.tenant_id == tenant,
            table.c.seq.in_(sa.select(first.c.seq)),
            table.c.seen_at < oldest,
        )
    )


def find_sightings(
    uow: UnitOfWork,
    tenant: TenantId,
    *,
    evidence: str | None = None,
    case: str | None = None,
    campaign: str | None = None,
    most: int = 10_000,
    withheld: frozenset[str] = NOTHING,
) -> Sequence[str]:
    """Return the evidence ids of an item, of a case or of a campaign.

    Messages of cases that are `withheld` are left out.
    """
    table = SPAM_SIGHTINGS
    wanted = [
        column == value
        for column, value in (
            (table.c.evidence_id, evidence),
            (table.c.case_id, case),
            (table.c.campaign, campaign),
        )
        if value is not None
    ]
    query = (
        sa.select(table.c.evidence_id)
        .where(table.c.tenant_id == tenant, *wanted, *_but(withheld))
        .order_by(table.c.seq)
        .limit(most)
    )
    return list(uow.execute(query).scalars())


# Campaigns ------------------------------------------------------------------------


def list_campaigns(
    uow: UnitOfWork,
    tenant: TenantId,
    *,
    before: str | None,
    limit: int,
    case: str | None = None,
    withheld: frozenset[str] = NOTHING,
) -> Sequence[CampaignRow]:
    """Return campaigns (a case's), the one that began last first, behind an id.

    Messages of cases that are `withheld` do not count, here and below.
    """
    table = SPAM_SIGHTINGS
    wanted = [table.c.tenant_id == tenant, *_but(withheld)]
    if case is not None:
        own = sa.select(table.c.campaign).where(
            table.c.tenant_id == tenant, table.c.case_id == case, *_but(withheld)
        )
        wanted.append(table.c.campaign.in_(own))
    if before is not None:
        wanted.append(table.c.campaign < before)
    query = _grouped(wanted).order_by(table.c.campaign.desc()).limit(limit)
    return [CampaignRow(*row) for row in uow.execute(query)]


def find_campaign(
    uow: UnitOfWork, tenant: TenantId, name: str, withheld: frozenset[str] = NOTHING
) -> CampaignRow | None:
    """Return a campaign, None if there is none of that id."""
    table = SPAM_SIGHTINGS
    mine = [table.c.tenant_id == tenant, table.c.campaign == name]
    query = _grouped([*mine, *_but(withheld)])
    row = uow.execute(query).first()
    return None if row is None else CampaignRow(*row)


def _but(withheld: frozenset[str]) -> Sequence[sa.ColumnElement[bool]]:
    """Return the condition that a message is of none of some cases, if there are."""
    if not withheld:
        return ()
    # Written into the statement: databases take but so many parameters.
    ids: sa.BindParameter[str] = sa.bindparam(
        None, sorted(withheld), expanding=True, literal_execute=True
    )
    return (SPAM_SIGHTINGS.c.case_id.not_in(ids),)


def _grouped(wanted: Sequence[Any]) -> sa.Select[Any]:
    table = SPAM_SIGHTINGS
    return (
        sa.select(
            table.c.campaign,
            sa.func.count(),
            sa.func.count(table.c.case_id.distinct()),
            sa.func.count(table.c.sender.distinct()),
            sa.func.min(table.c.seen_at),
            sa.func.max(table.c.seen_at),
        )
        .where(*wanted)
        .group_by(table.c.campaign)
        .having(sa.func.count() >= LEAST)
    )


def list_members(
    uow: UnitOfWork,
    tenant: TenantId,
    name: str,
    *,
    before: int | None,
    limit: int,
    withheld: frozenset[str] = NOTHING,
) -> Sequence[MemberRow]:
    """Return the messages of a campaign, the newest first, behind a number."""
    table = SPAM_SIGHTINGS
    wanted = [table.c.tenant_id == tenant, table.c.campaign == name, *_but(withheld)]
    if before is not None:
        wanted.append(table.c.seq < before)
    query = (
        sa.select(
            table.c.seq,
            table.c.evidence_id,
            table.c.case_id,
            table.c.channel,
            table.c.seen_at,
            table.c.verdict,
            table.c.logit,
        )
        .where(*wanted)
        .order_by(table.c.seq.desc())
        .limit(limit)
    )
    return [MemberRow(*row) for row in uow.execute(query)]


# Feedback -------------------------------------------------------------------------


def insert_feedback(
    uow: UnitOfWork, tenant: TenantId, rows: Sequence[FeedbackRow]
) -> None:
    """Keep feedback; what was said of the same messages before is withdrawn by it."""
    table = SPAM_FEEDBACK
    for start in range(0, len(rows), _AT_ONCE):
        part = rows[start : start + _AT_ONCE]
        ids = [row.evidence_id for row in part]
        uow.execute(
            sa.update(table)
            .where(
                table.c.tenant_id == tenant,
                table.c.evidence_id.in_(ids),
                table.c.withdrawn_at.is_(None),
            )
            .values(withdrawn_by=part[0].given_by, withdrawn_at=part[0].given_at)
        )
        values = [{"tenant_id": tenant, **row._asdict()} for row in part]
        uow.execute(sa.insert(table), values)


def withdraw_feedback(
    uow: UnitOfWork,
    tenant: TenantId,
    key: str,
    by: str,
    at: datetime,
    *,
    withheld: frozenset[str] = NOTHING,
) -> FeedbackRow | None:
    """Take feedback back; return it as it was, None if there is none of that id.

    What is about `withheld` evidence is not there.
    """
    table = SPAM_FEEDBACK
    mine = (table.c.tenant_id == tenant) & (table.c.id == key)
    columns = [table.c[name] for name in FeedbackRow._fields]
    row = uow.execute(sa.select(*columns).where(mine)).first()
    if row is None or row.evidence_id in withheld:
        return None
    found = FeedbackRow(*row)
    if found.withdrawn_at is None:
        uow.execute(
            sa.update(table).where(mine).values(withdrawn_by=by, withdrawn_at=at)
        )
    return found


def list_feedback(
    uow: UnitOfWork, tenant: TenantId, *, before: str | None, limit: int
) -> Sequence[FeedbackRow]:
    """Return feedback, the newest first, behind an id."""
    table = SPAM_FEEDBACK
    wanted = [table.c.tenant_id == tenant]
    if before is not None:
        wanted.append(table.c.id < before)
    columns = [table.c[name] for name in FeedbackRow._fields]
    query = sa.select(*columns).where(*wanted).order_by(table.c.id.desc()).limit(limit)
    return [FeedbackRow(*row) for row in uow.execute(query)]


def read_version(uow: UnitOfWork, tenant: TenantId) -> str:
    """Return the version of the feedback in force.

    It counts what was ever given and withdrawn, so it never comes again.
    """
    given = SPAM_FEEDBACK
    counts = uow.execute(
        sa.select(sa.func.count(), sa.func.count(given.c.withdrawn_at)).where(
            given.c.tenant_id == tenant
        )
    ).one()
    return f"{counts[0]}-{counts[1]}" if counts[1] else str(counts[0])


def read_lessons(
    uow: UnitOfWork, tenant: TenantId, *, most: int
) -> tuple[Sequence[Lesson], str]:
    """Return the feedback in force, in the order given, and the version of it.

    Of a campaign's messages with one label the newest `MOST_ALIKE` count.
    """
    given, seen = SPAM_FEEDBACK, SPAM_SIGHTINGS
    place = sa.func.row_number().over(
        partition_by=(seen.c.campaign, given.c.label), order_by=given.c.id.desc()
    )
    ranked = (
        sa.select(
            given.c.id, seen.c.words, seen.c.logit, given.c.label, place.label("place")
        )
        .join(
            seen,
            (seen.c.tenant_id == given.c.tenant_id)
            & (seen.c.evidence_id == given.c.evidence_id),
        )
        .where(given.c.tenant_id == tenant, given.c.withdrawn_at.is_(None))
        .subquery()
    )
    query = (
        sa.select(ranked.c.words, ranked.c.logit, ranked.c.label)
        .where(ranked.c.place <= MOST_ALIKE)
        .order_by(ranked.c.id.desc())
        .limit(most)
    )
    lessons = [
        Lesson(np.frombuffer(row.words, np.uint16), row.logit, row.label == "junk")
        for row in uow.execute(query)
    ]
    lessons.reverse()
    return lessons, read_version(uow, tenant)


# Models ---------------------------------------------------------------------------


def read_scores(
    uow: UnitOfWork,
    tenant: TenantId,
    model: str,
    *,
    newest: bool,
    most: int,
    shadow: bool = False,
) -> Sequence[ScoreRow]:
    """Return scores of a champion, the first or newest; `shadow`: of a challenger."""
    seen, given = SPAM_SIGHTINGS, SPAM_FEEDBACK
    scorer = seen.c.challenger if shadow else seen.c.model
    order = seen.c.seq.desc() if newest else seen.c.seq
    query = (
        sa.select(
            *[seen.c[name] for name in ScoreRow._fields if name != "label"],
            given.c.label,
        )
        .outerjoin(
            given,
            (given.c.tenant_id == seen.c.tenant_id)
            & (given.c.evidence_id == seen.c.evidence_id)
            & given.c.withdrawn_at.is_(None),
        )
        .where(seen.c.tenant_id == tenant, scorer == model)
        .order_by(order)
        .limit(most)
    )
    return [ScoreRow(*row) for row in uow.execute(query)]

"""Retention: evidence whose period is over is erased, unless a legal hold keeps it.

A period is of a kind of evidence and counts from when the case was closed; what belongs
to an open case is kept. Erasing is what erases a person's evidence: content and salt
go, commitments stay, and the log verifies on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final, TypeAlias

from integritas.cases.api import ClosedEvidence, closed_evidence
from integritas.kernel.contracts import Fact
from integritas.kernel.errors import NotFound, Refused
from integritas.kernel.evidence import EvidenceKind
from integritas.kernel.ids import TenantId
from integritas.oversight.subjects import is_held

if TYPE_CHECKING:
    from pydantic import JsonValue

    from integritas.journal.api import Journal
    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Context
    from integritas.oversight.subjects import Holds, SubjectDesk
    from integritas.platform.db import Database

__all__ = ["APPLIED", "Due", "Periods", "PeriodsOf", "RetentionDesk"]

APPLIED: Final = "integritas.retention.applied.v1"
_PAGE: Final = 1_000

Days: TypeAlias = Mapping[EvidenceKind, int]
"""Days to keep evidence after its case was closed, by kind; others are kept."""


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of a tenant: by channel, and of every other channel."""

    default: Days
    channels: Mapping[str, Days]

    def days(self, item: ClosedEvidence) -> int | None:
        """Return how long an item is kept, None if for ever."""
        return self.channels.get(item.channel, self.default).get(item.kind)

    @property
    def shortest(self) -> int | None:
        """Return the shortest period there is, None if there is none."""
        found = [self.default, *self.channels.values()]
        return min((d for days in found for d in days.values()), default=None)


PeriodsOf: TypeAlias = Callable[[TenantId], Awaitable[Periods]]


@dataclass(frozen=True, slots=True)
class Due:
    """What is due: to be erased, or kept by a legal hold; or what was erased."""

    evidence: Sequence[ClosedEvidence]
    held: Sequence[ClosedEvidence]

    @property
    def kinds(self) -> dict[str, int]:
        """Return how many items of each kind are to be erased."""
        counts = Counter(item.kind.value for item in self.evidence)
        return {kind: counts[kind] for kind in sorted(counts)}


class RetentionDesk:
    """Finds what is due, and erases it."""

    def __init__(
        self,
        *,
        database: Database,
        journal: Journal,
        subjects: SubjectDesk,
        holds: Holds,
        periods: PeriodsOf,
        clock: Clock,
    ) -> None:
        """Take who erases, and what says how long things are kept."""
        self._database = database
        self._journal = journal
        self._subjects = subjects
        self._holds = holds
        self._periods = periods
        self._clock = clock

    async def due(self, tenant: TenantId) -> Due:
        """Return what is due now; nothing is changed: the dry run."""
        periods, now = await self._periods(tenant), self._clock.now()
        due: list[ClosedEvidence] = []
        if periods.shortest is None:
            return Due((), ())
        before, after = now - timedelta(days=periods.shortest), ("", "")
        while page := await self._database.read(
            lambda tx, at=after: closed_evidence(  # type: ignore[misc] # mypy sees no default
                tx, tenant, before, after=at, limit=_PAGE
            )
        ):
            for item in page:
                days = periods.days(item)
                if days is not None and item.closed_at <= now - timedelta(days=days):
                    due.append(item)
            after = (page[-1].case_id, page[-1].evidence_id)
        held = await self._database.read(lambda tx: self._holds(tx, tenant))
        kept = {e for e in due if is_held(held, e.case_id, e.evidence_id)}
        return Due([e for e in due if e not in kept], [e for e in due if e in kept])

    async def apply(self, context: Context) -> Due:
        """Erase what is due, a case at a time; return what went, and what is held.

        A case that came under hold meanwhile, or was erased by another process, is
        left out. That it was done is one entry, where anything was.
        """
        due = await self.due(context.tenant)
        gone: list[ClosedEvidence] = []
        held = [*due.held]
        for _, items in groupby(due.evidence, key=lambda item: item.case_id):
            some = list(items)
            kinds = ", ".join(sorted({item.kind.value for item in some}))
            try:
                await self._subjects.erase(
                    context,
                    [item.evidence_id for item in some],
                    f"the retention period is over: {kinds}",
                )
            except Refused:
                held += some
            except NotFound:
                continue
            else:
                gone += some
        done = Due(gone, held)
        if gone:
            cases = len({item.case_id for item in gone})
            data: dict[str, JsonValue] = {
                "kinds": {**done.kinds},
                "cases": cases,
                "held": len(held),
            }
            fact = Fact(APPLIED, "retention", data)
            await self._database.transact(
                lambda tx: self._journal.record(tx, context, [fact])
            )
        return done

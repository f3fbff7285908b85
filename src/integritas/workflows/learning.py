"""What services learn from: the evidence of cases, told as the journal tells of it.

A lesson is a run of journal entries and the dossiers they brought, each with the
evidence that its entry names and no other. Lessons are cut by entries and sizes alone,
so a run that is told again is cut alike, and an observer that notes event ids counts
nothing twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from integritas.cases.api import EVIDENCE_ADDED, OPENED
from integritas.kernel.evidence import Message, Procurement
from integritas.kernel.ids import CaseId, EventId, TenantId

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from integritas.cases.api import CaseDesk
    from integritas.journal.api import Entry
    from integritas.kernel.contracts import Dossier, Observer
    from integritas.kernel.evidence import Content

__all__ = ["Lessons"]

_CASES: Final = 50
_BYTES: Final = 8 * 1024 * 1024


class _Lesson(NamedTuple):
    event_id: EventId
    dossiers: tuple[Dossier, ...]


class Lessons:
    """Tells an observer of evidence; its call is what a `journal.Feeder` feeds.

    It is told of the kinds that it learns from, no others: they are not even read.
    """

    types = frozenset({OPENED, EVIDENCE_ADDED})
    """Types of the entries that bring evidence."""

    def __init__(self, desk: CaseDesk, observer: Observer) -> None:
        """Load dossiers from the desk and hand them to the observer."""
        self._desk = desk
        self._observer = observer

    async def __call__(self, tenant: TenantId, entries: Sequence[Entry], /) -> None:
        """Tell of the evidence that entries of `types` brought, where it is left."""
        told = [
            (entry, wanted)
            for entry in entries
            if (wanted := self._told(entry.data.get("evidence")))
        ]
        for start in range(0, len(told), _CASES):
            chosen = told[start : start + _CASES]
            ids = list(dict.fromkeys(CaseId(entry.subject) for entry, _ in chosen))
            cases = await self._desk.dossiers(tenant, ids)
            brought = [
                (EventId(entry.event_id), _brought(cases[case_id], entry, wanted))
                for entry, wanted in chosen
                if (case_id := CaseId(entry.subject)) in cases
            ]
            for lesson in _lessons(brought):
                await self._observer.observe(lesson.event_id, lesson.dossiers)

    def _told(self, references: Any) -> frozenset[str]:  # noqa: ANN401 - JSON
        """Return the ids of the evidence an entry brought that teaches something."""
        kinds = self._observer.learns_from
        return frozenset(
            reference["id"]
            for reference in references or ()
            if reference["kind"] in kinds
        )


def _brought(dossier: Dossier, entry: Entry, named: frozenset[str]) -> Dossier:
    """Return the part of a case's dossier that an entry tells of."""
    items = tuple(item for item in dossier.evidence if item.id in named)
    return replace(dossier, received_at=entry.time, evidence=items)


def _lessons(brought: Sequence[tuple[EventId, Dossier]]) -> Iterator[_Lesson]:
    """Cut into lessons of a bounded size, named by the last entry of each."""
    part: list[Dossier] = []
    size = 0
    for number, (event_id, dossier) in enumerate(brought, start=1):
        part.append(dossier)
        size += sum(_size(item.content) for item in dossier.evidence)
        if size >= _BYTES or number == len(brought):
            yield _Lesson(event_id, tuple(part))
            part, size = [], 0


def _size(content: Content) -> int:
    """Return about how many bytes travel with an item."""
    if isinstance(content, Message):
        return len(content.raw)
    return _LARGE if isinstance(content, Procurement) else _SMALL


_LARGE: Final = 64 * 1024
_SMALL: Final = 1_024

"""Data subjects: what is kept of a person, given out or erased, and both told.

A person is looked for in the content of all evidence of a tenant. What is erased is
named item by item, so that somebody looks before anything goes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from integritas.cases.api import CaseDesk, FindingRecord, erase_evidence
from integritas.journal.api import numbers_on, read_head
from integritas.kernel.contracts import Context, Evidence, Fact
from integritas.kernel.errors import FieldError, InvalidInput, Refused
from integritas.kernel.evidence import Content
from integritas.kernel.ids import CaseId, EvidenceId, TenantId
from integritas.oversight.monitoring import forget_told
from integritas.workflows.api import redact_results

if TYPE_CHECKING:
    from integritas.journal.api import Journal
    from integritas.kernel.contracts import UnitOfWork
    from integritas.platform.db import Database, Transaction

__all__ = [
    "Erased",
    "Eraser",
    "Holds",
    "KeptItem",
    "Matcher",
    "SubjectDesk",
    "Unlearned",
    "is_held",
]

EXPORTED: Final = "integritas.subject.exported.v1"
_PAGE: Final = 200

Matcher: TypeAlias = Callable[[Content], bool]
"""Says whether content is of the person that is looked for."""


Holds: TypeAlias = Callable[["Transaction", TenantId], Collection[str]]
"""Returns what is under legal hold: cases, items of evidence, or `*`, everything."""


def is_held(held: Collection[str], case_id: str, evidence: str) -> bool:
    """Say whether a legal hold keeps an item of evidence."""
    return not {"*", case_id, evidence}.isdisjoint(held)


@dataclass(frozen=True, slots=True)
class Unlearned:
    """What a service took back: rows, and what its own journal entries are on.

    What people wrote beside the entries on `subjects` goes with the rows.
    """

    rows: int
    subjects: Sequence[str] = ()


class Eraser(Protocol):
    """A service that learned from evidence, and can take it back."""

    def __call__(
        self, uow: UnitOfWork, context: Context, evidence: Sequence[Evidence], /
    ) -> Unlearned:
        """Erase what was learned from evidence; return what that was."""
        ...


@dataclass(frozen=True, slots=True)
class KeptItem:
    """An item of evidence about a person, its case, and what was found of it."""

    case_id: CaseId
    evidence: Evidence
    findings: tuple[FindingRecord, ...]


@dataclass(frozen=True, slots=True)
class Erased:
    """What went: items of evidence, cases that are empty now, personal journal data."""

    evidence: int
    cases: tuple[CaseId, ...]
    journal: int
    learned: int


class SubjectDesk:
    """Looks for persons and erases them, over all packages that keep something."""

    def __init__(
        self,
        database: Database,
        cases: CaseDesk,
        journal: Journal,
        erasers: Sequence[Eraser],
        holds: Holds,
    ) -> None:
        """Take the keepers, and what says which subjects are under legal hold."""
        self._database = database
        self._cases = cases
        self._journal = journal
        self._erasers = erasers
        self._holds = holds

    async def export(
        self, context: Context, matches: Matcher, asked: dict[str, list[str]]
    ) -> Sequence[KeptItem]:
        """Return all evidence about a person; that it was read is recorded first.

        `asked` says who was looked for; it is kept as personal data of the entry.
        """
        found = [item async for item in self._find(context.tenant, matches)]
        fact = Fact(
            type=EXPORTED,
            subject="subjects",
            data={"evidence": [item.evidence.id for item in found]},
            personal={name: [*values] for name, values in asked.items()},
        )
        await self._database.transact(
            lambda tx: self._journal.record(tx, context, [fact])
        )
        return found

    async def erase(
        self, context: Context, evidence: Sequence[EvidenceId], reason: str
    ) -> Erased:
        """Erase items of evidence everywhere; the log keeps its commitments.

        Raises:
            InvalidInput: there is no reason.
            NotFound: there is no item of one of the ids.
            Refused: an item, its case, or what a service tells of it by itself (a pair
                of the allow-list) is under legal hold; nothing is erased.
        """
        tenant = context.tenant
        if not reason.strip():
            raise InvalidInput(
                "an erasure needs a reason",
                errors=(FieldError("reason", "is empty", "say why"),),
            )
        unique = dict.fromkeys(evidence)
        found = [await self._cases.one_evidence(tenant, item) for item in unique]
        items = [item for _, item in found]
        subjects: set[str] = {case_id for case_id, _ in found}
        subjects |= {item.id for item in items}
        told = {name: await self._entries(tenant, name) for name in subjects}

        def work(tx: Transaction) -> Erased:
            held = self._holds(tx, tenant)
            for case_id, item in found:
                if is_held(held, case_id, item.id):
                    raise Refused(
                        f"{item.id} of {case_id} is under legal hold: nothing is erased"
                    )
            emptied = erase_evidence(tx, self._cases.store, context, evidence, reason)
            redact_results(tx, tenant, emptied, evidence)
            forgotten = forget_told(tx, tenant, emptied)
            gone = tuple(case_id for case_id, empty in emptied.items() if empty)
            # Feedback is told of the item itself, whatever is left of its case.
            journal = sum(
                self._journal.erase(
                    tx, context, told[name], subject=name, reason=reason
                )
                for name in (*gone, *(item.id for item in items))
            )
            learned, beside = self._unlearn(tx, context, items, held, reason)
            return Erased(len(items), gone, journal + beside, learned + forgotten)

        return await self._database.transact(work)

    def _unlearn(
        self,
        tx: Transaction,
        context: Context,
        items: Sequence[Evidence],
        held: Collection[str],
        reason: str,
    ) -> tuple[int, int]:
        """Return how many rows services took back, and how much beside the journal."""
        head = read_head(tx, context.tenant)
        done = [eraser(tx, context, items) for eraser in self._erasers]
        subjects = [subject for each in done for subject in each.subjects]
        beside = 0
        # What tells of this very erasure comes behind the head and stays.
        numbers = numbers_on(tx, context.tenant, subjects, until=head)
        for subject, entries in numbers.items():
            if subject in held:
                raise Refused(f"{subject} is under legal hold: nothing is erased")
            beside += self._journal.erase(
                tx, context, entries, subject=subject, reason=reason
            )
        return sum(each.rows for each in done), beside

    async def _find(
        self, tenant: TenantId, matches: Matcher
    ) -> AsyncIterator[KeptItem]:
        before = None
        while page := await self._cases.list(tenant, before=before, limit=_PAGE):
            dossiers = await self._cases.dossiers(tenant, [case.id for case in page])
            for case_id, dossier in dossiers.items():
                chosen = [e for e in dossier.evidence if matches(e.content)]
                records = await self._cases.findings(tenant, case_id) if chosen else ()
                for item in chosen:
                    of_item = tuple(
                        r for r in records if r.finding.subject.evidence == item.id
                    )
                    yield KeptItem(case_id, item, of_item)
            before = page[-1].id

    async def _entries(self, tenant: TenantId, subject: str) -> list[int]:
        found: list[int] = []
        while page := await self._journal.read_subject(
            tenant, subject, after=found[-1] if found else 0
        ):
            found += [entry.seq for entry in page]
        return found

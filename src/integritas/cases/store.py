"""Cases in a unit of work: open many, change many, each change with its facts.

Everything here runs on the writer's thread and works on whole lists: one query loads
the cases of a list of changes, a pure function folds them, one statement a table
writes what came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import sqlalchemy as sa
from msgspec.structs import replace
from sqlalchemy.dialects import postgresql, sqlite

from integritas.cases import views
from integritas.cases.approvals import void_outdated
from integritas.cases.kept import CaseKey, KeptCases, StaleCase
from integritas.cases.lifecycle import (
    EVIDENCE_ADDED,
    OPENED,
    TRANSITIONED,
    acting,
    apply,
    may_need_approval,
)
from integritas.cases.model import (
    AddEvidence,
    Case,
    CaseCommand,
    NewEvidence,
    NewSubmission,
    Opened,
    RecordAssessment,
    RecordVerdict,
    ReviewState,
    Submission,
)
from integritas.cases.rows import (
    case_of,
    changed_columns,
    column_of_cases,
    row_of_case,
)
from integritas.cases.tables import (
    ASSESSMENTS,
    CASE_HISTORY,
    CASE_NUMBERS,
    CASES,
    DECISIONS,
    EVIDENCE,
    FINDINGS,
    SUBMISSIONS,
)
from integritas.journal.api import Journal, commitment_of
from integritas.kernel.contracts import (
    Context,
    Dossier,
    Evidence,
    Fact,
    dossier_digest,
)
from integritas.kernel.errors import Conflict, IntegritasError, NotFound
from integritas.kernel.evidence import kind_of, serialise_content
from integritas.kernel.ids import CaseId, EvidenceId, IdFactory, TenantId
from integritas.kernel.states import INITIAL_STATE
from integritas.platform.db import Transaction

if TYPE_CHECKING:
    from datetime import datetime

    from integritas.kernel.clock import Clock, Randomness

__all__ = ["CaseStore", "Change", "Handler", "Reader"]

Change: TypeAlias = tuple[Context, CaseId, CaseCommand]
Handler: TypeAlias = Callable[[Transaction, Context, Case, Fact], None]
Reader: TypeAlias = Callable[[Transaction, Sequence[Dossier]], None]

_SALT_BYTES: Final = 16
_OPEN: Final = ReviewState.OPEN.value
_QUERY_LIMIT: Final = 500


class CaseStore:
    """Writes cases; every method takes the unit of work it writes in."""

    def __init__(
        self, journal: Journal, clock: Clock, randomness: Randomness, ids: IdFactory
    ) -> None:
        """Take the journal to record in."""
        self._journal = journal
        self._clock = clock
        self._randomness = randomness
        self._ids = ids
        self._handlers: dict[str, list[Handler]] = {}
        self._readers: list[Reader] = []
        self._kept = KeptCases()

    def on(self, fact_type: str, handler: Handler) -> None:
        """Call `handler` for each fact of a type, in the unit of work that records it.

        A handler that raises refuses the change.
        """
        self._handlers.setdefault(fact_type, []).append(handler)

    def on_opened(self, reader: Reader) -> None:
        """Hand `reader` the dossiers of cases in the unit of work that opens them."""
        self._readers.append(reader)

    def open_cases(
        self, tx: Transaction, items: Sequence[tuple[Context, NewSubmission]]
    ) -> Sequence[Opened]:
        """Open one case for each submission, in order."""
        now = self._clock.now()
        numbers = self._numbers(tx, items, now)
        opened: list[Opened] = []
        facts: list[tuple[Context, Fact]] = []
        evidence: list[dict[str, Any]] = []
        dossiers: list[Dossier] = []
        for (context, submission), number in zip(items, numbers, strict=True):
            case = self._new_case(context, submission, number, now)
            rows = self._evidence_rows(case, submission.evidence, 0)
            dossier = _dossier(case, _evidence(rows, submission.evidence))
            case = replace(case, input_hash=dossier_digest(dossier))
            dossiers.append(dossier)
            evidence.extend(rows)
            facts.append((context, _opened_fact(case, submission, rows)))
            opened.append(_opened(context, case, submission, rows))
        tx.insert(CASES, [row_of_case(o.case) for o in opened])
        tx.insert(SUBMISSIONS, [_submission_row(o.submission) for o in opened])
        tx.insert(EVIDENCE, evidence)
        self._kept.put(tx, [o.case for o in opened])
        self._tell(tx, facts, [o.case for o in opened])
        for reader in self._readers:
            reader(tx, dossiers)
        return opened

    def change_cases(
        self, tx: Transaction, changes: Sequence[Change]
    ) -> Sequence[Case | IntegritasError]:
        """Apply changes in order; answer each with the case after it, or its refusal.

        A refused change leaves its case as it was and does not sink its neighbours;
        several changes of one case see each other.
        """
        try:
            return tx.attempt(lambda _: self._change(tx, changes))
        except StaleCase:
            # The transaction believes nothing kept now: what follows is read anew.
            self._kept.forget()
            return self.change_cases(tx, changes)
        except IntegritasError as error:
            # A handler refused one of them: find which, each for itself.
            if len(changes) == 1:
                return [error]
        return [self.change_cases(tx, [change])[0] for change in changes]

    def _change(
        self, tx: Transaction, changes: Sequence[Change]
    ) -> Sequence[Case | IntegritasError]:
        now = self._clock.now()
        before = self._load(
            tx, [(asked.tenant, case_id) for asked, case_id, _ in changes]
        )
        current = dict(before)
        answers: list[Case | IntegritasError] = []
        writes = _Writes()
        for asked, case_id, command in changes:
            context = acting(asked, command)
            key = (context.tenant, case_id)
            case = current.get(key)
            try:
                if case is None:
                    raise NotFound(f"there is no case {case_id}")
                changed, facts = apply(case, command, context, now)
            except IntegritasError as error:
                answers.append(error)
                continue
            if isinstance(command, AddEvidence):
                changed, fact = self._add_evidence(tx, writes, changed, command)
                facts = (fact, *facts)
            elif isinstance(command, RecordAssessment):
                self._add_assessment(writes, changed, command)
            elif isinstance(command, RecordVerdict):
                writes.decisions.append(_decision_row(changed, command))
            writes.tell(context, changed, facts)
            if changed is not case and may_need_approval(case):
                writes.outdated[key] = context
            current[key] = changed
            answers.append(changed)
        outdated = [(context, current[key]) for key, context in writes.outdated.items()]
        for context, case, fact in void_outdated(tx, outdated, now):
            writes.tell(context, case, (fact,))
        changed_cases = [
            (before[k], current[k]) for k in before if before[k] is not current[k]
        ]
        _update(tx, changed_cases)
        self._kept.put(tx, [after for _, after in changed_cases])
        writes.flush(tx)
        self._tell(tx, writes.facts, writes.fact_cases)
        return answers

    def _add_evidence(
        self,
        tx: Transaction,
        writes: _Writes,
        case: Case,
        command: AddEvidence,
    ) -> tuple[Case, Fact]:
        tx.insert(EVIDENCE, writes.evidence)  # what was added to this case just now
        writes.evidence.clear()
        there = views.list_evidence(tx, case.tenant, case.id)
        rows = self._evidence_rows(case, command.evidence, len(there))
        writes.evidence.extend(rows)
        added = _evidence(rows, command.evidence)
        fact = Fact(
            type=EVIDENCE_ADDED,
            subject=case.id,
            data={
                "version": case.version,
                "evidence": [_evidence_reference(row) for row in rows],
            },
        )
        dossier = _dossier(case, [*there, *added])
        return replace(case, input_hash=dossier_digest(dossier)), fact

    def _add_assessment(
        self, writes: _Writes, case: Case, command: RecordAssessment
    ) -> None:
        assessment = command.assessment
        writes.assessments.append(
            {
                "tenant_id": case.tenant,
                "run_id": command.run_id,
                "service": assessment.service,
                "case_id": case.id,
                "complete": assessment.complete,
                "versions": dict(assessment.versions),
                "input_hash": assessment.input_hash,
                "at": case.updated_at,
            }
        )
        ids = self._ids.many("find", len(assessment.findings))
        for finding_id, finding in zip(ids, assessment.findings, strict=True):
            writes.findings.append(
                {
                    "tenant_id": case.tenant,
                    "id": finding_id,
                    "case_id": case.id,
                    "run_id": command.run_id,
                    "service": assessment.service,
                    "code": finding.code,
                    "kind": finding.kind._value_,
                    "severity": finding.severity._value_,
                    "score": finding.score,
                    "body": finding,
                    "created_at": case.updated_at,
                    "review": _OPEN,
                    "reviewed_by": None,
                    "reviewed_at": None,
                    "review_reason": "",
                    "proposed": None,
                    "proposed_by": None,
                    "proposed_at": None,
                    "proposed_reason": None,
                }
            )

    def current(self, tx: Transaction, keys: Sequence[CaseKey]) -> dict[CaseKey, Case]:
        """Return cases by tenant and id as they are in this unit of work."""
        return self._load(tx, keys)

    def forget(self) -> None:
        """Believe nothing kept in memory: rows were changed beside it."""
        self._kept.forget()

    def tell(self, tx: Transaction, context: Context, case: Case, fact: Fact) -> None:
        """Record a fact on a case and let its handlers know."""
        self._tell(tx, [(context, fact)], [case])

    def _tell(
        self,
        tx: Transaction,
        facts: Sequence[tuple[Context, Fact]],
        cases: Sequence[Case],
    ) -> None:
        self._journal.record_all(tx, facts)
        for (context, fact), case in zip(facts, cases, strict=True):
            for handler in self._handlers.get(fact.type, ()):
                handler(tx, context, case, fact)

    def _load(self, tx: Transaction, keys: Sequence[CaseKey]) -> dict[CaseKey, Case]:
        found: dict[CaseKey, Case] = {}
        wanted: dict[TenantId, list[CaseId]] = {}
        for key in dict.fromkeys(keys):
            kept = self._kept.find(tx, key)
            if kept is None:
                wanted.setdefault(key[0], []).append(key[1])
            else:
                found[key] = kept
        for tenant, ids in wanted.items():
            for start in range(0, len(ids), _QUERY_LIMIT):
                query = sa.select(CASES).where(
                    CASES.c.tenant_id == tenant,
                    CASES.c.id.in_(ids[start : start + _QUERY_LIMIT]),
                )
                if tx.dialect == "postgresql":
                    query = query.order_by(CASES.c.id).with_for_update()
                for row in tx.execute(query):
                    case = case_of(row)
                    found[tenant, case.id] = case
        return found

    def _numbers(
        self,
        tx: Transaction,
        items: Sequence[tuple[Context, NewSubmission]],
        now: datetime,
    ) -> Sequence[str]:
        counts: dict[TenantId, int] = {}
        for context, _ in items:
            counts[context.tenant] = counts.get(context.tenant, 0) + 1
        following = {
            tenant: _reserve(tx, tenant, now.year, count) - count + 1
            for tenant, count in counts.items()
        }
        numbers = []
        for context, _ in items:
            number = following[context.tenant]
            following[context.tenant] = number + 1
            numbers.append(f"INT-{now.year}-{number:05d}")
        return numbers

    def _new_case(
        self, context: Context, submission: NewSubmission, number: str, now: datetime
    ) -> Case:
        return Case(
            tenant=context.tenant,
            id=self._ids.case(),
            number=number,
            submission_id=self._ids.submission(),
            state=INITIAL_STATE,
            version=1,
            channel=submission.channel,
            title=submission.title or _default_title(submission),
            created_at=now,
            updated_at=now,
            kinds=tuple(
                sorted({kind_of(item.content).value for item in submission.evidence})
            ),
        )

    def _evidence_rows(
        self, case: Case, items: Sequence[NewEvidence], start: int
    ) -> list[dict[str, Any]]:
        return [
            {
                "tenant_id": case.tenant,
                "id": self._ids.evidence(),
                "case_id": case.id,
                "position": start + position,
                "kind": kind_of(item.content).value,
                "sha256": item.sha256,
                "salt": self._randomness.token_bytes(_SALT_BYTES),
                "content": serialise_content(item.content),
                "added_at": case.updated_at,
            }
            for position, item in enumerate(items)
        ]


class _Writes:
    """Rows gathered for one unit of work."""

    def __init__(self) -> None:
        self.evidence: list[dict[str, Any]] = []
        self.assessments: list[dict[str, Any]] = []
        self.findings: list[dict[str, Any]] = []
        self.decisions: list[dict[str, Any]] = []
        self.history: list[tuple[Case, Context, Fact]] = []
        self.facts: list[tuple[Context, Fact]] = []
        self.fact_cases: list[Case] = []
        self.outdated: dict[CaseKey, Context] = {}

    def tell(self, context: Context, case: Case, facts: Sequence[Fact]) -> None:
        for fact in facts:
            self.facts.append((context, fact))
            self.fact_cases.append(case)
            if fact.type == TRANSITIONED:
                self.history.append((case, context, fact))

    def flush(self, tx: Transaction) -> None:
        tx.insert(EVIDENCE, self.evidence)
        tx.insert(ASSESSMENTS, self.assessments)
        tx.insert(FINDINGS, self.findings)
        tx.insert(DECISIONS, self.decisions)
        if self.history:
            tx.insert_columns(CASE_HISTORY, _history_columns(self.history))


def _update(tx: Transaction, changed: Sequence[tuple[Case, Case]]) -> None:
    shapes: dict[tuple[str, ...], list[tuple[Case, Case]]] = {}
    for before, after in changed:
        shapes.setdefault(changed_columns(before, after), []).append((before, after))
    for shape, pairs in shapes.items():
        news = [after for _, after in pairs]
        updated = tx.update(
            CASES,
            {
                "tenant_id": [before.tenant for before, _ in pairs],
                "id": [before.id for before, _ in pairs],
                "version": [before.version for before, _ in pairs],
            },
            {name: column_of_cases(name, news) for name in shape},
        )
        if len(updated) == len(pairs):
            continue
        if tx.dialect == "sqlite" and tx.trusted:
            raise StaleCase("another process changed a case that was kept in memory")
        raise Conflict("a case changed while it was being changed: try again")


def _reserve(tx: Transaction, tenant: TenantId, year: int, count: int) -> int:
    """Take `count` case numbers; return the last of them."""
    taken = {"tenant_id": tenant, "year": year, "last": count}
    return int(tx.execute(_reservation(tx.dialect), taken).scalar_one())


@cache
def _reservation(dialect: str) -> sa.Executable:
    made = postgresql if dialect == "postgresql" else sqlite
    statement = made.insert(CASE_NUMBERS)
    last = CASE_NUMBERS.c.last
    whole: sa.Executable = statement.on_conflict_do_update(
        index_elements=["tenant_id", "year"],
        set_={"last": last + statement.excluded.last},
    ).returning(last)
    return whole


def _evidence(
    rows: Sequence[dict[str, Any]], items: Sequence[NewEvidence]
) -> list[Evidence]:
    return [
        Evidence(row["id"], item.content, row["sha256"])
        for row, item in zip(rows, items, strict=True)
    ]


def _dossier(case: Case, evidence: Sequence[Evidence]) -> Dossier:
    return Dossier(case.id, case.tenant, case.channel, case.created_at, tuple(evidence))


def _default_title(submission: NewSubmission) -> str:
    kinds = sorted({kind_of(item.content).value for item in submission.evidence})
    return f"{' and '.join(kinds) or 'empty'} by {submission.channel}"


def _evidence_reference(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "kind": row["kind"],
        "commitment": commitment_of(row["salt"], row["content"]),
    }


def _opened_fact(
    case: Case, submission: NewSubmission, rows: Sequence[dict[str, Any]]
) -> Fact:
    return Fact(
        type=OPENED,
        subject=case.id,
        data={
            "number": case.number,
            "submission": case.submission_id,
            "channel": case.channel,
            "kinds": list(case.kinds),
            "state": case.state.value,
            "version": case.version,
            "evidence": [_evidence_reference(row) for row in rows],
        },
        personal={"title": case.title, "reference": submission.reference},
    )


def _opened(
    context: Context,
    case: Case,
    submission: NewSubmission,
    rows: Sequence[dict[str, Any]],
) -> Opened:
    return Opened(
        submission=Submission(
            tenant=case.tenant,
            id=case.submission_id,
            case_id=case.id,
            channel=case.channel,
            title=submission.title,
            reference=submission.reference,
            received_at=case.created_at,
            actor_id=context.actor.id,
        ),
        case=case,
        evidence=tuple(EvidenceId(row["id"]) for row in rows),
    )


def _submission_row(submission: Submission) -> dict[str, Any]:
    return {
        "tenant_id": submission.tenant,
        "id": submission.id,
        "case_id": submission.case_id,
        "channel": submission.channel,
        "title": submission.title,
        "reference": submission.reference,
        "received_at": submission.received_at,
        "actor_id": submission.actor_id,
    }


def _decision_row(case: Case, command: RecordVerdict) -> dict[str, Any]:
    return {
        "tenant_id": case.tenant,
        "run_id": command.run_id,
        "case_id": case.id,
        "verdict": command.verdict,
        "at": case.updated_at,
    }


def _history_columns(
    moves: Sequence[tuple[Case, Context, Fact]],
) -> dict[str, list[Any]]:
    return {
        "tenant_id": [case.tenant for case, _, _ in moves],
        "case_id": [case.id for case, _, _ in moves],
        "version": [fact.data["version"] for _, _, fact in moves],
        "from_state": [fact.data["from"] for _, _, fact in moves],
        "to_state": [fact.data["to"] for _, _, fact in moves],
        "actor_id": [context.actor.id for _, context, _ in moves],
        "actor_kind": [context.actor.kind._value_ for _, context, _ in moves],
        "reason": [_reason(fact) for _, _, fact in moves],
        "approved_by": [fact.data.get("approved_by") for _, _, fact in moves],
        "at": [case.updated_at for case, _, _ in moves],
    }


def _reason(fact: Fact) -> str:
    return str(fact.personal.get("reason", "")) if fact.personal else ""

"""Cases and what is beside them as rows, and back."""

from __future__ import annotations

from itertools import compress
from operator import attrgetter, is_not
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from integritas.cases.model import (
    Approval,
    ApprovalState,
    Case,
    Decision,
    FindingRecord,
    HistoryEntry,
    Priority,
    ReviewState,
    Submission,
)
from integritas.kernel.contracts import Evidence, Finding, Outcome, Verdict
from integritas.kernel.evidence import parse_content
from integritas.kernel.ids import (
    ApprovalId,
    CaseId,
    EvidenceId,
    FindingId,
    RunId,
    SubmissionId,
    TenantId,
)
from integritas.kernel.states import ActorKind, CaseState

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "approval_of",
    "case_of",
    "changed_columns",
    "column_of_cases",
    "decision_of",
    "evidence_of",
    "finding_of",
    "history_of",
    "row_of_case",
    "submission_of",
]

Row = Any

_FINDING: Final = TypeAdapter(Finding)
_VERDICT: Final = TypeAdapter(Verdict)


def row_of_case(case: Case) -> dict[str, Any]:
    """Return the row of a case."""
    return {
        "tenant_id": case.tenant,
        "id": case.id,
        "number": case.number,
        "submission_id": case.submission_id,
        "state": case.state.value,
        "version": case.version,
        "channel": case.channel,
        "title": case.title,
        "created_at": case.created_at,
        "updated_at": case.updated_at,
        "missing": case.missing,
        "kinds": case.kinds,
        "risk": case.risk,
        "band": case.band,
        "outcome": case.outcome.value if case.outcome else None,
        "priority": case.priority.value,
        "assignee": case.assignee,
        "tags": case.tags,
        "due_at": case.due_at,
        "closed_at": case.closed_at,
        "merged_into": case.merged_into,
        "input_hash": case.input_hash,
    }


_CHANGEABLE: Final = (
    "state",
    "version",
    "title",
    "updated_at",
    "missing",
    "kinds",
    "risk",
    "band",
    "outcome",
    "priority",
    "assignee",
    "tags",
    "due_at",
    "closed_at",
    "merged_into",
    "input_hash",
)
"""Columns of a case that a change may touch."""

_NAMED: Final = frozenset({"state", "outcome", "priority"})
_CHANGEABLE_OF: Final = attrgetter(*_CHANGEABLE)


def column_of_cases(name: str, cases: Sequence[Case]) -> Sequence[Any]:
    """Return a column of many cases."""
    values = list(map(attrgetter(name), cases))
    if name in _NAMED:
        return [None if value is None else value._value_ for value in values]
    return values


def changed_columns(before: Case, after: Case) -> tuple[str, ...]:
    """Return the columns in which `after` may differ: a copy shares what it keeps."""
    differs = map(is_not, _CHANGEABLE_OF(before), _CHANGEABLE_OF(after))
    return tuple(compress(_CHANGEABLE, differs))


def case_of(row: Row) -> Case:
    """Return the case of a row."""
    return Case(
        tenant=TenantId(row.tenant_id),
        id=CaseId(row.id),
        number=row.number,
        submission_id=SubmissionId(row.submission_id),
        state=CaseState(row.state),
        version=row.version,
        channel=row.channel,
        title=row.title,
        created_at=row.created_at,
        updated_at=row.updated_at,
        missing=tuple(row.missing),
        kinds=tuple(row.kinds),
        risk=row.risk,
        band=row.band,
        outcome=Outcome(row.outcome) if row.outcome else None,
        priority=Priority(row.priority),
        assignee=row.assignee,
        tags=tuple(row.tags),
        due_at=row.due_at,
        closed_at=row.closed_at,
        merged_into=CaseId(row.merged_into) if row.merged_into else None,
        input_hash=row.input_hash,
    )


def submission_of(row: Row) -> Submission:
    """Return the submission of a row."""
    return Submission(
        tenant=TenantId(row.tenant_id),
        id=SubmissionId(row.id),
        case_id=CaseId(row.case_id),
        channel=row.channel,
        title=row.title,
        reference=row.reference,
        received_at=row.received_at,
        actor_id=row.actor_id,
    )


def evidence_of(row: Row) -> Evidence:
    """Return the evidence of a row, its content parsed."""
    return Evidence(
        id=EvidenceId(row.id), content=parse_content(row.content), sha256=row.sha256
    )


def finding_of(row: Row) -> FindingRecord:
    """Return the finding of a row."""
    return FindingRecord(
        tenant=TenantId(row.tenant_id),
        id=FindingId(row.id),
        case_id=CaseId(row.case_id),
        run_id=RunId(row.run_id),
        service=row.service,
        finding=_FINDING.validate_python(row.body),
        created_at=row.created_at,
        review=ReviewState(row.review),
        reviewed_by=row.reviewed_by,
        reviewed_at=row.reviewed_at,
        review_reason=row.review_reason,
        proposed=ReviewState(row.proposed) if row.proposed else None,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        proposed_reason=row.proposed_reason,
    )


def decision_of(row: Row) -> Decision:
    """Return the decision of a row."""
    return Decision(
        case_id=CaseId(row.case_id),
        run_id=RunId(row.run_id),
        verdict=_VERDICT.validate_python(row.verdict),
        at=row.at,
    )


def history_of(row: Row) -> HistoryEntry:
    """Return the transition of a row."""
    return HistoryEntry(
        version=row.version,
        from_state=CaseState(row.from_state),
        to_state=CaseState(row.to_state),
        actor_id=row.actor_id,
        actor_kind=ActorKind(row.actor_kind),
        reason=row.reason,
        at=row.at,
        approved_by=row.approved_by,
    )


def approval_of(row: Row) -> Approval:
    """Return the approval of a row."""
    return Approval(
        tenant=TenantId(row.tenant_id),
        id=ApprovalId(row.id),
        case_id=CaseId(row.case_id),
        case_version=row.case_version,
        from_state=CaseState(row.from_state),
        to=CaseState(row.to_state),
        reason=row.reason,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        state=ApprovalState(row.state),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )

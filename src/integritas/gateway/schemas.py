"""What the API shows and takes. Typed models; the domain's classes stay inside."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from integritas.cases.api import (
    Approval,
    ApprovalState,
    Case,
    Decision,
    FindingRecord,
    HistoryEntry,
    Priority,
    Purpose,
    ReviewState,
    Submission,
    legal_moves,
)
from integritas.gateway.strict import Json, Moment
from integritas.identity.api import View, mask_finding, mask_reason, mask_result
from integritas.journal.api import Entry
from integritas.kernel.contracts import Evidence, Outcome, Reason, Severity, Subject
from integritas.kernel.evidence import EvidenceIn, Message
from integritas.kernel.states import ActorKind, CaseState
from integritas.kernel.validation import NO_NUL
from integritas.workflows.api import RunState, StepState, StepView

__all__ = [
    "NO_NUL",
    "ApprovalDecideIn",
    "ApprovalOut",
    "BatchAccepted",
    "BatchItem",
    "CaseOut",
    "CasePatch",
    "ContentOut",
    "DecisionOut",
    "EvidenceOut",
    "FindingOut",
    "HistoryOut",
    "NewEvidenceIn",
    "RevealIn",
    "ReviewIn",
    "RunOut",
    "RunStepOut",
    "StartRunIn",
    "SubmissionAccepted",
    "SubmissionBatchIn",
    "SubmissionIn",
    "SubmissionOut",
    "TimelineEntryOut",
    "TransitionIn",
    "Version",
]

# U+0000 cannot be stored by every database, nor can a number beyond 32 bits.
Line = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)]
Prose = Annotated[str, StringConstraints(max_length=10_000, pattern=NO_NUL)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=NO_NUL)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=NO_NUL)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Channel = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


# Submissions ----------------------------------------------------------------------


class SubmissionIn(_In):
    """What came in: one submission opens one case."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "channel": "api",
                    "title": "Tip about tender 2026-17",
                    "evidence": [
                        {
                            "kind": "message",
                            "raw": "The winner was known before the tender opened.",
                            "media_type": "text/plain",
                        },
                        {
                            "kind": "payment",
                            "debtor": {"name": "Nordbau GmbH", "country": "de"},
                            "creditor": {"name": "J. Roe"},
                            "amount": "1200.00",
                            "currency": "EUR",
                            "date": "2026-01-31",
                        },
                    ],
                }
            ]
        },
    )

    channel: Channel = "api"
    title: Line = ""
    reference: Line = Field("", description="The caller's own id.")
    evidence: Annotated[list[EvidenceIn], Field(min_length=1, max_length=200)]


class SubmissionBatchIn(_In):
    """Several submissions; each is taken or refused by itself."""

    items: Annotated[list[JsonValue], Field(min_length=1, max_length=1_000)]


class SubmissionOut(_Out):
    """A submission as kept."""

    id: str
    case_id: str
    channel: str
    title: str
    reference: str
    received_at: datetime

    @classmethod
    def of(cls, submission: Submission, view: View) -> SubmissionOut:
        """Show a submission."""
        shown = cls.model_validate(submission)
        shown.title = view.remark(shown.title)
        shown.reference = view.remark(shown.reference)
        return shown


class SubmissionAccepted(_Out):
    """The answer to a submission: it is durable, and its case is open."""

    id: str
    case_id: str
    number: str
    state: CaseState
    evidence: list[str]
    links: dict[str, str]


class BatchItem(BaseModel):
    """What became of one item of a batch, by its index."""

    index: int
    accepted: SubmissionAccepted | None = None
    error: dict[str, Any] | None = None


class BatchAccepted(BaseModel):
    """What became of a batch."""

    accepted: int
    rejected: int
    results: list[BatchItem]


# Cases ----------------------------------------------------------------------------


class CaseOut(_Out):
    """A case. `moves` are the states a person may move it to."""

    id: str
    number: str
    state: CaseState
    version: int
    title: str
    channel: str
    kinds: list[str]
    risk: float | None
    band: str | None
    outcome: Outcome | None
    missing: list[str] = Field(description="services whose assessment is lacking")
    priority: Priority
    assignee: str | None
    tags: list[str]
    submission_id: str
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    moves: list[CaseState] = []

    @classmethod
    def of(cls, case: Case, view: View) -> CaseOut:
        """Show a case."""
        shown = cls.model_validate(case)
        shown.title = view.remark(shown.title)
        shown.moves = list(legal_moves(case, ActorKind.PERSON))
        return shown


class CasePatch(_In):
    """What people may change of a case; what is left out stays. Null unassigns."""

    title: Line | None = None
    priority: Priority | None = None
    assignee: Name | None = None
    tags: Annotated[list[Tag], Field(max_length=50)] | None = None
    due_at: Moment | None = None


class TransitionIn(_In):
    """A move to another state."""

    to: CaseState
    reason: Prose = ""


class HistoryOut(_Out):
    """One transition of a case."""

    version: int
    from_state: CaseState
    to_state: CaseState
    actor_id: str
    actor_kind: ActorKind
    reason: str
    approved_by: str | None
    at: datetime

    @classmethod
    def of(cls, entry: HistoryEntry, view: View) -> HistoryOut:
        """Show a transition."""
        shown = cls.model_validate(entry)
        shown.reason = view.remark(shown.reason)
        return shown


class TimelineEntryOut(_Out):
    """A journal entry: what happened, without personal data."""

    seq: int
    event_id: str
    type: str
    time: datetime
    actor_id: str
    actor_kind: ActorKind
    correlation_id: str
    data: dict[str, Any]

    @classmethod
    def of(cls, entry: Entry) -> TimelineEntryOut:
        """Show an entry."""
        return cls.model_validate(entry)


class DecisionOut(BaseModel):
    """A policy's verdict on a case."""

    run_id: str
    outcome: Outcome
    risk: float
    band: str
    policy: str
    reasons: list[Reason]
    required_steps: list[str]
    at: datetime

    @classmethod
    def of(cls, decision: Decision, view: View) -> DecisionOut:
        """Show a verdict."""
        verdict = decision.verdict
        return cls(
            run_id=decision.run_id,
            outcome=verdict.outcome,
            risk=verdict.risk,
            band=verdict.band,
            policy=verdict.policy,
            reasons=[mask_reason(view, reason) for reason in verdict.reasons],
            required_steps=list(verdict.required_steps),
            at=decision.at,
        )


# Evidence and findings --------------------------------------------------------------


class NewEvidenceIn(_In):
    """Evidence to add to a case."""

    evidence: Annotated[list[EvidenceIn], Field(min_length=1, max_length=200)]


class EvidenceOut(BaseModel):
    """An item of evidence without its content."""

    id: str
    kind: str
    sha256: str
    media_type: str | None = None
    size: int | None = Field(None, description="bytes of a message")

    @classmethod
    def of(cls, evidence: Evidence) -> EvidenceOut:
        """Show an item of evidence."""
        content = evidence.content
        message = content if isinstance(content, Message) else None
        return cls(
            id=evidence.id,
            kind=evidence.kind.value,
            sha256=evidence.sha256,
            media_type=message.media_type if message else "application/json",
            size=len(message.raw) if message else None,
        )


class ContentOut(BaseModel):
    """The content of evidence: text of a message, JSON of anything else."""

    id: str
    kind: str
    sha256: str = Field(description="of the whole, as it came")
    content: dict[str, Any]

    @classmethod
    def of(cls, evidence: Evidence, content: dict[str, Any]) -> ContentOut:
        """Show content that was masked, or is recorded as read."""
        return cls(
            id=evidence.id,
            kind=evidence.kind.value,
            sha256=evidence.sha256,
            content=content,
        )


class RevealIn(_In):
    """What personal data is needed in clear for; kept beside the log's entry."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "purpose": "investigation",
                "reason": "compare the account with the invoice",
            }
        },
    )

    purpose: Purpose
    reason: Annotated[
        str, StringConstraints(min_length=3, max_length=2_000, pattern=NO_NUL)
    ]


class FindingOut(BaseModel):
    """A finding with its reasons and what a person said of it.

    `proposed` waits for a second person; until then `review` holds. `proposed_by`,
    `proposed_at` and `proposed_reason` are the first person's, once agreed to as well.
    """

    id: str
    case_id: str
    run_id: str
    service: str
    code: str
    kind: str
    severity: Severity
    score: float
    title: str
    subject: Subject
    reasons: list[Reason]
    data: dict[str, Any]
    created_at: datetime
    review: ReviewState
    reviewed_by: str | None
    reviewed_at: datetime | None
    review_reason: str
    proposed: ReviewState | None
    proposed_by: str | None
    proposed_at: datetime | None
    proposed_reason: str | None

    @classmethod
    def of(cls, record: FindingRecord, view: View | None) -> FindingOut:
        """Show a finding; without a view in clear, which is recorded before."""
        finding, said = record.finding, record.review_reason
        proposed = record.proposed_reason
        if view is not None:
            finding, said = mask_finding(view, finding), view.remark(said)
            proposed = None if proposed is None else view.remark(proposed)
        return cls(
            id=record.id,
            case_id=record.case_id,
            run_id=record.run_id,
            service=record.service,
            code=finding.code,
            kind=finding.kind.value,
            severity=finding.severity,
            score=finding.score,
            title=finding.title,
            subject=finding.subject,
            reasons=list(finding.reasons),
            data=dict(finding.data),
            created_at=record.created_at,
            review=record.review,
            reviewed_by=record.reviewed_by,
            reviewed_at=record.reviewed_at,
            review_reason=said,
            proposed=record.proposed,
            proposed_by=record.proposed_by,
            proposed_at=record.proposed_at,
            proposed_reason=proposed,
        )


class ReviewIn(_In):
    """What a person says of a finding; `open` refuses what another one proposed."""

    review: Literal["confirmed", "dismissed", "open"]
    reason: Annotated[
        str, StringConstraints(min_length=1, max_length=10_000, pattern=NO_NUL)
    ]


# Approvals --------------------------------------------------------------------------


class ApprovalOut(_Out):
    """A transition that waits, or waited, for a second person.

    It is for `case_version` of the case: whatever changes the case voids it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "appr_01J9Z3K8Q5V7R2M4N6P8S0T1W3",
                "case_id": "case_01J9Z3K8Q5V7R2M4N6P8S0T1W2",
                "case_version": 15,
                "from_state": "VALIDATING",
                "to": "RESOLVED",
                "reason": "another person of that name",
                "requested_by": "user_01J9Z3K8Q5V7R2M4N6P8S0T1W1",
                "requested_at": "2026-11-24T09:30:00.000000Z",
                "state": "rejected",
                "decided_by": "user_01J9Z3K8Q5V7R2M4N6P8S0T1W4",
                "decided_at": "2026-11-24T09:41:12.000000Z",
                "decision_reason": "the birth dates differ, but say so in the case",
            }
        }
    )

    id: str
    case_id: str
    case_version: int = Field(description="The version of the case it is for.")
    from_state: CaseState
    to: CaseState
    reason: str
    requested_by: str
    requested_at: datetime
    state: ApprovalState
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str

    @classmethod
    def of(cls, approval: Approval, view: View) -> ApprovalOut:
        """Show an approval."""
        shown = cls.model_validate(approval)
        shown.reason = view.remark(shown.reason)
        shown.decision_reason = view.remark(shown.decision_reason)
        return shown


class ApprovalDecideIn(_In):
    """Approve or reject."""

    approve: bool
    reason: Prose = ""


# Workflows --------------------------------------------------------------------------


class StartRunIn(_In):
    """Start a run of a workflow on a case."""

    subject: Name
    version: Version | None = None
    input: dict[str, Json] = Field(default_factory=dict)
    priority: Annotated[int, Field(ge=-100, le=100)] | None = None
    timeout_s: Annotated[float, Field(gt=0, le=31_536_000)] | None = None
    attributes: Annotated[
        dict[
            Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,62}$")],
            Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)],
        ],
        Field(max_length=20, description="The caller's own, to search runs by."),
    ] = Field(default_factory=dict)


class RunOut(_Out):
    """A run of a workflow."""

    id: str
    workflow: str
    version: int
    subject: str
    state: RunState
    correlation_id: str
    created_at: datetime
    ended_at: datetime | None
    cause: str


class RunStepOut(_Out):
    """One attempt of a step; attempt 0 has not begun."""

    name: str
    attempt: int
    state: StepState
    result: Any = None
    error: dict[str, Any] | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @classmethod
    def of(cls, step: StepView, view: View) -> RunStepOut:
        """Show an attempt of a step; findings that it answered as elsewhere."""
        shown = cls.model_validate(step)
        shown.result = mask_result(view, shown.result)
        shown.error = mask_result(view, shown.error)
        return shown

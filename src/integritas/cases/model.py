"""What a case is and what can be asked of it. Pure; JSON in both directions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

import msgspec
from pydantic import JsonValue

from integritas.kernel.contracts import Assessment, Finding, Outcome, Verdict
from integritas.kernel.errors import InvalidInput
from integritas.kernel.evidence import Content
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

__all__ = [
    "REQUIRED_ASSESSMENTS",
    "AddEvidence",
    "Approval",
    "ApprovalState",
    "Case",
    "CaseCommand",
    "Decision",
    "EditCase",
    "FindingRecord",
    "HistoryEntry",
    "LookAgain",
    "NewEvidence",
    "NewSubmission",
    "Opened",
    "Priority",
    "RecordAssessment",
    "RecordVerdict",
    "ReviewState",
    "Submission",
    "Transition",
    "case_from_json",
    "case_to_json",
    "run_request",
]

REQUIRED_ASSESSMENTS: Final = ("anticorruption", "compliance", "spam")
"""Services without whose complete assessment no policy may close a case."""


class Priority(StrEnum):
    """How urgent a case is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Case(msgspec.Struct, frozen=True):
    """The unit of work. `version` counts changes from 1 and is the ETag.

    A struct, as a transition is a copy of it: a data class takes ten times as long.

    `risk` lies in [0, 100], None until a verdict; `missing` names the services whose
    complete assessment is still lacking; `input_hash` is the `dossier_digest` that an
    assessment must have seen to count.
    """

    tenant: TenantId
    id: CaseId
    number: str
    submission_id: SubmissionId
    state: CaseState
    version: int
    channel: str
    title: str
    created_at: datetime
    updated_at: datetime
    missing: tuple[str, ...] = REQUIRED_ASSESSMENTS
    kinds: tuple[str, ...] = ()
    risk: float | None = None
    band: str | None = None
    outcome: Outcome | None = None
    priority: Priority = Priority.NORMAL
    assignee: str | None = None
    tags: tuple[str, ...] = ()
    due_at: datetime | None = None
    closed_at: datetime | None = None
    merged_into: CaseId | None = None
    input_hash: str = ""


_CASES: Final = msgspec.json.Decoder(Case)


def case_to_json(case: Case) -> bytes:
    """Return a case as JSON (UTF-8); times are RFC 3339."""
    return msgspec.json.encode(case)


def case_from_json(document: bytes) -> Case:
    """Return the case of bytes that `case_to_json` wrote.

    Raises:
        InvalidInput: not such a document.
    """
    try:
        return _CASES.decode(document)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidInput(f"that is not a case: {error}") from error


def run_request(case: Case, correlation_id: str) -> dict[str, Any]:
    """Return what a run on a case is asked for with.

    `input` is what expressions of a workflow see as `submission`.
    """
    return {
        "correlation_id": correlation_id,
        "input": {
            "id": case.submission_id,
            "channel": case.channel,
            "kinds": list(case.kinds),
        },
    }


# What comes in -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewEvidence:
    """An item of evidence on its way in; `sha256` is its `content_digest`."""

    content: Content
    sha256: str


@dataclass(frozen=True, slots=True)
class NewSubmission:
    """A submission on its way in; it will open one case."""

    channel: str
    evidence: tuple[NewEvidence, ...]
    title: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """What came in, once."""

    tenant: TenantId
    id: SubmissionId
    case_id: CaseId
    channel: str
    title: str
    reference: str
    received_at: datetime
    actor_id: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The answer to a submission: what was opened."""

    submission: Submission
    case: Case
    evidence: tuple[EvidenceId, ...]


# What can be asked of a case -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Transition:
    """Move a case to another state.

    `expect` is the version the caller saw; `approved_by` the second person where one
    is needed. With `only_from` a case in any other state stays as it is, unrefused.
    """

    to: CaseState
    reason: str = ""
    expect: int | None = None
    approved_by: str | None = None
    only_from: CaseState | None = None


@dataclass(frozen=True, slots=True)
class EditCase:
    """Change what people may change; None leaves a field as it is."""

    title: str | None = None
    priority: Priority | None = None
    assignee: str | None = None
    unassign: bool = False
    tags: tuple[str, ...] | None = None
    due_at: datetime | None = None
    expect: int | None = None


@dataclass(frozen=True, slots=True)
class AddEvidence:
    """Add evidence: all services must look again."""

    evidence: tuple[NewEvidence, ...]
    expect: int | None = None


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Have a service look again at what is there, for what it has learned since.

    `why` stands in the journal: references, no personal data.
    """

    service: str
    reason: str
    why: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class RecordAssessment:
    """Keep what a service found."""

    run_id: RunId
    assessment: Assessment


@dataclass(frozen=True, slots=True)
class RecordVerdict:
    """Keep a policy's verdict and make the moves it calls for."""

    run_id: RunId
    verdict: Verdict


CaseCommand: TypeAlias = (
    Transition | EditCase | AddEvidence | LookAgain | RecordAssessment | RecordVerdict
)


# What is kept beside a case ------------------------------------------------------


class ReviewState(StrEnum):
    """What a person said of a finding."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class FindingRecord:
    """A finding as kept: whose it is, which run made it, what a person said of it.

    `proposed` is what one person said and a second must agree to. `proposed_by`,
    `proposed_at` and `proposed_reason` are the first person's, then and once agreed.
    """

    tenant: TenantId
    id: FindingId
    case_id: CaseId
    run_id: RunId
    service: str
    finding: Finding
    created_at: datetime
    review: ReviewState = ReviewState.OPEN
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    review_reason: str = ""
    proposed: ReviewState | None = None
    proposed_by: str | None = None
    proposed_at: datetime | None = None
    proposed_reason: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One transition of a case; `version` is the case's version after it."""

    version: int
    from_state: CaseState
    to_state: CaseState
    actor_id: str
    actor_kind: ActorKind
    reason: str
    at: datetime
    approved_by: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A policy's verdict as kept with its case."""

    case_id: CaseId
    run_id: RunId
    verdict: Verdict
    at: datetime


class ApprovalState(StrEnum):
    """Where a request for a second person stands; void: the case changed meanwhile."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Approval:
    """A transition that waits for a second person.

    It is for `case_version` of the case, which was in `from_state`, and for no other.
    A void one has a time and a reason in `decided_at` and `decision_reason`.
    """

    tenant: TenantId
    id: ApprovalId
    case_id: CaseId
    case_version: int
    from_state: CaseState
    to: CaseState
    reason: str
    requested_by: str
    requested_at: datetime
    state: ApprovalState = ApprovalState.OPEN
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_reason: str = field(default="")

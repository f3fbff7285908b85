"""What others may use of cases: the desk, its commands and its views."""

from __future__ import annotations

from integritas.cases.access import BREAK_GLASS, Access, CaseAccess, Grant, NewGrant
from integritas.cases.disclosed import Disclosed, Purpose
from integritas.cases.due import ClosedEvidence, closed_evidence
from integritas.cases.erasing import EVIDENCE_ERASED, erase_evidence
from integritas.cases.figures import CaseFigures, Found, Interval, Point, Stats
from integritas.cases.files import (
    Attachment,
    CaseFiles,
    CaseLink,
    LinkKind,
    NewAttachment,
)
from integritas.cases.lifecycle import (
    ASSESSED,
    DECIDED,
    EVIDENCE_ADDED,
    LOOK_AGAIN,
    OPENED,
    TRANSITIONED,
    apply,
    legal_moves,
)
from integritas.cases.listing import CaseFilter, CaseOrder, CaseSort
from integritas.cases.model import (
    REQUIRED_ASSESSMENTS,
    AddEvidence,
    Approval,
    ApprovalState,
    Case,
    CaseCommand,
    Decision,
    EditCase,
    FindingRecord,
    HistoryEntry,
    LookAgain,
    NewEvidence,
    NewSubmission,
    Opened,
    Priority,
    RecordAssessment,
    RecordVerdict,
    ReviewState,
    Submission,
    Transition,
    case_from_json,
    case_to_json,
    run_request,
)
from integritas.cases.need import (
    GranteeKind,
    Reader,
    Visible,
    all_visible,
    restricted_among,
)
from integritas.cases.past import PastDecision
from integritas.cases.registers import KEPT
from integritas.cases.reviewing import ReviewPolicy
from integritas.cases.service import CaseDesk
from integritas.cases.store import CaseStore, Change, Handler

__all__ = [
    "ASSESSED",
    "BREAK_GLASS",
    "DECIDED",
    "EVIDENCE_ADDED",
    "EVIDENCE_ERASED",
    "KEPT",
    "LOOK_AGAIN",
    "OPENED",
    "REQUIRED_ASSESSMENTS",
    "TRANSITIONED",
    "Access",
    "AddEvidence",
    "Approval",
    "ApprovalState",
    "Attachment",
    "Case",
    "CaseAccess",
    "CaseCommand",
    "CaseDesk",
    "CaseFigures",
    "CaseFiles",
    "CaseFilter",
    "CaseLink",
    "CaseOrder",
    "CaseSort",
    "CaseStore",
    "Change",
    "ClosedEvidence",
    "Decision",
    "Disclosed",
    "EditCase",
    "FindingRecord",
    "Found",
    "Grant",
    "GranteeKind",
    "Handler",
    "HistoryEntry",
    "Interval",
    "LinkKind",
    "LookAgain",
    "NewAttachment",
    "NewEvidence",
    "NewGrant",
    "NewSubmission",
    "Opened",
    "PastDecision",
    "Point",
    "Priority",
    "Purpose",
    "Reader",
    "RecordAssessment",
    "RecordVerdict",
    "ReviewPolicy",
    "ReviewState",
    "Stats",
    "Submission",
    "Transition",
    "Visible",
    "all_visible",
    "apply",
    "case_from_json",
    "case_to_json",
    "closed_evidence",
    "erase_evidence",
    "legal_moves",
    "restricted_among",
    "run_request",
]

"""What others may use of cases: the desk, its commands and its views."""

from __future__ import annotations

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
from integritas.cases.past import PastDecision
from integritas.cases.service import CaseDesk
from integritas.cases.store import CaseStore, Change, Handler

__all__ = [
    "ASSESSED",
    "DECIDED",
    "EVIDENCE_ADDED",
    "EVIDENCE_ERASED",
    "OPENED",
    "REQUIRED_ASSESSMENTS",
    "TRANSITIONED",
    "AddEvidence",
    "Approval",
    "ApprovalState",
    "Attachment",
    "Case",
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
    "Handler",
    "HistoryEntry",
    "Interval",
    "LinkKind",
    "NewAttachment",
    "NewEvidence",
    "NewSubmission",
    "Opened",
    "PastDecision",
    "Point",
    "Priority",
    "Purpose",
    "RecordAssessment",
    "RecordVerdict",
    "ReviewState",
    "Stats",
    "Submission",
    "Transition",
    "apply",
    "case_from_json",
    "case_to_json",
    "closed_evidence",
    "erase_evidence",
    "legal_moves",
    "run_request",
]

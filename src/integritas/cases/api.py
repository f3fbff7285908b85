"""What others may use of cases: the desk, its commands and its views."""

from __future__ import annotations

from integritas.cases.erasing import EVIDENCE_ERASED, erase_evidence
from integritas.cases.lifecycle import (
    ASSESSED,
    DECIDED,
    EVIDENCE_ADDED,
    OPENED,
    TRANSITIONED,
    apply,
    legal_moves,
)
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
from integritas.cases.views import CaseFilter

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
    "Case",
    "CaseCommand",
    "CaseDesk",
    "CaseFilter",
    "CaseStore",
    "Change",
    "Decision",
    "EditCase",
    "FindingRecord",
    "Handler",
    "HistoryEntry",
    "NewEvidence",
    "NewSubmission",
    "Opened",
    "PastDecision",
    "Priority",
    "RecordAssessment",
    "RecordVerdict",
    "ReviewState",
    "Submission",
    "Transition",
    "apply",
    "case_from_json",
    "case_to_json",
    "erase_evidence",
    "legal_moves",
    "run_request",
]

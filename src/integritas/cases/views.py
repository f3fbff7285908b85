"""Reading cases: one snapshot a call, no query without its tenant."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from integritas.cases.need import Visible, all_visible
from integritas.cases.rows import (
    approval_of,
    case_of,
    decision_of,
    evidence_of,
    finding_of,
    history_of,
    submission_of,
)
from integritas.cases.tables import (
    APPROVALS,
    CASE_HISTORY,
    CASES,
    DECISIONS,
    EVIDENCE,
    FINDINGS,
    SUBMISSIONS,
)
from integritas.kernel.contracts import Dossier, Evidence
from integritas.kernel.errors import NotFound
from integritas.kernel.ids import (
    ApprovalId,
    CaseId,
    EvidenceId,
    FindingId,
    SubmissionId,
    TenantId,
)
from integritas.kernel.states import CaseState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.cases.model import (
        Approval,
        ApprovalState,
        Case,
        Decision,
        FindingRecord,
        HistoryEntry,
        Submission,
    )
    from integritas.platform.db import Transaction

__all__ = [
    "count_by_state",
    "find_approvals",
    "get_approval",
    "get_case",
    "get_evidence",
    "get_finding",
    "get_submission",
    "list_decisions",
    "list_evidence",
    "list_findings",
    "list_history",
    "list_submissions",
    "load_dossiers",
]

_QUERY_LIMIT: Final = 500


def get_case(
    tx: Transaction,
    tenant: TenantId,
    case_id: CaseId,
    *,
    lock: bool = False,
    visible: Visible = all_visible,
) -> Case:
    """Return a case; with `lock` nobody else changes it before this unit ends.

    Raises:
        NotFound: no such case in this tenant.
    """
    seen = () if visible is all_visible else (visible(CASES.c.id),)
    return case_of(_one(tx, CASES, tenant, case_id, "case", *seen, lock=lock))


def count_by_state(tx: Transaction, tenant: TenantId) -> dict[CaseState, int]:
    """Return how many cases stand in each state."""
    query = (
        sa.select(CASES.c.state, sa.func.count().label("cases"))
        .where(CASES.c.tenant_id == tenant)
        .group_by(CASES.c.state)
    )
    return {CaseState(row.state): row.cases for row in tx.execute(query)}


def get_submission(
    tx: Transaction, tenant: TenantId, submission_id: SubmissionId
) -> Submission:
    """Return a submission, or raise NotFound."""
    return submission_of(_one(tx, SUBMISSIONS, tenant, submission_id, "submission"))


def list_submissions(
    tx: Transaction,
    tenant: TenantId,
    *,
    before: str | None,
    limit: int,
    visible: Visible = all_visible,
) -> Sequence[Submission]:
    """Return submissions, newest first, older than the id `before`."""
    query = sa.select(SUBMISSIONS).where(
        SUBMISSIONS.c.tenant_id == tenant, visible(SUBMISSIONS.c.case_id)
    )
    return [submission_of(row) for row in _page(tx, SUBMISSIONS, query, before, limit)]


def list_history(
    tx: Transaction, tenant: TenantId, case_id: CaseId
) -> Sequence[HistoryEntry]:
    """Return the transitions of a case, oldest first."""
    table = CASE_HISTORY
    query = (
        sa.select(table)
        .where(table.c.tenant_id == tenant, table.c.case_id == case_id)
        .order_by(table.c.version)
    )
    return [history_of(row) for row in tx.execute(query)]


def list_decisions(
    tx: Transaction, tenant: TenantId, case_id: CaseId
) -> Sequence[Decision]:
    """Return the verdicts on a case, oldest first."""
    query = (
        sa.select(DECISIONS)
        .where(DECISIONS.c.tenant_id == tenant, DECISIONS.c.case_id == case_id)
        .order_by(DECISIONS.c.at, DECISIONS.c.run_id)
    )
    return [decision_of(row) for row in tx.execute(query)]


def get_evidence(
    tx: Transaction, tenant: TenantId, evidence_id: EvidenceId
) -> tuple[CaseId, Evidence]:
    """Return an item of evidence and its case, or raise NotFound."""
    row = _one(tx, EVIDENCE, tenant, evidence_id, "evidence")
    return CaseId(row.case_id), evidence_of(row)


def list_evidence(
    tx: Transaction, tenant: TenantId, case_id: CaseId
) -> Sequence[Evidence]:
    """Return the evidence of a case in the order it came."""
    query = (
        sa.select(EVIDENCE)
        .where(EVIDENCE.c.tenant_id == tenant, EVIDENCE.c.case_id == case_id)
        .order_by(EVIDENCE.c.position)
    )
    return [evidence_of(row) for row in tx.execute(query)]


def get_finding(
    tx: Transaction, tenant: TenantId, finding_id: FindingId
) -> FindingRecord:
    """Return a finding, or raise NotFound."""
    return finding_of(_one(tx, FINDINGS, tenant, finding_id, "finding"))


def list_findings(
    tx: Transaction, tenant: TenantId, case_id: CaseId
) -> Sequence[FindingRecord]:
    """Return the findings on a case, oldest first."""
    query = (
        sa.select(FINDINGS)
        .where(FINDINGS.c.tenant_id == tenant, FINDINGS.c.case_id == case_id)
        .order_by(FINDINGS.c.id)
    )
    return [finding_of(row) for row in tx.execute(query)]


def get_approval(
    tx: Transaction, tenant: TenantId, approval_id: ApprovalId
) -> Approval:
    """Return an approval, or raise NotFound."""
    return approval_of(_one(tx, APPROVALS, tenant, approval_id, "approval"))


def find_approvals(
    tx: Transaction,
    tenant: TenantId,
    *,
    case_id: CaseId | None = None,
    state: ApprovalState | None = None,
    before: str | None = None,
    limit: int = 100,
    visible: Visible = all_visible,
) -> Sequence[Approval]:
    """Return approvals, newest first, older than the id `before`."""
    query = sa.select(APPROVALS).where(
        APPROVALS.c.tenant_id == tenant, visible(APPROVALS.c.case_id)
    )
    if case_id is not None:
        query = query.where(APPROVALS.c.case_id == case_id)
    if state is not None:
        query = query.where(APPROVALS.c.state == state.value)
    return [approval_of(row) for row in _page(tx, APPROVALS, query, before, limit)]


def load_dossiers(
    tx: Transaction, tenant: TenantId, case_ids: Sequence[CaseId]
) -> dict[CaseId, Dossier]:
    """Return the dossiers of cases: everything the services may see of them."""
    dossiers: dict[CaseId, Dossier] = {}
    for start in range(0, len(case_ids), _QUERY_LIMIT):
        ids = list(case_ids[start : start + _QUERY_LIMIT])
        items: dict[str, list[Evidence]] = {case_id: [] for case_id in ids}
        for row in tx.execute(
            sa.select(EVIDENCE)
            .where(EVIDENCE.c.tenant_id == tenant, EVIDENCE.c.case_id.in_(ids))
            .order_by(EVIDENCE.c.case_id, EVIDENCE.c.position)
        ):
            items[row.case_id].append(evidence_of(row))
        for row in tx.execute(
            sa.select(CASES.c.id, CASES.c.channel, CASES.c.created_at).where(
                CASES.c.tenant_id == tenant, CASES.c.id.in_(ids)
            )
        ):
            dossiers[CaseId(row.id)] = Dossier(
                id=row.id,
                tenant=tenant,
                channel=row.channel,
                received_at=row.created_at,
                evidence=tuple(items[row.id]),
            )
    return dossiers


def _one(
    tx: Transaction,
    table: sa.Table,
    tenant: TenantId,
    key: str,
    what: str,
    *conditions: sa.ColumnElement[bool],
    lock: bool = False,
) -> sa.Row[Any]:
    query = _by_key(table)
    if conditions:
        query = query.where(*conditions)
    if lock:
        query = query.with_for_update()  # SQLite has one writer and knows no such thing
    row = tx.execute(query, {"of_tenant": tenant, "of_id": key}).one_or_none()
    if row is None:
        raise NotFound(f"there is no {what} {key}")
    return row


@cache  # the putting together costs as much as the asking
def _by_key(table: sa.Table) -> sa.Select[Any]:
    return sa.select(table).where(
        table.c.tenant_id == sa.bindparam("of_tenant"),
        table.c.id == sa.bindparam("of_id"),
    )


def _page(
    tx: Transaction,
    table: sa.Table,
    query: sa.Select[Any],
    before: str | None,
    limit: int,
) -> sa.CursorResult[Any]:
    if before is not None:
        query = query.where(table.c.id < before)
    return tx.execute(query.order_by(table.c.id.desc()).limit(limit))

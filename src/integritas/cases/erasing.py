"""Erases evidence: content and salt go, and what findings said of it.

The journal keeps its commitments, and an entry tells what was erased; so the log still
verifies, and replaying it rebuilds all but what was erased.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from integritas.cases import views
from integritas.cases.rows import finding_of
from integritas.cases.tables import (
    APPROVALS,
    ATTACHMENTS,
    CASE_HISTORY,
    CASE_LINKS,
    CASES,
    EVIDENCE,
    FINDINGS,
    SUBMISSIONS,
)
from integritas.kernel.contracts import Fact
from integritas.kernel.ids import CaseId, EvidenceId

if TYPE_CHECKING:
    from collections.abc import Collection

    from integritas.cases.store import CaseStore
    from integritas.kernel.contracts import Context, Finding
    from integritas.platform.db import Transaction

__all__ = ["EVIDENCE_ERASED", "erase_evidence", "redacted"]

EVIDENCE_ERASED: Final = "integritas.evidence.erased.v1"
_ERASED: Final = "erased"
# What people wrote of a case: in which column of which table, by whose case.
_REASONS: Final = (
    (CASE_HISTORY, CASE_HISTORY.c.case_id, ("reason",)),
    (APPROVALS, APPROVALS.c.case_id, ("reason", "decision_reason")),
    (CASE_LINKS, CASE_LINKS.c.case_id, ("reason",)),
    (FINDINGS, FINDINGS.c.case_id, ("review_reason", "proposed_reason")),
)


def redacted(finding: Finding) -> Finding:
    """Return a finding without words: what it was of, how grave, no more."""
    return replace(finding, title=_ERASED, reasons=(), data={})


def erase_evidence(
    tx: Transaction,
    store: CaseStore,
    context: Context,
    evidence: Collection[EvidenceId],
    reason: str,
) -> dict[CaseId, bool]:
    """Erase items of evidence; say of each case whether all of its evidence is gone.

    With the last item of a case go its title, reference, tags and attachments, and what
    people gave as reasons. Ids that are not there are passed over.
    """
    tenant = context.tenant
    wanted = (EVIDENCE.c.tenant_id == tenant) & EVIDENCE.c.id.in_(sorted(evidence))
    cases: dict[CaseId, list[str]] = {}
    for row in tx.execute(sa.select(EVIDENCE.c.id, EVIDENCE.c.case_id).where(wanted)):
        cases.setdefault(CaseId(row.case_id), []).append(row.id)
    tx.execute(sa.delete(EVIDENCE).where(wanted))
    emptied: dict[CaseId, bool] = {}
    for case_id, erased in sorted(cases.items()):
        _redact_findings(tx, context, case_id, set(erased))
        emptied[case_id] = not views.list_evidence(tx, tenant, case_id)
        if emptied[case_id]:
            _blank(tx, context, case_id)
        fact = Fact(
            type=EVIDENCE_ERASED,
            subject=case_id,
            data={"evidence": [*sorted(erased)]},
            personal={"reason": reason},
        )
        store.forget()
        store.tell(tx, context, views.get_case(tx, tenant, case_id), fact)
    return emptied


def _redact_findings(
    tx: Transaction, context: Context, case_id: CaseId, erased: set[str]
) -> None:
    mine = (FINDINGS.c.tenant_id == context.tenant) & (FINDINGS.c.case_id == case_id)
    for row in list(tx.execute(sa.select(FINDINGS).where(mine))):
        finding = finding_of(row).finding
        if finding.subject.evidence in erased:
            tx.execute(
                sa.update(FINDINGS)
                .where(mine, FINDINGS.c.id == row.id)
                .values(body=redacted(finding))
            )


def _blank(tx: Transaction, context: Context, case_id: CaseId) -> None:
    tenant = context.tenant
    tx.execute(
        sa.update(CASES)
        .where(CASES.c.tenant_id == tenant, CASES.c.id == case_id)
        .values(title=_ERASED, tags=[])
    )
    tx.execute(
        sa.update(SUBMISSIONS)
        .where(SUBMISSIONS.c.tenant_id == tenant, SUBMISSIONS.c.case_id == case_id)
        .values(title="", reference="")
    )
    for table, column, reasons in _REASONS:
        tx.execute(
            sa.update(table)
            .where(table.c.tenant_id == tenant, column == case_id)
            .values(dict.fromkeys(reasons, ""))
        )
    tx.execute(
        sa.delete(ATTACHMENTS).where(
            ATTACHMENTS.c.tenant_id == tenant, ATTACHMENTS.c.case_id == case_id
        )
    )

"""Queries across cases: what was decided on which findings, and findings of a kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from integritas.cases.model import ReviewState
from integritas.cases.rows import decision_of, finding_of
from integritas.cases.tables import ASSESSMENTS, CASES, DECISIONS, FINDINGS
from integritas.kernel.contracts import Assessment, DecisionRequest, Verdict
from integritas.kernel.evidence import EvidenceKind
from integritas.kernel.ids import RunId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.cases.model import FindingRecord
    from integritas.kernel.contracts import Finding, FindingKind
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = ["PROPOSED", "PastDecision", "find_findings", "list_past_decisions"]

PROPOSED: Final = "proposed"
"""A review that waits for a second person."""

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class PastDecision:
    """What a policy was asked, and what it said; `cursor` is where the next begin."""

    request: DecisionRequest
    verdict: Verdict
    cursor: str


def list_past_decisions(
    tx: Transaction, tenant: TenantId, *, before: str | None = None, limit: int = 500
) -> Sequence[PastDecision]:
    """Return the last verdict of each run, newest run first, with what it was on."""
    table = DECISIONS
    query = (
        sa.select(DECISIONS, CASES.c.channel, CASES.c.kinds)
        .join(
            CASES,
            (CASES.c.tenant_id == table.c.tenant_id) & (CASES.c.id == table.c.case_id),
        )
        .where(table.c.tenant_id == tenant)
        .order_by(table.c.run_id.desc())
        .limit(min(limit, _AT_ONCE))
    )
    if before is not None:
        query = query.where(table.c.run_id < before)
    rows = list(tx.execute(query))
    runs = [RunId(row.run_id) for row in rows]
    assessments = _assessments(tx, tenant, runs)
    return [
        PastDecision(
            request=DecisionRequest(
                dossier_id=row.case_id,
                tenant=tenant,
                channel=row.channel,
                kinds=frozenset(map(EvidenceKind, row.kinds)),
                assessments=assessments.get(RunId(row.run_id), {}),
            ),
            verdict=decision_of(row).verdict,
            cursor=row.run_id,
        )
        for row in rows
    ]


def find_findings(
    tx: Transaction,
    tenant: TenantId,
    kind: FindingKind,
    *,
    review: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> Sequence[FindingRecord]:
    """Return findings of a kind in all cases, newest first.

    `review` is what was said of them: `open` where nobody said anything yet, `proposed`
    where a second person is waited for.
    """
    query = (
        sa.select(FINDINGS)
        .where(FINDINGS.c.tenant_id == tenant, FINDINGS.c.kind == kind.value)
        .order_by(FINDINGS.c.id.desc())
        .limit(limit)
    )
    waiting = FINDINGS.c.proposed.is_not(None)
    if review == PROPOSED:
        query = query.where(waiting)
    elif review is not None:
        query = query.where(FINDINGS.c.review == str(review))
    if review == ReviewState.OPEN:
        query = query.where(~waiting)
    if before is not None:
        query = query.where(FINDINGS.c.id < before)
    return [finding_of(row) for row in tx.execute(query)]


def _assessments(
    tx: Transaction, tenant: TenantId, runs: Sequence[RunId]
) -> dict[RunId, dict[str, Assessment]]:
    findings: dict[tuple[str, str], list[Finding]] = {}
    query = (
        sa.select(FINDINGS)
        .where(FINDINGS.c.tenant_id == tenant, FINDINGS.c.run_id.in_(runs))
        .order_by(FINDINGS.c.id)
    )
    for row in tx.execute(query):
        record = finding_of(row)
        findings.setdefault((row.run_id, row.service), []).append(record.finding)
    made = sa.select(ASSESSMENTS).where(
        ASSESSMENTS.c.tenant_id == tenant, ASSESSMENTS.c.run_id.in_(runs)
    )
    found: dict[RunId, dict[str, Assessment]] = {}
    for row in tx.execute(made):
        found.setdefault(RunId(row.run_id), {})[row.service] = Assessment(
            service=row.service,
            findings=tuple(findings.get((row.run_id, row.service), ())),
            versions=row.versions,
            input_hash=row.input_hash,
        )
    return found

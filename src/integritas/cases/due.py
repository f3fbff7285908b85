"""Evidence of cases that are closed: what a retention period may be over for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from integritas.cases.tables import CASES, EVIDENCE
from integritas.kernel.evidence import EvidenceKind
from integritas.kernel.ids import CaseId, EvidenceId

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = ["ClosedEvidence", "closed_evidence"]


class ClosedEvidence(NamedTuple):
    """An item of evidence whose case was closed, and when."""

    case_id: CaseId
    evidence_id: EvidenceId
    kind: EvidenceKind
    channel: str
    closed_at: datetime


def closed_evidence(
    tx: Transaction,
    tenant: TenantId,
    closed_before: datetime,
    *,
    after: tuple[str, str] = ("", ""),
    limit: int,
) -> Sequence[ClosedEvidence]:
    """Return evidence of cases closed before a time, behind a case and item."""
    query = (
        sa.select(
            EVIDENCE.c.case_id,
            EVIDENCE.c.id,
            EVIDENCE.c.kind,
            CASES.c.channel,
            CASES.c.closed_at,
        )
        .join(
            CASES,
            (CASES.c.tenant_id == EVIDENCE.c.tenant_id)
            & (CASES.c.id == EVIDENCE.c.case_id),
        )
        .where(
            EVIDENCE.c.tenant_id == tenant,
            CASES.c.closed_at < closed_before,
            sa.tuple_(EVIDENCE.c.case_id, EVIDENCE.c.id) > after,
        )
        .order_by(EVIDENCE.c.case_id, EVIDENCE.c.id)
        .limit(limit)
    )
    return [
        ClosedEvidence(
            CaseId(row.case_id),
            EvidenceId(row.id),
            EvidenceKind(row.kind),
            row.channel,
            row.closed_at,
        )
        for row in tx.execute(query)
    ]

"""Rows of approvals in a unit of work: asked, settled once, void when the case changes.

An approval is for the case as it was when somebody asked: what they asked for was
judged on that version, so whatever changes the case voids it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from integritas.cases.model import Approval, ApprovalState, Case
from integritas.cases.rows import approval_of
from integritas.cases.tables import APPROVALS
from integritas.kernel.contracts import Context, Fact
from integritas.kernel.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

__all__ = ["VOIDED", "add_approval", "settle", "void", "void_outdated"]

VOIDED: Final = "integritas.approval.voided.v1"
_QUERY_LIMIT: Final = 500


def add_approval(tx: Transaction, approval: Approval) -> None:
    """Write a new approval."""
    tx.insert(APPROVALS, [_row(approval)])


def settle(tx: Transaction, approval: Approval) -> None:
    """Write how an open approval ended.

    Raises:
        Conflict: it ended already, by another process since it was read.
    """
    done = tx.execute(
        sa.update(APPROVALS)
        .where(
            APPROVALS.c.tenant_id == approval.tenant,
            APPROVALS.c.id == approval.id,
            APPROVALS.c.state == ApprovalState.OPEN.value,
        )
        .values(
            state=approval.state.value,
            decided_by=approval.decided_by,
            decided_at=approval.decided_at,
            decision_reason=approval.decision_reason,
        )
    )
    if done.rowcount != 1:
        raise Conflict(f"approval {approval.id} is decided already")


def void(
    tx: Transaction,
    approval: Approval,
    case: Case,
    now: datetime,
    reason: str = "asked for again",
) -> Fact:
    """End an open approval that no longer fits its case; return what to record."""
    if case.version != approval.case_version:
        reason = (
            f"the case changed: asked on version {approval.case_version}, "
            f"it is at version {case.version}"
        )
    settle(
        tx,
        replace(
            approval,
            state=ApprovalState.VOID,
            decided_at=now,
            decision_reason=reason,
        ),
    )
    return Fact(
        type=VOIDED,
        subject=case.id,
        data={
            "approval": approval.id,
            "asked_on": approval.case_version,
            "version": case.version,
        },
    )


def void_outdated(
    tx: Transaction, changed: Sequence[tuple[Context, Case]], now: datetime
) -> Iterator[tuple[Context, Case, Fact]]:
    """Void what is open on cases that just changed; yield what to record.

    The context is that of the change, so that the record names who made it.
    """
    tenants: dict[TenantId, list[tuple[Context, Case]]] = {}
    for context, case in changed:
        tenants.setdefault(case.tenant, []).append((context, case))
    for tenant, pairs in tenants.items():
        for start in range(0, len(pairs), _QUERY_LIMIT):
            some = {case.id: (at, case) for at, case in pairs[start:][:_QUERY_LIMIT]}
            query = sa.select(APPROVALS).where(
                APPROVALS.c.tenant_id == tenant,
                APPROVALS.c.case_id.in_(list(some)),
                APPROVALS.c.state == ApprovalState.OPEN.value,
            )
            for row in tx.execute(query.order_by(APPROVALS.c.id)).all():
                approval = approval_of(row)
                context, case = some[approval.case_id]
                yield context, case, void(tx, approval, case, now)


def _row(approval: Approval) -> dict[str, Any]:
    return {
        "tenant_id": approval.tenant,
        "id": approval.id,
        "case_id": approval.case_id,
        "case_version": approval.case_version,
        "from_state": approval.from_state.value,
        "to_state": approval.to.value,
        "reason": approval.reason,
        "requested_by": approval.requested_by,
        "requested_at": approval.requested_at,
        "state": approval.state.value,
        "decided_by": approval.decided_by,
        "decided_at": approval.decided_at,
        "decision_reason": approval.decision_reason,
    }

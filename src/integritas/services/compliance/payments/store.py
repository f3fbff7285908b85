"""Statements over the windows of accounts: a function each, in a unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from integritas.kernel.ids import EvidenceId
from integritas.services.compliance.payments.seen import Seen, Side
from integritas.services.compliance.tables import (
    COMPLIANCE_PAYMENTS,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import date
    from typing import TypeVar

    from integritas.kernel.contracts import Evidence, UnitOfWork
    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Transaction

    T = TypeVar("T")

__all__ = [
    "MOST_KEPT",
    "erase_seen",
    "read_cursor",
    "read_windows",
    "save_seen",
]

MOST_KEPT: Final = 500
"""The newest payments of an account that are judged by; the busiest have more."""

_AT_ONCE: Final = 500
_SIDES: Final = {side.value: side for side in Side}
_TABLE: Final = COMPLIANCE_PAYMENTS
_COLUMNS: Final = (
    _TABLE.c.evidence_id,
    _TABLE.c.side,
    _TABLE.c.account,
    _TABLE.c.other,
    _TABLE.c.country,
    _TABLE.c.amount,
    _TABLE.c.currency,
    _TABLE.c.date,
)
_NEWEST: Final = (
    sa.select(*_COLUMNS)
    .where(
        _TABLE.c.tenant_id == sa.bindparam("tenant"),
        _TABLE.c.account == sa.bindparam("account"),
        _TABLE.c.date.between(sa.bindparam("since"), sa.bindparam("until")),
    )
    .order_by(_TABLE.c.date.desc(), _TABLE.c.seq.desc())
    .limit(MOST_KEPT)
)


def read_cursor(uow: UnitOfWork, tenant: TenantId) -> int:
    """Return how far a tenant's payments were learned."""
    query = sa.select(sa.func.max(_TABLE.c.seq)).where(_TABLE.c.tenant_id == tenant)
    return int(uow.execute(query).scalar() or 0)


def save_seen(uow: UnitOfWork, tenant: TenantId, seen: Sequence[Seen]) -> None:
    """Add what accounts saw; evidence that is known already is left as it is."""
    known: set[str] = set()
    for chunk in _chunks([item.evidence for item in seen]):
        query = sa.select(_TABLE.c.evidence_id).where(
            _TABLE.c.tenant_id == tenant, _TABLE.c.evidence_id.in_(chunk)
        )
        known.update(uow.execute(query).scalars())
    last = read_cursor(uow, tenant)
    rows = [
        {
            "tenant_id": tenant,
            "evidence_id": item.evidence,
            "side": item.side.value,
            "seq": last + place,
            "account": item.account,
            "other": item.other,
            "country": item.country,
            "amount": item.amount,
            "currency": item.currency,
            "date": item.date,
        }
        for place, item in enumerate(seen, start=1)
        if item.evidence not in known
    ]
    if rows:
        uow.execute(sa.insert(_TABLE), rows)


def erase_seen(uow: UnitOfWork, tenant: TenantId, evidence: Sequence[Evidence]) -> int:
    """Erase what accounts saw of evidence; return how many rows."""
    gone = 0
    for chunk in _chunks(sorted(item.id for item in evidence)):
        mine = (_TABLE.c.tenant_id == tenant) & _TABLE.c.evidence_id.in_(chunk)
        gone += int(uow.execute(sa.delete(_TABLE).where(mine)).rowcount)
    return gone


def read_windows(
    tx: Transaction,
    tenant: TenantId,
    accounts: Collection[str],
    since: date,
    until: date,
) -> dict[str, list[Seen]]:
    """Return what accounts saw between two dates, in order, each account's newest."""
    # One walk of the index an account: a window function would sort all they did.
    return {
        account: [
            _seen(*row)
            for row in reversed(
                tx.execute(
                    _NEWEST,
                    {
                        "tenant": tenant,
                        "account": account,
                        "since": since,
                        "until": until,
                    },
                ).all()
            )
        ]
        for account in sorted(accounts)
    }


def _seen(
    evidence: str,
    side: str,
    *rest: Any,  # noqa: ANN401 - the other columns, in order
) -> Seen:
    return Seen(EvidenceId(evidence), _SIDES[side], *rest)


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]

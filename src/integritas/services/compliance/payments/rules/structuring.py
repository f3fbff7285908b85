"""An amount split into pieces, each just too small to be reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from integritas.kernel.contracts import Severity
from integritas.services.compliance.payments.amounts import THRESHOLDS, in_currency
from integritas.services.compliance.payments.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    View,
)

__all__ = ["Structuring"]


@dataclass(frozen=True, slots=True)
class Structuring:
    """Flags several payments of an account just below a threshold that exceed it."""

    days: int = 10
    payments: int = 3
    share: Decimal = Decimal("0.5")

    spec: ClassVar[Spec] = Spec(
        code="payment.structuring",
        title="Structuring below a threshold",
        formula=(
            "of the account's payments on the same side in the last 10 days, at least 3"
            " lie in [0.5 T, T), this one among them, and together reach T"
        ),
        defaults={
            "days": 10,
            "payments": 3,
            "share": 0.5,
            "T": {code: int(amount) for code, amount in THRESHOLDS.items()},
        },
        why="Splitting keeps each piece out of the report that the whole would need.",
        source=(
            "31 CFR 1010.100(xx) and 1010.314; FATF, Guidance on the risk-based"
            " approach; T from the acts named in payments/amounts.py"
        ),
        severity=Severity.HIGH,
    )

    def judge(self, view: View) -> Judgement:
        """Count the pieces."""
        own = view.own
        threshold = THRESHOLDS.get(own.currency)
        if threshold is None:
            return Gap(f"not comparable: no threshold is set in {own.currency}")
        least = threshold * self.share
        if not least <= own.amount < threshold:
            return None
        if not own.account:
            return Gap(f"the {own.side} has no account number")
        pieces = [
            seen.amount
            for seen in in_currency(
                view.same_side(timedelta(days=self.days)), own.currency
            )
            if least <= seen.amount < threshold
        ]
        pieces.append(own.amount)
        total = sum(pieces)
        if len(pieces) < self.payments or total < threshold:
            return None
        return Flag(
            text=(
                f"{len(pieces)} payments of the {own.side}'s account within"
                f" {self.days} days lie just below {threshold} {own.currency} and make"
                f" {total}"
            ),
            score=min(1.0, 0.5 + 0.1 * (len(pieces) - self.payments + 1)),
            pointer="/amount",
            figures={
                "payments": len(pieces),
                "total": str(total),
                "threshold": str(threshold),
                "currency": own.currency,
                "days": self.days,
            },
        )

"""Money that leaves an account as fast as it came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from integritas.kernel.contracts import Severity
from integritas.services.compliance.payments.amounts import in_currency
from integritas.services.compliance.payments.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    View,
)
from integritas.services.compliance.payments.seen import Side

__all__ = ["PassedOn"]


@dataclass(frozen=True, slots=True)
class PassedOn:
    """Flags an account that pays on nearly all it was paid within days."""

    days: int = 3
    share: Decimal = Decimal("0.9")
    least: Decimal = Decimal(1_000)

    spec: ClassVar[Spec] = Spec(
        code="payment.passed_on",
        title="Passed on at once",
        formula=(
            "over the last 3 days, this payment among them, paid >= 0.9 received and"
            " <= received, received >= 1000, in one currency, to others than it came"
            " from"
        ),
        defaults={"days": 3, "share": 0.9, "least": 1_000},
        why="A mule's account, or a shell, only passes money on.",
        source=(
            "FATF, Professional money laundering, 2018, funnel and pass-through"
            " accounts; figures are assumptions of ours"
        ),
        severity=Severity.MEDIUM,
        sides=(Side.DEBTOR,),
    )

    def judge(self, view: View) -> Judgement:
        """Hold what was paid against what was received."""
        own = view.own
        if not own.account:
            return Gap(f"the {own.side} has no account number")
        start = own.date - timedelta(days=self.days)
        recent = in_currency([s for s in view.past if s.date > start], own.currency)
        came = [seen for seen in recent if seen.side is Side.CREDITOR]
        received = sum((seen.amount for seen in came), Decimal(0))
        paid = own.amount + sum(
            seen.amount for seen in recent if seen.side is Side.DEBTOR
        )
        if received < self.least or not self.share * received <= paid <= received:
            return None
        if own.other in {seen.other for seen in came}:
            return None
        return Flag(
            text=(
                f"Within {self.days} days the account paid on {paid / received:.0%} of"
                f" the {received} {own.currency} it received"
            ),
            score=0.5,
            pointer="/debtor/account",
            figures={"received": str(received), "paid": str(paid)},
        )

"""Round amounts from an account that does not pay round amounts."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from integritas.kernel.contracts import Severity
from integritas.services.compliance.payments.contract import (
    Flag,
    Judgement,
    Spec,
    View,
)
from integritas.services.compliance.payments.seen import Side

__all__ = ["RoundAmount"]


@dataclass(frozen=True, slots=True)
class RoundAmount:
    """Flags a large amount that is a multiple of a thousand."""

    least: Decimal = Decimal(5_000)
    step: Decimal = Decimal(1_000)
    usual: float = 0.25

    spec: ClassVar[Spec] = Spec(
        code="payment.round_amount",
        title="Round amount",
        formula=(
            "amount >= 5000 and amount is a multiple of 1000, unless at least 4 earlier"
            " payments are known and 25 % or more of them are round too"
        ),
        defaults={"least": 5_000, "step": 1_000, "usual": 0.25},
        why="Invoices are seldom round; invented ones often are.",
        source=(
            "ACFE, Fraud Examiners Manual, round-dollar analysis; Nigrini, Forensic"
            " Analytics, 2011, chapter 8; least and usual are assumptions of ours"
        ),
        severity=Severity.LOW,
        sides=(Side.DEBTOR,),
    )

    def judge(self, view: View) -> Judgement:
        """Compare with what the account usually pays."""
        amount = view.own.amount
        if amount < self.least or amount % self.step:
            return None
        known = view.same_side() if view.own.account else []
        rounds = sum(1 for seen in known if not seen.amount % self.step)
        if len(known) >= 4 and rounds / len(known) >= self.usual:
            return None
        return Flag(
            text=f"The amount is a multiple of {self.step} {view.own.currency}",
            score=0.3,
            pointer="/amount",
            figures={"amount": str(amount), "round": rounds, "known": len(known)},
        )

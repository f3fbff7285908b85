"""An account that slept wakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from integritas.kernel.contracts import Severity
from integritas.services.compliance.payments.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    View,
)

__all__ = ["DormantAccount"]


@dataclass(frozen=True, slots=True)
class DormantAccount:
    """Flags the first payment after half a year of silence."""

    days: int = 180

    spec: ClassVar[Spec] = Spec(
        code="payment.dormant_account",
        title="Dormant account",
        formula="days since the account's last payment, on either side, >= 180",
        defaults={"days": 180},
        why="A forgotten account is a quiet one to take over or to lend out.",
        source=(
            "FFIEC BSA/AML Examination Manual, appendix F: dormant account with sudden"
            " activity; the number of days is an assumption of ours"
        ),
        severity=Severity.MEDIUM,
    )

    def judge(self, view: View) -> Judgement:
        """Measure the silence."""
        own = view.own
        if not own.account:
            return Gap(f"the {own.side} has no account number")
        if not view.past:
            return Gap("no earlier payment of the account is known")
        silent = (own.date - view.past[-1].date).days
        if silent < self.days:
            return None
        return Flag(
            text=f"The {own.side}'s account was silent for {silent} days",
            score=min(1.0, round(0.4 + 0.2 * (silent / self.days - 1), 4)),
            pointer=f"/{own.side}/account",
            figures={"days": silent, "threshold": self.days},
        )

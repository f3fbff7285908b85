"""More payments in a week than the account's own past explains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from typing import ClassVar

from integritas.kernel.contracts import Severity
from integritas.services.compliance.payments.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    View,
)

__all__ = ["Velocity"]


@dataclass(frozen=True, slots=True)
class Velocity:
    """Flags a week whose count lies above the usual one by three deviations."""

    days: int = 7
    least: int = 5
    weeks: int = 4
    deviations: float = 3.0

    spec: ClassVar[Spec] = Spec(
        code="payment.velocity",
        title="Velocity",
        formula=(
            "n = payments on the same side in the last 7 days, this one among them; m ="
            " payments a week before that, over at least 4 weeks; n >= 5 and n > m + 3"
            " sqrt(m)"
        ),
        defaults={"days": 7, "least": 5, "weeks": 4, "deviations": 3.0},
        why="A burst is how a taken-over or newly misused account empties or fills.",
        source=(
            "FFIEC BSA/AML Examination Manual, appendix F; the Poisson bound m + 3"
            " sqrt(m) after Shewhart's c-chart"
        ),
        severity=Severity.MEDIUM,
    )

    def judge(self, view: View) -> Judgement:
        """Compare the week with those before."""
        own = view.own
        if not own.account:
            return Gap(f"the {own.side} has no account number")
        known = view.same_side()
        start = own.date - timedelta(days=self.days)
        recent = 1 + sum(1 for seen in known if seen.date > start)
        before = [seen for seen in known if seen.date <= start]
        span = (start - before[0].date).days + 1 if before else 0
        if span < self.weeks * 7:
            return Gap(f"fewer than {self.weeks} weeks of the account are known")
        mean = len(before) * 7 / span
        bound = mean + self.deviations * sqrt(mean)
        if recent < self.least or recent <= bound:
            return None
        return Flag(
            text=(
                f"{recent} payments of the {own.side}'s account in {self.days} days,"
                f" {mean:.1f} a week are usual"
            ),
            score=min(1.0, round(0.4 + 0.1 * (recent - bound) / max(1.0, bound), 4)),
            pointer=f"/{own.side}/account",
            figures={"payments": recent, "usual": round(mean, 2), "bound": bound},
        )

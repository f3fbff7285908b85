"""I204: the first digits of a buyer's awards are unlike those of grown numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import (
    OCP,
    amount_of,
    options_of,
)
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    When,
    strength_above,
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Ledger, Reference
    from integritas.services.anticorruption.settings import Settings

__all__ = ["BenfordDeviation"]


@dataclass(frozen=True, slots=True)
class BenfordDeviation:
    """Flags buyers whose award amounts break Benford's law."""

    threshold: float
    minimum_awards: int

    spec: ClassVar[Spec] = Spec(
        code="I204",
        title="First digits unlike chance",
        formula=(
            "mean of |share of first digit d - log10(1 + 1/d)| over d = 1..9 >="
            " threshold, of enough awards"
        ),
        value="the mean absolute deviation",
        groups=(Group.BUYER,),
        fields=(
            "buyer.id",
            "awards.value",
            "awards.status",
        ),
        options=(
            Option(
                "threshold",
                OptionKind.NUMBER,
                "deviation that is too much",
                default=0.04,
            ),
            Option(
                "minimum_awards",
                OptionKind.INTEGER,
                "awards from which on a buyer is looked at",
                default=100,
            ),
        ),
        why=(
            "Amounts that people invent, or trim to stay below a limit, do not spread"
            " as real ones do."
        ),
        source=(
            "Nigrini, Benford's Law (2012): mean absolute deviation, nonconformity"
            f" above 0.015, raised here for small samples; {OCP}, prices"
        ),
        severity=Severity.LOW,
        weight=0.3,
        alone="not computable: needs the buyer's history",
        when=When.AWARDED,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with its options."""
        return cls(**options_of(cls.spec, settings))

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Count the first digits of the buyer's awards."""
        if process.buyer is None:
            return
        for award in process.awards:
            amount = amount_of(award.entry.value)
            if award.status == "active" and amount is not None:
                ledger.number(self.spec.code, process.buyer, f"{amount:e}"[0])

    def conclude(self, ledger: Ledger) -> None:
        """Flag the buyers that deviate."""
        for buyer, digits in ledger.numbers.get(self.spec.code, {}).items():
            deviation = self._deviation(digits)
            if deviation is not None and deviation >= self.threshold:
                ledger.flag(Group.BUYER, buyer, self.spec.code, deviation)

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge the buyer of this process by its awards before."""
        digits = reference.numbers.get(self.spec.code, {}).get(process.buyer or "", {})
        deviation = self._deviation(digits)
        if deviation is None:
            return Gap("no history of the buyer's awards to compare with")
        if deviation < self.threshold:
            return ()
        return (
            Flag(
                value=deviation,
                threshold=self.threshold,
                strength=strength_above(deviation, self.threshold),
                pointer="/buyer",
                text=(
                    f"The first digits of the buyer's {sum(digits.values())} awards"
                    f" before deviate from Benford's law by {deviation:.3f}"
                ),
                figures={"awards": sum(digits.values())},
            ),
        )

    def _deviation(self, digits: Mapping[str, int]) -> float | None:
        total = sum(digits.values())
        if total < max(1, self.minimum_awards):
            return None
        apart = (
            abs(digits.get(str(d), 0) / total - math.log10(1 + 1 / d))
            for d in range(1, 10)
        )
        return sum(apart) / 9

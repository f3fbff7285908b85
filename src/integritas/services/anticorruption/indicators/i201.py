"""I201: a buyer buys mostly from one supplier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, options_of
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

__all__ = ["BuyerConcentration"]


@dataclass(frozen=True, slots=True)
class BuyerConcentration:
    """Flags buyers most of whose awards go to one supplier."""

    threshold: float
    minimum_awards: int

    spec: ClassVar[Spec] = Spec(
        code="I201",
        title="One supplier takes most of a buyer",
        formula=(
            "awards of a buyer to its most frequent supplier / all its awards to"
            " single suppliers >= threshold, of enough awards"
        ),
        value="the share",
        groups=(
            Group.BUYER,
            Group.TENDERER,
        ),
        fields=(
            "buyer.id",
            "awards.suppliers",
            "awards.status",
        ),
        options=(
            Option(
                "threshold", OptionKind.NUMBER, "share that is too much", default=0.5
            ),
            Option(
                "minimum_awards",
                OptionKind.INTEGER,
                "awards from which on a buyer is looked at",
                default=10,
            ),
        ),
        why=(
            "A buyer that has many sellers to choose from and always takes one may be"
            " captured by it."
        ),
        source=(
            f"{OCP}, supplier concentration; Fazekas and Kocsis, BJPS 50 (2020):"
            " winner's share of the buyer"
        ),
        severity=Severity.MEDIUM,
        weight=0.45,
        alone="not computable: needs the buyer's history",
        when=When.AWARDED,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with its options."""
        return cls(**options_of(cls.spec, settings))

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Count whom the buyer awards to."""
        if process.buyer is None:
            return
        for award in process.awards:
            if award.status == "active" and award.sole_supplier is not None:
                ledger.number(self.spec.code, process.buyer, award.sole_supplier)

    def conclude(self, ledger: Ledger) -> None:
        """Flag the buyers that lean on one supplier, and that supplier."""
        for buyer, counts in ledger.numbers.get(self.spec.code, {}).items():
            found = self._leading(counts)
            if found is not None:
                supplier, share = found
                ledger.flag(Group.BUYER, buyer, self.spec.code, share)
                ledger.flag(Group.TENDERER, supplier, self.spec.code, share)

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge the buyer of this process by whom it awarded to before."""
        counts = reference.numbers.get(self.spec.code, {}).get(process.buyer or "")
        if counts is None or sum(counts.values()) < self.minimum_awards:
            return Gap("no history of the buyer's awards to compare with")
        found = self._leading(counts)
        if found is None or all(found[0] not in a.suppliers for a in process.awards):
            return ()
        supplier, share = found
        return (
            Flag(
                value=share,
                threshold=self.threshold,
                strength=strength_above(share, self.threshold),
                pointer="/buyer",
                text=(
                    f"{share:.0%} of the buyer's {sum(counts.values())} awards before"
                    " went to a supplier of this process"
                ),
                figures={"awards": sum(counts.values())},
                organisations=(supplier,),
            ),
        )

    def _leading(self, counts: Mapping[str, int]) -> tuple[str, float] | None:
        total = sum(counts.values())
        supplier = max(sorted(counts), key=lambda name: counts[name])
        share = counts[supplier] / total
        enough = total >= self.minimum_awards and share >= self.threshold
        return (supplier, share) if enough else None

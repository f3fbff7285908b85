"""I111: bid prices are round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, Alone
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    When,
    organisations,
    strength_above,
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["RoundPrices"]


@dataclass(frozen=True, slots=True)
class RoundPrices(Alone):
    """Flags a contest most of whose bids are round numbers."""

    threshold: float
    minimum_bids: int

    spec: ClassVar[Spec] = Spec(
        code="I111",
        title="Round bid prices",
        formula=(
            "share of submitted bids whose amount has at most 2 significant digits >="
            " threshold, of 3 bids or more"
        ),
        value="the share",
        groups=(Group.OCID,),
        fields=("bids.details.value", "bids.details.status"),
        options=(
            Option(
                "threshold", OptionKind.NUMBER, "share that is too much", default=0.6
            ),
            Option(
                "minimum_bids",
                OptionKind.INTEGER,
                "bids from which on the share is computed",
                default=3,
            ),
        ),
        why=(
            "Calculated prices are rarely round; invented ones, as cover bids are,"
            " often are."
        ),
        source=(
            f"{OCP}, bid prices; Abrantes-Metz, Frequency of round bids; OECD,"
            " Guidelines for fighting bid rigging (2012)"
        ),
        severity=Severity.LOW,
        weight=0.35,
        alone="computed on the release itself",
        when=When.SUBMITTED,
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        amounts = [bid.amount for bid in process.submitted if bid.amount]
        if len(amounts) < self.minimum_bids:
            return Gap(f"fewer than {self.minimum_bids} submitted bids with a price")
        share = sum(map(_is_round, amounts)) / len(amounts)
        if share < self.threshold:
            return ()
        return (
            Flag(
                value=share,
                threshold=self.threshold,
                strength=strength_above(share, self.threshold),
                pointer="/bids/details",
                text=f"{share:.0%} of {len(amounts)} bids are round numbers",
                figures={"bids": len(amounts)},
                organisations=organisations(
                    t for bid in process.submitted for t in bid.tenderers
                ),
            ),
        )


def _is_round(amount: float) -> bool:
    """Say whether two significant digits tell all of an amount of 1,000 or more."""
    return amount >= 1_000 and float(f"{amount:.1e}") == amount

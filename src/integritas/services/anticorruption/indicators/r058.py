"""R058: the winning bid lies unusually far below the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    When,
    record,
    strength_above,
)
from integritas.services.anticorruption.indicators.margins import Margins
from integritas.services.anticorruption.ledger import Group, Ledger, Reference
from integritas.services.anticorruption.quantiles import quartiles
from integritas.services.anticorruption.settings import Option, OptionKind, Settings

if TYPE_CHECKING:
    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.features import Process

__all__ = ["HeavilyDiscountedBid"]

_ALONE = 0.5


@dataclass(frozen=True, slots=True)
class HeavilyDiscountedBid:
    """Flags margins that are high outliers of their set."""

    threshold: float | None
    margins: Margins

    spec: ClassVar[Spec] = Spec(
        code="R058",
        title="Heavily discounted bid",
        formula=(
            "(second-lowest valid bid - winning bid) / winning bid >= upper fence;"
            " upper fence = Q3 + 1.5 (Q3 - Q1) over the set"
        ),
        value="the difference; 0.0 for the winner",
        groups=(Group.OCID, Group.TENDERER),
        fields=("bids.details", "awards.status", "awards.suppliers"),
        options=(Option("threshold", OptionKind.NUMBER, "upper fence", minimum=None),),
        why=(
            "A bid far below all others may rest on inside knowledge, or on a promise"
            " that the price will be raised after the award."
        ),
        source=(
            "OCP, Red flags in public procurement (2024), R058; OCDS Cardinal, R058,"
            " https://cardinal.readthedocs.io/en/latest/cli/indicators/R/058.html"
        ),
        severity=Severity.MEDIUM,
        weight=0.45,
        alone=(
            f"held against {_ALONE}, the value in Cardinal's settings template, until a"
            " set gives a fence"
        ),
        when=When.NEVER,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with its fence, if one is set."""
        return cls(settings.number(cls.spec.code, "threshold"), Margins.of(settings))

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Do nothing: margins are noted once for the two indicators that use them."""

    def tally_block(self, block: Block, ledger: Ledger) -> None:
        """Do nothing: margins are noted once for the two indicators that use them."""

    def conclude(self, ledger: Ledger) -> None:
        """Flag the margins above the fence.

        A set most of whose margins are zero has no high outliers.
        """
        fences = ledger.fences.setdefault(self.spec.code, {})
        fence = self.threshold
        if fence is None:
            quarters = quartiles(m.ratio for m in ledger.margins.values())
            fence = quarters.upper_fence
            fences |= {"q1": quarters.q1, "q3": quarters.q3}
        fences["upper_fence"] = fence
        if fence > 0:
            for ocid, margin in ledger.margins.items():
                if margin.ratio >= fence:
                    record(ledger, self.spec, ocid, margin.ratio, {margin.winner: 0.0})

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge the margin against the set's fence, else the assumption."""
        margin = self.margins.read(process, reference)
        if isinstance(margin, Gap):
            return margin
        fence = self.threshold
        if fence is None:
            known = reference.fences.get(self.spec.code, {})
            fence = known.get("upper_fence", _ALONE)
        if not fence > 0:
            return Gap("the set's upper fence is not above zero: no high outliers")
        if margin.ratio < fence:
            return ()
        return (
            Flag(
                value=margin.ratio,
                threshold=fence,
                strength=strength_above(margin.ratio, fence),
                pointer=f"/bids/details/{margin.winning_bid}",
                text=(
                    f"The next bid of {margin.second:,.2f} {margin.currency} lies"
                    f" {margin.ratio:.1%} above the winning {margin.winning:,.2f}"
                    f" {margin.currency} (threshold {fence:.1%})"
                ),
                figures={
                    "winning": margin.winning,
                    "second": margin.second,
                    "currency": margin.currency,
                },
                organisations=(margin.winner,),
            ),
        )

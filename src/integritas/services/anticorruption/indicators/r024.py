"""R024: the next bid lies unusually close to the winning one."""

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
    strength_below,
)
from integritas.services.anticorruption.indicators.margins import Margins
from integritas.services.anticorruption.ledger import Group, Ledger, Reference
from integritas.services.anticorruption.quantiles import quartiles
from integritas.services.anticorruption.settings import Option, OptionKind, Settings

if TYPE_CHECKING:
    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.features import Process

__all__ = ["CloseToWinningBid"]

_ALONE = 0.01


@dataclass(frozen=True, slots=True)
class CloseToWinningBid:
    """Flags margins that are low outliers of their set."""

    threshold: float | None
    margins: Margins

    spec: ClassVar[Spec] = Spec(
        code="R024",
        title="Price close to winning bid",
        formula=(
            "(second-lowest valid bid - winning bid) / winning bid <= lower fence;"
            " lower fence = Q1 - 1.5 (Q3 - Q1) over the set"
        ),
        value="the difference; 0.0 for the winner and the second-lowest bidder",
        groups=(Group.OCID, Group.TENDERER),
        fields=("bids.details", "awards.status", "awards.suppliers"),
        options=(Option("threshold", OptionKind.NUMBER, "lower fence", minimum=None),),
        why=(
            "A partner in collusion can mimic competition with a bid just above the"
            " agreed winner's."
        ),
        source=(
            "Toth, Fazekas, Czibik, Toth: Toolkit for detecting collusive bidding in"
            " public procurement, GTI-WP/2014:02; OCDS Cardinal, R024,"
            " https://cardinal.readthedocs.io/en/latest/cli/indicators/R/024.html"
        ),
        severity=Severity.MEDIUM,
        weight=0.5,
        alone=(
            f"held against {_ALONE}, an assumption of ours, until a set gives a fence"
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
        """Flag the margins below the fence.

        A set most of whose margins are zero has no low outliers.
        """
        fences = ledger.fences.setdefault(self.spec.code, {})
        q1 = 1.0
        fence = self.threshold
        if fence is None:
            quarters = quartiles(m.ratio for m in ledger.margins.values())
            q1, fence = quarters.q1, quarters.lower_fence
            fences |= {"q1": q1, "q3": quarters.q3}
        fences["lower_fence"] = fence
        if q1 > 0 and fence > 0:
            for ocid, margin in ledger.margins.items():
                if margin.ratio <= fence:
                    both = {margin.winner: 0.0, margin.runner_up: 0.0}
                    record(ledger, self.spec, ocid, margin.ratio, both)

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge the margin against the set's fence, else the assumption."""
        margin = self.margins.read(process, reference)
        if isinstance(margin, Gap):
            return margin
        fence = self._fence(reference)
        if fence <= 0:
            return Gap("the set's lower fence is not above zero: no low outliers")
        if not margin.ratio <= fence:
            return ()
        return (
            Flag(
                value=margin.ratio,
                threshold=fence,
                strength=strength_below(margin.ratio, fence),
                pointer=f"/bids/details/{margin.second_bid}",
                text=(
                    f"The next bid of {margin.second:,.2f} {margin.currency} lies only"
                    f" {margin.ratio:.2%} above the winning {margin.winning:,.2f}"
                    f" {margin.currency} (threshold {fence:.2%})"
                ),
                figures={
                    "winning": margin.winning,
                    "second": margin.second,
                    "currency": margin.currency,
                },
                organisations=(margin.winner, margin.runner_up),
            ),
        )

    def _fence(self, reference: Reference) -> float:
        if self.threshold is not None:
            return self.threshold
        fences = reference.fences.get(self.spec.code, {})
        if fences.get("q1", 1.0) <= 0:
            return 0.0
        return fences.get("lower_fence", _ALONE)

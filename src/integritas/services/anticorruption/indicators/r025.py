"""R025: a tenderer bids often and hardly ever wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

import numpy as np

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.columns import count_codes
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    When,
    strength_below,
)
from integritas.services.anticorruption.ledger import Group, Ledger, Reference
from integritas.services.anticorruption.quantiles import quantile, quartiles
from integritas.services.anticorruption.settings import Option, OptionKind, Settings

if TYPE_CHECKING:
    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.features import Process

__all__ = ["ExcessiveUnsuccessfulBids"]

_PERCENTILE = 75


@dataclass(frozen=True, slots=True)
class ExcessiveUnsuccessfulBids:
    """Flags frequent tenderers whose share of wins is a low outlier."""

    percentile: int
    threshold: float | None

    spec: ClassVar[Spec] = Spec(
        code="R025",
        title="Excessive unsuccessful bids",
        formula=(
            "processes won / processes with a valid bid <= lower fence, of tenderers"
            " whose number of processes >= the percentile of all;"
            " lower fence = Q1 - 1.5 (Q3 - Q1) over the set"
        ),
        value="the ratio",
        groups=(Group.TENDERER,),
        fields=("bids.details", "awards.status", "awards.suppliers"),
        options=(
            Option(
                "percentile",
                OptionKind.INTEGER,
                "from which percentile of valid bids on a tenderer is frequent",
                default=_PERCENTILE,
                maximum=100,
            ),
            Option("threshold", OptionKind.NUMBER, "lower fence", minimum=None),
        ),
        why=(
            "A partner in collusion can mimic competition with bids that are meant to"
            " lose."
        ),
        source=(
            "Toth, Fazekas, Czibik, Toth: Toolkit for detecting collusive bidding in"
            " public procurement, GTI-WP/2014:02; OCDS Cardinal, R025,"
            " https://cardinal.readthedocs.io/en/latest/cli/indicators/R/025.html"
        ),
        severity=Severity.MEDIUM,
        weight=0.4,
        alone="not computable: needs the tenderer's history",
        when=When.WON,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with percentile and fence."""
        code = cls.spec.code
        return cls(
            percentile=settings.integer(code, "percentile", _PERCENTILE),
            threshold=settings.number(code, "threshold"),
        )

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Count each valid tenderer once, and the winner's win."""
        winner = process.winner
        if winner is None or not process.valid:
            return
        tenderers = {t for bid in process.valid if (t := bid.sole_tenderer) is not None}
        won = (winner,) if winner in tenderers else ()
        ledger.see(_CODE, won, tenderers)

    def tally_block(self, block: Block, ledger: Ledger) -> None:
        """Count each valid tenderer of a process once, and the winners' wins."""
        bids, winner = block.bids, block.winner
        sole = bids.tenderers.sole
        chosen = bids.valid & (sole >= 0) & (winner[bids.release] >= 0)
        keys = np.unique(block.keys(bids.release[chosen], sole[chosen]))
        rows, tenderers = block.pairs(keys)
        won = tenderers[tenderers == winner[rows]]
        count_codes(ledger, _CODE, block.names, won, tenderers)

    def conclude(self, ledger: Ledger) -> None:
        """Flag the frequent tenderers below the fence.

        A set most of whose tenderers never win has no low outliers.
        """
        shares = ledger.shares.get(self.spec.code, {})
        fences = ledger.fences.setdefault(self.spec.code, {})
        frequent = quantile(
            (float(share.whole) for share in shares.values()), self.percentile / 100.0
        )
        q1 = 1.0
        fence = self.threshold
        if fence is None:
            quarters = quartiles(share.ratio for share in shares.values())
            q1, fence = quarters.q1, quarters.lower_fence
            fences |= {"q1": q1, "q3": quarters.q3}
        fences |= {"upper_fence": frequent, "lower_fence": fence}
        if q1 > 0 and fence > 0:
            for tenderer, share in shares.items():
                if share.whole >= frequent and share.ratio <= fence:
                    ledger.flag(Group.TENDERER, tenderer, self.spec.code, share.ratio)

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge the tenderers of this process by what they did before."""
        fences = reference.fences.get(self.spec.code)
        if fences is None:
            return Gap("no history of tenderers to compare with")
        fence, frequent = fences["lower_fence"], fences["upper_fence"]
        if fences.get("q1", 1.0) <= 0 or fence <= 0:
            return Gap("the set's lower fence is not above zero: no low outliers")
        shares = reference.shares.get(self.spec.code, {})
        flags = []
        for tenderer, position in _valid_tenderers(process).items():
            share = shares.get(tenderer)
            if share and share.whole >= frequent and share.ratio <= fence:
                text = (
                    f"A tenderer won {share.part} of the {share.whole} processes it bid"
                    f" in before, {share.ratio:.1%} (threshold {fence:.1%})"
                )
                flags.append(
                    Flag(
                        value=share.ratio,
                        threshold=fence,
                        strength=strength_below(share.ratio, fence),
                        pointer=f"/bids/details/{position}",
                        text=text,
                        figures={"won": share.part, "bid_in": share.whole},
                        organisations=(tenderer,),
                    )
                )
        return tuple(flags)


_CODE: Final = ExcessiveUnsuccessfulBids.spec.code


def _valid_tenderers(process: Process) -> dict[str, int]:
    """Return the single tenderers of valid bids, each with the place of a bid."""
    return {
        bid.sole_tenderer: bid.position
        for bid in process.valid
        if bid.sole_tenderer is not None
    }

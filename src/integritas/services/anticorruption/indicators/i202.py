"""I202: a tenderer wins nearly every contest."""

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
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Ledger, Reference
    from integritas.services.anticorruption.settings import Settings

__all__ = ["RepeatWinner"]


@dataclass(frozen=True, slots=True)
class RepeatWinner:
    """Flags tenderers that win nearly all contests they take part in."""

    threshold: float
    minimum_contests: int

    spec: ClassVar[Spec] = Spec(
        code="I202",
        title="Wins nearly always",
        formula=(
            "contests won / contests bid in >= threshold, of contests with two valid"
            " tenderers or more and one winner, of enough contests"
        ),
        value="the ratio",
        groups=(Group.TENDERER,),
        fields=(
            "bids.details",
            "awards.suppliers",
            "awards.status",
        ),
        options=(
            Option(
                "threshold", OptionKind.NUMBER, "ratio that is too much", default=0.9
            ),
            Option(
                "minimum_contests",
                OptionKind.INTEGER,
                "contests from which on a tenderer is looked at",
                default=6,
            ),
        ),
        why=(
            "Who never loses against rivals may be favoured, or be paid for with the"
            " rivals' turn."
        ),
        source=(
            f"{OCP}, repeat winner; OECD, Guidelines for fighting bid rigging (2012)"
        ),
        severity=Severity.MEDIUM,
        weight=0.45,
        alone="not computable: needs the tenderers' history",
        when=When.WON,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with its options."""
        return cls(**options_of(cls.spec, settings))

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Count each tenderer of a contest, and the winner's win."""
        tenderers = {b.sole_tenderer for b in process.valid if b.sole_tenderer}
        if len(tenderers) < 2:
            return
        for tenderer in tenderers:
            ledger.count(self.spec.code, tenderer, int(tenderer == process.winner), 1)

    def conclude(self, ledger: Ledger) -> None:
        """Flag the tenderers above the threshold."""
        for tenderer, share in ledger.shares.get(self.spec.code, {}).items():
            if share.whole >= self.minimum_contests and share.ratio >= self.threshold:
                ledger.flag(Group.TENDERER, tenderer, self.spec.code, share.ratio)

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge the winner of this process by what it won before."""
        shares = reference.shares.get(self.spec.code, {})
        share = shares.get(process.winner or "")
        if share is None or share.whole < self.minimum_contests:
            return Gap("no history of the winner's contests to compare with")
        if share.ratio < self.threshold:
            return ()
        return (
            Flag(
                value=share.ratio,
                threshold=self.threshold,
                strength=strength_above(share.ratio, self.threshold),
                pointer="/awards",
                text=(
                    f"The winner won {share.part} of its {share.whole} contests before"
                ),
                figures={"won": share.part, "bid_in": share.whole},
                organisations=(process.winner or "",),
            ),
        )

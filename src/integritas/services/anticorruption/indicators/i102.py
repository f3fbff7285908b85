"""I102: the award came hastily after the bids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, Alone, days_between
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    When,
    strength_below,
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["ShortDecision"]


@dataclass(frozen=True, slots=True)
class ShortDecision(Alone):
    """Flags an award within fewer whole days of the end of the tender period than the"
    " threshold."""

    threshold: int

    spec: ClassVar[Spec] = Spec(
        code="I102",
        title="Hasty decision",
        formula=(
            "whole days from tenderPeriod.endDate to an active award.date < threshold"
        ),
        value="the days",
        groups=(Group.OCID,),
        fields=("tender.tenderPeriod.endDate", "awards.date", "awards.status"),
        options=(
            Option(
                "threshold",
                OptionKind.INTEGER,
                "days that an evaluation needs",
                default=3,
            ),
        ),
        why=(
            "Bids that are decided on in a day were hardly compared: the winner may"
            " have been known."
        ),
        source=(
            f"{OCP}, decision period; Fazekas and Kocsis, BJPS 50 (2020): short"
            " decision period"
        ),
        severity=Severity.LOW,
        weight=0.35,
        alone="computed on the release itself",
        when=When.AWARDED,
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        days = [
            (found, position)
            for position, award in enumerate(process.awards)
            if award.status == "active"
            and (found := days_between(process.end, award.entry.date)) is not None
            and found >= 0
        ]
        if not days:
            return Gap("no end of the tender period with the date of an award after it")
        least, position = min(days)
        if least >= self.threshold:
            return ()
        return (
            Flag(
                value=float(least),
                threshold=self.threshold,
                strength=strength_below(least, self.threshold),
                pointer=f"/awards/{position}/date",
                text=(
                    f"An award was made {least} whole days after the bids, fewer than"
                    f" {self.threshold}"
                ),
                figures={"days": least, "end": process.end},
                organisations=process.awards[position].suppliers,
            ),
        )

"""I103: the award came late after the bids."""

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
    strength_above,
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["LongDecision"]


@dataclass(frozen=True, slots=True)
class LongDecision(Alone):
    """Flags an award more whole days after the end of the tender period than the"
    " threshold."""

    threshold: int

    spec: ClassVar[Spec] = Spec(
        code="I103",
        title="Delayed decision",
        formula=(
            "whole days from tenderPeriod.endDate to an active award.date > threshold"
        ),
        value="the days",
        groups=(Group.OCID,),
        fields=("tender.tenderPeriod.endDate", "awards.date", "awards.status"),
        options=(
            Option(
                "threshold",
                OptionKind.INTEGER,
                "days after which an evaluation is late",
                default=180,
            ),
        ),
        why=(
            "A decision that drags on leaves time to negotiate with bidders in secret,"
            " or to let bids expire."
        ),
        source=(
            f"{OCP}, decision period; Fazekas and Kocsis, BJPS 50 (2020): long"
            " decision period"
        ),
        severity=Severity.LOW,
        weight=0.3,
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
        least, position = max(days)
        if least <= self.threshold:
            return ()
        return (
            Flag(
                value=float(least),
                threshold=self.threshold,
                strength=strength_above(least, self.threshold),
                pointer=f"/awards/{position}/date",
                text=(
                    f"An award was made {least} whole days after the bids, more than"
                    f" {self.threshold}"
                ),
                figures={"days": least, "end": process.end},
                organisations=process.awards[position].suppliers,
            ),
        )

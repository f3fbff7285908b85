"""I109: the award equals the estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, Alone, comparable
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    When,
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["EqualsEstimate"]


@dataclass(frozen=True, slots=True)
class EqualsEstimate(Alone):
    """Flags an award that is the estimate to within the threshold."""

    threshold: float

    spec: ClassVar[Spec] = Spec(
        code="I109",
        title="Award equals the estimate",
        formula=(
            "|award.value - tender.value| / tender.value <= threshold, of the one"
            " active award"
        ),
        value="the distance",
        groups=(Group.OCID,),
        fields=("tender.value", "awards.value", "awards.status"),
        options=(
            Option(
                "threshold", OptionKind.NUMBER, "distance that is none", default=0.001
            ),
        ),
        why=(
            "Who bids the estimate to the cent may have been told it, or had no"
            " competitor to fear."
        ),
        source=f"{OCP}, award value; OECD, Guidelines for fighting bid rigging (2012)",
        severity=Severity.LOW,
        weight=0.3,
        alone="computed on the release itself",
        when=When.AWARDED,
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        tender = process.release.tender
        estimate = None if tender is None else tender.value
        known = [
            (position, both)
            for position, award in enumerate(process.awards)
            if award.status == "active"
            and (both := comparable(estimate, award.entry.value)) is not None
        ]
        if len(known) != 1:
            return Gap("not one active award with the estimate's currency")
        position, (planned, awarded) = known[0]
        difference = (awarded - planned) / planned
        if abs(difference) > self.threshold:
            return ()
        return (
            Flag(
                value=abs(difference),
                threshold=self.threshold,
                strength=1.0,
                pointer=f"/awards/{position}/value",
                text=(
                    f"The award is the estimate of {planned:,.2f} to within"
                    f" {self.threshold:.1%}"
                ),
                figures={"estimate": planned, "awarded": awarded},
                organisations=process.awards[position].suppliers,
            ),
        )

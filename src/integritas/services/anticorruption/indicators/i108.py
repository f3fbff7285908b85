"""I108: the award exceeds the estimate."""

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
    strength_above,
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["AboveEstimate"]


@dataclass(frozen=True, slots=True)
class AboveEstimate(Alone):
    """Flags an award above the estimate by the threshold or more."""

    threshold: float

    spec: ClassVar[Spec] = Spec(
        code="I108",
        title="Award above the estimate",
        formula=(
            "(award.value - tender.value) / tender.value >= threshold, of the one"
            " active award"
        ),
        value="the excess",
        groups=(Group.OCID,),
        fields=("tender.value", "awards.value", "awards.status"),
        options=(
            Option(
                "threshold", OptionKind.NUMBER, "excess that is too much", default=0.2
            ),
        ),
        why=("Prices far above what was expected are what cartels and kickbacks cost."),
        source=(
            f"{OCP}, award value; García Rodríguez et al., Automation in Construction"
            " 133 (2022)"
        ),
        severity=Severity.MEDIUM,
        weight=0.45,
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
        if difference < self.threshold:
            return ()
        return (
            Flag(
                value=difference,
                threshold=self.threshold,
                strength=strength_above(difference, self.threshold),
                pointer=f"/awards/{position}/value",
                text=f"The award lies {difference:.1%} above the estimate",
                figures={"estimate": planned, "awarded": awarded},
                organisations=process.awards[position].suppliers,
            ),
        )

"""I108: the award exceeds the estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, Alone
from integritas.services.anticorruption.indicators.contract import (
    Judgement,
    Spec,
    When,
    strength_above,
)
from integritas.services.anticorruption.indicators.estimates import (
    NO_ESTIMATE,
    estimate_flag,
    read_estimate,
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
        found = read_estimate(process)
        if found is None:
            return NO_ESTIMATE
        if found.excess < self.threshold:
            return ()
        strength = strength_above(found.excess, self.threshold)
        text = f"The award lies {found.excess:.1%} above the estimate"
        flag = estimate_flag(
            process, found, self.threshold, strength=strength, text=text
        )
        return (flag,)

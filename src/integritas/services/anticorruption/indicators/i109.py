"""I109: the award equals the estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, Alone
from integritas.services.anticorruption.indicators.contract import (
    Judgement,
    Spec,
    When,
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
        found = read_estimate(process)
        if found is None:
            return NO_ESTIMATE
        if abs(found.excess) > self.threshold:
            return ()
        text = (
            f"The award is the estimate of {found.planned:,.2f} to within"
            f" {self.threshold:.1%}"
        )
        flag = estimate_flag(process, found, self.threshold, strength=1.0, text=text)
        return (flag,)

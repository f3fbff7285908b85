"""I102: the award came hastily after the bids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, Alone
from integritas.services.anticorruption.indicators.contract import (
    Judgement,
    Spec,
    When,
    strength_below,
)
from integritas.services.anticorruption.indicators.decisions import (
    NO_DECISION,
    decision_flag,
    read_decisions,
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["ShortDecision"]


@dataclass(frozen=True, slots=True)
class ShortDecision(Alone):
    """Flags an award fewer whole days after the tender period than the threshold."""

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
        decisions = read_decisions(process)
        if not decisions:
            return NO_DECISION
        found = min(decisions)
        if found.days >= self.threshold:
            return ()
        strength = strength_below(found.days, self.threshold)
        flag = decision_flag(
            process, found, self.threshold, strength=strength, than="fewer than"
        )
        return (flag,)

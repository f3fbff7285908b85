"""I103: the award came late after the bids."""

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

__all__ = ["LongDecision"]


@dataclass(frozen=True, slots=True)
class LongDecision(Alone):
    """Flags an award more whole days after the tender period than the threshold."""

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
        decisions = read_decisions(process)
        if not decisions:
            return NO_DECISION
        found = max(decisions)
        if found.days <= self.threshold:
            return ()
        strength = strength_above(found.days, self.threshold)
        flag = decision_flag(
            process, found, self.threshold, strength=strength, than="more than"
        )
        return (flag,)

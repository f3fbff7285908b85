"""I106: a contract is worth more than was awarded."""

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

__all__ = ["PriceGrowth"]


@dataclass(frozen=True, slots=True)
class PriceGrowth(Alone):
    """Flags a contract whose value exceeds its award by the threshold or more."""

    threshold: float

    spec: ClassVar[Spec] = Spec(
        code="I106",
        title="Contract worth more than the award",
        formula=(
            "(contract.value - award.value) / award.value >= threshold, in one currency"
        ),
        value="the growth",
        groups=(Group.OCID,),
        fields=("contracts.value", "contracts.awardID", "awards.id", "awards.value"),
        options=(
            Option(
                "threshold", OptionKind.NUMBER, "growth that is too much", default=0.1
            ),
        ),
        why=(
            "A low bid that is raised after the contest cheats those who bid the true"
            " price."
        ),
        source=(
            f"{OCP}, contract value; Directive 2014/24/EU, article 72 (2): 10 % of a"
            " service or supply contract"
        ),
        severity=Severity.MEDIUM,
        weight=0.5,
        alone="computed on the release itself",
        when=When.AWARDED,
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        awards = {a.entry.id: a.entry.value for a in process.awards}
        found = []
        computed = False
        for position, contract in enumerate(process.release.contracts or ()):
            both = comparable(awards.get(contract.award_id), contract.value)
            if both is None or contract.award_id is None:
                continue
            computed = True
            growth = (both[1] - both[0]) / both[0]
            if growth >= self.threshold:
                found.append(
                    Flag(
                        value=growth,
                        threshold=self.threshold,
                        strength=strength_above(growth, self.threshold),
                        pointer=f"/contracts/{position}/value",
                        text=f"A contract is worth {growth:.1%} more than its award",
                        figures={"awarded": both[0], "contracted": both[1]},
                    )
                )
        if not computed:
            return Gap("no contract and award with values in one currency")
        return tuple(found)

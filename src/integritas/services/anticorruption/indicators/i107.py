"""I107: a contract was amended again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, Alone
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    strength_above,
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["ManyAmendments"]


@dataclass(frozen=True, slots=True)
class ManyAmendments(Alone):
    """Flags a contract with as many amendments as the threshold, or more."""

    threshold: int

    spec: ClassVar[Spec] = Spec(
        code="I107",
        title="Contract amended again and again",
        formula=("number of contract.amendments >= threshold"),
        value="the number of amendments",
        groups=(Group.OCID,),
        fields=("contracts.amendments",),
        options=(
            Option(
                "threshold",
                OptionKind.INTEGER,
                "amendments that are too many",
                default=3,
            ),
        ),
        why=(
            "Each amendment is a piece of the contract that no competitor could bid"
            " for."
        ),
        source=(
            f"{OCP}, contract modifications; World Bank, Warning signs of fraud and"
            " corruption in procurement: change orders"
        ),
        severity=Severity.MEDIUM,
        weight=0.45,
        alone="computed on the release itself",
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        contracts = process.release.contracts
        if not contracts:
            return Gap("there is no contract")
        return tuple(
            Flag(
                value=float(len(contract.amendments)),
                threshold=self.threshold,
                strength=strength_above(len(contract.amendments), self.threshold),
                pointer=f"/contracts/{position}/amendments",
                text=f"A contract was amended {len(contract.amendments)} times",
                figures={"amendments": len(contract.amendments)},
            )
            for position, contract in enumerate(contracts)
            if contract.amendments and len(contract.amendments) >= self.threshold
        )

"""I116: more was paid than the contract is worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, Alone, amount_of
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
    from integritas.services.anticorruption.release import ContractEntry

__all__ = ["Overpaid"]


@dataclass(frozen=True, slots=True)
class Overpaid(Alone):
    """Flags a contract whose payments exceed its value by the threshold or more."""

    threshold: float

    spec: ClassVar[Spec] = Spec(
        code="I116",
        title="Paid more than agreed",
        formula=(
            "(sum of contract.implementation.transactions.value - contract.value) /"
            " contract.value >= threshold, in one currency"
        ),
        value="the excess",
        groups=(Group.OCID,),
        fields=("contracts.implementation.transactions.value", "contracts.value"),
        options=(
            Option(
                "threshold", OptionKind.NUMBER, "excess that is too much", default=0.05
            ),
        ),
        why=("Payments beyond the contract are the usual way to take money out of it."),
        source=(
            f"{OCP}, implementation; World Bank, Fraud and corruption awareness"
            " handbook (2013)"
        ),
        severity=Severity.HIGH,
        weight=0.6,
        alone="computed on the release itself",
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        found = []
        computed = False
        for position, contract in enumerate(process.release.contracts or ()):
            agreed, paid = amount_of(contract.value), _paid(contract)
            if agreed is None or paid is None:
                continue
            computed = True
            excess = (paid - agreed) / agreed
            if excess >= self.threshold:
                found.append(
                    Flag(
                        value=excess,
                        threshold=self.threshold,
                        strength=strength_above(excess, self.threshold),
                        pointer=f"/contracts/{position}/implementation/transactions",
                        text=f"Payments exceed a contract by {excess:.1%}",
                        figures={"agreed": agreed, "paid": paid},
                    )
                )
        if not computed:
            return Gap("no contract with payments in its currency")
        return tuple(found)


def _paid(contract: ContractEntry) -> float | None:
    """Return the sum of the payments, None unless all are in the contract's"
    " currency."""
    done = contract.implementation
    values = [entry.value for entry in (done.transactions if done else None) or ()]
    if not values or contract.value is None:
        return None
    if any(v is None or v.currency != contract.value.currency for v in values):
        return None
    return sum(value.amount or 0.0 for value in values if value is not None)

"""I105: a contract was signed before its award."""

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
)
from integritas.services.anticorruption.ledger import Group

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["SignedBeforeAward"]


@dataclass(frozen=True, slots=True)
class SignedBeforeAward(Alone):
    """Flags a contract whose date of signing lies before its award."""

    spec: ClassVar[Spec] = Spec(
        code="I105",
        title="Contract signed before the award",
        formula=("contract.dateSigned < date of its award"),
        value="1.0",
        groups=(Group.OCID,),
        fields=(
            "contracts.dateSigned",
            "contracts.awardID",
            "awards.id",
            "awards.date",
        ),
        options=(),
        why=(
            "A contract that is older than the decision for it was agreed on before"
            " the contest."
        ),
        source=f"{OCP}, contract signature",
        severity=Severity.HIGH,
        weight=0.6,
        alone="computed on the release itself",
        when=When.AWARDED,
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        dates = {a.entry.id: a.entry.date for a in process.awards if a.entry.date}
        contracts = process.release.contracts or []
        known = [
            (position, contract.date_signed, dates[contract.award_id])
            for position, contract in enumerate(contracts)
            if contract.date_signed and contract.award_id in dates
        ]
        if not known:
            return Gap("no signed contract with a dated award")
        for position, signed, awarded in known:
            days = days_between(signed, awarded)
            if days is not None and days >= 1:
                text = f"A contract was signed {days} whole days before its award"
                figures = {"signed": signed, "awarded": awarded}
                place = f"/contracts/{position}/dateSigned"
                return (Flag(1.0, 1.0, 1.0, place, text, figures),)
        return ()

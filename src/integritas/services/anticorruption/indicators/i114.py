"""I114: the winner is not among the bidders."""

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
    When,
    organisations,
)
from integritas.services.anticorruption.ledger import Group

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["SupplierDidNotBid"]


@dataclass(frozen=True, slots=True)
class SupplierDidNotBid(Alone):
    """Flags an award to a supplier that none of the bids names."""

    spec: ClassVar[Spec] = Spec(
        code="I114",
        title="Winner did not bid",
        formula=(
            "a supplier of an active award is among no tenderers of bids, all of which"
            " name theirs"
        ),
        value="the number of such suppliers",
        groups=(Group.OCID,),
        fields=("awards.suppliers", "awards.status", "bids.details.tenderers"),
        options=(),
        why=("Who wins without a bid was put in after the contest."),
        source=f"{OCP}, supplier not among tenderers",
        severity=Severity.HIGH,
        weight=0.7,
        alone="computed on the release itself",
        when=When.AWARDED,
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        if not process.bids or not all(bid.tenderers for bid in process.bids):
            return Gap("there are no bids, or some name no tenderer")
        bidders = {tenderer for bid in process.bids for tenderer in bid.tenderers}
        strangers = organisations([s for s in process.suppliers if s not in bidders])
        if not strangers:
            return ()
        count = len(strangers)
        text = f"{count} awarded supplier{'s' if count > 1 else ''} made no bid"
        figures = {"bidders": len(bidders)}
        return (Flag(float(count), 1.0, 1.0, "/awards", text, figures, strangers),)

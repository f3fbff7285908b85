"""R036: the lowest bid is disqualified where price decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.columns import lowest
from integritas.services.anticorruption.features import (
    LowestBid,
    Process,
    method_matches,
    read_lowest_bid,
)
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    When,
    record,
)
from integritas.services.anticorruption.ledger import Group, Ledger, Reference

if TYPE_CHECKING:
    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.settings import Settings

__all__ = ["LowestBidDisqualified"]


@dataclass(frozen=True, slots=True)
class LowestBidDisqualified:
    """Flags awarded processes whose lowest submitted bid was disqualified."""

    compared: frozenset[str]
    uncompared: frozenset[str]
    currency: str | None

    spec: ClassVar[Spec] = Spec(
        code="R036",
        title="Lowest bid disqualified",
        formula=(
            "the first of the lowest submitted bids in the main currency is"
            " disqualified, an award is active, and a valid bid has a price"
        ),
        value="1.0",
        groups=(Group.OCID,),
        fields=("bids.details", "awards.status", "tender.procurementMethodDetails"),
        options=(),
        why=(
            "Where price alone decides, the lowest bid should win; throwing it out can"
            " make room for a favourite."
        ),
        source=(
            "OCP, Red flags in public procurement (2024), R036; OCDS Cardinal, R036,"
            " https://cardinal.readthedocs.io/en/latest/cli/indicators/R/036.html"
        ),
        severity=Severity.MEDIUM,
        weight=0.5,
        alone="computed on the release itself, in its first currency",
        when=When.DISQUALIFIED,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with the methods in which prices are compared."""
        return cls(
            compared=settings.compared_methods,
            uncompared=settings.uncompared_methods,
            currency=settings.currency,
        )

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Flag the process if its lowest bid is disqualified."""
        decided = ledger.currency is not None
        if decided and not (process.disqualified and process.valid):
            return
        if not self._applies(process):
            return
        lowest, ledger.currency = read_lowest_bid(process, ledger.currency)
        if lowest is not None and _flagged(lowest):
            record(ledger, self.spec, process.ocid, 1.0)

    def tally_block(self, block: Block, ledger: Ledger) -> None:
        """Flag the processes whose lowest bid is disqualified."""
        bids = block.bids
        looked_at = block.by_method(self.compared, self.uncompared)
        awarded = np.zeros(len(block), dtype=np.bool_)
        awarded[block.awards.release[block.awards.active]] = True
        compared = bids.submitted & (bids.currency == block.currency(ledger.currency))
        comparable = np.zeros(len(block), dtype=np.bool_)
        comparable[bids.release[compared & bids.valid]] = True
        looked_at &= awarded & comparable
        least = lowest(bids, compared & looked_at[bids.release])
        flagged = bids.release[least[bids.disqualified[least]]]
        for ocid in block.ocids_of(flagged):
            record(ledger, self.spec, ocid, 1.0)

    def conclude(self, ledger: Ledger) -> None:
        """Do nothing: each process decides by itself."""

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release, in the set's currency if it has one."""
        if not self._applies(process):
            return Gap("prices are not compared in this procurement method")
        lowest, _ = read_lowest_bid(process, self.currency or reference.currency)
        if lowest is None or not lowest.comparable:
            return Gap("no active award with valid bids in one currency")
        if not _flagged(lowest):
            return ()
        return (
            Flag(
                value=1.0,
                threshold=1.0,
                strength=1.0,
                pointer=f"/bids/details/{lowest.position}",
                text=f"The lowest bid of {lowest.price} was disqualified",
                figures={
                    "lowest": lowest.price.amount,
                    "currency": lowest.price.currency,
                },
                organisations=process.bids[lowest.position].tenderers,
            ),
        )

    def _applies(self, process: Process) -> bool:
        return method_matches(process.details, self.compared, self.uncompared)


def _flagged(lowest: LowestBid) -> bool:
    return lowest.disqualified and lowest.comparable

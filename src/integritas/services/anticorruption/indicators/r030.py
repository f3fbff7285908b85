"""R030: a bid that came after the deadline won."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

import numpy as np

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    When,
    organisations,
    record,
)
from integritas.services.anticorruption.ledger import Group, Ledger, Reference

if TYPE_CHECKING:
    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.settings import Settings

__all__ = ["LateBidWon"]


class _LateBid(NamedTuple):
    position: int
    date: str
    winners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LateBidWon:
    """Flags valid bids dated after the tender period whose tenderer won an award."""

    spec: ClassVar[Spec] = Spec(
        code="R030",
        title="Late bid won",
        formula=(
            "a valid bid of an active award's supplier has"
            " date > tender.tenderPeriod.endDate, compared as texts"
        ),
        value="1.0 for the process and for the late tenderer",
        groups=(Group.OCID, Group.TENDERER),
        fields=(
            "tender.tenderPeriod.endDate",
            "bids.details.date",
            "bids.details.tenderers",
            "awards.suppliers",
        ),
        options=(),
        why=(
            "Who bids after the deadline may know the other bids; accepting such a bid"
            " breaks the equal treatment of bidders."
        ),
        source=(
            "OCP, Red flags in public procurement (2024), R030; OCDS Cardinal, R030,"
            " https://cardinal.readthedocs.io/en/latest/cli/indicators/R/030.html"
        ),
        severity=Severity.HIGH,
        weight=0.8,
        alone="computed on the release itself",
        when=When.SUBMITTED,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule; it has no thresholds."""
        del settings
        return cls()

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Flag the process and the late winners."""
        if not process.late or not process.suppliers:
            return
        for late in _late_bids(process):
            record(
                ledger, self.spec, process.ocid, 1.0, dict.fromkeys(late.winners, 1.0)
            )

    def tally_block(self, block: Block, ledger: Ledger) -> None:
        """Flag the processes and the late winners."""
        bids, tenderers = block.bids, block.bids.tenderers
        supplied = block.keys(*block.suppliers)
        keys = block.keys(bids.release[tenderers.entries], tenderers.codes)
        won = np.flatnonzero(bids.valid[tenderers.entries] & np.isin(keys, supplied))
        names, ends = block.names, block.ends
        for bid, row, winner in zip(
            tenderers.entries[won].tolist(),
            bids.release[tenderers.entries[won]].tolist(),
            tenderers.codes[won].tolist(),
            strict=True,
        ):
            date, end = bids.dates[bid], ends[row]
            if date is not None and end is not None and date > end:
                late = {names[winner]: 1.0}
                record(ledger, self.spec, block.ocids[row], 1.0, late)

    def conclude(self, ledger: Ledger) -> None:
        """Do nothing: each process decides by itself."""

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        if process.end is None:
            return Gap("tender.tenderPeriod.endDate is not given")
        if not process.late and not any(bid.date for bid in process.bids):
            return Gap("no bid has a date")
        late = _late_bids(process)
        if not late:
            return ()
        return (
            Flag(
                value=1.0,
                threshold=1.0,
                strength=1.0,
                pointer=f"/bids/details/{late[0].position}/date",
                text=(
                    f"A winning bid is dated {late[0].date}, after the end of the"
                    f" tender period {process.end}"
                ),
                figures={"date": late[0].date, "end": process.end},
                organisations=organisations(w for bid in late for w in bid.winners),
            ),
        )


def _late_bids(process: Process) -> list[_LateBid]:
    suppliers, found = process.suppliers, []
    for bid in process.late:
        winners = tuple([t for t in bid.tenderers if t in suppliers])
        if winners:
            found.append(_LateBid(bid.position, bid.date or "", winners))
    return found

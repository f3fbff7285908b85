"""The margin between winning and next bid, which R024 and R058 share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from integritas.services.anticorruption.columns import lowest
from integritas.services.anticorruption.features import (
    Margin,
    Process,
    margin_ratio,
    method_matches,
    read_margin,
)
from integritas.services.anticorruption.indicators.contract import Gap

if TYPE_CHECKING:
    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.ledger import Ledger, Reference
    from integritas.services.anticorruption.settings import Settings

__all__ = ["Margins"]


@dataclass(frozen=True, slots=True)
class Margins:
    """Where prices are compared, and in which currency."""

    compared: frozenset[str]
    uncompared: frozenset[str]
    currency: str | None

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take over what the settings say of all indicators."""
        return cls(
            compared=settings.compared_methods,
            uncompared=settings.uncompared_methods,
            currency=settings.currency,
        )

    def note(self, process: Process, ledger: Ledger) -> None:
        """Keep the margin of a process in the ledger."""
        if not self.applies(process):
            return
        margin, ledger.currency = read_margin(process, ledger.currency)
        if margin is not None:
            ledger.margins[process.ocid] = margin

    def note_block(self, block: Block, ledger: Ledger) -> None:
        """Keep the margins of a block of processes in the ledger."""
        bids, winner = block.bids, block.winner
        sole = bids.tenderers.sole
        looked_at = (winner >= 0) & block.by_method(self.compared, self.uncompared)
        chosen = (
            bids.valid
            & (sole >= 0)
            & (bids.currency == block.currency(ledger.currency))
            & looked_at[bids.release]
        )
        own = sole == winner[bids.release]
        won, lost = lowest(bids, chosen & own), lowest(bids, chosen & ~own)
        _, of_won, of_lost = np.intersect1d(
            bids.release[won],
            bids.release[lost],
            assume_unique=True,
            return_indices=True,
        )
        won, lost = won[of_won], lost[of_lost]
        least = bids.amount[won] <= bids.amount[lost]
        won, lost = won[least], lost[least]
        names = block.names
        currency = ledger.currency or ""
        for ocid, winner, runner_up, winning, second, *positions in zip(
            block.ocids_of(bids.release[won]),
            map(names.__getitem__, sole[won].tolist()),
            map(names.__getitem__, sole[lost].tolist()),
            bids.amount[won].tolist(),
            bids.amount[lost].tolist(),
            bids.position[won].tolist(),
            bids.position[lost].tolist(),
            strict=True,
        ):
            ratio = margin_ratio(winning, second)
            ledger.margins[ocid] = Margin(
                ratio, winner, runner_up, winning, second, currency, *positions
            )

    def read(self, process: Process, reference: Reference) -> Margin | Gap:
        """Return the margin of a single process, or why there is none."""
        if not self.applies(process):
            return Gap("prices are not compared in this procurement method")
        margin, _ = read_margin(process, self.currency or reference.currency)
        if margin is None:
            return Gap("no single winner with the lowest of several comparable bids")
        if not math.isfinite(margin.ratio):
            return Gap("the winning bid is zero: no ratio")
        return margin

    def applies(self, process: Process) -> bool:
        """Say whether prices decide in the procurement method of the process."""
        return method_matches(process.details, self.compared, self.uncompared)

"""R035: every bid but the winner's is disqualified."""

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
    record,
    strength_above,
)
from integritas.services.anticorruption.ledger import Group, Ledger, Reference
from integritas.services.anticorruption.settings import Option, OptionKind, Settings

if TYPE_CHECKING:
    from integritas.services.anticorruption.columns import Block, Bools, Ints
    from integritas.services.anticorruption.features import Bid, Process

__all__ = ["AllExceptWinnerDisqualified"]

_TENDERERS = 1


class _Measure(NamedTuple):
    winner: str
    disqualified: frozenset[str]


@dataclass(frozen=True, slots=True)
class AllExceptWinnerDisqualified:
    """Flags processes whose only valid tenderer won and others were disqualified."""

    threshold: int

    spec: ClassVar[Spec] = Spec(
        code="R035",
        title="All except winning bid disqualified",
        formula=(
            "the only tenderer with valid bids is the only supplier, and disqualified"
            " other tenderers >= threshold"
        ),
        value="the number of disqualified others; 0.0 for the winner",
        groups=(Group.OCID, Group.TENDERER),
        fields=("bids.details", "awards.status", "awards.suppliers"),
        options=(
            Option(
                "threshold",
                OptionKind.INTEGER,
                "disqualified tenderers from which on to flag; at least 1",
                default=_TENDERERS,
            ),
        ),
        why=(
            "A buyer can steer a contract to a favourite by finding fault with every"
            " other bid."
        ),
        source=(
            "OCP, Red flags in public procurement (2024), R035; OCDS Cardinal, R035,"
            " https://cardinal.readthedocs.io/en/latest/cli/indicators/R/035.html"
        ),
        severity=Severity.HIGH,
        weight=0.6,
        alone="computed on the release itself",
        when=When.DISQUALIFIED,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with its threshold."""
        return cls(max(1, settings.integer(cls.spec.code, "threshold", _TENDERERS)))

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Flag the process and its winner."""
        measure = _measure(process)
        if measure is not None and len(measure.disqualified) >= self.threshold:
            value = float(len(measure.disqualified))
            record(ledger, self.spec, process.ocid, value, {measure.winner: 0.0})

    def tally_block(self, block: Block, ledger: Ledger) -> None:
        """Flag the processes and their winners."""
        rows, suppliers = block.suppliers
        winner = np.full(len(block), -1, dtype=np.int64)
        winner[rows[::-1]] = suppliers[::-1]  # the first of each row stands
        others = _rows(block, rows[suppliers != winner[rows]])
        rows, tenderers = block.tenderers(block.bids.valid)
        others |= _rows(block, rows[tenderers != winner[rows]])
        sole = _rows(block, rows) & (winner >= 0) & block.final & ~others
        rows, tenderers = block.tenderers(block.bids.disqualified)
        chosen = sole[rows] & (tenderers != winner[rows])
        keys = np.unique(block.keys(rows[chosen], tenderers[chosen]))
        rows, counts = np.unique(block.pairs(keys)[0], return_counts=True)
        enough = counts >= self.threshold
        names = block.names
        flagged = rows[enough]
        for ocid, code, count in zip(
            block.ocids_of(flagged),
            winner[flagged].tolist(),
            counts[enough].tolist(),
            strict=True,
        ):
            record(ledger, self.spec, ocid, float(count), {names[code]: 0.0})

    def conclude(self, ledger: Ledger) -> None:
        """Do nothing: each process decides by itself."""

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        if not process.bids or process.complete is None or not process.awards:
            return Gap("no bids, or awards that are not final")
        measure = _measure(process)
        if measure is None or len(measure.disqualified) < self.threshold:
            return ()
        count = len(measure.disqualified)
        return (
            Flag(
                value=float(count),
                threshold=self.threshold,
                strength=strength_above(count, self.threshold),
                pointer="/bids/details",
                text=(
                    f"All bids except the winner's were disqualified:"
                    f" {count} other tenderer{'s' if count > 1 else ''}"
                ),
                figures={"disqualified": count, "bids": len(process.bids)},
                organisations=(measure.winner,),
            ),
        )


def _measure(process: Process) -> _Measure | None:
    """Return the sole valid tenderer that won, and the disqualified others.

    Several winners are no sign: a buyer may split a contract among all valid bids.
    """
    if process.complete is None or not process.disqualified or not process.suppliers:
        return None
    winner = process.suppliers[0]
    for bid in process.valid:
        for tenderer in bid.tenderers:
            if tenderer != winner:
                return None
    valid = _tenderers(process.valid)
    if not valid or valid != set(process.suppliers):
        return None
    return _Measure(winner, frozenset(_tenderers(process.disqualified) - valid))


def _rows(block: Block, rows: Ints) -> Bools:
    """Say which rows are among those given."""
    found = np.zeros(len(block), dtype=np.bool_)
    found[rows] = True
    return found


def _tenderers(bids: list[Bid]) -> set[str]:
    return {tenderer for bid in bids for tenderer in bid.tenderers}

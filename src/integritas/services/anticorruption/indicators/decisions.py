"""The time from the end of bidding to an award, which I102 and I103 share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from integritas.services.anticorruption.indicators.alone import days_between
from integritas.services.anticorruption.indicators.contract import Flag, Gap

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process

__all__ = ["NO_DECISION", "Decision", "decision_flag", "read_decisions"]

NO_DECISION: Final = Gap(
    "no end of the tender period with the date of an award after it"
)


class Decision(NamedTuple):
    """Whole days until an award, and the place of the award."""

    days: int
    position: int


def read_decisions(process: Process) -> list[Decision]:
    """Return the active awards made after the tender period."""
    if process.end is None:
        return []
    return [
        Decision(days, position)
        for position, award in enumerate(process.awards)
        if award.status == "active"
        and (days := days_between(process.end, award.entry.date)) is not None
        and days >= 0
    ]


def decision_flag(
    process: Process, decision: Decision, threshold: int, *, strength: float, than: str
) -> Flag:
    """Return the flag of an award made in fewer or more days `than` the threshold."""
    days, position = decision
    return Flag(
        value=float(days),
        threshold=threshold,
        strength=strength,
        pointer=f"/awards/{position}/date",
        text=f"An award was made {days} whole days after the bids, {than} {threshold}",
        figures={"days": days, "end": process.end},
        organisations=process.awards[position].suppliers,
    )

"""How far an award lies from what was estimated, which I108 and I109 share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from integritas.services.anticorruption.indicators.alone import comparable
from integritas.services.anticorruption.indicators.contract import Flag, Gap

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process

__all__ = ["NO_ESTIMATE", "Estimate", "estimate_flag", "read_estimate"]

NO_ESTIMATE: Final = Gap("not one active award with the estimate's currency")


class Estimate(NamedTuple):
    """What was estimated and what awarded, and the place of the award."""

    planned: float
    awarded: float
    position: int

    @property
    def excess(self) -> float:
        """Return how far the award lies above, as a share of the estimate."""
        return (self.awarded - self.planned) / self.planned


def read_estimate(process: Process) -> Estimate | None:
    """Return the estimate and the one active award that can be held against it."""
    tender = process.release.tender
    if tender is None or tender.value is None:
        return None
    known = [
        Estimate(*both, position)
        for position, award in enumerate(process.awards)
        if award.status == "active"
        and (both := comparable(tender.value, award.entry.value)) is not None
    ]
    return known[0] if len(known) == 1 else None


def estimate_flag(
    process: Process, found: Estimate, threshold: float, *, strength: float, text: str
) -> Flag:
    """Return the flag of an award that lies so far from the estimate."""
    return Flag(
        value=abs(found.excess),
        threshold=threshold,
        strength=strength,
        pointer=f"/awards/{found.position}/value",
        text=text,
        figures={"estimate": found.planned, "awarded": found.awarded},
        organisations=process.awards[found.position].suppliers,
    )

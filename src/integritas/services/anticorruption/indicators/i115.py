"""I115: the winner had been disqualified."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

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

__all__ = ["DisqualifiedWinner"]

_OUT: Final = frozenset({"disqualified", "withdrawn"})


@dataclass(frozen=True, slots=True)
class DisqualifiedWinner(Alone):
    """Flags an award to a supplier all of whose bids were disqualified or withdrawn."""

    spec: ClassVar[Spec] = Spec(
        code="I115",
        title="Disqualified bidder won",
        formula=(
            "a supplier of an active award has bids, and none of them is valid or"
            " pending"
        ),
        value="1.0",
        groups=(Group.OCID,),
        fields=(
            "awards.suppliers",
            "awards.status",
            "bids.details.status",
            "bids.details.tenderers",
        ),
        options=(),
        why=("An award to a bid that was thrown out overturns the contest."),
        source=f"{OCP}, award to a disqualified tenderer",
        severity=Severity.HIGH,
        weight=0.7,
        alone="computed on the release itself",
        when=When.AWARDED,
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        if not process.bids:
            return Gap("there are no bids")
        if len(process.submitted) == len(process.bids) and not process.disqualified:
            return ()
        out = {t for bid in process.bids if bid.status in _OUT for t in bid.tenderers}
        if not out:
            return ()
        standing = {
            t for bid in process.bids if bid.status not in _OUT for t in bid.tenderers
        }
        for position, award in enumerate(process.awards):
            found = organisations(s for s in award.suppliers if s in out - standing)
            if award.status == "active" and found:
                text = "An award was made to a tenderer whose bids were thrown out"
                place = f"/awards/{position}/suppliers"
                return (Flag(1.0, 1.0, 1.0, place, text, {}, found),)
        return ()

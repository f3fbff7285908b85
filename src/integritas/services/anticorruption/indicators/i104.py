"""I104: an award was made before bids closed."""

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
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.timestamps import parse_timestamp

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["AwardBeforeClosing"]


@dataclass(frozen=True, slots=True)
class AwardBeforeClosing(Alone):
    """Flags an active award dated before the end of the tender period."""

    spec: ClassVar[Spec] = Spec(
        code="I104",
        title="Award before bids closed",
        formula=("an active award.date < tenderPeriod.endDate"),
        value="1.0",
        groups=(Group.OCID,),
        fields=("tender.tenderPeriod.endDate", "awards.date", "awards.status"),
        options=(),
        why=(
            "An award before the deadline shuts out bids that were still allowed: the"
            " contest was for show."
        ),
        source=f"{OCP}, award before the deadline",
        severity=Severity.HIGH,
        weight=0.7,
        alone="computed on the release itself",
        when=When.AWARDED,
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        if process.end is None:
            return Gap("tender.tenderPeriod.endDate is not given")
        end = parse_timestamp(process.end)
        for position, award in enumerate(process.awards):
            date = award.entry.date
            if end is None or award.status != "active" or date is None:
                continue
            moment = parse_timestamp(date)
            if moment is not None and moment < end:
                text = f"An award is dated {date}, before bids closed on {process.end}"
                figures = {"date": date, "end": process.end}
                place = f"/awards/{position}/date"
                return (Flag(1.0, 1.0, 1.0, place, text, figures, award.suppliers),)
        return ()

"""R003: the time to submit bids is short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    record,
    strength_below,
)
from integritas.services.anticorruption.ledger import Group, Ledger, Reference
from integritas.services.anticorruption.settings import Option, OptionKind, Settings
from integritas.services.anticorruption.timestamps import (
    least_span,
    span_between,
    whole_days,
)

if TYPE_CHECKING:
    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.features import Process

__all__ = ["ShortSubmissionPeriod"]

_DAYS = 15


@dataclass(frozen=True, slots=True)
class ShortSubmissionPeriod:
    """Flags a tender period of fewer whole days than the threshold."""

    threshold: int
    methods: frozenset[str]
    by_details: Mapping[str, int]

    spec: ClassVar[Spec] = Spec(
        code="R003",
        title="Short submission period",
        formula="whole days from tenderPeriod.startDate to endDate < threshold",
        value="1.0",
        groups=(Group.OCID,),
        fields=(
            "tender.tenderPeriod.startDate",
            "tender.tenderPeriod.endDate",
            "tender.procurementMethod",
            "tender.procurementMethodDetails",
        ),
        options=(
            Option(
                "threshold",
                OptionKind.INTEGER,
                "days that are enough",
                default=_DAYS,
                minimum=None,
            ),
            Option(
                "procurement_methods",
                OptionKind.NAMES,
                "procurement methods to look at; all if empty",
                default=frozenset(),
            ),
            Option(
                "procurement_method_details",
                OptionKind.TABLE,
                "days that are enough, by procurement method details",
                minimum=None,
            ),
        ),
        why=(
            "Too little time keeps away those who did not know beforehand and favours"
            " whoever was told early."
        ),
        source=(
            "OCP, Red flags in public procurement (2024), R003; OCDS Cardinal, R003,"
            " https://cardinal.readthedocs.io/en/latest/cli/indicators/R/003.html"
        ),
        severity=Severity.LOW,
        weight=0.4,
        alone="computed on the release itself",
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with its thresholds."""
        code = cls.spec.code
        return cls(
            threshold=settings.integer(code, "threshold", _DAYS),
            methods=settings.names(code, "procurement_methods", frozenset()),
            by_details=settings.table(code, "procurement_method_details"),
        )

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Flag the process if it is short of days."""
        span = process.open_for
        if span is None or (self.methods and process.method not in self.methods):
            return
        if whole_days(0, span) < self._enough(process.details):
            record(ledger, self.spec, process.ocid, 1.0)

    def tally_block(self, block: Block, ledger: Ledger) -> None:
        """Flag the processes that are short of days."""
        usual = least_span(self.threshold)
        least = {name: least_span(days) for name, days in self.by_details.items()}
        for row, tender in enumerate(block.tenders):
            period = tender.tender_period
            if period is None or (
                self.methods and tender.procurement_method not in self.methods
            ):
                continue
            span = span_between(period.start_date, period.end_date)
            if span is None:
                continue
            if span < least.get(tender.procurement_method_details or "", usual):
                record(ledger, self.spec, block.ocids[row], 1.0)

    def conclude(self, ledger: Ledger) -> None:
        """Do nothing: each process decides by itself."""

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        span = process.open_for
        if span is None or (self.methods and process.method not in self.methods):
            return Gap("no tender period with a start and an end, or another method")
        days, enough = whole_days(0, span), self._enough(process.details)
        if days >= enough:
            return ()
        return (
            Flag(
                value=1.0,
                threshold=enough,
                strength=strength_below(days, enough),
                pointer="/tender/tenderPeriod",
                text=f"Bidders had {days} whole days to submit, fewer than {enough}",
                figures={
                    "days": days,
                    "start": process.start,
                    "end": process.end,
                },
            ),
        )

    def _enough(self, details: str | None) -> int:
        if details is None:
            return self.threshold
        return self.by_details.get(details, self.threshold)

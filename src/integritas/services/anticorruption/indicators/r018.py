"""R018: a single bid where several were to be expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    record,
)
from integritas.services.anticorruption.ledger import Group, Ledger, Reference
from integritas.services.anticorruption.settings import Option, OptionKind, Settings

if TYPE_CHECKING:
    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.features import Process

__all__ = ["SingleBid"]

_METHODS = frozenset({"open", "selective"})


@dataclass(frozen=True, slots=True)
class SingleBid:
    """Flags a competitive method that drew one tenderer."""

    methods: frozenset[str]

    spec: ClassVar[Spec] = Spec(
        code="R018",
        title="Single bid received",
        formula="tender.numberOfTenderers = 1 in a competitive procurement method",
        value="1.0",
        groups=(Group.OCID,),
        fields=("tender.numberOfTenderers", "tender.procurementMethod"),
        options=(
            Option(
                "procurement_methods",
                OptionKind.NAMES,
                "procurement methods to look at; all if empty",
                default=_METHODS,
            ),
        ),
        why=(
            "One bid in an open contest is the plainest sign of restricted competition:"
            " tailored terms, agreed abstention, or a market nobody believes in."
        ),
        source=(
            "OCP, Red flags in public procurement (2024), R018; Fazekas and Kocsis,"
            " Uncovering High-Level Corruption, BJPS 50 (2020); OCDS Cardinal, R018,"
            " https://cardinal.readthedocs.io/en/latest/cli/indicators/R/018.html"
        ),
        severity=Severity.MEDIUM,
        weight=0.5,
        alone="computed on the release itself",
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with the methods to look at."""
        return cls(
            settings.names(cls.spec.code, "procurement_methods", default=_METHODS)
        )

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Flag the process if one bid came."""
        if process.number_of_tenderers == 1 and self._applies(process.method):
            record(ledger, self.spec, process.ocid, 1.0)

    def tally_block(self, block: Block, ledger: Ledger) -> None:
        """Flag the processes to which one bid came."""
        for row, number in enumerate(block.numbers):
            if number == 1 and self._applies(block.tenders[row].procurement_method):
                record(ledger, self.spec, block.ocids[row], 1.0)

    def conclude(self, ledger: Ledger) -> None:
        """Do nothing: each process decides by itself."""

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        if not self._applies(process.method):
            return Gap(f"the procurement method is {process.method or 'not given'}")
        if process.number_of_tenderers is None:
            return Gap("tender.numberOfTenderers is not given")
        if process.number_of_tenderers != 1:
            return ()
        return (
            Flag(
                value=1.0,
                threshold=1.0,
                strength=1.0,
                pointer="/tender/numberOfTenderers",
                text=f"One bid was received by the {process.method} method",
                figures={"number_of_tenderers": 1, "method": process.method},
            ),
        )

    def _applies(self, method: str | None) -> bool:
        return not self.methods or method in self.methods

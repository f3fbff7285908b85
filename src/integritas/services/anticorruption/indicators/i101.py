"""I101: an open procedure was awarded without a call on record."""

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
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["MissingPublicity"]

_METHODS: Final = frozenset({"open", "selective"})


@dataclass(frozen=True, slots=True)
class MissingPublicity(Alone):
    """Flags an awarded competitive procedure that shows no call for bids."""

    procurement_methods: frozenset[str]

    spec: ClassVar[Spec] = Spec(
        code="I101",
        title="No public call",
        formula=(
            "an award is active in a competitive method, and there is neither a tender"
            " period nor a published tender document"
        ),
        value="1.0",
        groups=(Group.OCID,),
        fields=(
            "tender.procurementMethod",
            "tender.tenderPeriod",
            "tender.documents",
            "awards.status",
        ),
        options=(
            Option(
                "procurement_methods",
                OptionKind.NAMES,
                "methods that need a call",
                default=_METHODS,
            ),
        ),
        why=(
            "Who never saw a call cannot bid; a contract that is not advertised goes"
            " to whoever was told."
        ),
        source=(
            f"{OCP}, publicity; Fazekas and Kocsis, BJPS 50 (2020): no call for"
            " tenders published"
        ),
        severity=Severity.MEDIUM,
        weight=0.5,
        alone="computed on the release itself",
        when=When.AWARDED,
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        if process.method not in self.procurement_methods:
            return Gap(f"the procurement method is {process.method or 'not given'}")
        if not any(award.status == "active" for award in process.awards):
            return Gap("nothing is awarded")
        tender = process.release.tender
        documents = tender.documents if tender is not None else None
        if process.start is not None or process.end is not None or documents:
            return ()
        text = f"Awarded by the {process.method} method, with no call on record"
        figures = {"method": process.method}
        return (Flag(1.0, 1.0, 1.0, "/tender", text, figures),)

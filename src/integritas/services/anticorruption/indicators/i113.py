"""I113: facts are missing without which nobody can look."""

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
    strength_above,
)
from integritas.services.anticorruption.ledger import Group
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Award, Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["MissingFields"]


@dataclass(frozen=True, slots=True)
class MissingFields(Alone):
    """Flags an awarded process that leaves out most of what scrutiny needs."""

    threshold: float

    spec: ClassVar[Spec] = Spec(
        code="I113",
        title="Key facts missing",
        formula=(
            "share of ten key fields that are absent of an awarded process >= threshold"
        ),
        value="the share",
        groups=(Group.OCID,),
        fields=(
            "buyer.id",
            "tender.procurementMethod",
            "tender.value",
            "tender.tenderPeriod",
            "tender.items",
            "tender.numberOfTenderers",
            "awards.date",
            "awards.value",
            "awards.suppliers",
            "awards.items",
        ),
        options=(
            Option(
                "threshold", OptionKind.NUMBER, "share that is too much", default=0.5
            ),
        ),
        why=(
            "What is not published cannot be checked; who hides often hides more than"
            " one thing."
        ),
        source=f"{OCP}, missing information; Fazekas and Kocsis, BJPS 50 (2020)",
        severity=Severity.LOW,
        weight=0.3,
        alone="computed on the release itself",
        when=When.AWARDED,
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        active = [award for award in process.awards if award.status == "active"]
        if not active:
            return Gap("nothing is awarded")
        missing = [name for name, given in _given(process, active[0]) if not given]
        share = len(missing) / 10
        if share < self.threshold:
            return ()
        return (
            Flag(
                value=share,
                threshold=self.threshold,
                strength=strength_above(share, self.threshold),
                pointer="",
                text=f"Key facts are missing: {', '.join(sorted(missing))}",
                figures={"missing": len(missing)},
            ),
        )


def _given(process: Process, award: Award) -> list[tuple[str, object]]:
    """Return each key field and whether it is given."""
    tender, entry = process.release.tender, award.entry
    return [
        ("buyer.id", process.buyer),
        ("tender.procurementMethod", process.method),
        ("tender.value", None if tender is None else tender.value),
        ("tender.tenderPeriod", process.start or process.end),
        ("tender.items", None if tender is None else tender.items),
        ("tender.numberOfTenderers", process.number_of_tenderers is not None),
        ("awards.date", entry.date),
        ("awards.value", entry.value),
        ("awards.suppliers", award.suppliers),
        ("awards.items", entry.items),
    ]

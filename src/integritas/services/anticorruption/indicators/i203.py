"""I203: one buyer buys directly from one supplier again and again within weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Self

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.indicators.alone import OCP, options_of
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
from integritas.services.anticorruption.timestamps import (
    NANOSECONDS_PER_DAY,
    parse_timestamp,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Ledger, Reference
    from integritas.services.anticorruption.settings import Settings

__all__ = ["Splitting"]

_DIRECT: Final = frozenset({"limited", "direct"})
_APART: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class Splitting:
    """Flags direct awards of one buyer to one supplier in quick succession."""

    threshold: int
    days: int

    spec: ClassVar[Spec] = Spec(
        code="I203",
        title="Direct awards in quick succession",
        formula=(
            "limited or direct awards of one buyer to one supplier within the window"
            " of days >= threshold"
        ),
        value="the number of such awards",
        groups=(
            Group.BUYER,
            Group.TENDERER,
        ),
        fields=(
            "buyer.id",
            "awards.suppliers",
            "awards.date",
            "tender.procurementMethod",
        ),
        options=(
            Option(
                "threshold", OptionKind.INTEGER, "awards that are too many", default=3
            ),
            Option("days", OptionKind.INTEGER, "days of the window", default=30),
        ),
        why=(
            "A purchase is cut into pieces so that each stays below the amount that"
            " must be tendered."
        ),
        source=(
            f"{OCP}, splitting purchases to avoid thresholds; World Bank, Warning"
            " signs of fraud and corruption in procurement"
        ),
        severity=Severity.MEDIUM,
        weight=0.5,
        alone="not computable: needs the buyer's history",
        when=When.AWARDED,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with its options."""
        return cls(**options_of(cls.spec, settings))

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Note the day of each direct award."""
        for supplier, day in _direct_awards(process):
            pair = f"{process.buyer}{_APART}{supplier}"
            ledger.number(self.spec.code, pair, str(day))

    def conclude(self, ledger: Ledger) -> None:
        """Flag buyer and supplier of a succession."""
        for pair, days in ledger.numbers.get(self.spec.code, {}).items():
            most = self._most(days)
            if most >= self.threshold:
                buyer, _, supplier = pair.partition(_APART)
                for group, who in ((Group.BUYER, buyer), (Group.TENDERER, supplier)):
                    ledger.flag(group, who, self.spec.code, float(most))

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge this award with those that came before it within the window."""
        awards = _direct_awards(process)
        if not awards:
            return Gap("no dated direct award of a buyer to one supplier")
        known = reference.numbers.get(self.spec.code, {})
        found = []
        for supplier, day in awards:
            days = known.get(f"{process.buyer}{_APART}{supplier}", {})
            near = {
                other: number
                for other, number in days.items()
                if abs(int(other) - day) <= self.days
            }
            count = self._most({**near, str(day): near.get(str(day), 0) + 1})
            if count >= self.threshold:
                found.append(
                    Flag(
                        value=float(count),
                        threshold=self.threshold,
                        strength=strength_above(count, self.threshold),
                        pointer="/awards",
                        text=(
                            f"With this one, {count} direct awards went to the supplier"
                            f" within {self.days} days"
                        ),
                        figures={"awards": count, "days": self.days},
                        organisations=(supplier,),
                    )
                )
        return tuple(found)

    def _most(self, days: Mapping[str, int]) -> int:
        """Return the most awards within any window."""
        ordered = sorted((int(day), number) for day, number in days.items())
        return max(
            sum(n for other, n in ordered if 0 <= other - day <= self.days)
            for day, _ in ordered
        )


def _direct_awards(process: Process) -> list[tuple[str, int]]:
    """Return supplier and day of each direct award of the process."""
    if process.buyer is None or process.method not in _DIRECT:
        return []
    return [
        (award.sole_supplier, moment // NANOSECONDS_PER_DAY)
        for award in process.awards
        if award.status == "active"
        and award.sole_supplier is not None
        and award.entry.date is not None
        and (moment := parse_timestamp(award.entry.date)) is not None
    ]

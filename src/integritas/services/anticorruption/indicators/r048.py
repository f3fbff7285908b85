"""R048: a supplier delivers unusually many kinds of things."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.features import item_classes
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    When,
    strength_above,
)
from integritas.services.anticorruption.ledger import Group, Ledger, Reference
from integritas.services.anticorruption.quantiles import quartiles
from integritas.services.anticorruption.settings import Option, OptionKind, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.features import Process

__all__ = ["HeterogeneousSupplier"]

_DIGITS = 2
_PROCESSES = 20


@dataclass(frozen=True, slots=True)
class HeterogeneousSupplier:
    """Flags suppliers whose variety of item classes is a high outlier."""

    digits: int
    threshold: int | None
    minimum_processes: int

    spec: ClassVar[Spec] = Spec(
        code="R048",
        title="Heterogeneous supplier",
        formula=(
            "distinct first digits of the classifications of awarded items >= upper"
            " fence, of suppliers seen in enough processes;"
            " upper fence = Q3 + 1.5 (Q3 - Q1) over the set"
        ),
        value="the number of distinct classes",
        groups=(Group.TENDERER,),
        fields=("awards.items.classification.id", "awards.suppliers", "awards.status"),
        options=(
            Option(
                "digits",
                OptionKind.INTEGER,
                "leading characters of a classification that make a class",
                default=_DIGITS,
            ),
            Option("threshold", OptionKind.INTEGER, "upper fence"),
            Option(
                "minimum_contracting_processes",
                OptionKind.INTEGER,
                "processes from which on a supplier is looked at",
                default=_PROCESSES,
            ),
        ),
        why=(
            "A supplier of everything is often an intermediary without the means to"
            " deliver, or a shell that wins by connection."
        ),
        source=(
            "Design and measurement of a corruption risk index from a supplier"
            " perspective in the context of COVID-19 emergency, OCP working paper"
            " (2021), C1B; OCDS Cardinal, R048,"
            " https://cardinal.readthedocs.io/en/latest/cli/indicators/R/048.html"
        ),
        severity=Severity.LOW,
        weight=0.35,
        alone="not computable: needs the supplier's history",
        when=When.AWARDED,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with digits, fence and minimum."""
        code = cls.spec.code
        threshold = settings.number(code, "threshold")
        return cls(
            digits=settings.integer(code, "digits", _DIGITS),
            threshold=None if threshold is None else int(threshold),
            minimum_processes=settings.integer(
                code, "minimum_contracting_processes", _PROCESSES
            ),
        )

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Collect the classes that each single supplier was awarded."""
        observed: tuple[str, ...] = ()
        for award in process.awards:
            supplier = award.sole_supplier
            if supplier is None or not award.entry.items or award.status != "active":
                continue
            classes = item_classes(award.entry, self.digits)
            if not classes:
                continue
            _observe(ledger, supplier, classes, int(supplier not in observed))
            observed = (*observed, supplier)

    def tally_block(self, block: Block, ledger: Ledger) -> None:
        """Collect the classes that each single supplier was awarded."""
        awards = block.awards
        sole = awards.suppliers.sole
        chosen = np.flatnonzero(awards.active & (sole >= 0))
        entries = [awards.entries[place] for place in chosen.tolist()]
        classes = [
            item_classes(entry, self.digits) if entry.items else () for entry in entries
        ]
        counts = np.fromiter(map(len, classes), np.int64, len(classes))
        suppliers = np.repeat(sole[chosen], counts)
        keys = np.unique(
            block.keys(np.repeat(awards.release[chosen], counts), suppliers)
        )
        _, seen = block.pairs(keys)
        names = block.names
        found: dict[int, set[str]] = {}
        pairs = zip(suppliers.tolist(), chain.from_iterable(classes), strict=True)
        for supplier, code in set(pairs):
            found.setdefault(supplier, set()).add(code)
        processes = np.bincount(seen, minlength=len(names)).tolist()
        for supplier, codes in found.items():
            _observe(ledger, names[supplier], codes, processes[supplier])

    def conclude(self, ledger: Ledger) -> None:
        """Flag the suppliers above the fence."""
        counted = {
            supplier: float(len(codes))
            for supplier, (processes, codes) in ledger.varieties.items()
            if processes >= self.minimum_processes
        }
        fences = ledger.fences.setdefault(self.spec.code, {})
        if self.threshold is None:
            quarters = quartiles(counted.values())
            fence = quarters.upper_fence
            fences |= {"q1": quarters.q1, "q3": quarters.q3}
        else:
            fence = float(self.threshold)
        fences["upper_fence"] = fence
        for supplier, variety in counted.items():
            if variety >= fence:
                ledger.flag(Group.TENDERER, supplier, self.spec.code, variety)

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge the suppliers of this process by what they delivered before."""
        fences = reference.fences.get(self.spec.code)
        if fences is None:
            return Gap("no history of suppliers to compare with")
        fence = fences["upper_fence"]
        flags = []
        for position, award in enumerate(process.awards):
            known = reference.varieties.get(award.sole_supplier or "")
            if award.status != "active" or known is None:
                continue
            if (
                known.processes < self.minimum_processes
                or not len(known.codes) >= fence
            ):
                continue
            text = (
                f"A supplier was awarded {len(known.codes)} classes of items in"
                f" {known.processes} processes before (threshold {fence:g})"
            )
            flags.append(
                Flag(
                    value=float(len(known.codes)),
                    threshold=fence,
                    strength=strength_above(len(known.codes), fence),
                    pointer=f"/awards/{position}/suppliers",
                    text=text,
                    figures={
                        "classes": len(known.codes),
                        "processes": known.processes,
                    },
                    organisations=award.suppliers,
                )
            )
        return tuple(flags)


def _observe(
    ledger: Ledger, supplier: str, codes: Iterable[str], processes: int
) -> None:
    """Take in the classes of things that a supplier delivered in more processes."""
    before, known = ledger.varieties.get(supplier) or (0, set())
    known.update(codes)
    ledger.varieties[supplier] = (before + processes, known)

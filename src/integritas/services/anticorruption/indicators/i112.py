"""I112: losing bids stand a whole per cent above the winning one."""

from __future__ import annotations

import math
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
from integritas.services.anticorruption.settings import Option, OptionKind

if TYPE_CHECKING:
    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.ledger import Reference

__all__ = ["FixedMultiple"]

_EXACT: Final = 0.001


@dataclass(frozen=True, slots=True)
class FixedMultiple(Alone):
    """Flags a contest whose losing bids are the lowest plus whole per cents."""

    minimum_bids: int

    spec: ClassVar[Spec] = Spec(
        code="I112",
        title="Bids a fixed distance apart",
        formula=(
            "two or more submitted bids lie a whole number of per cents above the"
            " lowest, to within 0.001 per cent, and no other does not"
        ),
        value="the number of such bids",
        groups=(Group.OCID,),
        fields=("bids.details.value", "bids.details.status"),
        options=(
            Option(
                "minimum_bids",
                OptionKind.INTEGER,
                "such bids from which on it is a sign",
                default=2,
            ),
        ),
        why=(
            "Cover bids are often made from the agreed winning price by adding a round"
            " percentage."
        ),
        source=(
            f"{OCP}, bid prices; OECD, Guidelines for fighting bid rigging (2012):"
            " prices a fixed percentage apart"
        ),
        severity=Severity.HIGH,
        weight=0.6,
        alone="computed on the release itself",
        when=When.SUBMITTED,
    )

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        priced = [bid for bid in process.submitted if bid.amount and bid.amount > 0]
        if len(priced) <= self.minimum_bids or len({b.currency for b in priced}) > 1:
            return Gap("too few submitted bids with prices in one currency")
        lowest = min(bid.amount or 0.0 for bid in priced)
        above = [100 * (bid.amount or 0.0) / lowest - 100 for bid in priced]
        others = [per_cent for per_cent in above if 0 < per_cent < math.inf]
        exact = [p for p in others if round(p) >= 1 and abs(p - round(p)) <= _EXACT]
        if len(exact) < self.minimum_bids or len(exact) < len(others):
            return ()
        return (
            Flag(
                value=float(len(exact)),
                threshold=self.minimum_bids,
                strength=1.0,
                pointer="/bids/details",
                text=(
                    f"All {len(exact)} higher bids lie whole per cents above the"
                    " lowest:"
                    f" {', '.join(f'{round(p)} %' for p in sorted(exact))}"
                ),
                figures={"lowest": lowest, "bids": len(priced)},
                organisations=organisations(t for bid in priced for t in bid.tenderers),
            ),
        )

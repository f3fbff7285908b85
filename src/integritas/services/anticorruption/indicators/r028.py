"""R028: different tenderers bid the same price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

import numpy as np

from integritas.kernel.severity import Severity
from integritas.services.anticorruption.features import (
    Price,
    Process,
    identifiers,
    method_matches,
)
from integritas.services.anticorruption.indicators.contract import (
    Flag,
    Gap,
    Judgement,
    Spec,
    When,
    organisations,
    record,
)
from integritas.services.anticorruption.ledger import Group, Ledger, Reference

if TYPE_CHECKING:
    from integritas.services.anticorruption.columns import Block
    from integritas.services.anticorruption.settings import Settings

__all__ = ["IdenticalBidPrices"]


class _Repeat(NamedTuple):
    price: Price
    position: int
    tenderers: frozenset[str]


@dataclass(frozen=True, slots=True)
class IdenticalBidPrices:
    """Flags processes in which the same price came from different tenderers."""

    compared: frozenset[str]
    uncompared: frozenset[str]

    spec: ClassVar[Spec] = Spec(
        code="R028",
        title="Identical bid prices",
        formula="two submitted bids of different tenderers have equal amount, currency",
        value="1.0 for the process and for each of those tenderers",
        groups=(Group.OCID, Group.TENDERER),
        fields=("bids.details", "tender.procurementMethodDetails"),
        options=(),
        why=(
            "Prices worked out apart seldom meet to the cent; equal ones suggest that"
            " bids were agreed or written by one hand."
        ),
        source=(
            "OECD, Guidelines for fighting bid rigging in public procurement (2009);"
            " OCDS Cardinal, R028,"
            " https://cardinal.readthedocs.io/en/latest/cli/indicators/R/028.html"
        ),
        severity=Severity.HIGH,
        weight=0.7,
        alone="computed on the release itself",
        when=When.SUBMITTED,
    )

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Make the rule with the methods in which prices are compared."""
        return cls(settings.compared_methods, settings.uncompared_methods)

    def tally(self, process: Process, ledger: Ledger) -> None:
        """Flag the process and the tenderers if prices repeat."""
        if not process.prices_repeat:
            return
        for repeat in self._repeats(process):
            both = dict.fromkeys(repeat.tenderers, 1.0)
            record(ledger, self.spec, process.ocid, 1.0, both)

    def tally_block(self, block: Block, ledger: Ledger) -> None:
        """Flag the processes and the tenderers where prices repeat."""
        bids = block.bids
        named = np.zeros(len(bids.entries), dtype=np.bool_)
        named[bids.tenderers.entries] = True
        looked_at = block.by_method(self.compared, self.uncompared)[bids.release]
        chosen = bids.submitted & named & looked_at
        bid = bids.by_price[chosen[bids.by_price]]
        again = np.ones(max(len(bid) - 1, 0), dtype=np.bool_)
        for column in (bids.release, bids.amount, bids.currency):
            again &= column[bid[1:]] == column[bid[:-1]]
        for before, after in zip(
            bid[:-1][again].tolist(), bid[1:][again].tolist(), strict=True
        ):
            first, _ = identifiers(bids.entries[before].tenderers)
            tenderers, _ = identifiers(bids.entries[after].tenderers)
            if set(first) != set(tenderers):
                both = dict.fromkeys(first + tenderers, 1.0)
                ocid = block.ocids[bids.release[after]]
                record(ledger, self.spec, ocid, 1.0, both)

    def conclude(self, ledger: Ledger) -> None:
        """Do nothing: each process decides by itself."""

    def judge(self, process: Process, reference: Reference) -> Judgement:
        """Judge by the release alone."""
        del reference
        if not self._applies(process):
            return Gap("prices are not compared in this procurement method")
        if process.priced < 2:
            return Gap("fewer than two submitted bids with a price")
        repeats = self._repeats(process)
        if not repeats:
            return ()
        tenderers = organisations(
            tenderer for repeat in repeats for tenderer in repeat.tenderers
        )
        first = repeats[0]
        return (
            Flag(
                value=1.0,
                threshold=1.0,
                strength=1.0,
                pointer=f"/bids/details/{first.position}/value",
                text=f"{len(tenderers)} tenderers submitted the price {first.price}",
                figures={
                    "amount": first.price.amount,
                    "currency": first.price.currency,
                    "bids": len(process.bids),
                },
                organisations=tenderers,
            ),
        )

    def _applies(self, process: Process) -> bool:
        return method_matches(process.details, self.compared, self.uncompared)

    def _repeats(self, process: Process) -> list[_Repeat]:
        """Compare each bid with the one before at its price, as Cardinal does.

        A tenderer may submit its own price again.
        """
        submitted = process.submitted
        if not process.prices_repeat or not self._applies(process):
            return []
        seen: dict[tuple[float, str], tuple[str, ...]] = {}
        repeats = []
        for bid in submitted:
            amount, currency, tenderers = bid.amount, bid.currency, bid.tenderers
            if amount is None or currency is None or not tenderers:
                continue
            before = seen.get((amount, currency))
            if (
                before is not None
                and before != tenderers
                and set(before) != set(tenderers)
            ):
                price, all_ = Price(amount, currency), frozenset(before + tenderers)
                repeats.append(_Repeat(price, bid.position, all_))
            seen[amount, currency] = tenderers
        return repeats

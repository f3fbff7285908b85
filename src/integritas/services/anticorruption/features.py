"""What the red flags read of one OCDS release, taken out once.

Reading is as tolerant as Cardinal's: a field of the wrong type counts as absent, so a
sparse or partly broken release still tells what it can. `ocds.py` is the strict check.
Positions in `awards` and `bids` are those of the release, so they make JSON pointers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

__all__ = [
    "Award",
    "Bid",
    "LowestBid",
    "Margin",
    "Price",
    "Process",
    "complete_awards",
    "method_matches",
    "read_lowest_bid",
    "read_margin",
    "read_process",
    "sole_winner",
]


class Price(NamedTuple):
    """An amount and its currency; both must be given for prices to be compared."""

    amount: float
    currency: str

    def __str__(self) -> str:
        """Return the price for people."""
        return f"{self.amount:,.2f} {self.currency}"


class Bid(NamedTuple):
    """One of `bids.details`.

    `tenderers` are the ids given; `sole_tenderer` is set if there is exactly one.
    """

    status: str | None
    tenderers: tuple[str, ...]
    sole_tenderer: str | None
    price: Price | None
    date: str | None

    @property
    def submitted(self) -> bool:
        """Say whether it was handed in: pending, valid, disqualified, not withdrawn."""
        return self.status is not None and self.status not in _NOT_SUBMITTED


class Award(NamedTuple):
    """One of `awards`; `classifications` are the ids of its items' classifications."""

    status: str | None
    suppliers: tuple[str, ...]
    sole_supplier: str | None
    classifications: tuple[str, ...]


class Process(NamedTuple):
    """One contracting process."""

    ocid: str
    cancelled: bool
    method: str | None
    details: str | None
    start: str | None
    end: str | None
    number_of_tenderers: int | None
    buyer: str | None
    procuring_entity: str | None
    bids: tuple[Bid, ...]
    awards: tuple[Award, ...]


class Margin(NamedTuple):
    """How far the next bid lies above the winning one, as a share of the winning."""

    ratio: float
    winner: str
    runner_up: str
    winning: Price
    second: Price
    winning_bid: int
    second_bid: int


class LowestBid(NamedTuple):
    """The lowest submitted bid, and whether any valid bid can be compared with it."""

    position: int
    price: Price
    disqualified: bool
    comparable: bool


_NOT_SUBMITTED: Final = frozenset({"invited", "withdrawn"})
_FINAL_WITHOUT_AWARD: Final = frozenset({"cancelled", "unsuccessful"})
_NOTHING: Final[Mapping[str, JsonValue]] = {}


def read_process(release: Mapping[str, JsonValue]) -> Process | None:
    """Return what the flags need of a release, None if it has no ocid."""
    ocid = release.get("ocid")
    if not isinstance(ocid, str):
        return None
    tender = _object(release.get("tender"))
    period = _object(tender.get("tenderPeriod"))
    number = tender.get("numberOfTenderers")
    return Process(
        ocid=ocid,
        cancelled=tender.get("status") == "cancelled",
        method=_text(tender.get("procurementMethod")),
        details=_text(tender.get("procurementMethodDetails")),
        start=_text(period.get("startDate")),
        end=_text(period.get("endDate")),
        number_of_tenderers=number if type(number) is int else None,
        buyer=_identifier(release.get("buyer")),
        procuring_entity=_identifier(tender.get("procuringEntity")),
        bids=tuple(map(_bid, _list(_object(release.get("bids")).get("details")))),
        awards=tuple(map(_award, _list(release.get("awards")))),
    )


def complete_awards(process: Process) -> list[Award] | None:
    """Return the active awards, None while any award is not in a final state."""
    complete = []
    for award in process.awards:
        if award.status == "active":
            complete.append(award)
        elif award.status is not None and award.status not in _FINAL_WITHOUT_AWARD:
            return None
    return complete


def sole_winner(process: Process) -> str | None:
    """Return the one supplier of the one active award, if that is how it ended.

    With one active award all bids are taken to compete for all items; with several,
    only lots would tell which bids compete.
    """
    awards = complete_awards(process)
    return awards[0].sole_supplier if awards is not None and len(awards) == 1 else None


def method_matches(
    details: str | None, *, include: frozenset[str], exclude: frozenset[str]
) -> bool:
    """Say whether procurement method details pass an allow list, else a deny list."""
    if include:
        return details is not None and details in include
    return details is None or details not in exclude


def read_margin(
    process: Process, currency: str | None
) -> tuple[Margin | None, str | None]:
    """Return the margin, and the currency compared in (`currency` or the first seen).

    None unless one supplier won, others bid, and the winning bid was the lowest: else
    price was not the only criterion.
    """
    winner = sole_winner(process)
    if winner is None:
        return None, currency
    won: tuple[int, Bid, Price] | None = None
    lost: tuple[int, Bid, Price] | None = None
    for position, bid in enumerate(process.bids):
        if bid.status != "valid" or bid.sole_tenderer is None or bid.price is None:
            continue
        if currency is None:
            currency = bid.price.currency
        if bid.price.currency != currency:
            continue
        found = (position, bid, bid.price)
        if bid.sole_tenderer == winner:
            won = found if won is None else min(won, found, key=_amount)
        else:
            lost = found if lost is None else min(lost, found, key=_amount)
    if won is None or lost is None or lost[2].amount < won[2].amount:
        return None, currency
    return _margin(won, lost), currency


def read_lowest_bid(
    process: Process, currency: str | None
) -> tuple[LowestBid | None, str | None]:
    """Return the lowest submitted bid of an awarded process, and the currency."""
    if not any(award.status == "active" for award in process.awards):
        return None, currency
    lowest: tuple[int, Bid, Price] | None = None
    comparable = False
    for position, bid in enumerate(process.bids):
        if not bid.submitted or bid.price is None:
            continue
        if currency is None:
            currency = bid.price.currency
        if bid.price.currency != currency:
            continue
        if lowest is None or bid.price.amount < lowest[2].amount:
            lowest = (position, bid, bid.price)
        comparable = comparable or bid.status == "valid"
    if lowest is None:
        return None, currency
    position, bid, price = lowest
    return (
        LowestBid(position, price, bid.status == "disqualified", comparable),
        currency,
    )


def _amount(found: tuple[int, Bid, Price]) -> float:
    return found[2].amount


def _margin(won: tuple[int, Bid, Price], lost: tuple[int, Bid, Price]) -> Margin:
    winning, second = won[2].amount, lost[2].amount
    if winning != 0:
        ratio = (second - winning) / winning
    else:
        ratio = math.inf if second > 0 else math.nan
    return Margin(
        ratio=ratio,
        winner=won[1].sole_tenderer or "",
        runner_up=lost[1].sole_tenderer or "",
        winning=won[2],
        second=lost[2],
        winning_bid=won[0],
        second_bid=lost[0],
    )


def _bid(value: JsonValue) -> Bid:
    bid = _object(value)
    tenderers = _list(bid.get("tenderers"))
    identifiers = _identifiers(tenderers)
    return Bid(
        status=_text(bid.get("status")),
        tenderers=identifiers,
        sole_tenderer=identifiers[0]
        if len(tenderers) == len(identifiers) == 1
        else None,
        price=_price(bid.get("value")),
        date=_text(bid.get("date")),
    )


def _award(value: JsonValue) -> Award:
    award = _object(value)
    suppliers = _list(award.get("suppliers"))
    identifiers = _identifiers(suppliers)
    items = _list(award.get("items"))
    codes = (_identifier(_object(item).get("classification")) for item in items)
    return Award(
        status=_text(award.get("status")),
        suppliers=identifiers,
        sole_supplier=identifiers[0]
        if len(suppliers) == len(identifiers) == 1
        else None,
        classifications=tuple(code for code in codes if code is not None),
    )


def _price(value: JsonValue) -> Price | None:
    price = _object(value)
    amount, currency = price.get("amount"), price.get("currency")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return None
    if not isinstance(currency, str):
        return None
    try:
        return Price(float(amount), currency)
    except OverflowError:  # an integer beyond any float is no price
        return None


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else _NOTHING


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _identifier(value: JsonValue) -> str | None:
    return _text(_object(value).get("id"))


def _identifiers(values: list[JsonValue]) -> tuple[str, ...]:
    found = (_identifier(value) for value in values)
    return tuple(identifier for identifier in found if identifier is not None)

"""What the red flags read of one OCDS release, taken out once.

Positions in `awards` and `bids` are those of the release, so they make JSON pointers.
Shared facts (who won, which bids were valid) are found here, once for all indicators.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from integritas.services.anticorruption.lenient import read_leniently
from integritas.services.anticorruption.release import AwardEntry, BidEntry, Release
from integritas.services.anticorruption.timestamps import (
    KNOWN,
    parse_timestamp,
    span_between,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from integritas.services.anticorruption.release import (
        Organisation,
        Period,
        Tender,
    )

__all__ = [
    "Award",
    "Bid",
    "LowestBid",
    "Margin",
    "Price",
    "Process",
    "digest",
    "identifiers",
    "item_classes",
    "margin_ratio",
    "method_matches",
    "read_lowest_bid",
    "read_margin",
    "read_process",
    "read_valid",
]


class Price(NamedTuple):
    """An amount and its currency; both must be given for prices to be compared."""

    amount: float
    currency: str

    def __str__(self) -> str:
        """Return the price for people."""
        return f"{self.amount:,.2f} {self.currency}"


class Bid(msgspec.Struct, gc=False):
    """One of `bids.details`, at a position.

    `tenderers` are the ids given; `sole_tenderer` is set if there is exactly one.
    `amount` and `currency` are both set, or neither is.
    """

    position: int
    status: str | None
    tenderers: tuple[str, ...]
    sole_tenderer: str | None
    amount: float | None
    currency: str | None
    date: str | None

    @property
    def submitted(self) -> bool:
        """Say whether it was handed in: pending, valid, disqualified, not withdrawn."""
        return self.status is not None and self.status not in _NOT_SUBMITTED

    @property
    def price(self) -> Price | None:
        """Return amount and currency, if both are given."""
        if self.amount is None or self.currency is None:
            return None
        return Price(self.amount, self.currency)


class Award(msgspec.Struct, gc=False):
    """One of `awards`; `entry` is the award as released."""

    status: str | None
    suppliers: tuple[str, ...]
    sole_supplier: str | None
    entry: AwardEntry


class Process(msgspec.Struct, gc=False):
    """One contracting process.

    `submitted`, `valid` and `disqualified` are those of `bids` with that status, `late`
    the valid ones dated after the end of the tender period, `submitters` all tenderers
    of submitted bids, once for each bid. `priced` counts submitted bids with a price,
    `currencies` their currencies. `open_for` is the tender period in
    nanoseconds. `suppliers` are those of active awards. `prices_repeat` says whether
    two submitted bids may be of one price.
    `complete` are the active awards, None while any award is not in a final state;
    `winner` the one supplier of the one active award, if that is how it ended: with
    one active award all bids are taken to compete for all items; with several, only
    lots would tell which bids compete. `doubtful` tells that some date is none.
    """

    ocid: str
    release: Release
    cancelled: bool = False
    method: str | None = None
    details: str | None = None
    start: str | None = None
    end: str | None = None
    open_for: int | None = None
    number_of_tenderers: int | None = None
    buyer: str | None = None
    procuring_entity: str | None = None
    bids: list[Bid] = []
    submitted: list[Bid] = []
    valid: list[Bid] = []
    disqualified: list[Bid] = []
    late: list[Bid] = []
    submitters: list[str] = []
    awards: list[Award] = []
    complete: list[Award] | None = []
    suppliers: tuple[str, ...] = ()
    winner: str | None = None
    prices_repeat: bool = False
    priced: int = 0
    currencies: int = 0
    doubtful: bool = False


class Margin(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """How far the next bid lies above the winning one, as a share of the winning."""

    ratio: float
    winner: str
    runner_up: str
    winning: float
    second: float
    currency: str
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


def read_process(document: Mapping[str, JsonValue]) -> Process | None:
    """Return what the flags need of a parsed release, None if it has no ocid."""
    process = read_valid(document)
    if process is not None:
        return process
    release = read_leniently(document)
    return None if release is None else digest(release)


def read_valid(document: Mapping[str, JsonValue]) -> Process | None:
    """Return the process of a release that is valid, or may be (`doubtful`)."""
    try:
        return digest(msgspec.convert(document, Release))
    except (msgspec.ValidationError, OverflowError, RecursionError):
        return None


def digest(release: Release) -> Process:
    """Return the process that a release tells of."""
    tender = release.tender
    process = Process(release.ocid, release)
    if (
        not release.ocid
        or release.compiled_release is not None
        or release.releases is not None
    ):
        process.doubtful = True  # the document has no name, or is a record
    if release.buyer is not None:
        process.buyer = release.buyer.id
    if tender is not None:
        _add_tender(process, tender)
    if release.bids is not None and release.bids.details:
        _add_bids(process, release.bids.details)
    if release.awards:
        _add_awards(process, release.awards)
    if release.date is not None:
        _note_dates(process, release.date)
    for contract in release.contracts or ():
        for date in contract.dates():
            _note_dates(process, date)
    return process


def _add_tender(process: Process, tender: Tender) -> None:
    process.cancelled = tender.status == "cancelled"
    process.method = tender.procurement_method
    process.details = tender.procurement_method_details
    period = tender.tender_period
    if period is not None:
        _add_period(process, period)
    if tender.enquiry_period is not None or tender.award_period is not None:
        _note_dates(process, None, tender.enquiry_period)
        _note_dates(process, None, tender.award_period)
    for amendment in tender.amendments or ():
        _note_dates(process, amendment.date)
    number = tender.number_of_tenderers
    if type(number) is int:
        process.number_of_tenderers = number
    elif number is not None:
        process.doubtful = True
    if tender.procuring_entity is not None:
        process.procuring_entity = tender.procuring_entity.id


def _add_bids(process: Process, entries: list[BidEntry]) -> None:
    bids, submitted, valid = process.bids, process.submitted, process.valid
    submitters, end = process.submitters, process.end
    amounts: list[float] = []
    currencies: set[str | None] = set()
    for position, entry in enumerate(entries):
        status, date, value = entry.status, entry.date, entry.value
        amount = currency = None
        if value is not None:
            amount, currency = value.amount, value.currency
            if amount is None or currency is None:
                amount = currency = None
        if date is not None and date not in KNOWN and parse_timestamp(date) is None:
            process.doubtful = True
        tenderers, sole = identifiers(entry.tenderers)
        bid = Bid(position, status, tenderers, sole, amount, currency, date)
        bids.append(bid)
        if status == "valid":
            valid.append(bid)
            if date is not None and end is not None and date > end:
                process.late.append(bid)
        elif status is None or status in _NOT_SUBMITTED:
            continue
        elif status == "disqualified":
            process.disqualified.append(bid)
        submitted.append(bid)
        submitters += tenderers
        if amount is not None:
            amounts.append(amount)
            currencies.add(currency)
    process.currencies = len(currencies)
    process.priced = len(amounts)
    process.prices_repeat = len(set(amounts)) < len(amounts)


def _add_awards(process: Process, entries: list[AwardEntry]) -> None:
    complete: list[Award] | None = []
    for entry in entries:
        status = entry.status
        suppliers, sole = identifiers(entry.suppliers)
        award = Award(status, suppliers, sole, entry)
        process.awards.append(award)
        if status == "active":
            process.suppliers += suppliers
            if complete is not None:
                complete.append(award)
        elif status is not None and status not in _FINAL_WITHOUT_AWARD:
            complete = None
        if entry.date is not None or entry.contract_period is not None:
            _note_dates(process, entry.date, entry.contract_period)
    process.complete = complete
    if complete is not None and len(complete) == 1:
        process.winner = complete[0].sole_supplier


def identifiers(
    entries: list[Organisation] | None,
) -> tuple[tuple[str, ...], str | None]:
    """Return the ids given, and the one if there is exactly one entry."""
    if not entries:
        return (), None
    if len(entries) == 1:
        only = entries[0].id
        return ((), None) if only is None else ((only,), only)
    return tuple([entry.id for entry in entries if entry.id is not None]), None


def _add_period(process: Process, period: Period) -> None:
    process.start, process.end = period.start_date, period.end_date
    process.open_for = span_between(process.start, process.end)
    if process.open_for is None:
        _note_dates(process, None, period)


def _note_dates(
    process: Process, date: str | None, period: Period | None = None
) -> None:
    """Note if a date or an end of a period is no RFC 3339 date-time."""
    if date is not None and date not in KNOWN and parse_timestamp(date) is None:
        process.doubtful = True
    if period is not None:
        _note_dates(process, period.start_date)
        _note_dates(process, period.end_date)


def method_matches(
    details: str | None, include: frozenset[str], exclude: frozenset[str]
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
    winner = process.winner
    if winner is None:
        return None, currency
    won: Bid | None = None
    lost: Bid | None = None
    least = most = math.inf
    for bid in process.valid:
        amount, tenderer = bid.amount, bid.sole_tenderer
        if amount is None or tenderer is None:
            continue
        if bid.currency != currency:
            if currency is not None:
                continue
            currency = bid.currency
        if tenderer == winner:
            if won is None or amount < least:
                won, least = bid, amount
        elif lost is None or amount < most:
            lost, most = bid, amount
    if won is None or lost is None or most < least:
        return None, currency
    margin = Margin(
        margin_ratio(least, most),
        winner,
        lost.sole_tenderer or "",
        least,
        most,
        won.currency or "",
        won.position,
        lost.position,
    )
    return margin, currency


def read_lowest_bid(
    process: Process, currency: str | None
) -> tuple[LowestBid | None, str | None]:
    """Return the lowest submitted bid of an awarded process, and the currency."""
    for award in process.awards:
        if award.status == "active":
            break
    else:
        return None, currency
    lowest: Bid | None = None
    least = math.inf
    comparable = False
    for bid in process.submitted:
        amount = bid.amount
        if amount is None:
            continue
        if bid.currency != currency:
            if currency is not None:
                continue
            currency = bid.currency
        if lowest is None or amount < least:
            lowest, least = bid, amount
        if not comparable:
            comparable = bid.status == "valid"
    if lowest is None or lowest.currency is None:
        return None, currency
    price = Price(least, lowest.currency)
    disqualified = lowest.status == "disqualified"
    return LowestBid(lowest.position, price, disqualified, comparable), currency


def margin_ratio(winning: float, second: float) -> float:
    """Return how far the second price lies above the winning, as a share of it."""
    if winning != 0:
        return (second - winning) / winning
    return math.inf if second > 0 else math.nan


def item_classes(entry: AwardEntry, digits: int) -> list[str]:
    """Return the first characters of the ids of an award's classifications."""
    return [
        kind.id[:digits]
        for item in entry.items or ()
        if (kind := item.classification) is not None and kind.id is not None
    ]

"""Many releases at once, a column for each thing that Cardinal's flags read.

What `features` takes out of one release as objects lies here as arrays over a block of
releases, so that a flag is decided for thousands of them by a few array operations. The
definitions are those of `features`, and tests hold the two to the same answers.

Texts are numbered within a block: 0 and above, -1 for what is absent.
"""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

import numpy as np

from integritas.services.anticorruption.features import method_matches
from integritas.services.anticorruption.release import Bids, Money, Tender

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from integritas.services.anticorruption.ledger import Ledger
    from integritas.services.anticorruption.release import (
        AwardEntry,
        BidEntry,
        Organisation,
        Release,
    )

__all__ = ["Block", "Bools", "Codes", "Ints", "count_codes", "lowest"]

Ints: TypeAlias = "NDArray[np.int64]"
Bools: TypeAlias = "NDArray[np.bool_]"
_T = TypeVar("_T")

_NOT_SUBMITTED, _PENDING, _VALID, _DISQUALIFIED = range(4)
_CLOSED, _ACTIVE, _OPEN = range(3)
_NOWHERE: Final = -2
_NO_TENDER: Final = Tender()
_NO_BIDS: Final = Bids()
_NO_VALUE: Final = Money()


class _Numbers(dict["str | None", int]):
    """Numbers of texts: those given, and one number for all others."""

    def __init__(self, known: dict[str | None, int], others: int) -> None:
        super().__init__(known)
        self._others = others

    def __missing__(self, text: str | None) -> int:
        return self._others


class Codes(dict["str | None", int]):
    """Numbers of texts in the order they come, from 0; of None, -1."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__({None: -1})

    def __missing__(self, text: str | None) -> int:
        """Number a text that comes for the first time."""
        number = self[text] = len(self) - 1
        return number

    def of(self, texts: Sequence[str | None]) -> Ints:
        """Return the numbers of texts, in order."""
        return _numbered(texts, self)

    def names(self) -> list[str]:
        """Return the texts by their numbers."""
        return [text for text in self if text is not None]


_BID: Final = _Numbers(
    {
        None: _NOT_SUBMITTED,
        "invited": _NOT_SUBMITTED,
        "withdrawn": _NOT_SUBMITTED,
        "valid": _VALID,
        "disqualified": _DISQUALIFIED,
    },
    others=_PENDING,
)
_AWARD: Final = _Numbers(
    {None: _CLOSED, "cancelled": _CLOSED, "unsuccessful": _CLOSED, "active": _ACTIVE},
    others=_OPEN,
)


class Named(NamedTuple):
    """Organisations that entries name: `codes`, each of the entry at `entries`.

    `sole` is by entry: the one organisation it names, -1 if it is not exactly one.
    """

    entries: Ints
    codes: Ints
    sole: Ints


class BidColumns:
    """All bids of a block; `release` is the row of each one's release.

    `amount` is NaN and `currency` -1 where either is not given.
    """

    def __init__(
        self, lists: list[list[BidEntry]], codes: Codes, currencies: Codes
    ) -> None:
        """Take the columns out of the bids of each release."""
        counts = _lengths(lists)
        self.entries = entries = _flat(lists)
        self.release: Ints = np.repeat(np.arange(len(lists)), counts)
        self.position: Ints = np.arange(len(entries)) - np.repeat(
            np.cumsum(counts) - counts, counts
        )
        self.status = _numbered([entry.status for entry in entries], _BID)
        self.dates = [entry.date for entry in entries]
        values = [entry.value or _NO_VALUE for entry in entries]
        self.amount = np.array([value.amount for value in values], dtype=np.float64)
        self.currency = _numbered([value.currency for value in values], currencies)
        self.amount[self.currency < 0] = np.nan
        self.currency[np.isnan(self.amount)] = -1
        self.tenderers = _named([entry.tenderers or [] for entry in entries], codes)

    @cached_property
    def by_price(self) -> Ints:
        """Return the bids with a price by release, amount, currency, as they came."""
        order = np.lexsort((self.currency, self.amount, self.release))
        return order[self.currency[order] >= 0]

    @property
    def valid(self) -> Bools:
        """Say which are valid."""
        found: Bools = self.status == _VALID
        return found

    @property
    def disqualified(self) -> Bools:
        """Say which are disqualified."""
        found: Bools = self.status == _DISQUALIFIED
        return found

    @property
    def submitted(self) -> Bools:
        """Say which were handed in and not withdrawn."""
        found: Bools = self.status != _NOT_SUBMITTED
        return found


class AwardColumns:
    """All awards of a block; `release` is the row of each one's release."""

    def __init__(self, lists: list[list[AwardEntry]], codes: Codes) -> None:
        """Take the columns out of the awards of each release."""
        self.entries = _flat(lists)
        self.release: Ints = np.repeat(np.arange(len(lists)), _lengths(lists))
        self.status = _numbered([entry.status for entry in self.entries], _AWARD)
        self.suppliers = _named(
            [entry.suppliers or [] for entry in self.entries], codes
        )

    @property
    def active(self) -> Bools:
        """Say which are active."""
        found: Bools = self.status == _ACTIVE
        return found


class Block:
    """Releases that follow each other, as columns; rows are their places in it."""

    def __init__(self, releases: Sequence[Release]) -> None:
        """Take the columns out of releases, each valid and a process of its own."""
        self.releases = releases
        self.ocids = [release.ocid for release in releases]
        self.tenders = [release.tender or _NO_TENDER for release in releases]
        self.numbers = [tender.number_of_tenderers for tender in self.tenders]
        self.codes = Codes()
        self.currencies = Codes()
        bids = [(release.bids or _NO_BIDS).details or [] for release in releases]
        self.bids = BidColumns(bids, self.codes, self.currencies)
        awards = [release.awards or [] for release in releases]
        self.awards = AwardColumns(awards, self.codes)
        self.names = self.codes.names()

    def __len__(self) -> int:
        """Return how many releases there are."""
        return len(self.releases)

    def leave_out(self, rows: Iterable[int]) -> None:
        """Let some releases tell nothing."""
        out = np.zeros(len(self), dtype=np.bool_)
        for row in rows:
            out[row] = True
            self.tenders[row] = _NO_TENDER
            self.numbers[row] = None
        self.bids.status[out[self.bids.release]] = _NOT_SUBMITTED
        self.awards.status[out[self.awards.release]] = _CLOSED

    def mixed(self) -> Iterator[tuple[int, list[tuple[int, str]]]]:
        """Yield rows whose submitted bids are in several currencies, and those bids.

        Each bid as its position and currency, in order.
        """
        bids = self.bids
        priced = np.flatnonzero(bids.submitted & (bids.currency >= 0))
        rows, currency = bids.release[priced], bids.currency[priced]
        # Each is held against the one before: it differs somewhere if any does.
        differs = (rows[1:] == rows[:-1]) & (currency[1:] != currency[:-1])
        names = self.currencies.names()
        for row in np.unique(rows[1:][differs]).tolist():
            chosen = rows == row
            positions = bids.position[priced[chosen]].tolist()
            codes = currency[chosen].tolist()
            yield row, [*zip(positions, map(names.__getitem__, codes), strict=True)]

    @cached_property
    def final(self) -> Bools:
        """Say which releases have no award that is still to be decided."""
        open_ = self.awards.release[self.awards.status == _OPEN]
        found: Bools = np.bincount(open_, minlength=len(self)) == 0
        return found

    @cached_property
    def winner(self) -> Ints:
        """Return the one supplier of the one active award, -1 if it is not so."""
        awards = self.awards
        actives = np.bincount(awards.release[awards.active], minlength=len(self))
        one = self.final & (actives == 1)
        chosen = awards.active & one[awards.release]
        winner = np.full(len(self), -1, dtype=np.int64)
        winner[awards.release[chosen]] = awards.suppliers.sole[chosen]
        return winner

    @cached_property
    def suppliers(self) -> tuple[Ints, Ints]:
        """Return rows and suppliers of active awards, in order."""
        awards = self.awards
        named = awards.suppliers
        active = awards.active[named.entries]
        return awards.release[named.entries[active]], named.codes[active]

    def tenderers(self, which: Bools) -> tuple[Ints, Ints]:
        """Return rows and tenderers of some of the bids."""
        named = self.bids.tenderers
        chosen = which[named.entries]
        return self.bids.release[named.entries[chosen]], named.codes[chosen]

    def keys(self, rows: Ints, codes: Ints) -> Ints:
        """Return one number for each pair of a row and an organisation."""
        return rows * len(self.codes) + codes

    def pairs(self, keys: Ints) -> tuple[Ints, Ints]:
        """Return the rows and organisations of such numbers."""
        return np.divmod(keys, len(self.codes))

    def by_method(self, include: frozenset[str], exclude: frozenset[str]) -> Bools:
        """Say which releases pass an allow list, else a deny list, of methods."""
        if not include and not exclude:
            return np.ones(len(self), dtype=np.bool_)
        details = [tender.procurement_method_details for tender in self.tenders]
        passes = {text: method_matches(text, include, exclude) for text in set(details)}
        return np.array([passes[text] for text in details], dtype=np.bool_)

    @property
    def ends(self) -> list[str | None]:
        """Return the end of each tender period, as text."""
        return [
            None if (period := tender.tender_period) is None else period.end_date
            for tender in self.tenders
        ]

    def currency(self, code: str | None) -> int:
        """Return the number of a currency; one that nothing has if it is not there."""
        return _NOWHERE if code is None else self.currencies.get(code, _NOWHERE)

    def ocids_of(self, rows: Ints) -> list[str]:
        """Return the ocids of rows."""
        return list(map(self.ocids.__getitem__, rows.tolist()))


def lowest(bids: BidColumns, chosen: Bools) -> Ints:
    """Return the lowest of each release's bids that are chosen; the first of equals.

    All must be in one currency.
    """
    ordered = bids.by_price[chosen[bids.by_price]]
    first = np.ones(len(ordered), dtype=np.bool_)
    rows = bids.release[ordered]
    first[1:] = rows[1:] != rows[:-1]
    return ordered[first]


def count_codes(
    ledger: Ledger, what: str, names: list[str], part: Ints, whole: Ints
) -> None:
    """Add to shares: how often each number comes in `part` and in `whole`."""
    parts = np.bincount(part, minlength=len(names)).tolist()
    wholes = np.bincount(whole, minlength=len(names)).tolist()
    for name, some, all_ in zip(names, parts, wholes, strict=True):
        if all_:
            ledger.count(what, name, some, all_)


def _flat(lists: Iterable[list[_T]]) -> list[_T]:
    return list(chain.from_iterable(lists))


def _lengths(lists: Sequence[Sequence[object]]) -> Ints:
    return np.fromiter(map(len, lists), np.int64, len(lists))


def _numbered(texts: Sequence[str | None], numbers: dict[str | None, int]) -> Ints:
    return np.fromiter(map(numbers.__getitem__, texts), np.int64, len(texts))


def _named(lists: list[list[Organisation]], codes: Codes) -> Named:
    counts = _lengths(lists)
    flat = _numbered([named.id for named in chain.from_iterable(lists)], codes)
    sole = np.full(len(lists), -1, dtype=np.int64)
    one = counts == 1
    sole[one] = flat[(np.cumsum(counts) - counts)[one]]
    entries: Ints = np.repeat(np.arange(len(lists)), counts)
    given = flat >= 0
    return Named(entries[given], flat[given], sole)

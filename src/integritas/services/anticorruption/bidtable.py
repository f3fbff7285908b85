"""A table of bids as releases, for those who have no OCDS: CSV with a row a bid.

`tender` and `tenderer` must be there; of the other columns each feeds the flags that
read it. Rows of a tender may stand anywhere in the file.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from integritas.kernel.errors import FieldError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["COLUMNS", "RowReject", "TableTender", "read_table", "separator_of"]

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "tender": ("tender", "ocid", "process"),
    "tenderer": ("tenderer", "bidder", "supplier"),
    "amount": ("amount", "bid_value", "price"),
    "currency": ("currency",),
    "status": ("status",),
    "date": ("date", "bid_date"),
    "winner": ("winner", "awarded"),
    "buyer": ("buyer",),
    "method": ("method", "procurement_method"),
    "start": ("start", "published"),
    "end": ("end", "deadline"),
    "estimate": ("estimate", "pre-tender estimate (pte)"),
}
"""Names of each column, in any case; the first is the one to write."""

_NEEDED: Final = ("tender", "tenderer")
_YES: Final = frozenset({"1", "1.0", "yes", "true", "y", "x"})
_NO: Final = frozenset({"", "0", "0.0", "no", "false", "n"})


class RowReject(NamedTuple):
    """What is wrong in a row; `used` says whether the rest of it counted."""

    line: int
    path: str
    message: str
    remedy: str
    used: bool


class TableTender(NamedTuple):
    """The rows of one tender as a release, and the line of the first."""

    line: int
    release: dict[str, Any]


@dataclass
class _Tender:
    line: int
    tender: dict[str, Any] = field(default_factory=dict)
    buyer: str = ""
    bids: list[dict[str, Any]] = field(default_factory=list)
    winners: dict[str, None] = field(default_factory=dict)


def read_table(content: bytes) -> tuple[Sequence[TableTender], Sequence[RowReject]]:
    """Return the tenders of a table in the order of their first rows.

    Raises:
        InvalidInput: it is no UTF-8, or a column that must be there is missing.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"the table is no UTF-8: byte {error.start}") from error
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text))
    places = _places(next(rows, []))
    tenders: dict[str, _Tender] = {}
    rejects: list[RowReject] = []
    while (row := next(rows, None)) is not None:
        if any(cell.strip() for cell in row):
            told = {
                name: row[at].strip() for name, at in places.items() if at < len(row)
            }
            rejects += _take(tenders, rows.line_num, told)
    made = [TableTender(t.line, _release(name, t)) for name, t in tenders.items()]
    return made, rejects


def separator_of(text: str) -> str:
    """Return what separates the columns of a table: comma, semicolon or tab."""
    head = text.partition("\n")[0]
    return max(",;\t", key=head.count)


def _places(head: Sequence[str]) -> dict[str, int]:
    """Return where each known column stands."""
    given = {name.strip().lower(): at for at, name in enumerate(head)}
    places = {
        column: next(given[name] for name in names if name in given)
        for column, names in COLUMNS.items()
        if given.keys() & set(names)
    }
    missing = [name for name in _NEEDED if name not in places]
    if missing:
        raise InvalidInput(
            "the table has no column " + ", ".join(missing),
            errors=tuple(
                FieldError(f"line 1 {name}", "is missing", "add the column to the head")
                for name in missing
            ),
        )
    return places


def _take(
    tenders: dict[str, _Tender], line: int, told: Mapping[str, str]
) -> Iterator[RowReject]:
    name, tenderer = told.get("tender", ""), told.get("tenderer", "")
    for column in _NEEDED:
        if not told.get(column):
            yield RowReject(line, column, "is missing", "fill it in", used=False)
            return
    tender = tenders.setdefault(name, _Tender(line))
    bid: dict[str, Any] = {
        "id": str(len(tender.bids) + 1),
        "status": told.get("status") or "valid",
        "tenderers": [{"id": tenderer}],
    }
    if told.get("date"):
        bid["date"] = told["date"]
    yield from _price(bid, line, told, "amount")
    tender.bids.append(bid)
    won = told.get("winner", "").lower()
    if won in _YES:
        tender.winners[tenderer] = None
    elif won not in _NO:
        message = f"{won[:40]!r} is neither yes nor no"
        yield RowReject(line, "winner", message, "write yes or no", used=True)
    yield from _describe(tender, line, told)


def _describe(
    tender: _Tender, line: int, told: Mapping[str, str]
) -> Iterator[RowReject]:
    """Take what a row tells of its tender; the first row that tells it counts."""
    tender.buyer = tender.buyer or told.get("buyer", "")
    about = tender.tender
    if told.get("method"):
        about.setdefault("procurementMethod", told["method"])
    for column, name in (("start", "startDate"), ("end", "endDate")):
        if told.get(column):
            about.setdefault("tenderPeriod", {}).setdefault(name, told[column])
    if told.get("estimate") and "value" not in about:
        yield from _price(about, line, told, "estimate")


def _price(
    into: dict[str, Any], line: int, told: Mapping[str, str], column: str
) -> Iterator[RowReject]:
    text = told.get(column, "")
    if not text:
        return
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not (math.isfinite(amount) and amount >= 0):
        message = f"must be a number of zero or more, not {text[:40]!r}"
        yield RowReject(line, column, message, "write 1200.5", used=True)
        return
    into["value"] = {"amount": amount, "currency": told.get("currency") or "XXX"}


def _release(name: str, tender: _Tender) -> dict[str, Any]:
    """Return a compiled release; what nobody stated is not in it."""
    count = len({bid["tenderers"][0]["id"] for bid in tender.bids})
    release: dict[str, Any] = {
        "ocid": name,
        "tender": {**tender.tender, "numberOfTenderers": count},
        "bids": {"details": tender.bids},
    }
    if tender.buyer:
        release["buyer"] = {"id": tender.buyer}
    if tender.winners:
        suppliers = [{"id": winner} for winner in tender.winners]
        release["awards"] = [{"id": "1", "status": "active", "suppliers": suppliers}]
    return release

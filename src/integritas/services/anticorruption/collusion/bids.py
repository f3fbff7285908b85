"""Bids as the collusion model takes them: a list, or CSV, with a row a bid.

Columns are those of the published data set: `Tender`, `Bid_value` and
`Pre-Tender Estimate (PTE)` are read (for want of an estimate `Difference Bid/PTE`), all
others are ignored; short names (`tender`, `bid_value`, `estimate`) stand for the same.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from integritas.kernel.errors import FieldError, InvalidInput
from integritas.services.anticorruption.bidtable import separator_of
from integritas.services.anticorruption.collusion.screens import LEAST_BIDS

__all__ = ["BidReject", "LineReject", "Reading", "TenderBids", "read_bids", "read_csv"]

TENDER: Final = ("Tender", "tender")
BID: Final = ("Bid_value", "bid_value")
ESTIMATE: Final = ("Pre-Tender Estimate (PTE)", "estimate")
DIFFERENCE: Final = ("Difference Bid/PTE", "difference")


@dataclass(frozen=True, slots=True)
class BidReject:
    """A bid that cannot be scored; `line` is its place in the list, from 1."""

    line: int
    path: str
    message: str
    remedy: str = ""

    place: ClassVar[str] = "bid"

    def __str__(self) -> str:
        """Return one line for people."""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{self.place} {self.line} {self.path}: {self.message}{remedy}"


@dataclass(frozen=True, slots=True)
class LineReject(BidReject):
    """A bid of a file that cannot be scored; `line` is the one that it ends in."""

    place: ClassVar[str] = "line"


@dataclass(frozen=True, slots=True)
class TenderBids:
    """The usable bids of one tender: `places` are their positions in the list."""

    name: Any
    places: tuple[int, ...]
    amounts: NDArray[np.float64]
    estimate: float | None


@dataclass(slots=True)
class Reading:
    """What a list of bids holds; `names` are the tenders, one for each bid."""

    names: list[Any] = field(default_factory=list)
    tenders: list[TenderBids] = field(default_factory=list)
    rejects: list[BidReject] = field(default_factory=list)


def read_bids(entries: object) -> Reading:
    """Return the bids by tender; what cannot be scored is among the rejects.

    An entry may be a `FieldError`, for what could not even be read.

    Raises:
        InvalidInput: it is no list.
    """
    if not isinstance(entries, list):
        raise InvalidInput(
            "the bids are no list",
            errors=(FieldError("(whole)", "is no list", "write [{...}, {...}]"),),
        )
    reading = Reading()
    groups: dict[Any, list[tuple[int, float, float | None]]] = {}
    for place, entry in enumerate(entries):
        found = _bid(place, entry)
        if isinstance(found, BidReject):
            reading.rejects.append(found)
            given = entry if isinstance(entry, Mapping) else {}
            reading.names.append(_name(given))
            continue
        name, amount, estimate = found
        reading.names.append(name)
        groups.setdefault(name, []).append((place, amount, estimate))
    for name, bids in groups.items():
        _add(reading, name, bids)
    reading.rejects.sort(key=lambda reject: reject.line)
    return reading


def read_csv(text: str) -> dict[int, dict[str, Any]]:
    """Return the rows of a CSV file with a header by the lines that they end in.

    Numbers are numbers.

    Raises:
        InvalidInput: a column is missing; the message names it.
    """
    text = text.removeprefix("\ufeff")
    mark = separator_of(text)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark)
    header = reader.fieldnames or []
    missing = [names[0] for names in (TENDER, BID) if not set(names) & set(header)]
    if missing:
        raise InvalidInput(
            "the file has no column " + ", ".join(missing),
            errors=tuple(
                FieldError(f"line 1 {name}", "is missing", "add the column to the head")
                for name in missing
            ),
        )
    rows = {}
    for row in reader:
        rows[reader.line_num] = {key: _number(value) for key, value in row.items()}
    return rows


def _number(text: object) -> object:
    try:
        return float(text) if isinstance(text, str) and text.strip() else None
    except ValueError:
        return text


def _add(
    reading: Reading, name: object, bids: Sequence[tuple[int, float, float | None]]
) -> None:
    if len(bids) < LEAST_BIDS:
        reading.rejects += [
            BidReject(
                place + 1,
                TENDER[0],
                f"tender {name} has one usable bid: screens compare bids",
                "give all bids of a tender, also those that lost",
            )
            for place, _, _ in bids
        ]
        return
    estimates = [estimate for _, _, estimate in bids if estimate is not None]
    reading.tenders.append(
        TenderBids(
            name=name,
            places=tuple(place for place, _, _ in bids),
            amounts=np.array([amount for _, amount, _ in bids]),
            estimate=float(np.median(estimates)) if estimates else None,
        )
    )


def _bid(place: int, entry: object) -> tuple[Any, float, float | None] | BidReject:
    line = place + 1
    if isinstance(entry, FieldError):
        return BidReject(line, entry.path, entry.message, entry.remedy)
    if not isinstance(entry, Mapping):
        return BidReject(line, "(whole)", "is no object", "write {...} for each bid")
    name = _name(entry)
    if name is None:
        return BidReject(line, TENDER[0], "is missing", "name the tender of the bid")
    amount = _positive(entry, BID)
    if amount is None:
        return BidReject(line, BID[0], _wrong(entry, BID), "write 1200.5")
    estimate = _positive(entry, ESTIMATE)
    if estimate is None and _given(entry, ESTIMATE) is not None:
        return BidReject(line, ESTIMATE[0], _wrong(entry, ESTIMATE), "write 1200.5")
    if estimate is None:
        difference = _given(entry, DIFFERENCE)
        if _is_number(difference) and difference > -1:
            estimate = amount / (1 + difference)
    return name, amount, estimate


def _name(entry: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a text or a number
    name = _given(entry, TENDER)
    if isinstance(name, float) and name.is_integer():
        return int(name)
    return name if isinstance(name, str | int) and not isinstance(name, bool) else None


def _given(entry: Mapping[str, Any], names: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON
    return next((entry[n] for n in names if entry.get(n) is not None), None)


def _is_number(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)  # type: ignore[arg-type]  # it is a number


def _positive(entry: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    value = _given(entry, names)
    return float(value) if _is_number(value) and value > 0 else None


def _wrong(entry: Mapping[str, Any], names: tuple[str, ...]) -> str:
    value = _given(entry, names)
    if value is None:
        return "is missing"
    if isinstance(value, str):
        return f"must be a number, not the text {value[:40]!r}"
    return f"must be a number above zero, not {str(value)[:40]}"

"""RFC 3339 timestamps as whole nanoseconds.

Cardinal counts days with nanosecond timestamps, and a period that is one nanosecond
short of a day boundary loses the day; datetime stops at microseconds.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

__all__ = [
    "KNOWN",
    "NANOSECONDS_PER_DAY",
    "least_span",
    "parse_timestamp",
    "span_between",
    "whole_days",
]

NANOSECONDS_PER_DAY: Final = 86_400 * 10**9

_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
    r"(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)


# Dates repeat in a set; what was parsed before need not be parsed again.
KNOWN: Final[dict[str, int]] = {}
_KNOWN_LIMIT: Final = 50_000
_ORIGIN: Final = datetime(1, 1, 1, tzinfo=UTC)


def parse_timestamp(text: str) -> int | None:
    """Return nanoseconds since 0001-01-01T00:00:00Z, None if not RFC 3339.

    A leap second (`:60`) counts as the second after `:59`.
    """
    try:
        return KNOWN[text]
    except KeyError:
        moment = _parse_plain(text)
    if moment is not None:
        if len(KNOWN) >= _KNOWN_LIMIT:
            KNOWN.clear()
        KNOWN[text] = moment
    return moment


def span_between(start: str | None, end: str | None) -> int | None:
    """Return the nanoseconds from one time to another, None if one is none."""
    if start is None or end is None:
        return None
    opened = KNOWN.get(start) or parse_timestamp(start)
    closed = KNOWN.get(end) or parse_timestamp(end)
    return None if opened is None or closed is None else closed - opened


def _parse_plain(text: str) -> int | None:
    """Parse the common forms in C, all others by the grammar."""
    # Of what fromisoformat takes, RFC 3339 has no weeks, no basic form, no hour 24.
    plain = len(text) == 20 and text[10:20:3] == "T::Z" and text.isascii()
    if plain and text[5] != "W" and text[11:13] != "24":
        try:
            span = datetime.fromisoformat(text) - _ORIGIN
        except ValueError:
            return _parse(text)
        return (span.days * 86_400 + span.seconds) * 10**9
    return _parse(text)


def _parse(text: str) -> int | None:
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match[i]) for i in range(1, 7))
    if hour > 23 or minute > 59 or second > 60:
        return None
    try:
        days = date(year, month, day).toordinal() - 1
    except ValueError:
        return None
    seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    if match[8]:
        offset_hours, offset_minutes = int(match[9]), int(match[10])
        if offset_hours > 23 or offset_minutes > 59:
            return None
        offset = offset_hours * 3_600 + offset_minutes * 60
        seconds += -offset if match[8] == "+" else offset
    fraction = (match[7] or "")[:9].ljust(9, "0")
    return seconds * 10**9 + int(fraction)


def whole_days(start: int, end: int) -> int:
    """Return the days from start to end, the broken day dropped towards zero."""
    span = end - start
    days = abs(span) // NANOSECONDS_PER_DAY
    return days if span >= 0 else -days


def least_span(days: int) -> int:
    """Return the shortest span of at least so many whole days."""
    if days > 0:
        return days * NANOSECONDS_PER_DAY
    return (days - 1) * NANOSECONDS_PER_DAY + 1

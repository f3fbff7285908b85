"""RFC 3339 timestamps as whole nanoseconds.

Cardinal counts days with nanosecond timestamps, and a period that is one nanosecond
short of a day boundary loses the day; datetime stops at microseconds.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

__all__ = ["NANOSECONDS_PER_DAY", "parse_timestamp", "whole_days"]

NANOSECONDS_PER_DAY: Final = 86_400 * 10**9

_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
    r"(?:[Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)


def parse_timestamp(text: str) -> int | None:
    """Return nanoseconds since 0001-01-01T00:00:00Z, None if not RFC 3339.

    A leap second (`:60`) counts as the second after `:59`.
    """
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

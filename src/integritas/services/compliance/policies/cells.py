"""Cells of a decision table as sets of values: what covers what, what overlaps.

Understood are `-` or nothing (any value), texts, numbers, true and false, lists of
them, comparisons and intervals. Other expressions are opaque: they cover only
themselves, and nothing is known of their overlaps.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, TypeAlias

__all__ = ["ANY", "Cell", "covers", "overlaps", "parse_cell"]


@dataclass(frozen=True, slots=True)
class Everything:
    """Every value."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values."""

    values: frozenset[str | float | bool]


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers from low to high; `open_` says which ends are left out."""

    low: float
    high: float
    open_low: bool
    open_high: bool

    def holds(self, value: float) -> bool:
        """Say whether a number lies inside."""
        above = value > self.low if self.open_low else value >= self.low
        below = value < self.high if self.open_high else value <= self.high
        return above and below


@dataclass(frozen=True, slots=True)
class Opaque:
    """An expression that is not understood here."""

    text: str


Cell: TypeAlias = Everything | Choice | Interval | Opaque

ANY: Final = Everything()
_NUMBER: Final = r"-?\d+(?:\.\d+)?"
_COMPARISON: Final = re.compile(rf"(<=|>=|<|>|==)\s*({_NUMBER})")
_INTERVAL: Final = re.compile(
    rf"([\[\(])\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*([\]\)])"
)
_VALUE: Final = re.compile(rf"""("[^"]*"|'[^']*'|{_NUMBER}|true|false)\s*(?:,\s*|$)""")


def parse_cell(text: str) -> Cell:
    """Return the set of values that a cell accepts."""
    text = text.strip()
    if text in {"", "-"}:
        return ANY
    if found := _COMPARISON.fullmatch(text):
        return _compared(found[1], float(found[2]))
    if found := _INTERVAL.fullmatch(text):
        return Interval(
            float(found[2]), float(found[3]), found[1] == "(", found[4] == ")"
        )
    values, place = [], 0
    while place < len(text):
        found = _VALUE.match(text, place)
        if found is None:
            return Opaque(text)
        values.append(_value(found[1]))
        place = found.end()
    return Choice(frozenset(values))


def covers(one: Cell, other: Cell) -> bool:
    """Say whether whatever `other` accepts, `one` accepts too."""
    if isinstance(one, Everything) or one == other:
        return True
    if isinstance(one, Choice) and isinstance(other, Choice):
        return other.values <= one.values
    if isinstance(one, Interval) and isinstance(other, Choice):
        return all(_number(v) and one.holds(float(v)) for v in other.values)
    if isinstance(one, Interval) and isinstance(other, Interval):
        low = other.low > one.low or (
            other.low == one.low and (other.open_low or not one.open_low)
        )
        high = other.high < one.high or (
            other.high == one.high and (other.open_high or not one.open_high)
        )
        return low and high
    return False


def overlaps(one: Cell, other: Cell) -> bool | None:
    """Say whether some value is accepted by both; None if that is not known."""
    if isinstance(one, Everything) or isinstance(other, Everything):
        return True
    if isinstance(one, Opaque) or isinstance(other, Opaque):
        return True if one == other else None
    if isinstance(one, Choice) and isinstance(other, Choice):
        return bool(one.values & other.values)
    if isinstance(one, Choice):
        one, other = other, one
    if isinstance(one, Interval) and isinstance(other, Choice):
        return any(_number(v) and one.holds(float(v)) for v in other.values)
    assert isinstance(one, Interval)  # noqa: S101 - narrows the type
    assert isinstance(other, Interval)  # noqa: S101 - narrows the type
    low, high = max(one.low, other.low), min(one.high, other.high)
    return low < high or (low == high and one.holds(low) and other.holds(low))


def _compared(sign: str, number: float) -> Cell:
    if sign == "==":
        return Choice(frozenset({number}))
    if sign in {"<", "<="}:
        return Interval(-math.inf, number, open_low=True, open_high=sign == "<")
    return Interval(number, math.inf, open_low=sign == ">", open_high=True)


def _value(text: str) -> str | float | bool:
    if text in {"true", "false"}:
        return text == "true"
    return text[1:-1] if text[0] in "\"'" else float(text)


def _number(value: str | float | bool) -> bool:
    return isinstance(value, float)

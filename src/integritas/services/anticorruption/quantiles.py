"""Quantiles and outlier fences, to the last bit as Cardinal computes them.

Quantiles are type 8 of Hyndman and Fan, "Sample Quantiles in Statistical Packages",
The American Statistician 50 (1996); fences are Tukey's, 1.5 interquartile ranges out.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["FENCE_RANGES", "Quartiles", "quantile", "quartiles", "round4"]

FENCE_RANGES: Final = 1.5


class Quartiles(NamedTuple):
    """The first and third quartile of a set; NaN if the set is empty."""

    q1: float
    q3: float

    @property
    def lower_fence(self) -> float:
        """Return `q1 - 1.5 (q3 - q1)`."""
        return _multiply_add(self.q3 - self.q1, -FENCE_RANGES, self.q1)

    @property
    def upper_fence(self) -> float:
        """Return `q3 + 1.5 (q3 - q1)`."""
        return _multiply_add(self.q3 - self.q1, FENCE_RANGES, self.q3)


def quartiles(values: Iterable[float]) -> Quartiles:
    """Return the quartiles of values in any order."""
    ordered = _ordered(values)
    return Quartiles(q1=_quantile(ordered, 0.25), q3=_quantile(ordered, 0.75))


def quantile(values: Iterable[float], tau: float) -> float:
    """Return the `tau` quantile, `tau` in [0, 1]; NaN of an empty set."""
    return _quantile(_ordered(values), tau)


def round4(value: float) -> float:
    """Round to four decimals, halves away from zero."""
    if not math.isfinite(value):
        return value
    scaled = abs(value * 10_000.0)
    whole = math.floor(scaled)
    rounded = (whole + 1 if scaled - whole >= 0.5 else whole) / 10_000.0
    return math.copysign(rounded, value)


def _ordered(values: Iterable[float]) -> list[float]:
    """Sort, NaN last: a ratio of nothing to nothing is no small ratio."""
    given = list(values)
    if any(map(math.isnan, given)):
        return sorted(given, key=lambda value: (math.isnan(value), value))
    return sorted(given)


def _quantile(ordered: Sequence[float], tau: float) -> float:
    size = len(ordered)
    if size == 0:
        return math.nan
    position = (size + 1.0 / 3.0) * tau + 1.0 / 3.0
    rank = int(position)
    if rank <= 0 or tau == 0.0:
        return ordered[0]
    if rank >= size or tau == 1.0:
        return ordered[-1]
    below, above = ordered[rank - 1], ordered[rank]
    return below + (position - rank) * (above - below)


def _multiply_add(factor: float, times: float, plus: float) -> float:
    """Return `factor * times + plus` rounded once.

    A value may lie exactly on a fence, so a second rounding would decide a flag.
    """
    if not (math.isfinite(factor) and math.isfinite(plus)):
        return factor * times + plus
    return float(Fraction(factor) * Fraction(times) + Fraction(plus))

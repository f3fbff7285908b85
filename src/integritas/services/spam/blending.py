"""A second look: the parts of a message's logit, and windows of its text, weighed anew.

A linear model over whole messages is misled in three ways: words pasted behind junk
wash it out, a long markup counts like a short one, and structure alone can condemn. So
what the model says of each part, of the first and of the most suspicious window of the
text, and how much there is of each, is weighed by a second linear model, fitted to what
models said of messages they had not seen, as sent and as rewritten (stacking: Wolpert,
"Stacked Generalization", 1992).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from integritas.services.spam.hashing import grams, inlined, kernel, token_class, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integritas.services.spam.hashing import Bytes, Hashes, Indices

__all__ = ["LOOKS", "WINDOW", "Blend", "looks_of", "windows"]

Floats = NDArray[np.float32]

LOOKS: Final = (
    "head",
    "text grams",
    "text words",
    "markup",
    "signals",
    "text size",
    "markup size",
    "number of signals",
    "unknown markup",
    "unknown signals",
    "first window",
    "best window",
    "windows",
)
"""What is weighed, in this order: logits of parts, logarithms of counts of features,
shares of features without a weight, logits of the first and the most suspicious window,
the logarithm of their number."""

WINDOW: Final = 600
"""Bytes of a window; a last one of less than half of it belongs to the one before."""

_LONGEST: Final = 40  # bytes of a word that a window waits for


@dataclass(frozen=True, slots=True)
class Blend:
    """Weights of `LOOKS`, and a bias."""

    bias: float
    weights: tuple[float, ...]

    @classmethod
    def stated(cls, bias: float, weights: Mapping[str, float]) -> Blend:
        """Return the blend of named weights.

        Raises:
            KeyError: one is missing.
        """
        return cls(bias, tuple(float(weights[name]) for name in LOOKS))

    def logit(self, looks: Sequence[float]) -> float:
        """Return the logit of a message by what was looked at."""
        return self.bias + sum(map(float.__mul__, self.weights, looks))

    def emphasis(self) -> Floats:
        """Return how much a weight of each group of features counts, for reasons."""
        head, grams, words, markup, signals, *_, first, best, _ = self.weights
        both = first + best
        return np.array(
            [head, grams + both, markup, words + both, head, signals], np.float32
        )


def looks_of(
    sums: Sequence[float],
    ends: Sequence[int],
    unknown: Sequence[int],
    found: tuple[float, float, int],
) -> list[float]:
    """Return `LOOKS` of a message.

    Takes the sums, the ends and the features without a weight of each group (see
    `hashing`), and what `windows` found.
    """
    head, text, markup, told, fields, signals = sums
    tags, marks = ends[2] - ends[1], ends[5] - ends[4]
    first, best, count = found
    return [
        head + fields,
        text,
        told,
        markup,
        signals,
        math.log1p(ends[1] - ends[0]),
        math.log1p(tags),
        math.log1p(marks),
        unknown[2] / max(1, tags),
        unknown[5] / max(1, marks),
        first,
        best,
        math.log(count),
    ]


@kernel
def edge(text: Bytes, at: int, end: int) -> int:
    """Return where a word that a place lies in ends, if it does soon."""
    last = min(end, at + _LONGEST)
    while at < last and token_class(text[at - 1]) == 1 and token_class(text[at]) == 1:
        at += 1
    return at


@inlined
def taken(
    out: Indices,
    begin: int,
    end: int,
    bitmap: Hashes,
    weights: NDArray[np.int8],
    levels: Floats,
) -> float:
    """Return the sum of the weights of some buckets, and clear their marks."""
    total = 0.0
    for number in range(begin, end):
        bucket = np.uint32(out[number])
        bitmap[bucket >> np.uint32(5)] = 0
        total += levels[np.uint8(weights[bucket] + 127)]
    return total


@kernel
def windows(
    text: Bytes,
    begin: int,
    end: int,
    shift_bits: int,
    bitmap: Hashes,
    out: Indices,
    places: Indices,
    weights: NDArray[np.int8],
    levels: Floats,
    values: Floats,
) -> tuple[float, float, int]:
    """Return the logits of the first and the most suspicious window, and their number.

    Each is scored like a text of its own: its grams and its words, each group scaled to
    its length. `out` and `places` hold what a window has at most.
    """
    shift = np.uint64(shift_bits)
    first, best, count = 0.0, -np.inf, 0
    while True:
        stop = end
        if end - begin >= WINDOW + WINDOW // 2:
            stop = edge(text, begin + WINDOW, end)
        middle = grams(text, begin, stop, shift, bitmap, out, places, 0)
        last = words(text, begin, stop, shift, bitmap, out, places, middle)
        one = taken(out, 0, middle, bitmap, weights, levels)
        other = taken(out, middle, last, bitmap, weights, levels)
        logit = values[1] * one / np.sqrt(max(middle, 1))
        logit += values[3] * other / np.sqrt(max(last - middle, 1))
        if count == 0:
            first = logit
        best = max(best, logit)
        count += 1
        if stop >= end:
            return first, best, count
        begin = stop

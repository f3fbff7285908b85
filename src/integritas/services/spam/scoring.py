"""Features to a probability: a linear model per view, then calibration.

The logit is `bias + sum over groups g of v_g / sqrt(n_g) * sum(w_i)` over the n_g
distinct features i of group g: each group is a row of length v_g, as in training, so
none drowns the others. A view may have a second look at its parts (see `blending`).
Calibration is Platt's ("Probabilistic Outputs for Support
Vector Machines", 1999): a sigmoid fitted to the logits of messages the model had not
seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from integritas.services.spam.blending import WINDOW, Blend, looks_of, windows
from integritas.services.spam.features import (
    Document,
    Extractor,
    Features,
    Floats,
    View,
)
from integritas.services.spam.hashing import (
    GROUPS,
    SIGNAL,
    WORDS,
    inlined,
    kernel,
    token_class,
)
from integritas.services.spam.signals import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integritas.services.spam.hashing import Bytes, Indices

__all__ = [
    "FEEDBACK",
    "Calibration",
    "Contribution",
    "LinearModel",
    "Scored",
    "Scorer",
    "Words",
    "dequantise",
    "probability_of",
    "quantise",
]

Words: TypeAlias = NDArray[np.uint16]
"""Distinct words and signals of a message, hashed to `WORD_BITS`."""

FEEDBACK: Final = "feedback"
"""The place of what analysts taught, among contributions."""

WORD_BITS: Final = 16
_MOST_WORDS: Final = 1_500
_LEVELS: Final = 127
_SHOWN: Final = 6
_NEGLIGIBLE: Final = 0.05  # in logits
_LONGEST: Final = 40  # bytes of a token that is shown


@dataclass(frozen=True, slots=True)
class Calibration:
    """Probability = 1 / (1 + exp(-(slope * logit + offset)))."""

    slope: float
    offset: float

    def logit(self, raw: float) -> float:
        """Return the calibrated logit."""
        return self.slope * raw + self.offset


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Weights of one view: 2^`bits` in 8 bits, what they mean, a bias, group values."""

    weights: NDArray[np.int8]
    levels: Floats
    bias: float
    group_values: Floats
    calibration: Calibration
    blend: Blend | None = None

    @property
    def bits(self) -> int:
        """Return the binary logarithm of the size of the table."""
        return len(self.weights).bit_length() - 1


class Contribution(NamedTuple):
    """What a token or signal added to the calibrated logit.

    `place` is `body`, `markup`, `signal`, `FEEDBACK` or the name of a header.
    """

    text: str
    place: str
    weight: float


class Scored(NamedTuple):
    """The probability of junk, and what moved it, the strongest first.

    `unknown` is the share of words and signals that the model has no weight for.
    """

    view: View
    probability: float
    logit: float
    contributions: tuple[Contribution, ...]
    features: int
    unknown: float

    def shifted(self, shift: float, why: Contribution) -> Scored:
        """Return the score with a logit added, and the reason among the others."""
        logit = self.logit + shift
        ranked = sorted((*self.contributions, why), key=lambda c: -abs(c.weight))
        return self._replace(
            logit=logit,
            probability=probability_of(logit),
            contributions=tuple(ranked),
        )


class Scorer:
    """Scores documents one after the other; not for use by two threads at once."""

    def __init__(self, models: Mapping[View, LinearModel]) -> None:
        """Take the model of each view."""
        self._models = models
        self._extractors = {
            bits: Extractor(bits) for bits in {m.bits for m in models.values()}
        }
        plain = np.ones(GROUPS, np.float32)
        self._emphasis = {
            view: plain if model.blend is None else model.blend.emphasis()
            for view, model in models.items()
        }
        self._sums = np.zeros(GROUPS, np.float64)
        self._unknown = np.zeros(GROUPS, np.int32)
        self._window = np.zeros((2, 12 * WINDOW), np.int32)
        self._added = np.zeros(16_384, np.float32)
        self._tops = np.zeros(_SHOWN, np.float32)
        self._spans = np.zeros((_SHOWN, 2), np.int32)
        self._signals = np.zeros(256, np.float32)
        self._last: tuple[Features, LinearModel] | None = None

    def score(self, text: Document, view: View) -> Scored:
        """Return the probability that a document is junk, with reasons."""
        model = self._models[view]
        found = self._weighed(text, view)
        self._last = found, model
        if model.blend is None:
            raw = model.bias + sum(self._sums.tolist())
        else:
            raw = model.blend.logit(self._looks(text, found, model))
        logit = model.calibration.logit(raw)
        return Scored(
            view=view,
            probability=probability_of(logit),
            logit=logit,
            contributions=self._explained(text, model.calibration.slope),
            features=int(found.ends[-1]),
            unknown=self._unfamiliar(found),
        )

    def looks(self, text: Document, view: View) -> list[float]:
        """Return what a second look would weigh of a document: see `blending.LOOKS`."""
        found = self._weighed(text, view)
        return self._looks(text, found, self._models[view])

    def _weighed(self, text: Document, view: View) -> Features:
        """Return features; fill sums, and what reasons need."""
        model = self._models[view]
        found = self._extractors[model.bits].extract(text)
        weigh(
            found.buckets,
            found.places,
            found.ends,
            model.weights,
            model.levels,
            model.group_values,
            self._emphasis[view],
            text.text,
            text.ends,
            self._sums,
            self._unknown,
            self._added,
            self._signals,
            self._tops,
            self._spans,
        )
        return found

    def _unfamiliar(self, found: Features) -> float:
        """Return the share of words and signals that have no weight."""
        ends = found.ends.tolist()
        unknown = sum(self._unknown.tolist()[WORDS:])
        return float(unknown / max(1, ends[SIGNAL] - ends[WORDS - 1]))

    def _looks(
        self, text: Document, found: Features, model: LinearModel
    ) -> list[float]:
        sums, ends = self._sums.tolist(), found.ends.tolist()
        unknown = self._unknown.tolist()
        begin, end, _ = text.ends.tolist()
        if end - begin < WINDOW + WINDOW // 2:  # the text is its only window
            whole = sums[1] + sums[3]
            return looks_of(sums, ends, unknown, (whole, whole, 1))
        extractor = self._extractors[model.bits]
        seen = windows(
            text.text,
            begin,
            end,
            extractor.shift,
            extractor.bitmap,
            self._window[0],
            self._window[1],
            model.weights,
            model.levels,
            model.group_values,
        )
        return looks_of(sums, ends, unknown, seen)

    def words(self) -> Words:
        """Return the words and signals of the document scored last."""
        if self._last is None:
            return np.zeros(0, np.uint16)
        found, model = self._last
        chosen = found.buckets[found.ends[WORDS - 1] : found.ends[SIGNAL]]
        words = np.unique(chosen >> (model.bits - WORD_BITS)).astype(np.uint16)
        return words[:_MOST_WORDS]

    def _explained(self, text: Document, slope: float) -> tuple[Contribution, ...]:
        """Return the strongest tokens and signals."""
        least = _NEGLIGIBLE / slope
        found: list[tuple[float, float, int, int]] = []
        for weight, (start, end) in zip(
            self._tops.tolist(), self._spans.tolist(), strict=True
        ):
            strength = abs(weight)
            if strength < least:
                break
            found.append((strength, weight, start, end))
        weights = self._signals[: len(text.signals)].tolist()
        for number, weight in enumerate(weights):
            strength = abs(weight)
            if strength >= least:
                found.append((strength, weight, number, -1))
        found.sort(reverse=True)
        raw = text.text.tobytes()
        head, shown = int(text.ends[0]), int(text.ends[1])
        told = []
        for _, weight, start, end in found[:_SHOWN]:
            if end < 0:
                name, place = say(text.signals[start]), "signal"
            else:
                name = raw[start : min(end, start + _LONGEST)].decode(
                    "utf-8", "replace"
                )
                if start < head:
                    place = _field_at(raw, start)
                else:
                    place = "body" if start < shown else "markup"
            told.append(Contribution(name, place, weight * slope))
        return tuple(told)


def _field_at(text: bytes, place: int) -> str:
    line = text[text.rfind(b"\n", 0, place) + 1 :][:80]
    return line.partition(b":")[0].decode("utf-8", "replace")


def probability_of(logit: float) -> float:
    """Return the probability of a logit, whatever its size."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-min(logit, 700.0)))
    grown = math.exp(max(logit, -700.0))
    return grown / (1.0 + grown)


@kernel
def weigh(
    buckets: Indices,
    places: Indices,
    ends: Indices,
    weights: NDArray[np.int8],
    levels: Floats,
    values: Floats,
    emphasis: Floats,
    text: Bytes,
    sections: Indices,
    sums: NDArray[np.float64],
    unknown: Indices,
    added: Floats,
    signals: Floats,
    tops: Floats,
    spans: Indices,
) -> None:
    """Put the sum of each group's weights, scaled to its length, into `sums`.

    `unknown` counts the features that have no weight. Gives each feature, with its
    group's emphasis, to the token it stands in (or the one before), and puts the
    strongest tokens into `tops` and `spans`, the strongest first.
    """
    size = len(text)
    added[: size + 1] = 0
    signals[:] = 0
    sums[:] = 0
    unknown[:] = 0
    begin = 0
    for group in range(SIGNAL + 1):
        end = ends[group]
        if end == begin:
            continue
        scale = values[group] / np.sqrt(np.float32(end - begin))
        shown = scale * emphasis[group]
        target = signals if group == SIGNAL else added
        total, strange = 0.0, 0
        for number in range(begin, end):
            # unsigned: no look whether it counts from the end
            level = np.uint8(weights[np.uint32(buckets[number])] + 127)
            strange += level == 127
            total += levels[level]
            target[np.uint32(places[number])] += levels[level] * shown
        sums[group] = total * scale
        unknown[group] = strange
        begin = end
    strongest(text, sections, added, tops, spans)


_TOKENS: Final = np.array([token_class(np.uint8(c)) for c in range(256)], np.uint8)


@kernel
def strongest(
    text: Bytes, sections: Indices, added: Floats, tops: Floats, spans: Indices
) -> None:
    """Sum what was added over tokens, each within a section; keep the strongest."""
    tops[:] = 0
    begin = 0
    for stop in sections:
        kind = np.uint8(0)
        start, end = -1, 0
        total = np.float32(0)
        for at in range(begin, stop):
            found = _TOKENS[text[at]]
            if found:
                if found != kind:
                    rank(total, start, end, tops, spans)
                    start = at
                    total = np.float32(0)
                end = at + 1
            kind = found
            total += added[at]
        rank(total, start, end, tops, spans)
        begin = stop


@inlined
def rank(total: np.float32, start: int, end: int, tops: Floats, spans: Indices) -> None:
    """Keep a token if it is among the strongest; what stands before any is none."""
    if start >= 0 and abs(total) > abs(tops[-1]):
        place = len(tops) - 1
        while place > 0 and abs(tops[place - 1]) < abs(total):
            tops[place] = tops[place - 1]
            spans[place] = spans[place - 1]
            place -= 1
        tops[place] = total
        spans[place, 0] = start
        spans[place, 1] = end


# The stored form ----------------------------------------------------------------


def quantise(weights: Floats) -> tuple[NDArray[np.int8], float]:
    """Return weights as signed squares in 8 bits, and the scale.

    Squares keep small weights apart: the relative error is even over the range.
    """
    scale = float(np.abs(weights).max(initial=0.0)) or 1.0
    roots = np.sign(weights) * np.sqrt(np.abs(weights) / scale)
    return np.rint(roots * _LEVELS).astype(np.int8), scale


def dequantise(scale: float) -> Floats:
    """Return what the values -127 to 127 that `quantise` stores stand for."""
    roots = np.arange(-_LEVELS, _LEVELS + 1).astype(np.float32) / np.float32(_LEVELS)
    levels: Floats = roots * np.abs(roots) * np.float32(scale)
    return levels

"""Features to a probability: a linear model per view, then calibration.

The logit is `bias + sum(w_i * v_g) / sqrt(sum(v_g^2))` over the distinct features i of
a message, v_g being the value of the feature's group (rows of length 1, as in
training). Calibration is Platt's ("Probabilistic Outputs for Support Vector Machines",
1999): a sigmoid fitted to the logits of messages the model had not seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from integritas.services.spam.features import (
    Document,
    Extractor,
    Features,
    Floats,
    View,
    split_tokens,
)
from integritas.services.spam.signals import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = [
    "Calibration",
    "Contribution",
    "LinearModel",
    "Scored",
    "Scorer",
    "dequantise",
    "quantise",
]

_LEVELS: Final = 127
_SHOWN: Final = 8
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
    """Weights of one view: a table of 2^`bits`, a bias, the values of the groups."""

    weights: Floats
    bias: float
    group_values: tuple[float, float, float]
    calibration: Calibration

    @property
    def bits(self) -> int:
        """Return the binary logarithm of the size of the table."""
        return len(self.weights).bit_length() - 1


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a token or signal added to the calibrated logit."""

    text: str
    place: str
    weight: float


@dataclass(frozen=True, slots=True)
class Scored:
    """The probability of junk, and what moved it, the strongest first."""

    view: View
    probability: float
    logit: float
    contributions: tuple[Contribution, ...]


class Scorer:
    """Scores documents one after the other; not for use by two threads at once."""

    def __init__(self, models: Mapping[View, LinearModel]) -> None:
        """Take the model of each view."""
        self._models = models
        self._extractors: dict[int, Extractor] = {}

    def score(self, text: Document, view: View) -> Scored:
        """Return the probability that a document is junk, with reasons."""
        model = self._models[view]
        if model.bits not in self._extractors:
            self._extractors[model.bits] = Extractor(model.bits)
        features = self._extractors[model.bits].extract(text)
        added = _contributions(model, features)
        logit = model.calibration.logit(model.bias + float(added.sum()))
        return Scored(
            view=view,
            probability=_sigmoid(logit),
            logit=logit,
            contributions=_explained(
                text, features, added * np.float32(model.calibration.slope)
            ),
        )


def _sigmoid(logit: float) -> float:
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-min(logit, 700.0)))
    grown = math.exp(max(logit, -700.0))
    return grown / (1.0 + grown)


def _contributions(model: LinearModel, features: Features) -> Floats:
    """Return what each feature adds to the logit."""
    sizes = np.diff([0, *features.ends])
    values = np.array(model.group_values)
    length = math.sqrt(float((values**2 * sizes).sum())) or 1.0
    scale = np.repeat((values / length).astype(np.float32), sizes)
    added: Floats = model.weights[features.buckets] * scale
    return added


# Explanation --------------------------------------------------------------------


def _explained(
    text: Document, features: Features, added: Floats
) -> tuple[Contribution, ...]:
    """Sum what features added over the tokens they stand in; return the strongest."""
    grams, words, signals = np.split(added, list(features.ends[:2]))
    places = np.split(features.places, list(features.ends[:2]))
    totals: dict[tuple[str, str], float] = {}
    _add_tokens(totals, text.grams, places[0] + 1, grams, head=text.head)
    _add_words(totals, text.words, places[1], words)
    found = [Contribution(name, place, w) for (place, name), w in totals.items()]
    found += [
        Contribution(say(text.signals[int(number)]), "signal", float(weight))
        for number, weight in zip(places[2], signals, strict=True)
    ]
    strong = [item for item in found if abs(item.weight) >= _NEGLIGIBLE]
    strong.sort(key=lambda item: (-abs(item.weight), item.text))
    return tuple(strong[:_SHOWN])


def _add_tokens(
    totals: dict[tuple[str, str], float],
    text: bytes,
    places: NDArray[np.int64],
    added: Floats,
    *,
    head: int,
) -> None:
    """Give each n-gram to the token it stands in, or the one before."""
    tokens = split_tokens(text)
    if not len(tokens.starts):
        return
    owners = np.maximum(np.searchsorted(tokens.starts, places, side="right") - 1, 0)
    sums = np.bincount(owners, weights=added, minlength=len(tokens.starts))
    for number in np.argsort(-np.abs(sums), kind="stable")[: 4 * _SHOWN]:
        start, end = int(tokens.starts[number]), int(tokens.ends[number])
        name = _shown(text[start:end])
        place = _header_at(text, start) if start < head else "body"
        key = (place, name)
        totals[key] = totals.get(key, 0.0) + float(sums[number])


def _add_words(
    totals: dict[tuple[str, str], float],
    text: bytes,
    places: NDArray[np.int64],
    added: Floats,
) -> None:
    tokens = split_tokens(text)
    for number in np.argsort(-np.abs(added), kind="stable")[: 4 * _SHOWN]:
        token = int(places[number])
        name = _shown(text[int(tokens.starts[token]) : int(tokens.ends[token])])
        key = ("body", name)
        totals[key] = totals.get(key, 0.0) + float(added[number])


def _shown(token: bytes) -> str:
    return token[:_LONGEST].decode("utf-8", "replace").lower()


def _header_at(text: bytes, place: int) -> str:
    line = text[text.rfind(b"\n", 0, place) + 1 :][:80]
    return line.partition(b":")[0].decode("utf-8", "replace")


# The stored form ----------------------------------------------------------------


def quantise(weights: Floats) -> tuple[NDArray[np.int8], float]:
    """Return weights as signed squares in 8 bits, and the scale.

    Squares keep small weights apart: the relative error is even over the range.
    """
    scale = float(np.abs(weights).max(initial=0.0)) or 1.0
    roots = np.sign(weights) * np.sqrt(np.abs(weights) / scale)
    return np.rint(roots * _LEVELS).astype(np.int8), scale


def dequantise(stored: NDArray[np.int8], scale: float) -> Floats:
    """Return the weights that `quantise` stored."""
    roots = stored.astype(np.float32) / np.float32(_LEVELS)
    weights: Floats = roots * np.abs(roots) * np.float32(scale)
    return weights

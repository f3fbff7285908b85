"""How unlike its own account a payment is, by an isolation forest.

Every figure is relative to what the account did before, so one forest serves all of
them (Liu, Ting, Zhou, Isolation Forest, 2008; trained by scikit-learn). The score is
2^(-mean path length / c); a figure's weight is what the score loses when the figure is
set to what is usual.
"""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from integritas.services.compliance.forest import Figures, Forest, parse_forest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from integritas.services.compliance.payments.contract import View
    from integritas.services.compliance.payments.seen import Seen

__all__ = [
    "FIGURES",
    "LEAST_KNOWN",
    "Anomaly",
    "AnomalyModel",
    "Feature",
    "anomaly_model",
    "anomaly_of",
    "figures_of",
]

LEAST_KNOWN: Final = 12
"""Payments of an account from which on it has habits to compare with."""

_MOST_NAMED: Final = 3
_LEAST_WEIGHT: Final = 0.01
_LEAST_PAID: Final = 3
_ROUND: Final = 100
_WEEK: Final = 7
# Below this spread of logarithms amounts or gaps are called equal.
_LEAST_SPREAD: Final = 0.1

FIGURES: Final = (
    "amount",
    "amount to payee",
    "counterparty",
    "country",
    "silence",
    "burst",
    "weekday",
    "roundness",
)


@dataclass(frozen=True, slots=True)
class Feature:
    """A figure that made a payment unusual; `weight` is its part of the score."""

    name: str
    value: float
    weight: float
    text: str


@dataclass(frozen=True, slots=True)
class Anomaly:
    """The score in [0, 1], what drove it (most first), and how much was known."""

    score: float
    features: tuple[Feature, ...]
    known: int


@dataclass(frozen=True)
class AnomalyModel:
    """The trained forest, what is usual of each figure, and from when on to tell."""

    forest: Forest
    usual: tuple[float, ...]
    threshold: float

    def scores(self, rows: Figures) -> Figures:
        """Return the scores of rows of figures; leaves hold -path length / c."""
        scores: Figures = np.exp2(self.forest.logits(rows))
        return scores


@lru_cache(maxsize=1)
def anomaly_model() -> AnomalyModel:
    """Return the shipped model."""
    package = "integritas.services.compliance"
    data = resources.files(package).joinpath("model/payments.json").read_bytes()
    document = json.loads(data)
    return AnomalyModel(
        forest=parse_forest(data, FIGURES),
        usual=tuple(document["usual"]),
        threshold=document["threshold"],
    )


def anomaly_of(view: View) -> Anomaly | None:
    """Return how unusual a payment is for its payer; None if too little is known."""
    known = view.same_side()
    if not view.own.account or len(known) < LEAST_KNOWN:
        return None
    model = anomaly_model()
    row = figures_of(view.own, known)
    instead = [
        (*row[:place], min(row[place], usual), *row[place + 1 :])
        for place, usual in enumerate(model.usual)
    ]
    score, *without = model.scores(np.array([row, *instead])).tolist()
    weighed = sorted(
        zip(FIGURES, row, (score - other for other in without), strict=True),
        key=lambda item: -item[2],
    )
    return Anomaly(
        score=round(score, 4),
        features=tuple(
            Feature(name, round(value, 3), round(weight, 4), _WORDS[name](value))
            for name, value, weight in weighed[:_MOST_NAMED]
            if weight >= _LEAST_WEIGHT
        ),
        known=len(known),
    )


def figures_of(own: Seen, known: Sequence[Seen]) -> tuple[float, ...]:
    """Return the figures of a payment against those its account made before."""
    size = len(known)
    alike = [s for s in known if s.currency == own.currency] or known
    payee = [_log(s) for s in alike if s.other == own.other]
    days = [s.date.toordinal() for s in known]
    gaps = [math.log1p(b - a) for a, b in itertools.pairwise(days)]
    today = own.date.toordinal()
    span = max(1, today - days[0])
    mean = size * _WEEK / span
    burst = 1 + sum(1 for day in days if day > today - _WEEK)
    rounds = sum(1 for s in known if not s.amount % _ROUND)
    is_round = not own.amount % _ROUND
    return (
        _apart(_log(own), [_log(s) for s in alike]),
        _apart(_log(own), payee) if len(payee) >= _LEAST_PAID else 0.0,
        _surprise(sum(1 for s in known if s.other == own.other), size),
        _surprise(sum(1 for s in known if s.country == own.country), size),
        _apart(math.log1p(today - days[-1]), gaps),
        math.log1p(max(0.0, (burst - mean) / math.sqrt(mean + 1.0))),
        _surprise(
            sum(1 for s in known if s.date.weekday() == own.date.weekday()), size
        ),
        _surprise(rounds if is_round else size - rounds, size),
    )


def _log(seen: Seen) -> float:
    return math.log(float(seen.amount) + 1.0)


def _apart(value: float, others: Sequence[float]) -> float:
    """Return log(1 + z), z the modified z-score above the median (Iglewicz)."""
    middle = median(others)
    spread = median(abs(other - middle) for other in others)
    return math.log1p(max(0.0, 0.6745 * (value - middle) / max(spread, _LEAST_SPREAD)))


def _surprise(times: int, of: int) -> float:
    """Return -log of how often something was seen, nothing being impossible."""
    return -math.log((times + 0.5) / (of + 1.0))


_WORDS: Final[dict[str, Callable[[float], str]]] = {
    "amount": lambda z: (
        f"The amount lies {math.expm1(z):.1f} deviations above the usual."
    ),
    "amount to payee": lambda z: (
        f"It is {math.expm1(z):.1f} deviations above what this payee got."
    ),
    "counterparty": lambda s: f"One payment in {math.exp(s):.0f} went to this payee.",
    "country": lambda s: f"One payment in {math.exp(s):.0f} went to this country.",
    "silence": lambda z: (
        f"The pause before it is {math.expm1(z):.1f} deviations too long."
    ),
    "burst": lambda z: (
        f"The week's count lies {math.expm1(z):.1f} deviations above the usual."
    ),
    "weekday": lambda s: f"One payment in {math.exp(s):.0f} was made on this weekday.",
    "roundness": lambda s: f"One payment in {math.exp(s):.0f} is as round or unround.",
}

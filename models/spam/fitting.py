"""Fitting a view's linear model, measuring it across folds, calibrating it.

NB-SVM (Wang and Manning, ACL 2012): each feature is scaled by its log-count ratio, then
an L2-regularised linear model with squared hinge loss is fitted. Where some groups of
features tell so much that little is learnt of others, groups are fitted apart, and the
weights added (Sutton, Sindelar and McCallum, "Reducing Weight Undertraining in
Structured Discriminative Learning", HLT-NAACL 2006). A second look is a logistic
regression over what such models say of the parts of messages not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped] # scipy ships no types
from numpy.typing import NDArray
from sklearn.linear_model import (  # type: ignore[import-untyped] # ships no types
    LogisticRegression,
)
from sklearn.svm import LinearSVC  # type: ignore[import-untyped] # ships no types

from integritas.services.spam.blending import Blend
from integritas.services.spam.features import Extractor, View
from integritas.services.spam.hashing import GROUPS
from integritas.services.spam.scoring import (
    Calibration,
    LinearModel,
    dequantise,
    quantise,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.spam.features import Document

__all__ = [
    "Expert",
    "Recipe",
    "as_model",
    "calibrate",
    "curve",
    "fit",
    "matrix",
    "metrics",
    "second_look",
]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


class Expert(NamedTuple):
    """What is fitted to some groups of features alone, and what its weights count."""

    groups: tuple[int, ...]
    share: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """How the model of a view is made."""

    view: View
    bits: int
    group_values: tuple[float, float, float, float, float, float]
    cost: float
    experts: tuple[Expert, ...] = (Expert(tuple(range(GROUPS))),)
    smoothing: float = 0.3
    power: float = 1.0
    copy_weight: float = 0.1
    """What the rewritten copies of each message count, together."""
    copies: int = 1
    """How many there are: with more, less hangs on which words are pasted."""
    twin_weight: float = 0.0
    """What a copy of each mail as HTML alone counts; at 0 there is none."""
    second_look: float = 0.0
    """What copies and twins count in the second look; at 0 there is none."""


def matrix(
    documents: Sequence[Document], recipe: Recipe, expert: Expert
) -> sp.csr_matrix:
    """Return a row for each message; each group of features has its value as length."""
    extractor = Extractor(recipe.bits)
    group_values = np.array(recipe.group_values, np.float32)
    used = np.isin(np.arange(GROUPS), expert.groups)
    values, columns, starts = [], [], [0]
    for text in documents:
        found = extractor.extract(text)
        counts = np.diff(found.ends, prepend=0)
        scales = group_values / np.sqrt(np.maximum(counts, 1)).astype(np.float32)
        values.append(np.repeat(scales[used], counts[used]))
        columns.append(found.buckets[: found.ends[-1]][np.repeat(used, counts)])
        starts.append(starts[-1] + len(columns[-1]))
    return sp.csr_matrix(
        (np.concatenate(values), np.concatenate(columns), starts),
        shape=(len(documents), 1 << recipe.bits),
    )


def fit(
    rows: sp.csr_matrix, junk: Booleans, each: Floats, sent: int, recipe: Recipe
) -> tuple[Floats, float]:
    """Return weights and bias.

    `each` is what a row counts. The first rows, `sent` of them, are messages as they
    were sent; those behind are copies of the same, what is rewritten teaches less.
    """
    # What is in one message alone would be learnt by heart.
    often = np.bincount(rows[:sent].indices, minlength=rows.shape[1])
    ever = np.bincount(rows.indices, minlength=rows.shape[1])
    used = np.flatnonzero((often > 1) | (ever > 2 * len(junk) // sent))
    kept = rows[:, used]
    scale = _log_count_ratio(kept, junk, each, recipe)
    kept.data *= scale[kept.indices].astype(np.float32)
    model = LinearSVC(C=recipe.cost, max_iter=400, tol=1e-3, random_state=0)
    model.fit(kept, junk, sample_weight=each)
    weights = np.zeros(rows.shape[1])
    weights[used] = model.coef_[0] * scale
    return weights, float(model.intercept_[0])


def as_model(weights: Floats, bias: float, recipe: Recipe) -> LinearModel:
    """Return the model as it ships, its weights in 8 bits, not calibrated."""
    stored, scale = quantise(weights.astype(np.float32))
    return LinearModel(
        stored,
        dequantise(scale),
        bias,
        np.array(recipe.group_values, np.float32),
        Calibration(1.0, 0.0),
    )


def _log_count_ratio(
    rows: sp.csr_matrix, junk: Booleans, each: Floats, recipe: Recipe
) -> Floats:
    counted = np.repeat(each, np.diff(rows.indptr))
    is_bad = np.repeat(junk, np.diff(rows.indptr))
    size = rows.shape[1]
    bad = np.bincount(rows.indices, counted * is_bad, size) + recipe.smoothing
    good = np.bincount(rows.indices, counted * ~is_bad, size) + recipe.smoothing
    ratio = np.log(bad / bad.sum()) - np.log(good / good.sum())
    return np.asarray(np.sign(ratio) * np.abs(ratio) ** recipe.power)


def second_look(seen: Floats, junk: Booleans, each: Floats) -> Blend:
    """Return how to weigh what was looked at (`blending.LOOKS`, a row a message)."""
    middle, spread = seen.mean(axis=0), seen.std(axis=0)
    spread[spread == 0] = 1.0
    model = LogisticRegression(C=1.0, max_iter=1_000)
    model.fit((seen - middle) / spread, junk, sample_weight=each)
    weights = model.coef_[0] / spread
    bias = float(model.intercept_[0] - weights @ middle)
    return Blend(bias, tuple(weights.tolist()))


def calibrate(logits: Floats, junk: Booleans) -> tuple[float, float]:
    """Return slope and offset after Platt."""
    model = LogisticRegression(C=1e6).fit(logits[:, None], junk)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def metrics(logits: Floats, probabilities: Floats, junk: Booleans) -> dict[str, float]:
    """Return ranking and calibration figures."""
    order = np.argsort(-logits, kind="stable")
    hits = junk[order]
    bad, good = int(hits.sum()), int((~hits).sum())
    false, true = np.cumsum(~hits), np.cumsum(hits)
    figures = {
        "messages": float(len(junk)),
        "junk": float(bad),
        "1-ROCA_percent": 100 * float(false[hits].sum()) / (bad * good),
        "brier": float(((probabilities - junk) ** 2).mean()),
        "calibration_error": _calibration_error(probabilities, junk),
    }
    for rate in (0.001, 0.005, 0.01):
        reached = true[false <= rate * good].max(initial=0) / bad
        figures[f"recall_at_{rate}"] = float(reached)
    return {name: round(value, 5) for name, value in figures.items()}


def curve(probabilities: Floats, junk: Booleans) -> list[dict[str, float]]:
    """Return the calibration curve: ten bins, what was said and what was so."""
    bins = np.minimum((probabilities * 10).astype(int), 9)
    return [
        {
            "messages": int(inside.sum()),
            "said": round(float(probabilities[inside].mean()), 4),
            "junk": round(float(junk[inside].mean()), 4),
        }
        for number in range(10)
        if (inside := bins == number).any()
    ]


def _calibration_error(probabilities: Floats, junk: Booleans) -> float:
    """Return the expected calibration error over ten equal bins."""
    return sum(
        item["messages"] / len(junk) * abs(item["said"] - item["junk"])
        for item in curve(probabilities, junk)
    )

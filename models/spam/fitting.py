"""Fitting a view's linear model, measuring it across folds, calibrating it.

NB-SVM (Wang and Manning, ACL 2012): each feature is scaled by its log-count ratio, then
an L2-regularised linear model with squared hinge loss is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp  # type: ignore[import-untyped] # scipy ships no types
from numpy.typing import NDArray
from sklearn.linear_model import (  # type: ignore[import-untyped] # ships no types
    LogisticRegression,
)
from sklearn.svm import LinearSVC  # type: ignore[import-untyped] # ships no types

from integritas.services.spam.features import Extractor, View, document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.spam.hashing import Bytes
    from integritas.services.spam.parsing import MessageView

__all__ = [
    "Recipe",
    "calibrate",
    "curve",
    "fit",
    "matrix",
    "metrics",
    "out_of_fold",
]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Recipe:
    """How the model of a view is made."""

    view: View
    bits: int
    group_values: tuple[float, float, float, float, float, float]
    cost: float
    smoothing: float = 0.3
    power: float = 1.0
    copies: int = 1
    copy_weight: float = 0.1


def matrix(views: Sequence[MessageView], recipe: Recipe, table: Bytes) -> sp.csr_matrix:
    """Return a row for each message; each group of features has its value as length."""
    extractor = Extractor(recipe.bits)
    group_values = np.array(recipe.group_values, np.float32)
    values, columns, starts = [], [], [0]
    for view in views:
        found = extractor.extract(document(view, recipe.view, table))
        counts = np.diff(found.ends, prepend=0)
        scales = group_values / np.sqrt(np.maximum(counts, 1)).astype(np.float32)
        values.append(np.repeat(scales, counts))
        columns.append(found.buckets[: found.ends[-1]].copy())
        starts.append(starts[-1] + int(found.ends[-1]))
    return sp.csr_matrix(
        (np.concatenate(values), np.concatenate(columns), starts),
        shape=(len(views), 1 << recipe.bits),
    )


def fit(
    rows: sp.csr_matrix, junk: Booleans, recipe: Recipe, copies: int
) -> tuple[Floats, float]:
    """Return weights and bias; `copies` is how often each message is there besides."""
    # What is in one message alone would be learnt by heart.
    sent = rows[: len(junk) // (copies + 1)]
    often = np.bincount(sent.indices, minlength=rows.shape[1])
    ever = np.bincount(rows.indices, minlength=rows.shape[1])
    used = np.flatnonzero((often > 1) | (ever > 2 * (copies + 1)))
    kept = rows[:, used]
    # what is rewritten teaches, but what was sent counts
    each = np.full(len(junk), recipe.copy_weight)
    each[: len(junk) // (copies + 1)] = 1.0
    scale = _log_count_ratio(kept, junk, each, recipe)
    kept.data *= scale[kept.indices].astype(np.float32)
    model = LinearSVC(C=recipe.cost, max_iter=400, tol=1e-3, random_state=0)
    model.fit(kept, junk, sample_weight=each)
    weights = np.zeros(rows.shape[1])
    weights[used] = model.coef_[0] * scale
    return weights, float(model.intercept_[0])


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


def out_of_fold(
    rows: sp.csr_matrix,
    junk: Booleans,
    folds: NDArray[np.int64],
    recipe: Recipe,
    measured: int,
) -> Floats:
    """Return the logits of the first `measured` rows by models that saw not their fold.

    The rows behind them are rewritten copies, in the folds of what they are copies of.
    """
    logits = np.zeros(measured)
    copies = len(junk) // measured - 1
    for fold in np.unique(folds):
        held = folds == fold
        weights, bias = fit(rows[~held], junk[~held], recipe, copies)
        first = held[:measured]
        logits[first] = rows[:measured][first] @ weights + bias
    return logits


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

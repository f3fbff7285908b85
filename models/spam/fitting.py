"""Fitting a view's linear model, measuring it across folds, calibrating it.

`nb` is NB-SVM's idea (Wang and Manning, ACL 2012) with logistic loss: each feature is
scaled by its log-count ratio, then an L2-regularised model is fitted.
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

from integritas.services.spam.features import Extractor, View, document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.spam.parsing import MessageView

__all__ = ["Recipe", "calibrate", "fit", "matrix", "metrics", "out_of_fold"]

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Recipe:
    """How the model of a view is made."""

    view: View
    bits: int
    group_values: tuple[float, float, float]
    nb: bool
    cost: float
    iterations: int


def matrix(views: Sequence[MessageView], recipe: Recipe) -> sp.csr_matrix:
    """Return a row of length 1 for each message."""
    extractor = Extractor(recipe.bits)
    values, columns, starts = [], [], [0]
    for view in views:
        found = extractor.extract(document(view, recipe.view))
        row = np.repeat(recipe.group_values, np.diff([0, *found.ends]))
        values.append((row / (np.sqrt((row**2).sum()) or 1.0)).astype(np.float32))
        columns.append(found.buckets.astype(np.int32))
        starts.append(starts[-1] + len(row))
    rows = sp.csr_matrix(
        (np.concatenate(values), np.concatenate(columns), starts),
        shape=(len(views), 1 << recipe.bits),
    )
    rows.sum_duplicates()
    return rows


def fit(rows: sp.csr_matrix, junk: Booleans, recipe: Recipe) -> tuple[Floats, float]:
    """Return weights and bias."""
    scale = _log_count_ratio(rows, junk) if recipe.nb else np.ones(rows.shape[1])
    scaled = (rows @ sp.diags(scale)).astype(np.float32)
    model = LogisticRegression(C=recipe.cost, max_iter=recipe.iterations, tol=1e-5)
    model.fit(scaled, junk)
    return model.coef_[0] * scale, float(model.intercept_[0])


def _log_count_ratio(rows: sp.csr_matrix, junk: Booleans) -> Floats:
    present = rows > 0
    bad = np.asarray(present[junk].sum(axis=0)).ravel() + 1.0
    good = np.asarray(present[~junk].sum(axis=0)).ravel() + 1.0
    ratio = np.log(bad / bad.sum()) - np.log(good / good.sum())
    ratio[bad + good == 2.0] = 0.0
    return np.asarray(ratio)


def out_of_fold(
    rows: sp.csr_matrix,
    junk: Booleans,
    folds: NDArray[np.int64],
    recipe: Recipe,
) -> Floats:
    """Return for each message the logit of a model that saw nothing of its fold."""
    logits = np.zeros(len(junk))
    for fold in np.unique(folds):
        held = folds == fold
        weights, bias = fit(rows[~held], junk[~held], recipe)
        logits[held] = rows[held] @ weights + bias
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


def _calibration_error(probabilities: Floats, junk: Booleans) -> float:
    """Return the expected calibration error over ten equal bins."""
    bins = np.minimum((probabilities * 10).astype(int), 9)
    error = 0.0
    for number in range(10):
        inside = bins == number
        if inside.any():
            gap = abs(probabilities[inside].mean() - junk[inside].mean())
            error += float(inside.mean() * gap)
    return error

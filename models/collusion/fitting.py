"""Fitting, calibrating and measuring the forest. Training only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (  # type: ignore[import-untyped] # ships no types
    ExtraTreesClassifier,
)
from sklearn.linear_model import (  # type: ignore[import-untyped] # ships no types
    LogisticRegression,
)
from sklearn.metrics import (  # type: ignore[import-untyped] # ships no types
    brier_score_loss,
    f1_score,
    roc_auc_score,
)
from sklearn.model_selection import (  # type: ignore[import-untyped] # ships no types
    StratifiedGroupKFold,
)

if TYPE_CHECKING:
    from models.collusion.data import Labelled

__all__ = [
    "FOLDS",
    "RECIPE",
    "best_threshold",
    "calibrate",
    "export",
    "fit",
    "measure",
]

FOLDS = 5
RECIPE: dict[str, Any] = {
    "n_estimators": 300,
    "min_samples_leaf": 3,
    "max_features": 0.6,
    "class_weight": "balanced",
}
Floats = NDArray[np.float64]


def fit(
    data: Labelled, *, seed: int, chosen: NDArray[np.int64] | None = None
) -> ExtraTreesClassifier:
    """Fit extremely randomised trees (Geurts, Ernst, Wehenkel 2006)."""
    rows = slice(None) if chosen is None else chosen
    model = ExtraTreesClassifier(random_state=seed, **RECIPE)
    return model.fit(data.rows[rows], data.collusive[rows])


def measure(data: Labelled, repetitions: int) -> tuple[dict[str, Any], Floats]:
    """Return figures over repeated folds, and each bid's mean unseen probability."""
    runs = [_repetition(data, seed) for seed in range(repetitions)]
    unseen: Floats = np.mean([unseen for _, unseen in runs], axis=0)
    names = runs[0][0]
    figures = {
        name: {
            "mean": round(float(np.mean([run[name] for run, _ in runs])), 4),
            "deviation": round(float(np.std([run[name] for run, _ in runs])), 4),
        }
        for name in names
    }
    return {
        "protocol": f"{FOLDS} folds grouped by tender, {repetitions} repetitions",
        **figures,
    }, unseen


def _repetition(data: Labelled, seed: int) -> tuple[dict[str, float], Floats]:
    unseen = np.zeros(len(data.rows))
    said = np.zeros(len(data.rows), bool)
    areas = []
    for seen, held in _folds(data, seed, np.arange(len(data.rows))):
        model = fit(data, seed=seed, chosen=seen)
        unseen[held] = model.predict_proba(data.rows[held])[:, 1]
        said[held] = unseen[held] > _threshold(data, seed, seen)
        areas.append(roc_auc_score(data.collusive[held], unseen[held]))
    truth = data.collusive
    return {
        "roc_auc_mean_of_folds": float(np.mean(areas)),
        "roc_auc_pooled": float(roc_auc_score(truth, unseen)),
        "f1": float(f1_score(truth, said)),
        "brier_uncalibrated": float(brier_score_loss(truth, unseen)),
    }, unseen


def _threshold(data: Labelled, seed: int, seen: NDArray[np.int64]) -> float:
    """Return the threshold that folds inside the training rows give."""
    inner = np.zeros(len(data.rows))
    for fitted, held in _folds(data, seed, seen):
        model = fit(data, seed=seed, chosen=fitted)
        inner[held] = model.predict_proba(data.rows[held])[:, 1]
    slope, offset = _platt(inner[seen], data.collusive[seen])
    chosen = best_threshold(_calibrated(inner[seen], slope, offset))
    odds = (np.log(chosen / (1 - chosen)) - offset) / slope
    return float(1 / (1 + np.exp(-odds)))


def best_threshold(probabilities: Floats) -> float:
    """Return the threshold of the best F1 to be expected of calibrated probabilities.

    That is half the best F1 (Lipton, Elkan, Naryanaswamy, "Optimal thresholding of
    classifiers to maximize F1 measure", ECML PKDD 2014). The F1 expected comes from the
    probabilities: the one counted with so few labels has its best value by chance.
    """
    falling = np.sort(probabilities)[::-1]
    flagged = np.arange(1, len(falling) + 1)
    expected = 2 * np.cumsum(falling) / (flagged + falling.sum())
    return float(expected.max() / 2)


def _folds(
    data: Labelled, seed: int, rows: NDArray[np.int64]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    parts = splitter.split(rows, data.collusive[rows], data.tenders[rows])
    return [(rows[seen], rows[held]) for seen, held in parts]


def calibrate(unseen: Floats, data: Labelled) -> dict[str, float]:
    """Return Platt's slope and offset on unseen log odds, and the threshold."""
    slope, offset = _platt(unseen, data.collusive)
    calibrated = _calibrated(unseen, slope, offset)
    return {
        "slope": round(slope, 6),
        "offset": round(offset, 6),
        "threshold": round(best_threshold(calibrated), 4),
        "brier": round(float(brier_score_loss(data.collusive, calibrated)), 4),
    }


def _platt(unseen: Floats, truth: NDArray[np.bool_]) -> tuple[float, float]:
    model = LogisticRegression(C=1e6).fit(_log_odds(unseen)[:, None], truth)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _calibrated(probabilities: Floats, slope: float, offset: float) -> Floats:
    found: Floats = 1 / (1 + np.exp(-(slope * _log_odds(probabilities) + offset)))
    return found


def _log_odds(probabilities: Floats) -> Floats:
    kept = np.clip(probabilities, 0.001, 0.999)
    return np.asarray(np.log(kept / (1 - kept)), dtype=np.float64)


def export(model: ExtraTreesClassifier) -> dict[str, NDArray[Any]]:
    """Return the trees as the arrays of `collusion.forest.Forest`."""
    trees = [estimator.tree_ for estimator in model.estimators_]
    starts = np.concatenate([[0], np.cumsum([tree.node_count for tree in trees])])
    moved = [
        (
            np.where(tree.children_left < 0, 0, tree.children_left + start),
            np.where(tree.children_right < 0, 0, tree.children_right + start),
        )
        for tree, start in zip(trees, starts, strict=False)
    ]
    values = [tree.value[:, 0, :] for tree in trees]
    return {
        "roots": starts[:-1].astype(np.int32),
        "feature": np.concatenate(
            [np.where(t.children_left < 0, -1, t.feature) for t in trees]
        ).astype(np.int16),
        "threshold": np.concatenate([t.threshold for t in trees]),
        "left": np.concatenate([left for left, _ in moved]).astype(np.int32),
        "right": np.concatenate([right for _, right in moved]).astype(np.int32),
        "value": np.concatenate([v[:, 1] / v.sum(axis=1) for v in values]),
        "cover": np.concatenate([t.weighted_n_node_samples for t in trees]),
    }

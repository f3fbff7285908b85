"""Boosted trees under the figures' declared directions, and their export."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn.ensemble import (  # type: ignore[import-untyped] # ships no types
    HistGradientBoostingClassifier,
)

from integritas.services.compliance.forest import FORMAT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from integritas.services.compliance.features import Feature

DEPTH = 3

# scikit-learn ships no types.
Model: TypeAlias = Any


def model(features: Sequence[Feature], *, trees: int, leaf: int) -> Model:
    """Return an untrained model that cannot move against a figure's direction."""
    return HistGradientBoostingClassifier(
        max_iter=trees,
        learning_rate=0.06,
        max_depth=DEPTH,
        min_samples_leaf=leaf,
        l2_regularization=3.0,
        monotonic_cst=[feature.direction for feature in features],
        early_stopping=False,
    )


def export(
    fitted: Model, features: Sequence[Feature], threshold: float, path: Path
) -> bytes:
    """Write the trees; the bias is shifted so that `threshold` is a log-odds of 0."""
    size = 2**DEPTH
    columns, thresholds, leaves = [], [], []
    for (tree,) in fitted._predictors:  # noqa: SLF001 - scikit-learn has no other way
        row_columns = [0] * (size - 1)
        # A question that always says yes leads to the leaf above it.
        row_thresholds = [1e9] * (size - 1)
        row_leaves = [0.0] * size
        _unfold(tree.nodes, 0, 0, (row_columns, row_thresholds, row_leaves))
        columns.append(row_columns)
        thresholds.append(row_thresholds)
        leaves.append(row_leaves)
    bias = float(np.ravel(fitted._baseline_prediction)[0])  # noqa: SLF001 - as above
    document = {
        "format": FORMAT,
        "figures": [feature.name for feature in features],
        "bias": bias - math.log(threshold / (1.0 - threshold)),
        "columns": columns,
        "thresholds": thresholds,
        "leaves": leaves,
    }
    data = (json.dumps(document) + "\n").encode()
    path.write_bytes(data)
    return data


def _unfold(
    nodes: Any,  # noqa: ANN401 - scikit-learn's structured array
    node: int,
    place: int,
    rows: tuple[list[int], list[float], list[float]],
) -> None:
    columns, thresholds, leaves = rows
    inner = len(columns)
    found = nodes[node]
    if place >= inner:
        leaves[place - inner] = float(found["value"])
        return
    if found["is_leaf"]:
        _unfold(nodes, node, 2 * place + 1, rows)
        return
    columns[place] = int(found["feature_idx"])
    thresholds[place] = float(found["num_threshold"])
    _unfold(nodes, int(found["left"]), 2 * place + 1, rows)
    _unfold(nodes, int(found["right"]), 2 * place + 2, rows)

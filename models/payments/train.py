"""Train the shipped payment model: `python -m models.payments.train`.

Reads nothing: accounts are generated (models/payments/generate.py). Writes the forest
and a manifest with figures measured on other accounts into the source tree.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from models.payments import generate
from sklearn.ensemble import (  # type: ignore[import-untyped] # ships no types
    IsolationForest,
)
from sklearn.metrics import (  # type: ignore[import-untyped] # ships no types
    roc_auc_score,
)

from integritas.services.compliance.forest import FORMAT, Forest, parse_forest
from integritas.services.compliance.payments.anomaly import (
    FIGURES,
    LEAST_KNOWN,
    figures_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


SHIPPED = Path(__file__).parents[2] / "src/integritas/services/compliance/model"
TREES = 96
SAMPLES = 256
DEPTH = 8
ACCOUNTS = 200
# Of payments that break nothing, this many are called unusual.
FALSE_ALERTS = 0.01
# Decimal places of what is written.
PLACES = 5

Array = npt.NDArray[np.float64]
# scikit-learn ships no types.
Model: TypeAlias = Any


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=SHIPPED)
    output: Path = parser.parse_args().output
    usual = _usual_rows(range(ACCOUNTS))
    fitted = IsolationForest(
        n_estimators=TREES, max_samples=SAMPLES, random_state=1
    ).fit(usual)
    document = _document(fitted, np.median(usual, axis=0))
    forest = parse_forest(json.dumps(document).encode(), FIGURES)
    threshold = float(np.quantile(_scores(forest, usual), 1 - FALSE_ALERTS))
    document["threshold"] = round(threshold, 4)
    data = (json.dumps(document, separators=(",", ":")) + "\n").encode()
    (output / "payments.json").write_bytes(data)
    manifest = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "generated_accounts": ACCOUNTS,
        "generated_payments": len(usual),
        "threshold": document["threshold"],
        **measure(forest, document["threshold"]),
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (output / "payments-manifest.json").write_text(text, encoding="utf-8")
    print(text)


def measure(forest: Forest, threshold: float) -> dict[str, Any]:
    """Return figures on accounts that training did not see."""
    held = range(ACCOUNTS, 2 * ACCOUNTS)
    quiet = _scores(forest, _usual_rows(held))
    broken = {
        name: _scores(forest, _broken_rows(held, name)) for name in generate.BREAKS
    }
    every = np.concatenate(list(broken.values()))
    truth = np.r_[np.zeros(len(quiet)), np.ones(len(every))]
    return {
        "false_alerts_unseen": round(float((quiet >= threshold).mean()), 4),
        "roc_auc_unseen": round(float(roc_auc_score(truth, np.r_[quiet, every])), 4),
        "recall_unseen": {
            name: round(float((scores >= threshold).mean()), 4)
            for name, scores in broken.items()
        },
    }


def _usual_rows(numbers: Sequence[int]) -> Array:
    rows = [
        figures_of(seen, past[:place])
        for past in (generate.history(_random(number), number) for number in numbers)
        for place, seen in enumerate(past)
        if place >= LEAST_KNOWN
    ]
    return np.array(rows)


def _broken_rows(numbers: Sequence[int], name: str) -> Array:
    rows = []
    for number in numbers:
        rng = _random(number)
        *past, last = generate.history(rng, number)
        if len(past) < LEAST_KNOWN:
            continue
        changed, known = generate.BREAKS[name](rng, last, past)
        rows.append(figures_of(changed, known))
    return np.array(rows)


def _random(number: int) -> Random:
    return Random(number)  # noqa: S311 - invented accounts, not secrets


def _scores(forest: Forest, rows: Array) -> Array:
    scores: Array = np.exp2(forest.logits(rows))
    return scores


def _document(fitted: Model, usual: Array) -> dict[str, Any]:
    columns, thresholds, leaves = [], [], []
    scale = TREES * _expected(SAMPLES)
    for tree in fitted.estimators_:
        size = 2**DEPTH
        rows: _Rows = ([0] * (size - 1), [0.0] * (size - 1), [0.0] * size)
        _unfold(tree.tree_, (0, 0), 0, rows)
        columns.append(rows[0])
        thresholds.append(rows[1])
        leaves.append([round(-leaf / scale, PLACES + 2) for leaf in rows[2]])
    return {
        "format": FORMAT,
        "figures": list(FIGURES),
        "bias": 0.0,
        "usual": [round(float(value), PLACES) for value in usual],
        "threshold": 1.0,
        "columns": columns,
        "thresholds": thresholds,
        "leaves": leaves,
    }


_Rows: TypeAlias = tuple[list[int], list[float], list[float]]


def _unfold(tree: Model, node: tuple[int, int], place: int, rows: _Rows) -> None:
    """Write a tree as a complete one; `node` is (number, depth)."""
    number, depth = node
    columns, thresholds, leaves = rows
    left, right = tree.children_left[number], tree.children_right[number]
    if depth == DEPTH or left < 0:
        # All leaves below this place lead to the same path length.
        length = depth + _expected(int(tree.n_node_samples[number]))
        first = place
        last = place
        while first < len(columns):
            first, last = 2 * first + 1, 2 * last + 2
        for leaf in range(first, last + 1):
            leaves[leaf - len(columns)] = length
        return
    columns[place] = int(tree.feature[number])
    thresholds[place] = round(float(tree.threshold[number]), PLACES)
    _unfold(tree, (int(left), depth + 1), 2 * place + 1, rows)
    _unfold(tree, (int(right), depth + 1), 2 * place + 2, rows)


def _expected(size: int) -> float:
    """Return c(n), the mean path of a failed search in a binary tree of n."""
    if size <= 1:
        return 0.0
    if size == 2:
        return 1.0
    return 2.0 * (math.log(size - 1.0) + np.euler_gamma) - 2.0 * (size - 1.0) / size


if __name__ == "__main__":
    main()

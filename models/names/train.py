"""Train the shipped name models: `python -m models.names.train`.

Reads `names/pairs.csv` and `watchlists/` below the folder that INTEGRITAS_DATA names
and writes two artifacts and a manifest into the source tree. The labelled screening
queries are not read: they only measure.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from models.names import generate, queries
from models.names.fitting import Model, export, model

from integritas.services.compliance.alignment import align
from integritas.services.compliance.api import Watchlists, load_watchlists
from integritas.services.compliance.features import FEATURES, figures
from integritas.services.compliance.index import NameIndex
from integritas.services.compliance.normalise import Name, parse_name
from integritas.services.compliance.ranking import SCREENING_FEATURES, screening_figures

if TYPE_CHECKING:
    from collections.abc import Sequence

SHIPPED = Path(__file__).parents[2] / "src/integritas/services/compliance/model"
PAIR_THRESHOLD = 0.45
# Generated pairs count as a quarter of the labelled ones.
GENERATED_SHARE = 0.25
FOLDS = 8
# False alerts among generated absent names that set the screening threshold.
FALSE_ALERTS = 0.015
CANDIDATES = 6

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("INTEGRITAS_DATA"))
    parser.add_argument("--output", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    if arguments.data is None:
        raise SystemExit("say where the data is: --data DIR, or set INTEGRITAS_DATA")
    folder = Path(arguments.data)
    lists = load_watchlists(folder / "watchlists")
    output: Path = arguments.output
    output.mkdir(exist_ok=True)
    manifest = {
        "pairs": train_pairs(folder / "names/pairs.csv", lists, output),
        "screening": train_screening(lists, output),
    }
    text = json.dumps(manifest, indent=2) + "\n"
    (output / "manifest.json").write_text(text, encoding="utf-8")
    print(text)


# Pairs --------------------------------------------------------------------------


def train_pairs(path: Path, lists: Watchlists, output: Path) -> dict[str, Any]:
    """Train on all pairs; return figures on pairs that a fold did not see."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    seen = np.array([_row(r["left"], r["right"], r["schema"]) for r in rows])
    same = np.array([r["is_match"] == "true" for r in rows])
    groups = np.array([r["group"] for r in rows])
    made = generate.pairs(lists, 3000, Random(1))
    made += generate.shared_words(lists, 500, Random(2))
    extra = np.array([_row(p.left, p.right, p.schema) for p in made])
    extra_same = np.array([p.same for p in made])

    def fit(chosen: Bools) -> Model:
        count = int(chosen.sum())
        weights = np.r_[
            np.ones(count), np.full(len(made), GENERATED_SHARE * count / len(made))
        ]
        return model(FEATURES, trees=80, leaf=15).fit(
            np.vstack([seen[chosen], extra]),
            np.r_[same[chosen], extra_same],
            sample_weight=weights,
        )

    clusters = _clusters(rows)
    unseen = np.zeros(len(rows), dtype=bool)
    share = np.zeros(len(rows))
    for seed in range(2):
        order = np.random.RandomState(seed).permutation(clusters.max() + 1)
        folds = order[clusters] % FOLDS
        for fold in range(FOLDS):
            held = folds == fold
            share[held] += fit(~held).predict_proba(seen[held])[:, 1] / 2
    unseen = share >= PAIR_THRESHOLD
    data = export(
        fit(np.ones(len(rows), bool)), FEATURES, PAIR_THRESHOLD, output / "pairs.json"
    )
    checks = np.isin(groups, ["nk_checks", "nk_unit_tests"])
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "labelled": len(rows),
        "generated": len(made),
        "f1_unseen": _f1(unseen, same),
        "f1_unseen_checks": _f1(unseen[checks], same[checks]),
        "f1_by_group": {
            str(g): _f1(unseen[groups == g], same[groups == g]) for g in set(groups)
        },
        "f1_group_left_out": {
            str(g): _left_out(fit, seen, same, groups == g)
            for g in sorted(set(groups))
            if (groups == g).sum() > 20
        },
    }


def _left_out(fit: Any, seen: Array, same: Bools, held: Bools) -> float:  # noqa: ANN401
    scores = fit(~held).predict_proba(seen[held])[:, 1]
    return _f1(scores >= PAIR_THRESHOLD, same[held])


def _row(left: str, right: str, schema: str) -> tuple[float, ...]:
    first, second = sorted((parse_name(left), parse_name(right)), key=_tokens)
    if not first.tokens:
        return (0.0,) * len(FEATURES)
    return figures(first, second, align(first, second), schema)


def _tokens(name: Name) -> tuple[str, ...]:
    return name.tokens


def _clusters(rows: Sequence[dict[str, str]]) -> npt.NDArray[np.intp]:
    """Return a number per row; rows that share a name share it, so no name leaks."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            name = parent[name]
        return name

    for row in rows:
        parent[root(row["left"].lower())] = root(row["right"].lower())
    roots = [root(row["left"].lower()) for row in rows]
    numbers = {name: at for at, name in enumerate(dict.fromkeys(roots))}
    return np.array([numbers[name] for name in roots])


def _f1(says: Bools, truth: Bools) -> float:
    return round(float(2 * (says & truth).sum() / max(1, says.sum() + truth.sum())), 4)


# Screening ----------------------------------------------------------------------


def train_screening(lists: Watchlists, output: Path) -> dict[str, Any]:
    """Train on generated queries; the threshold is set on others of the same kinds."""
    bearers: dict[tuple[str, ...], tuple[Name, set[tuple[str, str]]]] = {}
    for entry in lists.entries:
        for listed in entry.names:
            name = parse_name(listed.text)
            if name.tokens:
                bearers.setdefault(name.tokens, (name, set()))[1].add(
                    (entry.list, entry.uid)
                )
    table = list(bearers.values())
    index = NameIndex([name for name, _ in table])
    asked = queries.listed(lists, 4000, Random(3)) + queries.absent(
        lists, 4000, Random(4)
    )
    figures_of, right, _ = _answers(asked, index, table)
    fitted = model(SCREENING_FEATURES, trees=100, leaf=40).fit(figures_of, right)
    absent = queries.absent(lists, 1500, Random(6))
    threshold = _threshold(fitted, absent, index, table)
    data = export(fitted, SCREENING_FEATURES, threshold, output / "screening.json")
    present = queries.listed(lists, 1500, Random(5))
    rows, right, query = _answers(present, index, table)
    scores = fitted.predict_proba(rows)[:, 1]
    found = {q for q, s, ok in zip(query, scores, right, strict=True)
             if ok and s >= threshold}  # fmt: skip
    return {
        "sha256": hashlib.sha256(data).hexdigest(),
        "generated": len(asked),
        "recall_generated": round(len(found) / len(present), 4),
        "false_alerts_generated": FALSE_ALERTS,
    }


def _answers(
    asked: Sequence[queries.Asked],
    index: NameIndex,
    table: Sequence[tuple[Name, set[tuple[str, str]]]],
) -> tuple[Array, Bools, list[int]]:
    rows, right, query = [], [], []
    for number, question in enumerate(asked):
        name = parse_name(question.name)
        for row in index.candidates(name, CANDIDATES):
            listed, uids = table[row]
            found = align(name, listed)
            rows.append(screening_figures(name, listed, found, question.schema))
            right.append(bool(uids & question.uids))
            query.append(number)
    return np.array(rows), np.array(right), query


def _threshold(
    fitted: Model,
    absent: Sequence[queries.Asked],
    index: NameIndex,
    table: Sequence[tuple[Name, set[tuple[str, str]]]],
) -> float:
    rows, _, query = _answers(absent, index, table)
    scores = fitted.predict_proba(rows)[:, 1]
    best = np.zeros(len(absent))
    np.maximum.at(best, query, scores)
    return float(np.quantile(best, 1.0 - FALSE_ALERTS))


if __name__ == "__main__":
    main()

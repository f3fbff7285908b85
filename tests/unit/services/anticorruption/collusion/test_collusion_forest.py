"""Shapley values against their definition, summed over all subsets of features."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.anticorruption.collusion.forest import (
    Forest,
    leaves_of,
    shapley_values,
)

FEATURES = 4


def grow(seed: int, trees: int = 3, depth: int = 5) -> Forest:
    """Return random trees; features come twice on a path, as in real ones."""
    draw = np.random.default_rng(seed)
    nodes: list[list[float]] = []

    def node(level: int, cover: float) -> int:
        here = len(nodes)
        nodes.append([-1, 0.0, 0, 0, float(draw.random()), cover])
        if level and draw.random() < 0.85:
            share = float(draw.uniform(0.1, 0.9))
            split = float(np.float32(draw.uniform(-1, 1)))
            left = node(level - 1, cover * share)
            right = node(level - 1, cover * (1 - share))
            nodes[here][:4] = [int(draw.integers(FEATURES)), split, left, right]
        return here

    roots = [node(depth, 100.0) for _ in range(trees)]
    columns = np.array(nodes).T
    return Forest(
        roots=np.array(roots, np.int32),
        feature=columns[0].astype(np.int16),
        threshold=columns[1],
        left=columns[2].astype(np.int32),
        right=columns[3].astype(np.int32),
        value=columns[4],
        cover=columns[5],
    )


def expected(forest: Forest, row: list[float], known: frozenset[int]) -> float:
    """Return the forest's mean where only some features are known."""

    def below(node: int) -> float:
        feature = int(forest.feature[node])
        if feature < 0:
            return float(forest.value[node])
        left, right = int(forest.left[node]), int(forest.right[node])
        if feature in known:
            goes_left = np.float32(row[feature]) <= forest.threshold[node]
            return below(left if goes_left else right)
        share = float(forest.cover[left] / forest.cover[node])
        return share * below(left) + (1 - share) * below(right)

    return sum(below(int(root)) for root in forest.roots) / len(forest.roots)


def by_definition(forest: Forest, row: list[float]) -> list[float]:
    found = []
    for feature in range(FEATURES):
        others = [other for other in range(FEATURES) if other != feature]
        total = 0.0
        for size in range(FEATURES):
            weight = 1 / (FEATURES * math.comb(FEATURES - 1, size))
            for subset in itertools.combinations(others, size):
                known = frozenset(subset)
                gain = expected(forest, row, known | {feature})
                total += weight * (gain - expected(forest, row, known))
        found.append(total)
    return found


@given(
    st.integers(0, 50),
    st.lists(st.floats(-1.2, 1.2), min_size=FEATURES, max_size=FEATURES),
)
def test_shapley_values_are_those_of_the_definition(
    seed: int, row: list[float]
) -> None:
    forest = grow(seed)
    found = shapley_values(leaves_of(forest), np.array(row), len(forest.roots))
    np.testing.assert_allclose(found, by_definition(forest, row), atol=1e-9)


@given(
    st.integers(0, 50),
    st.lists(st.floats(-1.2, 1.2), min_size=FEATURES, max_size=FEATURES),
)
def test_shapley_values_sum_to_what_the_row_adds(seed: int, row: list[float]) -> None:
    forest = grow(seed)
    found = shapley_values(leaves_of(forest), np.array(row), len(forest.roots))
    (probability,) = forest.predict(np.array([row]))
    mean = expected(forest, row, frozenset())
    assert found.sum() == pytest.approx(probability - mean, abs=1e-9)


def test_predict_follows_each_tree() -> None:
    forest = grow(3)
    every = frozenset(range(FEATURES))
    rows = np.random.default_rng(1).uniform(-1, 1, (20, FEATURES))
    wanted = [expected(forest, row, every) for row in rows.tolist()]
    np.testing.assert_allclose(forest.predict(rows), wanted, atol=1e-12)

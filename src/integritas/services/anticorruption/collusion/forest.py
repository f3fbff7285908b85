"""A forest as arrays: probabilities, and exact Shapley values of each feature.

Shapley values are those of tree-path-dependent TreeSHAP (Lundberg et al., From local
explanations to global understanding with explainable AI for trees, Nature Machine
Intelligence 2, 2020). For a leaf with value v the contribution of feature i is
v (o_i - z_i) times the integral over t in [0, 1] of the product over the other features
j on the path of z_j + (o_j - z_j) t, where o_j says whether the row follows the path at
j, and z_j is the share of training rows that do. The integrand is a polynomial, so a
Gauss-Legendre rule of half its degree integrates it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Forest", "Leaves", "leaves_of", "shapley_values"]

_LEAF: Final = -1


class Leaves(NamedTuple):
    """Leaves of paths over equally many features, one path a row.

    `features`, `low`, `high` and `shares` are (leaves, features): a row follows the
    path at a feature if low < value <= high.
    """

    values: NDArray[np.float64]
    features: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    shares: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees laid end to end; a node goes `left` if value <= threshold.

    Arrays are (nodes,); `feature` is -1 at a leaf, `value` its probability, `cover` the
    weight of training rows that reach a node; `roots` are the trees' first nodes.
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int16]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]
    cover: NDArray[np.float64]

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean probability of all trees for each row (rows, features)."""
        values = rows.astype(np.float32).astype(np.float64)
        place = np.repeat(self.roots[None, :], len(values), axis=0)
        each = np.arange(len(values))[:, None]
        while True:
            feature = self.feature[place]
            inner = feature != _LEAF
            if not inner.any():
                return np.asarray(self.value[place].mean(axis=1))
            goes_left = values[each, feature] <= self.threshold[place]
            forward = np.where(goes_left, self.left[place], self.right[place])
            place = np.where(inner, forward, place)


def leaves_of(forest: Forest) -> tuple[Leaves, ...]:
    """Return all leaves of a forest with their paths, grouped by path length."""
    groups: dict[int, list[tuple[float, dict[int, list[float]]]]] = {}
    for root in forest.roots:
        pending: list[tuple[int, dict[int, list[float]]]] = [(int(root), {})]
        while pending:
            node, path = pending.pop()
            feature = int(forest.feature[node])
            if feature == _LEAF:
                found = (float(forest.value[node]), path)
                groups.setdefault(len(path), []).append(found)
                continue
            split = float(forest.threshold[node])
            for child, is_left in ((forest.left, True), (forest.right, False)):
                after = int(child[node])
                share = float(forest.cover[after] / forest.cover[node])
                low, high, before = path.get(feature, [-np.inf, np.inf, 1.0])
                bounds = [low, min(high, split)] if is_left else [max(low, split), high]
                pending.append((after, {**path, feature: [*bounds, before * share]}))
    return tuple(
        _group(length, found) for length, found in sorted(groups.items()) if length
    )


def _group(length: int, found: list[tuple[float, dict[int, list[float]]]]) -> Leaves:
    bounds = np.array([list(path.values()) for _, path in found])
    return Leaves(
        values=np.array([value for value, _ in found]),
        features=np.array([list(path) for _, path in found]).reshape(-1, length),
        low=bounds[:, :, 0],
        high=bounds[:, :, 1],
        shares=bounds[:, :, 2],
    )


def shapley_values(
    groups: tuple[Leaves, ...], row: NDArray[np.float64], trees: int
) -> NDArray[np.float64]:
    """Return each feature's contribution to `predict` of one row (features,).

    They sum to the row's probability less the forest's mean over its training rows.
    """
    values = row.astype(np.float32).astype(np.float64)
    found = np.zeros(len(values))
    for leaves in groups:
        size = leaves.features.shape[1]
        here = values[leaves.features]
        follows = ((leaves.low < here) & (here <= leaves.high)).astype(np.float64)
        change = follows - leaves.shares
        nodes, weights = _rule(size)
        factors = leaves.shares[:, :, None] + change[:, :, None] * nodes
        products = factors.prod(axis=1)
        integrals = ((products * weights)[:, None, :] / factors).sum(axis=2)
        parts = leaves.values[:, None] * change * integrals
        np.add.at(found, leaves.features, parts)
    return found / trees


def _rule(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a rule on [0, 1] that is exact for polynomials of degree `size` - 1."""
    nodes, weights = np.polynomial.legendre.leggauss((size + 1) // 2)
    return (nodes + 1) / 2, weights / 2

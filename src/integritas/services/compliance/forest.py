"""Boosted trees as plain arrays: how a trained model scores, without its trainer.

Every tree is complete: at depth *d* it has 2^d - 1 questions `figure <= threshold` and
2^d leaves. The sum of the leaves and the bias is a log-odds (Friedman 2001, Greedy
function approximation: a gradient boosting machine).
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from integritas.kernel.errors import IntegrityViolation

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FORMAT", "Forest", "load_forest", "parse_forest", "sigmoid"]

FORMAT: Final = 1

Figures = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Forest:
    """Trees of one depth; the shapes are (trees, 2^d - 1) and (trees, 2^d).

    `digest` is the SHA-256 (hex) of the artifact.
    """

    names: tuple[str, ...]
    bias: float
    columns: npt.NDArray[np.intp]
    thresholds: Figures
    leaves: Figures
    digest: str = ""

    @property
    def version(self) -> str:
        """Return the first 12 digits of the artifact's hash."""
        return self.digest[:12]

    @cached_property
    def _trees(self) -> list[tuple[list[int], list[float], list[float]]]:
        return list(
            zip(
                self.columns.tolist(),
                self.thresholds.tolist(),
                self.leaves.tolist(),
                strict=True,
            )
        )

    @cached_property
    def _depth(self) -> int:
        return int(self.leaves.shape[1]).bit_length() - 1

    def logit(self, row: Sequence[float]) -> float:
        """Return the log-odds of one row of figures."""
        total, depth = self.bias, range(self._depth)
        inner = self.columns.shape[1]
        for columns, thresholds, leaves in self._trees:
            place = 0
            for _ in depth:
                place += place + (1 if row[columns[place]] <= thresholds[place] else 2)
            total += leaves[place - inner]
        return total

    def logits(self, rows: Figures) -> Figures:
        """Return the log-odds of rows of figures, shape (rows, figures)."""
        place = np.zeros((len(rows), len(self.leaves)), dtype=np.intp)
        trees = np.arange(len(self.leaves))
        which = np.arange(len(rows))[:, None]
        for _ in range(self._depth):
            figures = rows[which, self.columns[trees, place]]
            place += place + np.where(figures <= self.thresholds[trees, place], 1, 2)
        found: Figures = self.leaves[trees, place - self.columns.shape[1]]
        total: Figures = found.sum(axis=1) + self.bias
        return total


def sigmoid(logit: float) -> float:
    """Return the probability of a log-odds."""
    return 1.0 / (1.0 + math.exp(-logit))


def parse_forest(data: bytes, names: Sequence[str]) -> Forest:
    """Return the forest of an artifact whose figures must be `names`.

    Raises:
        IntegrityViolation: the artifact is malformed or of other figures.
    """
    try:
        document: dict[str, Any] = json.loads(data)
        if document["format"] != FORMAT or document["figures"] != list(names):
            raise IntegrityViolation(
                "the name model is of other figures than this version computes: run "
                "the training again"
            )
        return Forest(
            names=tuple(names),
            bias=float(document["bias"]),
            columns=np.asarray(document["columns"], dtype=np.intp),
            thresholds=np.asarray(document["thresholds"], dtype=np.float64),
            leaves=np.asarray(document["leaves"], dtype=np.float64),
            digest=hashlib.sha256(data).hexdigest(),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityViolation(f"the name model is malformed: {error}") from error


def load_forest(file: str, names: Sequence[str]) -> Forest:
    """Return a shipped forest."""
    source = resources.files(__package__).joinpath("model", file)
    return parse_forest(source.read_bytes(), names)

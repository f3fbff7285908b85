"""Finds the few listed names worth comparing, among all of them.

Two channels of n-gram postings over every name and alias: characters (trigrams of each
token) and sounds (bigrams of its consonant skeleton), each weighted by inverse document
frequency and normalised (cosine). The candidates are the union of the best of both: a
typo spoils the one, a different romanisation the other, seldom both.
"""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from integritas.services.compliance.normalise import (
    LEGAL_FORMS,
    PARTICLES,
    Name,
    skeleton,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["NameIndex"]

Rows = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float32]

_LIGHT: Final = LEGAL_FORMS | PARTICLES


class NameIndex:
    """An immutable index over names; rows are positions in the sequence given."""

    def __init__(self, names: Sequence[Name]) -> None:
        """Build the postings of both channels."""
        self._size = len(names)
        self._channels = (
            _Channel(names, _characters),
            _Channel(names, _sounds),
        )

    def candidates(self, name: Name, limit: int) -> list[int]:
        """Return the rows of the nearest names, at most `limit` a channel."""
        rows: dict[int, None] = {}
        for channel in self._channels:
            rows.update(dict.fromkeys(channel.nearest(name, limit)))
        return list(rows)


class _Channel:
    """Postings of one kind of gram: gram -> rows and their weights."""

    def __init__(
        self, names: Sequence[Name], grams: Callable[[Name], Iterable[str]]
    ) -> None:
        self._grams = grams
        self._size = len(names)
        rows_of: defaultdict[str, list[int]] = defaultdict(list)
        for row, name in enumerate(names):
            for gram in dict.fromkeys(grams(name)):
                rows_of[gram].append(row)
        squares = np.zeros(self._size, dtype=np.float64)
        postings: dict[str, tuple[Rows, float]] = {}
        for gram, rows in rows_of.items():
            idf = math.log1p(self._size / len(rows))
            postings[gram] = (np.asarray(rows, dtype=np.int32), idf)
            squares[rows] += idf * idf
        norms = np.sqrt(np.maximum(squares, 1e-9))
        self._postings: dict[str, tuple[Rows, Weights]] = {
            gram: (rows, (idf * idf / norms[rows]).astype(np.float32))
            for gram, (rows, idf) in postings.items()
        }

    def nearest(self, name: Name, limit: int) -> list[int]:
        """Return up to `limit` rows that share a gram, nearest first."""
        scores = np.zeros(self._size, dtype=np.float32)
        for gram in dict.fromkeys(self._grams(name)):
            posting = self._postings.get(gram)
            if posting is not None:
                scores[posting[0]] += posting[1]
        if self._size > limit:
            best = np.argpartition(scores, -limit)[-limit:]
        else:
            best = np.arange(self._size)
        # Stable and by row, so that equal names come in list order.
        best = best[np.lexsort((best, -scores[best]))]
        return [int(row) for row in best if scores[row] > 0.0]


def _content(name: Name) -> Sequence[str]:
    """Return the tokens that tell names apart, all if none do."""
    return [t for t in name.tokens if t not in _LIGHT] or name.tokens


def _characters(name: Name) -> Iterable[str]:
    for token in _content(name):
        padded = f"^{token}$"
        for place in range(len(padded) - 2):
            yield padded[place : place + 3]


def _sounds(name: Name) -> Iterable[str]:
    for token in _content(name):
        for left, right in pairwise(f"^{skeleton(token)}$"):
            yield left + right

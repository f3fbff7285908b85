"""Finds the few listed names worth comparing, among all of them.

Two channels of n-gram postings over every name and alias: characters (trigrams of each
token) and sounds (bigrams of its consonant skeleton), each weighted by inverse document
frequency and normalised (cosine). The candidates are the union of the best of both: a
typo spoils the one, a different romanisation the other, seldom both. A query reads its
rarest grams first and stops after a budget of postings, so a common word costs no more
than a rare one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Indel
from rapidfuzz.process import cdist

from integritas.services.compliance.normalise import Name, skeleton

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["NameIndex"]

Rows = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]

# Postings a query reads in a channel, and grams it reads whatever they cost.
_BUDGET: Final = 6_000
_LEAST_GRAMS: Final = 4
# Nearness (0 to 2 for the channels, 0 to 2 for the words) from which a comparison is
# worth its time, and how far behind the nearest; on generated queries the right name
# lies below for 1 in 1,000.
_LEAST_NEAR: Final = 1.5
_FARTHEST_BEHIND: Final = 1.0
# A row this far behind the nearest is not proposed.
_LEAST_SHARE: Final = 0.3
# Rows a channel proposes.
_PROPOSED: Final = 16


class NameIndex:
    """An immutable index over names; rows are positions in the sequence given."""

    def __init__(self, names: Sequence[Name]) -> None:
        """Build the postings of both channels."""
        self._channels = (
            _Channel(names, _characters),
            _Channel(names, _sounds),
        )
        self._sorted = [_sorted_words(name) for name in names]

    def candidates(self, name: Name, limit: int) -> list[int]:
        """Return the rows of the nearest names, nearest first, at most `limit`.

        Each channel proposes rows; a row then counts by its nearness in both channels
        and by the likeness of the sorted words as a whole, which sees what single
        grams do not.
        """
        nearness: dict[int, float] = {}
        for channel in self._channels:
            for row, near in channel.nearest(name, _PROPOSED):
                nearness[row] = nearness.get(row, 0.0) + near
        rows = sorted(nearness)
        if not rows:
            return []
        alike = cdist(
            [_sorted_words(name)],
            [self._sorted[row] for row in rows],
            scorer=Indel.normalized_similarity,
        )[0].tolist()
        ranked = sorted(
            (-nearness[row] - 2.0 * like, row)
            for row, like in zip(rows, alike, strict=True)
        )
        least = max(_LEAST_NEAR, -ranked[0][0] - _FARTHEST_BEHIND)
        return [row for negative, row in ranked[:limit] if -negative >= least]


def _sorted_words(name: Name) -> str:
    return " ".join(sorted(name.content))


class _Channel:
    """Postings of one kind of gram: gram -> rows and their weights, by rising size."""

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
        for gram, found in rows_of.items():
            rows = np.asarray(found, dtype=np.int64)
            idf = math.log1p(self._size / len(rows))
            postings[gram] = (rows, idf)
            squares[rows] += idf * idf
        norms = np.sqrt(np.maximum(squares, 1e-9))
        self._postings: dict[str, tuple[int, str, Rows, Weights, float]] = {
            gram: (len(rows), gram, rows, idf * idf / norms[rows], idf)
            for gram, (rows, idf) in postings.items()
        }

    def nearest(self, name: Name, limit: int) -> Iterable[tuple[int, float]]:
        """Return up to `limit` rows that share a gram, and how near each is."""
        postings = self._postings
        grams = dict.fromkeys(self._grams(name))
        # By size, then by gram: the rows are never compared.
        found = sorted(postings[gram] for gram in grams if gram in postings)
        if not found:
            return ()
        read = 0
        for count, posting in enumerate(found):
            read += posting[0]
            if read > _BUDGET and count >= _LEAST_GRAMS:
                del found[count:]
                break
        norm = math.sqrt(sum(posting[4] ** 2 for posting in found))
        sums = np.bincount(
            np.concatenate([posting[2] for posting in found]),
            np.concatenate([posting[3] for posting in found]),
            self._size,
        )
        # Most rows share a gram or two by chance.
        best = np.flatnonzero(sums > _LEAST_SHARE * sums.max())
        near = sums[best]
        if len(best) > limit:
            top = np.argpartition(near, -limit)[-limit:]
            best, near = best[top], near[top]
        return zip(best.tolist(), (near / norm).tolist(), strict=True)


def _characters(name: Name) -> Iterable[str]:
    for token in name.content:
        padded = f"^{token}$"
        for place in range(len(padded) - 2):
            yield padded[place : place + 3]


def _sounds(name: Name) -> Iterable[str]:
    for token in name.content:
        for left, right in pairwise(f"^{skeleton(token)}$"):
            yield left + right

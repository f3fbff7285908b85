"""What analysts taught, on top of the shipped model: a fold over their feedback.

Each lesson is a step of logistic regression on the words of one message, in the order
given; the sum of steps is clipped where it is used, so no amount of feedback moves a
score by more than `BOUND` logits. Taking a lesson back folds the others anew.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from integritas.services.spam.scoring import Words

__all__ = [
    "BOUND",
    "MOST_ALIKE",
    "MOST_LESSONS",
    "NOTHING_TAUGHT",
    "Lesson",
    "OnlineLayer",
    "teach",
]

BOUND: Final = 3.0
"""Logits that feedback may move a score by, either way."""
MOST_LESSONS: Final = 2_000
"""The newest are in force: an older one has gone by."""
MOST_ALIKE: Final = 50
"""Messages of a campaign that teach one label: a flood must not push out the others."""
_RATE: Final = 2.0
_PASSES: Final = 2


class Lesson(NamedTuple):
    """The words of a message, the model's logit, and what an analyst says it is."""

    words: Words
    logit: float
    junk: bool


class OnlineLayer(NamedTuple):
    """Weights learned from a tenant's feedback; `version` says from how much."""

    weights: NDArray[np.float32] | None
    version: str

    def shift(self, words: Words) -> float:
        """Return what feedback adds to a logit, at most `BOUND` either way."""
        if self.weights is None or not len(words):
            return 0.0
        moved = float(self.weights[words].sum()) / math.sqrt(len(words))
        return max(-BOUND, min(BOUND, moved))


NOTHING_TAUGHT: Final = OnlineLayer(None, "0")


def teach(lessons: Sequence[Lesson], version: str) -> OnlineLayer:
    """Return the layer of lessons, given in order."""
    chosen = lessons[-MOST_LESSONS:]
    if not chosen:
        return OnlineLayer(None, version)
    weights = np.zeros(1 << 16, np.float32)
    layer = OnlineLayer(weights, version)
    for _ in range(_PASSES):
        for words, logit, junk in chosen:
            if not len(words):
                continue
            reached = max(-30.0, min(30.0, logit + layer.shift(words)))
            missing = float(junk) - 1 / (1 + math.exp(-reached))
            # A word in many messages must not be moved by each as if it were alone.
            weights[words] += np.float32(_RATE * missing / math.sqrt(len(words)))
    return layer

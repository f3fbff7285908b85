"""How alike two names are: a learned, monotone score in [0, 1], with its reasons.

Tokens are aligned (`alignment`), the alignment is measured (`features`), and boosted
trees that may move the score only in each figure's declared direction weigh the figures
(`forest`; trained by `models/names`). The scale is set so that MATCH_THRESHOLD is where
the trained model says match. The score is symmetric, 1 for equal names, 0 where a
name has no letter or digit. Rarity comes from a table shipped with the product, so a
score never depends on which list is loaded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from integritas.services.compliance.alignment import Alignment, Pair, align
from integritas.services.compliance.features import FEATURES, figures
from integritas.services.compliance.forest import Forest, load_forest, sigmoid

if TYPE_CHECKING:
    from integritas.services.compliance.normalise import Name

__all__ = [
    "MATCH_THRESHOLD",
    "SCORER_VERSION",
    "Comparison",
    "agreed_numbers",
    "compare",
    "comparison",
    "match_score",
    "pair_model",
]

SCORER_VERSION: Final = "names-4"
# The score from which two names match, whatever the model's own scale.
MATCH_THRESHOLD: Final = 0.77
_THRESHOLD_LOGIT: Final = math.log(MATCH_THRESHOLD / (1.0 - MATCH_THRESHOLD))


# Labelled companies differ in a number and count as one; ships and units do not.
_NUMBERED: Final = frozenset({"", "Vessel", "Airplane", "Vehicle"})
_OTHER_NUMBERS: Final = 0.7
# One word of a person's name says nobody in particular.
_LONE_NAME: Final = 0.8


@dataclass(frozen=True, slots=True)
class Comparison:
    """A score and what made it; `left_only` and `right_only` found no partner."""

    score: float
    pairs: tuple[Pair, ...]
    left_only: tuple[str, ...]
    right_only: tuple[str, ...]
    reordered: bool = False
    numbers_differ: bool = False


_NOTHING: Final = Comparison(0.0, (), (), ())


@cache
def pair_model() -> Forest:
    """Return the shipped pair model; its bias puts the decision at a log-odds of 0."""
    return load_forest("pairs.json", [feature.name for feature in FEATURES])


def match_score(logit: float) -> float:
    """Return the score of a log-odds: MATCH_THRESHOLD at 0."""
    return sigmoid(logit + _THRESHOLD_LOGIT)


def compare(left: Name, right: Name, schema: str = "") -> Comparison:
    """Return how alike two names of a FollowTheMoney schema are.

    Symmetric but for the sides of the parts.
    """
    if not left.tokens or not right.tokens:
        return _NOTHING
    # One order, so that ties in the alignment fall the same way.
    turned = left.tokens > right.tokens
    first, second = (right, left) if turned else (left, right)
    alignment = align(first, second)
    if first.tokens == second.tokens and first.ideographs == second.ideographs:
        score = 1.0
    else:
        row = figures(first, second, alignment, schema)
        score = match_score(pair_model().logit(row))
        if schema == "Person" and _is_lone(first) != _is_lone(second):
            score *= _LONE_NAME
        if schema in _NUMBERED:
            score = agreed_numbers(score, left, right)
    return comparison(score, mirrored(alignment) if turned else alignment, left, right)


def agreed_numbers(score: float, left: Name, right: Name) -> float:
    """Return the score, less where both names have numbers and they differ.

    Ships and units of one name are told apart by nothing else.
    """
    differ = left.numbers and right.numbers and left.numbers != right.numbers
    return score * _OTHER_NUMBERS if differ else score


def _is_lone(name: Name) -> bool:
    return len(name.content) == 1


def mirrored(alignment: Alignment) -> Alignment:
    """Return the same alignment with left and right exchanged."""
    return Alignment(
        pairs=tuple(Pair(p.right, p.left, p.agreement) for p in alignment.pairs),
        left_only=alignment.right_only,
        right_only=alignment.left_only,
        reordered=alignment.reordered,
        first=alignment.first,
        last=alignment.last,
    )


def comparison(
    score: float, alignment: Alignment, left: Name, right: Name
) -> Comparison:
    """Return a score and an alignment of two names as one."""
    return Comparison(
        score=score,
        pairs=alignment.pairs,
        left_only=alignment.left_only,
        right_only=alignment.right_only,
        reordered=alignment.reordered,
        numbers_differ=bool(left.numbers and right.numbers)
        and left.numbers != right.numbers,
    )

"""What the pair model sees of two aligned names: figures with a declared direction.

`FEATURES` names each figure, says which way it may move the score and what it means;
the training constrains the model to these directions, and the reasons quote them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rapidfuzz.distance import OSA, JaroWinkler

from integritas.services.compliance.agreement import INITIAL
from integritas.services.compliance.rarity import weight
from integritas.services.compliance.vocabulary import PLACES

if TYPE_CHECKING:
    from integritas.services.compliance.alignment import Alignment
    from integritas.services.compliance.normalise import Name

__all__ = ["FEATURES", "MATCHED", "Feature", "figures"]

UP, DOWN, FREE = 1, -1, 0


@dataclass(frozen=True, slots=True)
class Feature:
    """A figure; its direction is 1 (raises the score), -1 (lowers it) or 0 (either)."""

    name: str
    direction: int
    text: str


FEATURES: Final = (
    Feature("matched", UP, "weight of the words that agree"),
    Feature("agreement", UP, "agreeing share of what agrees or contradicts"),
    Feature("contradicted", DOWN, "weight of the words that contradict"),
    Feature("missing", DOWN, "share of the weight that only one name has"),
    Feature("missing_words", DOWN, "words that only one name has"),
    Feature("weakest", UP, "likeness of the least alike pair of words"),
    Feature("weakest_start", UP, "the same by Jaro-Winkler: the start counts more"),
    Feature("sound", UP, "least likeness of sound among pairs of words"),
    Feature("edits", DOWN, "letters to change in all"),
    Feature("most_edits", DOWN, "letters to change in the least alike pair"),
    Feature("spelling", UP, "share of letters that need no change"),
    Feature("numbers", UP, "numbers agree"),
    Feature("order", UP, "order of the words agrees"),
    Feature("legal", UP, "legal forms agree"),
    Feature("initials", DOWN, "words given by their initial"),
    Feature("first", UP, "likeness of the first words"),
    Feature("last", UP, "likeness of the last words"),
    Feature("places", DOWN, "countries and places that only one name has"),
    Feature("organisation", FREE, "0 a person, 1 an organisation, 0.5 unknown"),
)
MATCHED: Final = 0

_KINDS: Final = {"Person": 0.0, "Company": 1.0, "Organization": 1.0, "PublicBody": 1.0}


def figures(
    left: Name, right: Name, alignment: Alignment, schema: str = ""
) -> tuple[float, ...]:
    """Return the figures of two names in the order of FEATURES."""
    matched = contradicted = 0.0
    edits = most_edits = letters = initials = 0
    weakest = weakest_start = sound = 1.0
    for pair in alignment.pairs:
        likeness, changed, sounds = pair.agreement
        mean = (weight(pair.left) + weight(pair.right)) / 2.0
        matched += mean * likeness
        contradicted += mean * (1.0 - likeness)
        letters += max(len(pair.left), len(pair.right))
        if likeness == INITIAL:
            initials += 1
            continue
        if likeness < 1.0:
            edits += changed
            most_edits = max(most_edits, changed)
            weakest = min(weakest, likeness)
            sound = min(sound, sounds)
            start = JaroWinkler.similarity(pair.left, pair.right)
            weakest_start = min(weakest_start, start)
    opposed, missing = _opposed(alignment.left_only, alignment.right_only)
    opposed += _exchanged(left, right)
    for ours, theirs in opposed:
        changed = OSA.distance(ours, theirs)
        longer = max(len(ours), len(theirs))
        contradicted += (weight(ours) + weight(theirs)) / 2.0
        edits += changed
        letters += longer
        most_edits = max(most_edits, changed)
        weakest = min(weakest, 1.0 - changed / longer)
        weakest_start = min(weakest_start, JaroWinkler.similarity(ours, theirs))
        sound = 0.0
    lacking = sum(map(weight, missing))
    known = matched + contradicted
    return (
        matched,
        matched / known if known else 0.0,
        contradicted,
        lacking / (known + lacking) if known + lacking else 0.0,
        float(len(missing)),
        weakest,
        weakest_start,
        sound,
        float(min(edits, 12)),
        float(min(most_edits, 8)),
        1.0 - edits / letters if letters else 0.0,
        _numbers(left, right),
        0.0 if alignment.reordered else 1.0,
        _legal(left, right),
        float(initials),
        alignment.first,
        alignment.last,
        float(sum(word in PLACES for word in missing)),
        _KINDS.get(schema, 0.5),
    )


def _opposed(
    left: tuple[str, ...], right: tuple[str, ...]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the left-over words paired, likest first, and the merely missing ones."""
    if not left or not right:
        return [], [*left, *right]
    options = sorted(
        (OSA.normalized_distance(a, b), i, j)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
    )
    opposed: list[tuple[str, str]] = []
    rest_left, rest_right = dict(enumerate(left)), dict(enumerate(right))
    for _, i, j in options:
        if i in rest_left and j in rest_right:
            opposed.append((rest_left.pop(i), rest_right.pop(j)))
    return opposed, [*rest_left.values(), *rest_right.values()]


def _exchanged(left: Name, right: Name) -> list[tuple[str, str]]:
    """Return what contradicts although every word agrees.

    A bin B and B bin A are father and son; another ideograph is another morpheme.
    """
    exchanged = [
        (child, father)
        for child, father in left.fathers
        if (father, child) in right.fathers
    ]
    if left.ideographs and right.ideographs:
        ours, theirs = set(left.ideographs), set(right.ideographs)
        exchanged += zip(sorted(ours - theirs), sorted(theirs - ours), strict=False)
    return exchanged


def _numbers(left: Name, right: Name) -> float:
    if left.numbers == right.numbers:
        return 1.0
    if not left.numbers or not right.numbers:
        return 0.5
    ours, theirs = (" ".join(sorted(name.numbers)) for name in (left, right))
    return 0.4 * OSA.normalized_similarity(ours, theirs)


def _legal(left: Name, right: Name) -> float:
    if left.legal == right.legal:
        return 1.0
    return 0.5 if not left.legal or not right.legal or left.legal & right.legal else 0.0

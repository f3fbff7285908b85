"""How alike two names are: a documented score in [0, 1], with its reasons.

Tokens are aligned one to one, best first; each weighs as much as it is rare. With
*m* the agreeing weight, *c* the weight that contradicts (left over on both sides) and
*o* the weight merely missing (left over on one side only):

    score = m / (m + CONTRADICTED * c + MISSING * o)

then less for another order of the tokens and for numbers that differ. The score is
symmetric, 1 for equal names, 0 where a name has no letter or digit, and does not rise
when a token that agreed stops agreeing. Rarity comes from a table shipped with the
product, so a score never depends on which list is loaded.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise, product
from typing import Final

from rapidfuzz.distance import OSA

from integritas.services.compliance.normalise import (
    LEGAL_FORMS,
    PARTICLES,
    TITLES,
    VOWELS,
    Name,
    skeleton,
)

__all__ = ["SCORER_VERSION", "Comparison", "Pair", "compare", "weight"]

SCORER_VERSION: Final = "names-1"

CONTRADICTED: Final = 1.5
MISSING: Final = 0.5
# Tokens less alike than this (1 - edits / length, OSA) do not agree at all.
AGREEING: Final = 0.6
# Equal consonant skeletons, provided the spellings have this much in common; more
# where there are only two consonants to go by.
SOUNDS_ALIKE: Final = 0.92
SPELT_ALIKE: Final = 0.5
SHORT_SPELT_ALIKE: Final = 0.7
INITIAL: Final = 0.7
# Runs of tokens that agree once their spaces are gone.
GLUED: Final = 0.97
RUN_ALIKE: Final = 0.75
REORDERED: Final = 0.02
OTHER_NUMBERS: Final = 0.6

_LEGAL_WEIGHT: Final = 0.12
_TITLE_WEIGHT: Final = 0.1
_PARTICLE_WEIGHT: Final = 0.12
_LEAST_WEIGHT: Final = 0.25
_INITIAL_WEIGHT: Final = 0.4


@dataclass(frozen=True, slots=True)
class Pair:
    """Two aligned tokens (or runs of tokens) and how far they agree, in [0, 1]."""

    left: str
    right: str
    agreement: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A score and what made it; `left_only` and `right_only` found no partner."""

    score: float
    pairs: tuple[Pair, ...]
    left_only: tuple[str, ...]
    right_only: tuple[str, ...]
    reordered: bool = False
    numbers_differ: bool = False

    def mirrored(self) -> Comparison:
        """Return the same comparison with left and right exchanged."""
        return Comparison(
            score=self.score,
            pairs=tuple(Pair(p.right, p.left, p.agreement) for p in self.pairs),
            left_only=self.right_only,
            right_only=self.left_only,
            reordered=self.reordered,
            numbers_differ=self.numbers_differ,
        )


_NOTHING: Final = Comparison(0.0, (), (), ())


@cache
def _rarity() -> tuple[int, int, dict[str, int]]:
    source = resources.files(__package__).joinpath("data/rarity.json")
    table = json.loads(source.read_text(encoding="utf-8"))
    return int(table["names"]), int(table["least"]), dict(table["counts"])


@cache
def weight(token: str) -> float:
    """Return how much a token tells, from 0.1 (a title) to 1 (rare, or a number)."""
    if token in LEGAL_FORMS:
        return _LEGAL_WEIGHT
    if token in PARTICLES:
        return _PARTICLE_WEIGHT
    if token in TITLES:
        return _TITLE_WEIGHT
    if len(token) == 1 and token.isalpha():
        return _INITIAL_WEIGHT
    names, least, counts = _rarity()
    seen = max(counts.get(token, least), least)
    return max(_LEAST_WEIGHT, 1.0 - math.log(seen / least) / math.log(names / least))


def compare(left: Name, right: Name) -> Comparison:
    """Return how alike two names are; symmetric but for the sides of the parts."""
    if not left.tokens or not right.tokens:
        return _NOTHING
    if left.tokens > right.tokens:
        return _compare(right, left).mirrored()
    return _compare(left, right)


def _compare(left: Name, right: Name) -> Comparison:
    links = _align(left.tokens, right.tokens)
    pairs = [Pair(left.tokens[i], right.tokens[j], s) for s, i, j in links]
    rest_left = _unlinked(left.tokens, {i for _, i, _ in links})
    rest_right = _unlinked(right.tokens, {j for _, _, j in links})
    best = _weigh(pairs, rest_left, rest_right)
    glued = _glued(left, right)
    if glued is not None and glued[0] > best:
        best, pairs, rest_left, rest_right = glued
        links = []
    reordered = _out_of_order(links)
    if reordered:
        best -= REORDERED
    numbers_differ = bool(left.numbers and right.numbers) and (
        left.numbers != right.numbers
    )
    if numbers_differ:
        best *= OTHER_NUMBERS
    return Comparison(
        score=min(1.0, max(0.0, best)),
        pairs=tuple(pairs),
        left_only=rest_left,
        right_only=rest_right,
        reordered=reordered,
        numbers_differ=numbers_differ,
    )


def _weigh(
    pairs: list[Pair], left_only: tuple[str, ...], right_only: tuple[str, ...]
) -> float:
    agreeing = disagreeing = 0.0
    for pair in pairs:
        mean = (weight(pair.left) + weight(pair.right)) / 2.0
        agreeing += mean * pair.agreement
        disagreeing += mean * (1.0 - pair.agreement)
    left = sum(map(weight, left_only))
    right = sum(map(weight, right_only))
    contradicted = disagreeing + min(left, right)
    total = agreeing + CONTRADICTED * contradicted + MISSING * abs(left - right)
    return agreeing / total if total else 0.0


def _align(
    left: tuple[str, ...], right: tuple[str, ...]
) -> list[tuple[float, int, int]]:
    """Return (agreement, i, j) of each aligned pair in order of `left`; greedy."""
    options = []
    for (i, a), (j, b) in product(enumerate(left), enumerate(right)):
        agreement = _agreement(a, b)
        if agreement > 0.0:
            # The nearer in place, the better, where tokens repeat.
            options.append((-agreement, -len(a) - len(b), abs(i - j), i, j))
    options.sort()
    taken_left: set[int] = set()
    taken_right: set[int] = set()
    links = []
    for negative, _, _, i, j in options:
        if i not in taken_left and j not in taken_right:
            taken_left.add(i)
            taken_right.add(j)
            links.append((-negative, i, j))
    return sorted(links, key=lambda link: link[1])


def _agreement(left: str, right: str) -> float:
    if left == right:
        return 1.0
    if left.isdigit() or right.isdigit():
        return 0.0
    if len(left) == 1 or len(right) == 1:
        return INITIAL if left[0] == right[0] else 0.0
    alike: float = OSA.normalized_similarity(left, right, score_cutoff=AGREEING)
    if alike < SOUNDS_ALIKE and _sound_alike(left, right):
        return SOUNDS_ALIKE
    return alike


def _sound_alike(left: str, right: str) -> bool:
    sound = skeleton(left)
    if len(sound) < 2 or sound != skeleton(right):
        return False
    # Ahmed and Ahmadi, Ivanov and Ivanova are different names.
    if (left[-1] in VOWELS) != (right[-1] in VOWELS):
        return False
    least = SPELT_ALIKE if len(sound) > 2 else SHORT_SPELT_ALIKE
    alike: float = OSA.normalized_similarity(left, right)
    return alike >= least


def _unlinked(tokens: tuple[str, ...], linked: set[int]) -> tuple[str, ...]:
    return tuple(token for i, token in enumerate(tokens) if i not in linked)


_Glued = tuple[float, list[Pair], tuple[str, ...], tuple[str, ...]]


def _glued(left: Name, right: Name) -> _Glued | None:
    """Compare what is not literally equal as one run: spaces may have moved."""
    common = set(left.tokens) & set(right.tokens)
    rest_left = [t for t in left.tokens if t not in common]
    rest_right = [t for t in right.tokens if t not in common]
    if not rest_left or not rest_right or len(rest_left) + len(rest_right) < 3:
        return None
    run_left, run_right = "".join(rest_left), "".join(rest_right)
    alike = OSA.normalized_similarity(run_left, run_right, score_cutoff=RUN_ALIKE)
    if not alike:
        return None
    agreement = GLUED * alike
    pairs = [Pair(t, t, 1.0) for t in left.tokens if t in common]
    agreeing = sum(weight(p.left) for p in pairs)
    mass = (sum(map(weight, rest_left)) + sum(map(weight, rest_right))) / 2.0
    agreeing += mass * agreement
    score = agreeing / (agreeing + CONTRADICTED * mass * (1.0 - agreement))
    pairs.append(Pair(" ".join(rest_left), " ".join(rest_right), agreement))
    return score, pairs, (), ()


def _out_of_order(links: list[tuple[float, int, int]]) -> bool:
    places = [j for _, _, j in links]
    return any(earlier > later for earlier, later in pairwise(places))

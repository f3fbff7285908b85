"""How far two tokens agree: spelling, sound, initial, short form, Mandarin reading."""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

from integritas.services.compliance.mandarin import pinyin
from integritas.services.compliance.normalise import VOWELS, skeleton
from integritas.services.compliance.vocabulary import SHORT_FORMS

__all__ = ["AGREEING", "INITIAL", "Agreement", "Mode", "agree"]

# Tokens less alike than this (1 - edits / length, OSA) do not agree at all.
AGREEING: Final = 0.6
# Equal consonant skeletons, provided the spellings have this much in common; more
# where there are only two consonants to go by.
SOUNDS_ALIKE: Final = 0.92
SPELT_ALIKE: Final = 0.5
SHORT_SPELT_ALIKE: Final = 0.7
INITIAL: Final = 0.7
SHORT_FORM: Final = 0.85
SAME_READING: Final = 0.93


class Mode(IntEnum):
    """What is known of two names: nothing, both Chinese, or one without vowels."""

    PLAIN = 0
    MANDARIN = 1
    ABJAD = 2


class Agreement(NamedTuple):
    """`likeness` in [0, 1], 0 if the tokens do not agree; `edits` is the OSA distance.

    `sound` is the OSA similarity of the consonant skeletons, in [0, 1].
    """

    likeness: float
    edits: int
    sound: float


_EQUAL: Final = Agreement(1.0, 0, 1.0)


@lru_cache(maxsize=262_144)
def agree(left: str, right: str, mode: Mode = Mode.PLAIN) -> Agreement:
    """Return how far two tokens agree."""
    if left == right:
        return _EQUAL
    edits = OSA.distance(left, right)
    if left[0].isdigit() or right[0].isdigit():
        return Agreement(0.0, edits, 0.0)
    if len(left) == 1 or len(right) == 1:
        same = left[0] == right[0]
        return Agreement(INITIAL, 0, 1.0) if same else Agreement(0.0, edits, 0.0)
    return _compared(left, right, edits, mode)


def _compared(left: str, right: str, edits: int, mode: Mode) -> Agreement:
    sound_left, sound_right = skeleton(left), skeleton(right)
    sound: float = OSA.normalized_similarity(sound_left, sound_right)
    if left in SHORT_FORMS.get(right, ()) or right in SHORT_FORMS.get(left, ()):
        return Agreement(SHORT_FORM, min(edits, 1), sound)
    if mode is Mode.MANDARIN and _read_alike(left, right):
        return Agreement(SAME_READING, min(edits, 1), 1.0)
    if mode is Mode.ABJAD:
        return _by_consonants(sound_left, sound_right, edits)
    alike = 1.0 - edits / max(len(left), len(right))
    if alike < SOUNDS_ALIKE and sound == 1.0 and _sound_alike(left, right, alike):
        alike = SOUNDS_ALIKE
    return Agreement(alike if alike >= AGREEING else 0.0, edits, sound)


# Arabic has no p and no v; w and y are also vowels.
_CONSONANTS: Final = str.maketrans("pv", "bf", "a")


def _by_consonants(left: str, right: str, edits: int) -> Agreement:
    """Compare what a script without vowels keeps of a name."""
    left, right = left.translate(_CONSONANTS), right.translate(_CONSONANTS)
    missed = OSA.distance(left, right)
    alike = 1.0 - missed / max(len(left), len(right), 1)
    likeness = SOUNDS_ALIKE * alike if left and right and alike >= AGREEING else 0.0
    return Agreement(likeness, missed if likeness else edits, alike)


def _read_alike(left: str, right: str) -> bool:
    return not pinyin(left).isdisjoint({right}) or not pinyin(right).isdisjoint({left})


def _sound_alike(left: str, right: str, alike: float) -> bool:
    consonants = len(skeleton(left))
    # Ahmed and Ahmadi, Ivanov and Ivanova are different names.
    if consonants < 2 or (left[-1] in VOWELS) != (right[-1] in VOWELS):
        return False
    return alike >= (SPELT_ALIKE if consonants > 2 else SHORT_SPELT_ALIKE)

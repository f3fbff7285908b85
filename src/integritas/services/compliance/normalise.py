"""Names as tokens: case, diacritics, script, legal forms and numbers made alike.

Everything here is a pure function of text; the words it knows are in `vocabulary`, the
scripts in `romanise`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from integritas.services.compliance.romanise import (
    MAX_CHARACTERS,
    fold,
    ideographs,
    is_abjad,
)
from integritas.services.compliance.vocabulary import (
    ALIKE,
    DOUBTFUL_PARTICLES,
    LEGAL_FORMS,
    NUMERALS,
    PARTICLES,
    PATRONYMICS,
    PHRASES,
    TENS,
    TITLES,
)

__all__ = [
    "LEGAL_FORMS",
    "MAX_CHARACTERS",
    "MAX_TOKENS",
    "PARTICLES",
    "TITLES",
    "VOWELS",
    "Name",
    "fold",
    "parse_name",
    "skeleton",
    "tokenise",
]

MAX_TOKENS: Final = 24

_ACRONYM: Final = re.compile(r"(?<!\w)(?:\w\.){2,}\w?(?!\w)|(?<!\w)\w\.(?=\w{1,2}\.)")
_WORD: Final = re.compile(r"[^\W_]+")
_GLUED: Final = re.compile(r"(?<=[a-z]{2})(?=\d)|(?<=\d)(?=[a-z]{3})")


def tokenise(text: str) -> tuple[str, ...]:
    """Return the comparable tokens of a name in written order, at most MAX_TOKENS."""
    return _alike(_words(text)[:MAX_TOKENS])


def _words(text: str) -> list[str]:
    folded = _ACRONYM.sub(lambda m: m[0].replace(".", ""), fold(text))
    return _WORD.findall(_GLUED.sub(" ", folded.replace("&", " and ")))


_LONGEST_PHRASE: Final = max(map(len, PHRASES))
_PHRASE_HEADS: Final = frozenset(phrase[0] for phrase in PHRASES)


def _alike(words: list[str]) -> tuple[str, ...]:
    """Replace phrases and words by what they are compared as."""
    tokens: list[str] = []
    place = 0
    while place < len(words):
        word = words[place]
        size = _phrase(words, place) if word in _PHRASE_HEADS else 1
        if size > 1:
            tokens.append(PHRASES[tuple(words[place : place + size])])
        elif word in TENS:
            number, size = _tens(words, place)
            tokens.append(number)
        else:
            tokens.append(_one(word))
        place += size
    return tuple(tokens)


def _phrase(words: list[str], place: int) -> int:
    """Return how many words from `place` on are a known phrase, 1 if none."""
    return next(
        (
            size
            for size in range(_LONGEST_PHRASE, 1, -1)
            if tuple(words[place : place + size]) in PHRASES
        ),
        1,
    )


def _tens(words: list[str], place: int) -> tuple[str, int]:
    unit = _one(words[place + 1]) if place + 1 < len(words) else ""
    if len(unit) == 1 and unit.isdigit() and unit != "0":
        return str(TENS[words[place]] + int(unit)), 2
    return str(TENS[words[place]]), 1


_LEAST_MISSPELT: Final = 6


def _shortened(word: str) -> set[str]:
    """Return the word and what it becomes without one of its letters."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


# Long legal forms one edit away are the same form (symmetric deletes: two words are one
# edit apart only if they share a shortened one).
_LONG_FORMS: Final = {
    short: form
    for word, form in ALIKE.items()
    if form in LEGAL_FORMS and len(word) > _LEAST_MISSPELT
    for short in _shortened(word)
}


@lru_cache(maxsize=65_536)
def _misspelt_form(word: str) -> str:
    for short in _shortened(word):
        if short in _LONG_FORMS:
            return _LONG_FORMS[short]
    return word


def _one(word: str) -> str:
    known = ALIKE.get(word)
    if known is not None:
        return known
    if word in NUMERALS:
        return str(NUMERALS[word])
    if len(word) >= _LEAST_MISSPELT:
        return _misspelt_form(word)
    return word.lstrip("0") or word if word[0] == "0" else word


_DIGRAPHS: Final = (
    ("shch", "s"),
    ("tch", "c"),
    ("sch", "s"),
    ("kh", "h"),
    ("gh", "g"),
    ("sh", "s"),
    ("ch", "c"),
    ("zh", "z"),
    ("th", "t"),
    ("dh", "d"),
    ("ph", "f"),
    ("ts", "s"),
    ("dj", "j"),
    ("ck", "k"),
    ("x", "ks"),
)
VOWELS: Final = frozenset("aeiouy")
_SOUNDS: Final = str.maketrans("qcwz", "kkvs", "aeiouyh")
_DOUBLE: Final = re.compile(r"(.)\1+")


@lru_cache(maxsize=65_536)
def skeleton(token: str) -> str:
    """Return the consonants of a token, sounds that romanisations confuse merged.

    Digits stand for themselves; a leading vowel is kept as `a`.
    """
    text = token
    for written, sound in _DIGRAPHS:
        if written in text:
            text = text.replace(written, sound)
    body = _DOUBLE.sub(r"\1", text.translate(_SOUNDS))
    return "a" + body if text[:1] in VOWELS else body


@dataclass(frozen=True, slots=True)
class Name:
    """A name ready for comparison.

    `tokens` in written order, none if the text has no letter or digit; `content` those
    of them that tell names apart (all, if none does); `numbers` the tokens that hold a
    digit, `legal` the legal forms; `fathers` the (child, father) pairs that a particle
    such as bin joins; `ideographs` the Chinese characters and Korean syllables it was
    written in; `abjad` says that its script leaves out vowels,
    `cut` that the text was too long to compare in full.
    """

    tokens: tuple[str, ...]
    content: tuple[str, ...]
    numbers: frozenset[str]
    legal: frozenset[str]
    fathers: frozenset[tuple[str, str]] = frozenset()
    ideographs: str = ""
    abjad: bool = False
    cut: bool = False


@lru_cache(maxsize=65_536)
def parse_name(text: str) -> Name:
    """Return the name of a text."""
    words = _words(text)
    tokens = _alike(words[:MAX_TOKENS])
    return Name(
        tokens=tokens,
        content=_content(tokens),
        numbers=frozenset(t for t in tokens if any(map(str.isdigit, t))),
        legal=LEGAL_FORMS.intersection(tokens),
        fathers=_fathers(tokens),
        ideographs=ideographs(text),
        abjad=is_abjad(text),
        cut=len(text) > MAX_CHARACTERS or len(words) > MAX_TOKENS,
    )


_LIGHT: Final = LEGAL_FORMS | TITLES | (PARTICLES - DOUBTFUL_PARTICLES)


def _content(tokens: tuple[str, ...]) -> tuple[str, ...]:
    heavy = tuple(t for t in tokens if t not in _LIGHT)
    firm = tuple(t for t in heavy if t not in DOUBTFUL_PARTICLES)
    return firm if len(firm) > 1 else heavy or tokens


def _fathers(tokens: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    if PATRONYMICS.isdisjoint(tokens):
        return frozenset()
    # Particles such as al stand between bin and the name.
    heavy = [t for t in tokens if t in PATRONYMICS or t not in PARTICLES]
    return frozenset(
        (heavy[place - 1], heavy[place + 1])
        for place in range(1, len(heavy) - 1)
        if heavy[place] in PATRONYMICS
    )

"""Mandarin syllables: Wade-Giles spellings beside Pinyin ones.

Source: the correspondence table of Wade-Giles and Hanyu Pinyin (ISO 7098:2015, annex).
Lists write Wade-Giles without the apostrophe that tells aspirated sounds apart, so a
syllable may have several readings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

__all__ = ["pinyin"]

_INITIALS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("hs", ("x",)),
    ("tz", ("z", "c")),
    ("ts", ("z", "c")),
    ("sz", ("s",)),
    ("ch", ("zh", "j", "ch", "q")),
    ("sh", ("sh",)),
    ("p", ("b", "p")),
    ("t", ("d", "t")),
    ("k", ("g", "k")),
    ("zh", ("zh",)),
    ("z", ("z",)),
    ("c", ("c",)),
    ("x", ("x",)),
    ("q", ("q",)),
    ("b", ("b",)),
    ("d", ("d",)),
    ("g", ("g",)),
    ("r", ("r",)),
    ("j", ("r", "j")),
    ("f", ("f",)),
    ("h", ("h",)),
    ("l", ("l",)),
    ("m", ("m",)),
    ("n", ("n",)),
    ("s", ("s",)),
    ("w", ("w",)),
    ("y", ("y",)),
    ("", ("",)),
)
# Wade-Giles final -> Pinyin finals.
_FINALS: Final[dict[str, tuple[str, ...]]] = {
    "ung": ("ong",),
    "iung": ("iong",),
    "ieh": ("ie",),
    "ueh": ("ue",),
    "ien": ("ian",),
    "ih": ("i",),
    "u": ("u",),
    "uei": ("ui",),
    "o": ("e", "uo", "o"),
    "e": ("e", "i"),
    "yu": ("you",),
} | {
    final: (final,)
    for final in [
        "a",
        "ai",
        "an",
        "ang",
        "ao",
        "ei",
        "en",
        "eng",
        "i",
        "ia",
        "ian",
        "iang",
        "iao",
        "ie",
        "in",
        "ing",
        "iong",
        "iu",
        "ong",
        "ou",
        "ua",
        "uai",
        "uan",
        "uang",
        "ue",
        "ui",
        "un",
        "uo",
    ]
}
_Y_SYLLABLES: Final = {"yen": "yan", "yeh": "ye", "yu": "you", "yung": "yong"}


@lru_cache(maxsize=65_536)
def pinyin(token: str) -> frozenset[str]:
    """Return the Pinyin readings of a token of one or two syllables, if any.

    A syllable may be spelt in Pinyin or Wade-Giles, so both readings are among them.
    """
    readings = _syllable(token)
    if not readings:
        readings = frozenset(
            first + second
            for cut in range(1, min(len(token), 6))
            for first in _syllable(token[:cut])
            for second in _syllable(token[cut:])
        )
    return readings


@lru_cache(maxsize=4_096)
def _syllable(text: str) -> frozenset[str]:
    if text in _Y_SYLLABLES:
        return frozenset({_Y_SYLLABLES[text], text})
    for initial, sounds in _INITIALS:
        if text.startswith(initial):
            finals = _FINALS.get(text[len(initial) :])
            if finals:
                return frozenset(s + f for s in sounds for f in finals)
    return frozenset()

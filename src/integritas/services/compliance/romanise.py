"""Any script in lower-case Latin letters, as sanctions lists would spell it.

Cyrillic close to BGN/PCGN, Greek after ELOT 743, Arabic and Persian by consonants,
Korean after McCune and Reischauer without its marks, Chinese in Pinyin (family name
first, the given name as one word), every other script by the tables of anyascii.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from anyascii import anyascii

__all__ = ["MAX_CHARACTERS", "fold", "ideographs", "is_abjad"]

# A name longer than this is not a name; what follows is left out of the comparison, so
# that one hostile input cannot occupy the matcher.
MAX_CHARACTERS: Final = 600


def _spaced(text: str) -> list[str]:
    """Return the items of a table written as one text; an empty item is silent."""
    return text.split(" ")


# Romanisation in the spelling that sanctions lists use for Russian and Ukrainian names
# (close to BGN/PCGN), Greek after ELOT 743, Arabic and Persian by consonants.
_CYRILLIC: Final = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґўјљњћђџќѓѕ",
        _spaced(
            "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya "
            "yo i yi ye g u j lj nj c dj dz k g dz"
        ),
        strict=True,
    )
)
_GREEK: Final = dict(
    zip(
        "αβγδεζηθικλμνξοπρσςτυφχψω",
        _spaced("a v g d e z i th i k l m n x o p r s s t y f ch ps o"),
        strict=True,
    )
)
_ARABIC: Final = {
    **dict(
        zip(
            "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةپچژگکیآأإؤئٱںے",
            _spaced(
                "a b t th j h kh d dh r z s sh s d t z a gh f q k l m n h u i a a p "
                "ch zh g k i a a i u i a n e"
            ),
            strict=True,
        )
    ),
    "ء": "",
    "ـ": "",
}
_LATIN: Final = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ł": "l",
    "ħ": "h",
    "ı": "i",  # noqa: RUF001 - the Turkish letter is meant
    "ə": "a",
    "ŋ": "n",
}
_LETTERS: Final = str.maketrans({**_CYRILLIC, **_GREEK, **_ARABIC, **_LATIN})
# What is not seen splits no word, or a name could hide behind it: controls other than
# white space, soft hyphen, joiners, direction marks, fillers, variants, tags.
_UNSEEN: Final = dict.fromkeys(
    (
        *range(0x09),
        *range(0x0E, 0x1C),
        *range(0x7F, 0x85),
        *range(0x86, 0xA0),
        0xAD,
        0x34F,
        0x61C,
        *range(0x115F, 0x1161),
        *range(0x17B4, 0x17B6),
        *range(0x180B, 0x1810),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        0x3164,
        *range(0xFE00, 0xFE10),
        0xFEFF,
        0xFFA0,
        *range(0xFFF9, 0xFFFC),
        *range(0xE0000, 0xE0200),
    )
)
# Apostrophes and their look-alikes.
_SILENT: Final = _UNSEEN | str.maketrans(
    "",
    "",
    "'`\u2018\u2019\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u00b4\u2032",
)


_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_HANGUL: Final = re.compile(r"[\uac00-\ud7a3]+")
_EAST_ASIAN: Final = re.compile(
    r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3]"
)
_ABJAD: Final = re.compile(r"[\u0590-\u06ff\u0750-\u077f\ufb1d-\ufdff\ufe70-\ufefc]")
_UKRAINIAN: Final = re.compile(r"[іїєґ]")
_UKRAINIAN_LETTERS: Final = str.maketrans("иг", "ыh")
# Devanagari to Khmer, Ethiopic, Georgian and Mongolian among them.
_MARKED: Final = re.compile(r"[\u0900-\u10ff\u1200-\u18af\uab00-\uab2f]+")
# Longer runs are not one person's name.
_LONGEST_NAME: Final = 4

_KOREAN_INITIALS: Final = _spaced("k kk n t tt r m p pp s ss  ch tch ch k t p h")
_KOREAN_VOWELS: Final = _spaced(
    "a ae ya yae o e yo ye o wa wae oe yo u wo we wi yu u ui i"
)
_KOREAN_FINALS: Final = _spaced(
    " k k k n n n t l k m l l l p l m p p t t ng t t k t p t"
)
_KOREAN_FAMILIES: Final = {
    "i": "ri",
    "im": "rim",
    "no": "ro",
    "yu": "ryu",
    "yang": "ryang",
}


def _hangul(syllable: str) -> str:
    place = ord(syllable) - 0xAC00
    initial, rest = divmod(place, 588)
    vowel, final = divmod(rest, 28)
    return _KOREAN_INITIALS[initial] + _KOREAN_VOWELS[vowel] + _KOREAN_FINALS[final]


def _korean(found: re.Match[str]) -> str:
    syllables = [_hangul(c) for c in found[0]]
    if 1 < len(syllables) <= _LONGEST_NAME:
        family = _KOREAN_FAMILIES.get(syllables[0], syllables[0])
        return f" {family} {' '.join(syllables[1:])} "
    return f" {''.join(syllables)} "


def _chinese(found: re.Match[str]) -> str:
    syllables = [anyascii(c).lower() for c in found[0]]
    if 1 < len(syllables) <= _LONGEST_NAME:
        return f" {syllables[0]} {''.join(syllables[1:])} "
    return f" {''.join(syllables)} "


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Return text in lower-case Latin letters without diacritics, as far as known."""
    if text.isascii():
        return text[:MAX_CHARACTERS].lower().translate(_SILENT)
    text = text[:MAX_CHARACTERS].translate(_UNSEEN)
    text = unicodedata.normalize("NFKC", text).casefold()
    # Composed first, for letters such as й; again after the accents are gone, for ό.
    text = unicodedata.normalize("NFC", text)
    if _UKRAINIAN.search(text):
        text = text.translate(_UKRAINIAN_LETTERS)
    text = text.translate(_LETTERS)
    text = _HAN.sub(_chinese, _HANGUL.sub(_korean, text))
    # Before marks are dropped: in these scripts they are vowels.
    text = _MARKED.sub(_by_table, text)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = text.translate(_LETTERS).translate(_SILENT)
    return text if text.isascii() else _rest(text)


def _by_table(found: re.Match[str]) -> str:
    return anyascii(found[0]).lower()


def _rest(text: str) -> str:
    # What is no letter (emoji, signs) must not become one.
    letters = "".join(c if c.isascii() or c.isalnum() else " " for c in text)
    return anyascii(letters).lower().translate(_SILENT)


def ideographs(text: str) -> str:
    """Return the Chinese characters and Korean syllables of a text, in order.

    Each is a morpheme: another one is another name, however alike they sound.
    """
    return "" if text.isascii() else "".join(_EAST_ASIAN.findall(text))


def is_abjad(text: str) -> bool:
    """Say whether a text holds Hebrew or Arabic letters, written without vowels."""
    return not text.isascii() and _ABJAD.search(text) is not None

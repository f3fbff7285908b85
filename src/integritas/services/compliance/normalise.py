"""Names as tokens: case, diacritics, script, legal forms and numbers made alike.

Everything here is a pure function of text, with tables small enough to read. A richer
transliteration can replace `fold` without touching what is built on the tokens.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

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

# A name longer than this is not a name; what follows is left out of the comparison, so
# that one hostile input cannot occupy the matcher.
MAX_CHARACTERS: Final = 600
MAX_TOKENS: Final = 24


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
# Apostrophes and their look-alikes, joiners, direction marks, the soft hyphen.
_SILENT: Final = str.maketrans(
    "",
    "",
    ""
    "'`\u2018\u2019\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u00b4\u2032\u200c\u200d\u200e\u200f\u00ad",
)

_ACRONYM: Final = re.compile(r"(?<!\w)(?:\w\.){2,}\w?(?!\w)|(?<!\w)\w\.(?=\w{1,2}\.)")
_WORD: Final = re.compile(r"[^\W_]+")
_GLUED: Final = re.compile(r"(?<=[a-z]{2})(?=\d)|(?<=\d)(?=[a-z]{3})")

# Left: what is written; right: what it is compared as. Sources: ISO 20275 (ELF codes)
# for the forms, the OFAC and UN lists for which of them matter.
_PHRASES: Final[dict[tuple[str, ...], str]] = {
    ("limited", "liability", "company"): "llc",
    ("joint", "stock", "company"): "jsc",
    ("open", "joint", "stock", "company"): "jsc",
    ("public", "joint", "stock", "company"): "jsc",
    ("closed", "joint", "stock", "company"): "jsc",
    ("private", "limited"): "ltd",
    ("pvt", "ltd"): "ltd",
    ("pte", "ltd"): "ltd",
    ("pty", "ltd"): "ltd",
    ("sdn", "bhd"): "ltd",
    ("sociedad", "anonima"): "sa",
    ("societe", "anonyme"): "sa",
    ("sociedade", "anonima"): "sa",
    ("s", "a"): "sa",
    ("limited", "sirketi"): "ltd",
    ("anonim", "sirketi"): "as",
}
_ALIKE: Final = {
    "limited": "ltd",
    "ltda": "ltd",
    "limitada": "ltd",
    "lda": "ltd",
    "pte": "ltd",
    "pvt": "ltd",
    "incorporated": "inc",
    "corporation": "corp",
    "company": "co",
    "compania": "co",
    "compagnie": "co",
    "cia": "co",
    "aktiengesellschaft": "ag",
    "oao": "jsc",
    "pao": "jsc",
    "zao": "jsc",
    "ao": "jsc",
    "pjsc": "jsc",
    "ojsc": "jsc",
    "cjsc": "jsc",
    "pjs": "jsc",
    "ooo": "llc",
    "fze": "fz",
    "fzc": "fz",
    "fzco": "fz",
    "sirketi": "co",
    "number": "no",
    "nr": "no",
    "y": "and",
    "et": "and",
    "und": "and",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "first": "1",
    "1st": "1",
    "second": "2",
    "2nd": "2",
    "third": "3",
    "3rd": "3",
}
LEGAL_FORMS: Final = frozenset(
    _spaced(
        "ltd llc inc corp co sa jsc gmbh ag bv nv plc llp lp spa srl sarl as kg oy "
        "ab aps sas fz cv scs sc sl eirl est kft doo dd ad ood kk pt tbk bhd sdn"
    )
)
TITLES: Final = frozenset(
    _spaced(
        "mr mrs ms dr prof professor eng hajji haji hadji haj hajj mullah mulla "
        "maulavi mawlawi maulawi sheikh shaykh shaikh sayyid sayed seyyed general "
        "gen colonel col captain capt brigadier lieutenant lt major maj admiral sir "
        "dame hon rev father don dona senor herr frau mme hafiz qari ustad ayatollah"
    )
)
PARTICLES: Final = frozenset(
    _spaced(
        "al el ul ud as ash an at bin ben ibn bint de da do dos das del della di du "
        "la le las los van von der den ter ten zu and the of for in a y"
    )
)


def fold(text: str) -> str:
    """Return text in lower-case Latin letters without diacritics, as far as known."""
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS]).casefold()
    # Composed first, for letters such as й; again after the accents are gone, for ό.
    text = unicodedata.normalize("NFC", text).translate(_LETTERS)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c))
    return text.translate(_LETTERS).translate(_SILENT)


def tokenise(text: str) -> tuple[str, ...]:
    """Return the comparable tokens of a name in written order, at most MAX_TOKENS."""
    return _alike(_words(text)[:MAX_TOKENS])


def _words(text: str) -> list[str]:
    folded = _ACRONYM.sub(lambda m: m[0].replace(".", ""), fold(text))
    return _WORD.findall(_GLUED.sub(" ", folded.replace("&", " and ")))


def _alike(words: list[str]) -> tuple[str, ...]:
    """Replace phrases and words by what they are compared as."""
    tokens: list[str] = []
    place = 0
    while place < len(words):
        size = next(
            (n for n in (4, 3, 2) if tuple(words[place : place + n]) in _PHRASES), 1
        )
        run = words[place : place + size]
        if size > 1:
            tokens.append(_PHRASES[tuple(run)])
        else:
            tokens.append(_ALIKE.get(run[0], run[0].lstrip("0") or run[0]))
        place += size
    return tuple(tokens)


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

    `tokens` in written order, none if the text has no letter or digit; `numbers` are
    the tokens that hold a digit; `cut` says that the text was too long to compare
    in full.
    """

    tokens: tuple[str, ...]
    numbers: frozenset[str]
    cut: bool = False


@lru_cache(maxsize=65_536)
def parse_name(text: str) -> Name:
    """Return the name of a text."""
    words = _words(text)
    tokens = _alike(words[:MAX_TOKENS])
    return Name(
        tokens=tokens,
        numbers=frozenset(t for t in tokens if any(c.isdigit() for c in t)),
        cut=len(text) > MAX_CHARACTERS or len(words) > MAX_TOKENS,
    )

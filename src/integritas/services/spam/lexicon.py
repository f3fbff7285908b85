"""Finding words of a list in a text, and numbers with a currency beside them: one pass.

The lists become one trie over UTF-8 bytes; the kernel walks it from every beginning of
a word. Scripts that write without spaces have no such beginning: their words are looked
for everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from unicodedata import normalize

import numpy as np

from integritas.services.spam.hashing import kernel
from integritas.services.spam.parsing import MAX_SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from integritas.services.spam.hashing import Bytes, Indices

__all__ = ["Lexicon"]

_MOST: Final = 24  # matches of one text
_WHOLE: Final = 64  # added to the kind of a word that must end where it ends


class Lexicon:
    """Beginnings of words by kind, and currencies."""

    def __init__(
        self, words: Mapping[str, Iterable[str]], currencies: Iterable[str]
    ) -> None:
        """Compile the lists; all words are folded to lower case."""
        self._kinds = [*words, "amount"]
        rows = [[0] * 256]
        ends = [-1]
        for number, kind in enumerate(words):
            for word in words[kind]:
                _plant(rows, ends, _caseless(word).encode(), number)
        number = len(self._kinds) - 1
        for name in currencies:
            whole = _WHOLE if name.isalnum() else 0
            _plant(rows, ends, _caseless(name).encode(), number + whole)
        self._next: NDArray[np.int32] = np.array(rows, np.int32)
        self._ends: NDArray[np.int16] = np.array(ends, np.int16)
        self._amount = number

    def find(self, text: bytes, *, most: int) -> dict[str, tuple[str, ...]]:
        """Return by kind the distinct words found, at most so many, in lower case.

        `text` is UTF-8; what is behind `MAX_SHOWN` bytes is not looked at.
        """
        source = _even(text)
        spans = np.empty((_MOST, 3), np.int32)
        taken = np.zeros(len(self._kinds), np.int32)
        count = match(
            np.frombuffer(source, np.uint8),
            self._next,
            self._ends,
            self._amount,
            most,
            taken,
            spans,
        )
        if not count:
            return {}
        found: dict[str, dict[str, None]] = {}
        for kind, start, end in spans[:count].tolist():
            word = source[start:end].decode("utf-8", "replace").strip(" .,'")
            found.setdefault(self._kinds[kind], {})[word] = None
        return {kind: tuple(words)[:most] for kind, words in found.items()}


def _caseless(text: str) -> str:
    """Return text in lower case, letters with their marks composed (NFC).

    Turkish has two i: whichever was meant, a capital one is the same letter.
    """
    folded = normalize("NFC", text.casefold())
    return folded.replace("i\u0307", "i").replace("\u0131", "i")


def _even(text: bytes) -> bytes:
    """Return text in lower case, its space collapsed."""
    if not text.isascii():
        folded = _caseless(text[:MAX_SHOWN].decode("utf-8", "replace"))
        return " ".join(folded.split()).encode("utf-8", "replace")
    out = np.empty(min(len(text), MAX_SHOWN), np.uint8)
    size = collapse(np.frombuffer(text, np.uint8)[:MAX_SHOWN], out)
    return out[:size].tobytes()


_EVEN: Final = np.array(
    [
        32 if code < 128 and chr(code).isspace() else ord(chr(code).lower())
        for code in range(128)
    ],
    np.uint8,
)


@kernel
def collapse(text: Bytes, out: Bytes) -> int:
    """Write ASCII in lower case, one space for many, none at the ends."""
    size = 0
    space = True
    for code in text:
        even = _EVEN[code]
        out[size] = even
        size += not (space and even == 32)
        space = even == 32
    return size - 1 if size > 0 and space else size


def _plant(rows: list[list[int]], ends: list[int], word: bytes, kind: int) -> None:
    node = 0
    for code in word:
        following = rows[node][code]
        if not following:
            following = rows[node][code] = len(rows)
            rows.append([0] * 256)
            ends.append(-1)
        node = following
    if ends[node] < 0:
        ends[node] = kind


@kernel
def wordy(code: np.uint8) -> bool:
    """Say whether a byte is part of a word."""
    return bool(97 <= code <= 122 or 48 <= code <= 57 or code == 95 or code >= 128)


_WORDY: Final = np.array([wordy(np.uint8(code)) for code in range(256)], np.bool_)


@kernel
def begins(text: Bytes, at: int) -> bool:
    """Say whether a word may begin within one: in a script without spaces."""
    code = text[at]
    if code == 0xE0 and at + 1 < len(text):
        return bool(0xB8 <= text[at + 1] <= 0xB9)  # Thai
    if code == 0xC2 or text[at - 1] < 128:  # a sign such as a pound, or behind a letter
        return bool(code >= 0xC2)
    return bool(0xE3 <= code <= 0xE9 or code == 0xE2)  # kana, Han, signs of currencies


@kernel
def number_after(text: Bytes, at: int) -> int:
    """Return where a number that begins here (after a space) ends, or -1."""
    end = len(text)
    if at < end and text[at] == 32:
        at += 1
    if at >= end or not 48 <= text[at] <= 57:
        return -1
    last = at
    most = min(end, at + 22)
    while at < most and (48 <= text[at] <= 57 or text[at] in (46, 44, 39, 32)):
        if 48 <= text[at] <= 57:
            last = at
        at += 1
    return last + 1


@kernel
def number_before(text: Bytes, at: int) -> int:
    """Return where a number (with a multiplier behind) that ends here begins, or -1."""
    at -= 1
    if at >= 0 and text[at] == 32:
        at -= 1
    letters = 0
    while at >= 0 and 97 <= text[at] <= 122 and letters < 9:
        at -= 1
        letters += 1
    if letters:
        first = text[at + 1]
        one = letters == 1 and first in (107, 109)
        if not (one or (letters == 3 and first == 109) or first in (109, 116)):
            return -1
        if not one and letters not in (3, 7, 8):
            return -1
        if at >= 0 and text[at] == 32:
            at -= 1
    if at < 0 or not 48 <= text[at] <= 57:
        return -1
    begin = at
    least = max(-1, at - 22)
    while at > least and (48 <= text[at] <= 57 or text[at] in (46, 44, 39, 32)):
        if 48 <= text[at] <= 57:
            begin = at
        at -= 1
    return begin


@kernel
def match(
    text: Bytes,
    following: Indices,
    ends: NDArray[np.int16],
    amount: int,
    most: int,
    taken: Indices,
    spans: Indices,
) -> int:
    """Fill `spans` with (kind, begin, end) of what is found; return how many."""
    count = 0
    size = len(text)
    before = False  # the last byte is part of a word
    for at in range(size):
        inside, before = before, _WORDY[text[at]]
        if (inside and text[at] < 128) or following[0, text[at]] == 0:
            continue
        if inside and not begins(text, at):
            continue
        node = 0
        place = at
        while place < size:
            node = following[node, text[place]]
            if node == 0:
                break
            place += 1
            kind = ends[node]
            if kind < 0:
                continue
            if kind >= 64:
                kind -= 64
                if place < size and wordy(text[place]) and not 48 <= text[place] <= 57:
                    continue
            start, stop = at, place
            if kind == amount:
                stop = number_after(text, place)
                if stop < 0:
                    start, stop = number_before(text, at), place
                    if start < 0:
                        continue
            else:
                while stop < size and stop < place + 24 and wordy(text[stop]):
                    stop += 1
                while stop < size and text[stop] & 0xC0 == 0x80:
                    stop += 1
            if taken[kind] < 2 * most and count < len(spans):
                taken[kind] += 1
                spans[count, 0] = kind
                spans[count, 1] = start
                spans[count, 2] = stop
                count += 1
            break
    return count

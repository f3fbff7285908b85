"""Text as it is read, not as it is spelt: look-alikes, invisible signs, spacing, leet.

One pass over UTF-8 undoes what writers do to slip past a filter, and counts how often
they did it. Look-alikes are those of Unicode Technical Standard 39 (confusables) and of
compatibility decomposition (NFKD), but only in words that become plain Latin by it: a
Russian word keeps its letters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from integritas.services.spam.hashing import inlined, kernel, lowered

if TYPE_CHECKING:
    from integritas.services.spam.hashing import Bytes, Indices

__all__ = ["LOOKALIKES", "Folded", "fold", "fold_head"]

LOOKALIKES: Final = 0x20000  # code points that the table covers
_DROPPED: Final = 1  # in the table: a sign that is not seen


class Folded(NamedTuple):
    """Folded text (UTF-8) and how often each trick was undone."""

    text: bytes
    invisible: int
    bidirectional: int
    lookalike: int
    leet: int
    spaced: int


def fold(source: bytes, table: Bytes, *, most: int) -> Folded:
    """Return text with tricks undone; `table` maps code points to ASCII (0: keep)."""
    source = source[:most]
    out = np.empty(len(source) + 8, np.uint8)
    spare = np.empty(len(source) + 8, np.uint8)
    counts = np.zeros(6, np.int32)
    unfold(np.frombuffer(source, np.uint8), table, out, spare, counts)
    size, *tricks = counts.tolist()
    return Folded(out[:size].tobytes(), *tricks)


def fold_head(source: bytes, *, most: int) -> bytes:
    """Return a header block, a field a line; marks of other filters are left out."""
    out = np.empty(most + 8, np.uint8)
    size = unfold_head(np.frombuffer(source, np.uint8), out, most)
    return out[:size].tobytes()


@kernel
def code_point(text: Bytes, at: int) -> tuple[int, int]:
    """Return a code point and its length; a stray byte stands for itself."""
    first = int(text[at])
    end = len(text)
    if first < 0x80:
        return first, 1
    if 0xC2 <= first < 0xE0 and at + 1 < end:
        return (first & 31) << 6 | (int(text[at + 1]) & 63), 2
    if 0xE0 <= first < 0xF0 and at + 2 < end:
        return (first & 15) << 12 | (int(text[at + 1]) & 63) << 6 | (
            int(text[at + 2]) & 63
        ), 3
    if 0xF0 <= first < 0xF5 and at + 3 < end:
        return (first & 7) << 18 | (int(text[at + 1]) & 63) << 12 | (
            int(text[at + 2]) & 63
        ) << 6 | (int(text[at + 3]) & 63), 4
    return first, 1


@kernel
def leet(code: np.uint8) -> np.uint8:
    """Return the letter that a digit or sign stands for, or 0."""
    if code == 48:
        return np.uint8(111)
    if code == 49 or code == 33 or code == 124:
        return np.uint8(105)
    if code == 51:
        return np.uint8(101)
    if code == 52 or code == 64:
        return np.uint8(97)
    if code == 53 or code == 36:
        return np.uint8(115)
    if code == 55 or code == 43:
        return np.uint8(116)
    if code == 56:
        return np.uint8(98)
    return np.uint8(0)


@kernel
def latin(code: np.uint8) -> bool:
    """Say whether a byte is an ASCII letter."""
    return bool(97 <= code <= 122 or 65 <= code <= 90)


@kernel
def unleet(word: Bytes, begin: int, end: int) -> bool:
    """Undo leet in a word that is mostly letters; say whether there was any.

    A number, a number with a unit and a word with a number behind stay as they are.
    """
    letters, signs, digits, run, longest = 0, 0, 0, 0, 0
    for at in range(begin, end):
        if latin(word[at]):
            letters += 1
            run = 0
            continue
        if not leet(word[at]):
            return False
        signs += 1
        run += 1
        longest = max(longest, run)
        if 48 <= word[at] <= 57:
            digits += 1
    if not signs or letters < signs or longest > 2 or end - begin < 4:
        return False
    inner = False
    for at in range(begin + 1, end - 1):
        if leet(word[at]) and latin(word[at + 1]):
            inner |= at > begin + 1 or latin(word[begin])
    first = leet(word[begin]) and latin(word[begin + 1]) and digits < signs
    if not inner and not first:
        return False
    last = end
    while last > begin and word[last - 1] == 33:  # exclamation marks stay
        last -= 1
    for at in range(begin, last):
        letter = leet(word[at])
        if letter:
            word[at] = letter
    return True


@kernel
def reverse(out: Bytes, begin: int, end: int) -> None:
    """Turn ASCII text round, as a reader sees it after U+202E."""
    low, high = begin, end - 1
    while low < high:
        out[low], out[high] = out[high], out[low]
        low += 1
        high -= 1


@kernel
def spellable(code: np.uint8) -> bool:
    """Say whether a byte is a letter, or stands for one."""
    return bool(latin(code) or leet(code) > 0)


def _in_word(code: int) -> int:
    """Return 1 for ASCII that may be part of a word, 2 if it stands for a letter."""
    if code in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ":
        return 1
    return 2 if code in b"0123456789!$+@|" else 0


# Looked up, as every byte is: what a byte is in a word, and the signs between letters.
_KINDS: Final = np.array([_in_word(code) for code in range(256)], np.uint8)
_GAPS: Final = np.array([code in b" -._*/,~" for code in range(256)], np.bool_)


@kernel
def join_spaced(out: Bytes, size: int, counts: Indices) -> int:
    """Join runs of four or more letters with the same sign between; return the size."""
    write = 0
    at = 0
    while at < size:
        if (
            at + 6 < size
            and _GAPS[out[at + 1]]
            and (at == 0 or not latin(out[at - 1]))
            and spellable(out[at])
            and spellable(out[at + 2])
        ):
            sign = out[at + 1]
            stop, letters = at, int(latin(out[at]))
            while (
                stop + 2 < size and out[stop + 1] == sign and spellable(out[stop + 2])
            ):
                stop += 2
                letters += latin(out[stop])
            if stop + 1 < size and latin(out[stop + 1]):
                letters -= latin(out[stop])
                stop -= 2
            if stop - at >= 6 and letters * 4 > stop - at + 2:
                begin = write
                while at <= stop:
                    out[write] = out[at]
                    write += 1
                    at += 2
                at -= 1
                unleet(out, begin, write)
                counts[5] += 1
                continue
        out[write] = out[at]
        write += 1
        at += 1
    return write


@inlined
def spell(
    out: Bytes, begin: int, end: int, spare: Bytes, copied: bool, mapped: int
) -> int:
    """Have `spare` hold the word that `out` ends with; return its size there."""
    if copied:
        return mapped
    for place in range(begin, end):
        spare[place - begin] = out[place]
    return end - begin


@kernel
def unfold(
    text: Bytes, table: Bytes, out: Bytes, spare: Bytes, counts: Indices
) -> None:
    """Fill `out`; `counts` are the size, then as in `Folded`."""
    end = len(text)
    size = 0
    at = 0
    turned = -1
    word = 0  # where the current word begins in `out`
    plain = True  # the current word was ASCII all along
    maps = True  # all of its other letters look like Latin ones
    copied = False  # `spare` holds the word: it does once one letter is not ASCII
    mapped = 0  # bytes of the mapped word in `spare`
    signs = np.uint8(0)  # 2 and more: some may stand for letters
    while at <= end:
        if not copied:  # nearly all text is this
            while at < end and _KINDS[text[at]]:
                signs |= _KINDS[text[at]]
                out[size] = text[at]
                size += 1
                at += 1
        point, length = code_point(text, at) if at < end else (10, 1)
        if point >= 128:
            target = table[point] if point < LOOKALIKES else np.uint8(0)
            if target == _DROPPED:
                if 0x202A <= point <= 0x202E or 0x2066 <= point <= 0x2069:
                    counts[2] += 1
                    if point == 0x202E:
                        turned = size
                    elif point in (0x202C, 0x2069) and turned >= 0:
                        mapped = spell(out, word, size, spare, copied, mapped)
                        copied = True
                        signs |= np.uint8(2)
                        reverse(out, turned, size)
                        reverse(spare, 0, mapped)
                        turned = -1
                else:
                    counts[1] += 1
                at += length
                continue
            if target != 32:
                mapped = spell(out, word, size, spare, copied, mapped)
                copied = True
                plain = False
                maps = maps and target != 0
                spare[mapped] = target or np.uint8(63)
                mapped += 1
                for place in range(at, at + length):
                    out[size] = text[place]
                    size += 1
                at += length
                continue
            point = 32
        elif _KINDS[point]:
            if copied:
                spare[mapped] = point
                mapped += 1
            signs |= _KINDS[point]
            out[size] = point
            size += 1
            at += length
            continue
        if not plain and maps:
            for place in range(mapped):
                out[word + place] = spare[place]
            size = word + mapped
            counts[3] += 1
        if not copied:
            mapped = size - word
        if (
            mapped >= 4
            and (maps if not plain else signs >= 2)
            and unleet(out, word, size)
        ):
            counts[4] += 1
        if turned >= 0 and point == 10:
            reverse(out, turned, size)
            turned = -1
        if at < end:
            if point in (9, 13):
                point = 32
            if point != 32 or (
                size > 0 and out[size - 1] != 32 and out[size - 1] != 10
            ):
                out[size] = point
                size += 1
        at += length
        word = size
        mapped = 0
        plain = True
        maps = True
        copied = False
        signs = np.uint8(0)
    counts[0] = join_spaced(out, size, counts)


@kernel
def mark_of_filter(text: Bytes, at: int) -> bool:
    """Say whether a field says what another filter thought, not what the mail is."""
    if at + 7 >= len(text):
        return False
    first = lowered(text[at])
    if first == 115:  # status
        return bool(
            lowered(text[at + 1]) == 116
            and lowered(text[at + 2]) == 97
            and lowered(text[at + 3]) == 116
            and text[at + 6] == 58
        )
    if first != 120 or text[at + 1] != 45:
        return False
    third, fourth = lowered(text[at + 2]), lowered(text[at + 3])
    if third == 115:  # x-spam, x-status
        return bool(fourth == 112 or (fourth == 116 and lowered(text[at + 4]) == 97))
    return bool(third == 107 and fourth == 101)  # x-keywords


@kernel
def unfold_head(text: Bytes, out: Bytes, most: int) -> int:
    """Write fields a line each; return how many bytes."""
    end = len(text)
    size = 0
    at = 0
    while at < end and size < most:
        skipped = mark_of_filter(text, at)
        name = True
        while at < end and size < most:
            code = text[at]
            if code == 10:
                at += 1
                if at < end and text[at] in (32, 9):
                    code = np.uint8(32)
                else:
                    break
            else:
                at += 1
            if skipped:
                continue
            if code in (9, 13, 32):
                if size > 0 and out[size - 1] not in (32, 10):
                    out[size] = 32
                    size += 1
                continue
            if name:
                name = code != 58
                code = lowered(code)
            out[size] = code
            size += 1
        if not skipped and size > 0 and size < most:
            if out[size - 1] == 32:
                size -= 1
            out[size] = 10
            size += 1
    return size

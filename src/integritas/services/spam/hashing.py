"""Compiled kernels: bytes to the hashes of distinct binary features.

Features are distinct character 3-5-grams (cased) of three sections - head, text,
markup - and words: of the text alone and in pairs, of the head with the name of their
field. They are hashed to 2^`bits` buckets after Weinberger et al., "Feature Hashing for
Large Scale Multitask Learning" (ICML 2009), without signs; a gram is a number of up to
40 bits, and the high bits of its product with an odd constant are its bucket
(Dietzfelbinger et al., "A Reliable Randomized Algorithm for the Closest-Pair Problem",
1997). A bitmap finds duplicates: it fits a core's cache, where a table of stamps does
not. Every kernel lets go of the interpreter's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "GROUPS",
    "SIGNAL",
    "WORDS",
    "chained",
    "inlined",
    "kernel",
    "lowered",
    "token_class",
    "walk",
]

Bytes: TypeAlias = NDArray[np.uint8]
Hashes: TypeAlias = NDArray[np.uint32]
Indices: TypeAlias = NDArray[np.int32]

# The groups of features, in this order: grams of head, text, markup; words of the text;
# words of fields; signals.
GROUPS: Final = 6
WORDS: Final = 3
SIGNAL: Final = 5

_Kernel = TypeVar("_Kernel", bound="Callable[..., Any]")


def kernel(function: _Kernel) -> _Kernel:
    """Compile a function; the machine code is kept beside the source or in a cache."""
    try:
        return cast("_Kernel", numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # nowhere to write: compiled anew in every process
        return cast("_Kernel", numba.njit(nogil=True)(function))


def inlined(function: _Kernel) -> _Kernel:
    """Compile a small function into the ones that call it."""
    return cast("_Kernel", numba.njit(nogil=True, inline="always")(function))


@inlined
def add(
    hashed: np.uint64,
    shift: np.uint64,
    place: int,
    bitmap: Hashes,
    out: Indices,
    places: Indices,
    count: int,
) -> int:
    """Note a bucket if it is new, without a branch; return how many there are now."""
    bucket = np.uint32(hashed >> shift)
    word = bucket >> np.uint32(5)
    bit = bucket & np.uint32(31)
    seen = bitmap[word]
    bitmap[word] = seen | np.uint32(np.uint32(1) << bit)
    out[count] = bucket
    places[count] = place
    return count + 1 - int((seen >> bit) & np.uint32(1))


@kernel
def grams(
    text: Bytes,
    begin: int,
    end: int,
    shift: np.uint64,
    bitmap: Hashes,
    out: Indices,
    places: Indices,
    count: int,
) -> int:
    """Note the 3-, 4- and 5-grams of a section."""
    if end - begin < 3:
        return count
    window = np.uint64(0)  # the next five bytes, the first in the lowest bits
    for at in range(begin, min(begin + 4, end)):
        window |= np.uint64(text[at]) << np.uint64(8 * (at - begin))
    for at in range(begin, end - 2):
        if at + 4 < end:
            window |= np.uint64(text[at + 4]) << np.uint64(32)
        three = (window & np.uint64(0xFFFFFF)) * np.uint64(0x9E3779B97F4A7C15)
        count = add(three, shift, at + 1, bitmap, out, places, count)
        if at + 3 < end:
            four = (window & np.uint64(0xFFFFFFFF)) * np.uint64(0xC2B2AE3D27D4EB4F)
            count = add(four, shift, at + 1, bitmap, out, places, count)
        if at + 4 < end:
            five = window * np.uint64(0xD6E8FEB86659FD93)
            count = add(five, shift, at + 1, bitmap, out, places, count)
        window >>= np.uint64(8)
    return count


@inlined
def token_class(code: np.uint8) -> int:
    """Return 1 for what words consist of, 2 for signs that are words, else 0."""
    if 97 <= code <= 122 or 65 <= code <= 90 or 48 <= code <= 57 or code >= 128:
        return 1
    if code in (33, 36, 37):  # ! $ %
        return 2
    return 0


@inlined
def lowered(code: np.uint8) -> np.uint8:
    """Return the lower case of an ASCII letter, else the byte."""
    return np.uint8(code + 32) if 65 <= code <= 90 else np.uint8(code)


@inlined
def chained(value: np.uint64, code: np.uint8) -> np.uint64:
    """Return the hash of a token with one more byte (FNV-1a)."""
    return (value ^ np.uint64(code)) * np.uint64(0x100000001B3)


@kernel
def words(
    text: Bytes,
    begin: int,
    end: int,
    shift: np.uint64,
    bitmap: Hashes,
    out: Indices,
    places: Indices,
    count: int,
) -> int:
    """Note words, pairs of neighbours, and the shapes of numbers, lower case."""
    before = np.uint64(0)
    before_at = 0
    at = begin
    while at < end:
        kind = token_class(text[at])
        if kind == 0:
            at += 1
            continue
        value = np.uint64(0xCBF29CE484222325)
        shape = value
        numeric = False
        start = at
        while at < end and token_class(text[at]) == kind:
            code = lowered(text[at])
            value = chained(value, code)
            if 48 <= code <= 57:
                code = np.uint8(48)
                numeric = True
            shape = chained(shape, code)
            at += 1
        if numeric:
            shape *= np.uint64(0x589965CC75374CC3)
            count = add(shape, shift, start, bitmap, out, places, count)
        alone = value * np.uint64(0x9FB21C651E98DF25)
        count = add(alone, shift, start, bitmap, out, places, count)
        if before:
            pair = (before * np.uint64(3) + value) * np.uint64(0xA0761D6478BD642F)
            count = add(pair, shift, before_at, bitmap, out, places, count)
        before = value
        before_at = start
    return count


@kernel
def field_words(
    text: Bytes,
    end: int,
    shift: np.uint64,
    bitmap: Hashes,
    out: Indices,
    places: Indices,
    count: int,
) -> int:
    """Note the names of fields, and the words of their values with the name."""
    at = 0
    while at < end:
        name = np.uint64(0xCBF29CE484222325)
        start = at
        while at < end and text[at] != 58 and text[at] != 10:
            name = chained(name, lowered(text[at]))
            at += 1
        alone = name * np.uint64(0xE7037ED1A0B428DB)
        count = add(alone, shift, start, bitmap, out, places, count)
        while at < end and text[at] != 10:
            kind = token_class(text[at])
            if kind == 0:
                at += 1
                continue
            value = name
            start = at
            while at < end and token_class(text[at]) == kind:
                value = chained(value, lowered(text[at]))
                at += 1
            count = add(
                value * np.uint64(0x8EBC6AF09C88C6E3),
                shift,
                start,
                bitmap,
                out,
                places,
                count,
            )
        at += 1
    return count


@kernel
def walk(
    text: Bytes,
    ends: Indices,
    signals: Hashes,
    shift_bits: int,
    bitmap: Hashes,
    out: Indices,
    places: Indices,
    group_ends: Indices,
) -> None:
    """Write the distinct buckets of a document and their first places, group by group.

    `ends` are the ends of head, text and markup in `text`. A place is a byte of `text`
    (the second of a gram), or the number of a signal. `bitmap` has a bit a bucket and
    is zero before and after.
    """
    shift = np.uint64(shift_bits)
    count = 0
    begin = 0
    for section in range(3):
        end = ends[section]
        count = grams(text, begin, end, shift, bitmap, out, places, count)
        group_ends[section] = count
        begin = end
    count = words(text, ends[0], ends[1], shift, bitmap, out, places, count)
    group_ends[3] = count
    count = field_words(text, ends[0], shift, bitmap, out, places, count)
    group_ends[4] = count
    for number in range(len(signals)):
        hashed = np.uint64(signals[number]) * np.uint64(0x9E3779B97F4A7C15)
        count = add(hashed, shift, number, bitmap, out, places, count)
    group_ends[5] = count
    for number in range(count):
        bitmap[out[number] >> 5] = 0

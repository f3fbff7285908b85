"""What a reader of HTML sees, what the author hid, and the markup itself: one pass.

A filter needs no document object model; it needs to know what is shown. The kernel
walks the bytes once, keeps a bounded stack of open elements with their colours, and
sorts text into shown and hidden (`display:none`, tiny or transparent type, type in the
colour of its ground). Nothing can be too deep, and every byte is looked at a bounded
number of times.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from integritas.services.spam.hashing import inlined, kernel, lowered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from integritas.services.spam.hashing import Bytes, Hashes, Indices

    Flags = NDArray[np.bool_]

__all__ = ["Rendered", "render"]

_DEPTH: Final = 64
_LONGEST_TAG: Final = 600  # bytes of a tag that are looked at
_UNKNOWN: Final = -1
_WHITE: Final = 0xFFFFFF
_CLOSE: Final = 40  # how far apart, summed over red, green, blue, looks the same


class Rendered(NamedTuple):
    """Shown text and markup (UTF-8), and counts of what was done to hide things.

    `hidden` counts bytes of text that is not shown, `split` tags and comments inside
    words, `comments` comments, `images` images, `tags` all tags.
    """

    shown: bytes
    markup: bytes
    hidden: int
    split: int
    comments: int
    images: int
    tags: int


def render(source: bytes, *, most: int, most_markup: int) -> Rendered:
    """Return what is shown of HTML (UTF-8), at most so many bytes."""
    shown = np.empty(most + 8, np.uint8)
    markup = np.empty(most_markup + 8, np.uint8)
    counts = np.zeros(8, np.int32)
    scan(np.frombuffer(source, np.uint8), shown, markup, most, most_markup, counts)
    size, tags, *counted = counts[:7].tolist()
    return Rendered(shown[:size].tobytes(), markup[:tags].tobytes(), *counted)


@kernel
def starts(text: Bytes, at: int, end: int, word: bytes) -> bool:
    """Say whether a lower-case word stands at a place, in any case."""
    if at + len(word) > end:
        return False
    for offset in range(len(word)):
        if lowered(text[at + offset]) != word[offset]:
            return False
    return True


@kernel
def name_hash(text: Bytes, at: int, end: int) -> tuple[np.uint32, int]:
    """Return the hash of an element's name, and where the name ends."""
    value = np.uint32(2166136261)
    while at < end:
        code = lowered(text[at])
        if not (97 <= code <= 122 or 48 <= code <= 57):
            break
        # the product of two 32-bit numbers has 64: only the low half is the hash
        value = np.uint32((value ^ np.uint32(code)) * np.uint32(16777619))
        at += 1
    return value, at


def _named(name: str) -> int:
    value = 2166136261
    for code in name.encode():
        value = ((value ^ code) * 16777619) & 0xFFFFFFFF
    return value


_BREAKING: Final = np.sort(
    np.array(
        [
            _named(name)
            for name in [
                "p",
                "div",
                "tr",
                "td",
                "th",
                "li",
                "ul",
                "ol",
                "table",
                "h1",
                "h2",
                "h3",
                "h4",
                "h5",
                "h6",
                "blockquote",
                "br",
                "hr",
                "center",
                "form",
                "title",
                "option",
            ]
        ],
        np.uint32,
    )
)
_EMPTY: Final = np.sort(
    np.array(
        [
            _named(name)
            for name in [
                "br",
                "hr",
                "img",
                "meta",
                "input",
                "link",
                "area",
                "base",
                "col",
                "embed",
                "wbr",
            ]
        ],
        np.uint32,
    )
)
_SELF_CLOSING: Final = np.array([_named(n) for n in ("p", "td", "tr", "li")], np.uint32)
_SKIPPED: Final = np.array(
    [_named(name) for name in ("script", "style", "title")], np.uint32
)
_BODY: Final = np.uint32(_named("body"))
_IMG: Final = np.uint32(_named("img"))


@kernel
def holds(names: Hashes, name: np.uint32) -> bool:
    """Say whether a name is one of a few."""
    for item in names:
        if item == name:
            return True
    return False


@kernel
def hex_value(code: np.uint8) -> int:
    """Return the value of a hexadecimal digit, or -1."""
    if 48 <= code <= 57:
        return int(code) - 48
    code = lowered(code)
    if 97 <= code <= 102:
        return int(code) - 87
    return -1


@kernel
def colour(text: Bytes, at: int, end: int) -> int:
    """Return a colour as 0xRRGGBB, or -1 for one that is not known."""
    while at < end and (text[at] in (32, 34, 39, 61, 58)):
        at += 1
    if starts(text, at, end, b"white"):
        return 0xFFFFFF
    if starts(text, at, end, b"black"):
        return 0
    if starts(text, at, end, b"transparent"):
        return -2
    if at < end and text[at] == 35:
        at += 1
    value = 0
    digits = 0
    while at < end and digits < 6:
        digit = hex_value(text[at])
        if digit < 0:
            break
        value = value * 16 + digit
        digits += 1
        at += 1
    if digits == 6:
        return value
    if digits == 3:
        red, green, blue = value >> 8, (value >> 4) & 15, value & 15
        return red * 17 << 16 | green * 17 << 8 | blue * 17
    return -1


@kernel
def alike(one: int, other: int) -> bool:
    """Say whether two colours look the same."""
    if one < 0 or other < 0:
        return False
    gap = abs((one >> 16) - (other >> 16))
    gap += abs((one >> 8 & 255) - (other >> 8 & 255))
    gap += abs((one & 255) - (other & 255))
    return gap < 40


@kernel
def number(text: Bytes, at: int, end: int) -> float:
    """Return the number after a colon or equals sign, or -1."""
    while at < end and text[at] in (32, 34, 39, 61, 58):
        at += 1
    value, scale, found = 0.0, 0.0, False
    while at < end and (48 <= text[at] <= 57 or text[at] == 46):
        if text[at] == 46:
            scale = 1.0
        else:
            value = value * 10 + (text[at] - 48)
            scale *= 10.0
            found = True
        at += 1
    if not found:
        return -1.0
    value = value / scale if scale > 0 else value
    if at < end and text[at] == 37 and value > 10:  # a share of the usual size
        return 10.0
    if at + 1 < end and lowered(text[at]) in (101, 114) and value > 0.3:  # em, rem
        return 10.0
    return value


@kernel
def look(
    text: Bytes, at: int, end: int, ground: int, ink: int
) -> tuple[bool, int, int]:
    """Read a tag's attributes: is its text hidden; its ground and ink colours."""
    hidden = False
    while at < end:
        code = lowered(text[at])
        if code == 100 and starts(text, at, end, b"display"):
            at += 7
            while at < end and text[at] in (32, 58):
                at += 1
            hidden |= starts(text, at, end, b"none")
        elif code == 118 and starts(text, at, end, b"visibility"):
            at += 10
            while at < end and text[at] in (32, 58):
                at += 1
            hidden |= starts(text, at, end, b"hidden")
        elif code == 109 and starts(text, at, end, b"mso-hide"):
            hidden = True
        elif code == 102 and starts(text, at, end, b"font-size"):
            size = number(text, at + 9, end)
            hidden |= 0 <= size <= 2
        elif code == 111 and starts(text, at, end, b"opacity"):
            size = number(text, at + 7, end)
            hidden |= 0 <= size < 0.1
        elif (
            code == 104 and text[at - 1] == 32 and starts(text, at, end, b"hidden")
        ) or (code == 116 and starts(text, at, end, b"text-indent:-")):
            hidden = True
        elif code == 98 and starts(text, at, end, b"bgcolor"):
            ground = colour(text, at + 7, end)
            at += 7
        elif code == 98 and starts(text, at, end, b"background-color"):
            ground = colour(text, at + 16, end)
            at += 16
        elif code == 98 and starts(text, at, end, b"background"):
            ground = colour(text, at + 10, end)
            at += 10
        elif code == 99 and starts(text, at, end, b"color"):
            ink = colour(text, at + 5, end)
            hidden |= ink == -2
        elif code == 116 and text[at - 1] == 32 and starts(text, at, end, b"text="):
            ink = colour(text, at + 5, end)
        at += 1
    return hidden or alike(ground, ink), ground, ink


@kernel
def letter(code: np.uint8) -> bool:
    """Say whether a byte is (part of) a letter."""
    return bool(97 <= code <= 122 or 65 <= code <= 90 or code >= 128)


@kernel
def put_code_point(out: Bytes, at: int, point: int) -> int:
    """Write a code point in UTF-8; return where it ends."""
    if point < 0x80:
        out[at] = point
        return at + 1
    if point < 0x800:
        out[at] = 0xC0 | point >> 6
        out[at + 1] = 0x80 | point & 63
        return at + 2
    if point < 0x10000:
        out[at] = 0xE0 | point >> 12
        out[at + 1] = 0x80 | point >> 6 & 63
        out[at + 2] = 0x80 | point & 63
        return at + 3
    out[at] = 0xF0 | point >> 18
    out[at + 1] = 0x80 | point >> 12 & 63
    out[at + 2] = 0x80 | point >> 6 & 63
    out[at + 3] = 0x80 | point & 63
    return at + 4


@kernel
def entity(text: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return the code point of a character reference and its length, or (-1, 0)."""
    if at + 2 >= end:
        return -1, 0
    if text[at + 1] == 35:  # numeric
        place, base = at + 2, 10
        if lowered(text[place]) == 120:
            place, base = place + 1, 16
        value, digits = 0, 0
        while place < end and digits < 8:
            digit = hex_value(text[place])
            if digit < 0 or digit >= base:
                break
            value = value * base + digit
            digits += 1
            place += 1
        if digits == 0 or value > 0x10FFFF or 0xD800 <= value < 0xE000 or value == 0:
            return -1, 0
        if place < end and text[place] == 59:
            place += 1
        return value, place - at
    if starts(text, at, end, b"&nbsp"):
        point, size = 32, 5
    elif starts(text, at, end, b"&amp"):
        point, size = 38, 4
    elif starts(text, at, end, b"&lt"):
        point, size = 60, 3
    elif starts(text, at, end, b"&gt"):
        point, size = 62, 3
    elif starts(text, at, end, b"&quot"):
        point, size = 34, 5
    elif starts(text, at, end, b"&apos;"):
        point, size = 39, 5
    elif starts(text, at, end, b"&zwnj"):
        point, size = 0x200C, 5
    elif starts(text, at, end, b"&zwj"):
        point, size = 0x200D, 4
    elif starts(text, at, end, b"&shy"):
        point, size = 0xAD, 4
    elif starts(text, at, end, b"&lrm"):
        point, size = 0x200E, 4
    elif starts(text, at, end, b"&rlm"):
        point, size = 0x200F, 4
    elif starts(text, at, end, b"&euro"):
        point, size = 0x20AC, 5
    elif starts(text, at, end, b"&pound"):
        point, size = 0xA3, 6
    elif starts(text, at, end, b"&copy"):
        point, size = 0xA9, 5
    else:
        return -1, 0
    if at + size < end and text[at + size] == 59:
        size += 1
    return point, size


@kernel
def find(text: Bytes, at: int, end: int, word: bytes) -> int:
    """Return where a lower-case word next stands, in any case, or `end`."""
    while at < end:
        if text[at] == word[0] and starts(text, at, end, word):
            return at
        at += 1
    return end


# Places in `counts`; the first two are sizes, the rest as in `Rendered`.
_SHOWN: Final = 0
_MARKUP: Final = 1
_HIDDEN: Final = 2
_SPLIT: Final = 3
_COMMENTS: Final = 4
_IMAGES: Final = 5
_TAGS: Final = 6


@inlined
def put(shown: Bytes, counts: Indices, code: int) -> None:
    """Show a byte."""
    shown[counts[_SHOWN]] = code
    counts[_SHOWN] += 1


@inlined
def within_word(text: Bytes, at: int, end: int, shown: Bytes, size: int) -> bool:
    """Say whether a letter was shown last and a letter comes next."""
    return size > 0 and letter(shown[size - 1]) and at < end and letter(text[at])


@kernel
def take_text(
    text: Bytes,
    at: int,
    end: int,
    shown: Bytes,
    most: int,
    counts: Indices,
    hidden: bool,
) -> int:
    """Show or hide text up to the next tag; return where that begins."""
    size = counts[_SHOWN]
    while at < end and text[at] != 60 and size < most:
        code = text[at]
        if hidden:
            if code > 32:
                counts[_HIDDEN] += 1
            at += 1
            continue
        if code == 38:
            point, length = entity(text, at, end)
            if length:
                size = put_code_point(shown, size, point)
                at += length
                continue
        shown[size] = code
        size += 1
        at += 1
    counts[_SHOWN] = size
    return at


@kernel
def take_declaration(
    text: Bytes, at: int, end: int, shown: Bytes, counts: Indices, hidden: bool
) -> int:
    """Pass over a comment or a declaration; return where it ends."""
    if starts(text, at, end, b"<!--"):
        counts[_COMMENTS] += 1
        at = find(text, at + 4, end, b"-->") + 3
    else:
        at = find(text, at + 2, end, b">") + 1
    if not hidden and within_word(text, at, end, shown, counts[_SHOWN]):
        counts[_SPLIT] += 1
    return at


@inlined
def tag_end(text: Bytes, at: int, begin: int, end: int) -> int:
    """Return where a tag ends: a bracket outside quotes, or the end."""
    quote = np.uint8(0)
    while at < end:
        code = text[at]
        if quote:
            # a quote that is never closed ends with its line
            if code == quote or at - begin > _LONGEST_TAG:
                quote = np.uint8(0)
        elif code == 62 or code == 60:
            break
        elif (code == 34 or code == 39) and text[at - 1] == 61:
            quote = code
        at += 1
    return at


@inlined
def keep_markup(
    text: Bytes, begin: int, stop: int, markup: Bytes, most: int, counts: Indices
) -> None:
    """Keep a tag if there is room."""
    size = counts[_MARKUP]
    if size + (stop - begin) + 1 >= most:
        return
    for place in range(begin, stop):
        markup[size] = text[place]
        size += 1
    markup[size] = 62
    counts[_MARKUP] = size + 1


@inlined
def opened_at(names: Hashes, name: np.uint32, depth: int) -> int:
    """Return the level that an end tag closes, 0 if none is open."""
    while depth > 0 and names[depth] != name:
        depth -= 1
    return depth


@kernel
def after_content(text: Bytes, at: int, end: int, name: np.uint32) -> int:
    """Return where content that is never shown (a script, a style) ends."""
    while at < end:
        at = find(text, at, end, b"</")
        if name_hash(text, at + 2, end)[0] == name:
            break
        at += 2
    return min(at, end)


@kernel
def scan(
    text: Bytes,
    shown: Bytes,
    markup: Bytes,
    most: int,
    most_markup: int,
    counts: Indices,
) -> None:
    """Fill `shown` and `markup`, and count."""
    names = np.zeros(_DEPTH, np.uint32)
    hides = np.zeros(_DEPTH, np.bool_)
    grounds = np.full(_DEPTH, _WHITE, np.int32)
    inks = np.full(_DEPTH, _UNKNOWN, np.int32)
    depth = 0
    end = len(text)
    at = 0
    while at < end and counts[_SHOWN] < most:
        if text[at] != 60:
            at = take_text(text, at, end, shown, most, counts, hides[depth])
            continue
        after = text[at + 1] if at + 1 < end else np.uint8(32)
        if after == 33 or after == 63:
            at = take_declaration(text, at, end, shown, counts, hides[depth])
            continue
        closes = after == 47
        if not letter(after) and not closes:
            if not hides[depth]:
                put(shown, counts, 60)
            at += 1
            continue
        begin = at
        name, inner = name_hash(text, at + 2 if closes else at + 1, end)
        last = tag_end(text, inner, begin, end)
        at = last + 1 if last < end and text[last] == 62 else last
        stop = min(last, begin + _LONGEST_TAG)
        count_tag(text, at, end, shown, counts, name, hides[depth])
        keep_markup(text, begin, stop, markup, most_markup, counts)
        if closes:
            level = opened_at(names, name, depth)
            depth = level - 1 if level > 0 else depth
        elif holds(_SKIPPED, name):
            at = after_content(text, at, end, name)
        elif not holds(_EMPTY, name) and not (last > inner and text[last - 1] == 47):
            depth = enter(text, inner, stop, name, depth, names, hides, grounds, inks)


@inlined
def count_tag(
    text: Bytes,
    at: int,
    end: int,
    shown: Bytes,
    counts: Indices,
    name: np.uint32,
    hidden: bool,
) -> None:
    """Count a tag; it breaks the line, or may split a word."""
    counts[_TAGS] += 1
    if name == _IMG:
        counts[_IMAGES] += 1
    if holds(_BREAKING, name):
        if not hidden:
            put(shown, counts, 10)
    elif within_word(text, at, end, shown, counts[_SHOWN]):
        counts[_SPLIT] += 1


@kernel
def enter(
    text: Bytes,
    inner: int,
    stop: int,
    name: np.uint32,
    depth: int,
    names: Hashes,
    hides: Flags,
    grounds: Indices,
    inks: Indices,
) -> int:
    """Open an element: what it hides, on which ground; return the depth."""
    if names[depth] == name and depth > 0 and holds(_SELF_CLOSING, name):
        depth -= 1
    hidden, ground, ink = look(text, inner, stop, grounds[depth], inks[depth])
    if name == _BODY:
        grounds[0] = ground
        hidden = False
    if depth + 1 < _DEPTH:
        depth += 1
        names[depth] = name
        hides[depth] = hidden or hides[depth - 1]
        grounds[depth] = ground
        inks[depth] = ink
    return depth

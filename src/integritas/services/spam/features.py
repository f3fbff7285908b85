"""Messages to hashed binary features: character 3-5-grams, words, signals.

The n-grams are case-sensitive, over the bytes (UTF-8) of decoded headers and parts, as
in Wang and Manning, "Baselines and Bigrams" (ACL 2012); hashing after Weinberger et
al., "Feature Hashing for Large Scale Multitask Learning" (ICML 2009), without signs.
All positions of a message are hashed at once by shifted arrays.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from integritas.services.spam.signals import Signal, mail_signals, text_signals

if TYPE_CHECKING:
    from integritas.services.spam.parsing import MessageView

__all__ = [
    "SHORT_TEXT",
    "Document",
    "Extractor",
    "Features",
    "Tokens",
    "View",
    "document",
    "split_tokens",
    "view_of",
]

Indices: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float32]
Hashes: TypeAlias = NDArray[np.uint32]

MAX_HEAD: Final = 6_000  # bytes of header text that are hashed
MAX_BODY: Final = 8_000  # bytes of parts, and of visible text


class View(StrEnum):
    """How a message is looked at; each view has a model of its own.

    `mail`: with the headers of its transport. `body`: a mail without them, as a web
    form or a forwarded mail gives: subject, MIME headers, parts. `text`: plain text of
    the length of a text message; `prose`: longer plain text.
    """

    MAIL = "mail"
    BODY = "body"
    TEXT = "text"
    PROSE = "prose"


SHORT_TEXT: Final = 400  # characters; over it plain text is prose


@dataclass(frozen=True, slots=True)
class Document:
    """What is hashed of a message in one view.

    `grams` are the bytes of headers and parts, the first `head` of them headers;
    `words` the lower-case visible text.
    """

    grams: bytes
    head: int
    words: bytes
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Features:
    """The distinct features of a message, in three groups one after the other.

    `buckets` index the weight table; `places` say where the feature first stood: a byte
    of `grams`, a token of `words` (bigrams at their first), an index of `signals`.
    `ends` are the ends of the groups grams, words, signals.
    """

    buckets: Indices
    places: Indices
    ends: tuple[int, int, int]


def view_of(message: MessageView) -> View:
    """Say how to look at a message: its transport left headers, or it did not."""
    if not message.is_mail:
        return View.TEXT if len(message.text) <= SHORT_TEXT else View.PROSE
    return View.MAIL if message.header("received") else View.BODY


# Marks of other filters say what a machine thought, not what the message is.
_SKIPPED: Final = ("x-spam", "x-keywords", "x-status", "status")


def document(message: MessageView, view: View) -> Document:
    """Return what is hashed of a message in a view."""
    plain = view in (View.TEXT, View.PROSE)
    headers = [] if plain else _headers(message, view)
    head = "".join(f"{name}: {value}\n" for name, value in headers)
    head_bytes = head.encode("utf-8", "replace")[:MAX_HEAD]
    if plain:
        body = message.text[:MAX_BODY]
        signals = text_signals(message)
    else:
        body = "".join(
            f"\n[{part.content_type} {part.charset} {part.encoding} {part.filename}]\n"
            f"{part.text[:MAX_BODY]}"
            for part in message.parts
        )
        signals = mail_signals(message, [name for name, _ in headers])
    return Document(
        grams=head_bytes + body.encode("utf-8", "replace")[:MAX_BODY],
        head=len(head_bytes),
        words=message.text[:MAX_BODY].lower().encode("utf-8", "replace"),
        signals=signals,
    )


def _headers(message: MessageView, view: View) -> list[tuple[str, str]]:
    if view is View.MAIL:
        return [item for item in message.headers if not item[0].startswith(_SKIPPED)]
    return [
        item
        for item in message.headers
        if item[0] in ("subject", "mime-version") or item[0].startswith("content-")
    ]


# Hashing ------------------------------------------------------------------------

_SIZES: Final = (3, 4, 5)
_PLACES: Final = np.array(
    [0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1], np.uint32
)
_STEP: Final = np.uint32(0x85EBCA6B)
_SPREAD: Final = np.uint32(0x2C1B3C6D)
_WORD_SALT: Final = np.uint32(0x51ED2701)
_PAIR_SALT: Final = np.uint32(0x3C6EF372)


def _mixed(value: Hashes) -> Hashes:
    """Spread entropy to the high bits, which choose the bucket."""
    value = (value ^ (value >> np.uint32(15))) * _SPREAD
    return value ^ (value >> np.uint32(13))


def _gram_hashes(text: bytes) -> tuple[Hashes, Indices]:
    """Return hash and first byte of every 3-, 4- and 5-gram, shorter ones first."""
    codes = np.frombuffer(text, np.uint8).astype(np.uint32) + np.uint32(1)
    running = np.zeros(len(codes), np.uint32)
    hashes: list[Hashes] = []
    for size in range(1, _SIZES[-1] + 1):
        count = len(codes) - size + 1
        if count <= 0:
            break
        running = running[:count] * _STEP + codes[size - 1 :] * _PLACES[size - 1]
        if size in _SIZES:
            hashes.append(_mixed(running + np.uint32(size)))
    if not hashes:
        return np.zeros(0, np.uint32), np.zeros(0, np.int64)
    starts = [np.arange(len(part), dtype=np.int64) for part in hashes]
    return np.concatenate(hashes), np.concatenate(starts)


@dataclass(frozen=True, slots=True)
class Tokens:
    """Runs of letters and digits, or of signs such as `!!!` and `$`."""

    starts: Indices
    ends: Indices


def _classes() -> NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    table[128:] = 1  # inside of a letter beyond ASCII
    for code in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789":
        table[code] = 1
    for code in b"!$%":
        table[code] = 2
    return table


_CLASSES: Final = _classes()


def split_tokens(text: bytes) -> Tokens:
    """Return where the tokens of a text are."""
    kinds = np.zeros(len(text) + 2, np.uint8)
    kinds[1:-1] = _CLASSES[np.frombuffer(text, np.uint8)]
    edges = np.flatnonzero(kinds[1:] != kinds[:-1])
    inside = kinds[edges[:-1] + 1] > 0
    return Tokens(starts=edges[:-1][inside], ends=edges[1:][inside])


_BASE: Final = 0x5851F42D4C957F2D  # odd, so it has an inverse modulo 2^64
_POWERS: Final = np.cumprod(
    np.concatenate([[1], np.full(2 * MAX_BODY, _BASE)]).astype(np.uint64),
    dtype=np.uint64,
)
_INVERSES: Final = np.cumprod(
    np.concatenate(
        [
            np.ones(1, np.uint64),
            np.full(2 * MAX_BODY, pow(_BASE, -1, 1 << 64), np.uint64),
        ]
    ),
    dtype=np.uint64,
)


def _word_hashes(text: bytes) -> tuple[Hashes, Indices]:
    """Return hash and token of every word, then of every pair of neighbours.

    A word's hash is a polynomial: the difference of two prefix sums, moved to power 0.
    """
    text = text[: len(_POWERS) - 1]
    tokens = split_tokens(text)
    codes = np.frombuffer(text, np.uint8).astype(np.uint64) + np.uint64(1)
    sums = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * _POWERS[: len(codes)], out=sums[1:])
    full = (sums[tokens.ends] - sums[tokens.starts]) * _INVERSES[tokens.starts]
    words = (full >> np.uint64(32)).astype(np.uint32) ^ full.astype(np.uint32)
    pairs = words[:-1] * _STEP + words[1:] * _PLACES[0]
    hashes = np.concatenate([_mixed(words ^ _WORD_SALT), _mixed(pairs ^ _PAIR_SALT)])
    numbers = np.arange(len(words), dtype=np.int64)
    return hashes, np.concatenate([numbers, numbers[: len(pairs)]])


def _signal_hashes(signals: tuple[Signal, ...]) -> tuple[Hashes, Indices]:
    codes = [
        zlib.crc32(f"{s.name}={s.value}".encode("utf-8", "replace")) for s in signals
    ]
    hashes = np.array(codes, np.uint32) * _PLACES[0]
    return hashes, np.arange(len(codes), dtype=np.int64)


class Extractor:
    """Turns documents into features over 2^`bits` buckets.

    Not for use by two threads at once: it keeps a table in which each position of a
    message leaves its number, so that duplicates are found without sorting.
    """

    def __init__(self, bits: int) -> None:
        """Take the binary logarithm of the number of buckets."""
        self._shift = np.uint32(32 - bits)
        self._seen = np.empty(1 << bits, np.int32)

    def extract(self, text: Document) -> Features:
        """Return the distinct features of a document."""
        groups = [
            self._distinct(*_gram_hashes(text.grams)),
            self._distinct(*_word_hashes(text.words)),
            self._distinct(*_signal_hashes(text.signals)),
        ]
        sizes = np.cumsum([len(buckets) for buckets, _ in groups])
        return Features(
            buckets=np.concatenate([buckets for buckets, _ in groups]),
            places=np.concatenate([places for _, places in groups]),
            ends=(int(sizes[0]), int(sizes[1]), int(sizes[2])),
        )

    def _distinct(self, hashes: Hashes, places: Indices) -> tuple[Indices, Indices]:
        buckets = (hashes >> self._shift).astype(np.int64)
        order = np.arange(len(buckets), dtype=np.int32)
        # Assigned backwards, so that the first occurrence is the one that stays.
        self._seen[buckets[::-1]] = order[::-1]
        first = self._seen[buckets] == order
        return buckets[first], places[first]

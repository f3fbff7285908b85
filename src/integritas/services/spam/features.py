"""Messages to hashed binary features: what is hashed of them, and how it is looked at.

The n-grams are case-sensitive, over the bytes (UTF-8) of header block, shown text and
markup, as in Wang and Manning, "Baselines and Bigrams" (ACL 2012); the shown text is
folded first, so that tricks do not change it.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from integritas.services.spam.folding import fold, fold_head
from integritas.services.spam.hashing import GROUPS, walk
from integritas.services.spam.signals import mail_signals, text_signals

if TYPE_CHECKING:
    from integritas.services.spam.hashing import Bytes, Indices
    from integritas.services.spam.parsing import MessageView

__all__ = [
    "SHORT_TEXT",
    "Document",
    "Extractor",
    "Features",
    "View",
    "document",
    "view_of",
]

Floats: TypeAlias = NDArray[np.float32]

# Bytes that are hashed of each section; a mail has headers besides, which tell more.
MAX_HEAD: Final = 2_500
MAX_TEXT: Final = 5_000
MAX_MARKUP: Final = 3_000
_MAIL_TEXT: Final = 3_000
_MAIL_MARKUP: Final = 1_500


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


SHORT_TEXT: Final = 400  # bytes; over it plain text is prose


class Document(NamedTuple):
    """What is hashed of a message in one view.

    `text` holds header block, folded shown text and markup, which end at `ends`;
    `signals` are `name=value`.
    """

    text: Bytes
    ends: Indices
    signals: tuple[str, ...]


class Features(NamedTuple):
    """The distinct features of a document.

    `buckets` index the weight table, `places` say where they first stood: a byte, or
    the number of a signal; `ends` are the ends of the groups (see `hashing`).
    """

    buckets: Indices
    places: Indices
    ends: Indices


def view_of(message: MessageView) -> View:
    """Say how to look at a message: its transport left headers, or it did not."""
    if not message.is_mail:
        return View.TEXT if len(message.shown) <= SHORT_TEXT else View.PROSE
    if any(name == b"received" for name, _ in message.fields):
        return View.MAIL
    return View.BODY


def document(message: MessageView, view: View, table: Bytes) -> Document:
    """Return what is hashed of a message in a view; `table` holds look-alikes."""
    transport = view is View.MAIL
    folded = fold(message.shown, table, most=_MAIL_TEXT if transport else MAX_TEXT)
    head = fold_head(message.block, most=MAX_HEAD) if transport else b""
    markup = b""
    if view in (View.MAIL, View.BODY):
        markup = _structure(message)[: _MAIL_MARKUP if transport else MAX_MARKUP]
        signals = mail_signals(message, folded, transport=transport)
    else:
        signals = text_signals(message, folded)
    first = len(head)
    second = first + len(folded.text)
    return Document(
        text=np.frombuffer(head + folded.text + markup, np.uint8),
        ends=np.array((first, second, second + len(markup)), np.int32),
        signals=signals,
    )


def _structure(message: MessageView) -> bytes:
    """Return MIME headers, a line for each part, and tags."""
    lines = [
        name + b": " + value[:200] + b"\n"
        for name, value in message.fields
        if name == b"mime-version" or name.startswith(b"content-")
    ]
    lines += [
        f"[{p.content_type} {p.charset} {p.encoding} {p.filename}]\n".encode(
            "utf-8", "replace"
        )
        for p in message.parts
    ]
    lines.append(message.markup)
    return b"".join(lines)


@lru_cache(maxsize=4_096)
def _code(signal: str) -> int:
    return crc32(signal.encode("utf-8", "replace"))


class Extractor:
    """Turns documents into features over 2^`bits` buckets.

    Not for use by two threads at once: it keeps its working memory. `bitmap` (a bit a
    bucket, zero between calls) and `shift` are what kernels of `hashing` take.
    """

    def __init__(self, bits: int) -> None:
        """Take the binary logarithm of the number of buckets."""
        most = 5 * (MAX_HEAD + MAX_TEXT + MAX_MARKUP) + 4_096
        self.shift = 64 - bits
        self.bitmap = np.zeros(1 << (bits - 5), np.uint32)
        self._buckets = np.empty(most, np.int32)
        self._places = np.empty(most, np.int32)
        self._ends = np.zeros(GROUPS, np.int32)

    def extract(self, text: Document) -> Features:
        """Return the distinct features of a document, valid until the next call.

        `buckets` and `places` are longer than what `ends` says is in them.
        """
        codes = [_code(signal) for signal in text.signals]
        walk(
            text.text,
            text.ends,
            np.array(codes, np.uint32),
            self.shift,
            self.bitmap,
            self._buckets,
            self._places,
            self._ends,
        )
        return Features(self._buckets, self._places, self._ends)

"""What a message is like, beside its words: structure, links, shouting, numbers.

Each signal is a name and a value; together they are one binary feature. The sentences
in `_SAID` say them to an analyst.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.spam.parsing import MessageView

__all__ = ["Signal", "mail_signals", "say", "text_signals"]

_LOOKED_AT: Final = 5_000  # characters
_ORDERED: Final = frozenset(
    (
        "received",
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "content-type",
        "x-mailer",
        "reply-to",
    )
)


class Signal(NamedTuple):
    """One thing a message is or has."""

    name: str
    value: str


_SAID: Final = {
    "header": "has the header {}",
    "order": "header fields in the order {}",
    "type": "has a part of type {}",
    "charset": "text in charset {}",
    "encoding": "part encoded as {}",
    "extension": "attachment of type .{}",
    "links": "number of links: {}",
    "hops": "mail servers on the way: {}",
    "defect": "broken structure: {}",
    "shouted subject": "subject in capitals: {}",
    "exclaimed subject": "exclamation mark in the subject: {}",
    "capitals": "share of capitals: {} in 10",
    "html only": "markup without a plain text part: {}",
    "length": "length of the text: {}",
    "return path": "sender and return path agree: {}",
    "digits": "number of digits: {}",
    "longest number": "longest number: {} digits",
    "link": "names a web address: {}",
    "currency": "names an amount with a currency sign: {}",
}


def say(signal: Signal) -> str:
    """Return a signal in words."""
    return _SAID[signal.name].format(signal.value)


def mail_signals(message: MessageView, names: Sequence[str]) -> tuple[Signal, ...]:
    """Return the signals of a mail; `names` are the header names that may be used."""
    subject = message.header("subject")
    found = [Signal("header", name) for name in dict.fromkeys(names)]
    found.append(Signal("order", " ".join(n for n in names if n in _ORDERED)[-60:]))
    for part in message.parts:
        found.append(Signal("type", part.content_type))
        found.append(Signal("charset", part.charset))
        found.append(Signal("encoding", part.encoding))
        if part.filename:
            extension = part.filename.rpartition(".")[2].lower()[:10]
            found.append(Signal("extension", extension))
    html_only = bool(message.parts) and all(part.is_html for part in message.parts)
    found += [
        Signal("links", _scale(len(message.urls))),
        Signal("hops", str(min(9, list(names).count("received")))),
        Signal("shouted subject", _yes(subject.isupper())),
        Signal("exclaimed subject", _yes("!" in subject)),
        Signal("capitals", _capitals(message.text)),
        Signal("html only", _yes(html_only)),
        Signal("length", _scale(len(message.text))),
    ]
    if "return-path" in names:
        found.append(Signal("return path", _yes(_same_sender(message))))
    found += [Signal("defect", defect) for defect in message.defects]
    return tuple(dict.fromkeys(found))


_NUMBER: Final = re.compile(r"[0-9]+")
_LINK: Final = re.compile(r"www|https?:|\.com\b|\.co\.|\.net\b|\.org\b", re.IGNORECASE)
_CURRENCY: Final = re.compile(r"[£$€¥]")


def text_signals(message: MessageView) -> tuple[Signal, ...]:
    """Return the signals of a plain text."""
    text = message.text[:_LOOKED_AT]
    numbers = [len(number) for number in _NUMBER.findall(text)]
    found = [
        Signal("length", _span(len(text), 25, most=500)),
        Signal("digits", _span(sum(numbers), 2, most=12)),
        Signal("longest number", str(min(12, max(numbers, default=0)))),
        Signal("capitals", _capitals(text)),
        Signal("link", _yes(_LINK.search(text) is not None)),
        Signal("currency", _yes(_CURRENCY.search(text) is not None)),
    ]
    found += [Signal("defect", defect) for defect in message.defects]
    return tuple(found)


def _yes(fact: object) -> str:
    return "yes" if fact else "no"


def _span(count: int, step: int, *, most: int) -> str:
    low = min(count, most) // step * step
    return f"{low} or more" if low >= most else f"{low} to {low + step - 1}"


def _scale(count: int) -> str:
    """Name the power of two a count lies in."""
    if count == 0:
        return "none"
    low = 1 << (count.bit_length() - 1)
    return f"{low} to {2 * low - 1}"


def _capitals(text: str) -> str:
    shown = text[:_LOOKED_AT]
    letters = sum(map(str.isalpha, shown)) or 1
    return str(10 * sum(map(str.isupper, shown)) // letters)


def _same_sender(message: MessageView) -> bool:
    ends = [message.header(name)[-12:].strip("<> ") for name in ("from", "return-path")]
    return ends[0] == ends[1]

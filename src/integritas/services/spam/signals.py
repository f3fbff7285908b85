"""What a message is like, beside its words: structure, links, tricks, numbers.

Each signal is `name=value`; together they are one binary feature. The sentences in
`_SAID` say them to an analyst.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from integritas.services.spam.hashing import kernel
from integritas.services.spam.links import link_signals
from integritas.services.spam.transport import transport_signals

if TYPE_CHECKING:
    from integritas.services.spam.folding import Folded
    from integritas.services.spam.hashing import Bytes
    from integritas.services.spam.parsing import MessageView

__all__ = ["mail_signals", "say", "text_signals"]

_SAID: Final = {
    "header": "has the header {}",
    "order": "header fields in the order {}",
    "parts": "made of the parts {}",
    "charset": "text in charset {}",
    "encoding": "part encoded as {}",
    "extension": "attachment of type .{}",
    "links": "number of links: {}",
    "hops": "mail servers on the way: {}",
    "defect": "broken structure: {}",
    "shouted subject": "subject in capitals: {}",
    "exclaimed subject": "exclamation mark in the subject: {}",
    "empty subject": "subject is empty: {}",
    "capitals": "share of capitals: {} in 10",
    "html only": "markup without a plain text part: {}",
    "length": "length of the text: {}",
    "return path": "sender and return path agree: {}",
    "recipients": "recipients named: {}",
    "sender": "the sender is written as {}",
    "reply to": "answers go to {} domain",
    "date": "date of the mail: {}",
    "date form": "the date is written {}",
    "zone": "time zone of the date: {}",
    "skew": "its date beside that of the first server: {}",
    "message id": "the Message-ID is {}",
    "sender on the way": "a server of the sender's domain is on the way: {}",
    "first server": "the first server calls itself {}",
    "digits": "number of digits: {}",
    "longest number": "longest number: {} digits",
    "link": "names a web address: {}",
    "currency": "names an amount with a currency sign: {}",
    "images": "number of images: {}",
    "hidden": "bytes of text hidden from the reader: {}",
    "split": "words cut by tags or comments: {}",
    "invisible": "invisible characters: {}",
    "bidirectional": "marks that turn the direction of writing: {}",
    "lookalike": "words spelt with look-alike letters: {}",
    "leet": "words spelt with digits or signs: {}",
    "spaced": "words spelt with gaps: {}",
    "url": "a link {}",
}


@lru_cache(maxsize=4_096)
def say(signal: str) -> str:
    """Return a signal in words."""
    name, _, value = signal.partition("=")
    return _SAID[name].format(value)


def mail_signals(
    message: MessageView, folded: Folded, *, transport: bool
) -> tuple[str, ...]:
    """Return the signals of a mail; `transport` says if all its headers may be used."""
    parts = message.parts[:8]
    html = sum(part.is_html for part in parts)
    text = folded.text
    _, _, capitals, small = count_signs(np.frombuffer(text, np.uint8))
    links = text.count(b"://") + message.markup.count(b"://")
    found = [
        "parts=" + " ".join([part.content_type for part in parts]),
        f"links={_scale(links)}",
        f"capitals={10 * capitals // (capitals + small or 1)}",
        f"html only={'yes' if html and html == len(parts) else 'no'}",
        f"length={_scale(len(text))}",
        f"shouted subject={_yes(message.subject.isupper())}",
        f"exclaimed subject={_yes('!' in message.subject)}",
        f"empty subject={_yes(not message.subject)}",
    ]
    for part in parts:
        found.append(f"charset={part.charset}")
        found.append(f"encoding={part.encoding}")
        if part.filename:
            extension = part.filename.rpartition(".")[2].lower()[:10]
            found.append(f"extension={extension}")
    found += transport_signals(message) if transport else _order_signals(message)
    if links:
        sources = [part.text for part in parts if part.is_html]
        found += link_signals(text, message.markup, b"".join(sources))
    return tuple(dict.fromkeys(found + _trick_signals(message, folded)))


def _order_signals(message: MessageView) -> list[str]:
    """Return which fields of the body there are, and their order."""
    names = [
        name.decode()
        for name, _ in message.fields
        if name in (b"subject", b"mime-version") or name.startswith(b"content-")
    ]
    return ["order=" + " ".join(names)[-100:], *[f"header={name}" for name in names]]


def _trick_signals(message: MessageView, folded: Folded) -> list[str]:
    """Return what was done to slip past a filter."""
    found = [f"defect={defect}" for defect in message.defects]
    seen = message.rendered
    if seen is not None:
        if seen.images:
            found.append(f"images={_scale(seen.images)}")
        if seen.hidden:
            found.append(f"hidden={_scale(seen.hidden)}")
        if seen.split:
            found.append(f"split={_scale(seen.split)}")
    for name, count in zip(_TRICKS, folded[1:], strict=True):
        if count:
            found.append(f"{name}={_scale(count)}")
    return found


_TRICKS: Final = ("invisible", "bidirectional", "lookalike", "leet", "spaced")
_LINK: Final = re.compile(rb"www|https?:|\.(?:com\b|co\.|net\b|org\b)")


def text_signals(message: MessageView, folded: Folded) -> tuple[str, ...]:
    """Return the signals of a plain text."""
    text = message.shown[:4_000]
    digits, longest, capitals, small = count_signs(np.frombuffer(text, np.uint8))
    found = [
        f"length={_span(len(text), 25, most=500)}",
        f"digits={_span(digits, 2, most=12)}",
        f"longest number={min(12, longest)}",
        f"capitals={10 * capitals // (capitals + small or 1)}",
        f"link={_yes(_LINK.search(text.lower()))}",
        f"currency={_yes(_priced(text))}",
    ]
    if b"://" in text:
        found += link_signals(text, b"")
    return tuple(found + _trick_signals(message, folded))


@kernel
def count_signs(text: Bytes) -> tuple[int, int, int, int]:
    """Return the digits, those of the longest number, capitals and small letters."""
    digits, longest, run, capitals, small = 0, 0, 0, 0, 0
    for code in text:
        if 48 <= code <= 57:
            digits += 1
            run += 1
            longest = max(longest, run)
            continue
        run = 0
        capitals += 65 <= code <= 90
        small += 97 <= code <= 122
    return digits, longest, capitals, small


def _priced(text: bytes) -> bool:
    return b"$" in text or any(sign in text for sign in _SIGNS)


_SIGNS: Final = tuple(sign.encode() for sign in "£€¥")


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

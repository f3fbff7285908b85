"""Rewrites raw messages as evaders do, and as honest mail systems do: seeded.

An evasion changes what a message is made of, not what its reader sees. Words to hide
under come from a vocabulary the caller gives (the words of wanted mail).
"""

from __future__ import annotations

import base64
import html
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.header import Header
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from email.message import Message

__all__ = ["EVASIONS", "HONEST", "Pieces", "rewrite", "take_apart"]

_LOOKALIKES = {
    "a": "аɑᴀ𝐚ａ", "b": "Ьᖯ𝐛ｂ", "c": "сϲ𝐜ｃ", "d": "ԁ𝐝ｄ", "e": "еҽ𝐞ｅ", "g": "ɡ𝐠ｇ",
    "h": "һ𝐡ｈ", "i": "іɩ𝐢ｉ", "j": "јϳ𝐣ｊ", "k": "κ𝐤ｋ", "l": "ӏ𝐥ｌ", "m": "𝐦ｍ",
    "n": "ո𝐧ｎ", "o": "оοօ𝐨ｏ", "p": "рρ𝐩ｐ", "q": "ԛ𝐪ｑ", "r": "г𝐫ｒ", "s": "ѕ𝐬ｓ",
    "t": "𝐭ｔ", "u": "υս𝐮ｕ", "v": "νѵ𝐯ｖ", "w": "ԝ𝐰ｗ", "x": "хҳ𝐱ｘ", "y": "уү𝐲ｙ",
    "z": "ᴢ𝐳ｚ", "A": "АΑᎪ", "B": "ВΒ", "C": "СϹ", "E": "ЕΕ", "H": "НΗ", "I": "ІΙ",
    "K": "КΚ", "M": "МΜ", "N": "Ν", "O": "ОΟ", "P": "РΡ", "S": "Ѕ", "T": "ТΤ",
    "X": "ХΧ",    "Y": "ҮΥ", "Z": "Ζ",
}  # fmt: skip
_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "b": "8"}
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_WORD = re.compile(r"[A-Za-z]{4,}")
_TAG = re.compile(r"(<[^>]*>)")
_HIDING = (
    '<div style="display:none">{}</div>',
    '<span style="font-size:0px">{}</span>',
    '<font color="#ffffff" style="font-size:1px">{}</font>',
    '<div style="visibility: hidden; height:0">{}</div>',
    '<p style="color:#fff;background-color:#ffffff">{}</p>',
    "<font color=white>{}</font>",
    '<span style="opacity:0">{}</span>',
)


@dataclass(slots=True)
class Pieces:
    """A message taken apart: header fields, subject, text, whether it is HTML."""

    fields: list[tuple[str, str]]
    subject: str
    text: str
    is_html: bool
    is_mail: bool
    charset: str = "utf-8"
    base64: bool = False
    extra: list[str] = field(default_factory=list)


def take_apart(raw: str, *, is_mail: bool) -> Pieces:
    """Return the pieces of a raw message (mail: latin-1 for bytes)."""
    if not is_mail:
        return Pieces([], "", raw, is_html=False, is_mail=False)
    parsed = message_from_bytes(
        raw.encode("latin-1", "replace"), policy=policy.compat32
    )
    fields = [
        (name, str(value))
        for name, value in parsed.items()
        if not name.lower().startswith(("content-", "subject", "mime-version"))
    ]
    subject = str(parsed.get("subject", ""))
    text, is_html = _body(parsed)
    return Pieces(fields, subject, text, is_html=is_html, is_mail=True)


def _body(parsed: Message) -> tuple[str, bool]:
    best: tuple[str, bool] = ("", False)
    for node in parsed.walk():
        if node.is_multipart() or node.get_content_maintype() != "text":
            continue
        payload = node.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        try:
            text = data.decode(node.get_content_charset() or "utf-8")
        except (UnicodeDecodeError, LookupError):
            text = data.decode("latin-1")
        is_html = node.get_content_subtype() == "html"
        if not best[0].strip() or (is_html and not best[1]):
            best = (text, is_html)
    return best


def put_together(pieces: Pieces) -> str:
    """Return the raw message of pieces (mail: latin-1 for bytes)."""
    if not pieces.is_mail:
        return pieces.text
    subject = pieces.subject
    if not subject.isascii():
        subject = Header(subject, "utf-8").encode()
    subtype = "html" if pieces.is_html else "plain"
    lines = [f"{name}: {value}" for name, value in pieces.fields]
    lines += [
        f"Subject: {subject}",
        "MIME-Version: 1.0",
        f"Content-Type: text/{subtype}; charset={pieces.charset}",
    ]
    body = pieces.text.encode("utf-8", "replace")
    if pieces.base64:
        lines.append("Content-Transfer-Encoding: base64")
        body = base64.encodebytes(body)
    else:
        lines.append("Content-Transfer-Encoding: 8bit")
    head = "\n".join(lines).encode("utf-8", "replace")
    return (head + b"\n\n" + body).decode("latin-1")


def _on_words(
    pieces: Pieces, rng: random.Random, change: Callable[[str], str], share: float = 0.6
) -> None:
    """Change a share of the words a reader sees; tags stay."""

    def one(match: re.Match[str]) -> str:
        return change(match[0]) if rng.random() < share else match[0]

    if pieces.is_html:
        chunks = _TAG.split(pieces.text)
        chunks[::2] = [_WORD.sub(one, chunk) for chunk in chunks[::2]]
        pieces.text = "".join(chunks)
    else:
        pieces.text = _WORD.sub(one, pieces.text)
    pieces.subject = _WORD.sub(one, pieces.subject)


def _to_html(pieces: Pieces) -> None:
    if not pieces.is_html:
        lines = html.escape(pieces.text).replace("\n", "<br>\n")
        pieces.text = f"<html><body>{lines}</body></html>"
        pieces.is_html = True


def _good(rng: random.Random, good: Sequence[str], count: int = 200) -> str:
    return " ".join(rng.choice(good) for _ in range(count))


def hidden(pieces: Pieces, rng: random.Random, good: Sequence[str]) -> None:
    """Paste good words where no reader sees them."""
    if not pieces.is_mail:
        appended(pieces, rng, good, 20)
        return
    _to_html(pieces)
    block = rng.choice(_HIDING).format(_good(rng, good))
    body = re.search(r"<body[^>]*>", pieces.text, re.IGNORECASE)
    at = body.end() if body and rng.random() < 0.6 else 0
    pieces.text = pieces.text[:at] + block + pieces.text[at:]


def appended(
    pieces: Pieces, rng: random.Random, good: Sequence[str], count: int = 200
) -> None:
    """Append good words, in plain sight."""
    if not pieces.is_mail:
        count = min(count, 20)
    words = _good(rng, good, count)
    pieces.text += f"<p>{words}</p>" if pieces.is_html else f"\n\n{words}\n"


def confusables(pieces: Pieces, rng: random.Random, _: Sequence[str]) -> None:
    """Spell words with letters of other scripts that look alike."""

    def change(word: str) -> str:
        return "".join(
            rng.choice(_LOOKALIKES[c]) if c in _LOOKALIKES and rng.random() < 0.5 else c
            for c in word
        )

    _on_words(pieces, rng, change)


def invisible(pieces: Pieces, rng: random.Random, _: Sequence[str]) -> None:
    """Put characters of no width into words."""

    def change(word: str) -> str:
        return "".join(
            c + (rng.choice(_INVISIBLE) if rng.random() < 0.4 else "") for c in word
        )

    _on_words(pieces, rng, change)


def bidirectional(pieces: Pieces, rng: random.Random, _: Sequence[str]) -> None:
    """Write words backwards and have them shown forwards (U+202E)."""
    _on_words(pieces, rng, lambda word: f"\u202e{word[::-1]}\u202c", 0.5)


def spaced(pieces: Pieces, rng: random.Random, _: Sequence[str]) -> None:
    """Write words with gaps."""
    gap = rng.choice(" .-_*")
    _on_words(pieces, rng, gap.join, 0.5)


def leet(pieces: Pieces, rng: random.Random, _: Sequence[str]) -> None:
    """Write words with digits and signs."""

    def change(word: str) -> str:
        return "".join(
            rng.choice(_LEET[c.lower()])
            if c.lower() in _LEET and rng.random() < 0.6
            else c
            for c in word
        )

    _on_words(pieces, rng, change)


def split(pieces: Pieces, rng: random.Random, good: Sequence[str]) -> None:
    """Cut words by comments and empty tags."""
    if not pieces.is_mail:
        invisible(pieces, rng, good)
        return
    _to_html(pieces)
    subject = pieces.subject

    def change(word: str) -> str:
        at = rng.randrange(1, len(word))
        cut = rng.choice(("<!-- {} -->", "<b></b>", "<font></font>", "<!--{}-->"))
        return word[:at] + cut.format(rng.choice(good)) + word[at:]

    _on_words(pieces, rng, change)
    pieces.subject = subject


def packed(pieces: Pieces, _: random.Random, __: Sequence[str]) -> None:
    """Send the body in base64."""
    pieces.base64 = True


def only_html(pieces: Pieces, _: random.Random, __: Sequence[str]) -> None:
    """Send HTML alone, as many mail programs do."""
    if pieces.is_mail:
        _to_html(pieces)


def wrong_charset(pieces: Pieces, rng: random.Random, _: Sequence[str]) -> None:
    """Name another charset than the text has."""
    pieces.charset = rng.choice(("iso-8859-1", "us-ascii", "windows-1252", "gb2312"))
    pieces.text = pieces.text.replace("'", "’")


def pasted(pieces: Pieces, rng: random.Random, _: Sequence[str]) -> None:
    """Leave a few characters of no width, as word processors and web pages do."""
    _on_words(pieces, rng, lambda w: w + rng.choice(_INVISIBLE), 0.1)


Rewriting = Callable[[Pieces, random.Random, Sequence[str]], None]
EVASIONS: dict[str, Rewriting] = {
    "hidden": hidden,
    "appended": appended,
    "confusables": confusables,
    "zero-width": invisible,
    "bidi": bidirectional,
    "spaced": spaced,
    "leet": leet,
    "split": split,
    "base64": packed,
}
HONEST: dict[str, Rewriting] = {
    "html": only_html,
    "charset": wrong_charset,
    "pasted": pasted,
    "zero-width": invisible,
}


def rewrite(
    raw: str,
    names: Sequence[str],
    *,
    seed: int,
    good: Sequence[str],
    is_mail: bool,
    strip: bool = False,
) -> str:
    """Return a message with rewritings applied in order; `strip` drops its headers."""
    rng = random.Random(seed)  # noqa: S311 - repeatable on purpose
    pieces = take_apart(raw, is_mail=is_mail)
    if strip:
        pieces.fields = []
    for name in names:
        ({**HONEST, **EVASIONS})[name](pieces, rng, good)
    return put_together(pieces)

"""Raw messages to a typed view of what a reader sees and what was done to them.

Never raises, whatever the bytes; time and memory are bounded by the limits of the
parts. Mail is an adversary's format: how a mail breaks the rules tells something about
its sender, so it is named in `defects`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from integritas.kernel.evidence import MAIL, Message
from integritas.services.spam.mime import (
    MAX_TEXT,
    PASSED_OVER,
    Mail,
    Part,
    decode_text,
    header_text,
    parse_mail,
)
from integritas.services.spam.rendering import Rendered, render

__all__ = ["MAX_BYTES", "MAX_SHOWN", "MessageView", "parse_message"]

MAX_BYTES: Final = 512 * 1024  # of the raw message; the rest is not looked at
MAX_SHOWN: Final = 24 * 1024  # bytes of text that a reader sees
_MAX_MARKUP: Final = 8 * 1024


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as features and policy see it.

    `fields` are (lower-case name, raw value) in order, none for plain text; `block` is
    the header block they stand in; `shown` is what a reader sees (UTF-8, subject
    first); `markup` are the tags of HTML parts; `rendered` what HTML parts hide.
    `aside` is what else it says (UTF-8): HTML beside plain text that is enough, names
    of files, subjects of mails within. `partly`: by some limit not all was looked at.
    """

    is_mail: bool
    block: bytes
    fields: Sequence[tuple[bytes, bytes]]
    parts: Sequence[Part]
    subject: str
    shown: bytes
    markup: bytes = b""
    rendered: Rendered | None = None
    defects: tuple[str, ...] = ()
    aside: bytes = b""
    partly: bool = False

    @property
    def text(self) -> str:
        """Return what a reader sees."""
        return self.shown.decode("utf-8", "replace")

    def header(self, name: str) -> str:
        """Return the first value of a header (lower-case name), or an empty text."""
        key = name.encode()
        for field, value in self.fields:
            if field == key:
                return header_text(value)
        return ""


def parse_message(message: Message) -> MessageView:
    """Return the view of a message; never raises."""
    raw = message.raw
    cut = len(raw) > MAX_BYTES
    if cut:
        raw = raw[:MAX_BYTES]
    if message.media_type != MAIL:
        return _plain(raw, cut=cut, is_mail=False)
    try:
        return _view(parse_mail(raw), cut=cut)
    except Exception as error:  # noqa: BLE001 - hostile bytes reach any corner of a parser
        return _plain(raw, cut=cut, is_mail=True, defect=type(error).__name__)


def _plain(raw: bytes, *, cut: bool, is_mail: bool, defect: str = "") -> MessageView:
    defects = ["cut at the size limit"] if cut else []
    text, charset = decode_text(raw[:MAX_TEXT], "", defects)
    if defect:
        defects.append(f"MIME could not be parsed ({defect})")
    return MessageView(
        is_mail=is_mail,
        block=b"",
        fields=(),
        parts=(Part("text/plain", charset, "", "", b"", len(raw)),),
        subject="",
        shown=text[:MAX_SHOWN],
        defects=tuple(defects),
        partly=cut or len(raw) > MAX_TEXT or len(text) > MAX_SHOWN,
    )


def _view(mail: Mail, *, cut: bool) -> MessageView:
    subject = ""
    for name, value in mail.fields:
        if name == b"subject":
            subject = header_text(value)
            break
    shown = [subject.encode("utf-8", "replace")] if subject else []
    markup: list[bytes] = []
    aside = [header_text(value).encode("utf-8", "replace") for value in mail.subjects]
    partly = cut
    rendered: Rendered | None = None
    written = any(
        part.text and not part.is_html and not part.text.isspace()
        for part in mail.parts
    )
    for part in mail.parts:
        partly = partly or part.cut
        if part.filename:
            aside.append(part.filename.replace("_", " ").encode("utf-8", "replace"))
        if not part.is_html:
            if part.text:
                shown.append(part.text)
            continue
        seen = render(part.text, most=MAX_SHOWN, most_markup=_MAX_MARKUP)
        rendered = seen if rendered is None else rendered
        markup.append(seen.markup)
        partly = partly or len(seen.shown) >= MAX_SHOWN
        # multipart/alternative says the same twice: the plain one is enough, if it does
        if not written or len(seen.shown) > 2 * sum(map(len, shown)):
            shown.append(seen.shown)
        else:
            aside.append(seen.shown)
    says, besides = b"\n".join(shown), b"\n".join(aside)
    defects = mail.defects
    if cut:
        defects.append("cut at the size limit")
    return MessageView(
        is_mail=True,
        block=mail.block,
        fields=mail.fields,
        parts=mail.parts,
        subject=subject,
        shown=says[:MAX_SHOWN],
        markup=b"".join(markup)[:_MAX_MARKUP],
        rendered=rendered,
        defects=tuple(dict.fromkeys(defects)) if defects else (),
        aside=besides[:MAX_SHOWN],
        partly=partly
        or max(len(says), len(besides)) > MAX_SHOWN
        or not PASSED_OVER.isdisjoint(defects),
    )

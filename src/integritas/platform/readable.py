"""The text of a message as a person reads it: headers and text parts, decoded."""

from __future__ import annotations

import email
import email.policy
import re
from typing import TYPE_CHECKING, Final

from integritas.kernel.evidence import MAIL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message as ParsedMail

    from integritas.kernel.evidence import Message

__all__ = ["readable_text", "written_text"]

_FOLD: Final = re.compile(r"[\r\n]+")


def readable_text(message: Message) -> str:
    """Return a message's text; of a mail the values of its headers stand first.

    Bytes that their character set does not know become U+FFFD.
    """
    if message.media_type != MAIL:
        return message.raw.decode(errors="replace")
    mail = _parsed(message)
    values = (_decoded_header(name, value) for name, value in mail.raw_items())
    return "\n".join([*values, *_texts(mail)])


def written_text(message: Message) -> str:
    """Return what its writer wrote: of a mail the subject and the text parts."""
    if message.media_type != MAIL:
        return message.raw.decode(errors="replace")
    mail = _parsed(message)
    subjects = (
        _plain(value) or _decoded_header(name, value)
        for name, value in mail.raw_items()
        if name.lower() == "subject"
    )
    return "\n".join([next(subjects, ""), *_texts(mail)])


def _parsed(message: Message) -> ParsedMail:
    # Not under the default policy: it parses a header in full whenever the type of a
    # part is asked for, which takes four fifths of the time.
    return email.message_from_bytes(message.raw, policy=email.policy.compat32)


def _plain(value: str) -> str:
    """Return a free text that needs no decoding in one line, empty if it does."""
    return _FOLD.sub("", value) if value.isascii() and "=?" not in value else ""


def _decoded_header(name: str, value: str) -> str:
    try:
        return str(email.policy.default.header_fetch_parse(name, value))
    except Exception:  # noqa: BLE001 - an empty message id, for one, breaks the library
        return value.encode(errors="replace").decode()


def _texts(mail: ParsedMail) -> Iterator[str]:
    for part in mail.walk():
        if part.get_content_maintype() == "text":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield _decoded(payload, part.get_content_charset("utf-8"))


def _decoded(payload: bytes, charset: str) -> str:
    try:
        return payload.decode(charset, errors="replace")
    except LookupError:  # no such charset
        return payload.decode(errors="replace")

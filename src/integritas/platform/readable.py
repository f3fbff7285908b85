"""The text of a message as a person reads it: headers and text parts, decoded."""

from __future__ import annotations

import email
import email.policy
from typing import TYPE_CHECKING

from integritas.kernel.evidence import MAIL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from integritas.kernel.evidence import Message

__all__ = ["readable_text", "written_text"]


def readable_text(message: Message) -> str:
    """Return a message's text; of a mail the values of its headers stand first.

    Bytes that their character set does not know become U+FFFD.
    """
    if message.media_type != MAIL:
        return message.raw.decode(errors="replace")
    mail = _parsed(message)
    return "\n".join([*map(str, mail.values()), *_texts(mail)])


def written_text(message: Message) -> str:
    """Return what its writer wrote: of a mail the subject and the text parts."""
    if message.media_type != MAIL:
        return message.raw.decode(errors="replace")
    mail = _parsed(message)
    return "\n".join([str(mail.get("Subject", "")), *_texts(mail)])


def _parsed(message: Message) -> EmailMessage:
    mail: EmailMessage = email.message_from_bytes(
        message.raw, policy=email.policy.default
    )
    return mail


def _texts(mail: EmailMessage) -> Iterator[str]:
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

"""Raw messages to a typed view: RFC 5322 and MIME (RFC 2045-2049), or plain text.

Never raises, whatever the bytes; time and memory are bounded by the limits below. Mail
is an adversary's format: what does not fit the rules is kept as text and named in
`defects`, because how a mail breaks the rules tells something about its sender.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header
from email.policy import compat32
from typing import TYPE_CHECKING, Final

from integritas.kernel.evidence import MAIL, Message
from integritas.services.spam.markup import find_urls, visible_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message as StdlibMessage

__all__ = [
    "MAX_BYTES",
    "MAX_HEADERS",
    "MAX_PARTS",
    "MAX_TEXT",
    "MessageView",
    "Part",
    "parse_message",
]

MAX_BYTES: Final = 512 * 1024  # of the raw message; the rest is not looked at
MAX_HEADER_BYTES: Final = 64 * 1024
MAX_HEADERS: Final = 200
MAX_VALUE: Final = 2_000  # characters of one header's value
MAX_PARTS: Final = 40
MAX_TEXT: Final = 64 * 1024  # characters of text of one part
# The standard parser passes each line through every open level, so levels cost time.
_MAX_BOUNDARIES: Final = 60


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of the MIME tree. `text` is its decoded text, empty if it is not text."""

    content_type: str
    charset: str
    encoding: str
    filename: str
    text: str
    size: int

    @property
    def is_html(self) -> bool:
        """Say whether the text is markup."""
        return self.content_type == "text/html"


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as features and policy see it.

    `headers` are (lower-case name, decoded value) in order, none for plain text; `text`
    is what a reader sees (subject first); `urls` are distinct links; `defects` name
    what was broken or cut.
    """

    is_mail: bool
    headers: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    text: str
    urls: tuple[str, ...]
    defects: tuple[str, ...] = ()

    def header(self, name: str) -> str:
        """Return the first value of a header (lower-case name), or an empty text."""
        return next((value for key, value in self.headers if key == name), "")


def parse_message(message: Message) -> MessageView:
    """Return the view of a message; never raises."""
    raw = message.raw[:MAX_BYTES]
    defects = ["cut at the size limit"] if len(message.raw) > MAX_BYTES else []
    if message.media_type == MAIL:
        return _parse_mail(raw, defects)
    text, charset = _decode(raw, "")
    part = Part("text/plain", charset, "", "", text, len(raw))
    return _view((), [part], defects, is_mail=False)


def _parse_mail(raw: bytes, defects: list[str]) -> MessageView:
    raw = _bounded_headers(raw, defects)
    if raw.lower().count(b"boundary") > _MAX_BOUNDARIES:
        defects.append("too many multipart boundaries")
        return _flat(raw, defects)
    try:
        parsed = message_from_bytes(raw, policy=compat32)
        headers = tuple(_headers(parsed, defects))
        parts = list(_parts(parsed, defects))
        return _view(headers, parts, defects, is_mail=True)
    except Exception as error:  # noqa: BLE001 - hostile bytes reach any corner of the parser
        defects.append(f"MIME could not be parsed ({type(error).__name__})")
        return _flat(raw, defects)


def _flat(raw: bytes, defects: list[str]) -> MessageView:
    """Read a mail whose structure is beyond repair as one text."""
    text, charset = _decode(raw, "")
    part = Part("text/plain", charset, "", "", text, len(raw))
    return _view((), [part], defects, is_mail=True)


def _view(
    headers: tuple[tuple[str, str], ...],
    parts: list[Part],
    defects: list[str],
    *,
    is_mail: bool,
) -> MessageView:
    subject = next((value for key, value in headers if key == "subject"), "")
    shown = [subject] if subject else []
    links: dict[str, None] = {}
    plain = any(part.text.strip() for part in parts if not part.is_html)
    for part in parts:
        if part.is_html:
            seen = visible_text(part.text)
            # multipart/alternative says the same twice: the plain one is enough
            shown.extend([] if plain else [seen])
        else:
            shown.append(part.text)
        links.update(dict.fromkeys(find_urls(part.text)))
    return MessageView(
        is_mail=is_mail,
        headers=headers,
        parts=tuple(parts),
        text="\n".join(shown),
        urls=tuple(links),
        defects=tuple(dict.fromkeys(defects)),
    )


def _bounded_headers(raw: bytes, defects: list[str]) -> bytes:
    """Cut a header block that is longer than the limit, keep the body."""
    end = _end_of_headers(raw)
    if end <= MAX_HEADER_BYTES:
        return raw
    defects.append("header block cut at the size limit")
    kept = raw[:MAX_HEADER_BYTES].rpartition(b"\n")[0]
    return kept + b"\n\n" + raw[end:].lstrip(b"\r\n")


def _end_of_headers(raw: bytes) -> int:
    ends = [at for at in (raw.find(b"\n\n"), raw.find(b"\n\r\n")) if at >= 0]
    return min(ends, default=len(raw))


def _headers(parsed: StdlibMessage, defects: list[str]) -> Iterator[tuple[str, str]]:
    for number, (name, value) in enumerate(parsed.raw_items()):
        if number == MAX_HEADERS:
            defects.append("more headers than the limit")
            return
        yield name.lower(), _header_text(str(value)[:MAX_VALUE])


def _header_text(value: str) -> str:
    """Decode RFC 2047 words; bytes that lie about their charset come out somehow."""
    if "=?" in value:
        try:
            pieces = decode_header(value)
        except Exception:  # noqa: BLE001 - a broken encoded word stays as it stands
            pieces = [(value, None)]
        value = "".join(
            _decode(piece, charset or "")[0] if isinstance(piece, bytes) else piece
            for piece, charset in pieces
        )
    if not value.isascii():
        value = _decode(value.encode("utf-8", "surrogateescape"), "")[0]
    return " ".join(value.split())


def _parts(parsed: StdlibMessage, defects: list[str]) -> Iterator[Part]:
    count = 0
    for node in parsed.walk():
        if node.is_multipart():
            continue
        if count == MAX_PARTS:
            defects.append("more parts than the limit")
            return
        count += 1
        defects.extend(type(defect).__name__ for defect in node.defects[:3])
        yield _part(node)


def _part(node: StdlibMessage) -> Part:
    content_type = node.get_content_type()
    encoding = str(node.get("content-transfer-encoding", "")).strip().lower()[:40]
    payload = node.get_payload(decode=True)
    body = payload if isinstance(payload, bytes) else b""
    text, charset = "", ""
    if content_type.startswith(("text/", "message/")):
        text, charset = _decode(body, _charset(node))
    return Part(
        content_type=content_type[:100],
        charset=charset,
        encoding=encoding,
        filename=_header_text(str(node.get_filename() or "")[:200]),
        text=text,
        size=len(body),
    )


def _charset(node: StdlibMessage) -> str:
    value = node.get_param("charset", "")
    return str(value[2] if isinstance(value, tuple) else value)


# Only charsets that mail uses: some of Python's codecs are no charsets (`zlib`), some
# take quadratic time (`punycode`).
_CHARSET: Final = re.compile(
    r"(?:utf|us-ascii|ascii|iso-?8859|iso-?2022|latin|windows|cp|koi8|gb|big5|euc|"
    r"shift|mac|ks_c|tis)[a-z0-9_.:-]{0,20}"
)


def _decode(body: bytes, charset: str) -> tuple[str, str]:
    """Return text and the charset used: the declared one if it is one, else a guess."""
    cut = len(body) > 4 * MAX_TEXT
    body = body[: 4 * MAX_TEXT]
    declared = charset.strip().strip("\"'").lower()
    if _CHARSET.fullmatch(declared) and _is_codec(declared):
        return body.decode(declared, "replace")[:MAX_TEXT], declared
    try:
        return body.decode("utf-8")[:MAX_TEXT], "utf-8"
    except UnicodeDecodeError as error:
        if cut and error.start > len(body) - 4:  # the cut went through a character
            return body[: error.start].decode("utf-8")[:MAX_TEXT], "utf-8"
        return body.decode("cp1252", "replace")[:MAX_TEXT], "cp1252"


def _is_codec(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - nothing public says it
    except LookupError:
        return False

"""Raw mail to header fields and leaf parts: RFC 5322 and MIME (RFC 2045-2049), linear.

The standard library's parser hands each line through every open level, and takes most
of the time a message may cost; what a filter needs is less. Fields are found by one
pattern, bodies are split at their boundaries, contents decoded by the library's own
codecs. Every step is linear and the number of steps bounded. What does not fit the
rules is kept as text and named as a defect.
"""

from __future__ import annotations

import binascii
import codecs
import re
from dataclasses import dataclass, field
from email.header import decode_header
from functools import lru_cache
from typing import Final

__all__ = [
    "MAX_HEADERS",
    "MAX_HEADER_BYTES",
    "MAX_PARTS",
    "MAX_TEXT",
    "PASSED_OVER",
    "Mail",
    "Part",
    "decode_text",
    "header_text",
    "parse_mail",
]

MAX_HEADER_BYTES: Final = 64 * 1024
MAX_HEADERS: Final = 200
MAX_VALUE: Final = 2_000  # bytes of one field's value that are decoded
MAX_PARTS: Final = 40
MAX_TEXT: Final = 64 * 1024  # bytes of text of one part
_MAX_DEPTH: Final = 8

_LARGE_HEAD: Final = "header block cut at the size limit"
_MANY_HEADERS: Final = "more headers than the limit"
_MANY_PARTS: Final = "more parts than the limit"
_DEEP: Final = "nested deeper than the limit"
PASSED_OVER: Final = frozenset({_LARGE_HEAD, _MANY_HEADERS, _MANY_PARTS, _DEEP})
"""Defects that mean that something of a mail was not looked at."""

_FIELD: Final = re.compile(
    rb"^([!-9;-~]{1,200})[ \t]*:[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE
)
_PARAMETER: Final = re.compile(
    rb";\s*([a-zA-Z0-9-]{1,40}\*?[0-9]{0,2}\*?)\s*=\s*(\"[^\"]*\"?|[^;\s]*)"
)
_MBOX: Final = re.compile(rb"From [^\n]*\n")


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of the MIME tree.

    `text` is its text in UTF-8, empty if it is none; `size` counts encoded bytes. It
    says more than that if it is `cut`: it is longer than the limit, in an encoding that
    is not known, or a document.
    """

    content_type: str
    charset: str
    encoding: str
    filename: str
    text: bytes
    size: int
    cut: bool = False

    @property
    def is_html(self) -> bool:
        """Say whether the text is markup."""
        return self.content_type == "text/html"


@dataclass(slots=True)
class Mail:
    """Fields (lower-case name, raw value) in order, the block they stood in, leaves.

    `subjects` are those of mails within.
    """

    block: bytes
    fields: list[tuple[bytes, bytes]]
    parts: list[Part] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    subjects: list[bytes] = field(default_factory=list)


def parse_mail(raw: bytes) -> Mail:
    """Return a mail's fields and parts."""
    defects: list[str] = []
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    elif b"\r" in raw:
        raw = raw.replace(b"\r\n", b"\n")
    block, body = _split(raw, defects)
    fields = _fields(block, defects)
    mail = Mail(block, fields, defects=defects)
    pending = [(fields, body, 0)]
    while pending:
        own, content, depth = pending.pop()
        nested = _open(own, content, depth, mail)
        if len(mail.parts) >= MAX_PARTS:
            defects.append(_MANY_PARTS)
            break
        pending.extend(reversed(nested))
    return mail


def _split(raw: bytes, defects: list[str]) -> tuple[bytes, bytes]:
    """Return header block and body; an mbox line before them is left out."""
    start = 0
    if raw.startswith((b"From ", b">From ")):
        mbox = _MBOX.match(raw, raw.find(b"From "))
        start = mbox.end() if mbox else 0
    if raw.startswith(b"\n", start):
        return b"", raw[start + 1 :]
    end = raw.find(b"\n\n", start)
    if end < 0:
        block, body = raw[start:], b""
        if not _FIELD.match(block):
            return b"", block
    else:
        block, body = raw[start : end + 1], raw[end + 2 :]
    if len(block) > MAX_HEADER_BYTES:
        defects.append(_LARGE_HEAD)
        block = block[:MAX_HEADER_BYTES]
    return block, body


def _fields(block: bytes, defects: list[str]) -> list[tuple[bytes, bytes]]:
    found = _FIELD.findall(block)
    if len(found) > MAX_HEADERS:
        defects.append(_MANY_HEADERS)
        del found[MAX_HEADERS:]
    return [(name.lower(), value) for name, value in found]


def _open(
    fields: list[tuple[bytes, bytes]], content: bytes, depth: int, mail: Mail
) -> list[tuple[list[tuple[bytes, bytes]], bytes, int]]:
    """Add a leaf to the mail, or return what a multipart or a mail in it holds."""
    content_type, parameters = _typed(_value(fields, b"content-type"))
    if content_type.startswith("multipart/") and depth < _MAX_DEPTH:
        boundary = parameters.get("boundary", b"")
        pieces = _pieces(content, boundary) if boundary else []
        if pieces:
            nested = []
            for piece in pieces[:MAX_PARTS]:
                block, body = _split(piece, mail.defects)
                nested.append((_fields(block, mail.defects), body, depth + 1))
            return nested
        mail.defects.append("multipart without its parts")
        content_type = "text/plain"
    elif content_type.startswith("multipart/"):
        mail.defects.append(_DEEP)
    elif content_type == "message/rfc822" and depth < _MAX_DEPTH:
        block, body = _split(content, mail.defects)
        own = _fields(block, mail.defects)
        mail.subjects.append(_value(own, b"subject"))
        return [(own, body, depth + 1)]
    mail.parts.append(_leaf(fields, content_type, parameters, content, mail.defects))
    return []


def _pieces(content: bytes, boundary: bytes) -> list[bytes]:
    """Return what stands between the delimiters (RFC 2046 section 5.1.1)."""
    delimiter = b"--" + boundary
    chunks = (b"\n" + content).split(b"\n" + delimiter)
    pieces: list[bytes] = []
    closed = False
    for chunk in chunks[1:]:
        head = chunk[:2]
        if head == b"--":
            closed = True
            continue
        if head[:1].strip(b" \t\n"):  # a longer boundary that begins alike
            if pieces and not closed:
                pieces[-1] += b"\n" + delimiter + chunk
            continue
        pieces.append(chunk.partition(b"\n")[2])
        if len(pieces) > MAX_PARTS:
            break
    return pieces


def _value(fields: list[tuple[bytes, bytes]], name: bytes) -> bytes:
    for key, value in fields:
        if key == name:
            return value
    return b""


@lru_cache(maxsize=512)
def _typed(value: bytes) -> tuple[str, dict[str, bytes]]:
    """Return a media type and its parameters."""
    head, separator, rest = value[:MAX_VALUE].partition(b";")
    content_type = head.strip().lower()[:100].decode("ascii", "replace")
    if "/" not in content_type:
        content_type = "text/plain"
    parameters = {
        key.lower().decode(): item.strip(b'"')
        for key, item in _PARAMETER.findall(separator + rest)
    }
    return content_type, parameters


def _leaf(
    fields: list[tuple[bytes, bytes]],
    content_type: str,
    parameters: dict[str, bytes],
    content: bytes,
    defects: list[str],
) -> Part:
    encoding = (
        _value(fields, b"content-transfer-encoding")
        .strip()
        .lower()[:40]
        .decode("ascii", "replace")
    )
    disposition = _value(fields, b"content-disposition")
    name = parameters.get("name", b"")
    if disposition:
        named = _typed(b"x/x" + disposition[disposition.find(b";") :])[1]
        name = named.get("filename") or named.get("filename*") or name
    text, charset = b"", ""
    cut = not content_type.startswith(_SEEN_OR_HEARD)
    if content_type.startswith(("text/", "message/")):
        decoded = _transferred(content[: 4 * MAX_TEXT], encoding, defects)
        declared = parameters.get("charset", b"").decode("ascii", "replace")
        text, charset = decode_text(decoded, declared, defects)
        cut = (
            len(content) > 4 * MAX_TEXT
            or len(text) > MAX_TEXT
            or encoding not in _ENCODINGS
        )
    return Part(
        content_type=content_type,
        charset=charset,
        encoding=encoding,
        filename=header_text(name[:200]) if name else "",
        text=text[:MAX_TEXT],
        size=len(content),
        cut=cut,
    )


_SEEN_OR_HEARD: Final = ("image/", "audio/", "video/", "multipart/")
_ENCODINGS: Final = frozenset(
    {"", "7bit", "8bit", "binary", "base64", "quoted-printable"}
)
_ALPHABET: Final = (
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n\r \t"
)


def _transferred(content: bytes, encoding: str, defects: list[str]) -> bytes:
    """Undo base64 or quoted-printable; what is neither stays as it is."""
    if encoding == "quoted-printable":
        return binascii.a2b_qp(content)
    if encoding != "base64":
        return content
    strange = len(content.translate(None, _ALPHABET))
    if strange * 10 > len(content):
        defects.append("not base64, as it says")
        return content
    packed = content.translate(None, b"\n\r \t")
    if strange:
        packed = bytes(code for code in packed if code in _ALPHABET)
    packed = packed.partition(b"=")[0]
    packed = packed[: len(packed) - (len(packed) % 4 == 1)]
    return binascii.a2b_base64(packed + b"=" * (-len(packed) % 4))


# Only charsets that mail uses: some of Python's codecs are no charsets (`zlib`), some
# take quadratic time (`punycode`).
_CHARSET: Final = re.compile(
    r"(?:utf|us-ascii|ascii|iso-?8859|iso-?2022|latin|windows|cp|koi8|gb|big5|euc|"
    r"shift|mac|ks_c|tis|hz)[a-z0-9_.:-]{0,20}"
)
_SHIFTED: Final = ("utf-7", "utf-16", "utf-32", "iso-2022", "hz", "utf7", "utf16")


@lru_cache(maxsize=256)
def _codec(declared: str) -> str:
    """Return a charset's name if it is one that mail uses, else an empty text."""
    name = declared.strip().strip("\"'").lower()
    if not _CHARSET.fullmatch(name):
        return ""
    try:
        known = codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - nothing public says it
    except LookupError:
        return ""
    return name if known else ""


def decode_text(content: bytes, declared: str, defects: list[str]) -> tuple[bytes, str]:
    """Return text in UTF-8 and the charset it was read in.

    The declared charset is believed unless the bytes say otherwise: text that is well
    formed UTF-8 hardly ever is anything else.
    """
    name = _codec(declared)
    shifted = name.startswith(_SHIFTED)
    if content.isascii() and not shifted:
        return content, name or "us-ascii"
    if not shifted:
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start and error.reason == "unexpected end of data":  # cut there
                return content[: error.start], "utf-8"
        else:
            if name and "utf" not in name:
                defects.append("text in another charset than it says")
            return content, "utf-8"
    if not name or name in ("utf-8", "utf8", "us-ascii", "ascii"):
        if name:
            defects.append("text in another charset than it says")
        name = "cp1252"
    return content.decode(name, "replace").encode("utf-8", "replace"), name


def header_text(value: bytes) -> str:
    """Decode a field's value with its RFC 2047 words, in one line."""
    value = value[:MAX_VALUE]
    if b"=?" not in value:
        if value.isascii():
            return " ".join(value.decode("ascii").split())
        return " ".join(decode_text(value, "", [])[0].decode("utf-8").split())
    text = decode_text(value, "", [])[0].decode("utf-8")
    try:
        pieces = decode_header(text)
    except Exception:  # noqa: BLE001 - a broken encoded word stays as it stands
        pieces = [(text, None)]
    shown = "".join(
        decode_text(piece, charset or "", [])[0].decode("utf-8", "replace")
        if isinstance(piece, bytes)
        else piece
        for piece, charset in pieces
    )
    return " ".join(shown.split())

"""Telling a file of lines from a file that is one JSON document.

A package that a portal publishes is often written over many lines. Its first line alone
is then no JSON, and the whole is.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MAX_DOCUMENT_BYTES", "read_document"]

MAX_DOCUMENT_BYTES: Final = 512 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_OPENING: Final = 4_096


def read_document(
    stream: BinaryIO,
) -> tuple[Mapping[str, Any] | None, BinaryIO]:
    """Return the document that a stream is, or None and the stream as it was.

    A list of releases counts as a release package.
    """
    buffered = cast("io.BufferedReader", stream)
    peek = getattr(buffered, "peek", None)
    start = peek(_OPENING) if peek is not None else b""
    if not start and isinstance(stream, io.BytesIO):
        start = stream.getvalue()[:_OPENING]
    if not _may_be_document(bytes(start)):
        return None, stream
    content = stream.read(MAX_DOCUMENT_BYTES + 1)
    found = _parse(content)
    if found is None:
        rest: BinaryIO = io.BytesIO(content)
        if len(content) > MAX_DOCUMENT_BYTES:
            rest = io.BufferedReader(cast("io.RawIOBase", _Chained(content, stream)))
        return None, rest
    return found, stream


def _may_be_document(start: bytes) -> bool:
    """Say whether the first line opens an object or list and does not end it."""
    first, newline, _ = start.removeprefix(_BOM).lstrip().partition(b"\n")
    line = first.strip()
    return bool(newline) and line[:1] in {b"{", b"["} and line[-1:] in b"{[,"


def _parse(content: bytes) -> Mapping[str, Any] | None:
    try:
        found = orjson.loads(content.removeprefix(_BOM))
    except orjson.JSONDecodeError:
        return None
    if isinstance(found, list):
        return {"releases": found}
    return found if isinstance(found, dict) else None


class _Chained(io.RawIOBase):
    """What was read already, then the rest of the stream."""

    def __init__(self, content: bytes, stream: BinaryIO) -> None:
        self._before = io.BytesIO(content)
        self._stream = stream

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        """Fill a buffer."""
        chunk = self._before.read(len(buffer)) or self._stream.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

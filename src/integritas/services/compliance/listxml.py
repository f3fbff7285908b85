"""Reads watchlists in XML as a stream, one record at a time, plain or gzipped.

Parsed by the standard library's expat with document type declarations refused, so no
entity is ever defined, expanded or fetched; the tree of a whole list never exists.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.watchlists import Entry, ListVersion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

__all__ = ["BadRecord", "XmlForm", "line_of", "read_xml"]

_CHUNK: Final = 1 << 16
# The largest of the official lists is 30 MB; far beyond is a decompression bomb.
_MAX_BYTES: Final = 1 << 28


class BadRecord(Exception):
    """What is wrong with a record; `read_xml` says in which file and line."""


@dataclass(frozen=True, slots=True)
class XmlForm:
    """How a publisher writes its list.

    `records` tells how deep below the root each kind of element stands. `entry` makes
    an entry of one, and raises BadRecord; of `heads` the text is kept instead. `date`
    finds the list's own ISO 8601 date in that text and the root's attributes.
    """

    list: str
    title: str
    root: str
    records: Mapping[str, int]
    entry: Callable[[Element], Entry]
    date: Callable[[Mapping[str, str]], str | None]
    heads: frozenset[str] = frozenset()


def read_xml(path: Path, form: XmlForm) -> tuple[ListVersion, Sequence[Entry]]:
    """Return version and entries of one file, `.xml` or `.xml.gz`.

    Raises:
        InvalidInput: naming file and line of what is malformed, truncated or missing.
    """
    reader = _Reader(path, form)
    digest = hashlib.sha256()
    try:
        for chunk in _chunks(path):
            digest.update(chunk)
            reader.feed(chunk)
        reader.close()
    except expat.ExpatError as error:
        raise InvalidInput(
            f"{path}, line {error.lineno}: {expat.ErrorString(error.code)}: the file "
            "is truncated or not XML, download it again"
        ) from error
    except (OSError, EOFError, zlib.error, ValueError, LookupError) as error:
        # The last two: an encoding that expat cannot read.
        raise InvalidInput(
            f"{path} cannot be read: {error}: download it again"
        ) from error
    if not reader.entries:
        raise InvalidInput(f"{path} holds no entry: download it again")
    version = ListVersion(
        form.list, digest.hexdigest(), len(reader.entries), form.date(reader.head)
    )
    return version, tuple(reader.entries.values())


def line_of(element: Element | None, path: str = "") -> str:
    """Return the text of an element, or of what `path` leads to, on one line."""
    found = element.find(path) if element is not None and path else element
    return " ".join((found.text or "").split()) if found is not None else ""


def _chunks(path: Path) -> Iterator[bytes]:
    total = 0
    with path.open("rb") as file, ExitStack() as stack:
        packed = path.suffix == ".gz"
        stream = stack.enter_context(gzip.GzipFile(fileobj=file)) if packed else file
        while chunk := stream.read(_CHUNK):
            total += len(chunk)
            if total > _MAX_BYTES:
                raise InvalidInput(f"{path} unpacks to more than {_MAX_BYTES} bytes")
            yield chunk


class _Reader:
    """Builds one record at a time."""

    def __init__(self, path: Path, form: XmlForm) -> None:
        self.entries: dict[str, Entry] = {}
        self.head: dict[str, str] = {}
        self._path = path
        self._form = form
        self._depth = 0
        self._line = 0
        self._level = 0
        self._builder: TreeBuilder | None = None
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, chunk: bytes) -> None:
        self._parser.Parse(chunk, False)

    def close(self) -> None:
        self._parser.Parse(b"", True)

    def _doctype(self, *_: object) -> None:
        raise self._wrong("a document type declaration is not accepted")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.rpartition(":")[2]
        if self._depth == 0:
            if tag != self._form.root:
                raise self._wrong(f"expected <{self._form.root}>, found <{tag[:40]}>")
            self.head.update(attributes)
        elif self._builder is None and self._form.records.get(tag) == self._depth:
            self._builder = TreeBuilder()
            self._line = self._parser.CurrentLineNumber
            self._level = self._depth
        self._depth += 1
        if self._builder is not None:
            self._builder.start(tag, attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if self._builder is None:
            return
        element = self._builder.end(tag.rpartition(":")[2])
        if self._depth == self._level:
            self._builder = None
            self._take(element)

    def _take(self, element: Element) -> None:
        if element.tag in self._form.heads:
            self.head[element.tag] = line_of(element)
            return
        try:
            entry = self._form.entry(element)
        except BadRecord as error:
            raise self._wrong(str(error), self._line) from error
        if entry.uid in self.entries:
            raise self._wrong(f"{entry.uid} occurs twice", self._line)
        self.entries[entry.uid] = entry

    def _characters(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)

    def _wrong(self, what: str, line: int = 0) -> InvalidInput:
        line = line or self._parser.CurrentLineNumber
        return InvalidInput(
            f"{self._path}, line {line}: {what}: not {self._form.title}, "
            "download it again"
        )

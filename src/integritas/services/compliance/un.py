"""Reads the UN Security Council consolidated list, XML, plain or gzipped.

Parsed as a stream by the standard library's expat with document type declarations
refused, so no entity is ever defined, expanded or fetched.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.countries import country_code
from integritas.services.compliance.watchlists import (
    Entry,
    Identifier,
    ListedName,
    ListVersion,
    NameKind,
    Quality,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ["UN", "read_un"]

UN: Final = "un"

_ROOT: Final = "CONSOLIDATED_LIST"
_SCHEMAS: Final = {"INDIVIDUAL": "Person", "ENTITY": "Organization"}
_CHUNK: Final = 1 << 16
# The real list is 2 MB; far beyond that is a decompression bomb.
_MAX_BYTES: Final = 1 << 28
_DATE: Final = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")


def read_un(path: Path) -> tuple[ListVersion, Sequence[Entry]]:
    """Return version and entries of one file, `.xml` or `.xml.gz`.

    Raises:
        InvalidInput: naming file and line of what is malformed, truncated or missing.
    """
    reader = _Reader(path)
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
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error
    if not reader.entries:
        raise InvalidInput(f"{path} holds no entry: download it again")
    date = reader.date if _DATE.fullmatch(reader.date) else None
    version = ListVersion(UN, digest.hexdigest(), len(reader.entries), date)
    return version, tuple(reader.entries.values())


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
    """Builds one entry at a time; the tree of the whole list never exists."""

    def __init__(self, path: Path) -> None:
        self.entries: dict[str, Entry] = {}
        self.date = ""
        self._path = path
        self._depth = 0
        self._line = 0
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
        if self._depth == 0:
            if tag != _ROOT:
                raise self._wrong(f"expected <{_ROOT}>, found <{tag[:40]}>")
            self.date = attributes.get("dateGenerated", "")[:10]
        elif self._depth == 2 and tag in _SCHEMAS:
            self._builder = TreeBuilder()
            self._line = self._parser.CurrentLineNumber
        self._depth += 1
        if self._builder is not None:
            self._builder.start(tag, attributes)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if self._builder is None:
            return
        element = self._builder.end(tag)
        if self._depth == 2:
            self._builder = None
            entry = self._entry(element)
            if entry.uid in self.entries:
                raise self._wrong(f"DATAID {entry.uid} occurs twice", self._line)
            self.entries[entry.uid] = entry

    def _characters(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)

    def _entry(self, element: Element) -> Entry:
        uid = _text(element, "DATAID")
        parts = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
        name = " ".join(filter(None, (_text(element, part) for part in parts)))
        if not uid.isdigit() or not name:
            raise self._wrong(f"<{element.tag}> lacks DATAID or FIRST_NAME", self._line)
        return Entry(
            list=UN,
            uid=uid,
            schema=_SCHEMAS[element.tag],
            names=tuple(dict.fromkeys([ListedName(name), *_aliases(element)])),
            birth_dates=tuple(dict.fromkeys(_birth_dates(element))),
            countries=_countries(element),
            programmes=tuple(filter(None, [_text(element, "UN_LIST_TYPE")])),
            identifiers=tuple(_identifiers(element)),
        )

    def _wrong(self, what: str, line: int = 0) -> InvalidInput:
        line = line or self._parser.CurrentLineNumber
        return InvalidInput(
            f"{self._path}, line {line}: {what}: not the UN consolidated list, "
            "download it again"
        )


def _text(element: Element, tag: str) -> str:
    return " ".join((element.findtext(tag) or "").split())


def _aliases(element: Element) -> Iterator[ListedName]:
    original = _text(element, "NAME_ORIGINAL_SCRIPT")
    if original:
        yield ListedName(original, NameKind.ALIAS)
    for alias in element.findall(f"{element.tag}_ALIAS"):
        kind = _text(alias, "QUALITY").lower()
        quality = Quality.WEAK if kind == "low" else Quality.STRONG
        form = NameKind.FORMER if kind == "f.k.a." else NameKind.ALIAS
        # Several spellings may stand in one element, separated by semicolons.
        for text in filter(None, map(str.strip, _text(alias, "ALIAS_NAME").split(";"))):
            yield ListedName(text, form, quality)


def _birth_dates(element: Element) -> Iterator[str]:
    for birth in element.findall("INDIVIDUAL_DATE_OF_BIRTH"):
        first, last = _text(birth, "FROM_YEAR"), _text(birth, "TO_YEAR")
        if first.isdigit() and last.isdigit():
            yield from map(str, range(int(first), min(int(last), int(first) + 20) + 1))
        for tag in ("DATE", "YEAR"):
            date = _DATE.match(_text(birth, tag))
            if date is not None:
                yield date[0]


def _countries(element: Element) -> tuple[str, ...]:
    texts: Iterable[str | None] = [
        node.text for node in element.findall("NATIONALITY/VALUE")
    ] + [node.text for node in element.findall(f"{element.tag}_ADDRESS/COUNTRY")]
    codes = (country_code(text) for text in texts)
    return tuple(dict.fromkeys(code for code in codes if code))


def _identifiers(element: Element) -> Iterator[Identifier]:
    for document in element.findall("INDIVIDUAL_DOCUMENT"):
        number = _text(document, "NUMBER")
        if number:
            kind = _text(document, "TYPE_OF_DOCUMENT") or "Document"
            country = _text(document, "ISSUING_COUNTRY")
            yield Identifier(kind, number, country_code(country))

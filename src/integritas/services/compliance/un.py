"""Reads the UN Security Council consolidated list, XML, plain or gzipped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from integritas.services.compliance.countries import country_code
from integritas.services.compliance.listxml import (
    BadRecord,
    XmlForm,
    line_of,
    read_xml,
)
from integritas.services.compliance.queries import gender_of
from integritas.services.compliance.watchlists import (
    Entry,
    Identifier,
    ListedName,
    ListVersion,
    NameKind,
    Quality,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

__all__ = ["UN", "read_un"]

UN: Final = "un"

_SCHEMAS: Final = {"INDIVIDUAL": "Person", "ENTITY": "Organization"}
_DATE: Final = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")


def read_un(path: Path) -> tuple[ListVersion, Sequence[Entry]]:
    """Return version and entries of one file, `.xml` or `.xml.gz`.

    Raises:
        InvalidInput: naming file and line of what is malformed, truncated or missing.
    """
    return read_xml(path, _FORM)


def _date(head: Mapping[str, str]) -> str | None:
    found = _DATE.match(head.get("dateGenerated", ""))
    return found[0] if found else None


def _entry(element: Element) -> Entry:
    uid = line_of(element, "DATAID")
    parts = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
    name = " ".join(filter(None, (line_of(element, part) for part in parts)))
    if not uid.isdigit() or not name:
        raise BadRecord(f"<{element.tag}> lacks DATAID or FIRST_NAME")
    return Entry(
        list=UN,
        uid=uid,
        schema=_SCHEMAS[element.tag],
        names=tuple(dict.fromkeys([ListedName(name), *_aliases(element)])),
        birth_dates=tuple(dict.fromkeys(_birth_dates(element))),
        countries=_countries(element),
        programmes=tuple(filter(None, [line_of(element, "UN_LIST_TYPE")])),
        identifiers=tuple(_identifiers(element)),
        gender=gender_of([line_of(element, "GENDER")]),
    )


def _aliases(element: Element) -> Iterator[ListedName]:
    original = line_of(element, "NAME_ORIGINAL_SCRIPT")
    if original:
        yield ListedName(original, NameKind.ALIAS)
    for alias in element.findall(f"{element.tag}_ALIAS"):
        kind = line_of(alias, "QUALITY").lower()
        quality = Quality.WEAK if kind == "low" else Quality.STRONG
        form = NameKind.FORMER if kind == "f.k.a." else NameKind.ALIAS
        # Several spellings may stand in one element, separated by semicolons.
        for text in filter(
            None, map(str.strip, line_of(alias, "ALIAS_NAME").split(";"))
        ):
            yield ListedName(text, form, quality)


def _birth_dates(element: Element) -> Iterator[str]:
    for birth in element.findall("INDIVIDUAL_DATE_OF_BIRTH"):
        first, last = line_of(birth, "FROM_YEAR"), line_of(birth, "TO_YEAR")
        if first.isdigit() and last.isdigit():
            yield from map(str, range(int(first), min(int(last), int(first) + 20) + 1))
        for tag in ("DATE", "YEAR"):
            date = _DATE.match(line_of(birth, tag))
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
        number = line_of(document, "NUMBER")
        if number:
            kind = line_of(document, "TYPE_OF_DOCUMENT") or "Document"
            country = line_of(document, "ISSUING_COUNTRY")
            yield Identifier(kind, number, country_code(country))


_FORM: Final = XmlForm(
    list=UN,
    title="the UN consolidated list",
    root="CONSOLIDATED_LIST",
    records=dict.fromkeys(_SCHEMAS, 2),
    entry=_entry,
    date=_date,
)

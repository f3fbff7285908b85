"""Reads the EU's consolidated list of financial sanctions, XML, plain or gzipped.

The form is version 1.1 of the Commission's FSF database, `xmlFullSanctionsList_1_1`:
`<export generationDate>` with a `<sanctionEntity>` each, whose facts are attributes of
`nameAlias`, `birthdate`, `citizenship`, `address`, `identification`, `regulation`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from integritas.services.compliance.countries import country_code
from integritas.services.compliance.listxml import BadRecord, XmlForm, read_xml
from integritas.services.compliance.queries import gender_of, parse_birth_date
from integritas.services.compliance.watchlists import (
    Entry,
    Identifier,
    ListedName,
    ListVersion,
    NameKind,
    Quality,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from xml.etree.ElementTree import Element

__all__ = ["EU", "read_eu"]

EU: Final = "eu"

# `person` and `enterprise` are the codes; P and E their classification.
_SCHEMAS: Final = {
    "person": "Person",
    "enterprise": "Organization",
    "p": "Person",
    "e": "Organization",
}
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOST_YEARS: Final = 20


def read_eu(path: Path) -> tuple[ListVersion, Sequence[Entry]]:
    """Return version and entries of one file, `.xml` or `.xml.gz`.

    Raises:
        InvalidInput: naming file and line of what is malformed, truncated or missing.
    """
    return read_xml(path, _FORM)


def _date(head: Mapping[str, str]) -> str | None:
    found = _DATE.match(head.get("generationDate", ""))
    return found[0] if found else None


def _entry(element: Element) -> Entry:
    uid = element.get("euReferenceNumber") or element.get("logicalId") or ""
    if not uid:
        raise BadRecord("<sanctionEntity> has no euReferenceNumber and no logicalId")
    names = tuple(dict.fromkeys(_names(element)))
    if not names:
        raise BadRecord(f"{uid} has no <nameAlias> with a name")
    return Entry(
        list=EU,
        uid=uid,
        schema=_schema(element, uid),
        names=names,
        birth_dates=tuple(dict.fromkeys(_birth_dates(element))),
        countries=_countries(element),
        programmes=tuple(
            dict.fromkeys(
                programme
                for regulation in element.findall("regulation")
                if (programme := regulation.get("programme"))
            )
        ),
        identifiers=tuple(dict.fromkeys(_identifiers(element))),
        gender=gender_of(alias.get("gender") for alias in element.iter("nameAlias")),
    )


def _schema(element: Element, uid: str) -> str:
    kind = element.find("subjectType")
    code = "" if kind is None else kind.get("code") or kind.get("classificationCode")
    schema = _SCHEMAS.get((code or "").lower())
    if schema is None:
        raise BadRecord(f"{uid}: subjectType {code!r} is neither person nor enterprise")
    return schema


def _names(element: Element) -> Iterator[ListedName]:
    """Yield the names; the list marks none as the main one, so the first is."""
    kind = NameKind.PRIMARY
    # Strong names first, so that no weak one is the main name.
    aliases = element.findall("nameAlias")
    for alias in sorted(aliases, key=lambda a: a.get("strong") == "false"):
        parts = (alias.get(f"{part}Name", "") for part in ("first", "middle", "last"))
        name = " ".join((alias.get("wholeName") or " ".join(parts)).split())
        if name:
            weak = alias.get("strong") == "false"
            yield ListedName(name, kind, Quality.WEAK if weak else Quality.STRONG)
            kind = NameKind.ALIAS


def _birth_dates(element: Element) -> Iterator[str]:
    for birth in element.findall("birthdate"):
        if birth.get("calendarType", "GREGORIAN") != "GREGORIAN":
            continue
        first, last = birth.get("yearRangeFrom", ""), birth.get("yearRangeTo", "")
        if first.isdecimal() and last.isdecimal():
            end = min(int(last), int(first) + _MOST_YEARS)
            yield from map(str, range(int(first), end + 1))
        date = parse_birth_date(birth.get("birthdate", "") or birth.get("year", ""))
        if date is not None:
            yield date


def _countries(element: Element) -> tuple[str, ...]:
    # `00` stands for unknown, and is no code.
    found = (
        country_code(node.get("countryIso2Code"))
        for tag in ("citizenship", "address")
        for node in element.findall(tag)
    )
    return tuple(dict.fromkeys(code for code in found if code))


def _identifiers(element: Element) -> Iterator[Identifier]:
    for document in element.findall("identification"):
        number = document.get("number") or document.get("latinNumber")
        # A document that is known to be false identifies nobody.
        if number and document.get("knownFalse") != "true":
            kind = (
                document.get("identificationTypeDescription")
                or document.get("identificationTypeCode")
                or "Document"
            )
            country = country_code(document.get("countryIso2Code"))
            yield Identifier(kind, number, country)


_FORM: Final = XmlForm(
    list=EU,
    title="the EU's consolidated list (XML 1.1)",
    root="export",
    records={"sanctionEntity": 1},
    entry=_entry,
    date=_date,
)

"""Reads the UK Sanctions List, XML, plain or gzipped.

The form is that of the Foreign, Commonwealth & Development Office's
`UK-Sanctions-List.xml`: `<Designations>` with a `<Designation>` each. It is the UK's
only list since OFSI's consolidated list closed on 28 January 2026.
"""

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

__all__ = ["UK", "read_uk"]

UK: Final = "uk"

_SCHEMAS: Final = {"individual": "Person", "entity": "Organization", "ship": "Vessel"}
# Name6 is the surname of a person and the whole name of the others.
_PARTS: Final = tuple(f"Name{number}" for number in range(1, 7))
# Day and month that nobody knows are written as the letters `dd` and `mm`.
_DATE: Final = re.compile(r"(\d{2}|dd)/(\d{2}|mm)/(\d{4})")
_IDENTIFIERS: Final = {
    "PassportNumber": "Passport",
    "NationalIdentifierNumber": "National identifier",
    "BusinessRegistrationNumber": "Business registration",
    "IMONumber": "IMO",
}
_COUNTRIES: Final = ("Nationality", "AddressCountry", "CurrentBelievedFlagOfShip")


def read_uk(path: Path) -> tuple[ListVersion, Sequence[Entry]]:
    """Return version and entries of one file, `.xml` or `.xml.gz`.

    Raises:
        InvalidInput: naming file and line of what is malformed, truncated or missing.
    """
    return read_xml(path, _FORM)


def _own_date(head: Mapping[str, str]) -> str | None:
    return _iso_date(head.get("DateGenerated", "")[:10])


def _entry(element: Element) -> Entry:
    uid = line_of(element, "UniqueID")
    if not uid:
        raise BadRecord("<Designation> has no UniqueID")
    kind = line_of(element, "IndividualEntityShip")
    schema = _SCHEMAS.get(kind.lower())
    if schema is None:
        raise BadRecord(
            f"{uid}: IndividualEntityShip {kind!r} is none of Individual, Entity, Ship"
        )
    names = sorted(_names(element), key=lambda name: name.kind is not NameKind.PRIMARY)
    if not names:
        raise BadRecord(f"{uid} has no <Name> with a Name1 to Name6")
    dates = (_iso_date(line_of(node)) for node in element.iter("DOB"))
    codes = (country_code(line_of(n)) for tag in _COUNTRIES for n in element.iter(tag))
    return Entry(
        list=UK,
        uid=uid,
        schema=schema,
        names=tuple(dict.fromkeys(names)),
        birth_dates=tuple(dict.fromkeys(date for date in dates if date)),
        countries=tuple(dict.fromkeys(code for code in codes if code)),
        programmes=tuple(filter(None, [line_of(element, "RegimeName")])),
        identifiers=tuple(
            dict.fromkeys(
                Identifier(kind, number)
                for tag, kind in _IDENTIFIERS.items()
                for node in element.iter(tag)
                if (number := line_of(node))
            )
        ),
        gender=gender_of(line_of(node) for node in element.iter("Gender")),
    )


def _names(element: Element) -> Iterator[ListedName]:
    for node in element.findall("Names/Name"):
        name = " ".join(filter(None, (line_of(node, part) for part in _PARTS)))
        if name:
            primary = line_of(node, "NameType").lower() == "primary name"
            weak = "low" in line_of(node, "AliasStrength").lower()
            yield ListedName(
                name,
                NameKind.PRIMARY if primary else NameKind.ALIAS,
                Quality.WEAK if weak and not primary else Quality.STRONG,
            )
    for node in element.findall("NonLatinNames/NonLatinName/NameNonLatinScript"):
        if name := line_of(node):
            yield ListedName(name, NameKind.ALIAS)


def _iso_date(text: str) -> str | None:
    """Return a date of the list's form as ISO 8601, as far as it is known."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    day, month, year = found.groups()
    if month == "mm":
        return parse_birth_date(year)
    return parse_birth_date(f"{year}-{month}" + ("" if day == "dd" else f"-{day}"))


_FORM: Final = XmlForm(
    list=UK,
    title="the UK Sanctions List",
    root="Designations",
    records={"Designation": 1, "DateGenerated": 1},
    entry=_entry,
    date=_own_date,
    heads=frozenset({"DateGenerated"}),
)

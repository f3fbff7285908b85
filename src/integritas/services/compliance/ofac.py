"""Reads the US Treasury's OFAC lists in their CSV form.

Columns as in the Treasury's data specification: no header, `-0-` is empty, a file ends
with the control character 0x1A. Primary files have 12 columns, aliases 5, addresses 6.
A file that breaks this is refused as a whole, with its name and line.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.countries import country_code
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
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["OFAC", "read_ofac"]

OFAC: Final = "ofac"

_END: Final = "\x1a"
_EMPTY: Final = "-0-"
_SCHEMAS: Final = {
    "": "Organization",
    "individual": "Person",
    "vessel": "Vessel",
    "aircraft": "Airplane",
}
_ALIAS_KINDS: Final = {
    "aka": NameKind.ALIAS,
    "fka": NameKind.FORMER,
    "nka": NameKind.ALIAS,
}
_MONTHS: Final = {
    "Jan": "01",
    "Feb": "02",
    "Mar": "03",
    "Apr": "04",
    "May": "05",
    "Jun": "06",
    "Jul": "07",
    "Aug": "08",
    "Sep": "09",
    "Oct": "10",
    "Nov": "11",
    "Dec": "12",
}
_BIRTH: Final = re.compile(
    r"DOB (?:circa )?(?:(?:(\d{1,2}) )?([A-Z][a-z]{2}) )?(\d{4})"
    r"(?: to (?:(?:\d{1,2} )?[A-Z][a-z]{2} )?(\d{4}))?"
)
_NICKNAME: Final = re.compile(r"a\.k\.a\. '([^']+(?:'[^',;]+)*)'")
_NATIONALITY: Final = re.compile(r"(?:nationality|citizen) ([^;.]+)")
_GENDER: Final = re.compile(r"Gender (Male|Female)")
_IDENTIFIER: Final = re.compile(
    r"(?:alt\. )?(Passport|National ID|Tax ID|Cedula|Registration (?:ID|Number)|"
    r"Company Number|Vessel Registration Identification|Identification Number|MMSI|"
    r"SWIFT/BIC|Aircraft Tail Number|V\.A\.T\. Number|C\.U\.R\.P\.|R\.F\.C\.|NIT|RUC)"
    r"(?: No\.| #)? ((?:IMO )?[A-Z0-9][A-Z0-9/.-]{2,}[A-Z0-9])(?: \(([^)]+)\))?"
)


@dataclass(frozen=True, slots=True)
class _Part:
    """One of the two lists: SDN, and the consolidated non-SDN."""

    primary: str
    aliases: str
    addresses: str


_PARTS: Final = (
    _Part("sdn.csv", "alt.csv", "add.csv"),
    _Part("cons_prim.csv", "cons_alt.csv", "cons_add.csv"),
)


class _Files:
    """What was read: the hash over all of it, and which files have the end mark."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.ended: dict[Path, bool] = {}

    def check_ends(self) -> None:
        """Refuse a file that ends at a line's end, but before the others do.

        The publisher ends every file with Ctrl-Z; who writes none of them so may.
        """
        if not any(self.ended.values()):
            return
        for path, ended in self.ended.items():
            if not ended:
                raise InvalidInput(
                    f"{path} lacks the end mark that the other files have: it is "
                    "truncated, download it again"
                )


def read_ofac(folder: Path, name: str = OFAC) -> tuple[ListVersion, Sequence[Entry]]:
    """Return version and entries of the lists in a folder, as the list `name`.

    `sdn.csv` with `alt.csv`, or `cons_prim.csv` with `cons_alt.csv`, or all; `add.csv`
    and `cons_add.csv` are optional.

    Raises:
        InvalidInput: naming file and line of what is malformed, truncated or missing.
    """
    files = _Files()
    entries: dict[str, Entry] = {}
    for part in _PARTS:
        if (folder / part.primary).exists():
            for entry in _read_part(folder, part, files):
                # A party on both lists is one entry; SDN, the stricter, comes first.
                entries.setdefault(entry.uid, entry)
        elif (folder / part.aliases).exists():
            raise InvalidInput(
                f"{folder / part.primary} is missing: download it with {part.aliases}"
            )
    if not entries:
        raise InvalidInput(f"{folder} holds no OFAC list: expected sdn.csv and alt.csv")
    files.check_ends()
    version = ListVersion(name, files.digest.hexdigest(), len(entries))
    if name == OFAC:
        return version, tuple(entries.values())
    return version, tuple(replace(entry, list=name) for entry in entries.values())


def _read_part(folder: Path, part: _Part, files: _Files) -> Iterator[Entry]:
    primary = list(_rows(folder / part.primary, 12, files))
    known = {row[0] for _, row in primary}
    aliases = _grouped(folder / part.aliases, 5, files, known, part.primary)
    addresses: Mapping[str, list[list[str]]] = {}
    if (folder / part.addresses).exists():
        addresses = _grouped(folder / part.addresses, 6, files, known, part.primary)
    for line, row in primary:
        place = f"{folder / part.primary}, line {line}"
        yield _entry(row, aliases.get(row[0], []), addresses.get(row[0], []), place)


def _grouped(
    path: Path, columns: int, files: _Files, known: set[str], primary: str
) -> Mapping[str, list[list[str]]]:
    grouped: defaultdict[str, list[list[str]]] = defaultdict(list)
    for line, row in _rows(path, columns, files):
        if row[0] not in known:
            raise InvalidInput(
                f"{path}, line {line}: entry {row[0]} is not in {primary}, which is "
                "truncated or of another date: download the files together"
            )
        grouped[row[0]].append(row)
    return grouped


def _rows(path: Path, columns: int, files: _Files) -> Iterator[tuple[int, list[str]]]:
    text = _text(path, files)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            if not row or row == [_END]:
                continue
            if len(row) != columns or not row[0].strip().isdigit():
                raise InvalidInput(
                    f"{path}, line {reader.line_num}: expected {columns} columns, the "
                    f"first a number; found {len(row)} ({row[0][:40]!r} first): "
                    "the file is truncated or not an OFAC list, download it again"
                )
            yield reader.line_num, [_value(cell) for cell in row]
    except csv.Error as error:
        raise InvalidInput(
            f"{path}, line {reader.line_num}: {error}: the file is truncated or not "
            "CSV, download it again"
        ) from error


def _text(path: Path, files: _Files) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InvalidInput(
            f"{path} is missing: download it with the other files"
        ) from error
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    files.digest.update(f"{path.name} {len(data)}\n".encode() + data)
    files.ended[path] = _END.encode() in data
    if data.lstrip()[:1] in (b"", b"<"):
        found = "HTML or XML" if data.strip() else "nothing"
        raise InvalidInput(
            f"{path}, line 1: expected CSV, found {found}: download the file again"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidInput(f"{path}, line {line}: not UTF-8 text") from error


def _value(cell: str) -> str:
    text = cell.strip()
    return "" if text == _EMPTY else text


def _entry(
    row: Sequence[str],
    aliases: Sequence[Sequence[str]],
    addresses: Sequence[Sequence[str]],
    place: str,
) -> Entry:
    uid, name, kind, programmes = row[:4]
    flag, remarks = row[9], row[11]
    schema = _SCHEMAS.get(kind.lower())
    if schema is None or not name:
        wrong = f"type {kind!r} is unknown" if name else "the name is empty"
        raise InvalidInput(f"{place}: {wrong}: not an OFAC list of a known form")
    names = [ListedName(_given_first(name, schema))]
    names += [
        ListedName(
            _given_first(alias[3], schema),
            _ALIAS_KINDS.get(alias[2].lower(), NameKind.ALIAS),
        )
        for alias in aliases
        if alias[3]
    ]
    names += [
        ListedName(_given_first(alias, schema), NameKind.ALIAS, Quality.WEAK)
        for alias in _NICKNAME.findall(remarks)
    ]
    places = [address[4] for address in addresses]
    return Entry(
        list=OFAC,
        uid=uid,
        schema=schema,
        names=tuple(dict.fromkeys(names)),
        birth_dates=_birth_dates(remarks) if schema == "Person" else (),
        countries=_countries([flag, *_NATIONALITY.findall(remarks), *places]),
        programmes=tuple(p for p in re.split(r"\W*\] \[\W*", programmes) if p),
        identifiers=tuple(
            Identifier(kind, number, country_code(country) if country else None)
            for kind, number, country in _IDENTIFIER.findall(remarks)
            if any(c.isdigit() for c in number)
        ),
        gender=gender_of(_GENDER.findall(remarks)),
    )


def _given_first(name: str, schema: str) -> str:
    """Turn `SURNAME, Given` round; company names keep their commas."""
    surname, comma, given = name.partition(", ")
    return f"{given} {surname}" if comma and schema == "Person" else name


def _birth_dates(remarks: str) -> tuple[str, ...]:
    dates: list[str] = []
    for day, month, year, last in _BIRTH.findall(remarks):
        if last:
            dates += map(str, range(int(year), min(int(last), int(year) + 20) + 1))
        elif month in _MONTHS:
            date = f"{year}-{_MONTHS[month]}"
            dates.append(f"{date}-{int(day):02d}" if day else date)
        else:
            dates.append(year)
    return tuple(dict.fromkeys(dates))


def _countries(names: Sequence[str]) -> tuple[str, ...]:
    codes = (country_code(name.strip()) for name in names if name)
    return tuple(dict.fromkeys(code for code in codes if code))

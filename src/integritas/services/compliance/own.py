"""A firm's own list: a CSV file with a header, one party a row.

`id` and `name` are required; `schema` (FollowTheMoney), `aliases`, `birth_dates`,
`countries`, `identifiers`, `programmes` and `gender` (`male`, `female`) may be there,
several values joined by `;`.
"""

from __future__ import annotations

import csv
import hashlib
import io
from typing import TYPE_CHECKING, Final

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.countries import country_code
from integritas.services.compliance.queries import (
    SCHEMA_REMEDY,
    SCHEMAS,
    gender_of,
    parse_birth_date,
)
from integritas.services.compliance.watchlists import (
    Entry,
    Identifier,
    ListedName,
    ListVersion,
    NameKind,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["OWN", "read_own"]

OWN: Final = "own"

_REQUIRED: Final = ("id", "name")
_OPTIONAL: Final = (
    "schema",
    "aliases",
    "birth_dates",
    "countries",
    "identifiers",
    "programmes",
    "gender",
)


def read_own(path: Path) -> tuple[ListVersion, Sequence[Entry]]:
    """Return version and entries of one file.

    Raises:
        InvalidInput: naming file and line of what is malformed or missing.
    """
    try:
        data = path.read_bytes()
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read as UTF-8: {error}") from error
    reader = csv.DictReader(
        io.StringIO(text, newline=""), strict=True, restkey="(more)"
    )
    entries: dict[str, Entry] = {}
    try:
        _check_header(reader.fieldnames or (), path)
        for row in reader:
            place = f"{path}, line {reader.line_num}"
            entry = _entry(row, place)
            if entry.uid in entries:
                raise InvalidInput(f"{place}: the id {entry.uid} was there before")
            entries[entry.uid] = entry
    except csv.Error as error:
        raise InvalidInput(f"{path}, line {reader.line_num}: {error}") from error
    if not entries:
        raise InvalidInput(f"{path} holds no row")
    digest = hashlib.sha256(data).hexdigest()
    return ListVersion(OWN, digest, len(entries)), tuple(entries.values())


def _check_header(names: Sequence[str], path: Path) -> None:
    missing = [name for name in _REQUIRED if name not in names]
    strange = [name for name in names if name not in {*_REQUIRED, *_OPTIONAL}]
    if missing or strange:
        what = ", ".join([*(f"no {m}" for m in missing), *(f"{s!r}" for s in strange)])
        known = ", ".join((*_REQUIRED, *_OPTIONAL))
        raise InvalidInput(f"{path}, line 1: {what}: the columns are {known}")


def _entry(row: Mapping[str, str | None], place: str) -> Entry:
    if "(more)" in row or None in row.values():
        raise InvalidInput(f"{place}: has more or fewer columns than the header")
    uid, name = (row["id"] or "").strip(), (row["name"] or "").strip()
    if not uid or not name:
        raise InvalidInput(f"{place}: id or name is empty")
    schema = (row.get("schema") or "").strip() or "LegalEntity"
    if schema not in SCHEMAS:
        raise InvalidInput(f"{place}: {schema!r} is no schema: {SCHEMA_REMEDY}")
    return Entry(
        list=OWN,
        uid=uid,
        schema=schema,
        names=(
            ListedName(name),
            *(ListedName(a, NameKind.ALIAS) for a in _several(row, "aliases")),
        ),
        birth_dates=tuple(
            _known(
                parse_birth_date(text), text, "date: write such as 1971-03-12", place
            )
            for text in _several(row, "birth_dates")
        ),
        countries=tuple(
            _known(country_code(text), text, "country: write its alpha-2 code", place)
            for text in _several(row, "countries")
        ),
        programmes=tuple(_several(row, "programmes")),
        identifiers=tuple(
            Identifier("number", number) for number in _several(row, "identifiers")
        ),
        gender=_gender(row.get("gender") or "", place),
    )


def _several(row: Mapping[str, str | None], column: str) -> list[str]:
    return [part.strip() for part in (row.get(column) or "").split(";") if part.strip()]


def _gender(text: str, place: str) -> str:
    found = gender_of([text])
    if text.strip() and not found:
        raise InvalidInput(f"{place}: {text!r} is no gender: write male or female")
    return found


def _known(found: str | None, text: str, what: str, place: str) -> str:
    if found is None:
        raise InvalidInput(f"{place}: {text!r} is no {what}")
    return found

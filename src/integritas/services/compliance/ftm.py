"""FollowTheMoney entities, a JSON object a line: OpenSanctions and its kin.

The form is that of OpenSanctions' `entities.ftm.json` and `targets.nested.json`:
`{id, schema, properties: {name: [...], ...}, datasets?}`. Entities without a name are
passed over, and of those that join others only `Ownership` is read: who is owned by
half or more by sanctioned parties together says so among its programmes.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.countries import country_code
from integritas.services.compliance.ownership import (
    THRESHOLD,
    Edge,
    owned_by_listed,
    reached_by_listed,
)
from integritas.services.compliance.queries import (
    COUNTRIES,
    IDENTIFIERS,
    gender_of,
    parse_birth_date,
)
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

__all__ = ["FTM", "read_ftm"]

FTM: Final = "opensanctions"

_SCHEMAS: Final = frozenset(
    (
        "Airplane",
        "Company",
        "LegalEntity",
        "Organization",
        "Person",
        "PublicBody",
        "Vessel",
    )
)
_NAMES: Final = (
    ("name", NameKind.PRIMARY, Quality.STRONG),
    ("alias", NameKind.ALIAS, Quality.STRONG),
    ("previousName", NameKind.FORMER, Quality.STRONG),
    ("weakAlias", NameKind.ALIAS, Quality.WEAK),
)
_IDENTIFIERS: Final = (*IDENTIFIERS, "leiCode")
_MOST_LINE: Final = 1 << 24
_OWNERSHIP: Final = "Ownership"
_SANCTIONED: Final = "sanction"
_PERCENT: Final = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s*%?")


def read_ftm(path: Path) -> tuple[ListVersion, Sequence[Entry]]:
    """Return version and entries of one file of JSON lines.

    Raises:
        InvalidInput: naming file and line of what is malformed, truncated or missing.
    """
    digest = hashlib.sha256()
    entries: dict[str, Entry] = {}
    edges: list[Edge] = []
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                digest.update(line)
                found = _entity(line, f"{path}, line {number}")
                if isinstance(found, Entry):
                    entries[found.uid] = found
                elif found is not None:
                    edges += found
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error
    if not entries:
        raise InvalidInput(f"{path} holds no entry with a name: download it again")
    version = ListVersion(FTM, digest.hexdigest(), len(entries))
    return version, tuple(_with_owners(entries, edges))


def _with_owners(entries: Mapping[str, Entry], edges: list[Edge]) -> Iterator[Entry]:
    """Yield the entries, with a word on those that the 50 % rule reaches."""
    listed = {e.uid for e in entries.values() if _SANCTIONED in e.programmes}
    owned = owned_by_listed(edges, listed)
    reached = reached_by_listed(edges, listed)
    for entry in entries.values():
        known = owned.get(entry.uid)
        if known is not None and known.share >= THRESHOLD:
            word = f"50 % rule: {known.share:.1%} of {', '.join(known.owners)}"
        elif known is not None and entry.uid in reached:
            hands = ", ".join(reached[entry.uid])
            word = f"50 % rule: half or more through {hands} ({known.share:.1%} in all)"
        else:
            yield entry
            continue
        yield replace(entry, programmes=(*entry.programmes, word))


def _entity(line: bytes, place: str) -> Entry | list[Edge] | None:
    if not line.strip():
        return None
    if len(line) > _MOST_LINE:
        raise InvalidInput(f"{place}: is longer than {_MOST_LINE} bytes")
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            f"{place}: is not JSON ({error}): the file is truncated or another one, "
            "download it again"
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("schema"), str):
        raise InvalidInput(f"{place}: is no FollowTheMoney entity: schema is missing")
    if document["schema"] not in {*_SCHEMAS, _OWNERSHIP}:
        return None
    uid, properties = document.get("id"), document.get("properties")
    if not isinstance(uid, str) or not isinstance(properties, dict):
        raise InvalidInput(f"{place}: has no id or no properties")
    if document["schema"] == _OWNERSHIP:
        return _edges(properties)
    return _of(uid, document["schema"], properties)


def _edges(properties: Mapping[str, Any]) -> list[Edge]:
    """Return who owns how much of what; a share that is not told is not guessed."""
    told = [_PERCENT.fullmatch(text) for text in _texts(properties, "percentage")]
    shares = [float(found[1].replace(",", ".")) / 100 for found in told if found]
    if not shares:
        return []
    return [
        Edge(owner, asset, max(shares))
        for owner in _texts(properties, "owner")
        for asset in _texts(properties, "asset")
    ]


def _of(uid: str, schema: str, properties: Mapping[str, Any]) -> Entry | None:
    names = [
        ListedName(name, kind, quality)
        for field, kind, quality in _NAMES
        for name in _texts(properties, field)
    ]
    if not names:
        return None
    dates = map(parse_birth_date, _texts(properties, "birthDate"))
    countries = (country_code(t) for f in COUNTRIES for t in _texts(properties, f))
    return Entry(
        list=FTM,
        uid=uid,
        schema=schema,
        names=tuple(dict.fromkeys(names)),
        birth_dates=tuple(dict.fromkeys(date for date in dates if date)),
        countries=tuple(dict.fromkeys(code for code in countries if code)),
        programmes=tuple(dict.fromkeys(_texts(properties, "topics"))),
        identifiers=tuple(
            Identifier(field, number)
            for field in _IDENTIFIERS
            for number in _texts(properties, field)
        ),
        gender=gender_of(_texts(properties, "gender")),
    )


def _texts(properties: Mapping[str, Any], field: str) -> Iterator[str]:
    values = properties.get(field)
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str) and value.strip():
            yield value.strip()

"""Which party and which entry a hit joins, as hashes that change when they change."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING

from integritas.services.compliance.normalise import parse_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from integritas.services.compliance.screening import Query
    from integritas.services.compliance.watchlists import Entry

__all__ = ["entry_digest", "party_key"]


def party_key(queries: Iterable[Query]) -> str:
    """Return the hash of a party: its names, dates, countries and numbers.

    A party that is told with other data is another one: what was not known when the
    hit was dismissed may be what makes it true.
    """
    names, known = set(), set()
    for query in queries:
        names.add(" ".join(sorted(parse_name(query.name).tokens)))
        known.add(
            (
                query.schema,
                *sorted(query.birth_dates),
                *sorted(query.countries),
                *sorted(query.identifiers),
                *_told(query.gender),
            )
        )
    return _hash([sorted(names), sorted(known)])


def entry_digest(entry: Entry) -> str:
    """Return the hash of all an entry says: another one once the list changes it."""
    return _hash(
        [
            entry.list,
            entry.uid,
            entry.schema,
            sorted(str(name) for name in entry.names),
            sorted(entry.birth_dates),
            sorted(entry.countries),
            sorted(str(identifier) for identifier in entry.identifiers),
            sorted(entry.programmes),
            *_told(entry.gender),
        ]
    )


def _told(gender: str) -> list[str]:
    # Nothing where it is not known: most hashes are what they were before it counted.
    return [f"gender: {gender}"] if gender else []


def _hash(parts: object) -> str:
    return blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()

"""Watchlists as an immutable snapshot: entries, names, and the version of each list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = [
    "EMPTY",
    "Entry",
    "Identifier",
    "ListVersion",
    "ListedName",
    "NameKind",
    "Quality",
    "Watchlists",
]


class NameKind(StrEnum):
    """How a list gives a name."""

    PRIMARY = "primary"
    ALIAS = "alias"
    FORMER = "former"


class Quality(StrEnum):
    """Whether the list vouches for an alias (`weak`: nicknames, low-quality a.k.a.)."""

    STRONG = "strong"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class ListedName:
    """A name of an entry, given names first."""

    text: str
    kind: NameKind = NameKind.PRIMARY
    quality: Quality = Quality.STRONG


@dataclass(frozen=True, slots=True)
class Identifier:
    """A document or registration number; `country` is ISO 3166-1 alpha-2 if known."""

    kind: str
    number: str
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A listed person or thing.

    `uid` is the list's own id (OFAC ent_num, UN DATAID); `schema` a FollowTheMoney
    schema (Person, Organization, Vessel, Airplane); `birth_dates` ISO 8601, possibly
    only a year or year and month; `countries` ISO 3166-1 alpha-2 in lower case;
    `gender` is `male` or `female`, empty if the list says nothing or both.
    """

    list: str
    uid: str
    schema: str
    names: tuple[ListedName, ...]
    birth_dates: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    gender: str = ""

    @property
    def name(self) -> str:
        """Return the primary name."""
        return self.names[0].text


@dataclass(frozen=True, slots=True)
class ListVersion:
    """Which list, and exactly which state of it.

    `digest` is the SHA-256 (hex) over the files; `date` what the list says of itself
    (OFAC's CSV files say nothing, so None).
    """

    name: str
    digest: str
    entries: int
    date: str | None = None

    @property
    def version(self) -> str:
        """Return the date, if stated, and the first 12 digits of the hash."""
        short = self.digest[:12]
        return f"{self.date}.{short}" if self.date else short

    def __str__(self) -> str:
        """Return `name@version`."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Watchlists:
    """All lists of one moment, never changed: a refresh makes another snapshot."""

    entries: tuple[Entry, ...]
    versions: Mapping[str, ListVersion]

    @classmethod
    def of(cls, lists: Sequence[tuple[ListVersion, Sequence[Entry]]]) -> Watchlists:
        """Return the snapshot of some lists, ordered by name."""
        ordered = sorted(lists, key=lambda pair: pair[0].name)
        return cls(
            entries=tuple(entry for _, entries in ordered for entry in entries),
            versions=MappingProxyType({v.name: v for v, _ in ordered}),
        )

    @property
    def version(self) -> str:
        """Return all versions as one text, `ofac@…,un@…`; `none` without a list."""
        return ",".join(map(str, self.versions.values())) or "none"


EMPTY: Final = Watchlists(entries=(), versions=MappingProxyType({}))

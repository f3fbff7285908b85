"""Invented people, companies and places, drawn from the word lists."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from random import Random

__all__ = [
    "NEWEST",
    "Company",
    "Person",
    "buyer",
    "company",
    "moment",
    "person",
    "phone",
    "slug",
    "street_address",
    "town",
    "words",
]

# A fixed day, so that a seed gives the same input whenever it is used.
NEWEST: Final = datetime(2026, 6, 30, 17, 0, tzinfo=UTC)
_SPAN_DAYS: Final = 365
_UNDECOMPOSED: Final = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o"})


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person; `name` in Latin letters, `native` in the own script."""

    given: str
    name: str
    native: str
    country: str


@dataclass(frozen=True, slots=True)
class Company:
    """An invented company; `domain` ends in a reserved top-level domain."""

    name: str
    country: str
    domain: str


@cache
def words(file: str) -> dict[str, Any]:
    """Return a word list of the package, `words`, `mails` or `sms`."""
    text = resources.files("integritas.samples") / "data" / f"{file}.toml"
    return tomllib.loads(text.read_text(encoding="utf-8"))


def person(rng: Random, country: str | None = None) -> Person:
    """Return a person, of the culture of a country if it is one of ours."""
    cultures = words("words")["culture"]
    culture = cultures.get(country) or cultures[rng.choice(sorted(cultures))]
    given, given_native = _pair(rng.choice(culture["given"]))
    family, family_native = _pair(rng.choice(culture["family"]))
    eastern = culture["country"] == "cn"
    return Person(
        given=given,
        name=f"{family} {given}" if eastern else f"{given} {family}",
        native=family_native + given_native
        if eastern
        else f"{given_native} {family_native}",
        country=culture["country"],
    )


def company(rng: Random, country: str | None = None) -> Company:
    """Return a company of a country, of any of ours if None."""
    lists = words("words")["company"]
    chosen = country or rng.choice(sorted(lists["trade"]))
    stem, trade = rng.choice(lists["stems"]), rng.choice(lists["trade"][chosen])
    legal_form = rng.choice(lists["form"][chosen])
    top = rng.choice(("example", "example", "test"))
    return Company(
        name=f"{stem} {trade} {legal_form}",
        country=chosen,
        domain=f"{slug(stem)}-{slug(trade)}.{top}",
    )


def buyer(rng: Random) -> str:
    """Return the name of a public body."""
    place = words("words")["place"]
    name: str = rng.choice(place["bodies"])
    return name.format(town=rng.choice(place["towns"]))


def town(rng: Random) -> str:
    """Return an invented town."""
    chosen: str = rng.choice(words("words")["place"]["towns"])
    return chosen


def street_address(rng: Random) -> str:
    """Return a house number and a street."""
    return f"{rng.randint(1, 180)} {rng.choice(words('words')['place']['streets'])}"


def moment(rng: Random, *, days: int = _SPAN_DAYS) -> datetime:
    """Return a time within the last `days` days before `NEWEST`, whole seconds."""
    return NEWEST - timedelta(seconds=rng.randrange(days * 86_400))


def phone(rng: Random) -> str:
    """Return a number of the block that is kept free for fiction (+1 555 01xx)."""
    return f"+1 {rng.randint(201, 989)} 555 01{rng.randint(0, 99):02d}"


def slug(text: str) -> str:
    """Return the text as a label of a domain: ASCII letters, digits, hyphens."""
    folded = unicodedata.normalize("NFKD", text.translate(_UNDECOMPOSED))
    plain = folded.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _pair(entry: str | list[str]) -> tuple[str, str]:
    if isinstance(entry, str):
        return entry, entry
    latin, native = entry
    return latin, native

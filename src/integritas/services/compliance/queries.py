"""What a dossier asks of the lists: the names of its parties and of both payers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import Dossier, Evidence
from integritas.kernel.errors import FieldError
from integritas.kernel.evidence import Account, Content, Party, Payment
from integritas.services.compliance.countries import country_code
from integritas.services.compliance.screening import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = [
    "COUNTRIES",
    "IDENTIFIERS",
    "SCHEMAS",
    "SCHEMA_REMEDY",
    "Question",
    "check_party",
    "gender_of",
    "parse_birth_date",
    "questions",
    "questions_on",
]

# Of FollowTheMoney, those that have names to compare.
SCHEMAS: Final = frozenset(
    (
        "Airplane",
        "Asset",
        "Company",
        "CryptoWallet",
        "LegalEntity",
        "Organization",
        "Person",
        "PublicBody",
        "RealEstate",
        "Security",
        "Thing",
        "Vehicle",
        "Vessel",
    )
)
SCHEMA_REMEDY: Final = "write one of " + ", ".join(sorted(SCHEMAS))

# FollowTheMoney property names.
_NAMES: Final = ("name", "alias", "previousName", "weakAlias")
COUNTRIES: Final = ("country", "nationality", "citizenship", "jurisdiction", "flag")
IDENTIFIERS: Final = (
    "passportNumber",
    "idNumber",
    "taxNumber",
    "registrationNumber",
    "innCode",
    "imoNumber",
    "mmsi",
    "swiftBic",
)
_GENDERS: Final = {"male": "male", "m": "male", "female": "female", "f": "female"}
_DATE: Final = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ].*)?)?)?", re.DOTALL)
# Properties that hold dates in FollowTheMoney.
_DATES: Final = ("birthDate", "deathDate", "incorporationDate", "dissolutionDate")


@dataclass(frozen=True, slots=True)
class Question:
    """Who is asked about: one party under all its names.

    `path` is the JSON pointer of the party in its evidence, `role` a word for titles.
    """

    evidence: Evidence
    path: str
    role: str
    queries: tuple[Query, ...]


def questions(dossier: Dossier) -> Iterator[Question]:
    """Return the questions of a dossier in the order of its evidence."""
    for item in dossier.evidence:
        yield from questions_on(item)


def questions_on(item: Evidence) -> Iterator[Question]:
    """Return the questions of one item of evidence."""
    if isinstance(item.content, Party):
        queries = tuple(_party(item.content))
        yield Question(item, "/properties/name", "Party", queries)
    elif isinstance(item.content, Payment):
        for role in ("debtor", "creditor"):
            account: Account = getattr(item.content, role)
            yield Question(
                item, f"/{role}/name", role.capitalize(), (_account(account),)
            )


def parse_birth_date(text: str) -> str | None:
    """Return the ISO 8601 date, month or year that a text is, if it can be one."""
    found = _DATE.fullmatch(text.strip())
    if found is None:
        return None
    year, month, day = found[1], found[2], found[3]
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return "-".join(part for part in (year, month, day) if part)


def gender_of(texts: Iterable[str | None]) -> str:
    """Return `male` or `female` if texts say one of them, else an empty text."""
    told = {_GENDERS.get((text or "").strip().lower(), "") for text in texts} - {""}
    return told.pop() if len(told) == 1 else ""


def check_party(content: Content) -> Sequence[FieldError]:
    """Return what is wrong with a party's schema and dates, by path in the item."""
    if not isinstance(content, Party):
        return ()
    schema = wrong_schema(content.schema)
    return [*([] if schema is None else [schema]), *_wrong_dates(content)]


def wrong_schema(schema: str) -> FieldError | None:
    """Return what is wrong with a party's schema, None if nothing is."""
    if schema in SCHEMAS:
        return None
    return FieldError("schema", "is no schema of a party", SCHEMA_REMEDY)


def _wrong_dates(party: Party) -> Iterator[FieldError]:
    return (
        FieldError(
            f"properties.{field}[{place}]", "is no date", "write such as 1971-03-12"
        )
        for field in _DATES
        for place, value in enumerate(party.values(field))
        if value.strip() and parse_birth_date(value) is None
    )


def _party(party: Party) -> Iterator[Query]:
    names = [name for field in _NAMES for name in party.values(field) if name.strip()]
    dates = filter(None, map(parse_birth_date, party.values("birthDate")))
    shared = {
        "birth_dates": tuple(dict.fromkeys(dates)),
        "countries": _codes(v for field in COUNTRIES for v in party.values(field)),
        "identifiers": tuple(v for field in IDENTIFIERS for v in party.values(field)),
    }
    gender = gender_of(party.values("gender"))
    for name in dict.fromkeys(names):
        yield Query(name=name, schema=party.schema, gender=gender, **shared)


def _account(account: Account) -> Query:
    return Query(
        name=account.name,
        countries=_codes([account.country] if account.country else []),
    )


def _codes(texts: Iterable[str]) -> tuple[str, ...]:
    codes = (country_code(text) for text in texts)
    return tuple(dict.fromkeys(code for code in codes if code))

"""What a dossier asks of the lists: the names of its parties and of both payers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import Dossier, Evidence
from integritas.kernel.evidence import Account, Party, Payment
from integritas.services.compliance.countries import country_code
from integritas.services.compliance.screening import Query

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Question", "parse_birth_date", "questions"]

# FollowTheMoney property names.
_NAMES: Final = ("name", "alias", "previousName", "weakAlias")
_COUNTRIES: Final = ("country", "nationality", "citizenship", "jurisdiction", "flag")
_IDENTIFIERS: Final = (
    "passportNumber",
    "idNumber",
    "taxNumber",
    "registrationNumber",
    "innCode",
    "imoNumber",
    "mmsi",
    "swiftBic",
)
_DATE: Final = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")


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
    """Return the ISO 8601 date, month or year at the start of a text, if any."""
    found = _DATE.match(text.strip())
    return found[0] if found else None


def _party(party: Party) -> Iterator[Query]:
    names = [name for field in _NAMES for name in party.values(field) if name.strip()]
    dates = filter(None, map(parse_birth_date, party.values("birthDate")))
    shared = {
        "birth_dates": tuple(dict.fromkeys(dates)),
        "countries": _codes(v for field in _COUNTRIES for v in party.values(field)),
        "identifiers": tuple(v for field in _IDENTIFIERS for v in party.values(field)),
    }
    for name in dict.fromkeys(names):
        yield Query(name=name, schema=party.schema, **shared)


def _account(account: Account) -> Query:
    return Query(
        name=account.name,
        countries=_codes([account.country] if account.country else []),
    )


def _codes(texts: Iterable[str]) -> tuple[str, ...]:
    codes = (country_code(text) for text in texts)
    return tuple(dict.fromkeys(code for code in codes if code))

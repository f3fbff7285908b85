"""Screens a party against all lists: candidates from the index, ranked by score.

The name decides; what else is known moves the score (`ADJUSTMENTS`): agreement lifts it
by a share of what is missing to 1, conflict takes a share away. Each is a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import Reason
from integritas.services.compliance.index import NameIndex
from integritas.services.compliance.normalise import Name, fold, parse_name
from integritas.services.compliance.scoring import (
    SCORER_VERSION,
    Comparison,
    Pair,
    compare,
)
from integritas.services.compliance.watchlists import (
    Entry,
    ListedName,
    Quality,
    Watchlists,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ADJUSTMENTS",
    "LEAST_SHOWN",
    "MATCH_THRESHOLD",
    "MOST_SHOWN",
    "Hit",
    "Query",
    "Screener",
    "match_names",
]

# Chosen on labelled queries against the OFAC list: where recall reaches 96 % at about
# 2 % false alerts (docs/guides/compliance.md).
MATCH_THRESHOLD: Final = 0.77
LEAST_SHOWN: Final = 0.4
MOST_SHOWN: Final = 10

ADJUSTMENTS: Final = {
    "birth_date_agrees": 0.30,
    "birth_year_agrees": 0.10,
    "country_agrees": 0.05,
    "identifier_agrees": 0.80,
    "birth_date_conflicts": -0.15,
    "country_conflicts": -0.03,
    "type_conflicts": -0.10,
    "weak_alias": -0.05,
}

# Rows a channel hands on; on the labelled queries the right one is always among them.
_CANDIDATES: Final = 25
_LEAST_IDENTIFIER: Final = 6
_PEOPLE: Final = frozenset({"Person"})
_THINGS: Final = frozenset({"Vessel", "Airplane", "Vehicle"})
_ORGANISATIONS: Final = frozenset(
    {"Organization", "Company", "PublicBody", "LegalEntity"}
)


@dataclass(frozen=True, slots=True)
class Query:
    """Who is looked for. `schema` is a FollowTheMoney schema, empty if unknown.

    `birth_dates` are ISO 8601, possibly partial; `countries` alpha-2, lower case.
    """

    name: str
    schema: str = ""
    birth_dates: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A listed entry that resembles the query; `match` is the product's decision."""

    entry: Entry
    name: ListedName
    score: float
    reasons: tuple[Reason, ...]

    @property
    def match(self) -> bool:
        """Say whether the score reaches MATCH_THRESHOLD."""
        return self.score >= MATCH_THRESHOLD


def match_names(left: str, right: str) -> tuple[float, tuple[Reason, ...]]:
    """Return the score of two names, symmetric, and its reasons."""
    compared = compare(parse_name(left), parse_name(right))
    return compared.score, _name_reasons(compared, ("only left", "only right"))


class Screener:
    """Answers queries over one snapshot; immutable, safe to share between threads."""

    version: Final = SCORER_VERSION

    def __init__(self, lists: Watchlists) -> None:
        """Index every name and alias of the snapshot."""
        self.lists = lists
        rows: dict[tuple[str, ...], tuple[Name, list[tuple[int, ListedName]]]] = {}
        for place, entry in enumerate(lists.entries):
            for listed in entry.names:
                name = parse_name(listed.text)
                if name.tokens:
                    _, bearers = rows.setdefault(name.tokens, (name, []))
                    bearers.append((place, listed))
        self._rows = tuple(rows.values())
        self._index = NameIndex([name for name, _ in self._rows])
        self._by_identifier: dict[str, list[int]] = {}
        for place, entry in enumerate(lists.entries):
            for identifier in entry.identifiers:
                key = _identifier_key(identifier.number)
                if len(key) >= _LEAST_IDENTIFIER:
                    self._by_identifier.setdefault(key, []).append(place)

    def screen(self, query: Query, limit: int = MOST_SHOWN) -> tuple[Hit, ...]:
        """Return the hits, best first, at most `limit`, none below LEAST_SHOWN."""
        name = parse_name(query.name)
        identified = self._identified(query)
        best: dict[int, tuple[float, ListedName, Comparison]] = {}
        for row in self._index.candidates(name, _CANDIDATES):
            listed_name, bearers = self._rows[row]
            compared = compare(name, listed_name)
            if compared.score <= 0.0:
                continue
            for place, listed in bearers:
                _keep(best, place, compared, listed)
        for place in identified - best.keys():
            listed = self.lists.entries[place].names[0]
            _keep(best, place, compare(name, parse_name(listed.text)), listed)
        ranked = [
            (
                _adjusted(score, query, self.lists.entries[place], identified, place),
                place,
            )
            for place, (score, _, _) in best.items()
        ]
        ranked = [item for item in ranked if item[0][0] >= LEAST_SHOWN]
        ranked.sort(key=lambda item: (-item[0][0], item[1]))
        return tuple(
            self._hit(place, best[place], score, reasons)
            for (score, reasons), place in ranked[:limit]
        )

    def _identified(self, query: Query) -> set[int]:
        keys = map(_identifier_key, query.identifiers)
        return {place for key in keys for place in self._by_identifier.get(key, ())}

    def _hit(
        self,
        place: int,
        found: tuple[float, ListedName, Comparison],
        score: float,
        moved: Sequence[Reason],
    ) -> Hit:
        _, listed, compared = found
        reasons = list(_name_reasons(compared))
        if listed.quality is Quality.WEAK:
            reasons.append(_reason("the list calls this alias weak", "weak_alias"))
        return Hit(
            entry=self.lists.entries[place],
            name=listed,
            score=round(score, 4),
            reasons=(*reasons, *moved),
        )


def _keep(
    best: dict[int, tuple[float, ListedName, Comparison]],
    place: int,
    compared: Comparison,
    listed: ListedName,
) -> None:
    score = compared.score
    if listed.quality is Quality.WEAK:
        score *= 1.0 + ADJUSTMENTS["weak_alias"]
    if place not in best or score > best[place][0]:
        best[place] = (score, listed, compared)


def _adjusted(
    score: float, query: Query, entry: Entry, identified: set[int], place: int
) -> tuple[float, list[Reason]]:
    reasons = [
        reason
        for reason in (
            _type_reason(query, entry),
            _birth_reason(query, entry),
            _country_reason(query, entry),
        )
        if reason is not None
    ]
    if place in identified:
        reasons.append(_reason("an identifier is equal", "identifier_agrees"))
    for reason in reasons:
        share = reason.weight or 0.0
        score += share * ((1.0 - score) if share > 0.0 else score)
    return score, reasons


def _reason(text: str, adjustment: str) -> Reason:
    return Reason(text=text, weight=ADJUSTMENTS[adjustment])


def _type_reason(query: Query, entry: Entry) -> Reason | None:
    if _compatible(query.schema, entry.schema):
        return None
    return _reason(
        f"looked for: {query.schema}, listed: {entry.schema}", "type_conflicts"
    )


def _compatible(asked: str, listed: str) -> bool:
    if asked in _PEOPLE:
        return listed in _PEOPLE
    if asked in _THINGS or asked in _ORGANISATIONS:
        # Lists name a ship by its owner and callers a ship as a company; both occur.
        return listed not in _PEOPLE
    return True


def _birth_reason(query: Query, entry: Entry) -> Reason | None:
    if not query.birth_dates or not entry.birth_dates:
        return None
    ours, theirs = query.birth_dates[0], ", ".join(entry.birth_dates[:3])
    pairs = [(a, b) for a in query.birth_dates for b in entry.birth_dates]
    if any(a == b and len(a) == 10 for a, b in pairs):
        return _reason(f"born on {ours}, as listed", "birth_date_agrees")
    if any(a.startswith(b) or b.startswith(a) for a, b in pairs):
        return _reason(f"born {ours}, listed {theirs}", "birth_year_agrees")
    # Lists are often a year off; two years apart is another person.
    if all(abs(int(a[:4]) - int(b[:4])) > 1 for a, b in pairs):
        return _reason(f"born {ours}, but listed {theirs}", "birth_date_conflicts")
    return None


def _country_reason(query: Query, entry: Entry) -> Reason | None:
    if not query.countries or not entry.countries:
        return None
    common = [code for code in query.countries if code in entry.countries]
    if common:
        return _reason(f"country {common[0]} is listed too", "country_agrees")
    return _reason(
        f"country {query.countries[0]}, but listed {', '.join(entry.countries[:3])}",
        "country_conflicts",
    )


def _identifier_key(number: str) -> str:
    # A ship's number is written with and without its prefix.
    return "".join(c for c in fold(number) if c.isalnum()).removeprefix("imo")


def _name_reasons(
    compared: Comparison, sides: tuple[str, str] = ("not listed", "only listed")
) -> tuple[Reason, ...]:
    reasons = []
    if compared.pairs:
        agreeing = ", ".join(map(_pair_text, compared.pairs))
        reasons.append(Reason(text=f"agrees: {agreeing}", weight=compared.score))
    for side, tokens in zip(
        sides, (compared.left_only, compared.right_only), strict=True
    ):
        if tokens:
            reasons.append(Reason(text=f"{side}: {' '.join(tokens)}"))
    if compared.reordered:
        reasons.append(Reason(text="the words stand in another order"))
    if compared.numbers_differ:
        reasons.append(Reason(text="the numbers differ"))
    return tuple(reasons)


def _pair_text(pair: Pair) -> str:
    if pair.agreement == 1.0:
        return pair.left
    return f"{pair.left} ~ {pair.right} ({pair.agreement:.2f})"

"""Screens a party against all lists: candidates from the index, ranked by score.

The name decides; what else is known moves the score (`ADJUSTMENTS`): agreement lifts it
by a share of what is missing to 1, conflict takes a share away. Each is a reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import Reason
from integritas.services.compliance.cache import Cache
from integritas.services.compliance.index import NameIndex
from integritas.services.compliance.normalise import (
    MAX_CHARACTERS,
    MAX_TOKENS,
    Name,
    fold,
    parse_name,
)
from integritas.services.compliance.ranking import rank_all, rank_model
from integritas.services.compliance.scoring import (
    MATCH_THRESHOLD,
    SCORER_VERSION,
    Comparison,
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

    from pydantic import JsonValue

    from integritas.services.compliance.alignment import Pair

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

LEAST_SHOWN: Final = 0.05
MOST_SHOWN: Final = 10

ADJUSTMENTS: Final = {
    "birth_date_agrees": 0.30,
    "birth_year_agrees": 0.10,
    "country_agrees": 0.05,
    "identifier_agrees": 0.80,
    "birth_date_conflicts": -0.15,
    "country_conflicts": -0.03,
    "gender_conflicts": -0.10,
    "type_conflicts": -0.10,
    "weak_alias": -0.05,
}

_MOST_ANSWERS: Final = 10_000
_NAMED: Final[dict[str, JsonValue]] = {"quotes": "name"}
# Rows the index hands on.
_CANDIDATES: Final = 6
_LEAST_IDENTIFIER: Final = 6
_PEOPLE: Final = frozenset({"Person"})
_THINGS: Final = frozenset({"Vessel", "Airplane", "Vehicle"})
_ORGANISATIONS: Final = frozenset(
    {"Organization", "Company", "PublicBody", "LegalEntity"}
)


@dataclass(frozen=True, slots=True)
class Query:
    """Who is looked for. `schema` is a FollowTheMoney schema, empty if unknown.

    `birth_dates` are ISO 8601, possibly partial; `countries` alpha-2, lower case;
    `gender` is `male`, `female`, or empty if unknown.
    """

    name: str
    schema: str = ""
    birth_dates: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    gender: str = ""


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


def match_names(
    left: str, right: str, schema: str = ""
) -> tuple[float, tuple[Reason, ...]]:
    """Return the score of two names of a schema, symmetric, and its reasons."""
    names = parse_name(left), parse_name(right)
    compared = compare(*names, schema)
    reasons = _name_reasons(compared, ("only left", "only right"))
    if any(name.cut for name in names):
        beginning = f"{MAX_CHARACTERS} characters and {MAX_TOKENS} words"
        reasons += (Reason(f"only the first {beginning} were compared"),)
    return compared.score, reasons


@dataclass(frozen=True, slots=True)
class _Found:
    """The nearest listed name of an entry, with the score of the names alone."""

    score: float
    listed: ListedName
    compared: Comparison


_Candidates = dict[int, _Found]
_Asked = tuple[Query, int, float]


class Screener:
    """Answers queries over one snapshot; immutable, safe to share between threads."""

    @property
    def version(self) -> str:
        """Return the matcher's version and that of the model that ranks."""
        return f"{SCORER_VERSION}+{rank_model().version}"

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
        self._answers: Cache[_Asked, tuple[Hit, ...]] = Cache(_MOST_ANSWERS)
        self._by_identifier: dict[str, list[int]] = {}
        for place, entry in enumerate(lists.entries):
            for identifier in entry.identifiers:
                key = _identifier_key(identifier.number)
                if len(key) >= _LEAST_IDENTIFIER:
                    self._by_identifier.setdefault(key, []).append(place)

    def screen(self, query: Query, limit: int = MOST_SHOWN) -> tuple[Hit, ...]:
        """Return the hits, best first, at most `limit`, none below LEAST_SHOWN."""
        (hits,) = self.screen_all([query], limit)
        return hits

    def screen_all(
        self,
        queries: Sequence[Query],
        limit: int = MOST_SHOWN,
        least: float = LEAST_SHOWN,
    ) -> list[tuple[Hit, ...]]:
        """Answer each query as `screen` does; many at once cost less each.

        Hits below `least` are left out. Answers are kept: the snapshot never changes,
        so the same question has the same answer.
        """
        keys = [(query, limit, least) for query in queries]
        known = {key: self._answers.get(key) for key in dict.fromkeys(keys)}
        asked = [key for key, answer in known.items() if answer is None]
        if asked:
            found = self._answer_all([query for query, _, _ in asked], limit, least)
            for key, answer in zip(asked, found, strict=True):
                known[key] = answer
                self._answers.put(key, answer)
        return [known[key] or () for key in keys]

    @property
    def cache(self) -> Cache[_Asked, tuple[Hit, ...]]:
        """Return the cache of answers, which counts its hits and misses."""
        return self._answers

    def _answer_all(
        self, queries: Sequence[Query], limit: int, least: float
    ) -> list[tuple[Hit, ...]]:
        names = [parse_name(query.name) for query in queries]
        rows = [self._index.candidates(name, _CANDIDATES) for name in names]
        compared = rank_all(
            [
                (name, query.schema, [self._rows[row][0] for row in found])
                for name, query, found in zip(names, queries, rows, strict=True)
            ]
        )
        return [
            self._answer(
                query, name, self._candidates(found, comparisons), (limit, least)
            )
            for query, name, found, comparisons in zip(
                queries, names, rows, compared, strict=True
            )
        ]

    def _candidates(
        self, rows: Sequence[int], comparisons: Sequence[Comparison]
    ) -> _Candidates:
        best: _Candidates = {}
        for row, compared in zip(rows, comparisons, strict=True):
            if compared.score < LEAST_SHOWN:
                continue
            for place, listed in self._rows[row][1]:
                _keep(best, place, compared, listed)
        return best

    def _answer(
        self, query: Query, name: Name, best: _Candidates, shown: tuple[int, float]
    ) -> tuple[Hit, ...]:
        limit, least = shown
        identified = self._identified(query)
        for place in identified - best.keys():
            listed = self.lists.entries[place].names[0]
            _keep(best, place, compare(name, parse_name(listed.text)), listed)
        ranked = []
        for place, found in best.items():
            entry = self.lists.entries[place]
            score, reasons = _adjusted(found.score, query, entry, identified, place)
            if score >= least:
                ranked.append((-score, place, reasons))
        ranked.sort(key=lambda item: item[:2])
        return tuple(
            self._hit(place, best[place], -negative, reasons)
            for negative, place, reasons in ranked[:limit]
        )

    def _identified(self, query: Query) -> set[int]:
        keys = map(_identifier_key, query.identifiers)
        return {place for key in keys for place in self._by_identifier.get(key, ())}

    def _hit(
        self,
        place: int,
        found: _Found,
        score: float,
        moved: Sequence[Reason],
    ) -> Hit:
        listed = found.listed
        reasons = list(_name_reasons(found.compared))
        if listed.quality is Quality.WEAK:
            reasons.append(_reason("the list calls this alias weak", "weak_alias"))
        return Hit(
            entry=self.lists.entries[place],
            name=listed,
            score=round(score, 4),
            reasons=(*reasons, *moved),
        )


def _keep(
    best: _Candidates, place: int, compared: Comparison, listed: ListedName
) -> None:
    score = compared.score
    if listed.quality is Quality.WEAK:
        score *= 1.0 + ADJUSTMENTS["weak_alias"]
    if place not in best or score > best[place].score:
        best[place] = _Found(score, listed, compared)


def _adjusted(
    score: float, query: Query, entry: Entry, identified: set[int], place: int
) -> tuple[float, list[Reason]]:
    reasons = [
        reason
        for reason in (
            _type_reason(query, entry),
            _birth_reason(query, entry),
            _country_reason(query, entry),
            _gender_reason(query, entry),
        )
        if reason is not None
    ]
    if place in identified:
        reasons.append(_reason("an identifier is equal", "identifier_agrees"))
    for reason in reasons:
        share = reason.weight or 0.0
        score += share * ((1.0 - score) if share > 0.0 else score)
    return score, reasons


def _reason(text: str, adjustment: str, quotes: str | None = None) -> Reason:
    # `quotes`: whoever may not see such data sees the reason without it.
    data: dict[str, JsonValue] = {"quotes": quotes} if quotes else {}
    return Reason(text=text, weight=ADJUSTMENTS[adjustment], data=data)


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
        return _born(f"born on {ours}, as listed", "birth_date_agrees")
    if any(a.startswith(b) or b.startswith(a) for a, b in pairs):
        return _born(f"born {ours}, listed {theirs}", "birth_year_agrees")
    # Lists are often a year off; two years apart is another person.
    if all(abs(int(a[:4]) - int(b[:4])) > 1 for a, b in pairs):
        return _born(f"born {ours}, but listed {theirs}", "birth_date_conflicts")
    return None


def _born(text: str, adjustment: str) -> Reason:
    return _reason(text, adjustment, "birth_date")


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


def _gender_reason(query: Query, entry: Entry) -> Reason | None:
    # That it agrees tells little: nine of ten listed people are men.
    if not query.gender or not entry.gender or query.gender == entry.gender:
        return None
    return _reason(
        f"looked for: {query.gender}, listed: {entry.gender}", "gender_conflicts"
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
        reasons.append(Reason(f"agrees: {agreeing}", compared.score, _NAMED))
    for side, tokens in zip(
        sides, (compared.left_only, compared.right_only), strict=True
    ):
        if tokens:
            reasons.append(Reason(f"{side}: {' '.join(tokens)}", data=_NAMED))
    if compared.reordered:
        reasons.append(Reason(text="the words stand in another order"))
    if compared.numbers_differ:
        reasons.append(Reason(text="the numbers differ"))
    return tuple(reasons)


def _pair_text(pair: Pair) -> str:
    if pair.agreement.likeness == 1.0:
        return pair.left
    return f"{pair.left} ~ {pair.right} ({pair.agreement.likeness:.2f})"

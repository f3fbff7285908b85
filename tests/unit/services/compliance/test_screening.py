from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integritas.services.compliance.screening import (
    LEAST_SHOWN,
    MATCH_THRESHOLD,
    Hit,
    Query,
    Screener,
    match_names,
)
from integritas.services.compliance.watchlists import (
    EMPTY,
    Entry,
    ListedName,
    Quality,
    Watchlists,
)


def first(screener: Screener, query: Query) -> Hit:
    return screener.screen(query)[0]


@pytest.mark.parametrize(
    ("text", "uid"),
    [
        ("Mikhail Petrovich Orlov", "101"),
        ("orlov mikhail", "101"),
        ("Mikahil Petrovich Orlov", "101"),
        ("Михаил Петрович Орлов", "101"),
        ("Michael Orloff", "101"),
        ("Vostok Marine Trading", "102"),
        ("Silver Herron", "103"),
        ("María García Luna", "104"),
        ("سالم القاسمي", "9001"),
        ("Green Valley Foundation Ltd", "9002"),
    ],
)
def test_who_is_listed_is_a_match(screener: Screener, text: str, uid: str) -> None:
    hit = first(screener, Query(text))
    assert (hit.entry.uid, hit.match) == (uid, True)


@pytest.mark.parametrize(
    "text",
    ["Mikhail Petrov", "Jane Roe", "Vostok Bakery", "Kum Song 8", "Garcia", "x", "Z"],
)
def test_who_is_not_listed_is_no_match(screener: Screener, text: str) -> None:
    assert not any(hit.match for hit in screener.screen(Query(text)))


@pytest.mark.parametrize("text", ["", "😀", " ", "..."])
def test_nothing_to_compare_hits_nothing(screener: Screener, text: str) -> None:
    assert screener.screen(Query(text)) == ()


def test_a_very_long_name_is_answered(screener: Screener) -> None:
    hits = screener.screen(Query("Mikhail Petrovich Orlov " + "of the sea " * 3_000))
    assert hits[0].entry.uid == "101"


def test_hits_come_best_first_and_few(screener: Screener) -> None:
    hits = screener.screen(Query("Mikhail Orlov Garcia"), limit=2)
    assert len(hits) <= 2
    assert [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)


def test_an_entry_hits_once_by_its_best_name(screener: Screener) -> None:
    hits = screener.screen(Query("Orlov"))
    assert len({hit.entry.uid for hit in hits}) == len(hits)


def score(screener: Screener, uid: str, query: Query) -> float:
    return next(h.score for h in screener.screen(query) if h.entry.uid == uid)


NAME = "Mikhail Orlow"


def test_birth_date_lifts_and_lowers(screener: Screener) -> None:
    plain = score(screener, "101", Query(NAME))
    same = score(screener, "101", Query(NAME, birth_dates=("1971-03-12",)))
    year = score(screener, "101", Query(NAME, birth_dates=("1971",)))
    near = score(screener, "101", Query(NAME, birth_dates=("1972-01-01",)))
    far = score(screener, "101", Query(NAME, birth_dates=("1990-01-01",)))
    assert far < plain == near < year < same


def test_country_lifts_and_lowers(screener: Screener) -> None:
    plain = score(screener, "101", Query(NAME))
    same = score(screener, "101", Query(NAME, countries=("ru",)))
    other = score(screener, "101", Query(NAME, countries=("fr",)))
    assert other < plain < same


def test_an_identifier_finds_whom_the_name_does_not(screener: Screener) -> None:
    hit = first(screener, Query("Quentin Zzyx", identifiers=("77-1234-5678",)))
    assert (hit.entry.uid, hit.match) == ("101", True)
    assert "identifier" in hit.reasons[-1].text


@pytest.mark.parametrize("number", ["IMO 9123456", "9123456", "imo9123456"])
def test_a_ship_is_found_by_its_number(screener: Screener, number: str) -> None:
    hit = first(screener, Query("Renamed", "Vessel", identifiers=(number,)))
    assert hit.entry.uid == "103"


def test_a_short_identifier_says_nothing(screener: Screener) -> None:
    assert screener.screen(Query("Quentin Zzyx", identifiers=("100",))) == ()


def test_another_type_lowers(screener: Screener) -> None:
    person = score(screener, "102", Query("Vostok Marine Trading", "Person"))
    firm = score(screener, "102", Query("Vostok Marine Trading", "Company"))
    assert person < firm


def test_a_ship_may_be_asked_for_as_a_company(screener: Screener) -> None:
    found = score(screener, "103", Query("Silver Heron", "LegalEntity"))
    assert found >= MATCH_THRESHOLD


def test_a_weak_alias_scores_less_and_says_so(screener: Screener) -> None:
    hit = first(screener, Query("Abu Nimr"))
    assert hit.name.quality is Quality.WEAK
    assert hit.score < 1.0
    assert any("weak" in reason.text for reason in hit.reasons)


def test_every_hit_has_a_reason(screener: Screener) -> None:
    for hit in screener.screen(Query("Mikhail Petrov Garcia")):
        assert hit.reasons
        assert hit.score >= LEAST_SHOWN


def test_no_list_hits_nothing() -> None:
    assert Screener(EMPTY).screen(Query("Mikhail Orlov")) == ()


def test_matching_two_names_gives_reasons() -> None:
    found, reasons = match_names("Mikhail Orlov", "Orloff, Mikhail Junior")
    assert 0.0 < found < 1.0
    assert [r.text.split(":")[0] for r in reasons] == [
        "agrees",
        "only right",
        "the words stand in another order",
    ]


def test_the_threshold_decides(screener: Screener) -> None:
    hits = screener.screen(Query("Mikhail Orlov Garcia Luna"))
    assert hits
    assert all(hit.match == (hit.score >= MATCH_THRESHOLD) for hit in hits)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200))
def test_any_text_is_answered(screener: Screener, text: str) -> None:
    for hit in screener.screen(Query(text, birth_dates=("1971",), countries=("ru",))):
        assert LEAST_SHOWN <= hit.score <= 1.0


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 6), upper=st.booleans())
def test_every_listed_name_finds_its_entry(
    screener: Screener, place: int, upper: bool
) -> None:
    entry = screener.lists.entries[place]
    for name in entry.names:
        text = name.text.upper() if upper else name.text.lower()
        assert first(screener, Query(text)).entry == entry


def test_the_order_of_queries_does_not_matter(screener: Screener) -> None:
    queries = [Query("Orlov"), Query("Silver Heron"), Query("Abu Nimr")]
    forward = [screener.screen(query) for query in queries]
    backward = [screener.screen(query) for query in reversed(queries)]
    assert forward == backward[::-1]


def listing(*names: str, schema: str = "Organization") -> Screener:
    entries = tuple(
        Entry("own", str(place), schema, (ListedName(name),))
        for place, name in enumerate(names)
    )
    return Screener(Watchlists(entries, {}))


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("Gazprombank", "GAZPROMBANK JOINT STOCK COMPANY"),
        ("Sberbank", "PJSC SBERBANK"),
        ("PJSC Sberbank", "SBERBANK"),
    ],
)
def test_a_telling_name_matches_with_and_without_its_legal_form(
    asked: str, listed: str
) -> None:
    (hit, *_) = listing(listed).screen(Query(asked, "Company"))
    assert hit.match


@pytest.mark.parametrize(
    ("asked", "listed", "schema"),
    [
        ("Trading", "TRADING LLC", "Company"),  # tells nothing
        ("Sberbank 2", "PJSC SBERBANK", "Company"),
        ("Sberbank", "SBERBANK LEASING LLC", "Company"),
        ("Zarqawi", "ZARQAWI AG", "Person"),  # one word of a person's name
    ],
)
def test_a_legal_form_is_not_left_out_where_the_rest_tells_little(
    asked: str, listed: str, schema: str
) -> None:
    hits = listing(listed, schema=schema).screen(Query(asked, schema))
    assert not any(hit.match for hit in hits)


def test_another_gender_lowers_the_score(screener: Screener) -> None:
    plain = first(screener, Query("Mikhail Petrovich Orlov", "Person"))
    same = first(screener, Query("Mikhail Petrovich Orlov", "Person", gender="male"))
    other = first(screener, Query("Mikhail Petrovich Orlov", "Person", gender="female"))
    assert same.score == plain.score
    assert other.score == pytest.approx(plain.score * 0.9, abs=1e-4)
    assert other.reasons[-1].text == "looked for: female, listed: male"

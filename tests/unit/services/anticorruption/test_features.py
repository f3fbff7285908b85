from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.anticorruption.features import (
    Price,
    Process,
    digest,
    item_classes,
    method_matches,
    read_lowest_bid,
    read_margin,
    read_process,
    read_valid,
)
from integritas.services.anticorruption.lenient import read_leniently
from integritas.services.anticorruption.ocds import check_release
from integritas.services.anticorruption.release import Release

Build = Callable[..., dict[str, Any]]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["tender", "bids", "details", "awards", "suppliers", "id", "status"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
MONEY = st.fixed_dictionaries(
    {},
    optional={
        "amount": st.floats(-1, 9) | st.integers(-1, 9) | st.text(max_size=1),
        "currency": st.sampled_from(["EUR", "", None]) | st.integers(),
    },
)


def read(document: dict[str, Any]) -> Process:
    process = read_process(document)
    assert process is not None
    return process


def test_read_process_takes_out_what_the_flags_need(
    release: Build, bid: Build, award: Build
) -> None:
    process = read(
        release(
            "ocds-7",
            bid("A", 5, date="2023-01-01T00:00:00Z"),
            awards=[award("A", items=[{"classification": {"id": "1234"}}, {}])],
            buyer={"id": "B"},
            tender={
                "procurementMethod": "open",
                "procurementMethodDetails": "Reverse auction",
                "tenderPeriod": {"startDate": "s", "endDate": "e"},
                "numberOfTenderers": 2,
                "procuringEntity": {"id": "P"},
            },
        )
    )
    assert process.ocid == "ocds-7"
    assert (process.buyer, process.procuring_entity) == ("B", "P")
    assert (process.start, process.end) == ("s", "e")
    assert (process.method, process.details) == ("open", "Reverse auction")
    assert process.number_of_tenderers == 2
    assert process.bids[0].price == Price(5.0, "USD")
    assert item_classes(process.awards[0].entry, 3) == ["123"]


@pytest.mark.parametrize("ocid", [None, 7, ["x"]])
def test_read_process_needs_an_ocid(ocid: object) -> None:
    assert read_process({"ocid": ocid}) is None  # type: ignore[dict-item]  # on purpose


@given(st.dictionaries(st.sampled_from(["tender", "bids", "awards", "buyer"]), JSON))
def test_read_process_survives_any_json(document: dict[str, Any]) -> None:
    assert read({**document, "ocid": "x"}).ocid == "x"


@pytest.mark.parametrize(
    "value",
    [
        {"amount": "100", "currency": "USD"},
        {"amount": True, "currency": "USD"},
        {"amount": 100},
        {"currency": "USD"},
        {"amount": 10**400, "currency": "USD"},
        [],
    ],
)
def test_a_price_needs_a_number_and_a_currency(release: Build, value: object) -> None:
    process = read(release("x", {"status": "valid", "value": value}))
    assert process.bids[0].price is None


def test_a_number_of_tenderers_must_be_whole(release: Build) -> None:
    assert read(release(tender={"numberOfTenderers": 1.0})).number_of_tenderers is None
    assert read(release(tender={"numberOfTenderers": True})).number_of_tenderers is None


@pytest.mark.parametrize(
    ("status", "submitted"),
    [
        ("valid", True),
        ("pending", True),
        ("disqualified", True),
        ("invited", False),
        ("withdrawn", False),
        (None, False),
    ],
)
def test_submitted_follows_the_status(
    release: Build, bid: Build, status: str | None, submitted: bool
) -> None:
    process = read(release("x", bid(status=status)))
    assert process.bids[0].submitted is submitted


def test_a_sole_tenderer_is_the_only_one_listed(release: Build, bid: Build) -> None:
    bids = read(release("x", bid("A"), bid("A+B"), bid(None))).bids
    assert [b.sole_tenderer for b in bids] == ["A", None, None]
    nameless = read(release("x", {"tenderers": [{"id": "A"}, {}]})).bids[0]
    assert nameless.sole_tenderer is None


def test_complete_awards_waits_for_final_states(release: Build, award: Build) -> None:
    done = [award("A"), award("B", status="cancelled"), {"suppliers": []}]
    found = read(release(awards=done)).complete
    assert found is not None
    assert [a.suppliers for a in found] == [("A",)]
    pending = [*done, award("C", status="pending")]
    assert read(release(awards=pending)).complete is None


def test_sole_winner_needs_one_award_to_one_supplier(
    release: Build, award: Build
) -> None:
    assert read(release(awards=[award("A")])).winner == "A"
    assert read(release(awards=[award("A+B")])).winner is None
    assert read(release(awards=[award("A"), award("A")])).winner is None
    assert read(release()).winner is None


@pytest.mark.parametrize(
    ("details", "include", "exclude", "matches"),
    [
        ("X", "", "", True),
        (None, "", "X", True),
        ("X", "", "X", False),
        ("Y", "Y", "Y", True),
        ("X", "Y", "", False),
        (None, "Y", "", False),
    ],
)
def test_method_matches_prefers_the_allow_list(
    details: str | None, include: str, exclude: str, matches: bool
) -> None:
    found = method_matches(details, frozenset(include), frozenset(exclude))
    assert found is matches


def test_read_margin_takes_the_lowest_bid_of_each_side(
    release: Build, bid: Build, award: Build
) -> None:
    bids = [bid("A", 120), bid("A", 100), bid("B", 150), bid("C", 130)]
    margin, currency = read_margin(read(release("x", *bids, awards=[award()])), None)
    assert margin is not None
    assert margin.ratio == pytest.approx(0.3)
    assert (margin.winner, margin.runner_up) == ("A", "C")
    assert (margin.winning_bid, margin.second_bid) == (1, 3)
    assert currency == "USD"


def test_read_margin_compares_in_one_currency_only(
    release: Build, bid: Build, award: Build
) -> None:
    bids = [bid("A", 100), bid("B", 101, currency="EUR"), bid("C", 200)]
    process = read(release("x", *bids, awards=[award()]))
    margin, _ = read_margin(process, None)
    assert margin is not None
    assert margin.runner_up == "C"
    assert read_margin(process, "EUR") == (None, "EUR")


def test_read_margin_knows_no_margin_if_a_higher_bid_won(
    release: Build, bid: Build, award: Build
) -> None:
    process = read(release("x", bid("A", 100), bid("B", 99), awards=[award("A")]))
    assert read_margin(process, None) == (None, "USD")


def test_read_margin_over_a_price_of_zero_is_not_finite(
    release: Build, bid: Build, award: Build
) -> None:
    free = read(release("x", bid("A", 0), bid("B", 5), awards=[award()]))
    both = read(release("x", bid("A", 0), bid("B", 0), awards=[award()]))
    margin, nothing = read_margin(free, None)[0], read_margin(both, None)[0]
    assert margin is not None
    assert nothing is not None
    assert margin.ratio == math.inf
    assert math.isnan(nothing.ratio)


def test_read_lowest_bid_takes_the_first_of_equals(
    release: Build, bid: Build, award: Build
) -> None:
    bids = [bid("A", 5), bid("B", 3, status="disqualified"), bid("C", 3)]
    lowest, currency = read_lowest_bid(
        read(release("x", *bids, awards=[award()])), "USD"
    )
    assert lowest is not None
    assert (lowest.position, lowest.disqualified, lowest.comparable) == (1, True, True)
    assert currency == "USD"


def test_read_lowest_bid_needs_an_active_award(
    release: Build, bid: Build, award: Build
) -> None:
    bids = [bid("A", 5)]
    unawarded = read(release("x", *bids, awards=[award(status="cancelled")]))
    assert read_lowest_bid(unawarded, None) == (None, None)


@given(
    st.fixed_dictionaries(
        {"ocid": st.text(max_size=3)},
        optional=dict.fromkeys(
            ("tender", "bids", "awards", "buyer", "contracts"), JSON
        ),
    )
)
def test_what_decodes_strictly_reads_leniently_alike(document: dict[str, Any]) -> None:
    lenient = read_leniently(document)
    assert lenient is not None
    try:
        strict = msgspec.convert(document, Release)
    except msgspec.ValidationError:
        return
    assert digest(strict) == digest(lenient)


@given(
    st.fixed_dictionaries(
        {"ocid": st.text(max_size=3)},
        optional={
            "date": st.none() | st.text(max_size=3) | st.just("2023-01-01T00:00:00Z"),
            "buyer": JSON,
            "tender": st.fixed_dictionaries(
                {},
                optional={
                    "numberOfTenderers": st.integers(-1, 3) | st.just(1.5),
                    "value": MONEY,
                    "items": st.lists(
                        st.fixed_dictionaries({"unit": st.builds(dict, value=MONEY)})
                    ),
                    "tenderPeriod": JSON,
                },
            ),
            "bids": st.builds(dict, details=st.lists(st.builds(dict, value=MONEY))),
            "awards": JSON,
        },
    )
)
def test_what_reads_as_valid_has_no_errors(document: dict[str, Any]) -> None:
    process = read_valid(document)
    if process is not None and not process.doubtful:
        assert check_release(document) == ()

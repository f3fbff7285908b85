from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integritas.services.anticorruption.scoring import Opinion

Build = Callable[..., dict[str, Any]]
Judged = Callable[..., Opinion]


@pytest.fixture
def thrown_out(release: Build, bid: Build, award: Build) -> dict[str, Any]:
    bids = [bid("A", 10), bid("B", 8, status="disqualified"), bid("C", 12)]
    return release("x", *bids, awards=[award("A")])


def test_r036_flags_a_disqualified_lowest_bid(
    over_set: Build, thrown_out: dict[str, Any]
) -> None:
    assert over_set("R036", [thrown_out])["OCID"] == {"x": {"R036": 1.0}}


def test_r036_lets_a_higher_bid_be_disqualified(
    release: Build, bid: Build, award: Build, over_set: Build
) -> None:
    bids = [bid("A", 8), bid("B", 10, status="disqualified")]
    assert "OCID" not in over_set("R036", [release("x", *bids, awards=[award()])])


@pytest.mark.parametrize("first", ["disqualified", "valid"])
def test_r036_takes_the_first_of_equal_bids(
    release: Build, bid: Build, award: Build, over_set: Build, first: str
) -> None:
    flagged = first == "disqualified"
    second = "valid" if flagged else "disqualified"
    bids = [bid("A", 8, status=first), bid("B", 8, status=second)]
    found = over_set("R036", [release("x", *bids, awards=[award()])])
    assert ("OCID" in found) is flagged


def test_r036_needs_a_valid_bid_with_a_price(
    release: Build, bid: Build, award: Build, over_set: Build, on_one: Judged
) -> None:
    bids = [bid("A", None), bid("B", 8, status="disqualified")]
    made = release("x", *bids, awards=[award()])
    assert "OCID" not in over_set("R036", [made])
    assert "no active award" in on_one("R036", made).gaps["R036"]


def test_r036_compares_in_the_first_currency_of_the_set(
    release: Build, bid: Build, award: Build, over_set: Build
) -> None:
    euro = release("e", bid("A", 1, currency="EUR"), awards=[award()])
    bids = [bid("A", 10), bid("B", 8, status="disqualified")]
    dollar = release("d", *bids, awards=[award()])
    assert "OCID" not in over_set("R036", [euro, dollar])
    assert "OCID" in over_set("R036", [dollar, euro])
    assert "OCID" in over_set("R036", [euro, dollar], "currency = USD")


def test_r036_looks_only_where_prices_are_compared(
    over_set: Build, on_one: Judged, thrown_out: dict[str, Any]
) -> None:
    quality = thrown_out | {"tender": {"procurementMethodDetails": "Q"}}
    options = "no_price_comparison_procurement_methods = Q"
    assert "OCID" not in over_set("R036", [quality], options)
    assert "not compared" in on_one("R036", quality, options).gaps["R036"]


def test_r036_judges_one_release(on_one: Judged, thrown_out: dict[str, Any]) -> None:
    ((_, flag),) = on_one("R036", thrown_out).flags
    assert flag.pointer == "/bids/details/1"
    assert flag.text == "The lowest bid of 8.00 USD was disqualified"
    assert flag.organisations == ("B",)

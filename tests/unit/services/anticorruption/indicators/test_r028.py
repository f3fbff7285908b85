from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integritas.services.anticorruption.scoring import Opinion

Build = Callable[..., dict[str, Any]]
Judged = Callable[..., Opinion]


def test_r028_flags_equal_prices_of_different_tenderers(
    release: Build, bid: Build, over_set: Build
) -> None:
    found = over_set("R028", [release("x", bid("A", 5), bid("B", 5), bid("C", 6))])
    assert found["OCID"] == {"x": {"R028": 1.0}}
    assert found["Tenderer"] == {"A": {"R028": 1.0}, "B": {"R028": 1.0}}
    assert found["Maps"]["ocid_tenderer_r028"] == {"x": ["A", "B"]}


def test_r028_lets_a_tenderer_repeat_its_own_price(
    release: Build, bid: Build, over_set: Build
) -> None:
    found = over_set("R028", [release("x", bid("A+B", 5), bid("B+A", 5))])
    assert "OCID" not in found


def test_r028_compares_with_the_bid_before(
    release: Build, bid: Build, over_set: Build
) -> None:
    bids = [bid("A", 5), bid("B", 5), bid("C", 5)]
    assert set(over_set("R028", [release("x", *bids)])["Tenderer"]) == {"A", "B", "C"}


@pytest.mark.parametrize(
    "other",
    [
        {"currency": "EUR"},
        {"status": "withdrawn"},
        {"status": "invited"},
        {"amount": None},
        {"tenderer": None},
    ],
)
def test_r028_leaves_out_bids_that_cannot_be_compared(
    release: Build, bid: Build, over_set: Build, other: dict[str, Any]
) -> None:
    second = bid(**{"tenderer": "B", "amount": 5, **other})
    assert "OCID" not in over_set("R028", [release("x", bid("A", 5), second)])


def test_r028_counts_disqualified_bids(
    release: Build, bid: Build, over_set: Build
) -> None:
    bids = [bid("A", 5), bid("B", 5, status="disqualified")]
    assert "OCID" in over_set("R028", [release("x", *bids)])


def test_r028_looks_only_where_prices_are_compared(
    release: Build, bid: Build, over_set: Build, on_one: Judged
) -> None:
    quality = release(
        "x", bid("A", 5), bid("B", 5), tender={"procurementMethodDetails": "Quality"}
    )
    options = "no_price_comparison_procurement_methods = Quality"
    assert "OCID" not in over_set("R028", [quality], options)
    assert "not compared" in on_one("R028", quality, options).gaps["R028"]
    options = "price_comparison_procurement_methods = Auction"
    assert "OCID" not in over_set("R028", [quality], options)


def test_r028_judges_one_release(release: Build, bid: Build, on_one: Judged) -> None:
    bids = [bid("Z", 7), bid("A", 5), bid("C", 7)]
    ((_, flag),) = on_one("R028", release("x", *bids)).flags
    assert flag.organisations == ("C", "Z")
    assert flag.pointer == "/bids/details/2/value"
    assert flag.text == "2 tenderers submitted the price 7.00 USD"
    assert on_one("R028", release("x", bid("A", 1), bid("B", 2))).flags == []


def test_r028_needs_two_priced_bids(release: Build, bid: Build, on_one: Judged) -> None:
    opinion = on_one("R028", release("x", bid("A", 5), bid("B", None)))
    assert "fewer than two" in opinion.gaps["R028"]

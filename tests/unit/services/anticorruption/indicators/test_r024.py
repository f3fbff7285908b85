from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integritas.services.anticorruption.api import Reference
from integritas.services.anticorruption.scoring import Opinion

Build = Callable[..., dict[str, Any]]
Judged = Callable[..., Opinion]

Referenced = Callable[..., Reference]


@pytest.fixture
def ten(contest: Build) -> list[dict[str, Any]]:
    """Nine margins from 10 % to 18 %, and one of 1 %."""
    usual = [contest(f"u{n}", 100, 110 + n) for n in range(9)]
    return [*usual, contest("close", 100, 101)]


def test_r024_flags_a_low_outlier_and_both_bidders(
    over_set: Build, ten: list[dict[str, Any]]
) -> None:
    found = over_set("R024", ten)
    assert found["OCID"] == {"close": {"R024": pytest.approx(0.01)}}
    assert found["Tenderer"] == {"A": {"R024": 0.0}, "B": {"R024": 0.0}}
    assert found["Maps"]["ocid_tenderer_r024"] == {"close": ["A", "B"]}


def test_r024_fence_is_worked_out_by_hand(
    over_set: Build, ten: list[dict[str, Any]]
) -> None:
    # sorted: 1, 10, 11 … 18 %; rank of Q1 = 31/12 + 1/3 = 2.9167, of Q3 = 8.0833
    q1 = 0.10 + 0.9167 * 0.01
    q3 = 0.16 + 0.0833 * 0.01
    meta = over_set("R024", ten)["Meta"]["R024"]
    assert meta["q1"] == pytest.approx(q1, abs=1e-4)
    assert meta["q3"] == pytest.approx(q3, abs=1e-4)
    assert meta["lower_fence"] == pytest.approx(q1 - 1.5 * (q3 - q1), abs=1e-4)


def test_r024_threshold_replaces_the_fence_and_is_inclusive(
    contest: Build, over_set: Build
) -> None:
    releases = [contest("at", 100, 125), contest("over", 100, 126)]
    found = over_set("R024", releases, "threshold = 0.25")
    assert set(found["OCID"]) == {"at"}
    assert found["Meta"]["R024"] == {"lower_fence": 0.25}


def test_r024_finds_no_outliers_where_most_margins_are_zero(
    contest: Build, over_set: Build
) -> None:
    releases = [contest(f"{n}", 100, 100) for n in range(8)]
    assert "OCID" not in over_set("R024", releases)


def test_r024_leaves_out_methods_that_do_not_compare_prices(
    contest: Build, over_set: Build
) -> None:
    quality = contest("q", 100, 100) | {
        "tender": {"procurementMethodDetails": "Quality"}
    }
    options = "threshold = 0.1\nno_price_comparison_procurement_methods = Quality"
    assert "OCID" not in over_set("R024", [quality], options)
    assert "OCID" in over_set("R024", [quality], "threshold = 0.1")


def test_r024_compares_in_the_currency_set(contest: Build, over_set: Build) -> None:
    options = "threshold = 0.5\ncurrency = EUR"
    assert "OCID" not in over_set("R024", [contest("x", 100, 101)], options)


def test_r024_over_an_empty_set_has_no_quartiles(over_set: Build) -> None:
    meta = over_set("R024", [])["Meta"]["R024"]
    assert all(value != value for value in meta.values())  # noqa: PLR0124 - NaN


def test_r024_judges_by_the_assumption_without_a_set(
    contest: Build, on_one: Judged
) -> None:
    ((_, flag),) = on_one("R024", contest("x", 1000, 1005)).flags
    assert flag.threshold == 0.01
    assert flag.value == pytest.approx(0.005)
    assert flag.pointer == "/bids/details/1"
    assert flag.organisations == ("A", "B")
    assert "1,005.00 USD lies only 0.50% above" in flag.text
    assert on_one("R024", contest("x", 1000, 1011)).flags == []


def test_r024_judges_by_the_fence_of_the_set(
    contest: Build, on_one: Judged, reference_of: Referenced, ten: list[dict[str, Any]]
) -> None:
    reference = reference_of("R024", ten)
    fence = reference.fences["R024"]["lower_fence"]
    ((_, flag),) = on_one("R024", contest("n", 1000, 1020), reference=reference).flags
    assert flag.threshold == fence > 0.02
    assert not on_one("R024", contest("n", 1000, 1090), reference=reference).flags


def test_r024_says_if_a_set_knows_no_low_outliers(
    contest: Build, on_one: Judged, reference_of: Referenced
) -> None:
    reference = reference_of("R024", [contest(f"{n}", 100, 100) for n in range(8)])
    opinion = on_one("R024", contest("n", 100, 100), reference=reference)
    assert "no low outliers" in opinion.gaps["R024"]


@pytest.mark.parametrize(("won", "second"), [(0, 5), (0, 0)])
def test_r024_knows_no_margin_over_a_price_of_zero(
    contest: Build, on_one: Judged, won: float, second: float
) -> None:
    assert "zero" in on_one("R024", contest("x", won, second)).gaps["R024"]


def test_r024_says_if_there_is_nothing_to_compare(
    release: Build, on_one: Judged
) -> None:
    assert "no single winner" in on_one("R024", release()).gaps["R024"]


def test_r024_judges_by_the_threshold_set(contest: Build, on_one: Judged) -> None:
    ((_, flag),) = on_one("R024", contest("x", 100, 105), "threshold = 0.05").flags
    assert flag.threshold == 0.05
    assert on_one("R024", contest("x", 100, 106), "threshold = 0.05").flags == []


def test_r024_says_where_prices_are_not_compared(
    contest: Build, on_one: Judged
) -> None:
    quality = contest("q", 1, 1) | {"tender": {"procurementMethodDetails": "Q"}}
    options = "no_price_comparison_procurement_methods = Q"
    assert "not compared" in on_one("R024", quality, options).gaps["R024"]

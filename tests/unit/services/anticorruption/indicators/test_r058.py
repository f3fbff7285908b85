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
    """Nine margins from 10 % to 18 %, and one of 80 %."""
    usual = [contest(f"u{n}", 100, 110 + n) for n in range(9)]
    return [*usual, contest("deep", 100, 180)]


def test_r058_flags_a_high_outlier_and_its_winner(
    over_set: Build, ten: list[dict[str, Any]]
) -> None:
    found = over_set("R058", ten)
    assert found["OCID"] == {"deep": {"R058": pytest.approx(0.8)}}
    assert found["Tenderer"] == {"A": {"R058": 0.0}}
    assert found["Maps"]["ocid_tenderer_r058"] == {"deep": ["A"]}


def test_r058_fence_is_worked_out_by_hand(
    over_set: Build, ten: list[dict[str, Any]]
) -> None:
    # rank of Q1 = 2.9167 of 10, 11 … 18, 80 %; of Q3 = 8.0833
    q1, q3 = 0.11 + 0.9167 * 0.01, 0.17 + 0.0833 * 0.01
    meta = over_set("R058", ten)["Meta"]["R058"]
    assert meta["upper_fence"] == pytest.approx(q3 + 1.5 * (q3 - q1), abs=1e-4)


def test_r058_threshold_is_inclusive(contest: Build, over_set: Build) -> None:
    releases = [contest("at", 100, 125), contest("under", 100, 124)]
    found = over_set("R058", releases, "threshold = 0.25")
    assert set(found["OCID"]) == {"at"}


def test_r058_finds_no_outliers_where_all_margins_are_zero(
    contest: Build, over_set: Build
) -> None:
    assert "OCID" not in over_set("R058", [contest(f"{n}", 5, 5) for n in range(6)])


def test_r058_flags_a_winner_that_asks_nothing(contest: Build, over_set: Build) -> None:
    found = over_set("R058", [contest("free", 0, 5)], "threshold = 0.5")
    assert found["OCID"] == {"free": {"R058": float("inf")}}


def test_r058_judges_by_the_template_value_without_a_set(
    contest: Build, on_one: Judged
) -> None:
    ((_, flag),) = on_one("R058", contest("x", 100, 200)).flags
    assert (flag.threshold, flag.value, flag.strength) == (0.5, 1.0, 1.0)
    assert flag.pointer == "/bids/details/0"
    assert flag.organisations == ("A",)
    assert on_one("R058", contest("x", 100, 149)).flags == []


def test_r058_judges_by_the_fence_of_the_set(
    contest: Build, on_one: Judged, reference_of: Referenced, ten: list[dict[str, Any]]
) -> None:
    reference = reference_of("R058", ten)
    assert on_one("R058", contest("n", 100, 140), reference=reference).flags
    assert not on_one("R058", contest("n", 100, 120), reference=reference).flags


def test_r058_says_if_a_set_knows_no_high_outliers(
    contest: Build, on_one: Judged, reference_of: Referenced
) -> None:
    reference = reference_of("R058", [contest(f"{n}", 5, 5) for n in range(6)])
    opinion = on_one("R058", contest("n", 5, 9), reference=reference)
    assert "no high outliers" in opinion.gaps["R058"]
    assert "zero" in on_one("R058", contest("n", 0, 9)).gaps["R058"]


def test_r058_judges_by_the_threshold_set(contest: Build, on_one: Judged) -> None:
    ((_, flag),) = on_one("R058", contest("x", 100, 120), "threshold = 0.2").flags
    assert (flag.threshold, flag.strength) == (0.2, 0.5)
    assert on_one("R058", contest("x", 100, 119), "threshold = 0.2").flags == []

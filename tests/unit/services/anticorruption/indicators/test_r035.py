from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integritas.services.anticorruption.scoring import Opinion

Build = Callable[..., dict[str, Any]]
Judged = Callable[..., Opinion]


def test_r035_counts_the_disqualified_others(
    release: Build, bid: Build, award: Build, over_set: Build
) -> None:
    out = [bid(t, status="disqualified") for t in ("B", "C", "C", "A")]
    found = over_set("R035", [release("x", bid("A"), *out, awards=[award("A")])])
    assert found["OCID"] == {"x": {"R035": 2.0}}
    assert found["Tenderer"] == {"A": {"R035": 0.0}}
    assert found["Maps"]["ocid_tenderer_r035"] == {"x": ["A"]}


@pytest.mark.parametrize("case", [(0, True), (1, True), (2, True), (3, False)])
def test_r035_threshold_is_at_least_one(
    release: Build,
    bid: Build,
    award: Build,
    over_set: Build,
    case: tuple[int, bool],
) -> None:
    threshold, flagged = case
    out = [bid(t, status="disqualified") for t in ("B", "C")]
    made = release("x", bid("A"), *out, awards=[award("A")])
    unopposed = release("y", bid("A"), awards=[award("A")])
    found = over_set("R035", [made, unopposed], f"threshold = {threshold}")
    assert ("x" in found.get("OCID", {})) is flagged
    assert "y" not in found.get("OCID", {})


@pytest.mark.parametrize(
    "case",
    [
        (["A", "B"], "A", "active"),
        (["A"], "B", "active"),
        (["A"], "A+B", "active"),
        (["A"], "A", "pending"),
        (["A"], "A", "cancelled"),
        ([], "A", "active"),
    ],
)
def test_r035_needs_one_valid_tenderer_that_won(
    release: Build,
    bid: Build,
    award: Build,
    over_set: Build,
    case: tuple[list[str], str, str],
) -> None:
    valid, supplier, status = case
    bids = [*(bid(t) for t in valid), bid("C", status="disqualified")]
    made = release("x", *bids, awards=[award(supplier, status=status)])
    assert "OCID" not in over_set("R035", [made])


def test_r035_judges_one_release(
    release: Build, bid: Build, award: Build, on_one: Judged
) -> None:
    out = [bid(t, status="disqualified") for t in ("B", "C")]
    ((_, flag),) = on_one(
        "R035", release("x", bid("A"), *out, awards=[award("A")])
    ).flags
    assert flag.value == 2.0
    assert flag.strength == 1.0
    assert flag.text.endswith("2 other tenderers")
    assert on_one("R035", release("x", bid("A"), awards=[award("A")])).flags == []


def test_r035_needs_final_awards(
    release: Build, bid: Build, award: Build, on_one: Judged
) -> None:
    pending = release("x", bid("A"), awards=[award("A", status="pending")])
    assert "not final" in on_one("R035", pending).gaps["R035"]

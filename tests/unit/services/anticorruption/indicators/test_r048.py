from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integritas.services.anticorruption.api import Reference
from integritas.services.anticorruption.scoring import Opinion

Build = Callable[..., dict[str, Any]]
Judged = Callable[..., Opinion]

Referenced = Callable[..., Reference]
ONE = "minimum_contracting_processes = 1"


def items(*codes: str) -> list[dict[str, Any]]:
    return [{"classification": {"id": code}} for code in codes]


@pytest.fixture
def market(release: Build, award: Build) -> list[dict[str, Any]]:
    """Five suppliers of one class, and one of three."""
    usual = [
        release(f"u{n}", awards=[award(f"S{n}", items=items("10200000", "10300000"))])
        for n in range(5)
    ]
    many = items("10000000", "11000000", "1200")
    return [*usual, release("m", awards=[award("M", items=many)])]


def test_r048_flags_a_supplier_of_many_classes(
    over_set: Build, market: list[dict[str, Any]]
) -> None:
    found = over_set("R048", market, ONE)
    assert found["Tenderer"]["M"] == {"R048": 3.0}


def test_r048_digits_make_the_class(
    over_set: Build, market: list[dict[str, Any]]
) -> None:
    found = over_set("R048", market, f"{ONE}\ndigits = 1\nthreshold = 2")
    assert "Tenderer" not in found
    found = over_set("R048", market, f"{ONE}\ndigits = 3\nthreshold = 2")
    assert len(found["Tenderer"]) == 6


@pytest.mark.parametrize(("threshold", "flagged"), [(3, True), (4, False)])
def test_r048_threshold_is_inclusive(
    over_set: Build, market: list[dict[str, Any]], threshold: int, flagged: bool
) -> None:
    found = over_set("R048", market, f"{ONE}\nthreshold = {threshold}")
    assert ("Tenderer" in found) is flagged
    assert found["Meta"]["R048"] == {"upper_fence": float(threshold)}


def test_r048_looks_at_suppliers_seen_often(
    over_set: Build, market: list[dict[str, Any]]
) -> None:
    assert "Tenderer" not in over_set("R048", market)  # twenty processes by default


def test_r048_counts_a_supplier_once_a_process(
    release: Build, award: Build, reference_of: Referenced
) -> None:
    twice = [award("S", items=items("10")), award("S", items=items("20"))]
    reference = reference_of("R048", [release("x", awards=twice)])
    assert reference.varieties["S"] == (1, frozenset({"10", "20"}))


@pytest.mark.parametrize(
    "case",
    [("S", "pending", ("10",)), ("S+T", "active", ("10",)), ("S", "active", ())],
)
def test_r048_leaves_out_awards_that_tell_nothing(
    release: Build,
    award: Build,
    reference_of: Referenced,
    case: tuple[str, str, tuple[str, ...]],
) -> None:
    supplier, status, codes = case
    made = award(supplier, status=status, items=items(*codes))
    assert not reference_of("R048", [release("x", awards=[made])]).varieties


def test_r048_judges_suppliers_by_what_they_delivered_before(
    release: Build,
    award: Build,
    on_one: Judged,
    reference_of: Referenced,
    market: list[dict[str, Any]],
) -> None:
    reference = reference_of("R048", market, f"{ONE}\nthreshold = 2")
    new = release("n", awards=[award("S1"), award("M"), award("New")])
    ((_, flag),) = on_one("R048", new, ONE, reference=reference).flags
    assert flag.organisations == ("M",)
    assert flag.pointer == "/awards/1/suppliers"
    assert flag.figures == {"classes": 3, "processes": 1}


def test_r048_needs_a_history(release: Build, on_one: Judged) -> None:
    assert "no history" in on_one("R048", release()).gaps["R048"]

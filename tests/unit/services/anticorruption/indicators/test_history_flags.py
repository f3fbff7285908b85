"""Flags that need what was seen before: on a planted set, and on an innocent one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Json = dict[str, Any]
Build = Callable[..., Json]
OverSet = Callable[..., Json]
OnOne = Callable[..., Any]
Referenced = Callable[..., Any]


def awarded(
    ocid: str, supplier: str, *, buyer: str = "city", method: str = "open", **award: Any
) -> Json:
    made = {"status": "active", "suppliers": [{"id": supplier}], **award}
    return {
        "ocid": ocid,
        "buyer": {"id": buyer},
        "tender": {"procurementMethod": method},
        "awards": [made],
    }


def contest_of(ocid: str, winner: str, *losers: str) -> Json:
    bids = [{"status": "valid", "tenderers": [{"id": t}]} for t in (winner, *losers)]
    return {**awarded(ocid, winner), "bids": {"details": bids}}


CAPTURED = [awarded(f"c{n}", "A" if n < 8 else f"S{n}") for n in range(12)]
SPREAD = [awarded(f"s{n}", f"S{n % 6}", buyer="county") for n in range(12)]


def test_i201_flags_a_buyer_that_leans_on_one_supplier(over_set: OverSet) -> None:
    found = over_set("I201", [*CAPTURED, *SPREAD])
    assert found["Buyer"] == {"city": {"I201": pytest.approx(8 / 12)}}
    assert found["Tenderer"] == {"A": {"I201": pytest.approx(8 / 12)}}


def test_i201_judges_a_new_award_by_the_buyers_history(
    on_one: OnOne, reference_of: Referenced
) -> None:
    reference = reference_of("I201", [*CAPTURED, *SPREAD])
    (_, flag), *_ = on_one("I201", awarded("n", "A"), reference=reference).flags
    assert flag.value == pytest.approx(8 / 12)
    assert flag.organisations == ("A",)
    assert not on_one("I201", awarded("n", "S9"), reference=reference).flags
    innocent = awarded("n", "S1", buyer="county")
    assert not on_one("I201", innocent, reference=reference).flags
    assert on_one("I201", awarded("n", "A", buyer="new"), reference=reference).gaps


ALWAYS = [contest_of(f"w{n}", "A", "B", f"C{n}") for n in range(7)]
MIXED = [contest_of(f"m{n}", "XYZ"[n % 3], "XYZ"[(n + 1) % 3]) for n in range(12)]


def test_i202_flags_who_never_loses(
    over_set: OverSet, on_one: OnOne, reference_of: Referenced
) -> None:
    assert over_set("I202", [*ALWAYS, *MIXED])["Tenderer"] == {"A": {"I202": 1.0}}
    reference = reference_of("I202", [*ALWAYS, *MIXED])
    (_, flag), *_ = on_one("I202", contest_of("n", "A", "B"), reference=reference).flags
    assert flag.text == "The winner won 7 of its 7 contests before"
    assert not on_one("I202", contest_of("n", "X", "Y"), reference=reference).flags
    assert on_one("I202", contest_of("n", "new", "Y"), reference=reference).gaps


def test_i202_counts_no_award_without_a_rival(over_set: OverSet) -> None:
    alone = [contest_of(f"a{n}", "A") for n in range(9)]
    assert "Tenderer" not in over_set("I202", alone)


def direct(ocid: str, date: str, supplier: str = "A") -> Json:
    return awarded(ocid, supplier, method="direct", date=f"{date}T00:00:00Z")


PIECES = [direct("p1", "2024-01-02"), direct("p2", "2024-01-12")]


def test_i203_flags_direct_awards_in_quick_succession(over_set: OverSet) -> None:
    third = direct("p3", "2024-01-30")
    found = over_set("I203", [*PIECES, third])
    assert found["Buyer"] == {"city": {"I203": 3.0}}
    assert found["Tenderer"] == {"A": {"I203": 3.0}}
    late = direct("p3", "2024-03-30")
    assert "Buyer" not in over_set("I203", [*PIECES, late])
    by_contest = awarded("p3", "A", date="2024-01-30T00:00:00Z")
    assert "Buyer" not in over_set("I203", [*PIECES, by_contest])


def test_i203_judges_a_new_award_with_those_before(
    on_one: OnOne, reference_of: Referenced
) -> None:
    reference = reference_of("I203", PIECES)
    new = direct("p3", "2024-01-20")
    (_, flag), *_ = on_one("I203", new, reference=reference).flags
    assert flag.value == 3.0
    other = direct("p3", "2024-01-20", "B")
    assert not on_one("I203", other, reference=reference).flags
    assert on_one("I203", awarded("n", "A"), reference=reference).gaps


def priced(ocid: str, amount: float, buyer: str) -> Json:
    return awarded(ocid, "A", buyer=buyer, value={"amount": amount, "currency": "EUR"})


def test_i204_flags_amounts_that_do_not_spread_as_real_ones_do(
    over_set: OverSet, on_one: OnOne, reference_of: Referenced
) -> None:
    grown = [priced(f"g{n}", 1.07**n, "honest") for n in range(200)]
    trimmed = [priced(f"t{n}", 90_000 + n, "trims") for n in range(200)]
    few = [priced(f"f{n}", 90_000 + n, "small") for n in range(50)]
    found = over_set("I204", [*grown, *trimmed, *few])
    assert set(found["Buyer"]) == {"trims"}
    reference = reference_of("I204", [*grown, *trimmed])
    assert on_one("I204", priced("n", 5, "trims"), reference=reference).flags
    assert not on_one("I204", priced("n", 5, "honest"), reference=reference).flags
    assert on_one("I204", priced("n", 5, "small"), reference=reference).gaps

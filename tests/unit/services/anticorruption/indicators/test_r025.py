from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from integritas.services.anticorruption.api import Reference
from integritas.services.anticorruption.ledger import Share
from integritas.services.anticorruption.scoring import Opinion

Build = Callable[..., dict[str, Any]]
Judged = Callable[..., Opinion]

Referenced = Callable[..., Reference]


@pytest.fixture
def market(release: Build, bid: Build, award: Build) -> list[dict[str, Any]]:
    """L bids in ten processes and wins one; each other tenderer bids and wins once."""
    found = []
    for n in range(10):
        winner = "L" if n == 9 else f"W{n}"
        bids = [bid("L", 20), bid(f"W{n}", 10)]
        found.append(release(f"p{n}", *bids, awards=[award(winner)]))
    return found


def test_r025_flags_a_frequent_loser(
    over_set: Build, market: list[dict[str, Any]]
) -> None:
    found = over_set("R025", market, "percentile = 99\nthreshold = 0.5")
    assert found["Tenderer"] == {"L": {"R025": 0.1}}


def test_r025_flags_all_at_the_fence_of_a_set_without_spread(
    over_set: Build, market: list[dict[str, Any]]
) -> None:
    # As Cardinal: the fence is inclusive, and here it is one.
    assert len(over_set("R025", market)["Tenderer"]) == 11


def test_r025_meta_is_worked_out_by_hand(
    over_set: Build, market: list[dict[str, Any]]
) -> None:
    meta = over_set("R025", market)["Meta"]["R025"]
    assert meta == {"q1": 1.0, "q3": 1.0, "lower_fence": 1.0, "upper_fence": 1.0}


def test_r025_percentile_tells_who_is_frequent(
    over_set: Build, market: list[dict[str, Any]]
) -> None:
    found = over_set("R025", market, "percentile = 100")
    assert set(found["Tenderer"]) == {"L"}
    assert found["Meta"]["R025"]["upper_fence"] == 10.0


@pytest.mark.parametrize(("threshold", "flagged"), [("0.1", True), ("0.09", False)])
def test_r025_threshold_is_inclusive(
    over_set: Build, market: list[dict[str, Any]], threshold: str, flagged: bool
) -> None:
    options = f"percentile = 100\nthreshold = {threshold}"
    found = over_set("R025", market, options)
    assert ("Tenderer" in found) is flagged


def test_r025_counts_a_tenderer_once_a_process(
    release: Build, bid: Build, award: Build, reference_of: Referenced
) -> None:
    bids = [bid("A"), bid("A"), bid("B"), bid("C", status="disqualified"), bid("D+E")]
    shares = reference_of("R025", [release("x", *bids, awards=[award("A")])]).shares
    assert shares["R025"] == {"A": Share(1, 1), "B": Share(0, 1)}


@pytest.mark.parametrize("supplier", ["A+B", ""])
def test_r025_leaves_out_processes_without_a_single_winner(
    release: Build, bid: Build, award: Build, reference_of: Referenced, supplier: str
) -> None:
    awards = [award(supplier)] if supplier else []
    reference = reference_of("R025", [release("x", bid("A"), awards=awards)])
    assert not reference.shares


def test_r025_lists_the_tenderers_of_processes_in_maps(
    over_set: Build, market: list[dict[str, Any]]
) -> None:
    assert over_set("R025", market)["Maps"]["ocid_tenderer"]["p3"] == ["L", "W3"]


def test_r025_judges_tenderers_by_what_they_did_before(
    release: Build,
    bid: Build,
    on_one: Judged,
    reference_of: Referenced,
    market: list[dict[str, Any]],
) -> None:
    new = release("new", bid("N"), bid("L"))
    ((_, flag),) = on_one("R025", new, reference=reference_of("R025", market)).flags
    assert flag.organisations == ("L",)
    assert flag.pointer == "/bids/details/1"
    assert flag.figures == {"won": 1, "bid_in": 10}


def test_r025_needs_a_history(release: Build, on_one: Judged) -> None:
    assert "no history" in on_one("R025", release()).gaps["R025"]


def test_r025_says_if_most_tenderers_never_win(
    release: Build, bid: Build, award: Build, on_one: Judged, reference_of: Referenced
) -> None:
    losers = [release("x", *(bid(f"L{n}") for n in range(9)), awards=[award("W")])]
    opinion = on_one("R025", losers[0], reference=reference_of("R025", losers))
    assert "no low outliers" in opinion.gaps["R025"]

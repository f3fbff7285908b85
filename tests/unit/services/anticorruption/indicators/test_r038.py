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
def country(release: Build, bid: Build) -> list[dict[str, Any]]:
    """Buyers b0 to b7 accept both bids; buyer `bad` throws one of two out, twice."""
    fair = [
        release(f"f{n}", bid(f"T{n}"), bid(f"T{n}"), buyer={"id": f"b{n}"})
        for n in range(8)
    ]
    bad = [
        release(
            f"x{n}",
            bid("Good"),
            bid("Out", status="disqualified"),
            buyer={"id": "bad"},
            tender={"procuringEntity": {"id": "P"}},
        )
        for n in range(2)
    ]
    return [*fair, *bad]


def test_r038_flags_who_lies_above_the_fence(
    over_set: Build, country: list[dict[str, Any]]
) -> None:
    found = over_set("R038", country, "threshold = 0.5")
    assert found["Buyer"] == {"bad": {"R038": 0.5}}
    assert found["ProcuringEntity"] == {"P": {"R038": 0.5}}
    assert found["Tenderer"] == {"Out": {"R038": 1.0}}


def test_r038_finds_no_outliers_where_nothing_is_disqualified(
    over_set: Build, country: list[dict[str, Any]]
) -> None:
    found = over_set("R038", country)
    assert "Buyer" not in found  # q1 = q3 = 0, so the fence is not above zero
    assert found["Meta"]["R038"]["Buyer_upper_fence"] == 0.0
    assert found["ProcuringEntity"] == {"P": {"R038": 0.5}}  # the only one


def test_r038_maps_hosts_of_processes_with_disqualified_bids(
    over_set: Build, country: list[dict[str, Any]]
) -> None:
    maps = over_set("R038", country)["Maps"]
    assert maps["ocid_buyer_r038"] == {"x0": "bad", "x1": "bad"}
    assert maps["ocid_procuringentity_r038"] == {"x0": "P", "x1": "P"}


@pytest.mark.parametrize(
    ("options", "groups"),
    [
        ("minimum_submitted_bids = 3", {"Buyer", "ProcuringEntity"}),
        ("minimum_contracting_processes = 5", {"Tenderer"}),
    ],
)
def test_r038_leaves_out_who_has_too_few_bids(
    over_set: Build, country: list[dict[str, Any]], options: str, groups: set[str]
) -> None:
    found = over_set("R038", country, f"threshold = 0.5\n{options}")
    assert set(found) - {"Meta", "Maps"} == groups


def test_r038_counts_submitted_bids_only(
    release: Build, bid: Build, reference_of: Referenced
) -> None:
    statuses = ("valid", "pending", "disqualified", "invited", "withdrawn")
    made = release("x", *(bid("A", status=s) for s in statuses), buyer={"id": "B"})
    shares = reference_of("R038", [made]).shares
    assert shares["R038.Tenderer"] == {"A": Share(1, 3)}
    assert shares["R038.Buyer"] == {"B": Share(1, 3)}


def test_r038_without_bids_counts_nothing(release: Build, over_set: Build) -> None:
    found = over_set("R038", [release(buyer={"id": "B"})])
    assert found["Meta"] == {}


def test_r038_judges_who_takes_part_by_what_they_did_before(
    release: Build,
    bid: Build,
    on_one: Judged,
    reference_of: Referenced,
    country: list[dict[str, Any]],
) -> None:
    reference = reference_of("R038", country, "threshold = 0.5")
    new = release("new", bid("T1"), bid("Out"), buyer={"id": "bad"})
    opinion = on_one("R038", new, "threshold = 0.5", reference=reference)
    found = {flag.pointer: flag.organisations for _, flag in opinion.flags}
    assert found == {"/buyer": ("bad",), "/bids/details/1": ("Out",)}
    texts = [flag.text for _, flag in opinion.flags]
    assert texts[0].startswith("The buyer had 2 of 4 bids disqualified before, 50.0%")


def test_r038_leaves_strangers_alone(
    release: Build,
    bid: Build,
    on_one: Judged,
    reference_of: Referenced,
    country: list[dict[str, Any]],
) -> None:
    reference = reference_of("R038", country)
    new = release("new", bid("New"), buyer={"id": "b1"})
    assert on_one("R038", new, reference=reference).flags == []


def test_r038_needs_a_history(release: Build, on_one: Judged) -> None:
    assert "no history" in on_one("R038", release()).gaps["R038"]

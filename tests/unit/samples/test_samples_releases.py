"""Releases hold together, and raise the flags they claim and no other.

The formulas are written down here anew from OCDS Cardinal's documentation.
"""

from __future__ import annotations

import statistics
from datetime import datetime
from random import Random
from typing import Any

import pytest

from integritas.samples.api import generate, planted_samples
from integritas.samples.releases import FLAWS, build_release, ordinary_shape

Release = dict[str, Any]


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - tests must be repeatable


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def bids(release: Release, status: str | None = None) -> list[dict[str, Any]]:
    details: list[dict[str, Any]] = release["bids"]["details"]
    return [bid for bid in details if status in {None, bid["status"]}]


def tenderers(found: list[dict[str, Any]]) -> set[str]:
    return {bid["tenderers"][0]["id"] for bid in found}


def amount(bid: dict[str, Any]) -> float:
    return float(bid["value"]["amount"])


def margin(release: Release) -> float | None:
    """(second-lowest valid - winning) / winning, where the winner is the lowest."""
    prices = sorted(amount(bid) for bid in bids(release, "valid"))
    if len(prices) < 2 or release["awards"][0]["value"]["amount"] != prices[0]:
        return None
    return (prices[1] - prices[0]) / prices[0]


def fences() -> tuple[float, float]:
    margins = [m for s in generate(4, 400) for m in margins_of(s.evidence)]
    low, _, high = statistics.quantiles(margins, n=4)
    return low - 1.5 * (high - low), high + 1.5 * (high - low)


def margins_of(evidence: tuple[dict[str, Any], ...]) -> list[float]:
    found = (margin(i["release"]) for i in evidence if i["kind"] == "procurement")
    return [value for value in found if value is not None]


LOWER, UPPER = fences()


def flags(release: Release) -> set[str]:
    tender, winner = release["tender"], release["awards"][0]["suppliers"][0]["id"]
    period = tender["tenderPeriod"]
    valid, out = bids(release, "valid"), bids(release, "disqualified")
    prices = [amount(bid) for bid in bids(release)]
    lowest = min(bids(release), key=amount)
    days = (when(period["endDate"]) - when(period["startDate"])).total_seconds() / 86400
    gap = margin(release)
    late = [bid for bid in valid if when(bid["date"]) > when(period["endDate"])]
    claims = {
        "R003": tender["procurementMethod"] == "open" and days < 15,
        "R018": tender["procurementMethod"] in {"open", "selective"}
        and tender["numberOfTenderers"] == 1,
        "R024": gap is not None and gap <= LOWER,
        "R028": len(set(prices)) < len(prices),
        "R030": winner in tenderers(late),
        "R035": tenderers(valid) == {winner} and len(tenderers(out)) >= 1,
        "R036": lowest["status"] == "disqualified",
        "R058": gap is not None and gap >= UPPER,
    }
    return {code for code, holds in claims.items() if holds}


def test_fences_lie_where_an_outlier_can_be() -> None:
    assert 0.003 < LOWER < 0.06
    assert 0.13 < UPPER < 0.5


@pytest.mark.parametrize("code", sorted(FLAWS))
def test_flawed_shape_raises_its_flag_only(code: str) -> None:
    for seed in range(10):
        assert flags(build_release(seeded(seed), FLAWS[code])) == {code}


@pytest.mark.parametrize("seed", range(60))
def test_ordinary_shape_raises_none(seed: int) -> None:
    rng = seeded(seed)

    assert flags(build_release(rng, ordinary_shape(rng))) == set()


def test_planted_releases_satisfy_what_they_claim() -> None:
    claims = {
        case.planted.expect: flags(case.evidence[0]["release"])
        for case in planted_samples()
        if case.planted and case.evidence[0]["kind"] == "procurement"
    }

    assert claims == {"clean": set(), **{code: {code} for code in FLAWS}}


def test_labels_say_what_is_flagged() -> None:
    for sample in generate(9, 200):
        if sample.kinds == ("procurement",):
            found = flags(sample.evidence[0]["release"])

            assert found == ({sample.label} if sample.label != "clean" else set())


@pytest.mark.parametrize("seed", range(20))
def test_dates_follow_each_other(seed: int) -> None:
    rng = seeded(seed)
    release = build_release(rng, ordinary_shape(rng))
    period = release["tender"]["tenderPeriod"]
    contract = release["contracts"][0]
    order = [
        period["startDate"],
        *sorted(bid["date"] for bid in bids(release)),
        period["endDate"],
        release["awards"][0]["date"],
        contract["dateSigned"],
        contract["period"]["startDate"],
        contract["period"]["endDate"],
    ]

    assert order[1:] == sorted(order[1:])
    assert when(period["startDate"]) < when(period["endDate"])
    assert when(contract["dateSigned"]) < when(release["date"])


@pytest.mark.parametrize("seed", range(20))
def test_amounts_and_parties_agree(seed: int) -> None:
    rng = seeded(seed)
    release = build_release(rng, ordinary_shape(rng))
    winner = bids(release)[0]
    known = {party["id"] for party in release["parties"]}
    roles = {party["id"]: party["roles"] for party in release["parties"]}

    assert release["awards"][0]["value"] == winner["value"]
    assert release["contracts"][0]["value"] == winner["value"]
    assert release["awards"][0]["suppliers"] == winner["tenderers"]
    assert tenderers(bids(release)) < known
    assert roles[release["buyer"]["id"]] == ["buyer", "procuringEntity"]
    assert release["tender"]["numberOfTenderers"] == len(tenderers(bids(release)))
    assert release["bids"]["statistics"][0]["value"] == len(bids(release))


def test_ocids_differ() -> None:
    ocids = [
        sample.evidence[0]["release"]["ocid"]
        for sample in generate(1, 400)
        if sample.kinds == ("procurement",)
    ]

    assert len(set(ocids)) == len(ocids) == 80

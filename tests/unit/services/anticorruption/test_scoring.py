from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integritas.services.anticorruption.api import (
    DEFAULT_SETTINGS,
    EMPTY_REFERENCE,
    Calculation,
    parse_settings,
)
from integritas.services.anticorruption.features import read_margin, read_process
from integritas.services.anticorruption.indicators import INDICATORS, OPTIONS
from integritas.services.anticorruption.indicators.contract import (
    strength_above,
    strength_below,
)
from integritas.services.anticorruption.scoring import Judge

if TYPE_CHECKING:
    from integritas.services.anticorruption.settings import Settings

Build = Callable[..., dict[str, Any]]

TENDERERS = st.sampled_from(["A", "B", "C", "D"])
BIDS = st.builds(
    lambda tenderer, status, amount, date: {
        "tenderers": [{"id": tenderer}],
        "status": status,
        "value": {"amount": amount, "currency": "USD"},
        "date": f"2023-01-{date:02}T00:00:00Z",
    },
    TENDERERS,
    st.sampled_from(["valid", "valid", "valid", "disqualified", "withdrawn"]),
    st.integers(1, 12),
    st.integers(1, 28),
)
AWARDS = st.builds(
    lambda supplier, code: {
        "status": "active",
        "suppliers": [{"id": supplier}],
        "items": [{"classification": {"id": code}}],
    },
    TENDERERS,
    st.sampled_from(["1000", "2000", "3000"]),
)
RELEASES = st.builds(
    lambda bids, awards, buyer, end: {
        "buyer": {"id": buyer},
        "bids": {"details": bids},
        "awards": awards,
        "tender": {
            "procurementMethod": "open",
            "numberOfTenderers": len(bids),
            "tenderPeriod": {
                "startDate": "2023-01-01T00:00:00Z",
                "endDate": f"2023-01-{end:02}T00:00:00Z",
            },
        },
    },
    st.lists(BIDS, max_size=4),
    st.lists(AWARDS, max_size=2),
    st.sampled_from(["X", "Y"]),
    st.integers(2, 28),
)
SETS = st.lists(RELEASES, max_size=12).map(
    lambda found: [{"ocid": f"ocds-{n}", **r} for n, r in enumerate(found)]
)
LOW = parse_settings(
    "currency = USD\n"
    + "".join(f"[{code}]\n" for code in OPTIONS)
    + "[R048]\nminimum_contracting_processes = 1\n"
)


def document(releases: list[dict[str, Any]], chosen: Settings = LOW) -> dict[str, Any]:
    calculation = Calculation(chosen, with_maps=True)
    for release in releases:
        process = read_process(release)
        assert process is not None
        calculation.add(process)
    return dict(calculation.conclude().document())


def same(left: object, right: object) -> bool:
    """Equality in which NaN, a quartile of nothing, equals NaN."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            same(left[k], right[k]) for k in left
        )
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    return left == right


@given(SETS, st.data())
@settings(max_examples=60)
def test_the_order_of_releases_does_not_matter(
    releases: list[dict[str, Any]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(releases))
    assert same(document(shuffled), document(releases))


@given(SETS)
@settings(max_examples=60)
def test_every_flagged_margin_lies_beyond_its_fence(
    releases: list[dict[str, Any]],
) -> None:
    found = document(releases)
    meta = found["Meta"]
    margins = {}
    for release in releases:
        process = read_process(release)
        assert process is not None
        margins[process.ocid] = read_margin(process, "USD")[0]
    for ocid, values in found.get("OCID", {}).items():
        margin = margins[ocid]
        if "R024" in values:
            assert margin is not None
            assert values["R024"] == margin.ratio <= meta["R024"]["lower_fence"] + 1e-4
        if "R058" in values:
            assert margin is not None
            assert values["R058"] == margin.ratio >= meta["R058"]["upper_fence"] - 1e-4


@given(SETS)
@settings(max_examples=60)
def test_every_value_is_what_its_indicator_may_say(
    releases: list[dict[str, Any]],
) -> None:
    found = document(releases)
    for group in ("OCID", "Buyer", "ProcuringEntity", "Tenderer"):
        for values in found.get(group, {}).values():
            for code, value in values.items():
                assert code in OPTIONS
                assert value >= 0
                if code in {"R003", "R018", "R028", "R030", "R036"}:
                    assert value == 1.0
                if code in {"R025", "R038"}:
                    assert value <= 1.0


@given(SETS)
@settings(max_examples=40)
def test_one_release_is_judged_as_in_the_set(releases: list[dict[str, Any]]) -> None:
    alone = {"R003", "R018", "R028", "R030", "R035", "R036"}
    found = document(releases)
    judge = Judge(LOW)
    for release in releases:
        process = read_process(release)
        assert process is not None
        opinion = judge.judge(process, EMPTY_REFERENCE)
        judged = {s.code: f.value for s, f in opinion.flags if s.code in alone}
        in_set = found.get("OCID", {}).get(process.ocid, {})
        assert judged == {c: v for c, v in in_set.items() if c in alone}


@given(SETS, RELEASES)
@settings(max_examples=40)
def test_every_judgement_is_sound(
    releases: list[dict[str, Any]], new: dict[str, Any]
) -> None:
    calculation = Calculation(LOW)
    for release in releases:
        process = read_process(release)
        assert process is not None
        calculation.add(process)
    reference = calculation.reference(version="set@1")
    process = read_process({"ocid": "new", **new})
    assert process is not None
    opinion = Judge(LOW).judge(process, reference)
    for spec, flag in opinion.flags:
        assert spec.code not in opinion.gaps
        assert 0.0 <= flag.strength <= 1.0
        assert flag.text
        assert "\n" not in flag.text


def test_a_cancelled_tender_is_left_out(release: Build, bid: Build) -> None:
    cancelled = release("x", bid("A", 1), bid("B", 1), tender={"status": "cancelled"})
    assert "OCID" not in document([cancelled])
    process = read_process(cancelled)
    assert process is not None
    opinion = Judge().judge(process, EMPTY_REFERENCE)
    assert not opinion.flags
    assert set(opinion.gaps) == set(OPTIONS)


def test_excluded_methods_are_left_out(release: Build, bid: Build) -> None:
    made = release(
        "x", bid("A", 1), bid("B", 1), tender={"procurementMethodDetails": "Lottery"}
    )
    excluding = parse_settings(
        "[R028]\n[exclusions]\nprocurement_method_details = Lottery\n"
    )
    assert "OCID" not in document([made], excluding)
    assert "OCID" in document([made], parse_settings("[R028]"))


def test_the_first_price_of_a_margin_sets_the_currency(
    release: Build, bid: Build, award: Build
) -> None:
    # R036 alone would see the withdrawn euro's neighbour first; margins come before.
    made = release(
        "x",
        bid("C", 1, currency="EUR", status="disqualified"),
        bid("A", 2),
        bid("B", 3),
        awards=[award("A")],
    )
    calculation = Calculation(parse_settings("[R036]\n[R058]"))
    process = read_process(made)
    assert process is not None
    calculation.add(process)
    assert calculation.conclude().currency == "USD"


def test_only_enabled_indicators_speak(release: Build, bid: Build) -> None:
    made = release(
        "x",
        bid("A", 1),
        bid("B", 1),
        tender={"procurementMethod": "open", "numberOfTenderers": 1},
    )
    assert document([made], parse_settings("[R018]"))["OCID"] == {"x": {"R018": 1.0}}


def test_codes_are_unique_and_in_order() -> None:
    codes = [indicator.spec.code for indicator in INDICATORS]
    assert codes == sorted(set(codes))
    assert set(DEFAULT_SETTINGS.sections) == set(codes)


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda i: str(i.spec.code))
def test_every_indicator_declares_itself(indicator: Any) -> None:
    spec = indicator.spec
    assert 0 < spec.weight <= 1
    for text in (
        spec.title,
        spec.formula,
        spec.value,
        spec.why,
        spec.source,
        spec.alone,
    ):
        assert text.strip()
    assert spec.groups
    assert spec.fields


@pytest.mark.parametrize(
    ("value", "strength"), [(10, 0.5), (5, 0.75), (0, 1.0), (-3, 1.0), (20, 0.5)]
)
def test_strength_below_rises_to_zero(value: float, strength: float) -> None:
    assert strength_below(value, 10) == strength


@pytest.mark.parametrize(("value", "strength"), [(10, 0.5), (15, 0.75), (90, 1.0)])
def test_strength_above_rises_to_twice_the_threshold(
    value: float, strength: float
) -> None:
    assert strength_above(value, 10) == strength


def test_strength_against_no_threshold_is_defined() -> None:
    assert strength_below(0, 0) == 0.5
    assert strength_above(1, 0) == 1.0

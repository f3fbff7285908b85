from __future__ import annotations

import copy
import json
from importlib import resources
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.errors import InvalidInput
from integritas.services.anticorruption.indicators import INDICATORS
from integritas.services.anticorruption.indicators.contract import Flag, Spec
from integritas.services.anticorruption.risk import (
    RiskPolicy,
    load_risk_policy,
    parse_risk_policy,
)
from integritas.services.anticorruption.signs import SIGNS, Sign

SHIPPED: dict[str, Any] = json.loads(
    (
        resources.files("integritas.services.anticorruption") / "data/risk.json"
    ).read_bytes()
)
SPECS = {indicator.spec.code: indicator.spec for indicator in INDICATORS}
POLICY = RiskPolicy("t@1", {"R018": 50, "R028": 40}, 20, 60, 0.5, {"N01": 45})


def flag(strength: float) -> Flag:
    return Flag(1.0, 1.0, strength, "", "Text")


def test_parts_are_independent_reasons() -> None:
    risk = POLICY.risk([(SPECS["R018"], flag(1.0)), (SPECS["R028"], flag(0.5))])
    assert risk.score == 60.0  # 1 - 0.5 * 0.8
    assert [(p.source, p.points) for p in risk.parts] == [("R018", 50), ("R028", 20)]
    assert risk.document()["parts"][0]["text"] == "Text"


def test_model_and_signs_are_parts() -> None:
    sign = Sign("N01", "Cover bidder", 1.0, ("A",), "Lost all")
    risk = POLICY.risk([], probability=0.75, signs=[sign])
    assert [(p.source, p.points) for p in risk.parts] == [("N01", 45), ("model", 30)]
    assert POLICY.risk([], probability=0.5).parts == ()
    assert POLICY.risk([]).score == 0.0


def test_of_one_code_the_strongest_counts_and_unlisted_codes_have_points() -> None:
    again = [(SPECS["R018"], flag(s)) for s in (0.5, 1.0, 0.6)]
    assert POLICY.risk(again).score == 50.0
    assert POLICY.risk([(SPECS["I101"], flag(1.0))]).score == 20.0


@given(st.lists(st.tuples(st.sampled_from(sorted(SPECS)), st.floats(0.5, 1.0))))
def test_the_score_is_bounded_and_no_reason_takes_risk_away(
    chosen: list[tuple[str, float]],
) -> None:
    policy = load_risk_policy()
    flags: list[tuple[Spec, Flag]] = [(SPECS[c], flag(s)) for c, s in chosen]
    scores = [policy.risk(flags[:n]).score for n in range(len(flags) + 1)]
    assert scores == sorted(scores)
    assert all(0 <= score <= 100 for score in scores)


def test_the_shipped_policy_gives_every_reason_points() -> None:
    policy = load_risk_policy()
    assert set(policy.flags) == set(SPECS)
    assert set(policy.signs) == {spec.code for spec, _ in SIGNS}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"flagz": {}}, "flagz"),
        ({"other_flags": 101}, "other_flags"),
        ({"flags": {"R018": "5"}}, "flags.R018"),
        ({"signs": {"N01": True}}, "signs.N01"),
        ({"model": {"points": 5, "from": 1}}, "model.from"),
        ({"model": {"from": 0.5}}, "model.points"),
    ],
)
def test_a_policy_that_is_not_valid_is_refused(
    change: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_risk_policy({**copy.deepcopy(SHIPPED), **change})
    assert path in [error.path for error in caught.value.errors]


def test_a_policy_that_lacks_a_part_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_risk_policy({"version": "1"})
    assert {error.path for error in caught.value.errors} == {
        "flags",
        "other_flags",
        "model",
        "signs",
    }

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.contracts import Finding, Outcome, Severity, Subject
from integritas.kernel.errors import InvalidDefinition
from integritas.kernel.states import FOUR_EYES_RISK
from integritas.services.compliance.policies.policy import (
    OUTCOMES,
    Policy,
    load_policy,
    parse_policy,
)

if TYPE_CHECKING:
    from pathlib import Path

GOOD: dict[str, Any] = {
    "name": "strict",
    "version": "2",
    "required_assessments": ["spam", "anticorruption", "compliance"],
    "bands": [
        {"name": "low", "from": 0, "to": 20, "outcome": "no_action"},
        {"name": "middle", "from": 20, "to": 60, "outcome": "review"},
        {"name": "high", "from": 60, "to": 100, "outcome": "escalate"},
    ],
    "severity_points": {"info": 0, "low": 5, "medium": 30, "high": 60, "critical": 90},
    "rules": [{"name": "junk", "service": "spam", "points": 0}],
}


def changed(**changes: object) -> dict[str, Any]:
    return {**deepcopy(GOOD), **changes}


def parse(document: object) -> Policy:
    return parse_policy(yaml.safe_dump(document).encode(), origin="test.yaml")


def refused(document: object) -> str:
    with pytest.raises(InvalidDefinition) as caught:
        parse(document)
    assert "test.yaml" in str(caught.value)
    return str(caught.value)


def finding(
    *,
    code: str = "some.code",
    severity: Severity = Severity.MEDIUM,
    score: float = 0.5,
    data: dict[str, Any] | None = None,
) -> Finding:
    return Finding(code, severity, score, Subject(), "Something", data=data or {})


def test_the_shipped_policy_loads() -> None:
    assert load_policy().name == "default"


def test_a_good_policy_loads() -> None:
    assert parse(GOOD).reference.startswith("strict@2+")


def test_the_reference_changes_with_the_text() -> None:
    assert parse(GOOD).reference != parse(changed(rules=[])).reference


def test_json_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_bytes(b'{"name": "x"}')
    with pytest.raises(InvalidDefinition, match="bands"):
        load_policy(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidDefinition, match=r"none\.yaml cannot be read"):
        load_policy(tmp_path / "none.yaml")


@pytest.mark.parametrize("data", [b"a: [", b"\xff\xfe\x00", b"a: b: c"])
def test_what_is_no_yaml_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidDefinition, match="is not YAML"):
        parse_policy(data, origin="bad.yaml")


@pytest.mark.parametrize("document", [[], "text", None, 3])
def test_what_is_no_mapping_is_refused(document: object) -> None:
    assert "expected a mapping" in refused(document)


def bands(*edges: tuple[float, float, str]) -> dict[str, Any]:
    return changed(
        bands=[
            {"name": f"b{n}", "from": low, "to": high, "outcome": outcome}
            for n, (low, high, outcome) in enumerate(edges)
        ]
    )


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (bands((0, 20, "no_action"), (30, 100, "review")), "leave a gap"),
        (bands((0, 40, "no_action"), (30, 100, "review")), "overlap"),
        (bands((5, 40, "no_action"), (40, 100, "review")), "begin at 0"),
        (bands((0, 40, "no_action"), (40, 99, "review")), "end at 100"),
        (bands((0, 0, "no_action"), (0, 100, "review")), "is empty"),
        (bands((0, 40, "escalate"), (40, 100, "review")), "milder"),
        (bands((0, 80, "no_action"), (80, 100, "review")), "takes no action above 70"),
        (bands((0, 50, "no_action"), (50, 100, "no_action")), "takes no action above"),
        (bands((0, 100, "review")), "at least 2 items"),
        (bands((0, 40, "ignore"), (40, 100, "review")), "bands[0].outcome"),
        (bands((0, float("nan"), "review"), (40, 100, "review")), "bands[0].to"),
    ],
)
def test_unlawful_bands_are_refused(document: dict[str, Any], message: str) -> None:
    assert message in refused(document)


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (bands((0, 40, "no_action"), (30, 100, "review")), "bands"),
        (changed(required_assessments=["spam"]), "required_assessments"),
        (changed(severity_points={"low": 1}), "severity_points"),
        (changed(rules=[{"name": "r", "points": 7}]), "rules[0]"),
        (
            changed(guards=[{"name": "g", "when": "true", "outcome": "no_action"}]),
            "guards[0].outcome",
        ),
    ],
)
def test_what_is_refused_has_a_place_and_a_remedy(
    document: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        parse(document)
    (error,) = caught.value.errors
    assert error.path == path
    assert error.remedy
    assert "/api/docs" not in error.remedy


def test_two_bands_of_one_name_are_refused() -> None:
    document = bands((0, 40, "no_action"), (40, 100, "review"))
    document["bands"][1]["name"] = "b0"
    assert "same name" in refused(document)


def test_less_than_the_law_requires_is_refused() -> None:
    assert "lacks compliance" in refused(
        changed(required_assessments=["spam", "anticorruption"])
    )


def test_more_than_the_law_requires_is_accepted() -> None:
    wanted = ["spam", "anticorruption", "compliance", "tax"]
    assert "tax" in parse(changed(required_assessments=wanted)).required_assessments


def test_a_severity_without_points_is_refused() -> None:
    assert "lacks info" in refused(
        changed(severity_points={"low": 1, "medium": 2, "high": 3, "critical": 4})
    )


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"name": "r", "points": 1}, "needs service or code"),
        ({"name": "r", "service": "spam"}, "rules[0].points"),
        ({"name": "r", "service": "spam", "points": 101}, "rules[0].points"),
        ({"name": "r", "code": "x", "points": 1, "wehre": {}}, "rules[0].wehre"),
        ({"name": "r", "code": "x", "points": 1, "scores": [1, 0]}, "scores must be"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(rule: dict[str, Any], message: str) -> None:
    assert message in refused(changed(rules=[rule]))


@pytest.mark.parametrize(
    ("risk", "band"), [(0, "low"), (19.99, "low"), (20, "middle"), (100, "high")]
)
def test_a_band_ends_before_its_end(risk: float, band: str) -> None:
    assert parse(GOOD).band(risk).name == band


@given(st.floats(0, 100), st.floats(0, 100))
def test_more_risk_is_never_a_milder_outcome(one: float, other: float) -> None:
    policy = load_policy()
    low, high = sorted((one, other))
    mild, severe = policy.band(low).outcome, policy.band(high).outcome
    assert OUTCOMES.index(mild) <= OUTCOMES.index(severe)


def test_no_policy_closes_where_four_eyes_are_due() -> None:
    assert load_policy().band(FOUR_EYES_RISK).outcome is not Outcome.NO_ACTION


def rule_policy(**rule: object) -> Policy:
    return parse(changed(rules=[{"name": "r", "points": 7, **rule}]))


@pytest.mark.parametrize(
    ("rule", "points"),
    [
        ({"service": "spam"}, 7),
        ({"service": "compliance"}, 30),
        ({"code": "some.code"}, 7),
        ({"code": "some.*"}, 7),
        ({"code": "other.*"}, 30),
        ({"service": "spam", "where": {"verdict": "discard"}}, 7),
        ({"service": "spam", "where": {"verdict": ["keep", "discard"]}}, 7),
        ({"service": "spam", "where": {"verdict": "keep"}}, 30),
        ({"service": "spam", "where": {"absent": True}}, 30),
        ({"service": "spam", "where": {"count": 1}}, 7),
        ({"service": "spam", "where": {"count": True}}, 30),
    ],
)
def test_the_first_rule_that_fits_gives_points(
    rule: dict[str, Any], points: float
) -> None:
    found = finding(data={"verdict": "discard", "count": 1})
    assert rule_policy(**rule).points("spam", found)[0] == points


def test_a_finding_without_rule_has_its_severitys_points() -> None:
    points, why = rule_policy(code="x").points("spam", finding(severity=Severity.HIGH))
    assert (points, why) == (60, "high severity")


@pytest.mark.parametrize(
    ("score", "points"), [(0.0, 70), (0.77, 70), (0.885, 85), (1.0, 100)]
)
def test_points_grow_with_the_score(score: float, points: float) -> None:
    hit = finding(code="sanctions.hit", score=score)
    assert load_policy().points("compliance", hit)[0] == pytest.approx(points)

"""Which reviews of which findings need a second person, as a policy says it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.contracts import Finding, FindingKind, Severity, Subject
from integritas.kernel.errors import InvalidDefinition
from integritas.services.compliance.policies.examples import run_examples
from integritas.services.compliance.policies.policy import (
    Policy,
    load_policy,
    parse_policy,
)

HIT = Finding(
    "sanctions.hit",
    Severity.HIGH,
    0.9,
    Subject(),
    "a hit",
    kind=FindingKind.HIT,
    data={"list": "ofac-sdn"},
)


def policy(*rules: dict[str, Any], **parts: Any) -> Policy:
    document = yaml.safe_load(
        """
        name: strict
        version: "1"
        required_assessments: [spam, anticorruption, compliance]
        bands:
          - {name: low, from: 0, to: 30, outcome: no_action}
          - {name: high, from: 30, to: 100, outcome: escalate}
        severity_points: {info: 0, low: 5, medium: 30, high: 60, critical: 90}
        """
    )
    document |= {"second_reviewer": [{"name": "two", **rule} for rule in rules]}
    return parse_policy(yaml.safe_dump(document | parts).encode(), origin="test")


def asked(rule: dict[str, Any], review: str = "dismissed") -> str | None:
    return policy(rule).asks_second("compliance", HIT, review)


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"service": "compliance"},
        {"code": "sanctions.*"},
        {"where": {"list": ["un", "ofac-sdn"]}},
        {"kinds": ["hit"]},
        {"severities": ["high", "critical"]},
        {"scores": [0.9, 1.0]},
        {"scores": [0.5, 0.9]},
        {"reviews": ["dismissed"]},
        {"kinds": ["hit"], "where": {"list": "ofac-sdn"}, "scores": [0.9, 0.9]},
    ],
)
def test_a_rule_that_fits_asks(rule: dict[str, Any]) -> None:
    assert asked(rule) == "two"


@pytest.mark.parametrize(
    "rule",
    [
        {"service": "spam"},
        {"code": "payment.*"},
        {"where": {"list": "un"}},
        {"kinds": ["signal"]},
        {"severities": ["critical"]},
        {"scores": [0.91, 1.0]},
        {"scores": [0.0, 0.89]},
        {"reviews": ["confirmed"]},
        {"kinds": ["hit"], "where": {"list": "un"}},
    ],
)
def test_a_rule_that_does_not_fit_asks_for_nothing(rule: dict[str, Any]) -> None:
    assert asked(rule) is None


def test_any_rule_is_enough_and_none_is_shipped() -> None:
    both = policy({"service": "spam"}, {"name": "hits", "kinds": ["hit"]})
    assert both.asks_second("compliance", HIT, "confirmed") == "hits"
    assert load_policy().asks_second("compliance", HIT, "dismissed") is None


@given(low=st.floats(0, 1), high=st.floats(0, 1), review=st.sampled_from(["confirmed"]))
def test_a_second_rule_never_takes_a_person_away(
    low: float, high: float, review: str
) -> None:
    least, most = sorted((low, high))
    one = policy({"scores": [least, most]})
    two = policy({"scores": [least, most]}, {"service": "spam"})
    assert bool(one.asks_second("compliance", HIT, review)) <= bool(
        two.asks_second("compliance", HIT, review)
    )


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"scores": [0.9, 0.1]}, "second_reviewer[0].scores"),
        ({"scores": [0.1, 1.1]}, "second_reviewer[0].scores[1]"),
        ({"reviews": []}, "second_reviewer[0].reviews"),
        ({"reviews": ["open"]}, "second_reviewer[0].reviews[0]"),
        ({"kinds": ["hits"]}, "second_reviewer[0].kinds[0]"),
        ({"list": "un"}, "second_reviewer[0].list"),
        ({"name": ""}, "second_reviewer[0].name"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidDefinition) as caught:
        policy(rule)
    assert message in [error.path for error in caught.value.errors]


def test_examples_say_who_must_agree() -> None:
    hit = {
        "service": "compliance",
        "code": "sanctions.hit",
        "kind": "hit",
        "severity": "high",
        "data": {"list": "ofac-sdn"},
    }
    examples = [
        {
            "name": name,
            "findings": [hit],
            "expect": {"outcome": "escalate", "second_reviewer": expected},
        }
        for name, expected in (("right", ["dismissed"]), ("wrong", []))
    ]
    rule = {"where": {"list": "ofac-sdn"}, "reviews": ["dismissed"]}
    right, wrong = run_examples(policy(rule, examples=examples))
    assert right.passed
    assert wrong.differences == ("second_reviewer is dismissed, expected none",)

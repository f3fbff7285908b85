"""Tables and guards: what is refused, what decides, and the law above both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.contracts import (
    Assessment,
    DecisionRequest,
    Finding,
    FindingKind,
    Outcome,
    Severity,
    Subject,
)
from integritas.kernel.errors import InvalidDefinition
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.services.compliance.policies.cells import (
    Cell,
    Choice,
    covers,
    overlaps,
    parse_cell,
)
from integritas.services.compliance.policies.deciding import decide
from integritas.services.compliance.policies.examples import run_examples
from integritas.services.compliance.policies.policy import (
    ALWAYS_REQUIRED,
    Policy,
    parse_policy,
)
from integritas.services.compliance.policies.table import table_warnings

Json = dict[str, Any]


def table(
    *rows: tuple[str, str, str], fields: tuple[str, str] = ("risk", "channel")
) -> Json:
    """Return a JDM of rows (first cell, second cell, outcome)."""
    return {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in"},
            {
                "id": "t",
                "type": "decisionTableNode",
                "name": "t",
                "content": {
                    "hitPolicy": "first",
                    "inputs": [
                        {"id": f"i{n}", "field": field}
                        for n, field in enumerate(fields)
                    ],
                    "outputs": [
                        {"id": "o", "field": "outcome"},
                        {"id": "s", "field": "required_steps"},
                        {"id": "r", "field": "reason"},
                    ],
                    "rules": [
                        {
                            "_id": f"r{n}",
                            "i0": one,
                            "i1": two,
                            "o": outcome,
                            "s": "",
                            "r": "",
                        }
                        for n, (one, two, outcome) in enumerate(rows)
                    ],
                },
            },
            {"id": "out", "type": "outputNode", "name": "out"},
        ],
        "edges": [
            {"id": "e1", "sourceId": "in", "targetId": "t"},
            {"id": "e2", "sourceId": "t", "targetId": "out"},
        ],
    }


def document(**parts: Any) -> Json:
    return {
        "name": "strict",
        "version": "1",
        "channels": ["mail"],
        "required_assessments": sorted(ALWAYS_REQUIRED),
        "bands": [
            {"name": "low", "from": 0, "to": 30, "outcome": "no_action"},
            {"name": "mid", "from": 30, "to": 70, "outcome": "review"},
            {
                "name": "high",
                "from": 70,
                "to": 100,
                "outcome": "escalate",
                "required_steps": ["second_person"],
            },
        ],
        "severity_points": {
            "info": 0,
            "low": 10,
            "medium": 35,
            "high": 50,
            "critical": 90,
        },
        **parts,
    }


def policy(**parts: Any) -> Policy:
    return parse_policy(json.dumps(document(**parts)).encode(), origin="test")


def request(
    *severities: Severity, missing: frozenset[str] = frozenset(), **data: Any
) -> DecisionRequest:
    findings = tuple(
        Finding("x.y", severity, 0.9, Subject(), "x", kind=FindingKind.HIT, data=data)
        for severity in severities
    )
    return DecisionRequest(
        "d",
        DEFAULT_TENANT,
        "mail",
        frozenset(),
        {
            name: Assessment(name, findings if name == "compliance" else (), {}, "h")
            for name in ALWAYS_REQUIRED - missing
        },
    )


def places(**parts: Any) -> list[str]:
    with pytest.raises(InvalidDefinition) as caught:
        policy(**parts)
    assert all(error.message for error in caught.value.errors)
    return [error.path for error in caught.value.errors]


def test_a_row_decides_over_the_band() -> None:
    strict = policy(table=table((">= 10", '"mail"', '"escalate"')))
    verdict = decide(request(Severity.LOW), strict)
    assert (verdict.outcome, verdict.band) == (Outcome.ESCALATE, "high")
    assert verdict.risk == 70
    assert "table row 1 says escalate" in [reason.text for reason in verdict.reasons]
    assert verdict.required_steps == ("second_person",)


def test_a_row_may_be_milder_where_no_four_eyes_are_due() -> None:
    mild = policy(table=table(("< 100", "", '"no_action"')))
    verdict = decide(request(Severity.MEDIUM), mild)
    assert (verdict.outcome, verdict.risk) == (Outcome.NO_ACTION, 35)
    assert decide(request(Severity.CRITICAL), mild).outcome is Outcome.REVIEW


def test_without_a_row_the_band_decides() -> None:
    narrow = policy(table=table(("> 99", "", '"escalate"')))
    assert decide(request(), narrow).outcome is Outcome.NO_ACTION


def test_a_guard_asks_for_more_never_for_less() -> None:
    guards = [
        {"name": "iran", "when": "'ir' in countries", "outcome": "escalate"},
        {"name": "any hit", "when": "hits > 0", "outcome": "review"},
    ]
    guarded = policy(guards=guards)
    assert decide(request(Severity.INFO), guarded).outcome is Outcome.REVIEW
    found = decide(request(Severity.INFO, countries=["ir"]), guarded)
    assert found.outcome is Outcome.ESCALATE
    assert decide(request(), guarded).outcome is Outcome.NO_ACTION
    assert places(guards=[{**guards[0], "outcome": "no_action"}]) == [
        "guards[0].outcome"
    ]


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("risk >", "guards[0].when"),
        ("riks > 3", "guards[0].when"),
        ("risk + 1.0", "guards[0].when"),
        ("risk > 'a'", "guards[0].when"),
    ],
)
def test_a_guard_that_does_not_compile_is_refused(when: str, message: str) -> None:
    assert places(guards=[{"name": "g", "when": when, "outcome": "review"}]) == [
        message
    ]


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([(">= ", "", '"review"')], "table row 1, risk"),
        ([("20 and", "", '"review"')], "table row 1, risk"),
        ([("", "", '"nothing"')], "table row 1, outcome"),
        ([("", "", "")], "table row 1, outcome"),
        ([("", "", '"review"'), ("> 3", "", '"review"')], "table row 2"),
        ([("> 3", "", '"review"'), ("> 5", "", '"escalate"')], "table row 2"),
        ([("", '"a","b"', '"review"'), ("1", '"b"', '"escalate"')], "table row 2"),
        ([], "table.rules"),
    ],
)
def test_a_table_that_officers_got_wrong_is_refused(
    rows: list[tuple[str, str, str]], place: str
) -> None:
    assert places(table=table(*rows)) == [place]


def test_a_contradiction_says_so() -> None:
    rows = [("> 3", "", '"review"'), ("> 5", "", '"escalate"')]
    with pytest.raises(InvalidDefinition, match="row 1 fits whatever it fits, which"):
        policy(table=table(*rows))


def test_rows_that_overlap_in_part_are_warned_of() -> None:
    found = table(("[0..50]", "", '"review"'), ("[40..90]", "", '"escalate"'))
    assert policy(table=found).table == found
    assert table_warnings(found) == [
        "rows 1 and 2 overlap and say different things: row 1 decides"
    ]


@pytest.mark.parametrize(
    "broken",
    [
        {"nodes": "x"},
        {"nodes": []},
        {"nodes": [1]},
        {**table(("", "", '"review"')), "edges": []},
        {**table(("", "", '"review"')), "edges": "x"},
        table(("", "", '"review"'), fields=("risk", "salary")),
    ],
)
def test_what_is_no_table_is_refused(broken: Json) -> None:
    assert places(table=broken)


def test_nothing_an_officer_writes_runs_as_a_program() -> None:
    found = table(("", "", '"review"'))
    found["nodes"].append({"id": "f", "type": "functionNode", "content": "while(1){}"})
    assert places(table=found) == ["table.nodes"]


def test_a_table_that_fails_on_a_case_needs_a_person() -> None:
    odd = policy(table=table(("", "channel.x.y > 1", '"no_action"')))
    assert decide(request(), odd).outcome in {Outcome.NO_ACTION, Outcome.REVIEW}


def test_examples_tell_what_differs() -> None:
    examples = [
        {"name": "clean", "expect": {"outcome": "no_action", "band": "low"}},
        {
            "name": "critical",
            "findings": [
                {"service": "compliance", "code": "a.b", "severity": "critical"}
            ],
            "expect": {"outcome": "review", "required_steps": []},
        },
        {"name": "gap", "missing": ["spam"], "expect": {"outcome": "review"}},
    ]
    results = run_examples(policy(examples=examples))
    assert [result.passed for result in results] == [True, False, True]
    assert results[1].differences == (
        "outcome is escalate, expected review",
        "required_steps is second_person, expected none",
    )


CELLS = st.sampled_from(
    ["", "-", "> 3", ">= 0", "< 50", "[0..30)", "(10..20]", '"mail"', '"a","b"', "7"]
)
OUTCOMES = st.sampled_from(['"no_action"', '"review"', '"escalate"'])


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, OUTCOMES), min_size=1, max_size=4),
    severities=st.lists(st.sampled_from(list(Severity)), max_size=4),
    gap=st.sampled_from(sorted(ALWAYS_REQUIRED)),
)
def test_whatever_officers_write_a_gap_never_closes(
    rows: list[tuple[str, str, str]], severities: list[Severity], gap: str
) -> None:
    try:
        written = policy(table=table(*rows))
    except InvalidDefinition:
        return
    found = decide(request(*severities, missing=frozenset({gap})), written)
    assert found.outcome is not Outcome.NO_ACTION
    band = next(b for b in written.bands if b.name == found.band)
    assert band.outcome is not Outcome.NO_ACTION
    whole = decide(request(*severities), written)
    assert whole.outcome is not Outcome.NO_ACTION or whole.risk < 70


NUMBERS = [n / 2 for n in range(-4, 120)]


@given(one=CELLS, two=CELLS)
def test_covering_and_overlapping_are_what_values_say(one: str, two: str) -> None:
    first, second = parse_cell(one), parse_cell(two)
    values: list[str | float] = [*NUMBERS, "mail", "a", "b"]
    both = [v for v in values if _fits(first, v) and _fits(second, v)]
    if covers(first, second):
        assert all(_fits(first, v) for v in values if _fits(second, v))
    assert overlaps(first, second) is bool(both)


def _fits(cell: Cell, value: str | float) -> bool:
    return covers(cell, Choice(frozenset({value})))


def test_an_opaque_cell_covers_only_itself() -> None:
    one, two = parse_cell("some($, # == 'x')"), parse_cell("$ > risk")
    assert covers(one, one)
    assert not covers(one, two)
    assert overlaps(one, two) is None
    assert overlaps(one, parse_cell("")) is True

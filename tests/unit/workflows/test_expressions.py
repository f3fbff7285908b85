"""CEL over submission, steps and run; whatever goes wrong has a kernel error."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.errors import IntegritasError, InvalidDefinition, InvalidInput
from integritas.workflows.expressions import check_expression, evaluate, holds

SCOPE: dict[str, Any] = {
    "submission": {"channel": "api", "amount": 12, "tags": ["a"]},
    "steps": {"spam": {"score": 0.9}, "skipped": None},
    "run": {"id": "run_1"},
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("submission.channel", "api"),
        ("submission.amount * 2", 24),
        ("steps.spam.score > 0.5 && submission.amount < 20", True),
        ("steps.skipped == null", True),
        ("has(steps.none)", False),
        ("'a' in submission.tags", True),
        ("{'a': run.id}", {"a": "run_1"}),
    ],
)
def test_values(text: str, value: object) -> None:
    assert evaluate(text, SCOPE) == value


@pytest.mark.parametrize(
    "text",
    [
        "steps.none.score",
        "submission.tags[5]",
        "1 / 0",
        "submission.amount % 0",
        "-9223372036854775808 / -1",
        "submission.channel + 1",
        "int('x')",
        "'a'.matches('(')",
        "steps.skipped.score",
    ],
)
def test_what_cannot_be_evaluated_says_so(text: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be evaluated"):
        evaluate(text, SCOPE)


def test_no_condition_holds() -> None:
    assert holds(None, {})


@pytest.mark.parametrize("text", ["1", "'true'", "null", "submission"])
def test_a_condition_is_true_or_false_and_nothing_else(text: str) -> None:
    with pytest.raises(InvalidInput, match="not true or false"):
        holds(text, SCOPE)


def test_what_is_no_expression_is_no_definition() -> None:
    with pytest.raises(InvalidDefinition):
        evaluate("1 +", SCOPE)


def test_a_good_expression_has_no_problem() -> None:
    assert check_expression("run.id == submission.x || steps.a", "p") is None


@pytest.mark.parametrize("text", ["1 +", "(" * 1_000, "a b", "", "'open"])
def test_a_bad_expression_is_named_with_a_remedy(text: str) -> None:
    problem = check_expression(text, "steps[0].when")
    assert problem is not None
    assert problem.path == "steps[0].when"
    assert "\n" not in problem.message
    assert problem.remedy


def test_unknown_names_are_listed() -> None:
    problem = check_expression("zebra > 1 && apple", "p")
    assert problem is not None
    assert problem.message == "unknown name apple, zebra"


@given(st.text(max_size=40))
def test_any_text_is_checked_or_refused(text: str) -> None:
    if check_expression(text, "p") is None:
        with suppress(IntegritasError):
            evaluate(text, SCOPE)

"""What Temporal does not carry out is refused by name."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import pytest

from integritas.kernel.errors import InvalidDefinition
from integritas.workflows.api import Definition, OnFailure, RetryPolicy, Step
from integritas.workflows.backends.temporal.scope import (
    OF_DEFINITIONS,
    OF_STEPS,
    check_scope,
)


@dataclass(frozen=True)
class LaterStep(Step):
    """A step with fields of a later version."""

    later: str | None = None
    latest: list[int] = field(default_factory=list)


def test_a_definition_of_every_field_there_is_is_carried_out() -> None:
    step = Step(
        "a",
        "x.do",
        when="true",
        inputs={"x": "1"},
        retry=RetryPolicy(5),
        timeout_s=1.0,
        on_failure=OnFailure.COMPENSATE,
        compensate="x.undo",
    )
    steps = (
        step,
        Step("s", signal="go", after=("a",)),
        Step("ok", approval=("reviewer",)),
        Step("rest", sleep_s=1.0),
        Step("until", sleep_until="submission.at"),
        Step("each", "x.do", for_each="[1]", parallel=2),
        Step("sub", workflow="v", workflow_version=3),
    )
    check_scope(Definition("w", 1, steps, 60.0, "all of it", 5, {"answer": "steps.a"}))
    named = {field.name for field in fields(Step)} | {
        field.name for field in fields(Definition)
    }
    assert named == OF_STEPS | OF_DEFINITIONS


def test_fields_of_later_versions_matter_only_if_set() -> None:
    check_scope(Definition("w", 1, (LaterStep("a", "x.do"),)))
    later = LaterStep("b", "x.do", later="yes", latest=[1])
    with pytest.raises(InvalidDefinition) as told:
        check_scope(Definition("w", 1, (Step("a", "x.do"), later)))
    assert [error.path for error in told.value.errors] == [
        "steps[1].later",
        "steps[1].latest",
    ]

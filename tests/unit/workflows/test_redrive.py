"""Which steps a retry or fork takes over."""

from __future__ import annotations

import pytest

from integritas.kernel.errors import InvalidInput
from integritas.workflows.api import Definition, OnFailure, Step, StepState, StepView
from integritas.workflows.redrive import steps_to_carry

CHAIN = Definition(
    "w",
    1,
    (
        Step("a", "x.do"),
        Step("b", "x.do", after=("a",)),
        Step("c", "x.do", after=("b",), on_failure=OnFailure.CONTINUE),
        Step("d", "x.do", after=("c",)),
        Step("other", "x.do"),
    ),
)


def views(**states: StepState) -> list[StepView]:
    """Return the last attempts of steps."""
    return [
        StepView(name.replace("undo_", "compensate:"), 1, state)
        for name, state in states.items()
    ]


OK, FAILED = StepState.SUCCEEDED, StepState.FAILED
UNDONE = StepState.COMPENSATED


@pytest.mark.parametrize(
    ("kept", "from_step", "carried"),
    [
        (views(a=OK, b=FAILED, other=OK), None, ["a", "other"]),
        (views(a=OK, b=OK, c=FAILED, d=OK, other=OK), None, ["a", "b", "other"]),
        (views(a=OK, b=OK, c=FAILED, d=OK, other=OK), "d", ["a", "b", "c", "other"]),
        (views(a=OK, b=OK, c=OK, d=OK, other=OK), "b", ["a", "other"]),
        (views(a=OK, b=OK, c=OK, d=OK, other=OK), "a", ["other"]),
        (
            views(a=OK, b=FAILED, undo_a=UNDONE, other=OK),
            None,
            ["other"],
        ),
        (views(a=OK, b=FAILED, other=OK), "d", ["a", "other"]),
        (views(a=StepState.SKIPPED, b=OK), None, ["a", "b"]),
    ],
)
def test_what_came_before_is_taken_over(
    kept: list[StepView], from_step: str | None, carried: list[str]
) -> None:
    assert list(steps_to_carry(CHAIN, kept, from_step)) == carried


def test_where_nothing_failed_a_step_must_be_named() -> None:
    kept = views(a=OK, b=OK, c=OK, d=OK, other=OK)
    for from_step in (None, "e"):
        with pytest.raises(InvalidInput) as told:
            steps_to_carry(CHAIN, kept, from_step)
        assert told.value.errors[0].path == "from_step"

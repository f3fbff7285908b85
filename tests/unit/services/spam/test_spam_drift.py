"""Stability of samples, and champion and challenger side by side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.spam.drift import LOGITS, side_by_side, stability
from integritas.services.spam.store import ScoreRow

samples = st.lists(st.floats(-20, 20), min_size=1, max_size=200)


@given(samples, samples)
def test_stability_is_never_negative_and_goes_both_ways(
    one: list[float], other: list[float]
) -> None:
    found = stability(one, other, LOGITS)
    assert found >= 0
    assert found == pytest.approx(stability(other, one, LOGITS))


@given(samples)
def test_a_sample_is_steady_beside_itself(one: list[float]) -> None:
    assert stability(one, one, LOGITS) == pytest.approx(0)


def test_a_shift_is_strong() -> None:
    assert stability([-3.0] * 500, [3.0] * 500, LOGITS) > 1


def row(verdict: str, rival: str, label: str | None) -> ScoreRow:
    return ScoreRow(0.0, 0.0, verdict, rival, label)


def test_the_shadow_is_held_against_the_champion() -> None:
    rows = [
        row("deliver", "quarantine", "wanted"),
        row("deliver", "deliver", None),
        row("deliver", "discard", "junk"),
    ]
    told = side_by_side(rows, "b")
    assert told["messages"] == 3
    assert told["verdicts_moved"] == {
        "deliver to discard": 1,
        "deliver to quarantine": 1,
    }
    assert (told["labelled"], told["champion_right"], told["challenger_right"]) == (
        2,
        1,
        1,
    )

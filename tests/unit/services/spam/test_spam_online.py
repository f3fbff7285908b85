"""What analysts taught: bounded, in order, forgotten when taken back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.spam.online import BOUND, Lesson, teach

words = st.sets(st.integers(0, 65_535), max_size=40).map(
    lambda found: np.array(sorted(found), np.uint16)
)
lessons = st.lists(
    st.builds(Lesson, words, st.floats(-1_000, 1_000), st.booleans()), max_size=30
)


def lesson(*numbers: int, logit: float = 0.0, junk: bool = True) -> Lesson:
    return Lesson(np.array(numbers, np.uint16), logit, junk)


@given(lessons, words)
def test_no_amount_of_feedback_moves_a_score_further_than_the_bound(
    taught: list[Lesson], asked: np.ndarray
) -> None:
    assert abs(teach(taught, "1").shift(asked)) <= BOUND


@given(lessons, words)
def test_the_same_lessons_teach_the_same(
    taught: list[Lesson], asked: np.ndarray
) -> None:
    assert teach(taught, "1").shift(asked) == teach(taught, "1").shift(asked)


def test_nothing_taught_moves_nothing() -> None:
    assert teach([], "0").shift(np.array([1, 2], np.uint16)) == 0.0


def test_many_lessons_overcome_a_confident_model() -> None:
    layer = teach([lesson(1, 2, 3, logit=-4) for _ in range(40)], "40")
    assert layer.shift(np.array([1, 2, 3], np.uint16)) == pytest.approx(BOUND)


def test_wanted_moves_the_other_way() -> None:
    layer = teach([lesson(1, 2, junk=False)], "1")
    assert layer.shift(np.array([1, 2], np.uint16)) < 0
    assert layer.shift(np.array([7], np.uint16)) == 0.0

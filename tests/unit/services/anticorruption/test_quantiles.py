from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.anticorruption.quantiles import (
    Quartiles,
    quantile,
    quartiles,
    round4,
)

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(NUMBERS, st.floats(0, 1))
def test_quantile_is_type_8_of_hyndman_and_fan(values: list[float], tau: float) -> None:
    expected = float(np.quantile(values, tau, method="median_unbiased"))
    assert math.isclose(quantile(values, tau), expected, rel_tol=1e-9, abs_tol=1e-6)


@given(NUMBERS, st.randoms(use_true_random=False))
def test_quartiles_do_not_depend_on_order(values: list[float], random: object) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random
    assert quartiles(shuffled) == quartiles(values)


def test_quartiles_of_four_are_worked_out_by_hand() -> None:
    # rank of Q1: (4 + 1/3) / 4 + 1/3 = 1.41667; of Q3: 3.58333
    assert quartiles([1, 2, 3, 4]).q1 == pytest.approx(1 + 5 / 12)
    assert quartiles([4, 3, 2, 1]).q3 == pytest.approx(3 + 7 / 12)


def test_quantile_of_nothing_is_nan() -> None:
    assert math.isnan(quantile([], 0.5))


def test_quantile_of_one_is_that_one() -> None:
    assert quantile([7.0], 0.25) == quantile([7.0], 0.75) == 7.0


def test_quantile_ends_are_least_and_greatest() -> None:
    assert quantile([3.0, 1.0, 2.0], 0.0) == 1.0
    assert quantile([3.0, 1.0, 2.0], 1.0) == 3.0


def test_quartiles_sort_nan_last() -> None:
    assert quartiles([math.nan, 1.0, 1.0, 1.0, 1.0, 1.0]).q1 == 1.0


def test_fences_lie_one_and_a_half_ranges_out() -> None:
    quarters = Quartiles(q1=10.0, q3=20.0)
    assert (quarters.lower_fence, quarters.upper_fence) == (-5.0, 35.0)


@given(st.floats(0, 1e3), st.floats(0, 1e3))
def test_fences_are_rounded_once(low: float, high: float) -> None:
    quarters = Quartiles(q1=low, q3=high)
    spread = Fraction(high - low) * Fraction(3, 2)
    assert quarters.lower_fence == float(Fraction(low) - spread)
    assert quarters.upper_fence == float(Fraction(high) + spread)


def test_fences_of_an_empty_set_are_nan() -> None:
    assert math.isnan(quartiles([]).lower_fence)
    assert math.isnan(Quartiles(0.0, math.inf).upper_fence) is False


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (0.00005, 0.0001),
        (-0.00005, -0.0001),
        (0.000049999, 0.0),
        (66.66666, 66.6667),
        (3.0, 3.0),
    ],
)
def test_round4_rounds_halves_away_from_zero(value: float, rounded: float) -> None:
    assert round4(value) == rounded


def test_round4_leaves_what_is_not_finite() -> None:
    assert math.isnan(round4(math.nan))
    assert round4(math.inf) == math.inf

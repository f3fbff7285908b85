from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.anticorruption.collusion.screens import (
    FEATURES,
    features_of,
    screens_of,
)

AMOUNTS = st.lists(st.floats(1.0, 1e9), min_size=2, max_size=12)


def test_screens_are_those_that_were_published() -> None:
    """The second tender of the data set and the screens printed beside it."""
    estimate = 100.0
    bids = estimate * (1 + np.array([-0.108, -0.005, 0.074, 0.103]))
    found = screens_of(bids)
    assert found.cv == pytest.approx(0.0932, abs=5e-3)
    assert found.spread == pytest.approx(0.2373, abs=5e-3)
    assert found.rd == pytest.approx(1.8629, abs=5e-2)
    assert found.skew == pytest.approx(-0.8518, abs=2e-2)
    assert found.diffp == pytest.approx(0.1165, abs=5e-3)


def test_skewness_and_kurtosis_are_the_unbiased_ones() -> None:
    found = screens_of(np.array([1.0, 2.0, 3.0, 10.0]))
    assert found.skew == pytest.approx(1.763632614803888)
    assert found.kurtosis == pytest.approx(3.2280000000000006)


def test_equal_bids_have_no_spread_and_stay_finite() -> None:
    found = screens_of(np.array([5.0, 5.0, 5.0]))
    assert found.cv == found.spread == found.diffp == found.rd == 0.0
    assert found.kstest == 1.0
    rows, _ = features_of(np.array([5.0, 5.0]), 4.0)
    assert np.isfinite(rows).all()


@given(
    st.lists(st.integers(100, 10**9), min_size=2, max_size=12, unique=True),
    st.integers(100, 10**9),
    st.floats(0.001, 1e3),
)
def test_features_do_not_depend_on_the_currency(
    bids: list[int], estimate: int, rate: float
) -> None:
    scale = [feature.name for feature in FEATURES].index("log_estimate")
    one, _ = features_of(np.array(bids, float), estimate)
    other, _ = features_of(np.array(bids, float) * rate, estimate * rate)
    assert np.isfinite(one).all()
    assert other[0, scale] - one[0, scale] == pytest.approx(math.log(rate), abs=1e-6)
    one[:, scale] = other[:, scale] = 0.0
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3)


@given(AMOUNTS, st.randoms(use_true_random=False))
def test_the_order_of_bids_does_not_matter(bids: list[float], draw: Random) -> None:
    shuffled = draw.sample(bids, len(bids))
    assert screens_of(np.array(bids)) == screens_of(np.array(shuffled))


def test_each_feature_has_words() -> None:
    _, figures = features_of(np.array([90.0, 100.0, 120.0]), 100.0)
    texts = [feature.text.format(**figures[0]) for feature in FEATURES]
    assert "the lowest bid lies -10.0% from the estimate" in texts
    assert "3 bids were made" in texts

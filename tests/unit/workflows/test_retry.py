"""When to try again, and how long to wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.clock import SeededRandomness
from integritas.kernel.contracts import Failure
from integritas.workflows.api import RetryPolicy
from integritas.workflows.retry import delay_s, retries

PASSING = Failure("unavailable", "later", retryable=True)
LASTING = Failure("invalid_input", "never", retryable=False)


@given(
    st.floats(1e-6, 1e4), st.floats(1e-6, 1e4), st.integers(1, 10_000), st.integers()
)
def test_a_delay_never_exceeds_its_ceiling(
    base: float, cap: float, attempt: int, seed: int
) -> None:
    policy = RetryPolicy(base_s=base, cap_s=cap)
    delay = delay_s(policy, attempt, SeededRandomness(seed))
    assert 0.0 <= delay <= cap
    assert delay <= base * 2.0 ** min(attempt - 1, 1000)


class Highest:
    """Randomness that always draws the highest."""

    def uniform(self, low: float, high: float) -> float:
        """Return the upper bound."""
        assert low == 0.0
        return high

    def token_bytes(self, size: int) -> bytes:
        """Return zeros."""
        return bytes(size)


@pytest.mark.parametrize(
    ("attempt", "ceiling"), [(1, 0.1), (2, 0.2), (3, 0.4), (9, 10.0), (5_000, 10.0)]
)
def test_the_ceiling_doubles_up_to_the_cap(attempt: int, ceiling: float) -> None:
    assert delay_s(RetryPolicy(), attempt, Highest()) == pytest.approx(ceiling)


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_passing_error_is_tried_again(attempt: int) -> None:
    assert retries(RetryPolicy(attempts=3), attempt, PASSING)


@pytest.mark.parametrize("attempt", [3, 4])
def test_the_last_attempt_is_the_last(attempt: int) -> None:
    assert not retries(RetryPolicy(attempts=3), attempt, PASSING)


def test_a_lasting_error_is_not_tried_again() -> None:
    assert not retries(RetryPolicy(), 1, LASTING)


def test_listed_codes_decide_alone() -> None:
    policy = RetryPolicy(retry_on=("invalid_input",))
    assert retries(policy, 1, LASTING)
    assert not retries(policy, 1, PASSING)

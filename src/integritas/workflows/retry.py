"""When to try again. Pure: randomness is passed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integritas.kernel.clock import Randomness
    from integritas.kernel.contracts import Failure
    from integritas.workflows.model import RetryPolicy

__all__ = ["delay_s", "retries"]


def retries(policy: RetryPolicy, attempt: int, failure: Failure) -> bool:
    """Say whether attempt number `attempt` (from 1), having failed, is followed."""
    if attempt >= policy.attempts:
        return False
    if policy.retry_on:
        return failure.code in policy.retry_on
    return failure.retryable


def delay_s(policy: RetryPolicy, attempt: int, randomness: Randomness) -> float:
    """Return the seconds to wait after attempt number `attempt` (from 1): full jitter.

    Drawn evenly from [0, min(cap_s, base_s * 2**(attempt - 1))].
    """
    exponent = min(attempt - 1, 62)  # beyond that the cap rules anyway
    ceiling = min(policy.cap_s, policy.base_s * 2.0**exponent)
    return randomness.uniform(0.0, ceiling)

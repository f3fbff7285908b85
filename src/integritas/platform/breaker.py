"""A circuit breaker and a retry budget: how a caller spares a service that fails.

The breaker follows Nygard, "Release It!", chapter 5: `trip_after` failures in a row
open it, after `rest_s` it is half open and lets one call try; that call's success
closes it, its failure opens it anew. The budget is the token bucket of gRPC's retry
throttling (gRFC A6) with Finagle's deposit: each call pays in a share of a retry, each
retry takes a whole one, so a service that fails gets little more than its usual load.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

__all__ = ["Breaker", "CircuitState", "RetryBudget"]

Monotonic: TypeAlias = Callable[[], float]
Changed: TypeAlias = Callable[["CircuitState", "CircuitState"], None]


class CircuitState(StrEnum):
    """Whether calls go through: all, one to try, none."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


class Breaker:
    """Counts failures in a row and says who may call. For one event loop."""

    def __init__(
        self,
        trip_after: int,
        rest_s: float,
        *,
        monotonic: Monotonic,
        changed: Changed,
    ) -> None:
        """Begin closed; `changed` is told of each state left and entered."""
        self._trip_after = trip_after
        self._rest_s = rest_s
        self._monotonic = monotonic
        self._changed = changed
        self._failures = 0
        self._opened_at = 0.0
        self._trying = False
        self.state = CircuitState.CLOSED

    def admit(self) -> bool:
        """Say whether a call may go; whoever goes reports its end, whichever."""
        if self.state is CircuitState.OPEN:
            if self._monotonic() - self._opened_at < self._rest_s:
                return False
            self._enter(CircuitState.HALF_OPEN)
        if self.state is CircuitState.HALF_OPEN:
            if self._trying:
                return False
            self._trying = True
        return True

    def succeeded(self) -> None:
        """Take note of an answer: the service is there."""
        self._trying = False
        self._failures = 0
        if self.state is CircuitState.HALF_OPEN:
            self._enter(CircuitState.CLOSED)

    def failed(self) -> None:
        """Take note that the service could not answer."""
        self._trying = False
        self._failures += 1
        if self.state is CircuitState.HALF_OPEN or (
            self.state is CircuitState.CLOSED and self._failures >= self._trip_after
        ):
            self._opened_at = self._monotonic()
            self._enter(CircuitState.OPEN)

    def abandoned(self) -> None:
        """Take note of a call given up by its caller: it says nothing either way."""
        self._trying = False

    def _enter(self, state: CircuitState) -> None:
        before, self.state = self.state, state
        self._changed(before, state)


class RetryBudget:
    """How many retries the calls made so far have paid for."""

    def __init__(self, share: float, most: float) -> None:
        """Let each call pay in `share` of a retry, up to `most`; begin full."""
        self._share = share
        self._most = most
        self._left = most

    def paid(self) -> None:
        """Take note of a call."""
        self._left = min(self._most, self._left + self._share)

    def spend(self) -> bool:
        """Take one retry out, or say that there is none left."""
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True

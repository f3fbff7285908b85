"""Rate limits: a token bucket for each caller and each address, in memory.

A bucket holds `burst` tokens and gains `per_s` a second; a request takes one. Answers
tell what is left (`RateLimit`, `RateLimit-Policy`: the IETF's draft 10); a request over
the limit gets 429 with `Retry-After`. Each process counts for itself: n gateways let n
times as much through.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from integritas.kernel.errors import FieldError, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    from integritas.kernel.clock import Clock
    from integritas.platform.config import Settings

__all__ = ["RateLimit", "RateLimits", "Standing", "note", "rate_headers"]

CAPACITY: Final = 100_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How a caller stands: `left` requests now, a full bucket in `full_in_s`."""

    policy: str
    burst: int
    per_s: float
    left: int
    full_in_s: float


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class RateLimit:
    """One limit, named `policy`; a bucket for each key. Safe among threads.

    Of more than `capacity` keys, those unseen for longest are forgotten: they begin
    with a full bucket, which at worst gives each a burst more.
    """

    def __init__(
        self,
        policy: str,
        clock: Clock,
        *,
        per_s: float,
        burst: int,
        capacity: int = CAPACITY,
    ) -> None:
        """Let `burst` through at once and `per_s` a second in the long run."""
        self._policy = policy
        self._clock = clock
        self._per_s = per_s
        self._burst = burst
        self._capacity = capacity
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, key: str) -> Standing:
        """Take a token of the key's bucket.

        Raises:
            TooManyRequests: it is empty; says when to come again.
        """
        with self._lock:
            bucket = self._filled(key)
            if bucket.tokens < 1:
                wait = (1 - bucket.tokens) / self._per_s
                raise TooManyRequests(
                    f"more than {self._per_s:g} requests a second "
                    f"(limit of this {self._policy})",
                    retry_after_s=wait,
                    errors=(
                        FieldError(
                            "(rate)",
                            f"over {self._per_s:g} a second, {self._burst} at once",
                            "wait as Retry-After says; send batches instead of many",
                        ),
                    ),
                )
            bucket.tokens -= 1
            return Standing(
                policy=self._policy,
                burst=self._burst,
                per_s=self._per_s,
                left=int(bucket.tokens),
                full_in_s=(self._burst - bucket.tokens) / self._per_s,
            )

    def _filled(self, key: str) -> _Bucket:
        now = self._clock.monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(float(self._burst), now)
            if len(self._buckets) > self._capacity:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            gained = (now - bucket.at) * self._per_s
            bucket.tokens = min(bucket.tokens + gained, float(self._burst))
            bucket.at = now
        return bucket


@dataclass(frozen=True, slots=True)
class RateLimits:
    """The limits of a door; None: no limit of this kind.

    `caller` counts by user or key, `address` by where a request comes from, `login`
    also by address, but only what needs no credential.
    """

    caller: RateLimit | None = None
    address: RateLimit | None = None
    login: RateLimit | None = None

    @classmethod
    def of(cls, settings: Settings, clock: Clock) -> RateLimits:
        """Return the limits that the settings ask for."""

        def limit(policy: str, per_s: float | None, at_once: int) -> RateLimit | None:
            if per_s is None:
                return None
            burst = max(1, math.ceil(per_s * at_once))
            return RateLimit(policy, clock, per_s=per_s, burst=burst)

        return cls(
            caller=limit("caller", settings.rate_limit_per_s, 2),
            address=limit("address", settings.address_limit_per_s, 2),
            login=limit("login", settings.login_limit_per_s, 20),
        )


def note(state: MutableMapping[str, Any], standing: Standing) -> None:
    """Leave a standing in a request's state for the answer's headers."""
    state.setdefault("rates", []).append(standing)


def rate_headers(standings: list[Standing]) -> dict[str, str]:
    """Return the headers that tell the standings of a request."""
    return {
        "RateLimit-Policy": ", ".join(
            f'"{s.policy}";q={s.burst};w={max(math.ceil(s.burst / s.per_s), 1)}'
            for s in standings
        ),
        "RateLimit": ", ".join(
            f'"{s.policy}";r={s.left};t={math.ceil(s.full_in_s)}' for s in standings
        ),
    }

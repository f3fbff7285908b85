"""Rate limits: a token bucket for each caller and each address.

A bucket holds `burst` tokens and gains `per_s` a second; a request takes one. Answers
tell what is left (`RateLimit`, `RateLimit-Policy`: the IETF's draft 10); a request over
the limit gets 429 with `Retry-After`. Buckets are in memory, where each process counts
for itself, or in a Redis or Valkey that many processes share
(`integritas.platform.shared_limits`).
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from integritas.kernel.errors import FieldError, TooManyRequests

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping
    from typing import Any

    from integritas.kernel.clock import Clock
    from integritas.platform.config import Settings

__all__ = [
    "Buckets",
    "MemoryBuckets",
    "RateLimit",
    "RateLimits",
    "Standing",
    "note",
    "rate_headers",
]

CAPACITY: Final = 100_000


class Buckets(Protocol):
    """Where the tokens of each key are counted."""

    async def take(self, key: str, *, per_s: float, burst: int) -> float:
        """Take a token of the key's bucket; return how many are left.

        A negative number says that there was no whole one, so nothing was taken, and
        how much of one was lacking.
        """
        ...


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


class MemoryBuckets:
    """Buckets of this process, for one event loop.

    Of more than `capacity` keys, those unseen for longest are forgotten: they begin
    with a full bucket, which at worst gives each a burst more.
    """

    def __init__(self, clock: Clock, *, capacity: int = CAPACITY) -> None:
        """Begin with every bucket full."""
        self._clock = clock
        self._capacity = capacity
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    async def take(self, key: str, *, per_s: float, burst: int) -> float:
        """Take a token, as `Buckets` says."""
        now = self._clock.monotonic()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(float(burst), now)
            if len(self._buckets) > self._capacity:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            gained = (now - bucket.at) * per_s
            bucket.tokens = min(bucket.tokens + gained, float(burst))
            bucket.at = now
        left = bucket.tokens - 1
        if left >= 0:
            bucket.tokens = left
        return left


class RateLimit:
    """One limit, named `policy`; a bucket for each key."""

    def __init__(
        self, policy: str, buckets: Buckets, *, per_s: float, burst: int
    ) -> None:
        """Let `burst` through at once and `per_s` a second in the long run."""
        self._policy = policy
        self._buckets = buckets
        self._per_s = per_s
        self._burst = burst

    async def take(self, key: str) -> Standing:
        """Take a token of the key's bucket.

        Raises:
            TooManyRequests: it is empty; says when to come again.
        """
        left = await self._buckets.take(key, per_s=self._per_s, burst=self._burst)
        if left < 0:
            raise TooManyRequests(
                f"more than {self._per_s:g} requests a second "
                f"(limit of this {self._policy})",
                retry_after_s=-left / self._per_s,
                errors=(
                    FieldError(
                        "(rate)",
                        f"over {self._per_s:g} a second, {self._burst} at once",
                        "wait as Retry-After says; send batches instead of many",
                    ),
                ),
            )
        return Standing(
            policy=self._policy,
            burst=self._burst,
            per_s=self._per_s,
            left=int(left),
            full_in_s=(self._burst - left) / self._per_s,
        )


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
    def of(cls, settings: Settings, buckets: Callable[[str], Buckets]) -> RateLimits:
        """Return the limits that the settings ask for; `buckets` of each policy."""

        def limit(policy: str, per_s: float | None, at_once: int) -> RateLimit | None:
            if per_s is None:
                return None
            burst = max(1, math.ceil(per_s * at_once))
            return RateLimit(policy, buckets(policy), per_s=per_s, burst=burst)

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

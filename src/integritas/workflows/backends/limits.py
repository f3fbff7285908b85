"""How many items a second an operation is sent: a token bucket each.

The bucket holds `burst` tokens and gains `rate_per_s` a second; an item takes one
(Turner, New directions in communications, IEEE Communications Magazine 1986).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from integritas.workflows.registry import OperationSpec

__all__ = ["RateLimits"]


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class RateLimits:
    """The buckets of all operations that have a rate; times are monotonic seconds."""

    def __init__(self) -> None:
        """Start with full buckets."""
        self._buckets: dict[str, _Bucket] = {}

    def take(self, spec: OperationSpec, wanted: int, now: float) -> int:
        """Take tokens for up to `wanted` items; return for how many there were."""
        if spec.rate_per_s is None:
            return wanted
        bucket = self._filled(spec, spec.rate_per_s, now)
        # A hair's breadth for what additions of fractions lose.
        taken = min(wanted, math.floor(bucket.tokens + 1e-9))
        bucket.tokens = max(0.0, bucket.tokens - taken)
        return taken

    def wait_s(self, spec: OperationSpec, now: float) -> float:
        """Return the seconds until an item may be sent."""
        if spec.rate_per_s is None:
            return 0.0
        bucket = self._filled(spec, spec.rate_per_s, now)
        return max(0.0, (1.0 - bucket.tokens) / spec.rate_per_s)

    def _filled(self, spec: OperationSpec, rate_per_s: float, now: float) -> _Bucket:
        size = spec.burst or max(1, math.ceil(rate_per_s))
        bucket = self._buckets.get(spec.name)
        if bucket is None:
            bucket = self._buckets[spec.name] = _Bucket(size, now)
        gained = (now - bucket.filled_at) * rate_per_s
        bucket.tokens = min(size, bucket.tokens + gained)
        bucket.filled_at = now
        return bucket

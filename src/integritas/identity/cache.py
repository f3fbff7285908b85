"""Remembers for a moment who a credential proved to be.

A change of this process is seen at once: it drops what it touches. A change of another
process is seen after `ttl_s`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from integritas.identity.model import Principal
    from integritas.kernel.clock import Clock

__all__ = ["PrincipalCache"]

TTL_S: Final = 10.0
CAPACITY: Final = 10_000


class PrincipalCache:
    """Principals by the digest of their credential; bounded, safe among threads."""

    def __init__(
        self, clock: Clock, *, ttl_s: float = TTL_S, capacity: int = CAPACITY
    ) -> None:
        """Keep up to `capacity` principals, each for `ttl_s`."""
        self._clock = clock
        self._ttl_s = ttl_s
        self._capacity = capacity
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()
        self._generation = 0

    @property
    def generation(self) -> int:
        """Return a number that changes whenever something is dropped."""
        return self._generation

    def find(self, digest: bytes) -> Principal | None:
        """Return the principal, unless forgotten or expired."""
        kept = self._kept.get(digest)
        if kept is None or kept[0] <= self._clock.monotonic():
            return None
        principal = kept[1]
        return principal if principal.expires_at > self._clock.now() else None

    def keep(self, digest: bytes, principal: Principal, generation: int) -> None:
        """Remember what was read when the cache was at `generation`.

        If something was dropped since, what was read may be stale: it is not kept.
        """
        with self._lock:
            if generation != self._generation:
                return
            self._kept[digest] = (self._clock.monotonic() + self._ttl_s, principal)
            self._kept.move_to_end(digest)
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)

    def drop(self, touched: Callable[[Principal], bool]) -> None:
        """Forget the principals that a change touched."""
        with self._lock:
            self._generation += 1
            for digest in [d for d, (_, p) in self._kept.items() if touched(p)]:
                del self._kept[digest]

"""Rate limits that many gateways count together, in a Redis or Valkey.

A bucket is a hash of two numbers under a key of the policy and a digest of whoever is
counted, gone once it would be full again. One Lua script fills it and takes a token:
nobody comes between, and the time is the server's, so that gateways whose clocks differ
agree. A server that is down stops nobody: each gateway then counts for itself, in
memory, as it would without one; a metric, the log and /readyz say so.
"""

from __future__ import annotations

import asyncio
import hashlib
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog
from prometheus_client import Counter

from integritas.kernel.errors import FieldError
from integritas.platform.breaker import Breaker, CircuitState
from integritas.platform.health import DEGRADED
from integritas.platform.limits import MemoryBuckets, RateLimits
from integritas.platform.setting_kinds import invalid_setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prometheus_client import CollectorRegistry
    from redis.asyncio import Redis

    from integritas.kernel.clock import Clock
    from integritas.kernel.errors import InvalidInput
    from integritas.platform.config import Settings
    from integritas.platform.health import Ping
    from integritas.platform.limits import Buckets

__all__ = ["LimitStore", "SharedBuckets", "SharedLimits"]

_LOG = structlog.get_logger(__name__)

TRIP_AFTER: Final = 3
REST_S: Final = 1.0
CONNECTIONS: Final = 64
_SCRIPT: Final = """
local per_s, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(bucket[1]) or burst
local idle = math.max(0, now - (tonumber(bucket[2]) or now))
local left = math.min(burst, tokens + idle * per_s) - 1
if left >= 0 then
  redis.call('HSET', KEYS[1],
    'tokens', string.format('%.9f', left), 'at', string.format('%.6f', now))
  redis.call('PEXPIRE', KEYS[1], math.ceil((burst - left) / per_s * 1000))
end
return string.format('%.9f', left)
"""


class LimitStore:
    """A Redis or Valkey, and whether it can be asked. For one event loop."""

    def __init__(
        self, url: str, clock: Clock, registry: CollectorRegistry, *, timeout_s: float
    ) -> None:
        """Connect at the first request, not here.

        Raises:
            InvalidInput: the client is not installed, or can make nothing of the url.
        """
        self._redis = _client(url)
        self._script = self._redis.register_script(_SCRIPT)
        self._timeout_s = timeout_s
        self._breaker = Breaker(
            TRIP_AFTER, REST_S, monotonic=clock.monotonic, changed=_tell
        )
        self._alone = Counter(
            "integritas_rate_limit_fallbacks_total",
            "Requests counted in memory as the shared rate limits did not answer.",
            registry=registry,
        )

    async def take(self, key: str, *, per_s: float, burst: int) -> float | None:
        """Take a token as `Buckets` says; None if the server does not answer."""
        from redis.exceptions import RedisError  # noqa: PLC0415 - an optional extra

        if not self._breaker.admit():
            self._alone.inc()
            return None
        try:
            async with asyncio.timeout(self._timeout_s):
                left = float(await self._script(keys=[key], args=[per_s, burst]))
        except (RedisError, OSError, TimeoutError) as error:
            self._breaker.failed()
            self._alone.inc()
            _LOG.debug("limits.no_answer", error=f"{type(error).__name__}: {error}")
            return None
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        return left

    async def ping(self) -> str | None:
        """Say None if the server answers, else that each gateway counts alone."""
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._redis.ping()
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no answer
            why = f"{type(error).__name__} {error}".strip()
            return f"{DEGRADED}each gateway counts for itself: {why}"
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


class SharedBuckets:
    """The buckets of one policy in a store; in memory while that does not answer."""

    def __init__(self, policy: str, store: LimitStore, alone: Buckets) -> None:
        """Count in `store`, or else in `alone`."""
        self._policy = policy
        self._store = store
        self._alone = alone

    async def take(self, key: str, *, per_s: float, burst: int) -> float:
        """Take a token, as `Buckets` says."""
        digest = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        name = f"integritas:rate:{self._policy}:{digest}"
        left = await self._store.take(name, per_s=per_s, burst=burst)
        if left is None:
            return await self._alone.take(key, per_s=per_s, burst=burst)
        return left


class SharedLimits:
    """The limits that the settings ask for, and what they need to be served."""

    def __init__(
        self, settings: Settings, clock: Clock, registry: CollectorRegistry
    ) -> None:
        """Count in memory, or where the settings say.

        Raises:
            InvalidInput: where they say cannot be used.
        """
        url = settings.rate_limit_url
        self._store: LimitStore | None = None
        if url is not None:
            self._store = LimitStore(
                url.get_secret_value(),
                clock,
                registry,
                timeout_s=settings.rate_limit_timeout_s,
            )
        self.limits = RateLimits.of(settings, partial(_buckets, self._store, clock))

    @property
    def pings(self) -> Mapping[str, Ping]:
        """Return what readiness depends on."""
        return {} if self._store is None else {"rate limits": self._store.ping}

    async def close(self) -> None:
        """Close what was opened."""
        if self._store is not None:
            await self._store.close()


def _buckets(store: LimitStore | None, clock: Clock, policy: str) -> Buckets:
    alone = MemoryBuckets(clock)
    return alone if store is None else SharedBuckets(policy, store, alone)


def _tell(before: CircuitState, now: CircuitState) -> None:
    if now is CircuitState.OPEN and before is CircuitState.CLOSED:
        _LOG.warning("limits.counted_alone", remedy="see INTEGRITAS_RATE_LIMIT_URL")
    elif now is CircuitState.CLOSED:
        _LOG.info("limits.counted_together")


def _client(url: str) -> Redis:
    scheme, _, rest = url.partition("://")
    # The client knows the older name alone; what is spoken is the same.
    url = f"{scheme.replace('valkey', 'redis')}://{rest}"
    try:
        from redis.asyncio import (  # noqa: PLC0415 - an optional extra
            BlockingConnectionPool,
            Redis,
        )
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise _unusable(
            "needs an extra", "pip install integritas[redis], or leave it out"
        ) from error
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            retry=Retry(NoBackoff(), 1),  # a connection that the server closed
        )
    except ValueError as error:  # its texts name parts of the query, not the password
        raise _unusable(
            str(error), "write redis://:PASSWORD@HOST:PORT/0, without other parts"
        ) from error
    return Redis.from_pool(pool)


def _unusable(message: str, remedy: str) -> InvalidInput:
    return invalid_setting(FieldError("INTEGRITAS_RATE_LIMIT_URL", message, remedy))

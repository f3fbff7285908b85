"""Rate limits that gateways share, in a real Valkey, and what happens without it."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
import structlog
from prometheus_client import CollectorRegistry
from tests.valkey import Valkey

from integritas.kernel.clock import ManualClock
from integritas.kernel.errors import InvalidInput, TooManyRequests
from integritas.platform.config import load_settings
from integritas.platform.limits import MemoryBuckets, RateLimit
from integritas.platform.shared_limits import LimitStore, SharedBuckets, SharedLimits

pytest.importorskip("redis", reason="the extra `redis` is not installed")


@pytest_asyncio.fixture
async def valkey() -> AsyncIterator[Valkey]:
    server = Valkey()
    await server.start()
    yield server
    await server.stop()


class Gateway:
    """What one process has: a clock, a registry, a connection."""

    def __init__(self, url: str, timeout_s: float = 5) -> None:
        self.clock = ManualClock()
        self.metrics = CollectorRegistry()
        self.store = LimitStore(url, self.clock, self.metrics, timeout_s=timeout_s)

    def limit(
        self, *, per_s: float = 0.001, burst: int = 3, policy: str = "caller"
    ) -> RateLimit:
        buckets = SharedBuckets(policy, self.store, MemoryBuckets(self.clock))
        return RateLimit(policy, buckets, per_s=per_s, burst=burst)

    @property
    def alone(self) -> float:
        name = "integritas_rate_limit_fallbacks_total"
        return self.metrics.get_sample_value(name) or 0.0


@pytest_asyncio.fixture
async def gateways(valkey: Valkey) -> AsyncIterator[Callable[..., Gateway]]:
    made: list[Gateway] = []

    def gateway(**options: Any) -> Gateway:
        made.append(Gateway(options.pop("url", valkey.url), **options))
        return made[-1]

    yield gateway
    for one in made:
        await one.store.close()


async def passed(limit: RateLimit, tries: int, key: str = "a") -> int:
    """Return how many of so many requests at once go through."""

    async def ask() -> bool:
        try:
            await limit.take(key)
        except TooManyRequests:
            return False
        return True

    return sum(await asyncio.gather(*(ask() for _ in range(tries))))


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    deadline = time.monotonic() + 20
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_gateways_count_together(gateways: Any) -> None:
    one, other = gateways(), gateways()
    assert (await one.limit().take("a")).left == 2
    assert (await other.limit().take("a")).left == 1
    assert (await other.limit().take("b")).left == 2
    assert (await other.limit(policy="address").take("a")).left == 2
    assert one.alone == other.alone == 0


async def test_many_at_once_get_no_more_than_the_burst(gateways: Any) -> None:
    limits = [gateways().limit(burst=20) for _ in range(3)]
    counts = await asyncio.gather(*(passed(limit, 50) for limit in limits))
    assert sum(counts) == 20


async def test_the_refused_are_told_when_to_come_and_pay_nothing(gateways: Any) -> None:
    limit = gateways().limit(per_s=0.5, burst=1)
    await limit.take("a")
    for _ in range(5):
        with pytest.raises(TooManyRequests) as refused:
            await limit.take("a")
        assert 0 < refused.value.retry_after_s <= 2


async def test_a_bucket_fills_by_the_server_s_time(gateways: Any) -> None:
    limit = gateways().limit(per_s=20, burst=2)
    await passed(limit, 2)

    async def filled() -> bool:
        return await passed(limit, 1) == 1

    assert await passed(limit, 1) == 0
    await until(filled)


async def test_a_full_bucket_leaves_nothing_behind(gateways: Any) -> None:
    from redis.asyncio import Redis

    gateway = gateways()
    limit = gateway.limit(per_s=20, burst=2)
    await limit.take("main user_1")
    redis: Redis = gateway.store._redis

    async def gone() -> bool:
        return await redis.dbsize() == 0

    (key,) = await redis.keys()
    assert "integritas:rate:caller:" in str(key)
    assert "user_1" not in str(key)
    await until(gone)


async def test_without_the_server_each_counts_for_itself(
    valkey: Valkey, gateways: Any
) -> None:
    one, other = gateways(), gateways()
    await passed(one.limit(), 3)
    await valkey.stop()
    ours, theirs = one.limit(), other.limit()
    with structlog.testing.capture_logs() as log:
        assert await passed(ours, 9) == 3
        assert await passed(theirs, 9) == 3
    assert one.alone == other.alone == 9
    warned = [line for line in log if line["event"] == "limits.counted_alone"]
    assert [line["log_level"] for line in warned] == ["warning", "warning"]
    why = await one.store.ping()
    assert why.startswith("degraded: each gateway counts for itself: ")


async def test_a_server_that_comes_back_is_used_again(
    valkey: Valkey, gateways: Any
) -> None:
    gateway = gateways()
    limit = gateway.limit()
    await valkey.stop()
    await passed(limit, 5)
    await valkey.start()
    await passed(limit, 1)
    assert gateway.alone == 6  # it rests for a second before it tries
    gateway.clock.advance(1.5)
    with structlog.testing.capture_logs() as log:
        assert await passed(limit, 1) == 1  # one tries before all do
        assert await passed(limit, 5) == 2
    assert gateway.alone == 6
    assert [line["event"] for line in log] == ["limits.counted_together"]
    assert await gateway.store.ping() is None


async def test_a_server_that_says_nothing_holds_nobody_up(
    valkey: Valkey, gateways: Any
) -> None:
    gateway = gateways(timeout_s=0.05)
    limit = gateway.limit()
    valkey.hold(signal.SIGSTOP)
    began = time.monotonic()
    for _ in range(50):
        await passed(limit, 1)
    assert gateway.alone == 50
    assert time.monotonic() - began < 10  # not 50 times what a request waits
    assert await gateway.store.ping() is not None
    valkey.hold(signal.SIGCONT)


async def test_a_wrong_password_is_as_if_it_were_down(gateways: Any) -> None:
    server = Valkey("--requirepass", "right")
    await server.start()
    try:
        good = gateways(url=server.url.replace("//", "//:right@"))
        assert await passed(good.limit(), 9) == 3
        assert good.alone == 0
        wrong = gateways(url=server.url.replace("//", "//:wrong@"))
        assert await passed(wrong.limit(), 9) == 3
        assert wrong.alone == 9
        assert "wrong" not in await wrong.store.ping()
    finally:
        await server.stop()


async def test_settings_choose_the_store(valkey: Valkey, clock: ManualClock) -> None:
    settings = load_settings(rate_limit_url=valkey.url, rate_limit_per_s=0.001)
    doors = [SharedLimits(settings, clock, CollectorRegistry()) for _ in range(2)]
    try:
        limits = [door.limits.caller for door in doors]
        assert [await passed(limit, 2) for limit in limits if limit] == [1, 0]
        assert [await ping() for ping in doors[0].pings.values()] == [None]
    finally:
        for door in doors:
            await door.close()


async def test_without_a_store_nothing_is_opened(clock: ManualClock) -> None:
    door = SharedLimits(load_settings(), clock, CollectorRegistry())
    assert door.pings == {}
    assert door.limits.login is not None
    await door.close()


def test_an_option_that_the_client_cannot_read_is_named(clock: ManualClock) -> None:
    settings = load_settings(rate_limit_url="redis://127.0.0.1:1/0?socket_timeout=soon")
    with pytest.raises(InvalidInput) as refused:
        SharedLimits(settings, clock, CollectorRegistry())
    (error,) = refused.value.errors
    assert error.path == "INTEGRITAS_RATE_LIMIT_URL"
    assert "socket_timeout" in error.message


def test_without_the_extra_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    settings = load_settings(rate_limit_url="redis://127.0.0.1:1/0")
    with pytest.raises(InvalidInput) as refused:
        SharedLimits(settings, clock, CollectorRegistry())
    assert "integritas[redis]" in refused.value.errors[0].remedy

"""Token buckets: what goes through, what is told, what is forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.clock import ManualClock
from integritas.kernel.errors import TooManyRequests
from integritas.platform.config import load_settings
from integritas.platform.limits import (
    MemoryBuckets,
    RateLimit,
    RateLimits,
    rate_headers,
)


def limit(
    clock: ManualClock, per_s: float = 2, burst: int = 4, capacity: int = 10
) -> RateLimit:
    buckets = MemoryBuckets(clock, capacity=capacity)
    return RateLimit("caller", buckets, per_s=per_s, burst=burst)


async def test_a_burst_goes_through_and_no_more(clock: ManualClock) -> None:
    bucket = limit(clock)
    assert [(await bucket.take("a")).left for _ in range(4)] == [3, 2, 1, 0]
    with pytest.raises(TooManyRequests) as refused:
        await bucket.take("a")
    assert refused.value.retry_after_s == 0.5
    assert "Retry-After" in refused.value.errors[0].remedy


async def test_each_key_has_a_bucket_of_its_own(clock: ManualClock) -> None:
    bucket = limit(clock, burst=1)
    await bucket.take("a")
    assert (await bucket.take("b")).left == 0


async def test_who_waits_as_told_is_let_in(clock: ManualClock) -> None:
    bucket = limit(clock, per_s=0.1, burst=1)
    await bucket.take("a")
    with pytest.raises(TooManyRequests) as refused:
        await bucket.take("a")
    clock.advance(refused.value.retry_after_s)
    await bucket.take("a")


async def test_being_refused_costs_nothing(clock: ManualClock) -> None:
    bucket = limit(clock, per_s=1, burst=1)
    await bucket.take("a")
    for _ in range(9):
        with pytest.raises(TooManyRequests):
            await bucket.take("a")
    clock.advance(1)
    await bucket.take("a")


async def test_the_unseen_are_forgotten_first(clock: ManualClock) -> None:
    bucket = limit(clock, burst=1, capacity=2)
    for key in ("a", "b", "c"):
        await bucket.take(key)
    with pytest.raises(TooManyRequests):
        await bucket.take("c")
    await bucket.take("a")


@given(st.lists(st.floats(0, 10), max_size=60), st.integers(1, 5), st.floats(0.1, 20))
async def test_no_way_of_asking_gets_more_than_the_limit(
    pauses: list[float], burst: int, per_s: float
) -> None:
    clock = ManualClock()
    bucket = limit(clock, per_s=per_s, burst=burst)
    began, passed = clock.monotonic(), 0
    for pause in pauses:
        clock.advance(pause)
        try:
            await bucket.take("a")
        except TooManyRequests:
            continue
        passed += 1
    assert passed <= burst + (clock.monotonic() - began) * per_s + 1e-6


async def test_headers_tell_the_policy_and_the_standing(clock: ManualClock) -> None:
    standing = await limit(clock).take("a")
    assert rate_headers([standing, standing]) == {
        "RateLimit-Policy": '"caller";q=4;w=2, "caller";q=4;w=2',
        "RateLimit": '"caller";r=3;t=1, "caller";r=3;t=1',
    }


async def test_settings_choose_the_limits(clock: ManualClock) -> None:
    def buckets(_policy: str) -> MemoryBuckets:
        return MemoryBuckets(clock)

    usual = RateLimits.of(load_settings(), buckets)
    assert usual.caller is None
    assert usual.address is None
    assert usual.login is not None
    assert (await usual.login.take("192.0.2.1")).burst == 200
    strict = load_settings(rate_limit_per_s=0.2, address_limit_per_s=5)
    chosen = RateLimits.of(strict, buckets)
    assert chosen.caller is not None
    assert (await chosen.caller.take("a")).burst == 1

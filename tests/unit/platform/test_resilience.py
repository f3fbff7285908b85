"""A guard retries, rests, limits and counts, and never sleeps in a test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from integritas.kernel.clock import SeededRandomness
from integritas.kernel.errors import (
    CircuitOpen,
    ContractViolation,
    IntegritasError,
    NotFound,
    ServiceTimeout,
    Unavailable,
)
from integritas.platform.resilience import Guard, GuardPolicy, backoff_s
from integritas.platform.telemetry import CallMetrics


class Bench:
    """A guard with a scripted service behind it."""

    def __init__(self, policy: GuardPolicy) -> None:
        self.registry = CollectorRegistry()
        self.slept: list[float] = []
        self.calls = 0
        self.now = 0.0
        self.guard = Guard(
            "fake",
            CallMetrics(self.registry),
            policy,
            randomness=SeededRandomness(1),
            sleep=self._sleep,
            monotonic=lambda: self.now,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def failing(self, *errors: BaseException) -> Callable[[], Awaitable[str]]:
        script = list(errors)

        async def call() -> str:
            self.calls += 1
            if script:
                raise script.pop(0)
            return "done"

        return call

    def value(self, metric: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(metric, {"service": "fake", **labels})


@given(
    st.integers(1, 2_000),
    st.floats(0.001, 10),
    st.floats(0.001, 100),
    st.integers(0, 2**32),
)
def test_backoff_is_bounded(attempt: int, base: float, cap: float, seed: int) -> None:
    policy = GuardPolicy(backoff_s=base, backoff_cap_s=cap)
    delay = backoff_s(policy, attempt, SeededRandomness(seed))
    assert 0.0 <= delay <= min(cap, base * 2.0 ** min(attempt - 1, 64))


def test_backoff_uses_the_whole_range() -> None:
    policy, randomness = GuardPolicy(backoff_s=1, backoff_cap_s=64), SeededRandomness(7)
    delays = [backoff_s(policy, 5, randomness) for _ in range(200)]
    assert min(delays) < 1.6
    assert max(delays) > 14.4


async def test_a_good_call_is_made_once() -> None:
    bench = Bench(GuardPolicy())
    assert await bench.guard.run(bench.failing()) == "done"
    assert bench.calls == 1
    assert bench.value("integritas_remote_calls_total", outcome="ok") == 1.0
    assert bench.value("integritas_remote_call_seconds_count") == 1.0


async def test_what_is_retryable_is_tried_again_after_a_pause() -> None:
    bench = Bench(GuardPolicy(tries=3, backoff_s=0.5))
    call = bench.failing(Unavailable("down"), ServiceTimeout("slow"))
    assert await bench.guard.run(call) == "done"
    assert len(bench.slept) == 2
    assert bench.slept[0] <= 0.5
    assert bench.value("integritas_remote_retries_total") == 2.0


async def test_after_the_last_try_the_error_itself_is_raised() -> None:
    bench = Bench(GuardPolicy(tries=2))
    errors = [Unavailable("first"), Unavailable("second")]
    with pytest.raises(Unavailable, match="second"):
        await bench.guard.run(bench.failing(*errors))
    assert bench.value("integritas_remote_calls_total", outcome="unavailable") == 1.0


@pytest.mark.parametrize(
    "error",
    [NotFound("no"), ContractViolation("odd"), ValueError("bug")],
    ids=["refusal", "violation", "bug"],
)
async def test_what_will_not_change_is_not_tried_again(error: Exception) -> None:
    bench = Bench(GuardPolicy(tries=5))
    with pytest.raises(type(error)):
        await bench.guard.run(bench.failing(error))
    assert bench.calls == 1


async def test_a_slow_try_times_out() -> None:
    bench = Bench(GuardPolicy(tries=2, timeout_s=0.001))

    async def hang() -> str:
        bench.calls += 1
        await asyncio.Event().wait()
        return "never"

    with pytest.raises(ServiceTimeout, match=r"0\.001 s"):
        await bench.guard.run(hang)
    assert bench.calls == 2


async def test_a_timeout_from_within_is_not_ours() -> None:
    bench = Bench(GuardPolicy())
    with pytest.raises(TimeoutError, match="inner"):
        await bench.guard.run(bench.failing(TimeoutError("inner")))


async def trip(bench: Bench, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Unavailable):
            await bench.guard.run(bench.failing(Unavailable("down")))


async def test_failures_in_a_row_open_the_circuit() -> None:
    bench = Bench(GuardPolicy(tries=1, trip_after=3, rest_s=60))
    await trip(bench, 3)
    with pytest.raises(CircuitOpen, match="3 times in a row"):
        await bench.guard.run(bench.failing())
    assert bench.calls == 3
    assert bench.value("integritas_remote_circuit", state="open") == 1.0
    assert bench.value("integritas_remote_circuit", state="closed") == 0.0


async def test_an_open_circuit_is_not_tried_again() -> None:
    bench = Bench(GuardPolicy(tries=5, trip_after=2, rest_s=60))
    errors = [Unavailable("down")] * 5
    with pytest.raises(CircuitOpen):
        await bench.guard.run(bench.failing(*errors))
    assert bench.calls == 2


async def test_a_success_in_between_counts_anew() -> None:
    bench = Bench(GuardPolicy(tries=1, trip_after=2))
    await trip(bench, 1)
    await bench.guard.run(bench.failing())
    await trip(bench, 1)
    assert await bench.guard.run(bench.failing()) == "done"


async def test_refusals_do_not_open_the_circuit() -> None:
    bench = Bench(GuardPolicy(tries=1, trip_after=2))
    for _ in range(5):
        with pytest.raises(NotFound):
            await bench.guard.run(bench.failing(NotFound("no")))
    assert await bench.guard.run(bench.failing()) == "done"


async def test_after_its_rest_one_call_tries_the_service() -> None:
    bench = Bench(GuardPolicy(tries=1, trip_after=1, rest_s=5))
    await trip(bench, 1)
    bench.now = 5.0
    gate = asyncio.Event()
    trying = asyncio.create_task(bench.guard.run(gate.wait))
    await asyncio.sleep(0)
    assert bench.value("integritas_remote_circuit", state="half_open") == 1.0
    with pytest.raises(CircuitOpen):  # a second does not go while the first tries
        await bench.guard.run(bench.failing())
    gate.set()
    assert await trying
    assert bench.value("integritas_remote_circuit", state="closed") == 1.0
    assert await bench.guard.run(bench.failing()) == "done"


async def test_a_failed_trial_means_another_rest() -> None:
    bench = Bench(GuardPolicy(tries=1, trip_after=3, rest_s=5))
    await trip(bench, 3)
    bench.now = 5.0
    await trip(bench, 1)
    bench.now = 9.9
    with pytest.raises(CircuitOpen):
        await bench.guard.run(bench.failing())
    bench.now = 10.0
    assert await bench.guard.run(bench.failing()) == "done"


async def test_a_trial_that_its_caller_gives_up_proves_nothing() -> None:
    bench = Bench(GuardPolicy(tries=1, trip_after=1, rest_s=5))
    await trip(bench, 1)
    bench.now = 5.0
    trying = asyncio.create_task(bench.guard.run(asyncio.Event().wait))
    await asyncio.sleep(0)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    assert bench.value("integritas_remote_circuit", state="half_open") == 1.0
    assert await bench.guard.run(bench.failing()) == "done"


async def test_each_change_of_the_circuit_is_logged_and_counted() -> None:
    bench = Bench(GuardPolicy(tries=1, trip_after=1, rest_s=5))
    with capture_logs() as logs:
        await trip(bench, 1)
        bench.now = 5.0
        await bench.guard.run(bench.failing())
    assert [(each["event"], each["service"], each["before"]) for each in logs] == [
        ("service.circuit_open", "fake", "closed"),
        ("service.circuit_half_open", "fake", "open"),
        ("service.circuit_closed", "fake", "half_open"),
    ]
    for state in ("open", "half_open", "closed"):
        changes = bench.value("integritas_remote_circuit_changes_total", state=state)
        assert changes == 1.0


async def test_retries_are_made_while_calls_have_paid_for_them() -> None:
    bench = Bench(
        GuardPolicy(tries=2, retry_share=0.5, retry_burst=1.0, trip_after=1_000)
    )
    for _ in range(9):
        with pytest.raises(Unavailable):
            await bench.guard.run(bench.failing(*[Unavailable("down")] * 2))
    # The one at hand, then one for every two calls after the first.
    assert bench.calls == 9 + 1 + 4
    assert bench.value("integritas_remote_retries_total") == 5.0
    assert bench.value("integritas_remote_retries_refused_total") == 4.0


async def test_a_slow_try_gets_a_second_beside_it_if_asked_to() -> None:
    bench = Bench(GuardPolicy(hedge_after_s=0.0))
    cancelled = asyncio.Event()

    async def call() -> int:
        bench.calls += 1
        if bench.calls == 1:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
        return bench.calls

    assert await bench.guard.run(call) == 2
    assert cancelled.is_set()
    assert bench.value("integritas_remote_hedges_total") == 1.0


async def test_a_second_try_needs_budget_too() -> None:
    bench = Bench(GuardPolicy(hedge_after_s=0.0, retry_burst=0.0, retry_share=0.0))
    gate = asyncio.Event()
    running = asyncio.create_task(bench.guard.run(gate.wait))
    while bench.value("integritas_remote_retries_refused_total") != 1.0:
        await asyncio.sleep(0)
    gate.set()
    assert await running
    assert bench.value("integritas_remote_hedges_total") is None


async def test_two_tries_that_fail_are_one_failed_call() -> None:
    bench = Bench(GuardPolicy(tries=1, hedge_after_s=0.0))
    gate = asyncio.Event()

    async def call() -> None:
        bench.calls += 1
        if bench.calls == 2:
            gate.set()
        await gate.wait()
        raise Unavailable("down")

    with pytest.raises(Unavailable, match="down"):
        await bench.guard.run(call)
    assert bench.calls == 2


def test_nobody_is_asked_twice_at_once_unasked() -> None:
    assert GuardPolicy().hedge_after_s is None


async def test_only_so_many_calls_run_at_once() -> None:
    bench = Bench(GuardPolicy(concurrency=2, queue=10))
    gate, running, most = asyncio.Event(), 0, 0

    async def call() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await gate.wait()
        running -= 1

    tasks = [asyncio.create_task(bench.guard.run(call)) for _ in range(6)]
    while bench.value("integritas_remote_calls_waiting") != 4.0:
        await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*tasks)
    assert most == 2
    assert bench.value("integritas_remote_calls_waiting") == 0.0


async def test_a_full_queue_refuses() -> None:
    bench = Bench(GuardPolicy(concurrency=1, queue=1))
    gate = asyncio.Event()
    tasks = [asyncio.create_task(bench.guard.run(gate.wait)) for _ in range(2)]
    while bench.value("integritas_remote_calls_waiting") != 1.0:
        await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="busy"):
        await bench.guard.run(bench.failing())
    gate.set()
    assert await asyncio.gather(*tasks) == [True, True]


async def test_a_cancelled_call_gives_its_place_back() -> None:
    bench = Bench(GuardPolicy(concurrency=1))
    task = asyncio.create_task(bench.guard.run(asyncio.Event().wait))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await bench.guard.run(bench.failing()) == "done"


@pytest.mark.parametrize("error", [Unavailable("x"), NotFound("x")], ids=["down", "no"])
async def test_outcomes_are_counted_by_code(error: IntegritasError) -> None:
    bench = Bench(GuardPolicy(tries=1))
    with pytest.raises(type(error)):
        await bench.guard.run(bench.failing(error))
    assert bench.value("integritas_remote_calls_total", outcome=error.code) == 1.0

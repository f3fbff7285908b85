"""What stands between a caller and a remote service that may fail.

A `Guard` lets only so many calls through at once (bulkhead), gives each try a time
limit, tries again what may succeed later (exponential backoff with full jitter:
Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015) and gives a
service that keeps failing a rest (circuit breaker: Nygard, "Release It!", chapter 5).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
)

from integritas.kernel.clock import Randomness, SystemRandomness
from integritas.kernel.errors import (
    CircuitOpen,
    IntegritasError,
    ServiceTimeout,
    Unavailable,
)

if TYPE_CHECKING:
    from integritas.platform.telemetry import CallMetrics

__all__ = ["Guard", "GuardPolicy", "Sleep", "backoff_s"]

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """How patient a guard is.

    A try takes `timeout_s` at most; there are `tries`; before try n + 1 it waits
    between 0 and min(`backoff_cap_s`, `backoff_s` · 2ⁿ⁻¹). `concurrency` calls run at
    once and `queue` more may wait. After `trip_after` failures in a row the service
    rests for `rest_s`.
    """

    timeout_s: float = 30.0
    tries: int = 3
    backoff_s: float = 0.1
    backoff_cap_s: float = 2.0
    concurrency: int = 8
    queue: int = 256
    trip_after: int = 5
    rest_s: float = 5.0


def backoff_s(policy: GuardPolicy, attempt: int, randomness: Randomness) -> float:
    """Return how long to wait after failed try `attempt` (from 1 on)."""
    ceiling = min(policy.backoff_cap_s, policy.backoff_s * 2.0 ** min(attempt - 1, 32))
    return randomness.uniform(0.0, ceiling)


class Guard:
    """Runs calls of one remote service under a policy. One per service and process."""

    def __init__(
        self,
        service: str,
        metrics: CallMetrics,
        policy: GuardPolicy | None = None,
        *,
        randomness: Randomness | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Guard `service`; tests inject randomness and sleep."""
        self._service = service
        self._metrics = metrics
        self._policy = policy or GuardPolicy()
        self._randomness = randomness or SystemRandomness()
        self._sleep = sleep
        self._places = asyncio.Semaphore(self._policy.concurrency)
        self._waiting = 0
        self._breakers = AsyncCircuitBreakerFactory(
            default_threshold=self._policy.trip_after,
            default_ttl=self._policy.rest_s,
            # Only what says "the service is down" counts against it.
            exclude=[(BaseException, lambda error: not isinstance(error, Unavailable))],
        )
        self._breakers.add_listener(self._on_breaker_event)
        metrics.circuit_open.labels(service).set(0)

    async def run(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run `call`, which must be safe to repeat, and return what it returns.

        Raises:
            ServiceTimeout: no try was answered in time.
            CircuitOpen: the service failed too often and has its rest.
            Unavailable: no try reached it, or too many calls wait already.
            IntegritasError: whatever else `call` raised; not tried again unless
                `retryable`.
        """
        started = time.perf_counter()
        outcome = "error"
        try:
            await self._enter()
            try:
                result: T = await self._retrying()(self._attempt, call)
            finally:
                self._places.release()
            outcome = "ok"
        except IntegritasError as error:
            outcome = error.code
            raise
        finally:
            self._metrics.calls.labels(self._service, outcome).inc()
            seconds = time.perf_counter() - started
            self._metrics.seconds.labels(self._service).observe(seconds)
        return result

    async def _enter(self) -> None:
        if self._waiting >= self._policy.queue:
            raise Unavailable(
                f"{self._service} is busy: {self._waiting} calls wait already"
            )
        self._waiting += 1
        try:
            with self._metrics.waiting.labels(self._service).track_inprogress():
                await self._places.acquire()
        finally:
            self._waiting -= 1

    def _retrying(self) -> AsyncRetrying:
        return AsyncRetrying(
            stop=stop_after_attempt(self._policy.tries),
            wait=self._wait,
            retry=retry_if_exception(_worth_another_try),
            before_sleep=self._count_retry,
            sleep=self._sleep,
            reraise=True,
        )

    def _wait(self, state: RetryCallState) -> float:
        return backoff_s(self._policy, state.attempt_number, self._randomness)

    def _count_retry(self, state: RetryCallState) -> None:
        del state
        self._metrics.retries.labels(self._service).inc()

    async def _attempt(self, call: Callable[[], Awaitable[T]]) -> T:
        breaker = await self._breakers.get_breaker(self._service)
        try:
            async with breaker:
                return await self._in_time(call)
        except OpenedState as error:
            raise CircuitOpen(
                f"{self._service} failed {self._policy.trip_after} times in a row "
                f"and is left alone for {self._policy.rest_s:g} s"
            ) from error

    async def _in_time(self, call: Callable[[], Awaitable[T]]) -> T:
        deadline = asyncio.timeout(self._policy.timeout_s)
        try:
            async with deadline:
                return await call()
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise ServiceTimeout(
                f"{self._service} did not answer in {self._policy.timeout_s:g} s"
            ) from error

    def _on_breaker_event(self, name: str, kind: str, event: object) -> None:
        if kind == "state_changed":
            state = getattr(event, "state", "")
            self._metrics.circuit_open.labels(name).set(float(state == "opened"))


def _worth_another_try(error: BaseException) -> bool:
    return (
        isinstance(error, IntegritasError)
        and error.retryable
        and not isinstance(error, CircuitOpen)
    )

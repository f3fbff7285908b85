"""What stands between a caller and a remote service that may fail.

A `Guard` lets only so many calls through at once (bulkhead), gives each try a time
limit, tries again what may succeed later while its budget lasts (exponential backoff
with full jitter: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
2015), gives a service that keeps failing a rest (circuit breaker), and, where asked to,
sends a second try after a slow first one (Dean and Barroso, "The Tail at Scale", CACM
56(2), 2013).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import structlog
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    stop_after_attempt,
)

from integritas.kernel.clock import Randomness, SystemRandomness
from integritas.kernel.errors import (
    CircuitOpen,
    IntegritasError,
    ServiceTimeout,
    Unavailable,
)
from integritas.platform.breaker import Breaker, CircuitState, RetryBudget

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from integritas.platform.telemetry import CallMetrics

__all__ = ["Guard", "GuardPolicy", "Sleep", "backoff_s"]

T = TypeVar("T")
Sleep = Callable[[float], Awaitable[None]]
_LOG: FilteringBoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """How patient a guard is.

    A try takes `timeout_s` at most; there are `tries`; before try n + 1 it waits
    between 0 and min(`backoff_cap_s`, `backoff_s` · 2ⁿ⁻¹). Each call pays in
    `retry_share` of a retry, at most `retry_burst` are kept. `concurrency` calls run at
    once and `queue` more may wait. After `trip_after` failures in a row the service
    rests for `rest_s`. A try that took `hedge_after_s` gets a second beside it, which
    counts as a retry (None: never).
    """

    timeout_s: float = 30.0
    tries: int = 3
    backoff_s: float = 0.1
    backoff_cap_s: float = 2.0
    retry_share: float = 0.2
    retry_burst: float = 10.0
    concurrency: int = 8
    queue: int = 256
    trip_after: int = 5
    rest_s: float = 5.0
    hedge_after_s: float | None = None


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
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Guard `service`; tests inject randomness, sleep and time."""
        self._service = service
        self._metrics = metrics
        self._policy = policy or GuardPolicy()
        self._randomness = randomness or SystemRandomness()
        self._sleep = sleep
        self._places = asyncio.Semaphore(self._policy.concurrency)
        self._waiting = 0
        self._budget = RetryBudget(self._policy.retry_share, self._policy.retry_burst)
        self._breaker = Breaker(
            self._policy.trip_after,
            self._policy.rest_s,
            monotonic=monotonic,
            changed=self._changed,
        )
        self._show(CircuitState.CLOSED)

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
                self._budget.paid()
                result: T = await self._retrying()(self._hedged, call)
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

    # Trying again -------------------------------------------------------------------

    def _retrying(self) -> AsyncRetrying:
        return AsyncRetrying(
            stop=stop_after_attempt(self._policy.tries),
            wait=self._wait,
            retry=self._again,
            before_sleep=self._count_retry,
            sleep=self._sleep,
            reraise=True,
        )

    def _wait(self, state: RetryCallState) -> float:
        return backoff_s(self._policy, state.attempt_number, self._randomness)

    def _again(self, state: RetryCallState) -> bool:
        """Say whether what came of a try is worth another, and paid for."""
        if state.outcome is None or not _worth_another_try(state.outcome.exception()):
            return False
        # The last try needs no budget: tenacity stops there by itself.
        return state.attempt_number >= self._policy.tries or self._spend()

    def _spend(self) -> bool:
        if self._budget.spend():
            return True
        self._metrics.retries_refused.labels(self._service).inc()
        return False

    def _count_retry(self, state: RetryCallState) -> None:
        del state
        self._metrics.retries.labels(self._service).inc()

    async def _hedged(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a try, and a second beside it if the first is slow; the first answer
        counts, and what failed only if both did.
        """
        if self._policy.hedge_after_s is None:
            return await self._attempt(call)
        tries = {asyncio.ensure_future(self._attempt(call))}
        try:
            done, _ = await asyncio.wait(tries, timeout=self._policy.hedge_after_s)
            if not done and self._spend():
                self._metrics.hedges.labels(self._service).inc()
                tries.add(asyncio.ensure_future(self._attempt(call)))
            while True:
                done, left = await asyncio.wait(
                    tries, return_when=asyncio.FIRST_COMPLETED
                )
                answered = [each for each in done if each.exception() is None]
                if answered or not left:
                    return (answered or list(done))[0].result()
                tries = left
        finally:
            for each in tries:
                each.cancel()
            await asyncio.gather(*tries, return_exceptions=True)

    async def _attempt(self, call: Callable[[], Awaitable[T]]) -> T:
        if not self._breaker.admit():
            raise CircuitOpen(
                f"{self._service} failed {self._policy.trip_after} times in a row "
                f"and is left alone for {self._policy.rest_s:g} s"
            )
        try:
            result = await self._in_time(call)
        except Unavailable:  # only this says "the service is down"
            self._breaker.failed()
            raise
        except Exception:
            self._breaker.succeeded()
            raise
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        return result

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

    # Being seen ---------------------------------------------------------------------

    def _changed(self, before: CircuitState, after: CircuitState) -> None:
        self._show(after)
        self._metrics.circuit_changes.labels(self._service, after.value).inc()
        log = _LOG.warning if after is CircuitState.OPEN else _LOG.info
        log(
            f"service.circuit_{after.value}", service=self._service, before=before.value
        )

    def _show(self, state: CircuitState) -> None:
        for each in CircuitState:
            here = float(each is state)
            self._metrics.circuit.labels(self._service, each.value).set(here)


def _worth_another_try(error: BaseException | None) -> bool:
    return (
        isinstance(error, IntegritasError)
        and error.retryable
        and not isinstance(error, CircuitOpen)
    )

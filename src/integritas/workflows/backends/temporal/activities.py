"""What the workflow asks for, as Temporal's activities.

What comes from our database or goes to it stays out of the history: an outcome, or the
code of an error, is all that Temporal gets. An error that is no fault of a step comes
back by Temporal's retry.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from integritas.kernel.errors import InvalidInput, NotFound
from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.backends.active import failure_of
from integritas.workflows.backends.temporal import messages as m
from integritas.workflows.backends.temporal.carrier import (
    AttemptFailed,
    Carrier,
    cause_of,
)
from integritas.workflows.backends.temporal.interpreter import HEARTBEAT_S
from integritas.workflows.model import RunState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from integritas.kernel.clock import Clock
    from integritas.workflows.backends.temporal.kept import Kept
    from integritas.workflows.backends.temporal.records import Records
    from integritas.workflows.model import RunView
    from integritas.workflows.store import Attempt

__all__ = ["Activities"]

_LOG = structlog.get_logger(__name__)


@asynccontextmanager
async def _discreet() -> AsyncIterator[None]:
    """Tell the log what went wrong, and Temporal only its code."""
    try:
        yield
    except (ApplicationError, asyncio.CancelledError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, its text stays here
        _LOG.warning("temporal.activity_failed", exc_info=error)
        code = failure_of(error).code
        raise ApplicationError("see the log of the platform", type=code) from None


class Activities:
    """The activities of a worker."""

    def __init__(self, records: Records, carrier: Carrier, clock: Clock) -> None:
        """Take the parts."""
        self._records = records
        self._carrier = carrier
        self._clock = clock

    def all(self) -> Sequence[Callable[..., Any]]:
        """Return what a worker registers."""
        return [self.load, self.ask, self.step, self.settle_signal, self.end]

    @activity.defn(name=m.LOAD)
    async def load(self, order: m.RunOrder) -> m.RunPlan:
        """Return what is to be interpreted, or the state of a run that has ended."""
        async with _discreet():
            tenant, run_id = TenantId(order.tenant), RunId(order.run)
            try:
                kept = await self._records.kept(tenant, run_id)
            except (InvalidInput, NotFound) as error:
                await self._records.give_up(tenant, run_id, str(error))
                kept = None
            if kept is None:
                view = await self._records.find(tenant, run_id)
                return m.RunPlan(view.state.value, None, None, [], [])
            return self._plan(kept, await self._records.signals(tenant, run_id))

    @activity.defn(name=m.ASK)
    async def ask(self, order: m.StepOrder) -> str:
        """Say whether a step that waits for a signal is wanted: its `when`."""
        async with _discreet():
            return await self._carrier.ask(order)

    @activity.defn(name=m.STEP)
    async def step(self, order: m.StepOrder) -> str:
        """Carry out an attempt of a step, or of its undoing; raises if it fails."""
        async with _discreet():
            try:
                return await _to_its_end(self._carrier.step(order))
            except AttemptFailed as failed:
                raise _attempt_failed(failed.again_s) from None

    @activity.defn(name=m.SETTLE_SIGNAL)
    async def settle_signal(self, order: m.StepOrder) -> str:
        """Keep how the wait for a signal ended: it came, or time ran out."""
        async with _discreet():
            return await self._carrier.settle_signal(order)

    @activity.defn(name=m.END)
    async def end(self, ending: m.Ending) -> str:
        """End a run in our database, unless it has ended; return how it ended."""

        def cause(_: RunView, attempts: Sequence[Attempt]) -> str:
            if ending.overdue_s is not None:
                return f"the run did not end within {ending.overdue_s:g} s"
            if ending.failed is not None:
                return cause_of(attempts, ending.failed, ending.not_undone or [])
            cancelled = ending.state == RunState.CANCELLED
            return "cancelled in Temporal" if cancelled else ""

        async with _discreet():
            tenant, run_id = TenantId(ending.tenant), RunId(ending.run)
            state = RunState(ending.state)
            return (await self._records.end(tenant, run_id, state, cause)).value

    def _plan(self, kept: Kept, signals: Sequence[str]) -> m.RunPlan:
        limit = kept.plan.definition.timeout_s
        age = (self._clock.now() - kept.view.created_at).total_seconds()
        return m.RunPlan(
            state=kept.view.state.value,
            limit_s=limit,
            left_s=None if limit is None else max(0.001, limit - age),
            steps=[
                m.StepPlan(
                    name=step.name,
                    signal=step.signal,
                    after=list(step.after),
                    conditional=step.when is not None,
                    timeout_s=step.timeout_s,
                    on_failure=step.on_failure.value,
                    undoable=step.compensate is not None,
                )
                for step in kept.plan.steps
            ],
            signals=list(signals),
        )


async def _to_its_end(work: Any) -> str:  # noqa: ANN401 - a coroutine
    """Await work while telling Temporal that this worker lives.

    A step that is cancelled goes on to its end: what came of it is kept, unless its run
    has ended. Only a worker that stops cuts it off, after its grace.
    """
    task = asyncio.ensure_future(work)
    while not task.done():
        activity.heartbeat()
        try:
            await asyncio.wait({task}, timeout=HEARTBEAT_S / 3)
        except asyncio.CancelledError:
            if activity.is_worker_shutdown():
                task.cancel()
                raise
    return str(task.result())


def _attempt_failed(again_s: float | None) -> ApplicationError:
    return ApplicationError(
        "an attempt failed: the platform shows why",
        type=m.STEP_FAILED,
        non_retryable=again_s is None,
        next_retry_delay=None if again_s is None else timedelta(seconds=again_s),
    )

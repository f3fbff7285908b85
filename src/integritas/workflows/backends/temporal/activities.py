"""What the workflow asks for, as Temporal's activities.

What comes from our database or goes to it stays out of the history: an outcome, or the
code of an error, is all that Temporal gets. An error that is no fault of a step comes
back by Temporal's retry.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError

from integritas.kernel.errors import InvalidInput, NotFound
from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.backends.seeds import failure_of
from integritas.workflows.backends.temporal import messages as m
from integritas.workflows.backends.temporal.carrier import (
    AttemptFailed,
    Carrier,
    cause_of,
)
from integritas.workflows.backends.temporal.fanning import Fanning
from integritas.workflows.backends.temporal.steps import HEARTBEAT_S
from integritas.workflows.backends.temporal.waiting import Waiting
from integritas.workflows.model import RunState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from integritas.workflows.backends.temporal.kept import Kept
    from integritas.workflows.backends.temporal.parenting import Parenting
    from integritas.workflows.backends.temporal.rows import Rows
    from integritas.workflows.model import Parent, RunView, Step
    from integritas.workflows.store import Attempt

__all__ = ["Activities"]

_CANCELLED: Final = "cancelled in Temporal"
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

    def __init__(
        self,
        rows: Rows,
        carrier: Carrier,
        parenting: Parenting,
    ) -> None:
        """Take the parts."""
        self._rows = rows
        self._records = rows.records
        self._carrier = carrier
        self._parenting = parenting
        self._waiting = Waiting(rows)
        self._fanning = Fanning(rows)

    def all(self) -> Sequence[Callable[..., Any]]:
        """Return what a worker registers."""
        return [
            self.load,
            self.now,
            self.stop,
            self.wait,
            self.fan_out,
            self.gather,
            self.child,
            self.stop_children,
            self.step,
            self.end,
        ]

    # The run ---------------------------------------------------------------------

    @activity.defn(name=m.LOAD)
    async def load(self, order: m.RunOrder) -> m.RunPlan:
        """Return what is to be interpreted, or how a run that has ended stands."""
        async with _discreet():
            tenant, run_id = TenantId(order.tenant), RunId(order.run)
            try:
                kept = await self._records.kept(tenant, run_id)
            except (InvalidInput, NotFound) as error:
                await self._records.give_up(tenant, run_id, str(error))
                kept = None
            if kept is None:
                now = m.RunNow(await self._records.state(tenant, run_id))
                parent = await self._records.parent(tenant, run_id)
                return m.RunPlan(now, [], {}, parent=_link(parent))
            return m.RunPlan(
                now=self._standing(kept),
                steps=[_plan_of(step) for step in kept.plan.steps],
                known=kept.outcomes(),
                orderly=kept.orderly,
                priority=kept.priority,
                parent=_link(kept.options.parent),
            )

    @activity.defn(name=m.NOW)
    async def now(self, order: m.RunOrder) -> m.RunNow:
        """Return how a run stands: whether it is to stop, how long it may go on."""
        async with _discreet():
            tenant, run_id = TenantId(order.tenant), RunId(order.run)
            kept = await self._records.kept(tenant, run_id)
            if kept is None:
                return m.RunNow(await self._records.state(tenant, run_id))
            return self._standing(kept)

    @activity.defn(name=m.STOP)
    async def stop(self, order: m.RunOrder) -> m.RunNow:
        """Keep that a run is to stop, for its workflow was cancelled."""
        now = await self.now(order)
        if now.stopping or now.state != RunState.RUNNING:
            return now
        async with _discreet():
            tenant, run_id = TenantId(order.tenant), RunId(order.run)
            await self._records.stop(tenant, run_id, _CANCELLED)
        return await self.now(order)

    @activity.defn(name=m.END)
    async def end(self, ending: m.Ending) -> str:
        """End a run in our database, unless it has ended; return how it ended."""

        def cause(_: RunView, attempts: Sequence[Attempt], stopped: str | None) -> str:
            why = ""
            if ending.overdue_s is not None:
                why = f"the run did not end within {ending.overdue_s:g} s"
            elif ending.state == RunState.CANCELLED:
                why = stopped or _CANCELLED
            return cause_of(attempts, ending.failed, ending.not_undone or [], why)

        async with _discreet():
            tenant, run_id = TenantId(ending.tenant), RunId(ending.run)
            state = RunState(ending.state)
            try:
                return (await self._records.end(tenant, run_id, state, cause)).value
            except NotFound:
                return await self._records.state(tenant, run_id)

    # Its steps -------------------------------------------------------------------

    @activity.defn(name=m.WAIT)
    async def wait(self, order: m.StepOrder) -> m.Answer:
        """Say how a wait came out, or how long it may last."""
        async with _discreet():
            return await self._waiting.wait(order)

    @activity.defn(name=m.FAN_OUT)
    async def fan_out(self, order: m.StepOrder) -> m.Answer:
        """Say how many items a step has."""
        async with _discreet():
            return await self._fanning.fan_out(order)

    @activity.defn(name=m.GATHER)
    async def gather(self, order: m.StepOrder) -> str:
        """Keep the results of all items as the step's own."""
        async with _discreet():
            return await self._fanning.gather(order)

    @activity.defn(name=m.CHILD)
    async def child(self, order: m.StepOrder) -> m.Answer:
        """Say how the child of a step came out, or which run it is."""
        async with _discreet():
            return await self._parenting.child(order)

    @activity.defn(name=m.STOP_CHILDREN)
    async def stop_children(self, order: m.RunOrder) -> list[str]:
        """Let the children of a run stop; return those that have not ended."""
        async with _discreet():
            return await self._parenting.stop_children(order)

    @activity.defn(name=m.STEP)
    async def step(self, order: m.StepOrder) -> str:
        """Carry out an attempt of a step, or of its undoing; raises if it fails."""
        async with _discreet():
            try:
                return await _to_its_end(self._carrier.step(order))
            except AttemptFailed as failed:
                raise _attempt_failed(failed.again_s) from None

    # Inside ----------------------------------------------------------------------

    def _standing(self, kept: Kept) -> m.RunNow:
        limit = kept.timeout_s
        age = (self._rows.clock.now() - kept.view.created_at).total_seconds()
        return m.RunNow(
            state=kept.view.state.value,
            stopping=kept.stop_cause is not None,
            limit_s=limit,
            left_s=None if limit is None else limit - age,
        )


def _link(parent: Parent | None) -> m.ParentStep | None:
    return None if parent is None else m.ParentStep(parent.run_id, parent.step)


def _plan_of(step: Step) -> m.StepPlan:
    return m.StepPlan(
        name=step.name,
        after=list(step.after),
        on_failure=step.on_failure.value,
        undoable=step.compensate is not None,
        timeout_s=step.timeout_s,
        waits=step.awaits is not None or step.sleeps,
        awaits=step.awaits,
        workflow=step.workflow,
        fans=step.for_each is not None,
        parallel=step.parallel,
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

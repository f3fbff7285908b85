"""The one workflow: interprets any definition, deterministically.

It decides what is to happen next from the graph and the outcomes of activities. What
needs data (conditions, inputs, results) is done by activities on our database.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from integritas.workflows.backends.temporal import messages as m
    from integritas.workflows.backends.temporal.walk import Walk
    from integritas.workflows.model import RunState

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from temporalio.workflow import ActivityHandle

__all__ = ["HEARTBEAT_S", "RunWorkflow"]

HEARTBEAT_S: Final = 10.0
SLACK_S: Final = 60.0
"""What an attempt may take beyond its time-out: to wait for a place, to be written."""
_BOOKKEEPING_S: Final = 60.0
_WAIT: Final = workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
# Only what is no fault of the step comes back by this: a lost worker, a full disk.
_AGAIN: Final = RetryPolicy(
    initial_interval=timedelta(seconds=0.25),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=10),
)


@workflow.defn(name=m.WORKFLOW_TYPE)
class RunWorkflow:
    """Carries one run."""

    def __init__(self) -> None:
        """Begin empty: a query may come before the plan is loaded."""
        self._order: m.RunOrder
        self._walk = Walk([])
        self._signals: set[str] = set()
        self._calls: dict[int, ActivityHandle[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: BaseException | None = None
        self._over = False
        self._state = RunState.RUNNING

    @workflow.run
    async def run(self, order: m.RunOrder) -> str:
        """Carry the run to its end; return the state it ended in."""
        self._order = order
        try:
            plan = await self._load()
            if plan.state == RunState.RUNNING:
                self._signals.update(plan.signals)
                self._walk = Walk(plan.steps)
                return self._close(await self._finish(plan))
        except BaseException as error:
            if is_cancelled_exception(error):
                await self._end(self._ending(RunState.CANCELLED))
            raise
        return self._close(plan.state)

    @workflow.signal(name=m.SIGNAL)
    def signalled(self, name: str) -> None:
        """Take the name of a signal; its payload is in the database."""
        self._signals.add(name)

    @workflow.query(name=m.STATE_QUERY)
    def state(self) -> m.RunStatus:
        """Return how the run and its steps stand."""
        return m.RunStatus(self._state.value, self._walk.states())

    # The walk --------------------------------------------------------------------

    async def _finish(self, plan: m.RunPlan) -> str:
        """Walk the graph and end the run; return the state it ended in."""
        whole = self._spawn(self._through())
        left = _seconds(plan.left_s)
        try:
            await workflow.wait_condition(
                lambda: whole.done() or self._over or self._broken is not None,
                timeout=left,
            )
        except TimeoutError:
            return await self._end(
                self._ending(RunState.FAILED, overdue_s=plan.limit_s)
            )
        if self._broken is not None:
            raise self._broken
        if self._over:
            return (await self._load()).state
        state = RunState.FAILED if self._walk.failed else RunState.SUCCEEDED
        return await self._end(self._ending(state))

    async def _through(self) -> None:
        self._begin(self._walk.first())
        await workflow.wait_condition(self._walk.at_rest)
        for index in self._walk.to_undo():
            outcome = await self._call(index, self._walk.steps[index], undo=True)
            if outcome == m.Outcome.ENDED:
                self._over = True
                return
            self._walk.undone(index, done=outcome != m.Outcome.FAILED)

    def _begin(self, ready: list[int]) -> None:
        for index in ready:
            self._walk.begin(index)
            _ = self._spawn(self._carry(index))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken = error

    async def _carry(self, index: int) -> None:
        step = self._walk.steps[index]
        do = self._wait if step.signal is not None else self._call
        outcome = await do(index, step)
        if outcome == m.Outcome.ENDED:
            self._over = True
            return
        failing = self._walk.failing
        self._begin(self._walk.settle(index, outcome))
        if self._walk.failing and not failing:
            # What is under way may end and is kept; what waits to try again may not.
            for call in self._calls.values():
                call.cancel()

    async def _call(self, index: int, step: m.StepPlan, *, undo: bool = False) -> str:
        order = m.StepOrder(self._order.tenant, self._order.run, step.name, undo=undo)
        call = workflow.start_activity(
            m.STEP,
            order,
            result_type=str,
            start_to_close_timeout=_longest(step),
            heartbeat_timeout=timedelta(seconds=HEARTBEAT_S),
            retry_policy=_AGAIN,
            cancellation_type=_WAIT,
            summary=f"compensate {step.name}" if undo else step.name,
        )
        self._calls[index] = call
        try:
            return str(await call)
        except ActivityError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.type == m.STEP_FAILED:
                return m.Outcome.FAILED if cause.non_retryable else ""
            if isinstance(cause, CancelledError) and self._walk.failing:
                return ""  # it would have been tried again, but its run fails
            raise
        finally:
            del self._calls[index]

    async def _wait(self, index: int, step: m.StepPlan) -> str:
        order = m.StepOrder(self._order.tenant, self._order.run, step.name)
        if step.conditional:
            outcome: str = await self._keep(m.ASK, order, str)
            if outcome != m.Outcome.GO:
                return outcome
        self._walk.wait(index)
        timed_out = False
        try:
            await workflow.wait_condition(
                lambda: step.signal in self._signals or self._walk.failing,
                timeout=_seconds(step.timeout_s),
            )
        except TimeoutError:
            timed_out = True
        if self._walk.failing:
            return ""
        order = m.StepOrder(order.tenant, order.run, step.name, timed_out=timed_out)
        return str(await self._keep(m.SETTLE_SIGNAL, order, str))

    # Ends ------------------------------------------------------------------------

    def _ending(self, state: RunState, *, overdue_s: float | None = None) -> m.Ending:
        return m.Ending(
            tenant=self._order.tenant,
            run=self._order.run,
            state=state.value,
            failed=self._walk.failed,
            not_undone=self._walk.not_undone,
            overdue_s=overdue_s,
        )

    async def _load(self) -> m.RunPlan:
        plan = await self._keep(m.LOAD, self._order, m.RunPlan)
        assert isinstance(plan, m.RunPlan)  # noqa: S101 - narrows the type
        return plan

    async def _end(self, ending: m.Ending) -> str:
        return str(await self._keep(m.END, ending, str))

    def _close(self, state: str) -> str:
        self._state = RunState(state)
        if self._state is RunState.FAILED:
            where = f" at step {self._walk.failed}" if self._walk.failed else ""
            raise ApplicationError(f"the run failed{where}", type="RunFailed")
        return state

    async def _keep(self, name: str, order: Any, kind: type) -> Any:  # noqa: ANN401
        """Read or write the database, in the worker that carries the workflow."""
        return await workflow.execute_local_activity(
            name,
            order,
            result_type=kind,
            start_to_close_timeout=timedelta(seconds=_BOOKKEEPING_S),
            retry_policy=_AGAIN,
        )


def _seconds(number: float | None) -> timedelta | None:
    return None if number is None else timedelta(seconds=number)


def _longest(step: m.StepPlan) -> timedelta:
    # Without a bound of its own: heartbeats tell whether anybody is at it.
    if step.timeout_s is None:
        return timedelta(days=365)
    return timedelta(seconds=step.timeout_s + SLACK_S)

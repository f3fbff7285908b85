"""The one workflow: interprets any definition, deterministically.

It decides what is to happen next from the graph and the outcomes of activities. What
needs data (conditions, inputs, results) is done by activities on our database.
"""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from integritas.workflows.backends.temporal import messages as m
    from integritas.workflows.backends.temporal.news import News
    from integritas.workflows.backends.temporal.steps import Steps, keep, tell, until
    from integritas.workflows.model import RunState

__all__ = ["RunWorkflow"]


@workflow.defn(name=m.WORKFLOW_TYPE)
class RunWorkflow:
    """Carries one run."""

    def __init__(self) -> None:
        """Begin empty: a query may come before the plan is loaded."""
        self._news = News()
        self._steps: Steps | None = None
        self._told = False
        """Whether the workflow was cancelled, and (below) that was acted upon."""
        self._noticed = False
        self._outcome: RunState | None = None
        self._overdue_s: float | None = None
        self._state: str = RunState.RUNNING.value

    @workflow.run
    async def run(self, order: m.RunOrder) -> str:
        """Carry the run to its end; return the state it ended in."""
        carrying = asyncio.create_task(self._carry(order))
        # Cancelled in Temporal, a run may still have something to undo and to end.
        while not carrying.done():
            try:
                await workflow.wait_condition(carrying.done)
            except asyncio.CancelledError:
                self._told = True
        state = carrying.result()
        if state is None:
            workflow.continue_as_new(order)
        self._state = state
        if state == RunState.FAILED:
            failed = self._steps.walk.failed if self._steps is not None else None
            where = f" at step {failed}" if failed else ""
            raise ApplicationError(f"the run failed{where}", type="RunFailed")
        if state == RunState.CANCELLED and self._told:
            raise asyncio.CancelledError
        return state

    @workflow.signal(name=m.SIGNAL)
    def signalled(self, name: str) -> None:
        """Take the name of a signal; its payload is in the database."""
        self._news.came(name)

    @workflow.signal(name=m.LOOK)
    def look(self) -> None:
        """Look into the database again: something may have changed."""
        self._news.look()

    @workflow.query(name=m.STATE_QUERY)
    def state(self) -> m.RunStatus:
        """Return how the run and its steps stand."""
        states = {} if self._steps is None else self._steps.walk.states()
        return m.RunStatus(self._state, states)

    # Inside ----------------------------------------------------------------------

    async def _carry(self, order: m.RunOrder) -> str | None:
        """Carry the run; return the state it ended in, None if its history is full."""
        plan: m.RunPlan = await keep(m.LOAD, order, m.RunPlan)
        state = plan.now.state
        if state == RunState.RUNNING:
            steps = self._steps = Steps(order, plan, self._news)
            ending = await self._through(order, plan, steps)
            if ending is None:
                return None
            state = str(await keep(m.END, ending, str))
        if plan.parent is not None:
            await tell(order.tenant, plan.parent.run, plan.parent.step)
        return state

    async def _through(
        self, order: m.RunOrder, plan: m.RunPlan, steps: Steps
    ) -> m.Ending | None:
        """Carry the steps, and watch what may end the run before they are done."""
        now, carrying = plan.now, None
        while now.state == RunState.RUNNING and self._goes_on(now, plan, steps):
            carrying = carrying or steps.spawn(steps.carry())
            await self._watch(now, steps, carrying)
            if steps.broken is not None:
                raise steps.broken
            if carrying.done() or steps.over:
                if steps.left_off and not steps.over:
                    return None
                break
            ask = m.STOP if self._told and not self._noticed and plan.orderly else m.NOW
            self._noticed = self._told
            now = await keep(ask, order, m.RunNow)
        return self._ending(order, steps)

    def _goes_on(self, now: m.RunNow, plan: m.RunPlan, steps: Steps) -> bool:
        """Say whether steps are still carried: on, or back."""
        if self._told and not plan.orderly:
            self._outcome = RunState.CANCELLED
            return False
        if now.stopping and self._outcome is not RunState.CANCELLED:
            self._outcome = RunState.CANCELLED
            steps.stop()
        elif self._outcome is None and now.left_s is not None and now.left_s <= 0:
            self._outcome, self._overdue_s = RunState.FAILED, now.limit_s
            steps.stop()
            return plan.orderly
        return True

    async def _watch(
        self, now: m.RunNow, steps: Steps, carrying: asyncio.Task[None]
    ) -> None:
        seen = self._news.about()

        def woken() -> bool:
            done = carrying.done() or steps.over or steps.broken is not None
            news = self._news.about() != seen or self._told != self._noticed
            return done or news

        await until(woken, now.left_s if self._outcome is None else None)

    def _ending(self, order: m.RunOrder, steps: Steps) -> m.Ending:
        walk = steps.walk
        state = RunState.FAILED if walk.failed else RunState.SUCCEEDED
        return m.Ending(
            tenant=order.tenant,
            run=order.run,
            state=(self._outcome or state).value,
            failed=walk.failed,
            not_undone=walk.not_undone,
            overdue_s=self._overdue_s,
        )

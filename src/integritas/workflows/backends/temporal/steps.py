"""The steps of one run in its workflow: each carried as its kind wants.

Deterministic: what is to happen next follows from the graph and outcomes alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from temporalio import workflow
from temporalio.common import (
    Priority,
    RetryPolicy,
    SearchAttributeKey,
    SearchAttributePair,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    CancelledError,
    FailureError,
    RetryState,
    WorkflowAlreadyStartedError,
)

from integritas.kernel.errors import InvalidDefinition
from integritas.workflows.backends.seeds import kept_name
from integritas.workflows.backends.temporal import messages as m
from integritas.workflows.backends.temporal.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from temporalio.workflow import ActivityHandle

    from integritas.workflows.backends.temporal.news import News

__all__ = ["AT_ONCE", "HEARTBEAT_S", "Steps", "keep", "tell", "until"]

HEARTBEAT_S: Final = 10.0
AT_ONCE: Final = 200
"""Items of a step under way at once, at most: Temporal bounds a workflow's own."""
SLACK_S: Final = 60.0
"""What an attempt may take beyond its time-out: to wait for a place, to be written."""
_BOOKKEEPING_S: Final = 60.0
_WORKFLOW: Final = SearchAttributeKey.for_keyword(m.WORKFLOW)
_HALF: Final = 50
_WAIT: Final = workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED
# Only what is no fault of the step comes back by this: a lost worker, a full disk.
_AGAIN: Final = RetryPolicy(
    initial_interval=timedelta(seconds=0.25),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=10),
    # A definition that cannot be carried here does not become one by waiting; tried for
    # ever it would hold its task, and with that the worker's end.
    non_retryable_error_types=[InvalidDefinition.code],
)


async def keep(name: str, order: Any, kind: type) -> Any:  # noqa: ANN401 - as the activity answers
    """Read or write the database, in the worker that carries the workflow."""
    return await workflow.execute_local_activity(
        name,
        order,
        result_type=kind,
        start_to_close_timeout=timedelta(seconds=_BOOKKEEPING_S),
        retry_policy=_AGAIN,
    )


async def until(holds: Callable[[], bool], left_s: float | None = None) -> bool:
    """Wait until something holds, or time runs out: then it is false.

    That the workflow is cancelled is not told here: it decides itself what that means.
    Then time may seem to run out too soon, and is to be asked for again.
    """
    try:
        await workflow.wait_condition(holds, timeout=left_s)
    except TimeoutError:
        return False
    except asyncio.CancelledError:
        return await until(holds) if left_s is None else holds()
    return True


async def tell(tenant: str, run: str, step: str) -> None:
    """Tell a parent that the child of its step has ended, if it is still there."""
    parent = workflow.get_external_workflow_handle(m.workflow_id(tenant, run))
    try:
        await parent.signal(m.SIGNAL, step)
    except FailureError:
        workflow.logger.info("the parent run has ended before its child")


class Steps:
    """Carries the steps of a run.

    `over` says that the run was found ended in the database; `broken` is what no step
    can do anything about.
    """

    def __init__(self, order: m.RunOrder, plan: m.RunPlan, news: News) -> None:
        """Begin behind what the plan knows."""
        self.walk = Walk(plan.steps, plan.known)
        self.over = False
        self.broken: BaseException | None = None
        self._order = order
        self._priority = _priority(plan.priority)
        self._news = news
        self._calls: set[ActivityHandle[Any]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._children: set[str] = set()
        self._starting: set[str] = set()
        self._parental = any(step.workflow for step in plan.steps)
        self._called_off = False
        self._asked = 0
        self._waiting = 0

    @property
    def full(self) -> bool:
        """Say whether the history is so long that another had better begin.

        Another would ask again for all that waits: not before that is worth it.
        """
        worth = self._asked > 2 * self._waiting
        return worth and workflow.info().is_continue_as_new_suggested()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin something beside; if it breaks, `broken` says so."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def carry(self) -> None:
        """Carry all steps, then take back what is to be; or leave off where `full`."""
        if self.walk.failing:
            self._hurry()
        self._begin(self.walk.first())
        while not self.walk.at_rest():
            await until(self.walk.at_rest)
        if self._called_off:
            # The answer of one that was kept may have been lost on its way.
            plan: m.RunPlan = await keep(m.LOAD, self._order, m.RunPlan)
            self.walk.learn(plan.known)
        for index, item in self.walk.to_undo():
            if self.full or self.over:
                return
            outcome = await self._call(self.walk.steps[index], item, undo=True)
            if outcome == m.Outcome.ENDED:
                self.over = True
            else:
                done = outcome != m.Outcome.FAILED
                self.walk.undone(index, item, done=done)

    @property
    def left_off(self) -> bool:
        """Say whether `carry` ended before its time, for a history that is full."""
        undone = not self.walk.to_undo()
        return not (undone if self.walk.failing else self.walk.whole)

    def stop(self) -> None:
        """Begin nothing more, and take back what was done."""
        self.walk.stop()
        self._hurry()

    # Inside ----------------------------------------------------------------------

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.broken = error

    def _begin(self, ready: list[int]) -> None:
        for index in ready if not self.full else ():
            self.walk.begin(index)
            _ = self.spawn(self._carry(index))

    async def _carry(self, index: int) -> None:
        step = self.walk.steps[index]
        if step.waits:
            outcome = await self._counted(self._wait(index, step))
        elif step.fans:
            outcome = await self._fan(index, step)
        else:
            outcome = await self._one(step, None)
        if outcome == m.Outcome.ENDED:
            self.over = True
            return
        failing = self.walk.failing
        ready = self.walk.settle(index, outcome)
        if self.walk.failing and not failing:
            self._hurry()
        self._begin(ready)

    def _hurry(self) -> None:
        """Call off what waits to try again; what is under way may end and is kept."""
        for call in self._calls:
            call.cancel()
        if self._parental:
            _ = self.spawn(self._stop_children())

    async def _news_of(
        self, name: str | None, seen: int, left_s: float | None = None
    ) -> bool:
        """Wait for news, or `left_s`; False if the run begins nothing more."""

        def woken() -> bool:
            new = self._news.about(name) != seen
            return new or self.walk.failing or self.full

        await until(woken, left_s)
        return not (self.walk.failing or self.full)

    # A step of each kind ---------------------------------------------------------

    async def _wait(self, index: int, step: m.StepPlan) -> str:
        order = self._of(step)
        while True:
            seen = self._news.about(step.awaits)
            answer = await self._ask(m.WAIT, order)
            if answer.outcome is not None:
                return answer.outcome
            self.walk.wait(index)
            if not await self._news_of(step.awaits, seen, answer.left_s):
                return m.Outcome.UNSETTLED

    async def _fan(self, index: int, step: m.StepPlan) -> str:
        answer = await self._ask(m.FAN_OUT, self._of(step))
        if answer.outcome is not None:
            return answer.outcome
        todo = deque(
            item for item in range(answer.count) if self.walk.item(index, item) is None
        )
        places = min(step.parallel or AT_ONCE, AT_ONCE, len(todo))
        await asyncio.gather(*(self._items(index, todo) for _ in range(places)))
        if self.over:
            return m.Outcome.ENDED
        if self.walk.failing:
            # The walk knows of the item already; the step itself has no row.
            lost = any(
                self.walk.item(index, item) == m.Outcome.FAILED
                for item in range(answer.count)
            )
            fatal = lost and step.on_failure != "continue"
            return m.Outcome.FAILED if fatal else m.Outcome.UNSETTLED
        if not all(self.walk.item(index, item) for item in range(answer.count)):
            return m.Outcome.UNSETTLED
        return str(await keep(m.GATHER, self._of(step), str))

    async def _items(self, index: int, todo: deque[int]) -> None:
        """Carry one item after the other, as long as there are any."""
        step = self.walk.steps[index]
        while todo and not (self.walk.failing or self.over or self.full):
            item = todo.popleft()
            outcome = await self._one(step, item)
            if outcome == m.Outcome.ENDED:
                self.over = True
            elif outcome != m.Outcome.UNSETTLED:
                failing = self.walk.failing
                self.walk.settle_item(index, item, outcome)
                if self.walk.failing and not failing:
                    self._hurry()

    async def _one(self, step: m.StepPlan, item: int | None) -> str:
        if step.workflow is not None:
            return await self._counted(self._child(step, item))
        return await self._call(step, item)

    async def _counted(self, wait: Coroutine[Any, Any, str]) -> str:
        self._waiting += 1
        try:
            return await wait
        finally:
            self._waiting -= 1

    async def _call(
        self, step: m.StepPlan, item: int | None, *, undo: bool = False
    ) -> str:
        while True:
            seen = self._news.about()
            outcome = await self._attempts(self._of(step, item, undo=undo), step)
            if outcome != m.Outcome.HELD:
                return outcome
            if undo:
                await until(lambda: self._news.about() != seen)  # noqa: B023 - awaited here
            elif not await self._news_of(None, seen):
                return m.Outcome.UNSETTLED

    async def _attempts(self, order: m.StepOrder, step: m.StepPlan) -> str:
        self._asked += 1
        call = workflow.start_activity(
            m.STEP,
            order,
            result_type=str,
            start_to_close_timeout=_longest(step),
            heartbeat_timeout=timedelta(seconds=HEARTBEAT_S),
            retry_policy=_AGAIN,
            cancellation_type=_WAIT,
            summary=kept_name(order.step, order.item, undo=order.undo),
            priority=self._priority,
        )
        if not order.undo:
            self._calls.add(call)
        try:
            return str(await call)
        except ActivityError as error:
            cause = error.cause
            if isinstance(cause, ApplicationError) and cause.type == m.STEP_FAILED:
                final = cause.non_retryable
                return m.Outcome.FAILED if final else m.Outcome.UNSETTLED
            if self.walk.failing and _called_off(error):
                self._called_off = True  # it would have been tried again
                return m.Outcome.UNSETTLED
            raise
        finally:
            self._calls.discard(call)

    # Children --------------------------------------------------------------------

    async def _child(self, step: m.StepPlan, item: int | None) -> str:
        name = kept_name(step.name, item)
        while True:
            seen = self._news.about(name)
            answer = await self._ask(m.CHILD, self._of(step, item))
            if answer.child is not None:
                await self._start(step, answer.child)
                await self._end_of_child(name, seen)
                if self.full and not self.walk.failing:
                    return m.Outcome.UNSETTLED
            elif answer.left_s is not None:
                if self.walk.failing:
                    return m.Outcome.UNSETTLED
                await until(lambda: self.walk.failing, answer.left_s)
                if self.walk.failing:
                    return m.Outcome.UNSETTLED
            elif answer.outcome == m.Outcome.HELD:
                if not await self._news_of(name, seen):
                    return m.Outcome.UNSETTLED
            else:
                return answer.outcome or m.Outcome.UNSETTLED

    async def _end_of_child(self, name: str, seen: int) -> None:
        """Wait until a child has something to say: of a run that fails, too."""

        def woken() -> bool:
            told = self._news.about(name) != seen
            return told or (self.full and not self.walk.failing)

        await until(woken)

    async def _start(self, step: m.StepPlan, child: str) -> None:
        """Let the run of a child be carried; it may be already."""
        if child in self._children:
            return
        self._children.add(child)
        info = workflow.info()
        attributes = info.typed_search_attributes.updated(
            SearchAttributePair(_WORKFLOW, step.workflow or "")
        )
        self._starting.add(child)
        try:
            handle = await workflow.start_child_workflow(
                m.WORKFLOW_TYPE,
                m.RunOrder(self._order.tenant, child),
                id=m.workflow_id(self._order.tenant, child),
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                search_attributes=attributes,
                priority=self._priority,
            )
        except WorkflowAlreadyStartedError:
            pass
        else:
            # How it ended is in the database: its own signal tells of that.
            handle.add_done_callback(lambda t: t.cancelled() or t.exception())
        finally:
            self._starting.discard(child)
        if self.walk.failing:
            await self._stop_children()

    async def _stop_children(self) -> None:
        children = await keep(m.STOP_CHILDREN, self._order, list[str])
        await asyncio.gather(*(self._cancel(child) for child in children))

    async def _cancel(self, child: str) -> None:
        if child in self._starting:
            # Temporal refuses a task that both starts a child and cancels it, for ever
            # anew; who starts it cancels it once it has begun.
            return
        workflow_id = m.workflow_id(self._order.tenant, child)
        try:
            await workflow.get_external_workflow_handle(workflow_id).cancel()
        except FailureError:
            workflow.logger.info("a child is over, or has not begun: %s", child)

    async def _ask(self, name: str, order: m.StepOrder) -> m.Answer:
        self._asked += 1
        answer = await keep(name, order, m.Answer)
        assert isinstance(answer, m.Answer)  # noqa: S101 - narrows the type
        return answer

    def _of(
        self, step: m.StepPlan, item: int | None = None, *, undo: bool = False
    ) -> m.StepOrder:
        order = self._order
        return m.StepOrder(order.tenant, order.run, step.name, item, undo)


def _priority(own: int) -> Priority:
    """Return one of Temporal's five: 3 is its default, 1 goes first."""
    key = 3 - (own > 0) - (own > _HALF) + (own < 0) + (own < -_HALF)
    return Priority(priority_key=key)


def _called_off(error: ActivityError) -> bool:
    """Say whether a call ended because it was cancelled, however its attempt ended.

    One under way when it was cancelled may yet be kept and its answer lost, or its
    worker: Temporal tells what went wrong, and that it does not try again for that.
    """
    asked = error.retry_state is RetryState.CANCEL_REQUESTED
    return asked or isinstance(error.cause, CancelledError)


def _longest(step: m.StepPlan) -> timedelta:
    # Without a bound of its own: heartbeats tell whether anybody is at it.
    if step.timeout_s is None:
        return timedelta(days=365)
    return timedelta(seconds=step.timeout_s + SLACK_S)

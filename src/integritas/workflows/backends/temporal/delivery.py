"""Telling Temporal what our database has decided: starts, signals, cancellations.

The decision is committed first; then it is delivered, and delivered again until the
server has taken it. Each delivery is safe to repeat: a run has one workflow for good.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.backends.temporal import messages as m
from integritas.workflows.model import RunState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from integritas.workflows.backends.temporal.records import Records
    from integritas.workflows.model import RunView

__all__ = ["Deliveries", "Delivery"]

AT_ONCE: Final = 64
T = TypeVar("T")
_TENANT: Final = SearchAttributeKey.for_keyword(m.TENANT)
_WORKFLOW: Final = SearchAttributeKey.for_keyword(m.WORKFLOW)
_SUBJECT: Final = SearchAttributeKey.for_keyword(m.SUBJECT)

Key = tuple[TenantId, RunId]


@dataclass(slots=True)
class Deliveries:
    """What is still to be delivered: runs to start or to signal, runs to cancel.

    Of `looks`, runs that are to look into the database, each is started if it is not.
    """

    starts: dict[tuple[Key, str | None], None] = field(default_factory=dict)
    looks: dict[Key, None] = field(default_factory=dict)
    cancels: dict[Key, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Say whether there is anything."""
        return bool(self.starts or self.looks or self.cancels)

    def add(self, other: Deliveries) -> None:
        """Add what another holds."""
        self.starts.update(other.starts)
        self.looks.update(other.looks)
        self.cancels.update(other.cancels)


class Delivery:
    """Delivers to one task queue of one server."""

    def __init__(self, client: Client, task_queue: str, records: Records) -> None:
        """Take the client and the queue that is this installation's own."""
        self._client = client
        self._task_queue = task_queue
        self._records = records
        self._places = asyncio.Semaphore(AT_ONCE)

    async def deliver(self, wanted: Deliveries) -> None:
        """Deliver everything; what was taken is removed from `wanted`.

        Raises:
            RPCError: the server did not take something, which stays in `wanted`.
        """
        # A signal before its run's start would start it too: the order costs nothing.
        await self._all(wanted.starts, lambda each: self._tell(each[0], each[1]))
        await self._all(wanted.looks, lambda key: self._start(key, m.LOOK, []))
        await self._all(wanted.cancels, self._cancel)

    async def lost(self) -> Deliveries:
        """Return what a crash kept from being delivered.

        Temporal's list lags a little, so this may name too much: all is safe to repeat.
        """
        query = (
            f"WorkflowType = '{m.WORKFLOW_TYPE}' AND TaskQueue = '{self._task_queue}'"
            " AND ExecutionStatus = 'Running'"
        )
        carried = {found.id async for found in self._client.list_workflows(query)}
        # Read after the list: a run that is on the list has been committed before.
        ours = {
            m.workflow_id(run.tenant, run.id): (run.tenant, run.id)
            for run, _, _ in await self._records.unfinished()
        }
        lost = Deliveries()
        for name in set(ours) - carried:
            lost.starts[ours[name], None] = None
        for name in carried - set(ours):
            _, tenant, run_id = name.split("/", 2)
            lost.cancels[TenantId(tenant), RunId(run_id)] = None
        return lost

    async def _all(
        self, wanted: dict[T, None], do: Callable[[T], Awaitable[None]]
    ) -> None:
        errors: list[RPCError] = []

        async def one(each: T) -> None:
            async with self._places:
                try:
                    await do(each)
                except RPCError as error:
                    errors.append(error)
                else:
                    del wanted[each]

        await asyncio.gather(*(one(each) for each in list(wanted)))
        if errors:
            raise errors[0]

    async def _tell(self, key: Key, signal: str | None) -> None:
        """Start a run's workflow unless it has one; signal it if a signal is named."""
        await self._start(
            key,
            None if signal is None else m.SIGNAL,
            [] if signal is None else [signal],
        )

    async def _start(self, key: Key, signal: str | None, args: list[str]) -> None:
        tenant, run_id = key
        try:
            view = await self._records.find(tenant, run_id)
            await self._client.start_workflow(
                m.WORKFLOW_TYPE,
                m.RunOrder(tenant, run_id),
                id=m.workflow_id(tenant, run_id),
                task_queue=self._task_queue,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                search_attributes=_attributes(view),
                start_signal=signal,
                start_signal_args=args,
            )
        except WorkflowAlreadyStartedError:
            await self._closed(key)

    async def _closed(self, key: Key) -> None:
        """End a run whose workflow somebody ended in Temporal, behind our back."""
        handle = self._client.get_workflow_handle(m.workflow_id(*key))
        status = (await handle.describe()).status
        if status is None or status is WorkflowExecutionStatus.RUNNING:
            return
        cause = f"its workflow was {status.name.lower()} in Temporal"
        await self._records.end(*key, RunState.FAILED, lambda *_: cause)
        parent = await self._records.parent(*key)
        if parent is not None:
            await self._tell((key[0], parent.run_id), parent.step)

    async def _cancel(self, key: Key) -> None:
        try:
            await self._client.get_workflow_handle(m.workflow_id(*key)).cancel()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:  # it has none, or is over
                raise


def _attributes(view: RunView) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [
            SearchAttributePair(_TENANT, view.tenant),
            SearchAttributePair(_WORKFLOW, view.workflow),
            SearchAttributePair(_SUBJECT, view.subject),
        ]
    )

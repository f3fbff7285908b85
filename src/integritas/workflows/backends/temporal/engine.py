"""The Temporal engine: a worker, and the one who takes our commands to the server.

Any number of processes may be workers of a database. One of them owns its commands, by
the same lock as an embedded engine; should it die, another takes over.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from temporalio.service import RPCError
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from integritas.kernel.errors import Conflict, IntegritasError
from integritas.workflows.backends.listening import Listener
from integritas.workflows.backends.scheduler import Scheduler
from integritas.workflows.backends.temporal.activities import Activities
from integritas.workflows.backends.temporal.batcher import Batcher
from integritas.workflows.backends.temporal.carrier import Carrier
from integritas.workflows.backends.temporal.delivery import Deliveries, Delivery
from integritas.workflows.backends.temporal.interpreter import RunWorkflow
from integritas.workflows.backends.temporal.parenting import Parenting
from integritas.workflows.backends.temporal.records import Records
from integritas.workflows.backends.temporal.rows import Rows
from integritas.workflows.backends.temporal.server import connect, why
from integritas.workflows.model import RunState
from integritas.workflows.ownership import Ownership

if TYPE_CHECKING:
    from temporalio.client import Client

    from integritas.kernel.clock import Clock, Randomness
    from integritas.kernel.ids import TenantId
    from integritas.platform.commands import CommandQueue
    from integritas.platform.db import Database
    from integritas.workflows.backends.intake import Intake, Taken
    from integritas.workflows.backends.temporal.address import TemporalServer
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.engine import Effects
    from integritas.workflows.schedules import Schedules
    from integritas.workflows.store import RunStore

__all__ = ["TemporalEngine"]

POLL_S: Final = 0.2
RETRY_S: Final = 1.0
SWEEP_S: Final = 60.0
GRACE_S: Final = 30.0
TAKE: Final = 500
ACTIVITIES: Final = 1_000
_LOG = structlog.get_logger(__name__)
# The workflow is ours alone, and a test replays its histories: a sandbox that lets our
# modules through costs a quarter of the time of a run and guards nothing.
_RUNNER: Final = UnsandboxedWorkflowRunner()


class TemporalEngine:
    """Satisfies `workflows.engine.Engine` on a Temporal server."""

    def __init__(
        self,
        *,
        database: Database,
        store: RunStore,
        definitions: Definitions,
        commands: CommandQueue,
        intake: Intake,
        effects: Effects,
        clock: Clock,
        randomness: Randomness,
        server: TemporalServer,
        max_active: int = TAKE,
        schedules: Schedules | None = None,
    ) -> None:
        """Take the parts; bootstrap wires them.

        `max_active` bounds what one take starts: it is Temporal that holds runs.
        """
        self._limit = min(TAKE, max_active)
        self._scheduler = (
            None if schedules is None else Scheduler(database, schedules, clock)
        )
        self._database = database
        self._server = server
        self._commands = commands
        self._intake = intake
        self._effects = effects
        self._records = Records(database, store, definitions, effects)
        self._batcher = Batcher()
        rows = Rows(self._records, clock)
        self._activities = Activities(
            rows,
            Carrier(rows, self._batcher, randomness),
            Parenting(rows, intake, randomness),
        )
        self._ownership = Ownership(database)
        self._client: Client | None = None
        self._trouble: str | None = "it has not reached Temporal yet"
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._wake = asyncio.Event()

    # The engine protocol ---------------------------------------------------------

    async def start(self) -> None:
        """Begin to work; a server that does not answer is tried until it does."""
        self._stop.clear()
        self._task = asyncio.create_task(self._forever(), name="temporal-engine")

    async def stop(self) -> None:
        """Let the steps under way end, within a grace; runs go on elsewhere."""
        self._stop.set()
        self._wake.set()
        if self._task is not None:
            await self._task
        self._task = None

    async def ping(self) -> str | None:
        """Return None if the engine is at work, else why not."""
        if self._task is None or self._task.done():
            return "the engine is not running"
        if self._client is None or self._trouble is not None:
            return self._trouble
        if self._records.trouble is not None:
            return f"the engine cannot write: {self._records.trouble}"
        return await why(self._client, self._server)

    @property
    def waiting(self) -> int:
        """Return how many calls wait here for a place at their operation."""
        return self._batcher.waiting

    # The loop --------------------------------------------------------------------

    async def _forever(self) -> None:
        stop_listening = self._commands.listen(self._wake.set)
        loop = asyncio.get_running_loop()
        listener = Listener(self._database, loop, self._wake.set)
        listener.start()
        try:
            while not self._stop.is_set():
                try:
                    await self._work(await connect(self._server))
                except Exception as error:  # noqa: BLE001 - tried until it works
                    self._note(error)
                    await _wait(self._stop, RETRY_S)
        finally:
            stop_listening()
            await asyncio.to_thread(listener.stop)
            self._client = None

    async def _work(self, client: Client) -> None:
        self._client, self._trouble = client, None
        worker = Worker(
            client,
            task_queue=self._server.task_queue,
            workflows=[RunWorkflow],
            activities=self._activities.all(),
            workflow_runner=_RUNNER,
            max_concurrent_activities=ACTIVITIES,
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
            graceful_shutdown_timeout=timedelta(seconds=GRACE_S),
        )
        working = asyncio.create_task(worker.run(), name="temporal-worker")
        taking = asyncio.create_task(self._take_forever(client), name="temporal-intake")
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait(
                {working, taking, stopping}, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in (taking, stopping):
                task.cancel()
            await asyncio.gather(taking, stopping, return_exceptions=True)
            if not working.done():
                await worker.shutdown()
        await working
        if not self._stop.is_set():
            taking.result()

    async def _take_forever(self, client: Client) -> None:
        """Take commands to the server, for as long as the commands are ours to take."""
        while not await self._own():
            await _wait(self._stop, RETRY_S)  # commands are another's: they wake nobody
            if self._stop.is_set():
                return
        if self._scheduler is not None:
            self._scheduler.start()
        try:
            delivery = Delivery(client, self._server.task_queue, self._records)
            pending = await self._recover()
            swept, more = asyncio.get_running_loop().time(), False
            while not self._stop.is_set():
                told = more or self._wake.is_set()
                self._wake.clear()
                more = await self._take(pending, told=told)
                await self._deliver(delivery, pending)
                now = asyncio.get_running_loop().time()
                if now - swept > SWEEP_S:
                    swept = now
                    pending.add(await delivery.lost())
                if not more:
                    await _wait(self._wake, POLL_S)
        finally:
            if self._scheduler is not None:
                await self._scheduler.stop()
            self._ownership.release()

    async def _own(self) -> bool:
        try:
            self._ownership.take()
        except Conflict:
            return False
        return True

    def _note(self, error: BaseException) -> None:
        _LOG.warning("temporal.trouble", exc_info=error)
        self._trouble = (
            str(error)
            if isinstance(error, IntegritasError)
            else f"Temporal at {self._server.address} failed: {error}"
        )

    # Commands --------------------------------------------------------------------

    async def _recover(self) -> Deliveries:
        """Return what may not have been delivered before: every unfinished run.

        Those that cannot be carried out any more are ended.
        """
        pending = Deliveries()
        for view, stopping, flaw in await self._records.unfinished():
            key = (view.tenant, view.id)
            pending.looks[key] = None
            if flaw is not None:
                await self._records.give_up(*key, flaw)
            if flaw is not None or stopping:
                pending.cancels[key] = None
        return pending

    async def _take(self, pending: Deliveries, *, told: bool) -> bool:
        taken = await self._intake.take(
            limit=self._limit, told=told, effects=self._effects
        )
        for tenant, subject, spared in taken.dropped:
            await self._drop(pending, tenant, subject, spared)
        for key in (*taken.cancelled, *(key for key, _ in taken.stopping)):
            pending.cancels[key] = None
        await self._add_started(pending, taken)
        for key, name, _ in taken.signals:
            pending.starts[key, name] = None
        for key in await self._records.resumed(taken.held) if taken.held else ():
            pending.looks[key] = None
        return taken.more

    async def _add_started(self, pending: Deliveries, taken: Taken) -> None:
        for run in taken.started:
            key = (run.seed.tenant, run.seed.id)
            # One that went on in memory, over steps it took over, does so again there.
            if run.state is RunState.FAILED and not run.take_rows():
                cause = run.cause
                await self._records.end(*key, run.state, lambda *_, c=cause: c)
            else:
                pending.starts[key, None] = None

    async def _drop(
        self,
        pending: Deliveries,
        tenant: TenantId,
        subject: str,
        spared: frozenset[object],
    ) -> None:
        for run_id in await self._records.superseded(tenant, subject):
            if run_id not in spared:
                pending.cancels[tenant, run_id] = None

    async def _deliver(self, delivery: Delivery, pending: Deliveries) -> None:
        """Deliver what is pending; what the server does not take now is kept."""
        while pending:
            try:
                await delivery.deliver(pending)
            except (RPCError, IntegritasError) as error:
                self._note(error)
                await _wait(self._stop, RETRY_S)
                if self._stop.is_set():
                    return
            else:
                self._trouble = None


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, but no longer than that."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()

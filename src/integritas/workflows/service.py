"""The workflow desk: what the gateway may ask of workflows, whichever engine runs.

What only control the course of runs needs is in `control.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from integritas.cases.api import Visible, all_visible
from integritas.kernel.errors import FieldError, IntegritasError, InvalidInput, NotFound
from integritas.platform.batching import Coalescer, isolating
from integritas.platform.idempotency import IdempotencyScope, once
from integritas.workflows.control import RunControl, StartRequest
from integritas.workflows.model import (
    FINAL_RUN_STATES,
    Definition,
    RunOptions,
    RunState,
    RunView,
    StepState,
    StepView,
)
from integritas.workflows.options import options_of, waits_of
from integritas.workflows.parse import parse_definition
from integritas.workflows.pauses import Pause, list_pauses
from integritas.workflows.retention import forget_runs
from integritas.workflows.schedules import Schedule, Schedules
from integritas.workflows.search import RunFilter, dead_letters, search_runs
from integritas.workflows.store import version_taken

if TYPE_CHECKING:
    from datetime import datetime

    from integritas.journal.api import Journal
    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Context
    from integritas.kernel.ids import IdFactory, RunId, TenantId
    from integritas.platform.commands import CommandQueue
    from integritas.platform.db import Database, Transaction
    from integritas.workflows.control import Reopen
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.options import Wait
    from integritas.workflows.store import RunStore

__all__ = ["RunDetail", "WorkflowDesk"]

T = TypeVar("T")
_POLL_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with every attempt of every step, and what has not begun."""

    run: RunView
    steps: Sequence[StepView]
    options: RunOptions = field(default_factory=RunOptions)


class WorkflowDesk:
    """Reads runs; asks the engine for things through the durable queue."""

    def __init__(
        self,
        *,
        database: Database,
        store: RunStore,
        definitions: Definitions,
        commands: CommandQueue,
        journal: Journal,
        ids: IdFactory,
        reopen: Reopen | None = None,
    ) -> None:
        """Take the parts; bootstrap wires them.

        `reopen` makes a subject ready for a run that goes on from a failed one.
        """
        self._database = database
        self._store = store
        self._definitions = definitions
        self._commands = commands
        self._journal = journal
        self._clock: Clock = store.clock
        self.control = RunControl(
            store=store,
            definitions=definitions,
            commands=commands,
            journal=journal,
            ids=ids,
            reopen=reopen,
        )
        self._schedules = Schedules(commands, journal, store.clock, ids)
        self._starting = Coalescer(self._start_batch)

    # Definitions -----------------------------------------------------------------

    async def definitions(self, tenant: TenantId) -> Sequence[Definition]:
        """Return every definition a tenant may run."""
        return await self._database.read(lambda tx: self._definitions.all(tx, tenant))

    async def definition(
        self, tenant: TenantId, name: str, version: int | None = None
    ) -> Definition:
        """Return a definition, the newest version by default, or raise NotFound."""
        return await self._database.read(
            lambda tx: self._definitions.get(tx, tenant, name, version)
        )

    def validate(self, document: object) -> Definition:
        """Return the checked definition of a document, or raise InvalidDefinition."""
        return parse_definition(document, self._definitions.registry)

    async def define(self, context: Context, document: object) -> Definition:
        """Keep a definition; it is immutable.

        Raises:
            InvalidDefinition: with a `FieldError` for each thing wrong.
            Conflict: the version exists.
        """
        definition = self.validate(document)
        if self._definitions.shipped(definition.name, definition.version):
            raise version_taken(definition)
        await self._database.transact(
            lambda tx: self._store.define(tx, context, definition)
        )
        return definition

    def operations(self) -> Sequence[str]:
        """Return the operations a definition may name."""
        return self._definitions.registry.names()

    # Runs ------------------------------------------------------------------------

    async def start(
        self,
        context: Context,
        name: str,
        *,
        subject: str,
        version: int | None = None,
        given: Mapping[str, Any] | None = None,
        options: RunOptions | None = None,
    ) -> RunId:
        """Ask for a run; when this returns, it will happen.

        Of `options`, priority, time-out and attributes are the caller's. Calls made at
        the same time share a unit of work.

        Raises:
            NotFound: there is no such workflow.
        """
        asked = StartRequest(context, name, subject, version, given, options)
        return await self._starting.call(asked)

    async def start_once(
        self,
        context: Context,
        name: str,
        scope: IdempotencyScope,
        **asked: Any,  # noqa: ANN401 - as `start`
    ) -> tuple[RunId, bool]:
        """Do as `start` under an idempotency key; return the run and if replayed.

        Raises:
            IdempotencyMismatch: the key was used for another request.
        """

        def work(tx: Transaction) -> tuple[Mapping[str, Any], bool]:
            def begin() -> Mapping[str, Any]:
                [run_id] = self.control.start(
                    tx, [StartRequest(context, name, **asked)]
                )
                if isinstance(run_id, IntegritasError):
                    raise run_id
                return {"run": run_id}

            return once(tx, scope, self._clock.now(), begin)

        answer, replayed = await self._database.transact(work)
        return answer["run"], replayed

    async def _start_batch(
        self, asked: Sequence[StartRequest]
    ) -> Sequence[RunId | BaseException]:
        return await isolating(
            asked, lambda some: self._do(lambda tx: self.control.start(tx, some))
        )

    async def cancel(self, context: Context, run_id: RunId, cause: str) -> None:
        """Ask for a run to be cancelled; what it did is undone where a step says how.

        Raises:
            NotFound: no such run in this tenant.
            Conflict: it has ended.
        """
        await self._do(lambda tx: self.control.cancel(tx, context, run_id, cause))

    async def signal(
        self,
        context: Context,
        run_id: RunId,
        name: str,
        payload: Any,  # noqa: ANN401 - JSON
    ) -> None:
        """Signal a run; raises like `cancel`. A second signal of a name is ignored."""
        await self._do(
            lambda tx: self.control.signal(tx, context, run_id, name, payload)
        )

    async def decide(
        self,
        context: Context,
        run_id: RunId,
        step: str,
        *,
        approve: bool,
        reason: str = "",
    ) -> None:
        """Approve or reject what a step of a run waits for; the first decision counts.

        Raises:
            NotFound: no such run, or it has no such step.
            Conflict: the run has ended, or the step does not wait for a decision now.
            NotPermitted: the step wants somebody of another role.
        """
        detail = await self.run(context.tenant, run_id)
        states = {view.name: view.state for view in detail.steps}
        await self._do(
            lambda tx: self.control.decide(
                tx, context, run_id, step, states.get(step), approve, reason
            )
        )

    async def retry(
        self, context: Context, run_id: RunId, from_step: str | None = None
    ) -> RunId:
        """Go on from a finished run, as another one, from a step or where it failed.

        Raises:
            NotFound: no such run.
            Conflict: it is under way.
            InvalidInput: it has no such step, or nothing failed and none is named.
        """
        return await self._do(
            lambda tx: self.control.go_on(tx, context, run_id, from_step)
        )

    async def fork(
        self,
        context: Context,
        run_id: RunId,
        from_step: str,
        *,
        given: Mapping[str, Any] | None = None,
        version: int | None = None,
    ) -> RunId:
        """Do as `retry` from a step, with another input or version."""
        return await self._do(
            lambda tx: self.control.go_on(
                tx, context, run_id, from_step, given, version
            )
        )

    async def dead_letters(
        self,
        tenant: TenantId,
        *,
        before: str | None = None,
        limit: int = 50,
        visible: Visible = all_visible,
    ) -> Sequence[RunView]:
        """Return runs that gave up and that nothing came after, newest first."""
        return await self._database.read(
            lambda tx: dead_letters(
                tx, tenant, before=before, limit=limit, visible=visible
            )
        )

    async def redrive(self, context: Context, run_id: RunId) -> RunId:
        """Let a run that gave up go on where it failed, as another run.

        Raises:
            NotFound: it is not in the list of dead letters.
        """

        def work(tx: Transaction) -> RunId:
            if not dead_letters(tx, context.tenant, run_id=run_id, limit=1):
                raise NotFound(f"there is no dead letter {run_id}")
            return self.control.go_on(tx, context, run_id, None)

        return await self._do(work)

    # Pauses and schedules ----------------------------------------------------------

    async def pause(self, context: Context, name: str, reason: str = "") -> bool:
        """Let runs of a definition begin no step; False if it is paused already.

        Raises:
            NotFound: there is no such workflow.
        """

        def work(tx: Transaction) -> bool:
            self._definitions.get(tx, context.tenant, name)
            return self.control.pauses.pause(tx, context, name, reason)

        return await self._do(work)

    async def resume(self, context: Context, name: str) -> bool:
        """Let runs of a definition go on; False if it is not paused.

        Raises:
            NotFound: it is not paused, and there is no such workflow.
        """

        def work(tx: Transaction) -> bool:
            resumed = self.control.pauses.resume(tx, context, name)
            if not resumed:
                self._definitions.get(tx, context.tenant, name)
            return resumed

        return await self._do(work)

    async def pauses(self, tenant: TenantId) -> Sequence[Pause]:
        """Return the definitions that are paused."""
        return await self._database.read(lambda tx: list_pauses(tx, tenant))

    async def schedule(self, context: Context, made: Schedule) -> Schedule:
        """Keep a schedule.

        Raises:
            InvalidInput: its times cannot be understood, or there is no such workflow.
            Conflict: the name is taken.
        """

        def work(tx: Transaction) -> Schedule:
            try:
                self._definitions.get(tx, context.tenant, made.workflow, made.version)
            except NotFound as error:
                what = FieldError("workflow", str(error), "name one that is there")
                raise InvalidInput(
                    "the schedule is not valid", errors=(what,)
                ) from error
            return self._schedules.create(tx, context, made)

        return await self._do(work)

    async def schedules(self, tenant: TenantId) -> Sequence[Schedule]:
        """Return the schedules of a tenant by name."""
        return await self._database.read(lambda tx: self._schedules.all(tx, tenant))

    async def pause_schedule(
        self, context: Context, name: str, *, paused: bool
    ) -> Schedule:
        """Pause or resume a schedule, or raise NotFound."""
        return await self._do(
            lambda tx: self._schedules.pause(tx, context, name, paused=paused)
        )

    async def unschedule(self, context: Context, name: str) -> None:
        """Forget a schedule, or raise NotFound; its runs go on."""
        await self._do(lambda tx: self._schedules.delete(tx, context, name))

    # Reading -----------------------------------------------------------------------

    async def search(
        self,
        tenant: TenantId,
        where: RunFilter,
        *,
        before: str | None = None,
        limit: int = 50,
        visible: Visible = all_visible,
    ) -> Sequence[RunView]:
        """Return the runs that fit, newest first, older than the id `before`.

        `visible` says of the subjects which of them somebody may see.
        """
        return await self._database.read(
            lambda tx: search_runs(
                tx, tenant, where, before=before, limit=limit, visible=visible
            )
        )

    async def runs(
        self,
        tenant: TenantId,
        *,
        subject: str | None = None,
        state: RunState | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[RunView]:
        """Return runs on a subject, in a state, newest first; see `search`."""
        where = RunFilter(subject=subject, state=state)
        return await self.search(tenant, where, before=before, limit=limit)

    async def run(self, tenant: TenantId, run_id: RunId) -> RunDetail:
        """Return a run and its steps, or raise NotFound."""

        def read(tx: Transaction) -> RunDetail:
            run = self._store.get_run(tx, tenant, run_id)
            kept = self._store.steps_of(tx, tenant, run_id)
            options = options_of(tx, tenant, [run_id]).get(run_id, RunOptions())
            try:
                found = self._definitions.get(tx, tenant, run.workflow, run.version)
            except NotFound:  # shipped once, and no more: what was kept is shown
                return RunDetail(run, kept, options)
            waits = waits_of(tx, tenant, run_id)
            return RunDetail(run, [*kept, *_not_ended(found, kept, waits)], options)

        return await self._database.read(read)

    async def subject_of(self, tenant: TenantId, run_id: RunId) -> str | None:
        """Return what a run is on, or raise NotFound."""
        return await self._database.read(
            lambda tx: self._store.get_run(tx, tenant, run_id).subject
        )

    async def wait(self, tenant: TenantId, subject: str, timeout_s: float) -> bool:
        """Wait until the newest run on a subject has ended; False if time ran out."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            newest = await self.runs(tenant, subject=subject, limit=1)
            if newest and newest[0].state in FINAL_RUN_STATES:
                return True
            left = deadline - loop.time()
            if left <= 0:
                return False
            await self._journal.wait(min(left, _POLL_S))

    async def forget(self, ended_before: datetime) -> int:
        """Delete runs that ended before a time, of all tenants; return how many."""
        return await forget_runs(self._database, ended_before)

    async def _do(self, work: Callable[[Transaction], T]) -> T:
        return await self._database.transact(work)


def _not_ended(
    definition: Definition, kept: Sequence[StepView], waits: Mapping[str, Wait]
) -> Sequence[StepView]:
    """Return the steps of which no attempt has ended yet."""
    seen = {step.name for step in kept}
    return [
        StepView(
            name=step.name,
            attempt=0,
            state=StepState.WAITING
            if (step.awaits or step.sleeps) and seen.issuperset(step.after)
            else StepState.PENDING,
            started_at=waits[step.name].began_at if step.name in waits else None,
        )
        for step in definition.steps
        if step.name not in seen
    ]

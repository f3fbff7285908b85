"""Units of work of runs that Temporal carries: the same rows, effects and entries.

Each is safe to be done again: whether it was done is read in the same unit of work, or
the primary key of an attempt refuses the second one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import structlog

from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import IntegritasError, NotFound, StorageFailure
from integritas.workflows.backends.temporal.kept import Kept
from integritas.workflows.backends.temporal.messages import FORGOTTEN
from integritas.workflows.backends.temporal.scope import check_scope
from integritas.workflows.engine import Effects, RunEnded, StepDone
from integritas.workflows.model import RunState, RunView
from integritas.workflows.options import (
    stop_runs,
    stopping_of,
    stopping_on,
    unfinished_options,
    waits_of,
)
from integritas.workflows.pauses import list_pauses
from integritas.workflows.store import RunEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from integritas.kernel.ids import RunId, TenantId
    from integritas.platform.db import Database, Transaction
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.model import Parent
    from integritas.workflows.plan import Plan
    from integritas.workflows.store import Attempt, RunStore

__all__ = ["Records", "Unfinished", "context_of"]

T = TypeVar("T")
Unfinished = tuple[RunView, bool, str | None]
"""A run that has not ended, whether it is to stop, and why it cannot go on, if so."""
_NEWEST = 20
_LOG = structlog.get_logger(__name__)


class Records:
    """Reads and writes runs. `trouble` is why the last write failed, if it did."""

    def __init__(
        self,
        database: Database,
        store: RunStore,
        definitions: Definitions,
        effects: Effects,
    ) -> None:
        """Take the parts."""
        self._database = database
        self.store = store
        self._definitions = definitions
        self._effects = effects
        self.trouble: BaseException | None = None

    async def find(self, tenant: TenantId, run_id: RunId) -> RunView:
        """Return a run; raises NotFound."""
        return await self.read(lambda tx: self.store.get_run(tx, tenant, run_id))

    async def state(self, tenant: TenantId, run_id: RunId) -> str:
        """Return the state of a run, or that it is forgotten: only one that ended is.

        A workflow asks of a run that is gone where Temporal lost an answer.
        """
        try:
            return (await self.find(tenant, run_id)).state.value
        except NotFound:
            return FORGOTTEN

    async def kept(
        self, tenant: TenantId, run_id: RunId, item: str | None = None
    ) -> Kept | None:
        """Return a run with its plan and attempts, None if it has ended or is gone.

        Of items, of which there may be thousands, only those of the kept name `item` if
        one is named.

        Raises:
            InvalidDefinition, NotFound: it cannot be carried out any more.
        """

        def read(tx: Transaction) -> Kept | None:
            try:
                view = self.store.get_run(tx, tenant, run_id)
            except NotFound:
                return None
            kept = self._kept(tx, view, item)
            return kept if kept.running else None

        return await self.read(read)

    def kept_in(self, tx: Transaction, tenant: TenantId, run_id: RunId) -> Kept:
        """Return a run, ended or not, with its plan and attempts; raises NotFound."""
        return self._kept(tx, self.store.get_run(tx, tenant, run_id), None)

    def _kept(self, tx: Transaction, view: RunView, item: str | None) -> Kept:
        tenant, run_id = view.tenant, view.id
        plan = self._plan(tx, view)
        names = None if item is None else [*plan.graph.names, item]
        options, stop_cause = stopping_of(tx, tenant, run_id)
        return Kept(
            view=view,
            plan=plan,
            attempts=self.store.attempts_of(tx, tenant, [run_id], names)[run_id],
            options=options,
            stop_cause=stop_cause,
            paused=any(p.name == view.workflow for p in list_pauses(tx, tenant)),
            waits=waits_of(tx, tenant, run_id) if plan.waits else {},
        )

    def _plan(self, tx: Transaction, view: RunView) -> Plan:
        plan = self._definitions.plan(tx, view.tenant, view.workflow, view.version)
        check_scope(plan.definition)
        return plan

    async def parent(self, tenant: TenantId, run_id: RunId) -> Parent | None:
        """Return the step that a run is a child of, None if it is none."""
        found = await self.read(lambda tx: stopping_of(tx, tenant, run_id))
        return found[0].parent

    async def unfinished(self) -> Sequence[Unfinished]:
        """Return the runs that have not ended."""

        def read(tx: Transaction) -> Sequence[Unfinished]:
            options = unfinished_options(tx)
            return [
                (
                    view,
                    options.get((view.tenant, view.id), (None, None))[1] is not None,
                    self._flaw(tx, view),
                )
                for view in self.store.unfinished(tx)
            ]

        return await self.read(read)

    def _flaw(self, tx: Transaction, view: RunView) -> str | None:
        try:
            self._plan(tx, view)
        except IntegritasError as error:
            return str(error)
        return None

    async def superseded(self, tenant: TenantId, subject: str) -> Sequence[RunId]:
        """Return runs on a subject that are to stop, and the newest that did."""

        def read(tx: Transaction) -> Sequence[RunId]:
            ended = self.store.list_runs(
                tx, tenant, subject=subject, state=RunState.CANCELLED, limit=_NEWEST
            )
            stopping = stopping_on(tx, tenant, subject)
            return [*stopping, *(run.id for run in ended)]

        return await self.read(read)

    async def resumed(
        self, names: Sequence[tuple[TenantId, str]]
    ) -> Sequence[tuple[TenantId, RunId]]:
        """Return the unfinished runs of those definitions that are not paused."""

        def read(tx: Transaction) -> Sequence[tuple[TenantId, RunId]]:
            paused = {(pause.tenant, pause.name) for pause in list_pauses(tx)}
            wanted = frozenset(names) - paused
            return [
                (view.tenant, view.id)
                for view in (self.store.unfinished(tx) if wanted else ())
                if (view.tenant, view.workflow) in wanted
            ]

        return await self.read(read)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Return what `work` reads."""
        return await self._database.read(work)

    # Writing ---------------------------------------------------------------------

    async def write(self, kept: Kept, attempt: Attempt, done: StepDone | None) -> bool:
        """Keep an attempt and what it does to the platform, in one unit of work.

        False, and nothing is kept, if the run has ended meanwhile, or ends by this:
        twice it could not be written, and that was no fault of the storage.
        """

        def work(tx: Transaction) -> bool:
            if not self.store.hold(tx, kept.view.tenant, kept.view.id):
                return False
            self.store.append(tx, [attempt])
            if done is not None:
                self._effects.apply(tx, [done], [])
            return True

        try:
            return await self._twice(work)
        except StorageFailure:
            raise
        except Exception as error:  # noqa: BLE001 - effects may raise anything
            await self._write_off(kept.view.tenant, kept.view.id, error)
            return False

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Do a unit of work."""
        try:
            result = await self._database.transact(work)
        except Exception as error:
            self.trouble = error
            raise
        self.trouble = None
        return result

    async def stop(self, tenant: TenantId, run_id: RunId, cause: str) -> None:
        """Keep that a run is to stop, where nothing says so yet."""

        def work(tx: Transaction) -> None:
            run = self.store.get_run(tx, tenant, run_id)
            stop_runs(tx, self.store, context_of(run), [run], cause)

        await self.transact(work)

    async def end(
        self,
        tenant: TenantId,
        run_id: RunId,
        state: RunState,
        cause: Callable[[RunView, Sequence[Attempt], str | None], str],
    ) -> RunState:
        """End a run, with what follows and the entry that tells of it.

        `cause` is given the run, its attempts and why it was to stop, if it was.
        Returns the state it is in then: another if it had ended before.
        """

        def work(tx: Transaction) -> RunState:
            view = self.store.get_run(tx, tenant, run_id)
            attempts = self.store.attempts_of(tx, tenant, [run_id])[run_id]
            _, stopped = stopping_of(tx, tenant, run_id)
            why = cause(view, attempts, stopped)
            return self._end(tx, view, state, why, tolerant=False)

        try:
            return await self._twice(work)
        except (NotFound, StorageFailure):
            raise
        except Exception as error:  # noqa: BLE001 - effects may raise anything
            return await self._write_off(tenant, run_id, error)

    async def give_up(self, tenant: TenantId, run_id: RunId, why: str) -> None:
        """End a run that cannot be carried out."""
        cause = f"the definition cannot be carried out: {why}"
        await self.end(tenant, run_id, RunState.FAILED, lambda *_: cause)

    # Inside ----------------------------------------------------------------------

    def _end(
        self,
        tx: Transaction,
        view: RunView,
        state: RunState,
        why: str,
        *,
        tolerant: bool,
    ) -> RunState:
        context = context_of(view)
        end = RunEnd(context, view.id, view.subject, state, why)
        ended = self.store.end(tx, [end])
        options, _ = stopping_of(tx, view.tenant, view.id)
        if ended and options.parent is None:
            told = RunEnded(context, view.id, view.subject, state, why)
            try:
                tx.attempt(lambda inner: self._effects.apply(inner, [], [told]))
            except Exception as error:
                if not tolerant:
                    raise
                _LOG.warning(
                    "temporal.end_without_effects", run=view.id, exc_info=error
                )
        self.store.record_ends(tx, ended)
        return state if ended else view.state

    async def _write_off(
        self, tenant: TenantId, run_id: RunId, error: BaseException
    ) -> RunState:
        """End a run that cannot be written; what follows from that, if it can."""
        _LOG.error("temporal.run_written_off", run=run_id, exc_info=error)
        why = f"what it did cannot be written: {error}"

        def work(tx: Transaction) -> RunState:
            view = self.store.get_run(tx, tenant, run_id)
            return self._end(tx, view, RunState.FAILED, why, tolerant=True)

        return await self.transact(work)

    async def _twice(self, work: Callable[[Transaction], T]) -> T:
        """Do a unit of work; once more if it broke, but not if the storage did."""
        try:
            return await self.transact(work)
        except (NotFound, StorageFailure):
            raise
        except Exception:  # noqa: BLE001 - effects may raise anything
            return await self.transact(work)


def context_of(view: RunView) -> Context:
    """Return the context in which a run does what it does."""
    return Context(tenant=view.tenant, actor=SYSTEM, correlation_id=view.correlation_id)

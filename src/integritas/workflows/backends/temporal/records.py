"""Units of work of runs that Temporal carries: the same rows, effects and entries.

Each is safe to be done again: whether it was done is read in the same unit of work, or
the primary key of an attempt refuses the second one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import IntegritasError, NotFound
from integritas.workflows.backends.temporal.kept import Kept
from integritas.workflows.backends.temporal.scope import check_scope
from integritas.workflows.engine import Effects, RunEnded, StepDone
from integritas.workflows.model import RunState, RunView
from integritas.workflows.store import RunEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from integritas.kernel.ids import RunId, TenantId
    from integritas.platform.db import Database, Transaction
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.plan import Plan
    from integritas.workflows.store import Attempt, RunStore

__all__ = ["Records", "context_of"]

T = TypeVar("T")


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
        self._store = store
        self._definitions = definitions
        self._effects = effects
        self.trouble: BaseException | None = None

    async def find(self, tenant: TenantId, run_id: RunId) -> RunView:
        """Return a run; raises NotFound."""
        return await self._database.read(
            lambda tx: self._store.get_run(tx, tenant, run_id)
        )

    async def kept(self, tenant: TenantId, run_id: RunId) -> Kept | None:
        """Return a run with its plan and attempts, None if it has ended.

        Raises:
            InvalidDefinition, NotFound: it cannot be carried out any more.
        """
        return await self._database.read(lambda tx: self._kept(tx, tenant, run_id))

    def _kept(self, tx: Transaction, tenant: TenantId, run_id: RunId) -> Kept | None:
        view = self._store.get_run(tx, tenant, run_id)
        if view.state is not RunState.RUNNING:
            return None
        attempts = self._store.attempts_of(tx, tenant, [run_id])[run_id]
        return Kept(view, self._plan(tx, view), attempts)

    def _plan(self, tx: Transaction, view: RunView) -> Plan:
        plan = self._definitions.plan(tx, view.tenant, view.workflow, view.version)
        check_scope(plan.definition)
        return plan

    async def signals(self, tenant: TenantId, run_id: RunId) -> Sequence[str]:
        """Return the names of the signals a run got."""
        found = await self._database.read(
            lambda tx: self._store.signals_of(tx, tenant, run_id)
        )
        return sorted(found)

    async def unfinished(self) -> Sequence[tuple[RunView, str | None]]:
        """Return the runs that have not ended, each with why it cannot be, if so."""

        def read(tx: Transaction) -> Sequence[tuple[RunView, str | None]]:
            return [(view, self._flaw(tx, view)) for view in self._store.unfinished(tx)]

        return await self._database.read(read)

    def _flaw(self, tx: Transaction, view: RunView) -> str | None:
        try:
            self._plan(tx, view)
        except IntegritasError as error:
            return str(error)
        return None

    async def superseded(self, tenant: TenantId, subject: str) -> Sequence[RunId]:
        """Return the newest runs on a subject that were cancelled."""
        runs = await self._database.read(
            lambda tx: self._store.list_runs(
                tx, tenant, subject=subject, state=RunState.CANCELLED, limit=20
            )
        )
        return [run.id for run in runs]

    # Writing ---------------------------------------------------------------------

    async def write(self, kept: Kept, attempt: Attempt, done: StepDone | None) -> bool:
        """Keep an attempt and what it does to the platform, in one unit of work.

        False, and nothing is kept, if the run has ended meanwhile.
        """

        def work(tx: Transaction) -> bool:
            if not self._store.hold(tx, kept.view.tenant, kept.view.id):
                return False
            self._store.append(tx, [attempt])
            if done is not None:
                self._effects.apply(tx, [done], [])
            return True

        return await self._transact(work)

    async def settle_signal(
        self, kept: Kept, make: Callable[[Mapping[str, Any]], Attempt]
    ) -> Attempt | None:
        """Keep how the wait for a signal ended; None if the run has ended meanwhile.

        `make` is given the signals that came, by name.
        """

        def work(tx: Transaction) -> Attempt | None:
            tenant, run_id = kept.view.tenant, kept.view.id
            if not self._store.hold(tx, tenant, run_id):
                return None
            attempt = make(self._store.signals_of(tx, tenant, run_id))
            self._store.append(tx, [attempt])
            return attempt

        return await self._transact(work)

    async def end(
        self,
        tenant: TenantId,
        run_id: RunId,
        state: RunState,
        cause: Callable[[RunView, Sequence[Attempt]], str],
    ) -> RunState:
        """End a run, with what follows and the entry that tells of it.

        Returns the state it is in then: another if it had ended before.
        """

        def work(tx: Transaction) -> RunState:
            view = self._store.find_run(tx, tenant, run_id)
            if view is None:
                raise NotFound(f"there is no run {run_id}")
            attempts = self._store.attempts_of(tx, tenant, [run_id])[run_id]
            context, why = context_of(view), cause(view, attempts)
            end = RunEnd(context, run_id, view.subject, state, why)
            ended = self._store.end(tx, [end])
            if ended:
                told = RunEnded(context, run_id, view.subject, state, why)
                self._effects.apply(tx, [], [told])
            self._store.record_ends(tx, ended)
            return state if ended else view.state

        return await self._transact(work)

    async def give_up(self, tenant: TenantId, run_id: RunId, why: str) -> None:
        """End a run that cannot be carried out."""
        cause = f"the definition cannot be carried out: {why}"
        await self.end(tenant, run_id, RunState.FAILED, lambda *_: cause)

    async def _transact(self, work: Callable[[Transaction], T]) -> T:
        try:
            result = await self._database.transact(work)
        except Exception as error:
            self.trouble = error
            raise
        self.trouble = None
        return result


def context_of(view: RunView) -> Context:
    """Return the context in which a run does what it does."""
    return Context(tenant=view.tenant, actor=SYSTEM, correlation_id=view.correlation_id)

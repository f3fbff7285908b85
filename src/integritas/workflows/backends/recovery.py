"""After a start: the unfinished runs of the database, as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.backends.active import ActiveRun
from integritas.workflows.backends.seeds import PLAIN, seed_of
from integritas.workflows.graph import build_graph
from integritas.workflows.model import Definition, RunOptions, RunState, RunView
from integritas.workflows.options import Wait, unfinished_options, unfinished_waits
from integritas.workflows.plan import Plan

if TYPE_CHECKING:
    from integritas.platform.db import Database, Transaction
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.store import Attempt, RunStore

__all__ = ["impossible_run", "recover"]


async def recover(
    database: Database, store: RunStore, definitions: Definitions
) -> Sequence[ActiveRun]:
    """Return the unfinished runs, each ready to go on from its last kept step.

    A run whose definition cannot be carried out any more is returned failed.
    """

    def read(tx: Transaction) -> Sequence[ActiveRun]:
        extras = _Extras(unfinished_options(tx), unfinished_waits(tx))
        by_tenant: dict[TenantId, list[RunView]] = {}
        for view in store.unfinished(tx):
            by_tenant.setdefault(view.tenant, []).append(view)
        runs: list[ActiveRun] = []
        for tenant, views in by_tenant.items():
            attempts = store.attempts_of(tx, tenant, [view.id for view in views])
            runs.extend(
                _restore(
                    tx, store, definitions, view, attempts[view.id], extras.of(view)
                )
                for view in views
            )
        return runs

    return await database.read(read)


@dataclass(frozen=True, slots=True)
class _Extra:
    """What few runs have: options, why it is stopping, since when steps wait."""

    options: RunOptions
    stop_cause: str | None
    waits: Sequence[Wait]


@dataclass(frozen=True, slots=True)
class _Extras:
    options: Mapping[tuple[TenantId, RunId], tuple[RunOptions, str | None]]
    waits: Mapping[tuple[TenantId, RunId], Sequence[Wait]]

    def of(self, view: RunView) -> _Extra:
        key = (view.tenant, view.id)
        return _Extra(*self.options.get(key, (PLAIN, None)), self.waits.get(key, ()))


def _restore(  # noqa: PLR0917 - what one read shares
    tx: Transaction,
    store: RunStore,
    definitions: Definitions,
    view: RunView,
    attempts: Sequence[Attempt],
    extra: _Extra,
) -> ActiveRun:
    try:
        plan = definitions.plan(tx, view.tenant, view.workflow, view.version)
    except Exception as error:  # noqa: BLE001 - an old document may be unreadable
        return impossible_run(view, str(error), extra.options)
    run = ActiveRun(seed_of(view, extra.options), plan)
    numbers = {name: i for i, name in enumerate(plan.graph.names)}
    try:
        for a in attempts:
            run.restore(a.step, a.attempt, a.state, a.result, a.error)
        if plan.awaits:
            run.signals.update(store.signals_of(tx, view.tenant, view.id))
        for wait in extra.waits:
            if wait.due_at is not None:
                run.due[numbers[wait.step]] = wait.due_at
            run.started[wait.step, 1] = wait.began_at
        run.resume(extra.stop_cause)
    except Exception as error:  # noqa: BLE001 - a codec may raise anything
        why = f"what was kept does not fit it: {error}"
        return impossible_run(view, why, extra.options)
    return run


def impossible_run(view: RunView, why: str, options: RunOptions = PLAIN) -> ActiveRun:
    """Return the run, failed: `why` says what keeps it from being carried out."""
    plan = Plan(
        definition=Definition(view.workflow, view.version, ()),
        graph=build_graph({}),
        steps=(),
        specs=(),
        undo=(),
        scoped=False,
    )
    run = ActiveRun(seed_of(view, options), plan)
    run.end(RunState.FAILED, f"the definition cannot be carried out: {why}")
    return run

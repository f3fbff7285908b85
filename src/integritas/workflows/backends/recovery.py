"""After a start: the unfinished runs of the database, as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.kernel.errors import IntegritasError
from integritas.workflows.backends.active import ActiveRun, RunSeed
from integritas.workflows.graph import build_graph
from integritas.workflows.model import Definition, RunState, RunView
from integritas.workflows.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.kernel.ids import TenantId
    from integritas.platform.db import Database, Transaction
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.store import Attempt, RunStore

__all__ = ["impossible_run", "recover", "seed_of"]


async def recover(
    database: Database, store: RunStore, definitions: Definitions
) -> Sequence[ActiveRun]:
    """Return the unfinished runs, each ready to go on from its last kept step.

    A run whose definition cannot be carried out any more is returned failed.
    """

    def read(tx: Transaction) -> Sequence[ActiveRun]:
        by_tenant: dict[TenantId, list[RunView]] = {}
        for view in store.unfinished(tx):
            by_tenant.setdefault(view.tenant, []).append(view)
        runs: list[ActiveRun] = []
        for tenant, views in by_tenant.items():
            attempts = store.attempts_of(tx, tenant, [view.id for view in views])
            runs.extend(
                _restore(tx, store, definitions, view, attempts[view.id])
                for view in views
            )
        return runs

    return await database.read(read)


def seed_of(view: RunView) -> RunSeed:
    """Return what a run was made of."""
    return RunSeed(
        tenant=view.tenant,
        id=view.id,
        subject=view.subject,
        input=view.input,
        correlation_id=view.correlation_id,
        created_at=view.created_at,
    )


def _restore(
    tx: Transaction,
    store: RunStore,
    definitions: Definitions,
    view: RunView,
    attempts: Sequence[Attempt],
) -> ActiveRun:
    try:
        plan = definitions.plan(tx, view.tenant, view.workflow, view.version)
    except IntegritasError as error:
        return impossible_run(view, str(error))
    run = ActiveRun(seed_of(view), plan)
    try:
        for a in attempts:
            run.restore(a.step, a.attempt, a.state, a.result, a.error)
    except Exception as error:  # noqa: BLE001 - a codec may raise anything
        return impossible_run(view, f"what was kept does not fit it: {error}")
    if any(step.signal for step in plan.steps):
        run.signals.update(store.signals_of(tx, view.tenant, view.id))
    run.resume()
    return run


def impossible_run(view: RunView, why: str) -> ActiveRun:
    """Return the run, failed: `why` says what keeps it from being carried out."""
    plan = Plan(
        definition=Definition(view.workflow, view.version, ()),
        graph=build_graph({}),
        steps=(),
        specs=(),
        undo=(),
        scoped=False,
    )
    run = ActiveRun(seed_of(view), plan)
    run.end(RunState.FAILED, f"the definition cannot be carried out: {why}")
    return run

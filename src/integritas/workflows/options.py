"""What few runs have, in a unit of work: options, attributes, waits, being stopped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import sqlalchemy as sa

from integritas.kernel.ids import RunId, TenantId
from integritas.platform.bulk import one_of
from integritas.workflows.model import Parent, RunOptions, RunState, RunView
from integritas.workflows.store import RunEnd, RunStore, run_view
from integritas.workflows.tables import (
    RUN_ATTRIBUTES,
    RUN_OPTIONS,
    RUN_WAITS,
    RUNS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integritas.kernel.contracts import Context
    from integritas.platform.db import Transaction

__all__ = [
    "Stopped",
    "Wait",
    "begin_waits",
    "busy_subjects",
    "children_of",
    "keep_options",
    "options_of",
    "options_payload",
    "read_options",
    "running_on",
    "stop_runs",
    "stopping_of",
    "stopping_on",
    "unfinished_options",
    "unfinished_waits",
    "waits_of",
]

_SOME: Final = 500
Row: TypeAlias = Any
Key: TypeAlias = tuple[TenantId, RunId]


@dataclass(frozen=True, slots=True)
class Wait:
    """A step that began to wait at `began_at`, until `due_at` if it ends by itself."""

    tenant: TenantId
    run_id: RunId
    step: str
    began_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stopped:
    """Runs that ended at once, and those that their engine is to end."""

    ended: Sequence[RunId]
    stopping: Sequence[RunId]


# Options -----------------------------------------------------------------------------


def options_payload(options: RunOptions) -> dict[str, Any]:
    """Return what `read_options` reads, as JSON, for a command."""
    parent = options.parent
    return {
        "priority": options.priority,
        "timeout_s": options.timeout_s,
        "origin": options.origin,
        "attributes": dict(options.attributes),
        "parent": None
        if parent is None
        else [parent.run_id, parent.step, parent.attempt],
    }


def read_options(payload: Mapping[str, Any]) -> RunOptions:
    """Return the options that `options_payload` wrote."""
    parent, origin = payload.get("parent"), payload.get("origin")
    return RunOptions(
        priority=payload.get("priority"),
        timeout_s=payload.get("timeout_s"),
        parent=None if parent is None else Parent(RunId(parent[0]), *parent[1:]),
        origin=None if origin is None else RunId(origin),
        attributes=payload.get("attributes") or {},
    )


def keep_options(tx: Transaction, runs: Sequence[tuple[Key, RunOptions]]) -> None:
    """Keep the options of runs that begin; those that have none need no row."""
    tx.insert(
        RUN_OPTIONS,
        [
            {
                "tenant_id": tenant,
                "run_id": run_id,
                "priority": options.priority,
                "timeout_s": options.timeout_s,
                "parent_id": options.parent.run_id if options.parent else None,
                "parent_step": options.parent.step if options.parent else None,
                "parent_attempt": options.parent.attempt if options.parent else None,
                "origin_id": options.origin,
                "orderly": options.orderly,
                "stop_cause": None,
            }
            for (tenant, run_id), options in runs
        ],
    )
    tx.insert(
        RUN_ATTRIBUTES,
        [
            {"tenant_id": tenant, "run_id": run_id, "name": name, "value": value}
            for (tenant, run_id), options in runs
            for name, value in options.attributes.items()
        ],
    )


def options_of(
    tx: Transaction, tenant: TenantId, run_ids: Sequence[RunId]
) -> Mapping[RunId, RunOptions]:
    """Return the options of those of the runs that have some."""
    found: dict[RunId, RunOptions] = {}
    for start in range(0, len(run_ids), _SOME):
        some = run_ids[start : start + _SOME]
        attributes: dict[str, dict[str, str]] = {}
        for row in tx.execute(
            sa.select(RUN_ATTRIBUTES).where(
                RUN_ATTRIBUTES.c.tenant_id == tenant,
                RUN_ATTRIBUTES.c.run_id.in_(some),
            )
        ):
            attributes.setdefault(row.run_id, {})[row.name] = row.value
        for row in tx.execute(
            sa.select(RUN_OPTIONS).where(
                RUN_OPTIONS.c.tenant_id == tenant, RUN_OPTIONS.c.run_id.in_(some)
            )
        ):
            run_id = RunId(row.run_id)
            found[run_id] = _options(row, attributes.get(row.run_id, {}))
    return found


def stopping_of(
    tx: Transaction, tenant: TenantId, run_id: RunId
) -> tuple[RunOptions, str | None]:
    """Return a run's options, without attributes, and why it is to stop, if it is."""
    query = sa.select(RUN_OPTIONS).where(
        RUN_OPTIONS.c.tenant_id == tenant, RUN_OPTIONS.c.run_id == run_id
    )
    row = tx.execute(query).one_or_none()
    return (RunOptions(), None) if row is None else (_options(row, {}), row.stop_cause)


def unfinished_options(
    tx: Transaction,
) -> Mapping[Key, tuple[RunOptions, str | None]]:
    """Return options of unfinished runs of all tenants, and why they are stopping."""
    query = sa.select(RUN_OPTIONS).join(RUNS, _same(RUN_OPTIONS))
    query = query.where(RUNS.c.state == RunState.RUNNING.value)
    return {
        (TenantId(row.tenant_id), RunId(row.run_id)): (
            _options(row, {}),
            row.stop_cause,
        )
        for row in tx.execute(query)
    }


def _options(row: Row, attributes: Mapping[str, str]) -> RunOptions:
    parent = None
    if row.parent_id is not None:
        parent = Parent(RunId(row.parent_id), row.parent_step, row.parent_attempt)
    return RunOptions(
        priority=row.priority,
        timeout_s=row.timeout_s,
        parent=parent,
        origin=None if row.origin_id is None else RunId(row.origin_id),
        orderly=bool(row.orderly),
        attributes=attributes,
    )


# Stopping ----------------------------------------------------------------------------


def running_on(tx: Transaction, tenant: TenantId, subject: str) -> Sequence[RunView]:
    """Return the runs under way on a subject; children are left to their parents."""
    query = sa.select(RUNS).where(
        RUNS.c.tenant_id == tenant,
        RUNS.c.subject == subject,
        RUNS.c.state == RunState.RUNNING.value,
        ~sa.exists().where(_same(RUN_OPTIONS), RUN_OPTIONS.c.parent_id.is_not(None)),
    )
    return [run_view(row) for row in tx.execute(query)]


def busy_subjects(
    tx: Transaction, tenant: TenantId, subjects: Sequence[str]
) -> frozenset[str]:
    """Return those of these subjects that a run is under way on."""
    query = _BUSY.where(one_of(tx.dialect, RUNS.c.subject, subjects))
    return frozenset(tx.execute(query, {"of_tenant": tenant}).scalars())


_BUSY: Final = sa.select(RUNS.c.subject).where(
    RUNS.c.tenant_id == sa.bindparam("of_tenant"),
    RUNS.c.state == RunState.RUNNING.value,
)


def stopping_on(tx: Transaction, tenant: TenantId, subject: str) -> Sequence[RunId]:
    """Return the runs under way on a subject that are to stop."""
    query = (
        sa.select(RUNS.c.id)
        .join(RUN_OPTIONS, _same(RUN_OPTIONS))
        .where(
            RUNS.c.tenant_id == tenant,
            RUNS.c.subject == subject,
            RUNS.c.state == RunState.RUNNING.value,
            RUN_OPTIONS.c.stop_cause.is_not(None),
        )
    )
    return [RunId(row.id) for row in tx.execute(query)]


def children_of(
    tx: Transaction, tenant: TenantId, parent: RunId, link: Parent | None = None
) -> Sequence[RunView]:
    """Return the children of a run, or the one that a link names."""
    query = (
        sa.select(RUNS)
        .join(RUN_OPTIONS, _same(RUN_OPTIONS))
        .where(RUN_OPTIONS.c.tenant_id == tenant, RUN_OPTIONS.c.parent_id == parent)
        .order_by(RUNS.c.id)
    )
    if link is not None:
        query = query.where(
            RUN_OPTIONS.c.parent_step == link.step,
            RUN_OPTIONS.c.parent_attempt == link.attempt,
        )
    return [run_view(row) for row in tx.execute(query)]


def stop_runs(
    tx: Transaction,
    store: RunStore,
    context: Context,
    runs: Sequence[RunView],
    cause: str,
) -> Stopped:
    """End running runs, or have their engine do it where that takes some doing.

    What is to be undone, and children, are their engine's work: of such runs it is kept
    that they are stopping, so that a restart does not forget it.
    """
    living = [run for run in runs if run.state is RunState.RUNNING]
    options = options_of(tx, context.tenant, [run.id for run in living])
    orderly = [
        run.id for run in living if run.id in options and options[run.id].orderly
    ]
    ends = [
        RunEnd(context, run.id, run.subject, RunState.CANCELLED, cause)
        for run in living
        if run.id not in orderly
    ]
    ended = store.end(tx, ends)
    store.record_ends(tx, ended)
    for run_id in orderly:
        tx.execute(
            sa.update(RUN_OPTIONS)
            .where(
                RUN_OPTIONS.c.tenant_id == context.tenant,
                RUN_OPTIONS.c.run_id == run_id,
                RUN_OPTIONS.c.stop_cause.is_(None),
            )
            .values(stop_cause=cause)
        )
    return Stopped([end.run_id for end in ended], orderly)


# Waits -------------------------------------------------------------------------------


def begin_waits(tx: Transaction, waits: Sequence[Wait]) -> None:
    """Keep when steps began to wait."""
    tx.insert(
        RUN_WAITS,
        [
            {
                "tenant_id": wait.tenant,
                "run_id": wait.run_id,
                "step": wait.step,
                "began_at": wait.began_at,
                "due_at": wait.due_at,
            }
            for wait in waits
        ],
    )


def unfinished_waits(tx: Transaction) -> Mapping[Key, Sequence[Wait]]:
    """Return the waits of unfinished runs of all tenants, those that ended too."""
    query = sa.select(RUN_WAITS).join(RUNS, _same(RUN_WAITS))
    found: dict[Key, list[Wait]] = {}
    for row in tx.execute(query.where(RUNS.c.state == RunState.RUNNING.value)):
        wait = Wait(
            TenantId(row.tenant_id),
            RunId(row.run_id),
            row.step,
            row.began_at,
            row.due_at,
        )
        found.setdefault((wait.tenant, wait.run_id), []).append(wait)
    return found


def waits_of(tx: Transaction, tenant: TenantId, run_id: RunId) -> Mapping[str, Wait]:
    """Return the waits of a run by step."""
    query = sa.select(RUN_WAITS).where(
        RUN_WAITS.c.tenant_id == tenant, RUN_WAITS.c.run_id == run_id
    )
    return {
        row.step: Wait(tenant, run_id, row.step, row.began_at, row.due_at)
        for row in tx.execute(query)
    }


def _same(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.tenant_id == RUNS.c.tenant_id, table.c.run_id == RUNS.c.id)

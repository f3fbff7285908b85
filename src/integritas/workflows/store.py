"""Runs in a unit of work: started, their attempts appended, ended; and shown."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson
import sqlalchemy as sa

from integritas.kernel.contracts import Context, Fact, Failure
from integritas.kernel.errors import Conflict, FieldError, NotFound
from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.model import (
    Definition,
    RunState,
    RunView,
    StepState,
    StepView,
)
from integritas.workflows.tables import (
    DEFINITIONS,
    RUN_SIGNALS,
    RUN_STEPS,
    RUNS,
    SHIPPED,
)
from integritas.workflows.wire import DefinitionIn, definition_document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import JsonValue

    from integritas.journal.api import Journal
    from integritas.kernel.clock import Clock
    from integritas.platform.db import Transaction

__all__ = ["Attempt", "RunEnd", "RunStore", "run_view", "version_taken"]

STARTED: Final = "integritas.run.started.v1"
ENDED: Final = "integritas.run.ended.v1"
SIGNALLED: Final = "integritas.run.signalled.v1"
DEFINED: Final = "integritas.workflow.defined.v1"
_QUERY_LIMIT: Final = 500
_NEWEST: Final = (
    sa.select(DEFINITIONS.c.document)
    .where(
        DEFINITIONS.c.tenant_id == sa.bindparam("of_tenant"),
        DEFINITIONS.c.name == sa.bindparam("of_name"),
    )
    .order_by(DEFINITIONS.c.version.desc())
    .limit(1)
)
Row: TypeAlias = Any  # of the table that the function's name tells


@dataclass(slots=True)  # not frozen: made by the thousand
class Attempt:
    """An attempt of a step as written: `result` is the codec's JSON."""

    tenant: TenantId
    run_id: RunId
    step: str
    attempt: int
    state: StepState
    result: bytes | None
    error: Failure | None
    started_at: datetime
    ended_at: datetime


@dataclass(slots=True)  # not frozen: made by the thousand
class RunEnd:
    """How a run ended."""

    context: Context
    run_id: RunId
    subject: str
    state: RunState
    cause: str


class RunStore:
    """Writes and reads runs; every method takes the unit of work."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        """Take the journal to record in."""
        self._journal = journal
        self._clock = clock

    @property
    def clock(self) -> Clock:
        """Return the clock that runs are timed by."""
        return self._clock

    def start(self, tx: Transaction, runs: Sequence[tuple[Context, RunView]]) -> None:
        """Insert runs."""
        views = [run for _, run in runs]
        tx.insert_columns(
            RUNS,
            {
                "tenant_id": [run.tenant for run in views],
                "id": [run.id for run in views],
                "workflow": [run.workflow for run in views],
                "version": [run.version for run in views],
                "subject": [run.subject for run in views],
                "state": [run.state._value_ for run in views],
                "input": [run.input for run in views],
                "correlation_id": [run.correlation_id for run in views],
                "created_at": [run.created_at for run in views],
                "ended_at": [None] * len(views),
                "cause": [""] * len(views),
            },
        )
        self._journal.record_all(
            tx, [(context, _started(run)) for context, run in runs]
        )

    def append(self, tx: Transaction, attempts: Sequence[Attempt]) -> None:
        """Append attempts of steps."""
        tx.insert_columns(
            RUN_STEPS,
            {
                "tenant_id": [a.tenant for a in attempts],
                "run_id": [a.run_id for a in attempts],
                "step": [a.step for a in attempts],
                "attempt": [a.attempt for a in attempts],
                "state": [a.state._value_ for a in attempts],
                "result": [a.result for a in attempts],
                "error": [asdict(a.error) if a.error else None for a in attempts],
                "started_at": [a.started_at for a in attempts],
                "ended_at": [a.ended_at for a in attempts],
            },
        )

    def end(self, tx: Transaction, ends: Sequence[RunEnd]) -> Sequence[RunEnd]:
        """End runs that are still running; return those that this ended.

        What follows from an end is written before it is told: `record_ends`.
        """
        now = self._clock.now()
        ended = tx.update(
            RUNS,
            {
                "tenant_id": [end.context.tenant for end in ends],
                "id": [end.run_id for end in ends],
            },
            {
                "state": [end.state._value_ for end in ends],
                "ended_at": [now] * len(ends),
                "cause": [end.cause for end in ends],
            },
            only=(("state", RunState.RUNNING.value),),
            returning="id",
        )
        really = frozenset(ended)
        return [end for end in ends if end.run_id in really]

    def record_ends(self, tx: Transaction, ended: Sequence[RunEnd]) -> None:
        """Tell the journal of runs that `end` ended."""
        self._journal.record_all(tx, [(end.context, _ended(end)) for end in ended])

    def hold(self, tx: Transaction, tenant: TenantId, run_id: RunId) -> bool:
        """Say whether a run is running, and keep it so until this unit of work ends."""
        query = sa.select(RUNS.c.state).where(
            RUNS.c.tenant_id == tenant, RUNS.c.id == run_id
        )
        state = tx.execute(query.with_for_update()).scalar_one_or_none()
        return state == RunState.RUNNING.value

    def keep_signal(
        self,
        tx: Transaction,
        context: Context,
        run_id: RunId,
        name: str,
        payload: JsonValue,
    ) -> bool:
        """Keep a signal to a running run; False if it came before or the run ended."""
        run = self.find_run(tx, context.tenant, run_id)
        if run is None or run.state is not RunState.RUNNING:
            return False
        if name in self.signals_of(tx, context.tenant, run_id):
            return False
        tx.insert(
            RUN_SIGNALS,
            [
                {
                    "tenant_id": context.tenant,
                    "run_id": run_id,
                    "name": name,
                    "payload": payload,
                    "actor_id": context.actor.id,
                    "received_at": self._clock.now(),
                }
            ],
        )
        fact = Fact(
            type=SIGNALLED,
            subject=run.subject,
            data={"run": run_id, "signal": name},
            personal={"payload": payload},
        )
        self._journal.record(tx, context, [fact])
        return True

    # Reading ---------------------------------------------------------------------

    def find_run(
        self, tx: Transaction, tenant: TenantId, run_id: RunId
    ) -> RunView | None:
        """Return a run, None if there is none in this tenant."""
        query = sa.select(RUNS).where(RUNS.c.tenant_id == tenant, RUNS.c.id == run_id)
        row = tx.execute(query).one_or_none()
        return None if row is None else run_view(row)

    def get_run(self, tx: Transaction, tenant: TenantId, run_id: RunId) -> RunView:
        """Return a run, or raise NotFound."""
        run = self.find_run(tx, tenant, run_id)
        if run is None:
            raise NotFound(f"there is no run {run_id}")
        return run

    def list_runs(
        self,
        tx: Transaction,
        tenant: TenantId,
        *,
        subject: str | None = None,
        state: RunState | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[RunView]:
        """Return runs, newest first, older than the id `before`."""
        query = sa.select(RUNS).where(RUNS.c.tenant_id == tenant)
        if subject is not None:
            query = query.where(RUNS.c.subject == subject)
        if state is not None:
            query = query.where(RUNS.c.state == state.value)
        if before is not None:
            query = query.where(RUNS.c.id < before)
        query = query.order_by(RUNS.c.id.desc()).limit(limit)
        return [run_view(row) for row in tx.execute(query)]

    def unfinished(self, tx: Transaction) -> Sequence[RunView]:
        """Return the runs of all tenants that have not ended, oldest first."""
        query = (
            sa.select(RUNS)
            .where(RUNS.c.state == RunState.RUNNING.value)
            .order_by(RUNS.c.id)
        )
        return [run_view(row) for row in tx.execute(query)]

    def attempts_of(
        self,
        tx: Transaction,
        tenant: TenantId,
        run_ids: Sequence[RunId],
        names: Sequence[str] | None = None,
    ) -> Mapping[RunId, Sequence[Attempt]]:
        """Return the attempts of runs, in the order they ended; of some names alone."""
        found: dict[RunId, list[Attempt]] = {run_id: [] for run_id in run_ids}
        for start in range(0, len(run_ids), _QUERY_LIMIT):
            query = (
                sa.select(RUN_STEPS)
                .where(
                    RUN_STEPS.c.tenant_id == tenant,
                    RUN_STEPS.c.run_id.in_(run_ids[start : start + _QUERY_LIMIT]),
                )
                .order_by(RUN_STEPS.c.run_id, RUN_STEPS.c.ended_at, RUN_STEPS.c.attempt)
            )
            if names is not None:
                query = query.where(RUN_STEPS.c.step.in_(names))
            for row in tx.execute(query):
                found[RunId(row.run_id)].append(_attempt(row))
        return found

    def steps_of(
        self, tx: Transaction, tenant: TenantId, run_id: RunId
    ) -> Sequence[StepView]:
        """Return the attempts of a run as shown."""
        return [
            StepView(
                name=a.step,
                attempt=a.attempt,
                state=a.state,
                result=None if a.result is None else orjson.loads(a.result),
                error=asdict(a.error) if a.error else None,
                started_at=a.started_at,
                ended_at=a.ended_at,
            )
            for a in self.attempts_of(tx, tenant, [run_id])[run_id]
        ]

    def signals_of(
        self, tx: Transaction, tenant: TenantId, run_id: RunId
    ) -> Mapping[str, Any]:
        """Return the signals a run got: name -> payload."""
        query = sa.select(RUN_SIGNALS).where(
            RUN_SIGNALS.c.tenant_id == tenant, RUN_SIGNALS.c.run_id == run_id
        )
        return {row.name: row.payload for row in tx.execute(query)}

    # Definitions -----------------------------------------------------------------

    def define(self, tx: Transaction, context: Context, definition: Definition) -> None:
        """Keep a new version of a definition.

        Raises:
            Conflict: that version is there already.
        """
        if self.find_definition(
            tx, context.tenant, definition.name, definition.version
        ):
            raise version_taken(definition)
        tx.insert(
            DEFINITIONS,
            [
                {
                    "tenant_id": context.tenant,
                    "name": definition.name,
                    "version": definition.version,
                    "document": definition_document(definition),
                    "created_at": self._clock.now(),
                }
            ],
        )
        fact = Fact(
            type=DEFINED,
            subject=definition.name,
            data={"version": definition.version},
        )
        self._journal.record(tx, context, [fact])

    def find_definition(
        self, tx: Transaction, tenant: TenantId, name: str, version: int | None
    ) -> Definition | None:
        """Return a version of a definition, the newest if None is asked for."""
        query = _NEWEST
        if version is not None:
            query = query.where(DEFINITIONS.c.version == version)
        its = {"of_tenant": tenant, "of_name": name}
        row = tx.execute(query, its).one_or_none()
        if row is None:
            return None
        return DefinitionIn.model_validate(row.document).definition()

    def keep_shipped(
        self, tx: Transaction, tenant: TenantId, definition: Definition
    ) -> None:
        """Keep a shipped definition that a tenant uses."""
        tx.insert(
            SHIPPED,
            [
                {
                    "tenant_id": tenant,
                    "name": definition.name,
                    "version": definition.version,
                    "document": definition_document(definition),
                    "first_used_at": self._clock.now(),
                }
            ],
        )

    def find_shipped(
        self, tx: Transaction, tenant: TenantId, name: str, version: int
    ) -> Definition | None:
        """Return a definition that was shipped when the tenant used it."""
        query = sa.select(SHIPPED.c.document).where(
            SHIPPED.c.tenant_id == tenant,
            SHIPPED.c.name == name,
            SHIPPED.c.version == version,
        )
        row = tx.execute(query).one_or_none()
        if row is None:
            return None
        return DefinitionIn.model_validate(row.document).definition()

    def list_definitions(
        self, tx: Transaction, tenant: TenantId
    ) -> Sequence[Definition]:
        """Return all versions of all definitions of a tenant."""
        table = DEFINITIONS
        query = (
            sa.select(table.c.document)
            .where(table.c.tenant_id == tenant)
            .order_by(table.c.name, table.c.version)
        )
        return [
            DefinitionIn.model_validate(row.document).definition()
            for row in tx.execute(query)
        ]


def version_taken(definition: Definition) -> Conflict:
    """Return the error that says that a version exists."""
    return Conflict(
        f"workflow {definition.name} version {definition.version} exists",
        errors=(
            FieldError(
                "version",
                f"{definition.version} is taken",
                "definitions are immutable: use the next version",
            ),
        ),
    )


def _started(run: RunView) -> Fact:
    return Fact(
        type=STARTED,
        subject=run.subject,
        data={"run": run.id, "workflow": run.workflow, "version": run.version},
    )


def _ended(end: RunEnd) -> Fact:
    return Fact(
        type=ENDED,
        subject=end.subject,
        data={"run": end.run_id, "state": end.state._value_},
        personal={"cause": end.cause} if end.cause else None,
    )


def run_view(row: Row) -> RunView:
    """Return a row of RUNS as shown."""
    return RunView(
        tenant=TenantId(row.tenant_id),
        id=RunId(row.id),
        workflow=row.workflow,
        version=row.version,
        subject=row.subject,
        state=RunState(row.state),
        input=row.input,
        correlation_id=row.correlation_id,
        created_at=row.created_at,
        ended_at=row.ended_at,
        cause=row.cause,
    )


def _attempt(row: Row) -> Attempt:
    error = row.error
    return Attempt(
        tenant=TenantId(row.tenant_id),
        run_id=RunId(row.run_id),
        step=row.step,
        attempt=row.attempt,
        state=StepState(row.state),
        result=row.result,
        error=None
        if error is None
        else Failure(
            code=error["code"],
            detail=error["detail"],
            retryable=error["retryable"],
            errors=tuple(FieldError(**each) for each in error["errors"]),
        ),
        started_at=row.started_at,
        ended_at=row.ended_at,
    )

"""The workflow desk: what the gateway may ask of workflows, whichever engine runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from integritas.kernel.contracts import Context
from integritas.kernel.errors import Conflict, NotFound
from integritas.kernel.ids import RunId, TenantId
from integritas.platform.batching import Coalescer, isolating
from integritas.platform.commands import CANCEL_RUN, SIGNAL_RUN, START_RUN, CommandQueue
from integritas.workflows.model import (
    FINAL_RUN_STATES,
    Definition,
    RunState,
    RunView,
    StepState,
    StepView,
)
from integritas.workflows.parse import parse_definition
from integritas.workflows.store import version_taken

if TYPE_CHECKING:
    from integritas.journal.api import Journal
    from integritas.kernel.ids import IdFactory
    from integritas.platform.db import Database, Transaction
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.store import RunStore

__all__ = ["RunDetail", "WorkflowDesk"]

_POLL_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with every attempt of every step, and what has not begun."""

    run: RunView
    steps: Sequence[StepView]


_Wanted: TypeAlias = tuple[TenantId, str, int | None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A run that somebody asked for."""

    context: Context
    run_id: RunId
    name: str
    version: int | None
    subject: str
    given: Mapping[str, Any]

    def payload(self, version: int) -> Mapping[str, Any]:
        return {
            "correlation_id": self.context.correlation_id,
            "workflow": self.name,
            "version": version,
            "input": self.given,
            "run": self.run_id,
        }


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
    ) -> None:
        """Take the parts; bootstrap wires them."""
        self._database = database
        self._store = store
        self._definitions = definitions
        self._commands = commands
        self._journal = journal
        self._ids = ids
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
    ) -> RunId:
        """Ask for a run; when this returns, it will happen.

        Calls made at the same time share a unit of work.
        """
        asked = _Asked(
            context, self._ids.run(), name, version, subject, dict(given or {})
        )
        await self._starting.call(asked)
        return asked.run_id

    async def _start_batch(
        self, asked: Sequence[_Asked]
    ) -> Sequence[BaseException | None]:
        return await isolating(
            asked,
            lambda some: self._database.transact(lambda tx: self._start(tx, some)),
        )

    def _start(
        self, tx: Transaction, asked: Sequence[_Asked]
    ) -> Sequence[BaseException | None]:
        versions: dict[_Wanted, int | NotFound] = {}
        commands: dict[TenantId, list[tuple[str, Mapping[str, Any]]]] = {}
        answers: list[BaseException | None] = []
        for one in asked:
            wanted = (one.context.tenant, one.name, one.version)
            if wanted not in versions:
                versions[wanted] = self._version(tx, *wanted)
            version = versions[wanted]
            if isinstance(version, NotFound):
                answers.append(version)
                continue
            answers.append(None)
            commands.setdefault(one.context.tenant, []).append(
                (one.subject, one.payload(version))
            )
        for tenant, items in commands.items():
            self._commands.put(tx, tenant, START_RUN, items)
        return answers

    def _version(
        self, tx: Transaction, tenant: TenantId, name: str, version: int | None
    ) -> int | NotFound:
        try:
            return self._definitions.get(tx, tenant, name, version).version
        except NotFound as error:
            return error

    async def cancel(self, context: Context, run_id: RunId, cause: str) -> None:
        """Ask for a run to be cancelled.

        Raises:
            NotFound: no such run in this tenant.
            Conflict: it has ended.
        """
        await self._ask(context, run_id, CANCEL_RUN, {"cause": cause})

    async def signal(
        self,
        context: Context,
        run_id: RunId,
        name: str,
        payload: Any,  # noqa: ANN401 - JSON
    ) -> None:
        """Signal a run; raises like `cancel`. A second signal of a name is ignored."""
        await self._ask(context, run_id, SIGNAL_RUN, {"name": name, "payload": payload})

    async def runs(
        self,
        tenant: TenantId,
        *,
        subject: str | None = None,
        state: RunState | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[RunView]:
        """Return runs, newest first, older than the id `before`."""
        return await self._database.read(
            lambda tx: self._store.list_runs(
                tx, tenant, subject=subject, state=state, before=before, limit=limit
            )
        )

    async def run(self, tenant: TenantId, run_id: RunId) -> RunDetail:
        """Return a run and its steps, or raise NotFound."""

        def read(tx: Transaction) -> RunDetail:
            run = self._store.get_run(tx, tenant, run_id)
            kept = self._store.steps_of(tx, tenant, run_id)
            try:
                found = self._definitions.get(tx, tenant, run.workflow, run.version)
            except NotFound:  # shipped once, and no more: what was kept is shown
                return RunDetail(run=run, steps=kept)
            return RunDetail(run=run, steps=[*kept, *_not_ended(found, kept)])

        return await self._database.read(read)

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

    async def _ask(
        self,
        context: Context,
        run_id: RunId,
        kind: str,
        payload: Mapping[str, Any],
    ) -> None:
        actor = {
            "id": context.actor.id,
            "kind": context.actor.kind.value,
            "roles": sorted(context.actor.roles),
        }

        def work(tx: Transaction) -> None:
            run = self._store.get_run(tx, context.tenant, run_id)
            if run.state in FINAL_RUN_STATES:
                raise Conflict(f"run {run_id} has {run.state} already")
            asked = {
                **payload,
                "actor": actor,
                "correlation_id": context.correlation_id,
            }
            self._commands.put(tx, context.tenant, kind, [(run_id, asked)])

        await self._database.transact(work)


def _not_ended(definition: Definition, kept: Sequence[StepView]) -> Sequence[StepView]:
    """Return the steps of which no attempt has ended yet."""
    seen = {step.name for step in kept}
    return [
        StepView(
            name=step.name,
            attempt=0,
            state=StepState.WAITING
            if step.signal and seen.issuperset(step.after)
            else StepState.PENDING,
        )
        for step in definition.steps
        if step.name not in seen
    ]

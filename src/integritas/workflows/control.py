"""Commands about runs, in a unit of work: start, cancel, signal, decide, go on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from integritas.kernel.clock import format_time
from integritas.kernel.contracts import Context
from integritas.kernel.errors import Conflict, NotFound, NotPermitted
from integritas.kernel.ids import RunId, TenantId
from integritas.platform.commands import CANCEL_RUN, SIGNAL_RUN, START_RUN, CommandQueue
from integritas.platform.db import Transaction
from integritas.workflows.model import FINAL_RUN_STATES, RunOptions, StepState
from integritas.workflows.options import options_of, options_payload
from integritas.workflows.pauses import Pauses
from integritas.workflows.redrive import steps_to_carry

if TYPE_CHECKING:
    from integritas.journal.api import Journal
    from integritas.kernel.ids import IdFactory
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.model import RunView
    from integritas.workflows.store import RunStore

__all__ = ["Reopen", "RunControl", "StartRequest"]

Reopen: TypeAlias = Callable[[Transaction, Context, str], None]
"""Makes a subject, whose run failed, ready for another run."""


@dataclass(frozen=True, slots=True)
class StartRequest:
    """A run that somebody asks for; without a version, the newest."""

    context: Context
    name: str
    subject: str
    version: int | None = None
    given: Mapping[str, Any] | None = None
    options: RunOptions | None = None

    def payload(self, version: int) -> Mapping[str, Any]:
        """Return what the engine is asked with."""
        payload: dict[str, Any] = {
            "correlation_id": self.context.correlation_id,
            "workflow": self.name,
            "version": version,
            "input": dict(self.given or {}),
        }
        if self.options is not None:
            payload["options"] = options_payload(self.options)
        return payload


class RunControl:
    """Puts commands for the engine, whichever it is, after checking they make sense."""

    def __init__(
        self,
        *,
        store: RunStore,
        definitions: Definitions,
        commands: CommandQueue,
        journal: Journal,
        ids: IdFactory,
        reopen: Reopen | None,
    ) -> None:
        """Take the parts."""
        self._store = store
        self._definitions = definitions
        self._commands = commands
        self._ids = ids
        self._reopen = reopen
        self.pauses = Pauses(commands, journal, store.clock)

    def start(
        self, tx: Transaction, asked: Sequence[StartRequest]
    ) -> Sequence[RunId | NotFound]:
        """Ask for runs; answer each with its id, or that there is no such workflow."""
        versions: dict[tuple[TenantId, str, int | None], int | NotFound] = {}
        commands: dict[TenantId, list[tuple[str, Mapping[str, Any]]]] = {}
        answers: list[RunId | NotFound] = []
        for one, run_id in zip(asked, self._ids.many("run", len(asked)), strict=True):
            wanted = (one.context.tenant, one.name, one.version)
            if wanted not in versions:
                versions[wanted] = self._version(tx, *wanted)
            version = versions[wanted]
            if isinstance(version, NotFound):
                answers.append(version)
                continue
            answers.append(RunId(run_id))
            start = (one.subject, {**one.payload(version), "run": run_id})
            commands.setdefault(one.context.tenant, []).append(start)
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

    def cancel(
        self, tx: Transaction, context: Context, run_id: RunId, cause: str
    ) -> None:
        """Ask for a run to be cancelled; raises NotFound, Conflict."""
        self._living(tx, context, run_id)
        self._put(tx, context, run_id, CANCEL_RUN, {"cause": cause})

    def signal(
        self,
        tx: Transaction,
        context: Context,
        run_id: RunId,
        name: str,
        payload: Any,  # noqa: ANN401 - JSON
    ) -> None:
        """Signal a run; raises NotFound, Conflict."""
        self._living(tx, context, run_id)
        asked = {"name": name, "payload": payload}
        self._put(tx, context, run_id, SIGNAL_RUN, asked)

    def decide(  # noqa: PLR0917 - the desk's own names
        self,
        tx: Transaction,
        context: Context,
        run_id: RunId,
        step_name: str,
        state: StepState | None,
        approve: bool,
        reason: str,
    ) -> None:
        """Approve or reject; raises NotFound, Conflict, NotPermitted."""
        run = self._living(tx, context, run_id)
        definition = self._definitions.get(
            tx, context.tenant, run.workflow, run.version
        )
        step = next((s for s in definition.steps if s.name == step_name), None)
        if step is None or step.approval is None or step.awaits is None:
            raise NotFound(f"run {run_id} has no step {step_name!r} to approve")
        if state is not StepState.WAITING:
            raise Conflict(f"step {step_name} does not wait for a decision now")
        if step.approval and not context.actor.roles.intersection(step.approval):
            raise NotPermitted(
                f"step {step_name} is decided by {' or '.join(step.approval)}"
            )
        payload = {
            "approved": approve,
            "by": context.actor.id,
            "reason": reason,
            "at": format_time(self._store.clock.now()),
        }
        asked = {"name": step.awaits, "payload": payload}
        self._put(tx, context, run_id, SIGNAL_RUN, asked)

    def go_on(  # noqa: PLR0917 - the desk's own names
        self,
        tx: Transaction,
        context: Context,
        run_id: RunId,
        from_step: str | None,
        given: Mapping[str, Any] | None = None,
        version: int | None = None,
    ) -> RunId:
        """Ask for a run that takes over what another did before a step.

        Raises:
            NotFound: no such run, or no such version.
            Conflict: it has not ended, or is a step of another run.
            InvalidInput: no such step, or nothing to do again.
        """
        run = self._store.get_run(tx, context.tenant, run_id)
        if run.state not in FINAL_RUN_STATES:
            raise Conflict(f"run {run_id} is under way: cancel it, or wait for its end")
        options = options_of(tx, context.tenant, [run_id]).get(run_id, RunOptions())
        if options.parent is not None:
            raise Conflict(
                f"run {run_id} is a step of run {options.parent.run_id}: retry that"
            )
        definition = self._definitions.get(
            tx, context.tenant, run.workflow, version or run.version
        )
        kept = self._store.steps_of(tx, context.tenant, run_id)
        carried = steps_to_carry(definition, kept, from_step)
        if self._reopen is not None:
            self._reopen(tx, context, run.subject)
        payload = {
            "correlation_id": context.correlation_id,
            "workflow": run.workflow,
            "version": definition.version,
            "input": dict(run.input if given is None else given),
            "options": options_payload(
                RunOptions(
                    priority=options.priority,
                    timeout_s=options.timeout_s,
                    origin=run_id,
                    attributes=options.attributes,
                )
            ),
            "carry": {"run": run_id, "steps": list(carried)},
        }
        return self._put_start(tx, context, run.subject, payload)

    def _living(self, tx: Transaction, context: Context, run_id: RunId) -> RunView:
        run = self._store.get_run(tx, context.tenant, run_id)
        if run.state in FINAL_RUN_STATES:
            raise Conflict(f"run {run_id} has {run.state} already")
        return run

    def _put_start(
        self,
        tx: Transaction,
        context: Context,
        subject: str,
        payload: Mapping[str, Any],
    ) -> RunId:
        run_id = self._ids.run()
        asked = {**payload, "run": run_id}
        self._commands.put(tx, context.tenant, START_RUN, [(subject, asked)])
        return run_id

    def _put(
        self,
        tx: Transaction,
        context: Context,
        run_id: RunId,
        kind: str,
        payload: Mapping[str, Any],
    ) -> None:
        asked = {
            **payload,
            "actor": {
                "id": context.actor.id,
                "kind": context.actor.kind.value,
                "roles": sorted(context.actor.roles),
            },
            "correlation_id": context.correlation_id,
        }
        self._commands.put(tx, context.tenant, kind, [(run_id, asked)])

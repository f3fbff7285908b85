"""From the durable queue into the engine: a command is taken and done in one commit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from integritas.kernel.contracts import SYSTEM, Actor, Context, Failure
from integritas.kernel.errors import IntegritasError, NotFound
from integritas.kernel.ids import IdFactory, RunId, TenantId
from integritas.kernel.states import ActorKind
from integritas.platform.commands import (
    CANCEL_RUN,
    DROP_RUNS,
    HOLD_RUNS,
    SIGNAL_RUN,
    START_RUN,
    Command,
    CommandQueue,
)
from integritas.workflows.backends.active import ActiveRun
from integritas.workflows.backends.carrying import carry_over
from integritas.workflows.backends.children import Wanted, spawn
from integritas.workflows.backends.recovery import impossible_run
from integritas.workflows.backends.seeds import PLAIN, seed_of
from integritas.workflows.definitions import CASE_WORKFLOW, Definitions
from integritas.workflows.model import RunState, RunView
from integritas.workflows.options import (
    busy_subjects,
    keep_options,
    read_options,
    running_on,
    stop_runs,
)
from integritas.workflows.pauses import list_pauses
from integritas.workflows.store import RunEnd, RunStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integritas.kernel.clock import Clock
    from integritas.platform.commands import Item
    from integritas.platform.db import Database, Transaction
    from integritas.workflows.engine import Effects

__all__ = ["SUPERSEDED", "Intake", "Taken"]

TAKE: Final = 500
_CONTROLS: Final = (SIGNAL_RUN, CANCEL_RUN, DROP_RUNS, HOLD_RUNS)
_KINDS: Final = (START_RUN, *_CONTROLS)
SUPERSEDED: Final = "superseded on the same subject"


@dataclass(slots=True)
class Taken:
    """What a take did; `dropped` names subjects whose runs ended, but for some.

    Runs that are `stopping` are the engine's to end; `held` names the workflows that
    were paused or resumed.
    """

    started: list[ActiveRun] = field(default_factory=list)
    signals: list[tuple[tuple[TenantId, RunId], str, Any]] = field(default_factory=list)
    cancelled: list[tuple[TenantId, RunId]] = field(default_factory=list)
    stopping: list[tuple[tuple[TenantId, RunId], str]] = field(default_factory=list)
    dropped: list[tuple[TenantId, str, frozenset[RunId]]] = field(default_factory=list)
    held: list[tuple[TenantId, str]] = field(default_factory=list)
    more: bool = False


class Intake:
    """Takes commands for an engine, whichever it is."""

    def __init__(
        self,
        *,
        database: Database,
        store: RunStore,
        definitions: Definitions,
        commands: CommandQueue,
        clock: Clock,
        ids: IdFactory,
    ) -> None:
        """Take the parts."""
        self._database = database
        self._store = store
        self._definitions = definitions
        self._commands = commands
        self._clock = clock
        self._ids = ids
        self._versions: dict[tuple[TenantId, str], int] = {}
        """Newest versions, looked up once a take."""

    async def take(
        self,
        *,
        limit: int,
        told: bool,
        effects: Effects | None = None,
    ) -> Taken:
        """Take commands, up to `limit` starts; what it returns is committed.

        A new run on a subject that another is under way on supersedes that. `effects`
        are for steps that a run takes over of another. Where there is no room to start,
        runs are still signalled and cancelled: only so room can come to be. `told` says
        that there are commands; otherwise a look decides whether to write at all.
        """
        kinds = _KINDS if limit > 0 else _CONTROLS
        wanted = min(limit, TAKE) if limit > 0 else TAKE
        if not told and not await self._database.read(
            lambda tx: bool(self._commands.due(tx, kinds, limit=1))
        ):
            return Taken()
        return await self._database.transact(
            lambda tx: self._take(tx, kinds, wanted, effects)
        )

    def take_now(
        self, tx: Transaction, tenant: TenantId, items: Sequence[Item]
    ) -> tuple[Sequence[ActiveRun], Sequence[Item]]:
        """Begin runs in the unit of work that asks for them.

        Returns the runs, and the items that have to wait their turn: those on a subject
        that has a run, of a workflow that is paused, or to take over of another run.
        """
        busy = busy_subjects(tx, tenant, [subject for subject, _ in items])
        paused = {pause.name for pause in list_pauses(tx, tenant)}
        now: list[Command] = []
        later: list[Item] = []
        for subject, payload in items:
            held = paused and (payload.get("workflow") or CASE_WORKFLOW) in paused
            if held or subject in busy or "carry" in payload:
                later.append((subject, payload))
            else:
                now.append(Command(tenant, "", START_RUN, subject, payload))
        self._versions.clear()
        taken = Taken()
        self._start(tx, tenant, now, frozenset(), taken, None)
        return taken.started, later

    def spawn(
        self, tx: Transaction, wanted: Sequence[Wanted]
    ) -> Sequence[ActiveRun | Failure]:
        """Begin the children that are wanted, in order; see `children.spawn`."""
        return spawn(
            tx,
            wanted,
            definitions=self._definitions,
            store=self._store,
            clock=self._clock,
            ids=self._ids,
        )

    def _take(
        self,
        tx: Transaction,
        kinds: Sequence[str],
        limit: int,
        effects: Effects | None,
    ) -> Taken:
        commands = self._commands.due(tx, kinds, limit=limit)
        self._versions.clear()
        taken = Taken(more=len(commands) == limit)
        starts: dict[TenantId, list[Command]] = {}
        dead: set[str] = set()
        for command in commands:
            if command.kind == START_RUN:
                starts.setdefault(command.tenant, []).append(command)
            elif command.kind == SIGNAL_RUN:
                self._signal(tx, command, taken)
            elif command.kind == CANCEL_RUN:
                self._cancel(tx, command, taken)
            elif command.kind == HOLD_RUNS:
                taken.held.append((command.tenant, command.subject))
            else:
                taken.dropped.append((command.tenant, command.subject, frozenset()))
                dead.update(
                    start.id
                    for start in starts.get(command.tenant, ())
                    if start.subject == command.subject
                )
        for tenant, group in starts.items():
            living = [command for command in group if command.id not in dead]
            busy = busy_subjects(tx, tenant, [command.subject for command in living])
            self._start(tx, tenant, living, busy, taken, effects)
            self._stillborn(tx, [command for command in group if command.id in dead])
        self._commands.remove(tx, commands)
        return taken

    def _start(  # noqa: PLR0917 - what one take shares
        self,
        tx: Transaction,
        tenant: TenantId,
        commands: Sequence[Command],
        busy: frozenset[str],
        taken: Taken,
        effects: Effects | None,
    ) -> None:
        # Asked for twice before it was taken once: only the later run has all evidence.
        latest = {command.subject: command for command in commands}
        overtaken = [c for c in commands if c is not latest[c.subject]]
        self._stillborn(tx, overtaken)
        starting = []
        for command in latest.values():
            context, view = _system(command), self._view(tx, command)
            if command.subject in busy:
                self._supersede(tx, context, command.subject, view.id, taken)
            starting.append((context, view))
        self._store.start(tx, starting)
        runs = [
            self._run(tx, view, latest[view.subject].payload) for _, view in starting
        ]
        keep_options(
            tx,
            [
                ((tenant, run.seed.id), replace(run.seed.options, orderly=run.orderly))
                for run in runs
                if run.orderly or run.seed.options is not PLAIN
            ],
        )
        for run in runs:
            wanted = latest[run.seed.subject].payload.get("carry")
            if wanted is not None and run.state is RunState.RUNNING:
                run = _carry(tx, self._store, run, wanted, effects)  # noqa: PLW2901
            taken.started.append(run)

    def _stillborn(self, tx: Transaction, commands: Sequence[Command]) -> None:
        """Keep runs that will not be, where somebody was told of them."""
        told = [
            (_system(command), self._view(tx, command))
            for command in commands
            if "run" in command.payload
        ]
        self._store.start(tx, told)
        ends = [
            RunEnd(context, view.id, view.subject, RunState.CANCELLED, SUPERSEDED)
            for context, view in told
        ]
        self._store.record_ends(tx, self._store.end(tx, ends))

    def _run(
        self, tx: Transaction, view: RunView, payload: Mapping[str, Any]
    ) -> ActiveRun:
        asked = payload.get("options")
        options = PLAIN if asked is None else read_options(asked)
        try:
            plan = self._definitions.plan(tx, view.tenant, view.workflow, view.version)
            self._definitions.keep_shipped(tx, view.tenant, plan.definition)
        except IntegritasError as error:
            return impossible_run(view, str(error), options)
        return ActiveRun(seed_of(view, options), plan)

    def _view(self, tx: Transaction, command: Command) -> RunView:
        payload: Mapping[str, Any] = command.payload
        workflow = payload.get("workflow") or CASE_WORKFLOW
        version = payload.get("version")
        if version is None:
            version = self._newest(tx, command.tenant, workflow)
        return RunView(
            tenant=command.tenant,
            id=RunId(payload["run"]) if "run" in payload else self._ids.run(),
            workflow=workflow,
            version=version,
            subject=command.subject,
            state=RunState.RUNNING,
            input=payload.get("input") or {},
            correlation_id=payload["correlation_id"],
            created_at=self._clock.now(),
        )

    def _newest(self, tx: Transaction, tenant: TenantId, workflow: str) -> int:
        key = (tenant, workflow)
        if key not in self._versions:
            try:
                version = self._definitions.get(tx, tenant, workflow).version
            except NotFound:
                version = 0  # the run fails for want of its plan, and is to be seen
            self._versions[key] = version
        return self._versions[key]

    def _supersede(
        self,
        tx: Transaction,
        context: Context,
        subject: str,
        spared: RunId,
        taken: Taken,
    ) -> None:
        running = running_on(tx, context.tenant, subject)
        stop_runs(tx, self._store, context, running, SUPERSEDED)
        taken.dropped.append((context.tenant, subject, frozenset({spared})))

    def _signal(self, tx: Transaction, command: Command, taken: Taken) -> None:
        name, payload = command.payload["name"], command.payload["payload"]
        run_id = RunId(command.subject)
        if self._store.keep_signal(tx, _context_of(command), run_id, name, payload):
            taken.signals.append(((command.tenant, run_id), name, payload))

    def _cancel(self, tx: Transaction, command: Command, taken: Taken) -> None:
        run_id = RunId(command.subject)
        run = self._store.find_run(tx, command.tenant, run_id)
        if run is None:
            return
        cause = command.payload["cause"]
        stopped = stop_runs(tx, self._store, _context_of(command), [run], cause)
        taken.cancelled.extend((command.tenant, each) for each in stopped.ended)
        taken.stopping.extend(
            ((command.tenant, each), cause) for each in stopped.stopping
        )


def _carry(
    tx: Transaction,
    store: RunStore,
    run: ActiveRun,
    wanted: Mapping[str, Any],
    effects: Effects | None,
) -> ActiveRun:
    try:
        carry_over(tx, store, run, wanted, effects)
    except ValueError as error:  # another version, with other steps
        fresh = ActiveRun(run.seed, run.plan)
        fresh.end(RunState.FAILED, f"what it is to take over does not fit it: {error}")
        return fresh
    return run


def _system(command: Command) -> Context:
    return Context(
        tenant=command.tenant,
        actor=SYSTEM,
        correlation_id=command.payload["correlation_id"],
    )


def _context_of(command: Command) -> Context:
    actor = command.payload["actor"]
    return Context(
        tenant=command.tenant,
        actor=Actor(
            id=actor["id"],
            kind=ActorKind(actor["kind"]),
            roles=frozenset(actor["roles"]),
        ),
        correlation_id=command.payload["correlation_id"],
    )

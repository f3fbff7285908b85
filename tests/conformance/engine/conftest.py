"""Engines under test, behind the engine protocol and the desk alone.

A `World` is an engine on a database that can be stopped and brought up again. Which
engine, and which database, is the `Backend`; another passes the suite by one more.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from integritas.journal.api import Entry, Journal
from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.contracts import Actor, Context
from integritas.kernel.errors import NotFound
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory, RunId
from integritas.kernel.states import ActorKind
from integritas.platform.columns import METADATA
from integritas.platform.commands import CommandQueue
from integritas.platform.db import Database, Transaction, open_database
from integritas.workflows.api import (
    Call,
    Definition,
    Definitions,
    Engine,
    Intake,
    OperationSpec,
    Registry,
    RunDetail,
    RunEnded,
    RunState,
    RunStore,
    Schedules,
    StepDone,
    StepState,
    StepView,
    TemporalServer,
    WorkflowDesk,
    make_engine,
)

CONTEXT = Context(DEFAULT_TENANT, Actor("user_1", ActorKind.PERSON), "corr_1")


@dataclass(frozen=True)
class Backend:
    """A database, and the Temporal server if it is not the embedded engine's.

    `pause_s` is how long a pause may be that a restart is to outlast: the embedded
    engine begins anew at once, Temporal's timers go on by themselves.
    """

    url: str
    server: TemporalServer | None = None

    @property
    def pause_s(self) -> float:
        """Return the pause, in seconds."""
        return 1e6 if self.server is None else 1.0

    @property
    def patience_s(self) -> float:
        """Return how long to wait for what is to come, in seconds."""
        return 15.0 if self.server is None else 45.0


@dataclass
class Service:
    """An operation by script that remembers its batches."""

    answer: Callable[[Call], Any] = lambda call: f"{call.step} done"
    batches: list[Sequence[Call]] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def __call__(self, calls: Sequence[Call], /) -> Sequence[Any]:
        """Wait at the gate, if there is one, and answer each call."""
        self.batches.append(calls)
        if self.gate is not None:
            await self.gate.wait()
        return [self.answer(call) for call in calls]

    @property
    def steps(self) -> list[str]:
        """Return the steps called for, in order."""
        return [call.step for batch in self.batches for call in batch]


@dataclass
class Notes:
    """Effects that remember what they were told, and break when they are to."""

    done: list[StepDone] = field(default_factory=list)
    ended: list[RunEnded] = field(default_factory=list)
    breaks: list[Exception] = field(default_factory=list)
    poison: tuple[str, Exception] | None = None

    def apply(
        self, tx: Transaction, done: Sequence[StepDone], ended: Sequence[RunEnded], /
    ) -> None:
        """Remember."""
        del tx
        if self.breaks and done:
            raise self.breaks.pop()
        if self.poison is not None:
            subject, error = self.poison
            if any(step.subject == subject for step in done):
                raise error
        self.done += done
        self.ended += ended


class Shifted(SystemClock):
    """The machine's clock, put forward: hours pass in no time."""

    def __init__(self) -> None:
        """Begin with the machine's time."""
        self.shift = timedelta(0)

    def now(self) -> datetime:
        """Return the time, shifted."""
        return super().now() + self.shift


class World:
    """An engine, the desk before it, and the operations behind it."""

    context = CONTEXT

    def __init__(self, backend: Backend) -> None:
        """Take the engine's kind and an empty database."""
        self.backend = backend
        self.services: dict[str, Service] = {}
        self.notes = Notes()
        self.max_active = 10_000
        self.clock = Shifted()
        self.specs: dict[str, dict[str, Any]] = {}
        self.shipped: Sequence[Definition] = ()
        self.database: Database | None = None

    def service(
        self, name: str, answer: Callable[[Call], Any] | None = None
    ) -> Service:
        """Add an operation, before the engine is up."""
        made = Service(answer) if answer else Service()
        self.services[name] = made
        return made

    def parts(self, database: Database) -> tuple[WorkflowDesk, Engine, Journal]:
        """Wire an engine on a database."""
        clock, randomness = self.clock, SystemRandomness()
        ids = IdFactory(clock, randomness)
        journal = Journal(database, clock, randomness, ids)
        commands, store = CommandQueue(clock, ids), RunStore(journal, clock)
        registry = Registry()
        for name, service in self.services.items():
            registry.register(OperationSpec(name, service, **self.specs.get(name, {})))
        definitions = Definitions(registry, store, shipped=self.shipped)
        self.commands = commands
        self.intake = intake = Intake(
            database=database,
            store=store,
            definitions=definitions,
            commands=commands,
            clock=clock,
            ids=ids,
        )
        engine = make_engine(
            self.backend.server,
            database=database,
            store=store,
            definitions=definitions,
            commands=commands,
            intake=intake,
            effects=self.notes,
            clock=clock,
            randomness=randomness,
            max_active=self.max_active,
            schedules=Schedules(commands, journal, clock, ids),
        )
        desk = WorkflowDesk(
            database=database,
            store=store,
            definitions=definitions,
            commands=commands,
            journal=journal,
            ids=ids,
        )
        return desk, engine, journal

    async def up(self) -> None:
        """Open the database and start the engine."""
        self.database = open_database(self.backend.url)
        METADATA.create_all(self.database.engine)
        self.desk, self.engine, self.journal = self.parts(self.database)
        await self.engine.start()

    def other_process(self) -> tuple[WorkflowDesk, Callable[[], None]]:
        """Return a desk that shares nothing with the engine but the database."""
        database = open_database(self.backend.url)
        desk, _, _ = self.parts(database)
        return desk, database.close

    async def down(self) -> None:
        """Stop the engine and close the database."""
        if self.database is not None:
            try:
                await self.engine.stop()
            finally:
                self.database.close()
                self.database = None

    async def down_for(self, pause: timedelta) -> None:
        """Stop, let time pass, and start again."""
        await self.down()
        self.clock.shift += pause
        await self.up()

    async def define(self, *steps: dict[str, Any], **fields: Any) -> None:
        """Keep a definition, `w` version 1 unless said otherwise."""
        document = {"name": "w", "version": 1, "steps": list(steps), **fields}
        await self.desk.define(CONTEXT, document)

    async def start(self, subject: str = "thing", **fields: Any) -> RunId:
        """Start a run of `w` and wait until it is to be seen."""
        run_id = await self.desk.start(CONTEXT, "w", subject=subject, **fields)
        await self.until(run_id, lambda detail: bool(detail.run.id))
        return run_id

    async def until(
        self, run_id: RunId, holds: Callable[[RunDetail], bool]
    ) -> RunDetail:
        """Poll the desk until something holds of a run."""
        detail: RunDetail | None = None
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.backend.patience_s
        while loop.time() < deadline:
            with suppress(NotFound):
                detail = await self.desk.run(DEFAULT_TENANT, run_id)
                if holds(detail):
                    return detail
            await asyncio.sleep(0.005)
        raise AssertionError(f"it did not come to be: {detail}")

    async def gathered(self, calls: int) -> None:
        """Wait until so many calls wait for a place at their operation."""

        async def enough() -> bool:
            return self.engine.waiting >= calls

        await self.poll(enough)

    async def poll(self, holds: Callable[[], Awaitable[bool]]) -> None:
        """Ask until something holds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.backend.patience_s
        while not await holds():
            assert loop.time() < deadline, "it did not come to be"
            await asyncio.sleep(0.005)

    async def ended(self, run_id: RunId) -> RunDetail:
        """Wait for the end of a run."""
        return await self.until(
            run_id, lambda detail: detail.run.state is not RunState.RUNNING
        )

    async def run(self, **fields: Any) -> RunDetail:
        """Start a run of `w` and wait for its end."""
        return await self.ended(await self.start(**fields))

    @staticmethod
    def step(name: str, operation: str = "x.do", **fields: Any) -> dict[str, Any]:
        """Return a step that calls, almost without pauses between attempts."""
        retry = {"attempts": 3, "base_s": 0.001, "cap_s": 0.001}
        return {"name": name, "operation": operation, "retry": retry, **fields}

    @staticmethod
    def last(detail: RunDetail, name: str) -> StepView:
        """Return the last attempt of a step."""
        return [view for view in detail.steps if view.name == name][-1]

    @staticmethod
    def states(detail: RunDetail) -> dict[str, StepState]:
        """Return how each step stands at last."""
        return {view.name: view.state for view in detail.steps}

    async def count(self, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
        """Return how many rows of a table fit."""
        assert self.database is not None
        query = sa.select(sa.func.count()).select_from(table).where(*where)
        return await self.database.read(lambda tx: int(tx.execute(query).scalar_one()))

    async def entries(self) -> Sequence[Entry]:
        """Return the whole journal."""
        return await self.journal.read(DEFAULT_TENANT, after=0, limit=10_000)


_queues = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgres", "temporal", "temporal-postgres"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    """Return each kind of engine on an empty database of its own."""
    url = f"sqlite:///{tmp_path}/engine.db"
    if request.param.endswith("postgres"):
        url = request.getfixturevalue("postgres_url")
    if not request.param.startswith("temporal"):
        return Backend(url)
    address = request.getfixturevalue("temporal_address")
    queue = f"integritas-{next(_queues)}"
    return Backend(url, TemporalServer(address, "default", queue))


@pytest.fixture
async def world(backend: Backend) -> AsyncIterator[World]:
    """Return an engine that is not up yet, with operation `x.do`."""
    made = World(backend)
    made.service("x.do")
    yield made
    for service in made.services.values():
        if service.gate is not None:
            service.gate.set()
    await made.down()

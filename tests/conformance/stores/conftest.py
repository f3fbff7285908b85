"""Every store on both databases: a SQLite file and a real Postgres."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from integritas.cases.api import CaseDesk, CaseStore, NewEvidence, NewSubmission, Opened
from integritas.journal.api import Journal
from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.contracts import (
    Actor,
    Assessment,
    Context,
    Finding,
    Outcome,
    Severity,
    Subject,
    Verdict,
    not_assessed,
)
from integritas.kernel.evidence import Content, Message, content_digest
from integritas.kernel.ids import CaseId, IdFactory, TenantId
from integritas.kernel.states import ActorKind
from integritas.platform.columns import METADATA
from integritas.platform.commands import CommandQueue
from integritas.platform.db import Database, open_database

if TYPE_CHECKING:
    from pathlib import Path

MAIN = TenantId("main")
OTHER = TenantId("other")


def person(name: str = "alice", tenant: TenantId = MAIN) -> Context:
    """Return the context of a person's request."""
    actor = Actor(f"user_{name}", ActorKind.PERSON, frozenset({"analyst"}), "10.0.0.1")
    return Context(tenant, actor, f"req-{name}")


def platform(tenant: TenantId = MAIN) -> Context:
    """Return the context of the platform's own act."""
    return Context(tenant, Actor("platform:engine", ActorKind.PLATFORM), "run-1")


def submission(*contents: Content, channel: str = "api") -> NewSubmission:
    """Return a submission, of one message if nothing else is said."""
    return NewSubmission(
        channel,
        tuple(NewEvidence(c, content_digest(c)) for c in contents or (Message(b"hi"),)),
    )


def whole(service: str, input_hash: str, score: float = 0.5) -> Assessment:
    """Return an assessment with one finding."""
    finding = Finding(
        f"{service}.signal", Severity.LOW, score, Subject(), f"{service} saw something"
    )
    return Assessment(service, (finding,), {"model": "1"}, input_hash)


def lacking(service: str) -> Assessment:
    """Return an assessment that could not be made."""
    return not_assessed(service, "no model")


def verdict(risk: float, outcome: Outcome = Outcome.NO_ACTION) -> Verdict:
    """Return a policy's verdict."""
    return Verdict(outcome, risk, "band", (), "default@1")


@dataclass
class Stores:
    """A database and everything that stores in it."""

    database: Database
    clock: ManualClock
    ids: IdFactory
    journal: Journal
    commands: CommandQueue
    store: CaseStore
    desk: CaseDesk

    person = staticmethod(person)
    platform = staticmethod(platform)
    submission = staticmethod(submission)
    whole = staticmethod(whole)
    lacking = staticmethod(lacking)
    verdict = staticmethod(verdict)

    async def open(self, tenant: TenantId = MAIN, *contents: Content) -> Opened:
        """Open a case."""
        return await self.desk.open(person(tenant=tenant), submission(*contents))

    async def new_case(self, tenant: TenantId = MAIN) -> CaseId:
        """Open a case; return its id."""
        return (await self.open(tenant)).case.id


def stores_on(database: Database, clock: ManualClock, seed: int) -> Stores:
    """Wire the stores as bootstrap does."""
    randomness = SeededRandomness(seed)
    ids = IdFactory(clock, randomness)
    journal = Journal(database, clock, randomness, ids)
    commands = CommandQueue(clock, ids)
    store = CaseStore(journal, clock, randomness, ids)
    desk = CaseDesk(
        database=database,
        store=store,
        commands=commands,
        recorder=journal,
        clock=clock,
        ids=ids,
    )
    return Stores(database, clock, ids, journal, commands, store, desk)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/stores.db"
    found: str = request.getfixturevalue("postgres_url")
    return found


Opener = Callable[[], Database]


@pytest.fixture
def opener(url: str) -> Iterator[Opener]:
    """Return a function that opens the database once more; all are closed after."""
    opened: list[Database] = []

    def open_one() -> Database:
        opened.append(open_database(url))
        return opened[-1]

    METADATA.create_all(open_one().engine)
    yield open_one
    for database in opened:
        database.close()


@pytest.fixture
def database(opener: Opener) -> Database:
    """Return an open database with all tables."""
    return opener()


@pytest.fixture
def stores(database: Database, clock: ManualClock) -> Stores:
    """Return the stores on each database."""
    return stores_on(database, clock, 1)


@pytest.fixture
def beside(opener: Opener, clock: ManualClock) -> Stores:
    """Return the stores of another process, as it were, on the same database."""
    return stores_on(opener(), clock, 2)

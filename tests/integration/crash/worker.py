"""A platform to be killed: an engine with small artificial services, audit following.

Prints `ready`, opens the cases asked for, prints `opened N`, and serves until killed.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from integritas.cases.api import CaseDesk, CaseStore, NewEvidence, NewSubmission
from integritas.journal.api import Follower, Journal
from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.contracts import (
    Actor,
    Assessment,
    Context,
    DecisionRequest,
    Dossier,
    Outcome,
    Verdict,
    dossier_digest,
)
from integritas.kernel.evidence import content_digest, parse_evidence
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory
from integritas.kernel.states import ActorKind
from integritas.platform.columns import METADATA
from integritas.platform.commands import CommandQueue
from integritas.platform.db import open_database
from integritas.services.audit.api import AuditTrail
from integritas.workflows.api import (
    CaseEffects,
    Definitions,
    Dossiers,
    Intake,
    Registry,
    RunStore,
    TemporalServer,
    bind_cases,
    make_engine,
    register_services,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

BATCH = 50


class Service:
    """Finds nothing; a batch takes a moment."""

    def __init__(self, name: str) -> None:
        """Take the name to answer with."""
        self._name = name

    async def assess(self, batch: Sequence[Dossier], /) -> Sequence[Assessment]:
        """Find nothing."""
        await asyncio.sleep(0.001)
        return [Assessment(self._name, (), {}, dossier_digest(d)) for d in batch]


class Policy:
    """Closes every case."""

    async def decide(self, batch: Sequence[DecisionRequest], /) -> Sequence[Verdict]:
        """Call for no action."""
        await asyncio.sleep(0.001)
        return [Verdict(Outcome.NO_ACTION, 1.0, "low", (), "p@1") for _ in batch]


async def work(
    url: str, state: str, wanted: int, server: TemporalServer | None
) -> None:
    """Run the platform until killed."""
    database = open_database(url)
    METADATA.create_all(database.engine)
    clock, randomness = SystemClock(), SystemRandomness()
    ids = IdFactory(clock, randomness)
    journal = Journal(database, clock, randomness, ids)
    cases, commands = (
        CaseStore(journal, clock, randomness, ids),
        CommandQueue(clock, ids),
    )
    desk = CaseDesk(
        database=database,
        store=cases,
        commands=commands,
        recorder=journal,
        clock=clock,
        ids=ids,
    )
    registry, dossiers, runs = Registry(), Dossiers(desk), RunStore(journal, clock)
    services = {n: Service(n) for n in ("spam", "anticorruption", "compliance")}
    register_services(registry, dossiers, services, Policy())
    bind_cases(cases, runs, commands)
    definitions = Definitions(registry, runs)
    engine = make_engine(
        server,
        database=database,
        store=runs,
        definitions=definitions,
        commands=commands,
        intake=Intake(
            database=database,
            store=runs,
            definitions=definitions,
            commands=commands,
            clock=clock,
            ids=ids,
        ),
        effects=CaseEffects(cases, dossiers, clock),
        clock=clock,
        randomness=randomness,
    )
    follower = AuditTrail(database, journal, Path(state), clock).follower()
    await engine.start()
    print("ready", flush=True)  # noqa: T201 - the parent reads it
    await asyncio.gather(open_cases(desk, wanted), follow(follower))


async def open_cases(desk: CaseDesk, wanted: int) -> None:
    """Open cases, a batch a commit."""
    content = parse_evidence({"kind": "message", "raw": "hello"})
    evidence = NewEvidence(content, content_digest(content))
    actor = Actor("user_1", ActorKind.PERSON)
    for opened in range(0, wanted, BATCH):
        count = min(BATCH, wanted - opened)
        submissions = [NewSubmission("api", (evidence,), "t")] * count
        await desk.open_many(Context(DEFAULT_TENANT, actor, "c"), submissions)
        print(f"opened {opened + count}", flush=True)  # noqa: T201 - as above


async def follow(follower: Follower) -> None:
    """Log what the journal tells, for ever."""
    while True:
        await follower.catch_up()
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    # The parent reads stdout.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    url, state, wanted, *temporal = sys.argv[1:]
    server = TemporalServer(temporal[0], "default", temporal[1]) if temporal else None
    asyncio.run(work(url, state, int(wanted), server))

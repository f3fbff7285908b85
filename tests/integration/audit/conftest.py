"""A log of a few hundred entries over a real database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integritas.journal.api import Journal, SettledMark
from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.contracts import SYSTEM, Context, Fact
from integritas.kernel.ids import IdFactory, TenantId
from integritas.migrations.tables import TABLES
from integritas.platform.db import Database, open_database
from integritas.services.audit.api import DEFAULT_ORIGIN, AuditTrail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAIN = TenantId("main")


@dataclass
class World:
    """A database with its journal and its audit trail."""

    url: str
    state: Path
    clock: ManualClock
    database: Database
    journal: Journal
    trail: AuditTrail

    async def record(
        self, count: int, *, tenant: TenantId = MAIN, data: object = None
    ) -> None:
        """Journal facts on five cases in turn."""
        context = Context(tenant, SYSTEM, "req-1")
        facts = [
            Fact(
                "integritas.case.noted.v1",
                f"case_{number % 5}",
                {"number": number, "score": 0.5} if data is None else {"data": data},  # type: ignore[dict-item] # any JSON
                personal={"name": "Jane Roe"} if number % 7 == 0 else None,
            )
            for number in range(count)
        ]
        await self.database.transact(lambda tx: self.journal.record(tx, context, facts))
        self.clock.advance(1)

    async def log(self, *counts: int, tenant: TenantId = MAIN) -> None:
        """Journal facts and log them, a batch for each count."""
        for count in counts:
            await self.record(count, tenant=tenant)
            await self.trail.follower().catch_up()

    def reopened(self) -> World:
        """Return the same after a restart."""
        self.database.close()
        return _open_world(self.url, self.state, self.clock)

    def beside(self, folder: Path) -> World:
        """Return another, empty one on SQLite, with the same clock."""
        return _open_world(f"sqlite:///{folder}/beside.db", folder, self.clock)


def _open_world(url: str, state: Path, clock: ManualClock) -> World:
    """Open or make a world."""
    database = open_database(url)
    TABLES.create_all(database.engine)
    randomness = SeededRandomness(int(clock.now().timestamp()))
    mark = SettledMark(state, DEFAULT_ORIGIN)
    journal = Journal(database, clock, randomness, IdFactory(clock, randomness), mark)
    trail = AuditTrail(database, journal, state, clock, randomness=randomness)
    return World(url, state, clock, database, journal, trail)


@pytest.fixture(scope="session")
def open_world() -> Callable[[str, Path, ManualClock], World]:
    """Return what opens or makes a world: database, state folder, clock."""
    return _open_world


@pytest.fixture(params=["sqlite", "postgres"])
def world(
    request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock
) -> Iterator[World]:
    """Return an empty world on each database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/audit.db"
    else:
        url = request.getfixturevalue("postgres_url")
    made = _open_world(url, tmp_path / "state", clock)
    yield made
    made.database.close()


@pytest.fixture
def sqlite_world(tmp_path: Path, clock: ManualClock) -> Iterator[World]:
    """Return an empty world on SQLite, for what no database changes."""
    made = _open_world(f"sqlite:///{tmp_path}/audit.db", tmp_path / "state", clock)
    yield made
    made.database.close()

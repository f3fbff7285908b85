"""Killed at any moment, the log goes on without a gap and without a double."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.ids import TenantId

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.audit.conftest import World

pytestmark = pytest.mark.integration

MAIN = TenantId("main")

WORKER = """
import asyncio, sys
from pathlib import Path
from integritas.journal.api import Journal
from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.contracts import SYSTEM, Context, Fact
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory
from integritas.platform.db import open_database
from integritas.services.audit.api import AuditTrail

async def work(url, state):
    database = open_database(url)
    clock, randomness = SystemClock(), SystemRandomness()
    journal = Journal(database, clock, randomness, IdFactory(clock, randomness))
    follower = AuditTrail(database, journal, Path(state), clock).follower()
    context = Context(DEFAULT_TENANT, SYSTEM, "req")
    async def record():
        while True:
            facts = [Fact("integritas.case.noted.v1", "c", {"n": n}) for n in range(40)]
            await database.transact(lambda tx: journal.record(tx, context, facts))
    async def follow():
        while True:
            moved = await follower.catch_up()
            if moved:
                print(moved, flush=True)
            await asyncio.sleep(0)
    await asyncio.gather(record(), follow())

asyncio.run(work(*sys.argv[1:]))
"""


def run_and_kill(world: World, folder: Path, batches: int) -> None:
    """Let a process record and log; kill it once it logged so many batches."""
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", WORKER, world.url, str(world.state)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
    ) as process:
        assert process.stdout is not None
        for _ in range(batches):
            assert int(process.stdout.readline()) > 0
        process.kill()


@pytest.mark.parametrize("batches", [1, 2, 7])
async def test_a_killed_process_leaves_a_log_to_go_on_with(
    sqlite_world: World, tmp_path: Path, batches: int
) -> None:
    run_and_kill(sqlite_world, tmp_path, batches)
    sqlite_world.clock.advance(10**9)
    report = await sqlite_world.trail.verify(MAIN)
    assert report.differences == ()
    await sqlite_world.log(3)
    head = await sqlite_world.journal.head(MAIN)
    report = await sqlite_world.trail.verify(MAIN)
    assert report.differences == ()
    assert report.size == head > 40

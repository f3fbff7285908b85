"""Killed at random moments among 1,000 runs, the platform loses and doubles nothing."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from integritas.journal.api import Journal
from integritas.kernel.clock import SystemClock, SystemRandomness
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory
from integritas.platform.db import open_database
from integritas.services.audit.api import AuditTrail

pytestmark = pytest.mark.integration

WORKER = Path(__file__).with_name("worker.py")
CASES = 1_000
CASES_ON_TEMPORAL = 60
LONGEST_S = 50.0


class Victim:
    """A process on one database, started and killed again and again."""

    def __init__(self, folder: Path, temporal: tuple[str, ...] = ()) -> None:
        """Use a folder for the database and the log's keys.

        `temporal` is a server's address and a task queue, if it is to run there.
        """
        self.temporal = temporal
        self.file = folder / "crash.db"
        self.state = folder / "state"
        self.url = f"sqlite:///{self.file}"
        self._living: list[subprocess.Popen[str]] = []

    def start(self, wanted: int) -> subprocess.Popen[str]:
        """Start it, to open so many cases; return when it is ready."""
        arguments = [self.url, str(self.state), str(wanted), *self.temporal]
        process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, str(WORKER), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._living.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def kill(self) -> None:
        """Kill whatever was started, with no chance to tidy up."""
        for process in self._living:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self._living.clear()

    @staticmethod
    def opened(process: subprocess.Popen[str], count: int) -> int:
        """Wait until it opened so many cases; return how many it said it had."""
        assert process.stdout is not None
        said = 0
        while said < count:
            said = int(process.stdout.readline().removeprefix("opened "))
        return said

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Query the database from outside."""
        connection = sqlite3.connect(self.file, timeout=10)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def count(self, query: str) -> int:
        """Return the one number a query asks for."""
        [(number,)] = self.ask(query)
        return int(number)

    def settled(self) -> bool:
        """Say whether nothing is left to do."""
        running = self.count("SELECT count(*) FROM runs WHERE state = 'running'")
        return running + self.count("SELECT count(*) FROM commands") == 0


def wait_for(victim: Victim, process: subprocess.Popen[str]) -> None:
    """Wait until nothing is left to do."""
    deadline = time.monotonic() + LONGEST_S
    while not victim.settled():
        assert process.poll() is None, "the platform ended by itself"
        assert time.monotonic() < deadline, "the platform did not come to rest"
        time.sleep(0.05)  # polled: another process works


def kill_rounds(
    victim: Victim, chance: random.Random, cases: int = CASES, longest_s: float = 0.4
) -> int:
    """Kill it a few times at random moments; return how many cases were accepted."""
    process = victim.start(cases)
    accepted = victim.opened(process, chance.choice([cases // 5, cases // 2, cases]))
    time.sleep(chance.uniform(0.0, longest_s))  # the moment is what is random
    victim.kill()
    for _ in range(3):
        victim.start(0)
        time.sleep(chance.uniform(0.0, longest_s))
        victim.kill()
    return accepted


@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_is_lost_and_nothing_doubled(tmp_path: Path, seed: int) -> None:
    print(f"seed {seed}")  # noqa: T201 - to do it again
    victim = Victim(tmp_path)
    try:
        accepted = kill_rounds(victim, random.Random(seed))  # noqa: S311 - replayed
        wait_for(victim, victim.start(0))
    finally:
        victim.kill()
    await check(victim, accepted)


@pytest.mark.timeout(180)
async def test_on_temporal_nothing_is_lost_and_nothing_doubled_either(
    tmp_path: Path, temporal_address: str
) -> None:
    victim = Victim(tmp_path, (temporal_address, "killed"))
    chance = random.Random(3)  # noqa: S311 - replayed
    try:
        accepted = kill_rounds(victim, chance, CASES_ON_TEMPORAL, 3.0)
        wait_for(victim, victim.start(0))
    finally:
        victim.kill()
    await check(victim, accepted)


async def check(victim: Victim, accepted: int) -> None:
    """Check that every case and run ended, once, and every step is kept once."""
    cases = victim.count("SELECT count(*) FROM cases")
    assert cases >= accepted
    assert victim.ask("SELECT DISTINCT state FROM cases") == [("RESOLVED",)]
    decided = victim.ask("SELECT case_id, count(*) FROM decisions GROUP BY case_id")
    assert len(decided) == cases
    assert {count for _, count in decided} == {1}
    runs = victim.ask("SELECT subject, state FROM runs")
    assert len(runs) == len({subject for subject, _ in runs}) == cases
    assert {state for _, state in runs} == {"succeeded"}
    steps = victim.ask("SELECT run_id, step, count(*) FROM run_steps GROUP BY 1, 2")
    assert len(steps) == 5 * cases
    assert {count for *_, count in steps} == {1}
    seqs = [seq for (seq,) in victim.ask("SELECT seq FROM journal ORDER BY seq")]
    assert seqs == list(range(1, len(seqs) + 1))
    ended = victim.count(
        "SELECT count(*) FROM journal WHERE type = 'integritas.run.ended.v1'"
    )
    assert ended == cases
    await check_log(victim, len(seqs))


async def check_log(victim: Victim, entries: int) -> None:
    """Check that the audit log has every entry once, in order, and verifies."""
    database = open_database(victim.url)
    try:
        clock, randomness = SystemClock(), SystemRandomness()
        journal = Journal(database, clock, randomness, IdFactory(clock, randomness))
        trail = AuditTrail(database, journal, victim.state, clock)
        while await trail.follower().catch_up():
            pass
        report = await trail.verify(DEFAULT_TENANT)
        assert report.differences == ()
        assert report.size == entries
    finally:
        database.close()
    told = victim.ask("SELECT event_id FROM audit_entries ORDER BY 1")
    assert told == victim.ask("SELECT event_id FROM journal ORDER BY 1")

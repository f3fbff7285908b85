"""Schedules: each planned time once, whatever happens in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.conformance.stores.conftest import person

from integritas.journal.api import Journal
from integritas.kernel.clock import ManualClock, SystemRandomness
from integritas.kernel.errors import Conflict, InvalidInput, NotFound
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory
from integritas.platform.commands import CANCEL_RUN, START_RUN, Command, CommandQueue
from integritas.platform.db import Database, Transaction
from integritas.workflows.api import (
    CatchUp,
    Overlap,
    RunState,
    RunStore,
    RunView,
    Schedule,
    Schedules,
)

pytestmark = pytest.mark.integration

CONTEXT = person()
THEN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HOURLY = Schedule(DEFAULT_TENANT, "hourly", "w", "0 * * * *")


class Clockwork:
    """Schedules on a database, and a clock that is moved by hand."""

    def __init__(self, database: Database) -> None:
        """Wire the parts."""
        self.database = database
        self.clock = ManualClock(THEN)
        randomness = SystemRandomness()
        self.ids = IdFactory(self.clock, randomness)
        journal = Journal(database, self.clock, randomness, self.ids)
        self.commands = CommandQueue(self.clock, self.ids)
        self.store = RunStore(journal, self.clock)
        self.schedules = Schedules(self.commands, journal, self.clock, self.ids)

    async def create(self, schedule: Schedule = HOURLY, **fields: Any) -> Schedule:
        """Keep a schedule."""
        made = replace(schedule, **fields)
        return await self.database.transact(
            lambda tx: self.schedules.create(tx, CONTEXT, made)
        )

    async def after(self, **passed: float) -> list[Command]:
        """Let time pass, fire, and return what was asked for."""
        self.clock.advance(timedelta(**passed).total_seconds())
        await self.database.transact(self.schedules.fire)
        return await self.asked()

    async def asked(self) -> list[Command]:
        """Return the commands that wait."""
        kinds = (START_RUN, CANCEL_RUN)
        return list(
            await self.database.read(
                lambda tx: self.commands.due(tx, kinds, limit=1_000)
            )
        )

    async def take(self) -> None:
        """Start what was asked for, as an engine would."""

        def work(tx: Transaction) -> None:
            commands = self.commands.due(tx, (START_RUN, CANCEL_RUN), limit=1_000)
            views = [self._view(c) for c in commands if c.kind == START_RUN]
            self.store.start(tx, [(CONTEXT, view) for view in views])
            self.commands.remove(tx, commands)

        await self.database.transact(work)

    def _view(self, command: Command) -> RunView:
        return RunView(
            tenant=command.tenant,
            id=command.payload["run"],
            workflow="w",
            version=1,
            subject=command.subject,
            state=RunState.RUNNING,
            input={},
            correlation_id="c",
            created_at=self.clock.now(),
        )

    async def schedule(self) -> Schedule:
        """Return the schedule as kept."""
        return await self.database.read(
            lambda tx: self.schedules.get(tx, DEFAULT_TENANT, "hourly")
        )


def planned(commands: list[Command]) -> list[str]:
    """Return the times that runs are asked for."""
    return [
        c.payload["input"]["planned_at"][11:16] for c in commands if c.kind == START_RUN
    ]


@pytest.fixture
def clockwork(database: Database) -> Clockwork:
    """Return schedules on an empty database."""
    return Clockwork(database)


async def test_a_planned_time_is_done_once(clockwork: Clockwork) -> None:
    made = await clockwork.create()
    assert made.next_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert await clockwork.after(minutes=29, seconds=59) == []
    assert planned(await clockwork.after(seconds=1)) == ["10:00"]
    assert planned(await clockwork.after(seconds=0)) == ["10:00"]
    kept = await clockwork.schedule()
    assert kept.next_at == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert kept.last_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    [command] = await clockwork.asked()
    assert kept.last_run_id == command.payload["run"]


async def test_a_firing_that_is_not_committed_is_done_again(
    clockwork: Clockwork,
) -> None:
    await clockwork.create()
    clockwork.clock.advance(1_800)

    def broken(tx: Transaction) -> None:
        clockwork.schedules.fire(tx)
        raise KeyError("killed before the commit")

    with pytest.raises(KeyError):
        await clockwork.database.transact(broken)
    assert await clockwork.asked() == []
    assert planned(await clockwork.after(minutes=5)) == ["10:00"]


@pytest.mark.parametrize(
    ("catch_up", "times"),
    [
        (CatchUp.ONE, ["13:00"]),
        (CatchUp.ALL, ["10:00", "11:00", "12:00", "13:00"]),
        (CatchUp.SKIP, []),
    ],
)
async def test_what_was_missed_is_caught_up_by_policy(
    clockwork: Clockwork, catch_up: CatchUp, times: list[str]
) -> None:
    await clockwork.create(catch_up=catch_up, overlap=Overlap.ALLOW)
    assert planned(await clockwork.after(hours=4)) == times
    on_time = await clockwork.after(minutes=30, seconds=2)
    assert planned(on_time) == [*times, "14:00"]


async def test_a_year_is_caught_up_with_the_latest_hundred(
    clockwork: Clockwork,
) -> None:
    minutely: dict[str, Any] = {"cron": "* * * * *", "overlap": Overlap.ALLOW}
    await clockwork.create(catch_up=CatchUp.ALL, **minutely)
    commands = await clockwork.after(days=365)
    assert len(commands) == 100
    assert planned(commands)[-1] == "09:30"


@pytest.mark.parametrize(
    ("overlap", "kinds"),
    [
        (Overlap.ALLOW, [START_RUN]),
        (Overlap.SKIP, []),
        (Overlap.CANCEL, [CANCEL_RUN, START_RUN]),
    ],
)
async def test_a_run_still_under_way(
    clockwork: Clockwork, overlap: Overlap, kinds: list[str]
) -> None:
    await clockwork.create(overlap=overlap)
    await clockwork.after(minutes=30)
    await clockwork.take()
    assert [c.kind for c in await clockwork.after(hours=1)] == kinds


async def test_a_run_that_has_not_begun_is_under_way_too(
    clockwork: Clockwork,
) -> None:
    await clockwork.create()
    assert len(await clockwork.after(minutes=30)) == 1
    assert len(await clockwork.after(hours=1)) == 1


async def test_a_paused_schedule_does_nothing_and_catches_nothing_up(
    clockwork: Clockwork,
) -> None:
    await clockwork.create(catch_up=CatchUp.ALL)

    async def pause(*, paused: bool) -> Schedule:
        return await clockwork.database.transact(
            lambda tx: clockwork.schedules.pause(tx, CONTEXT, "hourly", paused=paused)
        )

    assert (await pause(paused=True)).paused
    assert await clockwork.after(hours=5) == []
    assert not (await pause(paused=False)).paused
    assert await clockwork.after(minutes=1) == []
    assert planned(await clockwork.after(minutes=30)) == ["15:00"]


async def test_times_are_those_of_the_zone_through_summer_time(
    clockwork: Clockwork,
) -> None:
    daily: dict[str, Any] = {"cron": "30 6 * * *", "time_zone": "Europe/Berlin"}
    made = await clockwork.create(**daily)
    assert made.next_at == datetime(2026, 3, 3, 5, 30, tzinfo=UTC)
    await clockwork.after(days=26)
    kept = await clockwork.schedule()
    assert kept.next_at == datetime(2026, 3, 29, 4, 30, tzinfo=UTC)  # summer


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"cron": "61 * * * *"}, "cron"),
        ({"cron": "every day"}, "cron"),
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../etc"}, "time_zone"),
    ],
)
async def test_times_that_cannot_be_understood_are_named(
    clockwork: Clockwork, fields: dict[str, Any], path: str
) -> None:
    with pytest.raises(InvalidInput) as told:
        await clockwork.create(**fields)
    [error] = told.value.errors
    assert error.path == path
    assert error.remedy


async def test_a_name_is_taken_once_and_free_when_deleted(
    clockwork: Clockwork,
) -> None:
    await clockwork.create()
    with pytest.raises(Conflict):
        await clockwork.create()
    database, schedules = clockwork.database, clockwork.schedules
    await database.transact(lambda tx: schedules.delete(tx, CONTEXT, "hourly"))
    with pytest.raises(NotFound):
        await clockwork.schedule()
    await clockwork.create()

"""Waiting ends when nothing moves and something failed, not before."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from integritas.cli.waiting import Watch, unfinished
from integritas.kernel.errors import IntegrityViolation, StorageFailure
from integritas.kernel.ids import DEFAULT_TENANT


@dataclass
class Part:
    name: str = "audit"
    why: str | None = None
    error: Exception | None = None

    async def ping(self) -> str | None:
        return self.why


@dataclass
class Platform:
    engine: Part | None = field(default_factory=Part)
    database: Part = field(default_factory=Part)
    followers: list[Part] = field(default_factory=lambda: [Part()])


def watch(platform: Any, *, patience_s: float = 0, deadline_s: float = 60) -> Watch:
    return Watch(platform, "work", patience_s=patience_s, deadline_s=deadline_s)


async def test_what_is_well_may_take_its_time() -> None:
    await watch(Platform()).check(3)
    await watch(Platform(engine=None)).check(3)


@pytest.mark.parametrize(
    "platform",
    [
        Platform(engine=Part(why="broken")),
        Platform(database=Part(why="broken")),
        Platform(followers=[Part(error=OSError("broken"))]),
    ],
    ids=["engine", "database", "follower"],
)
async def test_what_fails_ends_the_waiting(platform: Platform) -> None:
    with pytest.raises(StorageFailure, match=r"work does not end: .*broken"):
        await watch(platform).check(3)


async def test_what_fails_and_comes_back_does_not() -> None:
    platform = Platform(engine=Part(why="broken"))
    patient = watch(platform, patience_s=60)
    await patient.check(3)
    await patient.check(3)


async def test_a_failure_is_forgotten_when_work_moves() -> None:
    engine = Part(why="broken")
    patient = watch(Platform(engine), patience_s=60)
    await patient.check(3)
    engine.why = None
    await patient.check(2)
    impatient = watch(Platform(engine))
    await impatient.check(3)
    await impatient.check(2)


async def test_a_log_that_is_not_sound_ends_it_at_once() -> None:
    platform = Platform(followers=[Part(error=IntegrityViolation("rolled back"))])
    with pytest.raises(IntegrityViolation, match="rolled back"):
        await watch(platform, patience_s=60).check(3)


async def test_there_is_a_deadline() -> None:
    with pytest.raises(StorageFailure, match="3 left"):
        await watch(Platform(), deadline_s=0).check(3)


class Eager:
    """A platform whose engine takes the command as soon as anybody has looked."""

    def __init__(self) -> None:
        self.workflows = self
        self.taken = False

    async def waiting_commands(self) -> int:
        return self._look(waiting=True)

    async def runs(self, _tenant: str, **_: object) -> list[Any]:
        return [SimpleNamespace(subject="case_1")] * self._look(waiting=False)

    def _look(self, *, waiting: bool) -> int:
        seen, self.taken = int(self.taken != waiting), True
        return seen


async def test_what_is_taken_while_one_counts_is_not_missed() -> None:
    platform: Any = Eager()
    assert await unfinished(platform, DEFAULT_TENANT, {"case_1"}) > 0
    assert await unfinished(platform, DEFAULT_TENANT, {"case_2"}) == 0

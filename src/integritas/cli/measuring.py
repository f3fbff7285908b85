"""What `integritas bench` and bench/engine measure of our own engine: one harness.

Times run from the submission to the durable end: the moment a commit that ended the run
is on disk, noted on the writer's thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from integritas.bootstrap import Platform, bootstrap
from integritas.cases.api import NewEvidence, NewSubmission, Opened, Transition
from integritas.cli.figures import at_share, figures
from integritas.kernel.contracts import Actor, Context
from integritas.kernel.evidence import content_digest, parse_evidence
from integritas.kernel.ids import DEFAULT_TENANT, CaseId
from integritas.kernel.states import ActorKind, CaseState
from integritas.migrations.api import migrate
from integritas.platform.config import load_settings
from integritas.platform.db import open_database
from integritas.platform.runtime import tune_runtime
from integritas.samples.api import generate, synthetic_watchlist
from integritas.workflows.api import (
    Call,
    Definition,
    Definitions,
    Intake,
    OperationSpec,
    Registry,
    RunEnded,
    RunStore,
    Step,
    StepDone,
    TemporalServer,
    WorkflowDesk,
    make_engine,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from integritas.platform.db import Transaction

__all__ = [
    "BENCH_CONTEXT",
    "Timings",
    "at_rate",
    "generated",
    "open_platform",
    "services",
    "transitions_in_batches",
    "transitions_one_by_one",
    "trivial",
]

BATCH: Final = 1_000
BENCH_CONTEXT: Final = Context(
    DEFAULT_TENANT, Actor("platform:bench", ActorKind.PERSON), "bench"
)
_SERVICES: Final = ("spam", "anticorruption", "compliance")
_TRIVIAL: Final = Definition(
    name="bench",
    version=1,
    steps=(
        Step("intake", "bench.intake"),
        *(Step(name, f"bench.{name}", after=("intake",)) for name in _SERVICES),
        Step("decide", "bench.decide", after=_SERVICES),
    ),
)
_RESULT: Final = {"text": "x" * 180}


@dataclass(slots=True)
class Timings:
    """Seconds that runs took, and that all of them took together."""

    taken_s: list[float] = field(default_factory=list)
    whole_s: float = 0.0
    lag_s: list[float] = field(default_factory=list)
    """How long entries of the journal waited for the audit log."""

    def figures(self) -> dict[str, float]:
        """Return quantiles in ms and runs a second, and the log's lag if known."""
        found = figures(self.taken_s, self.whole_s)
        if self.lag_s:
            ordered = sorted(lag * 1_000 for lag in self.lag_s)
            found["audit_lag_p50_ms"] = round(at_share(ordered, 0.50), 2)
            found["audit_lag_p99_ms"] = round(at_share(ordered, 0.99), 2)
        return found


@asynccontextmanager
async def open_platform(url: str | None = None) -> AsyncIterator[Platform]:
    """Open the platform on an empty database, a fresh SQLite file by default."""
    with TemporaryDirectory(prefix="integritas-bench-") as folder:
        path = Path(folder)
        if url is not None:
            _migrate(url)
        settings = load_settings(
            state_dir=path, database_url=url or f"sqlite:///{folder}/bench.db"
        )
        platform = bootstrap(settings, lists=[synthetic_watchlist(path / "lists")])
        tune_runtime()
        try:
            yield platform
        finally:
            await platform.stop()


def _migrate(url: str) -> None:
    database = open_database(url)
    try:
        migrate(database)
    finally:
        database.close()


# Trivial steps --------------------------------------------------------------------


class _Ends:
    """Notes when runs end durably; satisfies `workflows.api.Effects`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._at: dict[str, float] = {}
        self._waiting: dict[str, asyncio.Future[float]] = {}

    def apply(
        self, tx: Transaction, done: Sequence[StepDone], ended: Sequence[RunEnded], /
    ) -> None:
        del done
        if ended:
            ids = [end.run_id for end in ended]
            tx.after_commit(lambda: self._note(ids))

    async def of(self, run_id: str) -> float:
        """Return when a run ended."""
        if run_id in self._at:
            return self._at.pop(run_id)
        waiting: asyncio.Future[float] = self._loop.create_future()
        self._waiting[run_id] = waiting
        return await waiting

    def _note(self, ids: Sequence[str]) -> None:
        self._loop.call_soon_threadsafe(self._tell, ids, time.perf_counter())

    def _tell(self, ids: Sequence[str], now: float) -> None:
        for run_id in ids:
            waiting = self._waiting.pop(run_id, None)
            if waiting is None:
                self._at[run_id] = now
            else:
                waiting.set_result(now)


@dataclass(frozen=True, slots=True)
class _Bed:
    desk: WorkflowDesk
    ends: _Ends

    async def one(self, number: int, began: float | None = None) -> float:
        """Carry one run; return the seconds from its submission to its durable end."""
        begins = time.perf_counter() if began is None else began
        run_id = await self.desk.start(BENCH_CONTEXT, "bench", subject=f"b{number}")
        ended = await self.ends.of(run_id)
        return ended - begins


@asynccontextmanager
async def _bed(
    platform: Platform, server: TemporalServer | None = None
) -> AsyncIterator[_Bed]:
    async def operation(calls: Sequence[Call], /) -> Sequence[Any]:
        return [_RESULT] * len(calls)

    registry = Registry()
    for name in ("intake", *_SERVICES, "decide"):
        registry.register(OperationSpec(name=f"bench.{name}", call=operation))
    kit, database = platform.kit, platform.database
    store = RunStore(platform.journal, kit.clock)
    parts: dict[str, Any] = {
        "database": database,
        "store": store,
        "definitions": Definitions(registry, store, shipped=[_TRIVIAL]),
        "commands": platform.commands,
    }
    ends = _Ends()
    engine = make_engine(
        server,
        **parts,
        intake=Intake(**parts, clock=kit.clock, ids=kit.ids),
        effects=ends,
        clock=kit.clock,
        randomness=kit.randomness,
    )
    await engine.start()
    try:
        yield _Bed(WorkflowDesk(**parts, journal=platform.journal, ids=kit.ids), ends)
    finally:
        await engine.stop()


async def trivial(
    platform: Platform,
    runs: int,
    in_flight: int | None = None,
    server: TemporalServer | None = None,
) -> Timings:
    """Carry runs of five trivial steps, all at once or `in_flight` at a time.

    With a `server`, Temporal carries them.
    """
    timings = Timings()
    numbers = iter(range(runs))
    async with _bed(platform, server) as bed:
        began = time.perf_counter()
        at_once = in_flight is None or in_flight >= runs

        async def carry(numbers: Iterator[int]) -> None:
            for number in numbers:
                start = began if at_once else None
                timings.taken_s.append(await bed.one(number, start))

        await asyncio.gather(*(carry(numbers) for _ in range(in_flight or runs)))
        timings.whole_s = time.perf_counter() - began
    return timings


async def at_rate(platform: Platform, runs: int, runs_per_s: float) -> Timings:
    """Submit runs at a steady rate, whether or not those before have ended.

    Each is timed from when it was due, so that a queue shows (no coordinated omission).
    """
    async with _bed(platform) as bed:
        began = time.perf_counter()
        tasks = []
        for number in range(runs):
            due = began + number / runs_per_s
            pause = due - time.perf_counter()
            if pause > 0 or number % 64 == 0:
                await asyncio.sleep(max(0.0, pause))
            tasks.append(asyncio.create_task(bed.one(number, due)))
        taken = list(await asyncio.gather(*tasks))
        return Timings(taken, time.perf_counter() - began)


# The services ---------------------------------------------------------------------


def generated(count: int) -> Sequence[NewSubmission]:
    """Return invented submissions, the same every time."""
    return [_submission(sample.evidence) for sample in generate(1, count)]


async def services(platform: Platform, submissions: Sequence[NewSubmission]) -> Timings:
    """Open cases all at once and carry them with the services and the audit log."""
    ended: list[float] = []
    platform.effects.watch(lambda count: ended.extend([time.perf_counter()] * count))
    await platform.start()
    watch = _Lag(platform)
    watching = asyncio.create_task(watch.run())
    began = time.perf_counter()
    await asyncio.gather(*(platform.cases.open(BENCH_CONTEXT, s) for s in submissions))
    while len(ended) < len(submissions):
        await platform.journal.wait(0.05)
    whole_s = max(ended) - began
    await watch.settle()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    return Timings([end - began for end in ended], whole_s, watch.lags())


class _Lag:
    """Looks at the journal's head and the log's cursor, again and again."""

    EVERY_S: Final = 0.02

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._heads: list[tuple[float, int]] = []
        self._cursors: list[tuple[float, int]] = []

    async def run(self) -> None:
        while True:
            await self._look()
            await asyncio.sleep(self.EVERY_S)

    async def settle(self) -> None:
        """Wait until the log has everything."""
        behind = 1
        while behind:
            behind = await self._look()
            await asyncio.sleep(self.EVERY_S)

    async def _look(self) -> int:
        [follower] = [f for f in self._platform.followers if f.name == "audit"]
        head = await self._platform.journal.head(DEFAULT_TENANT)
        behind = await follower.lag(DEFAULT_TENANT)
        now = time.perf_counter()
        self._heads.append((now, head))
        self._cursors.append((now, head - behind))
        return behind

    def lags(self) -> list[float]:
        """Return for each new head how long until the log had all up to it."""
        found, last = [], 0
        for at, head in self._heads:
            if head > last:
                reached = (t for t, cursor in self._cursors if cursor >= head)
                found.append(next(reached, at) - at)
                last = head
        return found


# The lifecycle --------------------------------------------------------------------


async def _opened(platform: Platform, count: int) -> Sequence[CaseId]:
    submission = _submission(({"kind": "message", "raw": "hello"},))
    opened: list[Opened] = []
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        opened += await platform.cases.open_many(BENCH_CONTEXT, [submission] * size)
    return [CaseId(one.case.id) for one in opened]


async def transitions_in_batches(platform: Platform, count: int) -> float:
    """Return durable transitions a second, a thousand in each call."""
    cases = await _opened(platform, max(1, count // 2))
    began = time.perf_counter()
    for to in (CaseState.INVESTIGATING, CaseState.VALIDATING):
        for start in range(0, len(cases), BATCH):
            await platform.cases.change_many(
                [
                    (BENCH_CONTEXT, c, Transition(to=to))
                    for c in cases[start : start + BATCH]
                ]
            )
    return round(2 * len(cases) / (time.perf_counter() - began), 1)


async def transitions_one_by_one(platform: Platform, count: int) -> float:
    """Return durable transitions a second, each its own call from a task of its own."""
    cases = await _opened(platform, max(1, count // 2))
    began = time.perf_counter()
    for to in (CaseState.INVESTIGATING, CaseState.VALIDATING):
        move = Transition(to=to)
        await asyncio.gather(
            *(platform.cases.change(BENCH_CONTEXT, c, move) for c in cases)
        )
    return round(2 * len(cases) / (time.perf_counter() - began), 1)


def _submission(evidence: Sequence[dict[str, Any]]) -> NewSubmission:
    contents = [parse_evidence(item) for item in evidence]
    items = tuple(NewEvidence(c, content_digest(c)) for c in contents)
    return NewSubmission(channel="api", evidence=items, title="bench")

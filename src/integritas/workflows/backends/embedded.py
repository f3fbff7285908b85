"""The embedded engine: runs in memory, their journal in the database.

No task a step: what is ready, of all runs, goes to its operation as one batch, and what
came of it is queued to the one writer in order. A run's next step does not wait for
the disk; only its end does. So a crash leaves a prefix of what happened, and the run
goes on from there: every step's result is kept once, while an operation may be called
again for a step whose result had not reached the disk.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import IntegritasError
from integritas.kernel.ids import RunId, TenantId
from integritas.platform.db import Chain, Database, Transaction
from integritas.workflows.backends.active import ActiveRun, StepRow, Task, failure_of
from integritas.workflows.backends.calls import call_operation
from integritas.workflows.backends.recovery import recover
from integritas.workflows.engine import Effects, RunEnded, StepDone
from integritas.workflows.model import RunState
from integritas.workflows.ownership import Ownership
from integritas.workflows.retry import delay_s, retries
from integritas.workflows.store import Attempt, RunEnd

if TYPE_CHECKING:
    from datetime import datetime

    from integritas.kernel.clock import Clock, Randomness
    from integritas.platform.commands import CommandQueue
    from integritas.workflows.backends.intake import Intake, Taken
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.registry import OperationSpec
    from integritas.workflows.store import RunStore

__all__ = ["EmbeddedEngine"]

POLL_S: Final = 0.2
GATHER_S: Final = 0.002
"""How long rows of runs that go on may wait for more: only an end is waited for."""
GATHER_RUNS: Final = 256
RESTART_S: Final = 0.5
MAX_ACTIVE: Final = 10_000
_LOG = structlog.get_logger(__name__)

Key = tuple[TenantId, RunId]


@dataclass(slots=True)
class _Memory:
    """Everything that a restart forgets and rebuilds from the database."""

    runs: dict[Key, ActiveRun] = field(default_factory=dict)
    subjects: dict[tuple[TenantId, str], list[Key]] = field(default_factory=dict)
    ready: dict[str, deque[Task]] = field(default_factory=dict)
    calling: dict[str, int] = field(default_factory=dict)
    timers: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    changed: dict[Key, ActiveRun] = field(default_factory=dict)
    """Runs that the engine has to look at."""
    unwritten: dict[Key, ActiveRun] = field(default_factory=dict)
    """Runs of which something is to be written, since `unwritten_at`."""
    unwritten_at: float = 0.0
    ending: bool = False
    """Whether one of them has ended: somebody may wait for that."""
    done: list[StepDone] = field(default_factory=list)
    chain: Chain = field(default_factory=Chain)

    def add(self, key: Key, run: ActiveRun) -> None:
        """Hold a run."""
        self.runs[key] = run
        self.subjects.setdefault((key[0], run.seed.subject), []).append(key)

    def remove(self, key: Key) -> ActiveRun | None:
        """Let a run go, None if it is not held."""
        run = self.runs.pop(key, None)
        if run is not None:
            about = key[0], run.seed.subject
            keys = self.subjects[about]
            keys.remove(key)
            if not keys:
                del self.subjects[about]
        return run


class EmbeddedEngine:
    """Satisfies `workflows.engine.Engine` on one database it owns."""

    def __init__(
        self,
        *,
        database: Database,
        store: RunStore,
        definitions: Definitions,
        commands: CommandQueue,
        intake: Intake,
        effects: Effects,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        """Take the parts; bootstrap wires them."""
        self._database = database
        self._store = store
        self._definitions = definitions
        self._commands = commands
        self._intake = intake
        self._effects = effects
        self._clock = clock
        self._randomness = randomness
        self._ownership = Ownership(database)
        self._memory = _Memory()
        self._wake = asyncio.Event()
        self._inbox = True
        self._next_poll = 0.0
        self._task: asyncio.Task[None] | None = None
        self._taking: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()
        self._commits: set[asyncio.Future[None]] = set()
        self._stopping = False
        self._broken: BaseException | None = None
        self._numbers = itertools.count()

    # The engine protocol ---------------------------------------------------------

    async def start(self) -> None:
        """Take ownership, go on with unfinished runs, begin to take commands."""
        self._ownership.take()
        try:
            await self._recover()
        except BaseException:
            self._ownership.release()
            raise
        self._stopping = False
        self._task = asyncio.create_task(self._forever(), name="engine")

    async def stop(self) -> None:
        """Let the calls under way end, write what came of them, release ownership."""
        self._stopping = True
        self._wake.set()
        try:
            if self._task is not None:
                await self._task
        finally:
            self._task = None
            self._ownership.release()

    async def ping(self) -> str | None:
        """Return None if the engine is at work, else why not."""
        if self._task is None or self._task.done():
            return "the engine is not running"
        if self._broken is not None:
            return f"the engine cannot write: {self._broken}"
        return None

    @property
    def active(self) -> int:
        """Return how many runs are in flight."""
        return len(self._memory.runs)

    # The loop --------------------------------------------------------------------

    async def _forever(self) -> None:
        stop_listening = self._commands.listen(self._notice)
        try:
            while not self._stopping:
                try:
                    await self._tick()
                except Exception as error:  # noqa: BLE001 - one run must not stop all
                    await self._restart(error)
            await self._drain()
        finally:
            stop_listening()

    async def _tick(self) -> None:
        if self._broken is not None:
            raise self._broken
        self._fire_timers()
        self._advance()
        self._take_commands()  # after: what is done by now is written before the next
        alarm = asyncio.get_running_loop().call_later(self._idle_s(), self._wake.set)
        await self._wake.wait()
        alarm.cancel()
        self._wake.clear()

    def _idle_s(self) -> float:
        due = self._clock.monotonic() + POLL_S
        if self._memory.timers:
            due = min(due, self._memory.timers[0][0])
        if self._memory.unwritten and self._taking is None:
            due = min(due, self._memory.unwritten_at + GATHER_S)
        return max(0.0, due - self._clock.monotonic())

    async def _drain(self) -> None:
        """Let calls end and rows reach the disk; runs go on at the next start."""
        while under_way := [*self._batches, *self._taking_now()]:
            await asyncio.wait(under_way)
        self._gather()
        self._flush()
        while self._commits:
            await asyncio.wait(self._commits)

    async def _restart(self, error: BaseException) -> None:
        """Forget memory, which is ahead of the disk, and go on from the disk."""
        _LOG.error("engine.restarting", exc_info=error)
        self._broken = error
        for batch in self._batches:
            batch.cancel()
        await asyncio.gather(*self._batches, return_exceptions=True)
        await asyncio.gather(*self._commits, return_exceptions=True)
        await asyncio.gather(*self._taking_now(), return_exceptions=True)
        while not self._stopping:
            # Before every try: what broke it once may break it again at once.
            await asyncio.sleep(RESTART_S)
            try:
                await self._recover()
            except Exception as again:  # noqa: BLE001 - tried until it works
                self._broken = again
            else:
                return

    async def _recover(self) -> None:
        runs = await recover(self._database, self._store, self._definitions)
        self._memory, self._broken = _Memory(), None
        for run in runs:
            self._add(run)
        if runs:
            _LOG.info("engine.recovered", runs=len(runs))
        self._advance()

    # Commands --------------------------------------------------------------------

    def _notice(self) -> None:
        self._inbox = True
        self._wake.set()

    def _take_commands(self) -> None:
        """Take commands if there may be some: told so, or it is time to look.

        Calls go on meanwhile. Nothing is written of the runs in flight: a command may
        end them.
        """
        now = self._clock.monotonic()
        if self._taking is None and (self._inbox or now >= self._next_poll):
            told, self._inbox, self._next_poll = self._inbox, False, now + POLL_S
            self._taking = asyncio.create_task(self._take(self._memory, told=told))
            self._taking.add_done_callback(self._took)

    def _taking_now(self) -> Sequence[asyncio.Task[None]]:
        return [] if self._taking is None else [self._taking]

    async def _take(self, memory: _Memory, *, told: bool) -> None:
        room = MAX_ACTIVE - len(memory.runs)
        taken = await self._intake.take(memory.subjects, limit=room, told=told)
        if memory is not self._memory:
            return  # the engine restarted meanwhile, and finds on disk what was taken
        self._apply(taken)
        if taken.more:
            self._notice()

    def _took(self, taking: asyncio.Task[None]) -> None:
        self._taking = None
        self._batch_ended(taking)
        self._wake.set()

    def _apply(self, taken: Taken) -> None:
        for tenant, subject, spared in taken.dropped:
            for key in list(self._memory.subjects.get((tenant, subject), ())):
                if key[1] not in spared:
                    self._forget(key, "ended with its subject")
        for key in taken.cancelled:
            self._forget(key, "cancelled")
        for run in taken.started:
            run.begin()
            self._add(run)
        for key, name, payload in taken.signals:
            signalled = self._memory.runs.get(key)
            if signalled is not None:
                signalled.signalled(name, payload)
                self._memory.changed[key] = signalled

    def _forget(self, key: Key, cause: str) -> None:
        """Drop a run that has ended on disk, and what was not written of it."""
        memory = self._memory
        run = memory.remove(key)
        if run is not None:
            run.end(RunState.CANCELLED, cause)
            memory.changed.pop(key, None)
            memory.unwritten.pop(key, None)
            memory.done = [done for done in memory.done if done.run_id != key[1]]

    def _add(self, run: ActiveRun) -> None:
        key = _key(run)
        self._memory.add(key, run)
        self._memory.changed[key] = run
        timeout_s = run.plan.definition.timeout_s
        if timeout_s is not None:
            age = (self._clock.now() - run.seed.created_at).total_seconds()
            self._later(timeout_s - age, lambda: self._time_out(key))

    def _time_out(self, key: Key) -> None:
        run = self._memory.runs.get(key)  # not held: a timer may outlive its run
        if run is not None:
            limit = run.plan.definition.timeout_s
            run.end(RunState.FAILED, f"the run did not end within {limit:g} s")
            self._memory.changed[key] = run

    # Steps -----------------------------------------------------------------------

    def _advance(self) -> None:
        """Write what is done and dispatch what is ready, until nothing is either."""
        self._gather()
        memory = self._memory
        if self._taking is None and (
            memory.ending
            or len(memory.unwritten) >= GATHER_RUNS
            or self._clock.monotonic() >= memory.unwritten_at + GATHER_S
        ):
            self._flush()
        for name, queue in memory.ready.items():
            while queue and memory.calling.get(name, 0) < queue[0].spec.concurrency:
                self._dispatch(queue)

    def _gather(self) -> None:
        """Take from the runs that changed what is to be called and written."""
        memory = self._memory
        if not memory.changed:
            return
        if not memory.unwritten:
            memory.unwritten_at = self._clock.monotonic()
        for key, run in memory.changed.items():
            for task in run.take_tasks():
                memory.ready.setdefault(task.spec.name, deque()).append(task)
            for index in run.waiting:
                self._watch_signal(run, index)
            memory.unwritten[key] = run
            if run.state is not RunState.RUNNING:
                memory.ending = True
        memory.changed.clear()

    def _watch_signal(self, run: ActiveRun, index: int) -> None:
        step, key = run.plan.steps[index], _key(run)
        if index in run.waiting_since:
            return
        run.waiting_since[index] = self._clock.now()

        def fire() -> None:
            waiting = self._memory.runs.get(key)
            if waiting is not None:
                waiting.timed_out(index)
                self._memory.changed[key] = waiting

        self._later(step.timeout_s, fire)

    def _dispatch(self, queue: deque[Task]) -> None:
        spec, timeout_s = queue[0].spec, queue[0].timeout_s
        batch: list[Task] = []
        while queue and len(batch) < spec.max_batch and queue[0].timeout_s == timeout_s:
            task = queue.popleft()
            if task.run.state is RunState.RUNNING:
                batch.append(task)
        if not batch:
            return
        now = self._clock.now()
        for task in batch:
            task.started_at = now
        self._memory.calling[spec.name] = self._memory.calling.get(spec.name, 0) + 1
        call = asyncio.create_task(self._call(self._memory, spec, batch, timeout_s))
        self._batches.add(call)
        call.add_done_callback(self._batch_ended)

    async def _call(
        self,
        memory: _Memory,
        spec: OperationSpec,
        batch: Sequence[Task],
        timeout_s: float,
    ) -> None:
        calls, callable_ = [], []
        for task in batch:
            try:
                calls.append(task.call())
            except IntegritasError as error:
                self._failed(task, failure_of(error))
            else:
                callable_.append(task)
        answers = await call_operation(spec, calls, timeout_s) if calls else []
        if memory is not self._memory:
            return  # the engine restarted meanwhile: these runs are not its own
        memory.calling[spec.name] -= 1
        for task, answer in zip(callable_, answers, strict=True):
            if task.run.state is RunState.RUNNING:
                self._answered(task, answer)
        self._wake.set()

    def _batch_ended(self, call: asyncio.Task[None]) -> None:
        self._batches.discard(call)
        if not call.cancelled() and (error := call.exception()) is not None:
            self._broken = error
            self._wake.set()

    def _answered(self, task: Task, answer: tuple[Any, bytes] | Failure) -> None:
        try:
            if isinstance(answer, Failure):
                self._failed(task, answer)
            else:
                self._succeeded(task, *answer)
        except Exception as error:  # noqa: BLE001 - a codec's view may raise anything
            _LOG.exception("engine.run_broken", run=task.run.seed.id)
            task.run.end(RunState.FAILED, f"step {task.name} broke its run: {error!r}")
            self._changed(task)

    def _succeeded(self, task: Task, result: Any, encoded: bytes) -> None:  # noqa: ANN401
        task.run.succeeded(task, result, encoded)
        self._changed(task)
        if not task.undo:
            self._memory.done.append(_done(task, result))

    def _failed(self, task: Task, failure: Failure) -> None:
        policy = task.run.plan.steps[task.index].retry
        again = retries(policy, task.attempt, failure)
        task.run.failed(task, failure, again=again)
        self._changed(task)
        if again:
            pause = delay_s(policy, task.attempt, self._randomness)
            self._later(pause, lambda: self._retry(task))
        elif not task.undo:
            self._memory.done.append(_done(task, failure))

    def _retry(self, task: Task) -> None:
        task.run.retry(task)
        self._changed(task)

    def _changed(self, task: Task) -> None:
        self._memory.changed[_key(task.run)] = task.run

    # Timers ----------------------------------------------------------------------

    def _later(self, delay: float, action: Callable[[], None]) -> None:
        due = self._clock.monotonic() + max(0.0, delay)
        heapq.heappush(self._memory.timers, (due, next(self._numbers), action))

    def _fire_timers(self) -> None:
        timers, now = self._memory.timers, self._clock.monotonic()
        while timers and timers[0][0] <= now:
            heapq.heappop(timers)[2]()

    # Writing ---------------------------------------------------------------------

    def _flush(self) -> None:
        """Queue what is done to the writer, in order; nobody waits here."""
        memory = self._memory
        attempts: list[Attempt] = []
        ended: list[RunEnded] = []
        now = self._clock.now()
        for key, run in memory.unwritten.items():
            attempts.extend(self._attempt(row, now) for row in run.take_rows())
            if run.state is not RunState.RUNNING and memory.remove(key) is not None:
                ended.append(_ended(run))
        done, memory.done = memory.done, []
        memory.unwritten.clear()
        memory.ending = False
        if attempts or done or ended:
            future = self._database.enqueue(
                lambda tx: self._write(tx, attempts, done, ended), chain=memory.chain
            )
            self._commits.add(future)
            future.add_done_callback(self._committed)

    def _attempt(self, row: StepRow, now: datetime) -> Attempt:
        seed = row.run.seed
        return Attempt(
            tenant=seed.tenant,
            run_id=seed.id,
            step=row.name,
            attempt=row.attempt,
            state=row.state,
            result=row.result,
            error=row.error,
            started_at=row.started_at or now,
            ended_at=now,
        )

    def _write(
        self,
        tx: Transaction,
        attempts: Sequence[Attempt],
        done: Sequence[StepDone],
        ended: Sequence[RunEnded],
    ) -> None:
        self._store.append(tx, attempts)
        ends = [RunEnd(e.context, e.run_id, e.subject, e.state, e.cause) for e in ended]
        really = self._store.end(tx, ends)
        ids = {end.run_id for end in really}
        self._effects.apply(tx, done, [e for e in ended if e.run_id in ids])
        self._store.record_ends(tx, really)

    def _committed(self, future: asyncio.Future[None]) -> None:
        self._commits.discard(future)
        if not future.cancelled() and (error := future.exception()) is not None:
            self._broken = error
        self._wake.set()


def _key(run: ActiveRun) -> Key:
    return run.seed.tenant, run.seed.id


def _done(task: Task, result: Any) -> StepDone:  # noqa: ANN401 - the operation's own type
    return StepDone(
        context=task.run.context,
        run_id=task.run.seed.id,
        subject=task.run.seed.subject,
        operation=task.spec.name,
        result=result,
    )


def _ended(run: ActiveRun) -> RunEnded:
    return RunEnded(
        context=run.context,
        run_id=run.seed.id,
        subject=run.seed.subject,
        state=run.state,
        cause=run.cause,
    )

"""The embedded engine: runs in memory, their journal in the database.

No task a step: what is ready, of all runs, goes to its operation as one batch, and what
came of it is queued to the one writer in order. A run's next step does not wait for
the disk; only its end does. So a crash leaves a prefix of what happened, and the run
goes on from there: every step's result is kept once, while an operation may be called
again for a step whose result had not reached the disk.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import structlog

from integritas.kernel.contracts import Failure
from integritas.workflows.backends.active import ActiveRun, Task, failure_of
from integritas.workflows.backends.calls import call_operation
from integritas.workflows.backends.children import PARENT_ENDED
from integritas.workflows.backends.family import Family
from integritas.workflows.backends.handover import Handover
from integritas.workflows.backends.intake import SUPERSEDED
from integritas.workflows.backends.isolation import Isolation
from integritas.workflows.backends.limits import RateLimits
from integritas.workflows.backends.listening import Listener
from integritas.workflows.backends.memory import Batch, Key, Memory, done_of, key_of
from integritas.workflows.backends.ready import ReadyQueue
from integritas.workflows.backends.recovery import recover
from integritas.workflows.backends.rehearsal import rehearse
from integritas.workflows.backends.scheduler import Scheduler
from integritas.workflows.backends.timers import wait_of
from integritas.workflows.backends.writing import Writing
from integritas.workflows.model import RunState
from integritas.workflows.ownership import Ownership
from integritas.workflows.pauses import list_pauses
from integritas.workflows.retry import delay_s, retries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from integritas.kernel.clock import Clock, Randomness
    from integritas.platform.commands import CommandQueue
    from integritas.platform.db import Database
    from integritas.workflows.backends.intake import Intake, Taken
    from integritas.workflows.definitions import Definitions
    from integritas.workflows.engine import Effects
    from integritas.workflows.registry import OperationSpec
    from integritas.workflows.schedules import Schedules
    from integritas.workflows.store import RunStore

__all__ = ["EmbeddedEngine"]

POLL_S: Final = 0.2
GATHER_S: Final = 0.002
"""How long rows of runs that go on may wait for more: only an end is waited for."""
GATHER_RUNS: Final = 256
RESTART_S: Final = 0.5
MAX_ACTIVE: Final = 10_000
DROPPED: Final = "its subject ended"
_LOG = structlog.get_logger(__name__)


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
        max_active: int = MAX_ACTIVE,
        schedules: Schedules | None = None,
    ) -> None:
        """Take the parts; bootstrap wires them.

        Of runs that nobody's step began, at most `max_active` are in memory. Where
        there are `schedules`, it fires them.
        """
        self._database = database
        self._store = store
        self._definitions = definitions
        self._commands = commands
        self._intake = intake
        self._effects = effects
        self._clock = clock
        self._randomness = randomness
        self._max_active = max_active
        self._ownership = Ownership(database)
        self._memory = Memory()
        self._limits = RateLimits()
        self._scheduler = (
            None if schedules is None else Scheduler(database, schedules, clock)
        )
        self._family = Family(
            database=database,
            intake=intake,
            memory=lambda: self._memory,
            add=self._add,
            tell=self._tell,
            stop=self._stop_run,
            answer=self._answered,
            follow=self._follow,
        )
        self._handover = Handover(
            commands, intake, room=self._room, deliver=self._begin
        )
        self._writing = Writing(store, effects, clock)
        self._isolation = Isolation(
            database=database,
            writing=self._writing,
            memory=lambda: self._memory,
            follow=self._follow,
        )
        self._wake = asyncio.Event()
        self._inbox = True
        self._next_poll = 0.0
        self._task: asyncio.Task[None] | None = None
        self._taking: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()
        self._commits: set[asyncio.Future[Any]] = set()
        self._stopping = False
        self._broken: BaseException | None = None
        self._told = ""

    # The engine protocol ---------------------------------------------------------

    async def start(self) -> None:
        """Take ownership, go on with unfinished runs, begin to take commands."""
        self._ownership.take()
        try:
            await self._recover()
            await rehearse(self._database, self._store, self._commands)
        except BaseException:
            self._ownership.release()
            raise
        self._stopping = False
        self._handover.open()
        self._task = asyncio.create_task(self._forever(), name="engine")
        if self._scheduler is not None:
            self._scheduler.start()

    async def stop(self) -> None:
        """Let the calls under way end, write what came of them, release ownership."""
        if self._scheduler is not None:
            await self._scheduler.stop()
        self._stopping = True
        self._handover.close()
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

    @property
    def waiting(self) -> int:
        """Return how many calls wait for a place at their operation."""
        return sum(map(len, self._memory.ready.values()))

    # The loop --------------------------------------------------------------------

    async def _forever(self) -> None:
        stop_listening = self._commands.listen(self._notice)
        loop = asyncio.get_running_loop()
        listener = Listener(self._database, loop, self._notice)
        listener.start()
        try:
            while not self._stopping:
                try:
                    await self._tick()
                except Exception as error:  # noqa: BLE001 - one run must not stop all
                    await self._restart(error)
            await self._drain()
        finally:
            stop_listening()
            await asyncio.to_thread(listener.stop)

    async def _tick(self) -> None:
        if self._broken is not None:
            raise self._broken
        self._memory.alarms.fire(self._clock.monotonic())
        self._advance()
        self._take_commands()  # after: what is done by now is written before the next
        alarm = asyncio.get_running_loop().call_later(self._idle_s(), self._wake.set)
        await self._wake.wait()
        alarm.cancel()
        self._wake.clear()

    def _idle_s(self) -> float:
        due = self._clock.monotonic() + POLL_S
        if (alarm := self._memory.alarms.next_due) is not None:
            due = min(due, alarm)
        if self._memory.unwritten and self._taking is None:
            due = min(due, self._memory.unwritten_at + GATHER_S)
        return max(0.0, due - self._clock.monotonic())

    async def _drain(self) -> None:
        """Let calls end and rows reach the disk; runs go on at the next start."""
        while self._batches:
            await asyncio.wait(self._batches)
        self._look()
        self._flush()
        while self._commits:
            await asyncio.wait(self._commits)

    async def _restart(self, error: BaseException) -> None:
        """Forget memory, which is ahead of the disk, and go on from the disk."""
        again = str(error) == self._told  # once with its trace is enough
        _LOG.error("engine.restarting", error=str(error), exc_info=not again and error)
        self._broken, self._told = error, str(error)
        self._handover.close()
        for batch in self._batches:
            batch.cancel()
        await asyncio.gather(*self._batches, return_exceptions=True)
        await asyncio.gather(*self._commits, return_exceptions=True)
        while not self._stopping:
            # Before every try: what broke it once may break it again at once.
            await asyncio.sleep(RESTART_S)
            try:
                # What was handed over before is on disk, or never will be.
                await self._database.transact(lambda _: None)
                await self._recover()
                self._isolation.suspect(self._memory.runs)
                self._handover.open()
            except Exception as again:  # noqa: BLE001 - tried until it works
                self._broken = again
            else:
                return

    async def _recover(self) -> None:
        runs = await recover(self._database, self._store, self._definitions)
        self._memory, self._broken = Memory(), None
        await self._hold()
        for run in runs:
            self._add(run)
            self._memory.children.recovered(run)
        if runs:
            _LOG.info("engine.recovered", runs=len(runs))
        self._advance()
        for orphan in self._memory.children.orphans():
            self._stop_run(orphan, PARENT_ENDED)
        self._advance()

    async def _hold(self) -> None:
        """Look anew at what is paused; what is not any more goes on."""
        memory = self._memory
        pauses = await self._database.read(list_pauses)
        paused = frozenset((pause.tenant, pause.name) for pause in pauses)
        for task in memory.holding.change(paused, memory.ready.values()):
            self._enqueue([task])

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
            self._batches.add(self._taking)
            self._taking.add_done_callback(self._took)

    async def _take(self, memory: Memory, *, told: bool) -> None:
        taken = await self._intake.take(
            limit=self._room(), told=told, effects=self._effects
        )
        if memory is not self._memory:
            return  # the engine restarted meanwhile, and finds on disk what was taken
        if taken.held:  # first: a run that is taken with it may not begin before it
            await self._hold()
        self._apply(taken)
        if taken.more:
            self._notice()

    def _room(self) -> int:
        return self._max_active - len(self._memory.runs)

    def _begin(self, runs: Sequence[ActiveRun]) -> None:
        """Go on with runs that are on disk now."""
        for run in runs:
            self._add(run)
            self._tell(run, run.begin)
        self._wake.set()

    def _took(self, taking: asyncio.Task[None]) -> None:
        self._taking = None
        self._batch_ended(taking)
        self._wake.set()

    def _apply(self, taken: Taken) -> None:
        for tenant, subject, spared in taken.dropped:
            for key in list(self._memory.subjects.get((tenant, subject), ())):
                if key[1] not in spared:
                    run = self._memory.runs[key]
                    self._drop(key, run, SUPERSEDED if spared else DROPPED)
        for key in taken.cancelled:
            self._forget(key, "cancelled")
        for key, cause in taken.stopping:
            if (stopping := self._memory.runs.get(key)) is not None:
                self._stop_run(stopping, cause)
        self._begin(taken.started)
        for key, name, payload in taken.signals:
            if (waiting := self._memory.runs.get(key)) is not None:
                self._tell(waiting, partial(waiting.signalled, name, payload))

    def _drop(self, key: Key, run: ActiveRun, cause: str) -> None:
        """End a run whose subject is another's now, or ended."""
        if not run.orderly:
            self._forget(key, cause)
        elif run.seed.options.parent is None:  # children end with their parents
            self._stop_run(run, cause)

    def _stop_run(
        self, run: ActiveRun, cause: str, outcome: RunState = RunState.CANCELLED
    ) -> None:
        """Let a run, and its children, begin nothing more, undo and end."""
        self._tell(run, lambda: run.stop(cause, outcome))

    def _tell(self, run: ActiveRun, news: Callable[[], None]) -> None:
        """Tell a run something; if that breaks it, it alone ends."""
        try:
            news()
        except Exception as error:  # noqa: BLE001 - one run must not stop all
            _LOG.exception("engine.run_broken", run=run.seed.id)
            run.end(RunState.FAILED, f"it broke: {error!r}")
        self._memory.changed[key_of(run)] = run

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
        key = key_of(run)
        self._memory.add(key, run)
        self._memory.changed[key] = run
        parent = run.seed.options.parent
        if parent is not None:
            above = self._memory.runs.get((run.seed.tenant, parent.run_id))
            run.depth = above.depth + 1 if above is not None else 0
        timeout_s = run.timeout_s
        if timeout_s is not None:
            age = (self._clock.now() - run.seed.created_at).total_seconds()
            self._later(timeout_s - age, lambda: self._time_out(key))

    def _time_out(self, key: Key) -> None:
        run = self._memory.runs.get(key)  # not held: a timer may outlive its run
        if run is not None:
            cause = f"the run did not end within {run.timeout_s:g} s"
            if run.orderly:
                self._stop_run(run, cause, RunState.FAILED)
            else:
                self._tell(run, lambda: run.end(RunState.FAILED, cause))

    # Steps -----------------------------------------------------------------------

    def _advance(self) -> None:
        """Write what is done and dispatch what is ready, until nothing is either."""
        memory = self._memory
        for task in memory.holding.withdraw():
            self._tell(task.run, partial(task.run.withdraw, task))
        if memory.children:
            self._family.settle()
        self._look()
        if self._taking is None and (
            memory.ending
            or len(memory.unwritten) >= GATHER_RUNS
            or self._clock.monotonic() >= memory.unwritten_at + GATHER_S
        ):
            self._flush()
        for name, queue in memory.ready.items():
            self._dispatch_all(name, queue)

    def _look(self) -> None:
        """Take from the runs that changed what is to be called and written."""
        memory = self._memory
        if memory.changed and not memory.unwritten:
            memory.unwritten_at = self._clock.monotonic()
        while memory.changed:  # what it wants of a run may change the run
            changed, memory.changed = memory.changed, {}
            for key, run in changed.items():
                self._serve(run)
                memory.unwritten[key] = run
                if run.state is not RunState.RUNNING:
                    memory.ending = True

    def _serve(self, run: ActiveRun) -> None:
        """Do what a run wants done."""
        if tasks := run.take_tasks():
            self._enqueue(tasks)
        if run.plan.waits:
            for index in run.take_waits():
                self._begin_wait(run, index)
        if run.plan.orderly:
            self._family.begin(run)

    def _dispatch_all(self, name: str, queue: ReadyQueue) -> None:
        calling = self._memory.calling
        while queue and calling.get(name, 0) < queue[0].spec.concurrency:
            if not self._dispatch(queue):
                break

    def _enqueue(self, tasks: Sequence[Task]) -> None:
        memory = self._memory
        if memory.holding.paused and memory.holding.holds(tasks[0].run):
            memory.holding.keep(tasks)
            return
        for task in tasks:
            if task.is_child:
                self._family.spawn([task])
                continue
            queue = memory.ready.get(task.spec.name)
            if queue is None:
                queue = memory.ready[task.spec.name] = ReadyQueue()
            queue.append(task)

    # Waits and children ----------------------------------------------------------

    def _begin_wait(self, run: ActiveRun, index: int) -> None:
        name, key, now = run.plan.graph.names[index], key_of(run), self._clock.now()
        wait = wait_of(run, index, now)
        if (name, 1) not in run.started:
            run.started[name, 1] = wait.began_at
            self._memory.waits.append(wait)
        if wait.due_at is not None:
            left = (wait.due_at - now).total_seconds()
            self._later(left, partial(self._wait_over, key, index))

    def _wait_over(self, key: Key, index: int) -> None:
        run = self._memory.runs.get(key)  # not held: a timer may outlive its run
        if run is not None:
            self._tell(run, partial(run.timed_out, index))

    def _dispatch(self, queue: ReadyQueue) -> bool:
        """Call with a batch; False if the operation's rate allows none now."""
        spec, timeout_s = queue[0].spec, queue[0].timeout_s
        size = spec.max_batch
        if spec.rate_per_s is not None:
            now = self._clock.monotonic()
            size = self._limits.take(spec, min(size, len(queue)), now)
            if not size:
                self._later(self._limits.wait_s(spec, now), self._wake.set)
                return False
        batch: list[Task] = []
        while queue and len(batch) < size and queue[0].timeout_s == timeout_s:
            task = queue.popleft()
            if task.run.state is RunState.RUNNING:
                batch.append(task)
        if not batch:
            return True
        started = self._clock.now()
        for task in batch:
            task.started_at = started
        self._memory.calling[spec.name] = self._memory.calling.get(spec.name, 0) + 1
        call = asyncio.create_task(self._call(self._memory, spec, batch, timeout_s))
        self._batches.add(call)
        call.add_done_callback(self._batch_ended)
        return True

    async def _call(
        self,
        memory: Memory,
        spec: OperationSpec,
        batch: Sequence[Task],
        timeout_s: float,
    ) -> None:
        calls, callable_ = [], []
        for task in batch:
            try:
                calls.append(task.call())
            except Exception as error:  # noqa: BLE001 - one run must not stop all
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
            self._broken = self._broken or error
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
        if not (task.undo or task.is_child):
            self._memory.done.append(done_of(task, result))

    def _failed(self, task: Task, failure: Failure) -> None:
        policy = task.run.plan.steps[task.index].retry
        again = retries(policy, task.attempt, failure)
        task.run.failed(task, failure, again=again)
        self._changed(task)
        if again:
            pause = delay_s(policy, task.attempt, self._randomness)
            self._later(pause, lambda: self._retry(task))
        elif not (task.undo or task.is_child):
            self._memory.done.append(done_of(task, failure))

    def _retry(self, task: Task) -> None:
        self._tell(task.run, partial(task.run.retry, task))

    def _changed(self, task: Task) -> None:
        self._memory.changed[key_of(task.run)] = task.run

    # Timers ----------------------------------------------------------------------

    def _later(self, delay: float, action: Callable[[], None]) -> None:
        due = self._clock.monotonic() + max(0.0, delay)
        self._memory.alarms.add(due, action)

    # Writing ---------------------------------------------------------------------

    def _flush(self) -> None:
        """Queue what is done to the writer, in order; nobody waits here."""
        memory = self._memory
        if self._isolation:
            self._isolation.flush()
        batch = Batch()
        for key, run in memory.unwritten.items():
            self._writing.gather(memory, batch, key, run)
        batch.done, memory.done = memory.done, []
        batch.waits, memory.waits = memory.waits, []
        memory.unwritten.clear()
        memory.ending = False
        if batch:
            self._follow(
                self._database.enqueue(
                    lambda tx: self._writing.write(tx, batch), chain=memory.chain
                )
            )

    def _follow(self, future: asyncio.Future[Any]) -> None:
        """Watch a commit: what fails there breaks what memory builds on."""
        self._commits.add(future)
        future.add_done_callback(self._committed)

    def _committed(self, future: asyncio.Future[Any]) -> None:
        self._commits.discard(future)
        if not future.cancelled() and (error := future.exception()) is not None:
            self._broken = self._broken or error  # what follows from it is no cause
        self._wake.set()

"""One run whose effects cannot be written must not stop the others.

After a write failed, the engine starts again from the disk, and the runs that were
under way are suspects: each is written by itself from then on, with its children. The
one that breaks its own write is ended as failed, without what cannot be written; the
others are not touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import structlog

from integritas.kernel.errors import StorageFailure
from integritas.platform.db import Chain, Database, Transaction
from integritas.workflows.backends.active import ActiveRun
from integritas.workflows.backends.memory import Batch, Key, Memory, ended_of, key_of
from integritas.workflows.engine import Effects
from integritas.workflows.model import RunState
from integritas.workflows.store import RunEnd, RunStore

if TYPE_CHECKING:
    from integritas.workflows.engine import RunEnded, StepDone

__all__ = ["Isolation"]

STORAGE_TRIES: Final = 5
"""Times a run may fail for the storage alone: that may be the disk's doing."""
_LOG = structlog.get_logger(__name__)


@dataclass(slots=True)
class Isolation:
    """Writes the suspects of an engine, each behind its own rows.

    The engine lends what it can do: `gather` takes a run's rows into a batch, `write`
    writes one, `follow` watches a commit.
    """

    database: Database
    store: RunStore
    effects: Effects
    memory: Callable[[], Memory]
    gather: Callable[[Batch, Key, ActiveRun], None]
    write: Callable[[Transaction, Batch], None]
    follow: Callable[[asyncio.Future[Any]], None]
    _chains: dict[Key, Chain] = field(default_factory=dict)
    _failures: dict[Key, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Say whether there are suspects."""
        return bool(self._chains)

    def suspect(self, keys: Iterable[Key]) -> None:
        """Suspect the runs that a restart found, and none else."""
        self._chains = {key: Chain() for key in keys}
        living = self._chains
        self._failures = {k: n for k, n in self._failures.items() if k in living}

    def flush(self) -> None:
        """Queue what suspects did, each family by itself; the rest is left."""
        memory = self.memory()
        families: dict[Key, list[ActiveRun]] = {}
        for run in memory.unwritten.values():
            root = _root(memory, run)
            if root in self._chains:
                families.setdefault(root, []).append(run)
        done: dict[Key, list[StepDone]] = {}
        for step in memory.done:
            done.setdefault((step.context.tenant, step.run_id), []).append(step)
        for root, members in families.items():
            batch = Batch()
            batch.done = [step for run in members for step in done.pop(key_of(run), ())]
            for run in members:
                memory.unwritten.pop(key_of(run))
                self.gather(batch, key_of(run), run)
            if batch:
                self._write(root, members, batch)
            if root not in memory.runs:
                self._acquit(root)
        memory.done = [step for steps in done.values() for step in steps]

    def _write(self, root: Key, members: Sequence[ActiveRun], batch: Batch) -> None:
        memory = self.memory()
        future = self.database.enqueue(
            lambda tx: self.write(tx, batch), chain=self._chains[root]
        )
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def written(future: asyncio.Future[None]) -> None:
            error = None if future.cancelled() else future.exception()
            if error is not None and not self._guilty(root, error):
                told.set_exception(error)
                return
            told.set_result(None)
            if error is not None and memory is self.memory():
                self._write_off(root, members, error)

        future.add_done_callback(written)
        self.follow(told)

    def _guilty(self, root: Key, error: BaseException) -> bool:
        """Say whether a failed write was the run's own fault."""
        if not isinstance(error, StorageFailure):
            return True
        self._failures[root] = self._failures.get(root, 0) + 1
        return self._failures[root] >= STORAGE_TRIES

    def _acquit(self, root: Key) -> None:
        self._chains.pop(root, None)

    def _write_off(
        self, root: Key, members: Sequence[ActiveRun], error: BaseException
    ) -> None:
        """End the runs that break their own write; go on with the others."""
        _LOG.error("engine.run_written_off", run=root[1], exc_info=error)
        memory = self.memory()
        family = {key_of(run): run for run in members}
        family |= {k: r for k, r in memory.runs.items() if _root(memory, r) == root}
        self._acquit(root)
        self._failures.pop(root, None)
        cause = f"what it did cannot be written: {error}"
        memory.done = [
            done
            for done in memory.done
            if (done.context.tenant, done.run_id) not in family
        ]
        ends = []
        for key, run in family.items():
            run.end(RunState.FAILED, cause)  # nothing more of it is written
            memory.remove(key)
            memory.changed.pop(key, None)
            memory.unwritten.pop(key, None)
            memory.children.take(run)
            ends.append(replace(ended_of(run), state=RunState.FAILED, cause=cause))
        for end in ends:
            self.follow(self._end(end))

    def _end(self, ended: RunEnded) -> asyncio.Future[None]:
        return self.database.enqueue(
            lambda tx: _write_off(tx, self.store, self.effects, ended)
        )


def _root(memory: Memory, run: ActiveRun) -> Key:
    """Return the oldest of the runs in memory that a run is a step of."""
    key = key_of(run)
    while (parent := run.seed.options.parent) is not None:
        key = (run.seed.tenant, parent.run_id)
        above = memory.runs.get(key) or memory.unwritten.get(key)
        if above is None:
            break
        run = above
    return key


def _write_off(
    tx: Transaction, store: RunStore, effects: Effects, ended: RunEnded
) -> None:
    """End a run as failed that cannot be written; what follows from that, if it can."""
    end = RunEnd(ended.context, ended.run_id, ended.subject, ended.state, ended.cause)
    really = store.end(tx, [end])
    if not really:
        return
    if ended.child:
        store.record_ends(tx, really)
        return
    try:
        tx.attempt(lambda inner: effects.apply(inner, [], [ended]))
    except Exception as error:  # noqa: BLE001 - whatever it is broke the run before
        _LOG.warning("engine.end_without_effects", run=ended.run_id, exc_info=error)
    store.record_ends(tx, really)

"""What runs did, gathered into a batch and written in one unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from integritas.kernel.clock import Clock
from integritas.workflows.backends.memory import Batch, Key, Memory, ended_of
from integritas.workflows.engine import Effects
from integritas.workflows.model import RunState
from integritas.workflows.options import begin_waits
from integritas.workflows.store import Attempt, RunEnd, RunStore

if TYPE_CHECKING:
    from datetime import datetime

    from integritas.platform.db import Transaction
    from integritas.workflows.backends.active import ActiveRun, StepRow

__all__ = ["Writing"]


@dataclass(frozen=True, slots=True)
class Writing:
    """Gathers and writes for an engine."""

    store: RunStore
    effects: Effects
    clock: Clock

    def gather(self, memory: Memory, batch: Batch, key: Key, run: ActiveRun) -> None:
        """Take the rows of a run into a batch; if it has ended, let it go."""
        rows = run.take_rows()
        if rows:
            # One moment a batch: each is formatted once.
            now = batch.at = batch.at or self.clock.now()
            batch.attempts.extend(_attempt(row, now) for row in rows)
        if run.state is not RunState.RUNNING and memory.remove(key) is not None:
            batch.ended.append(ended_of(run))

    def write(self, tx: Transaction, batch: Batch) -> None:
        """Write a batch: rows and waits, ends, what follows from them, in order."""
        self.store.append(tx, batch.attempts)
        if batch.waits:
            begin_waits(tx, batch.waits)
        ended = batch.ended
        ends = [RunEnd(e.context, e.run_id, e.subject, e.state, e.cause) for e in ended]
        really = self.store.end(tx, ends)
        ids = {end.run_id for end in really}
        told = [e for e in ended if e.run_id in ids and not e.child]
        self.effects.apply(tx, batch.done, told)
        self.store.record_ends(tx, really)


def _attempt(row: StepRow, now: datetime) -> Attempt:
    run = row.run
    return Attempt(
        tenant=run.seed.tenant,
        run_id=run.seed.id,
        step=row.name,
        attempt=row.attempt,
        state=row.state,
        result=row.result,
        error=row.error,
        started_at=row.started_at or run.started.pop((row.name, row.attempt), now),
        ended_at=now,
    )

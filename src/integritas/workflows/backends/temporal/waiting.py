"""Waits of runs that Temporal carries: for signals, decisions, and time to pass.

When a wait began and is due is kept, by our clock; Temporal's timer is its alarm. So
neither a restart nor a worker that was away begins it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from integritas.kernel.errors import IntegritasError
from integritas.workflows.backends.seeds import failure_of
from integritas.workflows.backends.temporal.kept import Kept, Unreadable
from integritas.workflows.backends.temporal.messages import Answer, Outcome, StepOrder
from integritas.workflows.backends.waits import due_of, rejection, too_late
from integritas.workflows.expressions import evaluate_time
from integritas.workflows.model import StepState
from integritas.workflows.options import Wait, begin_waits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integritas.platform.db import Transaction
    from integritas.workflows.backends.temporal.rows import Rows
    from integritas.workflows.model import Step
    from integritas.workflows.store import Attempt

__all__ = ["Waiting"]


class Waiting:
    """Begins waits, and ends those that are over."""

    def __init__(self, rows: Rows) -> None:
        """Take the parts."""
        self._rows = rows

    async def wait(self, order: StepOrder) -> Answer:
        """Return how a wait came out, else how long it may still last."""
        kept = await self._rows.kept(order)
        if kept is None:
            return Answer(Outcome.ENDED)
        outcome = kept.outcome(order.step)
        step = kept.plan.definition.step(order.step)
        if outcome is not None:
            return Answer(outcome)
        try:
            if step.name not in kept.waits:
                outcome = await self._rows.condition(kept, step, 1)
            return await self._look(kept, step) if outcome is None else Answer(outcome)
        except Unreadable as error:
            return Answer(await self._rows.broken(kept, str(error)))

    async def _look(self, kept: Kept, step: Step) -> Answer:
        try:
            wait = kept.waits.get(step.name) or self._begun(kept, step)
        except IntegritasError as error:
            row = self._rows.row(
                kept, step.name, 1, StepState.FAILED, error=failure_of(error)
            )
            written = await self._rows.records.write(kept, row, None)
            return Answer(Outcome.FAILED if written else Outcome.ENDED)

        def work(tx: Transaction) -> Answer:
            store = self._rows.records.store
            if not store.hold(tx, kept.view.tenant, kept.view.id):
                return Answer(Outcome.ENDED)
            signals = store.signals_of(tx, kept.view.tenant, kept.view.id)
            row = self._over(kept, step, wait, signals)
            if row is not None:
                store.append(tx, [row])
                failed = row.state is StepState.FAILED
                return Answer(Outcome.FAILED if failed else Outcome.SUCCEEDED)
            if step.name not in kept.waits:
                begin_waits(tx, [wait])
            return Answer(left_s=self._left(wait))

        return await self._rows.records.transact(work)

    def _begun(self, kept: Kept, step: Step) -> Wait:
        now = self._rows.clock.now()
        due = due_of(step, now)
        if step.sleep_until is not None:
            due = evaluate_time(step.sleep_until, kept.known().scope())
        return Wait(kept.view.tenant, kept.view.id, step.name, now, due)

    def _left(self, wait: Wait) -> float | None:
        if wait.due_at is None:
            return None
        left = (wait.due_at - self._rows.clock.now()).total_seconds()
        return max(0.001, left)

    def _over(
        self, kept: Kept, step: Step, wait: Wait, signals: Mapping[str, Any]
    ) -> Attempt | None:
        """Return the row of a wait that is over, None if it is not."""
        result, error = b"null", None
        if step.awaits is not None and step.awaits in signals:
            payload = signals[step.awaits]
            result, error = orjson.dumps(payload), rejection(step, payload)
        elif wait.due_at is None or wait.due_at > self._rows.clock.now():
            return None
        elif not step.sleeps:
            error = too_late(step)
        return self._rows.row(
            kept,
            step.name,
            1,
            StepState.SUCCEEDED if error is None else StepState.FAILED,
            wait.began_at,
            result=result if error is None else None,
            error=error,
        )

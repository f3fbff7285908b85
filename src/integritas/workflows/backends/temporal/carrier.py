"""Carrying out one call of one run, from the database to the database.

Whatever is asked may be asked again: what is kept already is answered, not redone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import IntegritasError
from integritas.workflows.backends.seeds import failure_of, split_name
from integritas.workflows.backends.temporal.kept import Kept, Unreadable
from integritas.workflows.backends.temporal.messages import Outcome, StepOrder
from integritas.workflows.backends.temporal.records import context_of
from integritas.workflows.backends.temporal.rows import Rows, name_of
from integritas.workflows.engine import StepDone
from integritas.workflows.model import StepState
from integritas.workflows.registry import Call
from integritas.workflows.retry import delay_s, retries

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from integritas.kernel.clock import Randomness
    from integritas.workflows.backends.temporal.batcher import Answer, Batcher
    from integritas.workflows.model import Step
    from integritas.workflows.store import Attempt

__all__ = ["AttemptFailed", "Carrier", "cause_of"]


class AttemptFailed(Exception):
    """An attempt failed, which is kept; without `again_s` it was the last."""

    def __init__(self, again_s: float | None) -> None:
        """Take the pause before the next attempt, in seconds."""
        super().__init__()
        self.again_s = again_s


class Carrier:
    """Carries out calls of steps, of items of them, and of what takes them back."""

    def __init__(self, rows: Rows, batcher: Batcher, randomness: Randomness) -> None:
        """Take the parts."""
        self._rows = rows
        self._batcher = batcher
        self._randomness = randomness

    async def step(self, order: StepOrder) -> str:
        """Carry out the next attempt of a call.

        Raises:
            AttemptFailed: it failed, which is kept.
        """
        kept = await self._rows.kept(order)
        if kept is None:
            return Outcome.ENDED
        outcome = kept.outcome(name_of(order))
        try:
            if outcome is None:
                outcome = await self._attempt(kept, order)
        except Unreadable as error:
            return await self._rows.broken(kept, str(error))
        if outcome == Outcome.FAILED:
            raise AttemptFailed(again_s=None)
        return outcome

    # Inside ----------------------------------------------------------------------

    async def _attempt(self, kept: Kept, order: StepOrder) -> str:
        name = name_of(order)
        step = kept.plan.definition.step(order.step)
        last = kept.last(name)
        number = 1 if last is None else last.attempt + 1
        if last is None and order.item is None and not order.undo:
            outcome = await self._rows.condition(kept, step, number)
            if outcome is not None:
                return outcome
        if kept.paused:
            return Outcome.HELD
        began = self._rows.clock.now()
        index = kept.index(step.name)
        spec = kept.plan.undo[index] if order.undo else kept.plan.specs[index]
        assert spec is not None  # noqa: S101 - only steps that call come here
        answer: Answer
        try:
            call = _call(kept, step, order.item, number)
        except IntegritasError as error:
            answer = failure_of(error)
        else:
            answer = await self._batcher.call(
                spec, call, step.timeout_s, priority=kept.priority
            )
        if isinstance(answer, Failure):
            return await self._failed(kept, order, (number, began), answer)
        result, encoded = answer
        state = StepState.COMPENSATED if order.undo else StepState.SUCCEEDED
        row = self._rows.row(kept, name, number, state, began, result=encoded)
        done = None if order.undo else _done(kept, spec.name, result)
        written = await self._rows.records.write(kept, row, done)
        return Outcome.SUCCEEDED if written else Outcome.ENDED

    async def _failed(
        self,
        kept: Kept,
        order: StepOrder,
        attempt: tuple[int, datetime],
        failure: Failure,
    ) -> str:
        number, began = attempt
        step = kept.plan.definition.step(order.step)
        again = retries(step.retry, number, failure)
        row = self._rows.row(
            kept, name_of(order), number, StepState.FAILED, began, error=failure
        )
        final = not again and not order.undo
        done = _done(kept, step.operation or "", failure) if final else None
        if not await self._rows.records.write(kept, row, done):
            return Outcome.ENDED
        pause = delay_s(step.retry, number, self._randomness) if again else None
        raise AttemptFailed(again_s=pause)


def _call(kept: Kept, step: Step, item: int | None, number: int) -> Call:
    known = kept.known()
    return Call(
        tenant=kept.view.tenant,
        run_id=kept.view.id,
        subject=kept.view.subject,
        step=step.name,
        attempt=number,
        inputs=kept.inputs(known, step, item),
        results=known.results,
        item=item,
    )


def _done(kept: Kept, operation: str, result: Any) -> StepDone:  # noqa: ANN401 - its own type
    view = kept.view
    return StepDone(context_of(view), view.id, view.subject, operation, result)


def cause_of(
    attempts: Sequence[Attempt], failed: str | None, not_undone: Sequence[str], why: str
) -> str:
    """Return why a run ended: what failed first, else `why`; what was not undone."""
    details = {a.step: a.error.detail for a in attempts if a.error is not None}
    if failed is not None:
        step, _, _ = split_name(failed)
        why = f"step {step} failed: {details.get(failed, 'unknown')}"
    lost = [f"{name} failed: {details.get(name, 'unknown')}" for name in not_undone]
    return "; ".join([why, *lost]) if why or lost else ""

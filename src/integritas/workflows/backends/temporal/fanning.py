"""Steps that are done once an item: how many there are, and their results gathered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.kernel.errors import IntegritasError
from integritas.workflows.backends.fanout import MAX_ITEMS
from integritas.workflows.backends.seeds import failure_of, kept_name
from integritas.workflows.backends.temporal.kept import Kept, Unreadable
from integritas.workflows.backends.temporal.messages import Answer, Outcome, StepOrder
from integritas.workflows.expressions import evaluate_list
from integritas.workflows.model import StepState

if TYPE_CHECKING:
    from integritas.workflows.backends.temporal.rows import Rows
    from integritas.workflows.model import Step

__all__ = ["Fanning"]


class Fanning:
    """Fans steps out and in."""

    def __init__(self, rows: Rows) -> None:
        """Take the parts."""
        self._rows = rows

    async def fan_out(self, order: StepOrder) -> Answer:
        """Return how many items a step has, unless it came out already."""
        kept = await self._rows.kept(order)
        if kept is None:
            return Answer(Outcome.ENDED)
        outcome = kept.outcome(order.step)
        step = kept.plan.definition.step(order.step)
        begun = any(a.step.startswith(f"{step.name}[") for a in kept.attempts)
        try:
            if outcome is None and not begun:
                outcome = await self._rows.condition(kept, step, self._next(kept, step))
            if outcome is None:
                return await self._count(kept, step)
        except Unreadable as error:
            outcome = await self._rows.broken(kept, str(error))
        return Answer(outcome)

    async def gather(self, order: StepOrder) -> str:
        """Keep the results of all items as the step's own, null where one failed."""
        kept = await self._rows.kept(order)
        if kept is None:
            return Outcome.ENDED
        outcome = kept.outcome(order.step)
        if outcome is not None:
            return outcome
        step = kept.plan.definition.step(order.step)
        found = {
            a.step: a.result or b"null"
            for a in kept.attempts
            if a.state is StepState.SUCCEEDED
        }
        try:
            count = (await self._count(kept, step)).count
        except Unreadable as error:
            return await self._rows.broken(kept, str(error))
        parts = (found.get(kept_name(step.name, i), b"null") for i in range(count))
        row = self._rows.row(
            kept,
            step.name,
            self._next(kept, step),
            StepState.SUCCEEDED,
            result=b"[" + b",".join(parts) + b"]",
        )
        written = await self._rows.records.write(kept, row, None)
        return Outcome.SUCCEEDED if written else Outcome.ENDED

    async def _count(self, kept: Kept, step: Step) -> Answer:
        assert step.for_each is not None  # noqa: S101 - only such fan out
        try:
            items = evaluate_list(step.for_each, kept.known().scope(), MAX_ITEMS)
        except IntegritasError as error:
            row = self._rows.row(
                kept,
                step.name,
                self._next(kept, step),
                StepState.FAILED,
                error=failure_of(error),
            )
            written = await self._rows.records.write(kept, row, None)
            return Answer(Outcome.FAILED if written else Outcome.ENDED)
        return Answer(count=len(items))

    def _next(self, kept: Kept, step: Step) -> int:
        last = kept.last(step.name)
        return 1 if last is None else last.attempt + 1

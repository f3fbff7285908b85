"""What every kind of step does with the database: reading, conditions, rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.kernel.errors import IntegritasError
from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.backends.seeds import failure_of, kept_name
from integritas.workflows.backends.temporal.messages import Outcome
from integritas.workflows.expressions import holds
from integritas.workflows.model import RunState, StepState
from integritas.workflows.store import Attempt

if TYPE_CHECKING:
    from datetime import datetime

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Failure
    from integritas.workflows.backends.temporal.kept import Kept
    from integritas.workflows.backends.temporal.messages import StepOrder
    from integritas.workflows.backends.temporal.records import Records
    from integritas.workflows.model import Step

__all__ = ["Rows", "name_of"]


class Rows:
    """Reads and writes what steps of runs come to."""

    def __init__(self, records: Records, clock: Clock) -> None:
        """Take the parts."""
        self.records = records
        self.clock = clock

    async def kept(self, order: StepOrder) -> Kept | None:
        """Return what is kept of a step's run, None if it has ended."""
        item = None if order.item is None else name_of(order)
        return await self.records.kept(TenantId(order.tenant), RunId(order.run), item)

    async def condition(self, kept: Kept, step: Step, number: int) -> str | None:
        """Return None if a step's `when` holds; keep that it does not, or breaks.

        Raises:
            Unreadable: a codec cannot read what it once wrote.
        """
        if step.when is None:
            return None
        error: Failure | None = None
        known = kept.known()
        try:
            if holds(step.when, known.scope()):
                return None
        except IntegritasError as broken:
            error = failure_of(broken)
        state = StepState.SKIPPED if error is None else StepState.FAILED
        row = self.row(kept, step.name, number, state, error=error)
        if not await self.records.write(kept, row, None):
            return Outcome.ENDED
        return Outcome.SKIPPED if error is None else Outcome.FAILED

    async def broken(self, kept: Kept, cause: str) -> str:
        """End a run that a codec breaks: no attempt would help."""
        view = kept.view
        await self.records.end(view.tenant, view.id, RunState.FAILED, lambda *_: cause)
        return Outcome.ENDED

    def row(
        self,
        kept: Kept,
        name: str,
        number: int,
        state: StepState,
        began: datetime | None = None,
        *,
        result: bytes | None = None,
        error: Failure | None = None,
    ) -> Attempt:
        """Return an attempt that ends now."""
        now = self.clock.now()
        return Attempt(
            tenant=kept.view.tenant,
            run_id=kept.view.id,
            step=name,
            attempt=number,
            state=state,
            result=result,
            error=error,
            started_at=began or now,
            ended_at=now,
        )


def name_of(order: StepOrder) -> str:
    """Return the name that attempts of a step, item or undoing are kept under."""
    return kept_name(order.step, order.item, undo=order.undo)

"""Carrying out one step of one run, from the database to the database.

Whatever is asked may be asked again: what is kept already is answered, not redone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import IntegritasError, Unavailable
from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.backends.active import failure_of
from integritas.workflows.backends.temporal.kept import (
    UNDO_PREFIX,
    Kept,
    Unreadable,
)
from integritas.workflows.backends.temporal.messages import Outcome, StepOrder
from integritas.workflows.backends.temporal.records import Records, context_of
from integritas.workflows.engine import StepDone
from integritas.workflows.expressions import evaluate, holds
from integritas.workflows.model import RunState, Step, StepState
from integritas.workflows.registry import Call
from integritas.workflows.retry import delay_s, retries
from integritas.workflows.store import Attempt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from integritas.kernel.clock import Clock, Randomness
    from integritas.workflows.backends.temporal.batcher import Answer, Batcher

__all__ = ["AttemptFailed", "Carrier", "cause_of"]

_OUTCOMES: Final[Mapping[StepState, str]] = {
    StepState.SUCCEEDED: Outcome.SUCCEEDED,
    StepState.COMPENSATED: Outcome.SUCCEEDED,
    StepState.SKIPPED: Outcome.SKIPPED,
}


class AttemptFailed(Exception):
    """An attempt failed, which is kept; without `again_s` it was the last."""

    def __init__(self, again_s: float | None) -> None:
        """Take the pause before the next attempt, in seconds."""
        super().__init__()
        self.again_s = again_s


class Carrier:
    """Carries out steps."""

    def __init__(
        self, records: Records, batcher: Batcher, clock: Clock, randomness: Randomness
    ) -> None:
        """Take the parts."""
        self._records = records
        self._batcher = batcher
        self._clock = clock
        self._randomness = randomness

    async def step(self, order: StepOrder) -> str:
        """Carry out the next attempt of a step, or of its undoing.

        Raises:
            AttemptFailed: it failed, which is kept.
        """
        kept = await self._kept(order)
        if kept is None:
            return Outcome.ENDED
        step, name = _step(kept, order)
        known = _known(kept, step, name)
        if known == Outcome.FAILED:
            raise AttemptFailed(again_s=None)
        if known is not None:
            return known
        try:
            return await self._attempt(kept, step, undo=order.undo)
        except Unreadable as error:
            return await self._broken(kept, str(error))

    async def ask(self, order: StepOrder) -> str:
        """Say whether a step that waits for a signal is wanted: its `when`."""
        kept = await self._kept(order)
        if kept is None:
            return Outcome.ENDED
        step, name = _step(kept, order)
        known = _known(kept, step, name)
        if known is not None:
            return known
        try:
            return await self._condition(kept, step, 1) or Outcome.GO
        except AttemptFailed:
            return Outcome.FAILED
        except Unreadable as error:
            return await self._broken(kept, str(error))

    async def settle_signal(self, order: StepOrder) -> str:
        """Keep how the wait for a signal ended: it came, or time ran out."""
        kept = await self._kept(order)
        if kept is None:
            return Outcome.ENDED
        step, name = _step(kept, order)
        known = _known(kept, step, name)
        if known is not None:
            return known

        def make(came: Mapping[str, Any]) -> Attempt:
            if step.signal is not None and step.signal in came:
                result = orjson.dumps(came[step.signal])
                return self._row(kept, name, 1, StepState.SUCCEEDED, result=result)
            if not order.timed_out:
                raise Unavailable(f"signal {step.signal!r} is not kept yet")
            error = _too_late(step)
            return self._row(kept, name, 1, StepState.FAILED, error=error)

        attempt = await self._records.settle_signal(kept, make)
        if attempt is None:
            return Outcome.ENDED
        return _OUTCOMES.get(attempt.state, Outcome.FAILED)

    # Inside ----------------------------------------------------------------------

    async def _kept(self, order: StepOrder) -> Kept | None:
        return await self._records.kept(TenantId(order.tenant), RunId(order.run))

    async def _attempt(self, kept: Kept, step: Step, *, undo: bool) -> str:
        name = UNDO_PREFIX + step.name if undo else step.name
        last = kept.last(name)
        number = 1 if last is None else last.attempt + 1
        if not undo:
            outcome = await self._condition(kept, step, number)
            if outcome is not None:
                return outcome
        began = self._clock.now()
        index = kept.plan.graph.names.index(step.name)
        spec = kept.plan.undo[index] if undo else kept.plan.specs[index]
        assert spec is not None  # noqa: S101 - only steps that call come here
        answer: Answer
        try:
            call = _call(kept, step, number)
        except IntegritasError as error:
            answer = failure_of(error)
        else:
            answer = await self._batcher.call(spec, call, step.timeout_s)
        if isinstance(answer, Failure):
            return await self._failed(kept, step, (name, number, began), answer)
        result, encoded = answer
        state = StepState.COMPENSATED if undo else StepState.SUCCEEDED
        row = self._row(kept, name, number, state, began, result=encoded)
        done = None if undo else _done(kept, spec.name, result)
        written = await self._records.write(kept, row, done)
        return Outcome.SUCCEEDED if written else Outcome.ENDED

    async def _failed(
        self,
        kept: Kept,
        step: Step,
        attempt: tuple[str, int, datetime],
        failure: Failure,
    ) -> str:
        name, number, began = attempt
        again = retries(step.retry, number, failure)
        row = self._row(kept, name, number, StepState.FAILED, began, error=failure)
        final = not again and name == step.name
        done = _done(kept, step.operation or "", failure) if final else None
        if not await self._records.write(kept, row, done):
            return Outcome.ENDED
        pause = delay_s(step.retry, number, self._randomness) if again else None
        raise AttemptFailed(again_s=pause)

    async def _condition(self, kept: Kept, step: Step, number: int) -> str | None:
        """Return None if a step's condition holds; keep that it does not, or breaks."""
        if step.when is None:
            return None
        error: Failure | None = None
        try:
            if holds(step.when, kept.scope(kept.results())):
                return None
        except IntegritasError as broken:
            error = failure_of(broken)
        state = StepState.SKIPPED if error is None else StepState.FAILED
        row = self._row(kept, step.name, number, state, error=error)
        if not await self._records.write(kept, row, None):
            return Outcome.ENDED
        if error is not None:
            raise AttemptFailed(again_s=None)
        return Outcome.SKIPPED

    async def _broken(self, kept: Kept, cause: str) -> str:
        view = kept.view
        await self._records.end(view.tenant, view.id, RunState.FAILED, lambda *_: cause)
        return Outcome.ENDED

    def _row(
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
        now = self._clock.now()
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


def _step(kept: Kept, order: StepOrder) -> tuple[Step, str]:
    step = kept.plan.definition.step(order.step)
    return step, UNDO_PREFIX + step.name if order.undo else step.name


def _known(kept: Kept, step: Step, name: str) -> str | None:
    """Return the outcome that is kept of a step, None if there is more to do."""
    last = kept.last(name)
    if last is None:
        return None
    if last.state is StepState.FAILED:
        return Outcome.FAILED if kept.gave_up(step, last) else None
    return _OUTCOMES[last.state]


def _call(kept: Kept, step: Step, number: int) -> Call:
    results = kept.results()
    inputs = {}
    if step.inputs:
        scope = kept.scope(results)
        inputs = {k: evaluate(text, scope) for k, text in step.inputs.items()}
    return Call(
        tenant=kept.view.tenant,
        run_id=kept.view.id,
        subject=kept.view.subject,
        step=step.name,
        attempt=number,
        inputs=inputs,
        results=results,
    )


def _done(kept: Kept, operation: str, result: Any) -> StepDone:  # noqa: ANN401 - its own type
    view = kept.view
    return StepDone(context_of(view), view.id, view.subject, operation, result)


def _too_late(step: Step) -> Failure:
    return Failure(
        code="signal_timeout",
        detail=f"no signal {step.signal!r} within {step.timeout_s:g} s",
    )


def cause_of(
    attempts: Sequence[Attempt], failed: str, not_undone: Sequence[str]
) -> str:
    """Return why a run failed: the first step that did, and what was not undone."""
    details = {a.step: a.error.detail for a in attempts if a.error is not None}
    named = [f"step {failed}", *(UNDO_PREFIX + step for step in not_undone)]
    return "; ".join(
        f"{name} failed: {details.get(name.removeprefix('step '), 'unknown')}"
        for name in named
    )

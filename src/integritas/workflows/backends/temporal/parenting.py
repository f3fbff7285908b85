"""Runs that are steps of other runs: begun, asked for their outputs, stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from integritas.kernel.contracts import Failure
from integritas.kernel.errors import IntegritasError
from integritas.kernel.ids import RunId, TenantId
from integritas.workflows.backends.children import (
    MAX_DEPTH,
    PARENT_ENDED,
    Wanted,
    answer_to_parent,
)
from integritas.workflows.backends.seeds import failure_of, seed_of
from integritas.workflows.backends.temporal.kept import Kept, Unreadable
from integritas.workflows.backends.temporal.messages import (
    Answer,
    Outcome,
    RunOrder,
    StepOrder,
)
from integritas.workflows.backends.temporal.records import context_of
from integritas.workflows.backends.temporal.rows import Rows, name_of
from integritas.workflows.model import Parent, RunState, RunView, StepState
from integritas.workflows.options import children_of, stop_runs, stopping_of
from integritas.workflows.retry import delay_s, retries

if TYPE_CHECKING:
    from datetime import datetime

    from integritas.kernel.clock import Randomness
    from integritas.platform.db import Transaction
    from integritas.workflows.backends.intake import Intake

__all__ = ["Parenting"]


class Parenting:
    """Does for parents what they need of their children."""

    def __init__(self, rows: Rows, intake: Intake, randomness: Randomness) -> None:
        """Take the parts."""
        self._rows = rows
        self._intake = intake
        self._randomness = randomness

    async def child(self, order: StepOrder) -> Answer:
        """Return how the child of a step, or item, came out, else which run it is.

        One that is not there is begun. If one failed and another attempt follows, the
        pause before that is returned.
        """
        kept = await self._rows.kept(order)
        if kept is None:
            return Answer(Outcome.ENDED)
        outcome = kept.outcome(name_of(order))
        try:
            return (
                await self._child(kept, order) if outcome is None else Answer(outcome)
            )
        except Unreadable as error:
            return Answer(await self._rows.broken(kept, str(error)))

    async def stop_children(self, order: RunOrder) -> list[str]:
        """Let the children of a run stop; return those that have not ended."""
        tenant, run_id = TenantId(order.tenant), RunId(order.run)

        def work(tx: Transaction) -> list[str]:
            parent = self._rows.records.store.get_run(tx, tenant, run_id)
            living = [
                child
                for child in children_of(tx, tenant, run_id)
                if child.state is RunState.RUNNING
            ]
            context = context_of(parent)
            stop_runs(tx, self._rows.records.store, context, living, PARENT_ENDED)
            return [child.id for child in living]

        return await self._rows.records.transact(work)

    # Inside ----------------------------------------------------------------------

    async def _child(self, kept: Kept, order: StepOrder) -> Answer:
        name = name_of(order)
        step = kept.plan.definition.step(order.step)
        last = kept.last(name)
        number = 1 if last is None else last.attempt + 1
        link = Parent(kept.view.id, name, number)
        child = await self._find(kept, link)
        if child is None:
            if last is None and order.item is None:
                outcome = await self._rows.condition(kept, step, number)
                if outcome is not None:
                    return Answer(outcome)
            if kept.paused:
                return Answer(Outcome.HELD)
            began = await self._begin(kept, order, link)
            if not isinstance(began, Failure):
                return began
            return await self._settle(kept, order, number, began)
        if child.state is RunState.RUNNING:
            return Answer(child=child.id)
        answer = await self._answer_of(child)
        return await self._settle(kept, order, number, answer, child.created_at)

    async def _find(self, kept: Kept, link: Parent) -> RunView | None:
        found = await self._rows.records.read(
            lambda tx: children_of(tx, kept.view.tenant, kept.view.id, link)
        )
        return found[0] if found else None

    async def _begin(
        self, kept: Kept, order: StepOrder, link: Parent
    ) -> Answer | Failure:
        step = kept.plan.definition.step(order.step)
        known = kept.known()
        seed = seed_of(kept.view, kept.options)

        def work(tx: Transaction) -> Answer | Failure:
            tenant, run_id = kept.view.tenant, kept.view.id
            if not self._rows.records.store.hold(tx, tenant, run_id):
                return Answer(Outcome.ENDED)
            found = children_of(tx, tenant, run_id, link)
            if found:
                return Answer(child=found[0].id)
            wanted = Wanted(
                parent=seed,
                step=step,
                link=link,
                depth=_depth(tx, kept) + 1,
                inputs=lambda: kept.inputs(known, step, order.item),
            )
            [made] = self._intake.spawn(tx, [wanted])
            return made if isinstance(made, Failure) else Answer(child=made.seed.id)

        return await self._rows.records.transact(work)

    async def _answer_of(self, child: RunView) -> tuple[Any, bytes] | Failure:
        try:
            kept = await self._rows.records.read(
                lambda tx: self._rows.records.kept_in(tx, child.tenant, child.id)
            )
            return answer_to_parent(child, kept.known)
        except (IntegritasError, Unreadable) as error:
            return failure_of(error)

    async def _settle(
        self,
        kept: Kept,
        order: StepOrder,
        number: int,
        answer: tuple[Any, bytes] | Failure,
        began: datetime | None = None,
    ) -> Answer:
        failure = answer if isinstance(answer, Failure) else None
        row = self._rows.row(
            kept,
            name_of(order),
            number,
            StepState.SUCCEEDED if failure is None else StepState.FAILED,
            began,
            result=None if isinstance(answer, Failure) else answer[1],
            error=failure,
        )
        if not await self._rows.records.write(kept, row, None):
            return Answer(Outcome.ENDED)
        if failure is None:
            return Answer(Outcome.SUCCEEDED)
        policy = kept.plan.definition.step(order.step).retry
        if retries(policy, number, failure):
            return Answer(left_s=delay_s(policy, number, self._randomness))
        return Answer(Outcome.FAILED)


def _depth(tx: Transaction, kept: Kept) -> int:
    """Return how many runs a run is a child of, as far as it matters."""
    depth, parent = 0, kept.options.parent
    while parent is not None and depth <= MAX_DEPTH:
        depth += 1
        parent = stopping_of(tx, kept.view.tenant, parent.run_id)[0].parent
    return depth

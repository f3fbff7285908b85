"""What a retry or fork takes over of the run it comes from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.ids import RunId
from integritas.workflows.backends.seeds import split_name
from integritas.workflows.engine import Effects, StepDone
from integritas.workflows.model import StepState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integritas.platform.db import Transaction
    from integritas.workflows.backends.active import ActiveRun
    from integritas.workflows.store import Attempt, RunStore

__all__ = ["carry_over"]


def carry_over(
    tx: Transaction,
    store: RunStore,
    run: ActiveRun,
    wanted: Mapping[str, Any],
    effects: Effects | None,
) -> None:
    """Let a run begin behind steps of another: `wanted` is `{run, steps}`.

    Their attempts are kept again as the new run's, and what they do to the platform is
    done again in its name: it is whole by itself.

    Raises:
        ValueError: what was kept does not fit the definition.
    """
    origin, steps = RunId(wanted["run"]), frozenset(wanted["steps"])
    kept = [
        replace(attempt, run_id=run.seed.id)
        for attempt in store.attempts_of(tx, run.seed.tenant, [origin])[origin]
        if _wanted(attempt, steps)
    ]
    for a in kept:
        run.restore(a.step, a.attempt, a.state, a.result, a.error)
    store.append(tx, kept)
    if effects is not None:
        done = _done(run, kept)
        if done:
            effects.apply(tx, done, [])
    run.resume()


def _wanted(attempt: Attempt, steps: frozenset[str]) -> bool:
    step, _, undo = split_name(attempt.step)
    return step in steps and not undo


def _done(run: ActiveRun, kept: Sequence[Attempt]) -> list[StepDone]:
    context = Context(
        tenant=run.seed.tenant, actor=SYSTEM, correlation_id=run.seed.correlation_id
    )
    done = []
    for attempt in kept:
        step, item, _ = split_name(attempt.step)
        index = run.plan.graph.names.index(step)
        spec = run.plan.specs[index]
        fans = run.plan.steps[index].for_each is not None and item is None
        if spec is None or fans or attempt.state is not StepState.SUCCEEDED:
            continue
        assert attempt.result is not None  # noqa: S101 - succeeded
        result = spec.codec.decode(attempt.result)
        done.append(StepDone(context, run.seed.id, run.seed.subject, spec.name, result))
    return done

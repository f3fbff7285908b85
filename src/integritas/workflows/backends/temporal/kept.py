"""What the database holds of a run, as operations and expressions see it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from integritas.kernel.errors import InvalidInput
from integritas.workflows.backends.fanout import MAX_ITEMS, split_results
from integritas.workflows.backends.results import Results
from integritas.workflows.backends.seeds import PLAIN, seed_of, split_name
from integritas.workflows.backends.temporal.messages import Outcome
from integritas.workflows.expressions import evaluate, evaluate_list
from integritas.workflows.model import (
    OnFailure,
    RunOptions,
    RunState,
    RunView,
    StepState,
)
from integritas.workflows.options import Wait
from integritas.workflows.plan import Plan
from integritas.workflows.retry import retries
from integritas.workflows.store import Attempt

if TYPE_CHECKING:
    from integritas.workflows.model import Step

__all__ = ["Kept", "Unreadable"]

_OUTCOMES = {
    StepState.SUCCEEDED: Outcome.SUCCEEDED,
    StepState.COMPENSATED: Outcome.SUCCEEDED,
    StepState.SKIPPED: Outcome.SKIPPED,
}


class Unreadable(Exception):
    """A codec cannot read, or show, what it once wrote: no attempt would help."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A run, its plan, and the attempts of its steps in the order they ended.

    `stop_cause` is why it is to stop, `paused` says that its definition is; `waits` are
    those that began, by step.
    """

    view: RunView
    plan: Plan
    attempts: Sequence[Attempt]
    options: RunOptions = PLAIN
    stop_cause: str | None = None
    paused: bool = False
    waits: Mapping[str, Wait] = field(default_factory=dict)

    @property
    def timeout_s(self) -> float | None:
        """Return how long the run may take, None if there is no bound."""
        limits = (self.plan.definition.timeout_s, self.options.timeout_s)
        return min((each for each in limits if each is not None), default=None)

    @property
    def priority(self) -> int:
        """Return its priority: its own, else its definition's."""
        own = self.options.priority
        return self.plan.definition.priority if own is None else own

    @property
    def orderly(self) -> bool:
        """Say whether ending it early takes more than forgetting it."""
        return self.plan.orderly or self.options.parent is not None

    def index(self, step: str) -> int:
        """Return the number of a step."""
        return self.plan.graph.names.index(step)

    # What came out ---------------------------------------------------------------

    def last(self, name: str) -> Attempt | None:
        """Return the last attempt kept under a name, None if there is none."""
        return next((a for a in reversed(self.attempts) if a.step == name), None)

    def outcome(self, name: str) -> str | None:
        """Return what came out under a name, None if there is more to do."""
        last = self.last(name)
        return None if last is None else self._outcome_of(last)

    def outcomes(self) -> dict[str, str]:
        """Return all that came out, by name, in the order it did."""
        found: dict[str, str] = {}
        for name, last in {a.step: a for a in self.attempts}.items():
            outcome = self._outcome_of(last)
            if outcome is not None:
                found[name] = outcome
        return found

    def _outcome_of(self, attempt: Attempt) -> str | None:
        if attempt.state is not StepState.FAILED:
            return _OUTCOMES[attempt.state]
        name, _, undo = split_name(attempt.step)
        step = self.plan.steps[self.index(name)]
        gave_up = (
            (self.plan.specs[self.index(name)] is None and not undo)
            or attempt.error is None
            or not retries(step.retry, attempt.attempt, attempt.error)
        )
        return Outcome.FAILED if gave_up else None

    # What is seen ----------------------------------------------------------------

    def known(self) -> Results:
        """Return the results of the steps done, as operations and expressions see them.

        Raises:
            Unreadable: a codec cannot read, or show, what it once wrote.
        """
        known = Results(seed_of(self.view, self.options), self.plan)
        for attempt in self.attempts:
            step, item, undo = split_name(attempt.step)
            if undo or item is not None:
                continue
            try:
                self._show(known, self.index(step), attempt)
            except Exception as error:
                raise Unreadable(f"step {step} broke its run: {error!r}") from error
        return known

    def _show(self, known: Results, index: int, attempt: Attempt) -> None:
        step, spec = self.plan.steps[index], self.plan.specs[index]
        if attempt.state is StepState.SUCCEEDED:
            document = attempt.result or b"null"
            if step.for_each is not None and spec is not None:
                known.keep(index, split_results(document, spec.codec))
            else:
                known.keep(index, known.decoded(index, document))
        elif attempt.state is StepState.SKIPPED or (
            step.on_failure is OnFailure.CONTINUE
            and self._outcome_of(attempt) == Outcome.FAILED
        ):
            known.hide(index)

    def inputs(self, known: Results, step: Step, item: int | None) -> Mapping[str, Any]:
        """Return the values of a step's inputs, those for an item if it fans out.

        Raises:
            IntegritasError: one cannot be evaluated.
        """
        scope = known.scope()
        if item is not None and step.for_each is not None:
            items = evaluate_list(step.for_each, scope, MAX_ITEMS)
            if item >= len(items):
                raise InvalidInput(f"{step.for_each!r} changed: it has no item {item}")
            one = items[item]
            if not step.inputs:
                return {"item": one}
            scope = {**scope, "item": one, "index": item}
        return {name: evaluate(text, scope) for name, text in step.inputs.items()}

    @property
    def running(self) -> bool:
        """Say whether the run has not ended."""
        return self.view.state is RunState.RUNNING

"""What the database holds of a run, as operations and expressions see it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import orjson

from integritas.workflows.model import OnFailure, RunView, StepState
from integritas.workflows.plan import Plan
from integritas.workflows.retry import retries
from integritas.workflows.store import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from integritas.workflows.model import Step

__all__ = ["UNDO_PREFIX", "Kept", "Unreadable"]

UNDO_PREFIX: Final = "compensate:"


class Unreadable(Exception):
    """A codec cannot read, or show, what it once wrote: no attempt would help."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A run, its plan, and the attempts of its steps in the order they ended."""

    view: RunView
    plan: Plan
    attempts: Sequence[Attempt]

    def last(self, name: str) -> Attempt | None:
        """Return the last attempt kept under a name, None if there is none."""
        return next((a for a in reversed(self.attempts) if a.step == name), None)

    def results(self) -> Mapping[str, Any]:
        """Return the results of the steps done, as the operations made them.

        Raises:
            Unreadable: a codec cannot read what it once wrote.
        """
        return {
            a.step: _read(partial(self._decode, a), a.step)
            for a in self.attempts
            if a.state is StepState.SUCCEEDED and not a.step.startswith(UNDO_PREFIX)
        }

    def scope(self, results: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return `{submission, steps, run}`, for expressions; raises as `results`."""
        view = self.view
        return {
            "submission": view.input,
            "steps": {**self._nulls(), **self._views(results)},
            "run": {
                "id": view.id,
                "subject": view.subject,
                "workflow": view.workflow,
                "version": view.version,
            },
        }

    def gave_up(self, step: Step, attempt: Attempt) -> bool:
        """Say whether a failed attempt of a step was the last."""
        if step.signal is not None or attempt.error is None:
            return True
        return not retries(step.retry, attempt.attempt, attempt.error)

    def _decode(self, attempt: Attempt) -> Any:  # noqa: ANN401 - the operation's own type
        spec = self.plan.specs[self.plan.graph.names.index(attempt.step)]
        document = attempt.result or b"null"
        return spec.codec.decode(document) if spec else orjson.loads(document)

    def _views(self, results: Mapping[str, Any]) -> Mapping[str, Any]:
        specs = zip(self.plan.steps, self.plan.specs, strict=True)
        return {
            step.name: _read(partial(spec.codec.view, results[step.name]), step.name)
            if spec
            else results[step.name]
            for step, spec in specs
            if step.name in results
        }

    def _nulls(self) -> Mapping[str, None]:
        """Return the steps that were skipped, or failed and were passed over."""
        found: dict[str, None] = {}
        for step in self.plan.steps:
            last = self.last(step.name)
            if last is None:
                continue
            over = last.state is StepState.SKIPPED or (
                last.state is StepState.FAILED
                and step.on_failure is OnFailure.CONTINUE
                and self.gave_up(step, last)
            )
            if over:
                found[step.name] = None
        return found


def _read(work: Callable[[], Any], step: str) -> Any:  # noqa: ANN401 - its own type
    try:
        return work()
    except Exception as error:
        raise Unreadable(f"step {step} broke its run: {error!r}") from error

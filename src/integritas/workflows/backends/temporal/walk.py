"""Where a run stands in its graph, told by outcomes alone. Pure and deterministic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.workflows.backends.temporal.messages import Outcome
from integritas.workflows.graph import build_graph
from integritas.workflows.model import OnFailure, StepState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.workflows.backends.temporal.messages import StepPlan

__all__ = ["Walk"]

_STATES = {
    Outcome.SUCCEEDED: StepState.SUCCEEDED,
    Outcome.SKIPPED: StepState.SKIPPED,
    Outcome.FAILED: StepState.FAILED,
}


class Walk:
    """The steps of one run: what is ready, under way, settled, to be taken back.

    `failed` names the step that failed first and was not passed over.
    """

    def __init__(self, steps: Sequence[StepPlan]) -> None:
        """Begin before the first step."""
        self.steps = steps
        self.failed: str | None = None
        self.not_undone: list[str] = []
        self._graph = build_graph({step.name: step.after for step in steps})
        self._unmet = [len(after) for after in self._graph.after]
        self._now: dict[int, StepState] = {}
        self._under_way = 0
        self._saga = False

    @property
    def failing(self) -> bool:
        """Say whether a step failed for good: nothing more is to begin."""
        return self.failed is not None

    def first(self) -> list[int]:
        """Return the steps that wait for none."""
        return [i for i in self._graph.order if not self._unmet[i]]

    def begin(self, index: int) -> None:
        """Note that a step is under way."""
        self._now[index] = StepState.RUNNING
        self._under_way += 1

    def wait(self, index: int) -> None:
        """Note that a step waits for its signal."""
        self._now[index] = StepState.WAITING

    def settle(self, index: int, outcome: str) -> list[int]:
        """Take the outcome of a step; return the steps that are ready by it.

        An outcome that is none of a step's own ("") leaves it unsettled.
        """
        self._under_way -= 1
        state = _STATES.get(outcome)
        if state is None:
            del self._now[index]
            return []
        self._now[index] = state
        if state is StepState.FAILED and not self._passed_over(index):
            return []
        ready = []
        for successor in self._graph.before[index]:
            self._unmet[successor] -= 1
            if not self._unmet[successor]:
                ready.append(successor)
        return [] if self.failing else ready

    def _passed_over(self, index: int) -> bool:
        step = self.steps[index]
        if step.on_failure == OnFailure.CONTINUE:
            return True
        self.failed = self.failed or step.name
        self._saga = self._saga or step.on_failure == OnFailure.COMPENSATE
        return False

    def at_rest(self) -> bool:
        """Say whether nothing is under way and nothing more will be."""
        return not self._under_way

    def to_undo(self) -> list[int]:
        """Return what is to be taken back, in reverse topological order."""
        if not self._saga:
            return []
        return [
            i
            for i in reversed(self._graph.order)
            if self.steps[i].undoable and self._now.get(i) is StepState.SUCCEEDED
        ]

    def undone(self, index: int, *, done: bool) -> None:
        """Note that a step was taken back, or could not be."""
        if done:
            self._now[index] = StepState.COMPENSATED
        else:
            self.not_undone.append(self.steps[index].name)

    def states(self) -> dict[str, str]:
        """Return how each step stands."""
        return {
            step.name: self._now.get(i, StepState.PENDING).value
            for i, step in enumerate(self.steps)
        }

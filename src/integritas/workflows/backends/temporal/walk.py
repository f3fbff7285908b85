"""Where a run stands in its graph, told by outcomes alone. Pure and deterministic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from integritas.workflows.backends.seeds import kept_name, split_name
from integritas.workflows.backends.temporal.messages import Outcome
from integritas.workflows.graph import build_graph
from integritas.workflows.model import OnFailure, StepState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integritas.workflows.backends.temporal.messages import StepPlan

__all__ = ["Walk"]

_STATES: Final = {
    Outcome.SUCCEEDED: StepState.SUCCEEDED,
    Outcome.SKIPPED: StepState.SKIPPED,
    Outcome.FAILED: StepState.FAILED,
}


class Walk:
    """The steps of one run: what is ready, under way, settled, to be taken back.

    `failed` is the kept name of what failed first and was not passed over.
    """

    def __init__(
        self, steps: Sequence[StepPlan], known: Mapping[str, str] | None = None
    ) -> None:
        """Begin before the first step, or behind the outcomes that are known."""
        self.steps = steps
        self.failed: str | None = None
        self.not_undone: list[str] = []
        self._graph = build_graph({step.name: step.after for step in steps})
        self._numbers = {step.name: i for i, step in enumerate(steps)}
        self._unmet = [len(after) for after in self._graph.after]
        self._now: dict[int, StepState] = {}
        self._items: dict[int, dict[int, str]] = {}
        self._undone: set[tuple[int, int | None]] = set()
        self._under_way = 0
        self._stopped = False
        self._saga = False
        self._restore(known or {})

    @property
    def failing(self) -> bool:
        """Say whether nothing more is to begin: a step failed, or it is stopped."""
        return self._stopped or self.failed is not None

    @property
    def whole(self) -> bool:
        """Say whether every step is settled."""
        return len(self._now) == len(self.steps)

    def first(self) -> list[int]:
        """Return the steps that wait for none, or for none any more."""
        if self.failing:
            return []
        return [i for i in self._graph.order if self._open(i)]

    def begin(self, index: int) -> None:
        """Note that a step is under way."""
        self._now[index] = StepState.RUNNING
        self._under_way += 1

    def wait(self, index: int) -> None:
        """Note that a step waits: for a signal, a decision, or time to pass."""
        self._now[index] = StepState.WAITING

    def settle(self, index: int, outcome: str) -> list[int]:
        """Take the outcome of a step; return the steps that are ready by it.

        An outcome that is none of a step's own ("") leaves it unsettled.
        """
        self._under_way -= 1
        del self._now[index]
        before = self._take(index, outcome)
        return [] if self.failing else [i for i in before if self._open(i)]

    # Items -----------------------------------------------------------------------

    def item(self, index: int, item: int) -> str | None:
        """Return how an item came out, None if it has not."""
        return self._items.get(index, {}).get(item)

    def settle_item(self, index: int, item: int, outcome: str) -> None:
        """Take the outcome of an item; one that may not be lacking fails the run."""
        self._items.setdefault(index, {})[item] = outcome
        step = self.steps[index]
        if outcome == Outcome.FAILED and step.on_failure != OnFailure.CONTINUE:
            self._give_up(step, kept_name(step.name, item))

    # The way back ----------------------------------------------------------------

    def stop(self) -> None:
        """Begin nothing more; take back what succeeded once nothing is under way."""
        self._stopped = self._saga = True

    def learn(self, known: Mapping[str, str]) -> None:
        """Take what came of calls that were called off: it is to be taken back too."""
        for name, outcome in known.items():
            step, item, undo = split_name(name)
            index = self._numbers[step]
            if item is not None and not undo:
                self._items.setdefault(index, {}).setdefault(item, outcome)
            elif not undo:
                self._now.setdefault(index, _STATES[outcome])

    def at_rest(self) -> bool:
        """Say whether nothing is under way and nothing more will be."""
        return not self._under_way

    def to_undo(self) -> list[tuple[int, int | None]]:
        """Return steps, and items of them, to take back: the last one first."""
        if not self._saga:
            return []
        found: list[tuple[int, int | None]] = []
        for i in self._graph.order:
            if not self.steps[i].undoable:
                continue
            if self.steps[i].fans:
                done = self._items.get(i, {})
                found += [(i, n) for n in sorted(done) if done[n] == Outcome.SUCCEEDED]
            elif self._now.get(i) is StepState.SUCCEEDED:
                found.append((i, None))
        return [each for each in reversed(found) if each not in self._undone]

    def undone(self, index: int, item: int | None, *, done: bool) -> None:
        """Note that a step, or an item of it, was taken back, or could not be."""
        self._undone.add((index, item))
        if not done:
            self.not_undone.append(kept_name(self.steps[index].name, item, undo=True))
        elif item is None:
            self._now[index] = StepState.COMPENSATED

    def states(self) -> dict[str, str]:
        """Return how each step stands."""
        return {
            step.name: self._now.get(i, StepState.PENDING).value
            for i, step in enumerate(self.steps)
        }

    # Inside ----------------------------------------------------------------------

    def _open(self, index: int) -> bool:
        return not self._unmet[index] and index not in self._now

    def _take(self, index: int, outcome: str) -> Sequence[int]:
        """Keep an outcome; return the steps behind it, unless it bars them."""
        state = _STATES.get(outcome)
        if state is None:
            return ()
        self._now[index] = state
        step = self.steps[index]
        if state is StepState.FAILED and step.on_failure != OnFailure.CONTINUE:
            self._give_up(step, step.name)
            return ()
        for successor in self._graph.before[index]:
            self._unmet[successor] -= 1
        return self._graph.before[index]

    def _give_up(self, step: StepPlan, name: str) -> None:
        if not self.failing:
            self.failed = name
        self._saga = self._saga or step.on_failure == OnFailure.COMPENSATE

    def _restore(self, known: Mapping[str, str]) -> None:
        for name, outcome in known.items():
            step, item, undo = split_name(name)
            index = self._numbers[step]
            if undo:
                self.undone(index, item, done=outcome == Outcome.SUCCEEDED)
            elif item is not None:
                self.settle_item(index, item, outcome)
                if self.failed == name:
                    self._now[index] = StepState.FAILED
            else:
                self._take(index, outcome)

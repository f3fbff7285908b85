"""From which step a finished run is done again. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.kernel.errors import FieldError, InvalidInput
from integritas.workflows.graph import build_graph
from integritas.workflows.model import OnFailure, StepState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.workflows.model import Definition, StepView

__all__ = ["steps_to_carry"]


def steps_to_carry(
    definition: Definition, kept: Sequence[StepView], from_step: str | None
) -> Sequence[str]:
    """Return the steps whose results a run that goes on from another takes over.

    Done again are `from_step` (None: every step that failed), what was undone, what
    never ended, and all that comes after any of these.

    Raises:
        InvalidInput: there is no such step, or none failed and none is named.
    """
    names = tuple(step.name for step in definition.steps)
    if from_step is not None and from_step not in names:
        raise _no_step(f"there is no step {from_step!r}", names)
    last = {view.name: view.state for view in kept}  # attempts are in order
    undone = {
        view.name.removeprefix("compensate:").partition("[")[0]
        for view in kept
        if view.state is StepState.COMPENSATED
    }
    again = {name for name in names if name in undone or name not in last}
    if from_step is None:
        again |= {name for name in names if last.get(name) is StepState.FAILED}
    else:
        # A failure that was passed over stays as it was; one that ended the run cannot.
        again |= {from_step} | {
            step.name
            for step in definition.steps
            if last.get(step.name) is StepState.FAILED
            and step.on_failure is not OnFailure.CONTINUE
        }
    if not again:
        raise _no_step("no step of this run failed", names)
    graph = build_graph({step.name: step.after for step in definition.steps})
    for i in graph.order:
        if any(names[j] in again for j in graph.after[i]):
            again.add(names[i])
    return [name for name in names if name not in again]


def _no_step(what: str, names: Sequence[str]) -> InvalidInput:
    remedy = f"name the step to begin from: one of {', '.join(names)}"
    return InvalidInput(what, errors=(FieldError("from_step", what, remedy),))

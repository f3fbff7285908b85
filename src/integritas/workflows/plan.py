"""A definition made ready to run: its graph and operations looked up once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from integritas.workflows.graph import Graph, build_graph
from integritas.workflows.model import Definition, Step
from integritas.workflows.registry import Call, OperationSpec, Registry

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """`specs[i]` and `undo[i]` are the operations of step i, None if it has none.

    A step that runs a workflow has a spec too: how its outputs are kept. `scoped` says
    whether anything has an expression, so that results are made visible to expressions
    only where somebody looks; `awaits` whether a step waits for a signal, `waits` for
    that or for time; `orderly` whether a run must not be ended but by its engine.
    """

    definition: Definition
    graph: Graph
    steps: tuple[Step, ...]
    specs: tuple[OperationSpec | None, ...]
    undo: tuple[OperationSpec | None, ...]
    scoped: bool
    awaits: bool = False
    waits: bool = False
    orderly: bool = False


def make_plan(definition: Definition, registry: Registry) -> Plan:
    """Return the plan of a checked definition.

    Raises:
        InvalidDefinition: an operation is not registered here.
    """
    steps = definition.steps
    undo = tuple(registry.get(s.compensate) if s.compensate else None for s in steps)
    awaits = any(step.awaits for step in steps)
    return Plan(
        definition=definition,
        graph=build_graph({step.name: step.after for step in steps}),
        steps=steps,
        specs=tuple(_spec(step, registry) for step in steps),
        undo=undo,
        scoped=bool(definition.outputs) or any(_looks(step) for step in steps),
        awaits=awaits,
        waits=awaits or any(step.sleeps for step in steps),
        orderly=any(undo) or any(step.workflow for step in steps),
    )


def _spec(step: Step, registry: Registry) -> OperationSpec | None:
    if step.workflow is not None:
        return OperationSpec(f"workflow:{step.workflow}", _not_called)
    return registry.get(step.operation) if step.operation else None


async def _not_called(calls: Sequence[Call], /) -> Sequence[Any]:
    raise AssertionError(f"a workflow is run, not called: {calls}")


def _looks(step: Step) -> bool:
    return bool(step.when or step.inputs or step.for_each or step.sleep_until)

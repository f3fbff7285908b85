"""A definition made ready to run: its graph and operations looked up once."""

from __future__ import annotations

from dataclasses import dataclass

from integritas.workflows.graph import Graph, build_graph
from integritas.workflows.model import Definition, Step
from integritas.workflows.registry import OperationSpec, Registry

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True, slots=True)
class Plan:
    """`specs[i]` and `undo[i]` are the operations of step i, None if it has none.

    `scoped` says whether any step has an expression, so that results are made visible
    to expressions only where somebody looks.
    """

    definition: Definition
    graph: Graph
    steps: tuple[Step, ...]
    specs: tuple[OperationSpec | None, ...]
    undo: tuple[OperationSpec | None, ...]
    scoped: bool


def make_plan(definition: Definition, registry: Registry) -> Plan:
    """Return the plan of a checked definition.

    Raises:
        InvalidDefinition: an operation is not registered here.
    """
    steps = definition.steps
    return Plan(
        definition=definition,
        graph=build_graph({step.name: step.after for step in steps}),
        steps=steps,
        specs=tuple(registry.get(s.operation) if s.operation else None for s in steps),
        undo=tuple(registry.get(s.compensate) if s.compensate else None for s in steps),
        scoped=any(step.when or step.inputs for step in steps),
    )

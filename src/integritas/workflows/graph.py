"""The DAG of a definition: topological order and what each step waits for. Pure.

Kahn's algorithm (Kahn, Topological sorting of large networks, CACM 1962); ties are
broken by the order of declaration, so the order is the same every time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from integritas.kernel.errors import FieldError, InvalidDefinition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Graph", "build_graph"]


@dataclass(frozen=True, slots=True)
class Graph:
    """Steps by number: `order` is topological, `after[i]` lists whom i waits for."""

    names: tuple[str, ...]
    order: tuple[int, ...]
    after: tuple[tuple[int, ...], ...]
    before: tuple[tuple[int, ...], ...]

    def ready(self, done: frozenset[int]) -> tuple[int, ...]:
        """Return the steps not done whose predecessors all are, in order."""
        return tuple(
            i for i in self.order if i not in done and done.issuperset(self.after[i])
        )


def build_graph(dependencies: Mapping[str, Sequence[str]]) -> Graph:
    """Return the graph of step name -> names of steps it waits for.

    Raises:
        InvalidDefinition: an unknown step is named, or there is a cycle; the error
            spells the cycle out.
    """
    names = tuple(dependencies)
    number = {name: i for i, name in enumerate(names)}
    unknown = [
        FieldError(
            f"steps[{number[name]}].after",
            f"step {name!r} waits for {other!r}, which is not a step",
            f"use one of {', '.join(names)}",
        )
        for name, others in dependencies.items()
        for other in others
        if other not in number
    ]
    if unknown:
        raise InvalidDefinition("a step waits for an unknown step", errors=(*unknown,))
    after = tuple(
        tuple(dict.fromkeys(number[other] for other in dependencies[name]))
        for name in names
    )
    before: list[list[int]] = [[] for _ in names]
    for i, predecessors in enumerate(after):
        for j in predecessors:
            before[j].append(i)
    order = _topological(after, before)
    if len(order) < len(names):
        raise _cycle(names, after, frozenset(order))
    return Graph(names, tuple(order), after, tuple(map(tuple, before)))


def _topological(
    after: Sequence[Sequence[int]], before: Sequence[Sequence[int]]
) -> list[int]:
    waiting = [len(predecessors) for predecessors in after]
    order = [i for i, count in enumerate(waiting) if not count]
    for i in order:
        for successor in before[i]:
            waiting[successor] -= 1
            if not waiting[successor]:
                order.append(successor)
    return order


def _cycle(
    names: Sequence[str], after: Sequence[Sequence[int]], sorted_: frozenset[int]
) -> InvalidDefinition:
    # Every step left waits for another step left: walking back must come round.
    step = next(i for i in range(len(names)) if i not in sorted_)
    walk: list[int] = []
    while step not in walk:
        walk.append(step)
        step = next(j for j in after[step] if j not in sorted_)
    round_ = [*walk[walk.index(step) :], step]
    text = " → ".join(names[i] for i in reversed(round_))
    return InvalidDefinition(
        f"the steps form a cycle: {text}",
        errors=(
            FieldError(
                f"steps[{round_[0]}].after",
                f"is part of the cycle {text}",
                "remove one of these dependencies",
            ),
        ),
    )

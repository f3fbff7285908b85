"""What is known of a run: results so far, and what expressions see of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from integritas.workflows.expressions import evaluate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from integritas.workflows.backends.seeds import RunSeed
    from integritas.workflows.plan import Plan

__all__ = ["Results"]


class Results:
    """The results of steps, by name, as the operations made them."""

    def __init__(self, seed: RunSeed, plan: Plan) -> None:
        """Know nothing yet."""
        self.results: dict[str, Any] = {}
        self._seed = seed
        self._plan = plan
        self._views: dict[str, Any] = {}

    def keep(self, index: int, result: Any) -> None:  # noqa: ANN401 - its own type
        """Keep the result of a step."""
        name = self._plan.graph.names[index]
        self.results[name] = result
        if self._plan.scoped:
            self._views[name] = self._view(index, result)

    def hide(self, index: int) -> None:
        """Let expressions see null where a step was skipped or failed."""
        if self._plan.scoped:
            self._views[self._plan.graph.names[index]] = None

    def decoded(self, index: int, document: bytes) -> Any:  # noqa: ANN401 - its own type
        """Return a result that was kept as JSON."""
        spec = self._plan.specs[index]
        return spec.codec.decode(document) if spec else orjson.loads(document)

    def scope(self) -> Mapping[str, Any]:
        """Return what expressions see: `{submission, steps, run}`."""
        definition = self._plan.definition
        return {
            "submission": self._seed.input,
            "steps": self._views,
            "run": {
                "id": self._seed.id,
                "subject": self._seed.subject,
                "workflow": definition.name,
                "version": definition.version,
            },
        }

    def outputs(self) -> Mapping[str, Any]:
        """Return what a parent gets: the outputs, else the results of the last steps.

        Raises:
            IntegritasError: an output cannot be evaluated.
        """
        wanted = self._plan.definition.outputs
        if wanted:
            scope = self.scope()
            return {name: evaluate(text, scope) for name, text in wanted.items()}
        names, before = self._plan.graph.names, self._plan.graph.before
        return {
            name: self._view(i, self.results[name])
            for i, name in enumerate(names)
            if not before[i] and name in self.results
        }

    def _view(self, index: int, result: Any) -> Any:  # noqa: ANN401 - JSON
        spec = self._plan.specs[index]
        if spec is None:
            return result
        if self._plan.steps[index].for_each is None:
            return spec.codec.view(result)
        return [None if each is None else spec.codec.view(each) for each in result]

"""What of a definition this backend carries out; the rest is refused, never ignored."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, Final

from integritas.kernel.errors import FieldError, InvalidDefinition

if TYPE_CHECKING:
    from integritas.workflows.model import Definition

__all__ = ["OF_DEFINITIONS", "OF_STEPS", "check_scope"]

OF_DEFINITIONS: Final = frozenset(
    {"name", "version", "steps", "timeout_s", "description", "priority", "outputs"}
)
OF_STEPS: Final = frozenset(
    {
        "name",
        "operation",
        "signal",
        "approval",
        "sleep_s",
        "sleep_until",
        "workflow",
        "workflow_version",
        "for_each",
        "parallel",
        "after",
        "when",
        "inputs",
        "retry",
        "timeout_s",
        "on_failure",
        "compensate",
    }
)


def check_scope(definition: Definition) -> None:
    """Check that every field that is set is one that this backend carries out.

    Raises:
        InvalidDefinition: naming each field that would have no effect here.
    """
    found = [*_beyond(definition, OF_DEFINITIONS)]
    for number, step in enumerate(definition.steps):
        found += [f"steps[{number}].{name}" for name in _beyond(step, OF_STEPS)]
    if found:
        raise InvalidDefinition(
            f"the Temporal engine does not carry out {', '.join(found)}",
            errors=tuple(
                FieldError(path, "has no effect on Temporal", "use the embedded engine")
                for path in found
            ),
        )


def _beyond(thing: Any, known: frozenset[str]) -> list[str]:  # noqa: ANN401 - a dataclass
    return [
        field.name
        for field in fields(thing)
        if field.name not in known and getattr(thing, field.name) != _default(field)
    ]


def _default(field: Any) -> Any:  # noqa: ANN401 - any field's
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default

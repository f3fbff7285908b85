"""Definitions in YAML or JSON: read, checked against the registry, written.

Everything wrong with a definition is reported at once, each with its path.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from integritas.kernel.errors import FieldError, InvalidDefinition
from integritas.kernel.evidence import field_errors
from integritas.workflows.expressions import check_expression
from integritas.workflows.graph import build_graph
from integritas.workflows.model import Definition, OnFailure, RetryPolicy, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integritas.workflows.registry import Registry

__all__ = [
    "DefinitionIn",
    "check_definition",
    "definition_document",
    "parse_definition",
    "read_definition",
]

_NAME: Final = r"^[a-z][a-z0-9_-]{0,62}$"
_OPERATION: Final = r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$"
Name = Annotated[str, StringConstraints(pattern=_NAME)]
OperationName = Annotated[str, StringConstraints(pattern=_OPERATION)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=4_000)]
Seconds = Annotated[float, Field(gt=0, le=31_536_000, allow_inf_nan=False)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RetryIn(_Wire):
    """A retry policy on the wire."""

    attempts: Annotated[int, Field(ge=1, le=100)] = 3
    base_s: Seconds = 0.1
    cap_s: Seconds = 10.0
    retry_on: tuple[str, ...] = ()


class StepIn(_Wire):
    """A step on the wire: `operation` or `signal`, exactly one."""

    name: Name
    operation: OperationName | None = None
    signal: Name | None = None
    after: tuple[Name, ...] = ()
    when: Expression | None = None
    inputs: dict[Name, Expression] = Field(default_factory=dict)
    retry: RetryIn = RetryIn()
    timeout_s: Seconds = 30.0
    on_failure: OnFailure = OnFailure.FAIL
    compensate: OperationName | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> StepIn:
        if (self.operation is None) == (self.signal is None):
            raise PydanticCustomError(
                "one_of", "give exactly one of operation (to call) and signal (to wait)"
            )
        return self


class DefinitionIn(_Wire):
    """A definition on the wire."""

    name: Name
    version: Annotated[int, Field(ge=1)] = 1
    description: Annotated[str, StringConstraints(max_length=4_000)] = ""
    timeout_s: Seconds | None = None
    steps: Annotated[tuple[StepIn, ...], Field(min_length=1, max_length=1_000)]

    def definition(self) -> Definition:
        """Return the definition, not yet checked against a registry."""
        return Definition(
            name=self.name,
            version=self.version,
            description=self.description,
            timeout_s=self.timeout_s,
            steps=tuple(
                Step(
                    name=step.name,
                    operation=step.operation,
                    signal=step.signal,
                    after=step.after,
                    when=step.when,
                    inputs=step.inputs,
                    retry=RetryPolicy(**step.retry.model_dump()),
                    timeout_s=step.timeout_s,
                    on_failure=step.on_failure,
                    compensate=step.compensate,
                )
                for step in self.steps
            ),
        )


def read_definition(text: str, registry: Registry) -> Definition:
    """Return the definition of a YAML (or JSON) text, checked.

    Raises:
        InvalidDefinition: with a `FieldError` for each thing wrong.
    """
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise InvalidDefinition(
            "the definition is not YAML",
            errors=(FieldError("(whole)", reason, "check indentation and quotes"),),
        ) from error
    return parse_definition(document, registry)


def parse_definition(document: object, registry: Registry) -> Definition:
    """Return the definition of a parsed document, checked; raises like the above."""
    try:
        definition = DefinitionIn.model_validate(document).definition()
    except ValidationError as error:
        raise InvalidDefinition(
            "the definition is not valid", errors=field_errors(error)
        ) from error
    check_definition(definition, registry)
    return definition


def check_definition(definition: Definition, registry: Registry) -> None:
    """Check a definition: names, operations, inputs, expressions, cycles.

    Raises:
        InvalidDefinition: with a `FieldError` for each thing wrong.
    """
    errors = tuple(_problems(definition, registry))
    if errors:
        raise InvalidDefinition(
            f"workflow {definition.name!r} is not valid", errors=errors
        )
    build_graph({step.name: step.after for step in definition.steps})


def _problems(definition: Definition, registry: Registry) -> Iterator[FieldError]:
    seen: set[str] = set()
    for i, step in enumerate(definition.steps):
        path = f"steps[{i}]"
        if step.name in seen:
            yield FieldError(
                f"{path}.name", f"{step.name!r} is there already", "rename one"
            )
        seen.add(step.name)
        yield from _operation_problems(step, path, registry)
        yield from _expression_problems(step, path)
        if step.on_failure is OnFailure.COMPENSATE and not any(
            other.compensate for other in definition.steps
        ):
            yield FieldError(
                f"{path}.on_failure",
                "compensates, but no step says how",
                "give a step an operation to compensate with",
            )


def _operation_problems(
    step: Step, path: str, registry: Registry
) -> Iterator[FieldError]:
    known = ", ".join(registry.names())
    for name, operation in (
        ("operation", step.operation),
        ("compensate", step.compensate),
    ):
        if operation is not None and registry.find(operation) is None:
            service = operation.partition(".")[0]
            services = {each.partition(".")[0] for each in registry.names()}
            what = "operation" if service in services else "service"
            yield FieldError(
                f"{path}.{name}",
                f"step {step.name!r} names unknown {what} {operation!r}",
                f"use one of {known}",
            )
    spec = registry.find(step.operation) if step.operation else None
    for missing in sorted(set(spec.requires) - set(step.inputs)) if spec else ():
        yield FieldError(
            f"{path}.inputs.{missing}",
            f"step {step.name!r} lacks input {missing!r} of {step.operation}",
            "add it",
        )


def _expression_problems(step: Step, path: str) -> Iterator[FieldError]:
    expressions = {f"{path}.inputs.{key}": text for key, text in step.inputs.items()}
    if step.when is not None:
        expressions[f"{path}.when"] = step.when
    for place, text in expressions.items():
        problem = check_expression(text, place)
        if problem is not None:
            yield problem


def definition_document(definition: Definition) -> dict[str, Any]:
    """Return a definition as the JSON that `parse_definition` reads."""
    return DefinitionIn(
        name=definition.name,
        version=definition.version,
        description=definition.description,
        timeout_s=definition.timeout_s,
        steps=tuple(
            StepIn(
                name=step.name,
                operation=step.operation,
                signal=step.signal,
                after=step.after,
                when=step.when,
                inputs=dict(step.inputs),
                retry=RetryIn(
                    attempts=step.retry.attempts,
                    base_s=step.retry.base_s,
                    cap_s=step.retry.cap_s,
                    retry_on=step.retry.retry_on,
                ),
                timeout_s=step.timeout_s,
                on_failure=step.on_failure,
                compensate=step.compensate,
            )
            for step in definition.steps
        ),
    ).model_dump(mode="json")

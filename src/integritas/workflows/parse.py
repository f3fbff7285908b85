"""Definitions in YAML or JSON: read, and checked against the registry.

Everything wrong with a definition is reported at once, each with its path.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import yaml
from pydantic import ValidationError
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

from integritas.kernel.errors import ContentTooLarge, FieldError, InvalidDefinition
from integritas.kernel.validation import field_errors
from integritas.workflows.expressions import ITEM_VARIABLES, check_expression
from integritas.workflows.graph import build_graph
from integritas.workflows.model import Definition, OnFailure, Step
from integritas.workflows.wire import DefinitionIn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from integritas.workflows.registry import Registry

__all__ = ["check_definition", "parse_definition", "read_definition"]

MAX_CHARACTERS: Final = 262_144
_REMEDIES: Final = {
    "enum": "use one of the values named",
    "greater_than": "use more than zero",
    "greater_than_equal": "use at least the number named",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "less_than_equal": "use at most the number named",
    "misplaced": "leave it out, or give what it belongs to",
    "model_attributes_type": "write a mapping of fields",
    "model_type": "write a mapping of fields",
    "dict_type": "write a mapping of names to expressions",
    "finite_number": "write a number of seconds",
    "float_parsing": "write a number of seconds",
    "float_type": "write a number of seconds",
    "string_pattern_mismatch": (
        "use lower case letters, digits, _ and -, beginning with a letter;"
        " an operation is service.operation"
    ),
    "too_long": "split it into several workflows",
    "too_short": "give at least one step",
    "tuple_type": "write a list, even of one",
}


def read_definition(text: str, registry: Registry) -> Definition:
    """Return the definition of a YAML (or JSON) text, checked.

    Aliases are refused: a few of them unfold into gigabytes.

    Raises:
        InvalidDefinition: with a `FieldError` for each thing wrong.
        ContentTooLarge: over `MAX_CHARACTERS`.
    """
    if len(text) > MAX_CHARACTERS:
        raise ContentTooLarge(
            f"a definition may have {MAX_CHARACTERS} characters, this has {len(text)}"
        )
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise InvalidDefinition(
            "the definition is not YAML",
            errors=(FieldError("(whole)", reason, "check indentation and quotes"),),
        ) from error
    return parse_definition(document, registry)


class _Loader(yaml.SafeLoader):
    """Refuses aliases, and keys that come twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call] # stubs
            raise ComposerError(None, None, "aliases are not taken: write it out", mark)
        return super().compose_node(parent, index)

    def construct_mapping(
        self, node: yaml.MappingNode, deep: bool = False
    ) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = next((key for key, _ in node.value if keys.count(key.value) > 1), None)
        if twice is not None:
            what = f"key {twice.value!r} comes twice"
            raise ConstructorError(None, None, what, twice.start_mark)
        return super().construct_mapping(node, deep)


def parse_definition(document: object, registry: Registry) -> Definition:
    """Return the definition of a parsed document, checked; raises like the above."""
    try:
        definition = DefinitionIn.model_validate(document).definition()
    except ValidationError as error:
        errors = (*_field_errors(error), *_unknown_steps(document))
        raise InvalidDefinition("the definition is not valid", errors=errors) from error
    check_definition(definition, registry)
    return definition


def check_definition(definition: Definition, registry: Registry) -> None:
    """Check a definition: names, operations, inputs, expressions, cycles.

    Raises:
        InvalidDefinition: with a `FieldError` for each thing wrong.
    """
    errors = [*_problems(definition, registry)]
    for key, text in definition.outputs.items():
        errors += _wrong(text, f"outputs.{key}")
    try:
        build_graph({step.name: step.after for step in definition.steps})
    except InvalidDefinition as error:
        if not errors:
            raise
        errors += error.errors
    if errors:
        raise InvalidDefinition(
            f"workflow {definition.name!r} is not valid", errors=(*errors,)
        )


def _field_errors(error: ValidationError) -> tuple[FieldError, ...]:
    return tuple(
        replace(problem, remedy=_REMEDIES.get(raw["type"], problem.remedy))
        for raw, problem in zip(
            error.errors(include_url=False), field_errors(error), strict=True
        )
        # Steps that are wrong do not count: none left does not mean none given.
        if not (raw["type"] == "too_short" and raw["input"])
    )


def _unknown_steps(document: object) -> Iterator[FieldError]:
    """Name what steps wait for that is none, whatever else is wrong with them."""
    steps = document.get("steps") if isinstance(document, dict) else None
    known = [each for each in steps or () if isinstance(each, dict)]
    names = [each["name"] for each in known if isinstance(each.get("name"), str)]
    if not names or len(names) < len(steps or ()):
        return  # a step without a name may be the one that is waited for
    for i, step in enumerate(known):
        after = step.get("after")
        for other in after if isinstance(after, list | tuple) else ():
            if isinstance(other, str) and other not in names:
                yield FieldError(
                    f"steps[{i}].after",
                    f"step {step['name']!r} waits for {other!r}, which is not a step",
                    f"use one of {', '.join(names)}",
                )


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
    for operation in filter(None, (step.operation, step.compensate)):
        spec = registry.find(operation)
        for missing in sorted(set(spec.requires) - set(step.inputs)) if spec else ():
            yield FieldError(
                f"{path}.inputs.{missing}",
                f"step {step.name!r} lacks input {missing!r} of {operation}",
                "add it",
            )


def _expression_problems(step: Step, path: str) -> Iterator[FieldError]:
    of_items = ITEM_VARIABLES if step.for_each is not None else frozenset()
    for key, text in step.inputs.items():
        yield from _wrong(text, f"{path}.inputs.{key}", of_items)
    for field in ("when", "for_each", "sleep_until"):
        text = getattr(step, field)
        if text is not None:
            yield from _wrong(text, f"{path}.{field}")


def _wrong(
    text: str, path: str, extra: frozenset[str] = frozenset()
) -> Iterator[FieldError]:
    problem = check_expression(text, path, extra)
    if problem is not None:
        yield problem

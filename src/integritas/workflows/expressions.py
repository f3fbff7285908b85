"""CEL expressions over `{submission, steps, run}`: conditions and inputs of steps.

One evaluator for every backend (Common Expression Language, cel.dev).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import cel

from integritas.kernel.clock import parse_time
from integritas.kernel.errors import FieldError, InvalidDefinition, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ITEM_VARIABLES",
    "VARIABLES",
    "check_expression",
    "evaluate",
    "evaluate_list",
    "evaluate_time",
    "holds",
]

VARIABLES: Final = frozenset({"submission", "steps", "run"})
ITEM_VARIABLES: Final = frozenset({"item", "index"})
"""What the inputs of a step that fans out see besides."""


@lru_cache(maxsize=4_096)
def _program(expression: str) -> cel.Program:
    return cel.compile(expression)


def check_expression(
    expression: str, path: str, extra: frozenset[str] = frozenset()
) -> FieldError | None:
    """Return what is wrong with an expression at `path`, or None.

    `extra` names what it may look at besides `VARIABLES`.
    """
    try:
        program = _program(expression)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        return FieldError(path, reason, "write a CEL expression (cel.dev)")
    strangers = sorted(set(program.variables()) - VARIABLES - extra)
    if strangers:
        remedy = "use submission, steps and run"
        if ITEM_VARIABLES.intersection(strangers):
            remedy += "; item and index are for the inputs of a step with for_each"
        return FieldError(path, f"unknown name {', '.join(strangers)}", remedy)
    return None


def evaluate(expression: str, scope: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any CEL value
    """Return the value of an expression.

    Raises:
        InvalidInput: the expression asks for what is not there.
        InvalidDefinition: it is not an expression.
    """
    try:
        return _program(expression).execute(dict(scope))
    except ValueError as error:
        raise InvalidDefinition(f"{expression!r}: {error}") from error
    except Exception as error:
        raise InvalidInput(f"{expression!r} cannot be evaluated: {error}") from error


def holds(expression: str | None, scope: Mapping[str, Any]) -> bool:
    """Say whether a condition holds; no condition always does.

    Raises:
        InvalidInput: the condition is not a truth value.
    """
    if expression is None:
        return True
    value = evaluate(expression, scope)
    if not isinstance(value, bool):
        raise InvalidInput(f"{expression!r} is {value!r}, not true or false")
    return value


def evaluate_list(expression: str, scope: Mapping[str, Any], limit: int) -> list[Any]:
    """Return the list that an expression gives, of at most `limit` items.

    Raises:
        InvalidInput: it is no list, too long, or cannot be evaluated.
    """
    value = evaluate(expression, scope)
    if not isinstance(value, list):
        raise InvalidInput(f"{expression!r} is a {type(value).__name__}, not a list")
    if len(value) > limit:
        raise InvalidInput(f"{expression!r} has {len(value)} items, {limit} may be")
    return value


def evaluate_time(expression: str, scope: Mapping[str, Any]) -> datetime:
    """Return the UTC time that an expression gives, as a timestamp or RFC 3339 text.

    Raises:
        InvalidInput: it is no time, or cannot be evaluated.
    """
    value = evaluate(expression, scope)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    try:
        return parse_time(str(value))
    except ValueError as error:
        raise InvalidInput(f"{expression!r}: {error}") from error

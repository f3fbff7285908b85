"""CEL expressions over `{submission, steps, run}`: conditions and inputs of steps.

One evaluator for every backend (Common Expression Language, cel.dev).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import cel

from integritas.kernel.errors import FieldError, InvalidDefinition, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["VARIABLES", "check_expression", "evaluate", "holds"]

VARIABLES: Final = frozenset({"submission", "steps", "run"})


@lru_cache(maxsize=4_096)
def _program(expression: str) -> cel.Program:
    return cel.compile(expression)


def check_expression(expression: str, path: str) -> FieldError | None:
    """Return what is wrong with an expression at `path`, or None."""
    try:
        program = _program(expression)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        return FieldError(path, reason, "write a CEL expression (cel.dev)")
    strangers = sorted(set(program.variables()) - VARIABLES)
    if strangers:
        return FieldError(
            path,
            f"unknown name {', '.join(strangers)}",
            "use submission, steps and run",
        )
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

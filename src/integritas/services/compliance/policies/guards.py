"""Guards: conditions in CEL that make an outcome stricter, never milder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cel

from integritas.kernel.contracts import DecisionRequest
from integritas.kernel.errors import FieldError, InvalidDefinition
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.services.compliance.policies.scope import FIELDS, scope_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CompiledGuard", "compile_guard", "guard_scope"]


class CompiledGuard:
    """A condition, ready to be asked many times."""

    def __init__(self, program: cel.Program) -> None:
        """Take the compiled condition."""
        self._program = program

    def holds(self, scope: cel.Context) -> bool:
        """Say whether the condition holds in what `guard_scope` returned.

        Raises:
            InvalidDefinition: it cannot be evaluated, or is no truth value.
        """
        try:
            value = self._program.execute(scope)
        except Exception as error:
            raise InvalidDefinition(f"cannot be evaluated: {error}") from error
        if not isinstance(value, bool):
            raise InvalidDefinition(f"is {value!r}, not true or false")
        return value


def guard_scope(scope: Mapping[str, Any]) -> cel.Context:
    """Return a scope that many guards share: to convert it costs more than to ask."""
    return cel.Context(variables=dict(scope))


def compile_guard(expression: str, path: str) -> CompiledGuard:
    """Return the compiled condition; `path` names it where it is wrong.

    Raises:
        InvalidDefinition: it is no CEL, asks for what is not there, or is no condition.
    """
    try:
        program = cel.compile(expression)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise _wrong(path, reason, "write a CEL expression (cel.dev)") from error
    strangers = sorted(set(program.variables()) - FIELDS.keys())
    if strangers:
        known = ", ".join(FIELDS)
        raise _wrong(path, f"unknown name {', '.join(strangers)}", f"use {known}")
    guard = CompiledGuard(program)
    try:
        guard.holds(guard_scope(_EMPTY))
    except InvalidDefinition as error:
        raise _wrong(path, error.detail, "compare fields of their own type") from error
    return guard


def _wrong(path: str, message: str, remedy: str) -> InvalidDefinition:
    return InvalidDefinition(
        "a guard is not valid", errors=(FieldError(path, message, remedy),)
    )


_EMPTY: Final = scope_of(
    DecisionRequest("", DEFAULT_TENANT, "api", frozenset(), {}),
    risk=0.0,
    band="",
    complete=True,
)

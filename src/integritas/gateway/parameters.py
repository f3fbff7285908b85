"""Names in a query that an operation does not know are refused, not passed over.

`?stat=open` would else answer with everything, and look as if it had been heard.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from integritas.kernel.errors import FieldError, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request

__all__ = ["check_names"]

# A provider may add to its answer, and who gets it must not mind (RFC 6749 section
# 4.1.2).
_OPEN: Final = frozenset({"oidc_callback"})


def check_names(request: Request) -> None:
    """Refuse what the operation does not declare in the OpenAPI document.

    Raises:
        InvalidInput: naming the first unknown name, and those that are known.
    """
    known = _declared(request)
    if known is None:
        return
    for name in request.query_params:
        if name not in known:
            raise InvalidInput(
                "the query is not valid",
                errors=(
                    FieldError(
                        name[:100],
                        "is no parameter of this operation",
                        _remedy(name, known),
                    ),
                ),
            )


def _declared(request: Request) -> frozenset[str] | None:
    """Return the names that an operation takes; None if it takes any."""
    known: dict[str, frozenset[str]] = request.app.state.parameters
    if not known:
        known.update(_read(request.app.openapi()))
    return known.get(getattr(request.scope.get("route"), "operation_id", None) or "")


def _read(document: Mapping[str, Any]) -> Iterator[tuple[str, frozenset[str]]]:
    operations = (
        operation
        for path, methods in document["paths"].items()
        for operation in methods.values()
        # Probes add what they like.
        if path.startswith("/api/") and operation["operationId"] not in _OPEN
    )
    for operation in operations:
        declared = operation.get("parameters", ())
        names = frozenset(p["name"] for p in declared if p["in"] == "query")
        yield operation["operationId"], names


def _remedy(name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name.lower(), sorted(known), 3, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"use {', '.join(sorted(known))}" if known else "leave it out"

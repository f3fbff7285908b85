"""What the OpenAPI document says beyond what FastAPI finds in the routes.

Conventions that hold for many operations are kept by one part each (`repeating`,
`sparse`); here they are told of, by the same rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from integritas.gateway.repeating import MAX_KEY, keeps_its_own
from integritas.gateway.sparse import SPARSE
from integritas.platform.problems import problem_responses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

__all__ = ["describe"]

_WRITES: Final = frozenset({"post", "put", "patch", "delete"})
_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and body again within 24 hours get the same answer "
    "(`Idempotency-Replayed: true`); another body gets 422.",
    "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY},
    "example": "5f1c1b9e-6a8f-4d0e-9c8e-0f6a2b7f3f11",
}
_FIELDS: Final[dict[str, Any]] = {
    "name": "fields",
    "in": "query",
    "required": False,
    "description": "Names of the fields wanted, separated by commas; the answer is "
    f"`{SPARSE}`.",
    "schema": {"type": "string", "pattern": r"^[a-z_]+(,[a-z_]+)*$", "maxLength": 500},
}


def describe(app: FastAPI) -> None:
    """Have the document of `app` tell of the conventions."""
    # The way FastAPI's documentation gives to extend the document.
    app.openapi = _described(app.openapi)  # type: ignore[method-assign] # see above


def _described(generate: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            document = generate()
            for method, path, operation in _operations(document):
                _tell_of_keys(method, path, operation)
                _tell_of_fields(method, path, operation)
            made.update(document)
        return made

    return openapi


def _operations(
    document: dict[str, Any],
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _tell_of_keys(method: str, path: str, operation: dict[str, Any]) -> None:
    if method not in _WRITES or "security" not in operation:
        return
    if method == "post" and keeps_its_own(path):
        return  # they say so themselves
    operation.setdefault("parameters", []).append(_KEY)
    _answers(operation, 409, 422)


def _tell_of_fields(method: str, path: str, operation: dict[str, Any]) -> None:
    content = operation["responses"].get("200", {}).get("content", {})
    if method != "get" or not path.startswith("/api/v1/"):
        return
    if "application/json" not in content:
        return
    operation.setdefault("parameters", []).append(_FIELDS)
    content[SPARSE] = {
        "schema": {"type": "object", "description": "Only the fields asked for."}
    }
    _answers(operation, 422)


def _answers(operation: dict[str, Any], *statuses: int) -> None:
    for status, answer in problem_responses(*statuses).items():
        operation["responses"].setdefault(str(status), answer)

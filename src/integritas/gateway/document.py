"""What the OpenAPI document says beyond what FastAPI finds in the routes.

Conventions that hold for many operations are kept by one part each (`repeating`,
`sparse`); here they are told of, by the same rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from integritas.gateway.codesamples import code_samples
from integritas.gateway.examples import example_of
from integritas.gateway.repeating import MAX_KEY, keeps_its_own
from integritas.gateway.sparse import SPARSE
from integritas.platform.problems import problem_responses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

__all__ = ["TAGS", "describe"]

TAGS: Final = {
    "auth": "Sign in, refresh, sign out; the keys that tokens are signed with.",
    "users": "People, their roles, and API keys.",
    "submissions": "What comes in: each opens a case.",
    "cases": "The unit of work, through its states.",
    "evidence": "What a case is about, and files kept with it.",
    "findings": "What the services say of evidence.",
    "approvals": "What waits for a second person.",
    "workflows": "Definitions, runs, schedules, dead letters.",
    "events": "What happens: a stream, and webhooks.",
    "insight": "Search and statistics.",
    "spam": "Messages: is it spam?",
    "anticorruption": "Procurement: red flags, networks, collusion.",
    "compliance": "Parties and payments: screening, policy, personal data.",
    "audit": "The Merkle log: entries, proofs, bundles.",
    "health": "Whether it lives and is ready.",
}
"""What each group of operations is about; one without a line here fails a test."""

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


_FLOW: Final[dict[str, Any]] = {
    "name": "ask-first",
    "steps": [{"name": "ask", "signal": "go"}],
}
# Where a schema alone does not tell what makes sense.
_BODIES: Final[dict[str, Any]] = {
    "auth_token": {"username": "jane.roe", "password": "correct horse battery staple"},
    "evidence_add": {
        "evidence": [
            {
                "kind": "message",
                "raw": "The minutes of the meeting are attached.",
                "media_type": "text/plain",
            }
        ]
    },
    "workflows_create": _FLOW,
    "workflows_validate": _FLOW,
}


def describe(app: FastAPI) -> None:
    """Have the document of `app` tell of the conventions."""
    # The way FastAPI's documentation gives to extend the document.
    app.openapi = _described(app.openapi)  # type: ignore[method-assign] # see above


def _described(generate: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_complete(generate()))
        return made

    return openapi


def _complete(document: dict[str, Any]) -> dict[str, Any]:
    document["servers"] = [{"url": "/", "description": "This server"}]
    document["tags"] = [{"name": name, "description": TAGS[name]} for name in TAGS]
    schemas = document["components"]["schemas"]
    _require_discriminators(document, schemas)
    for method, path, operation in _operations(document):
        operation.setdefault("security", [])
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "header":
                parameter["name"] = parameter["name"].title()
        _tell_of_keys(method, path, operation)
        _tell_of_fields(method, path, operation)
        _show_bodies(operation, schemas)
        operation["x-codeSamples"] = code_samples(method, path, operation, schemas)
    return document


def _require_discriminators(node: Any, schemas: dict[str, Any]) -> None:  # noqa: ANN401 - any JSON
    """Say that what tells alternatives apart must be there: it must."""
    if isinstance(node, list):
        for each in node:
            _require_discriminators(each, schemas)
    if not isinstance(node, dict):
        return
    told: Any = node.get("discriminator")
    for each in node.get("oneOf", ()) if told else ():
        schema = schemas[each["$ref"].rpartition("/")[2]]
        required = schema.setdefault("required", [])
        if told["propertyName"] not in required:
            required.insert(0, told["propertyName"])
    for each in node.values():
        _require_discriminators(each, schemas)


def _show_bodies(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Give each body an example, where no model shows one."""
    content = operation.get("requestBody", {}).get("content", {})
    media = content.get("application/json")
    if media is not None:
        shown = _BODIES.get(operation["operationId"])
        media["example"] = shown or example_of(media["schema"], schemas)


def _operations(
    document: dict[str, Any],
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def _tell_of_keys(method: str, path: str, operation: dict[str, Any]) -> None:
    if method not in _WRITES or not operation["security"]:
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

"""What the OpenAPI document says beyond what FastAPI finds in the routes.

Conventions that hold for many operations are kept by one part each (`repeating`,
`sparse`); here they are told of, by the same rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from integritas.gateway.codesamples import code_samples
from integritas.gateway.examples import example_of
from integritas.gateway.repeating import MAX_KEY, keeps_its_own
from integritas.gateway.security import CREDENTIALS
from integritas.gateway.sparse import MOST, SPARSE
from integritas.platform.paths import PathTable
from integritas.platform.problems import problem_responses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import FastAPI

__all__ = ["TAGS", "describe", "names_at"]

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
    "models": "Which model judges: versions, a challenger, promotion, drift.",
    "spam": "Messages: is it spam?",
    "anticorruption": "Procurement: red flags, networks, collusion.",
    "compliance": "Parties and payments: screening, policy, personal data.",
    "audit": "The Merkle log: entries, proofs, bundles.",
    "health": "Whether it lives and is ready.",
}
"""What each group of operations is about; one without a line here fails a test."""

_EITHER: Final[list[dict[str, list[str]]]] = [{scheme: []} for scheme in CREDENTIALS]
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
# What a whole definition is, where a route takes it apart by itself.
_SCHEMAS: Final = {
    "workflows_create": "DefinitionIn",
    "workflows_validate": "DefinitionIn",
}
_ETAG: Final = r'^(\*|(W/)?"[0-9]{1,18}"|[0-9]{1,18})$'
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


def names_at(app: FastAPI) -> Callable[[str], tuple[str, ...]]:
    """Return what says which fields can be read at a path."""
    known: dict[int, PathTable] = {}

    def names(path: str) -> tuple[str, ...]:
        document = app.openapi()
        table = known.setdefault(id(document), PathTable(document))
        operation = table.operations(path).get("get", {})
        return field_names(operation, document["components"]["schemas"])

    return names


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
    document["components"]["securitySchemes"] = CREDENTIALS
    schemas = document["components"]["schemas"]
    _require_discriminators(document, schemas)
    for method, path, operation in _operations(document):
        operation["security"] = [] if operation["x-permission"] == "public" else _EITHER
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "header":
                parameter["name"] = parameter["name"].title()
            if parameter["name"] == "If-Match":
                parameter["schema"] = {"type": "string", "pattern": _ETAG}
                parameter["required"] = "428" in operation["responses"]
        if path.startswith("/api/"):
            _answers(operation, 422)  # for a name in the query that is no parameter
        _tell_of_keys(method, path, operation)
        _tell_of_fields(method, path, operation, schemas)
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
    told: dict[str, Any] = node.get("discriminator") or {}
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
        if operation["operationId"] in _SCHEMAS:
            name = _SCHEMAS[operation["operationId"]]
            media["schema"] = {"$ref": f"#/components/schemas/{name}"}
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


def _tell_of_fields(
    method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]
) -> None:
    names = field_names(operation, schemas)
    if method != "get" or not path.startswith("/api/v1/") or not names:
        return
    fields = {
        "name": "fields",
        "in": "query",
        "required": False,
        "description": "Names of the fields wanted, separated by commas; the answer "
        f"is `{SPARSE}`.",
        "style": "form",
        "explode": False,
        "schema": {
            "type": "array",
            "items": {"type": "string", "enum": list(names)},
            "minItems": 1,
            "maxItems": MOST,
        },
    }
    operation.setdefault("parameters", []).append(fields)
    operation["responses"]["200"]["content"][SPARSE] = {
        "schema": {"type": "object", "description": "Only the fields asked for."}
    }
    _answers(operation, 422)


def field_names(operation: dict[str, Any], schemas: dict[str, Any]) -> tuple[str, ...]:
    """Return the fields of what a read answers with, or of the items of its list."""
    content = operation.get("responses", {}).get("200", {}).get("content", {})
    whole = _properties(content.get("application/json", {}).get("schema"), schemas)
    items = whole.get("data", {})
    if items.get("type") == "array":
        return tuple(_properties(items.get("items"), schemas))
    return tuple(whole)


def _properties(schema: Any, schemas: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    if isinstance(schema, dict) and "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    found: dict[str, Any] = (schema or {}).get("properties", {})
    return found


def _answers(operation: dict[str, Any], *statuses: int) -> None:
    for status, answer in problem_responses(*statuses).items():
        operation["responses"].setdefault(str(status), answer)

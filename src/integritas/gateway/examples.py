"""Examples made of schemas: what a request may look like where no model shows it.

Names tell more than types: an `amount` is not any text. What a model shows itself wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["example_of", "parameter_example"]

_ID: Final = "01J9Z3K8Q5V7R2M4N6P8S0T1W2"
_NAMED: Final[Mapping[str, Any]] = {
    "approval_id": f"appr_{_ID}",
    "assignee": f"user_{_ID}",
    "attachment_id": f"att_{_ID}",
    "attributes": {"region": "north"},
    "case": f"case_{_ID}",
    "case_id": f"case_{_ID}",
    "cron": "0 6 * * MON-FRI",
    "delivery_id": f"dlv_{_ID}",
    "email": "jane.roe@example.org",
    "evidence": f"ev_{_ID}",
    "evidence_id": f"ev_{_ID}",
    "finding": f"find_{_ID}",
    "finding_id": f"find_{_ID}",
    "index": 0,
    "key_id": f"key_{_ID}",
    "name": "tenders-2026",
    "ocid": "ocds-213czf-1",
    "party": "T1",
    "password": "correct horse battery staple",
    "path": "0/000",
    "q": "bridge",
    "reason": "asked the buyer",
    "roles": ["analyst"],
    "run_id": f"run_{_ID}",
    "scopes": ["submissions:write"],
    "step": "decide",
    "subject": f"case_{_ID}",
    "submission_id": f"sub_{_ID}",
    "time_zone": "Europe/Berlin",
    "user_id": f"user_{_ID}",
    "username": "jane.roe",
    "version": 1,
    "webhook_id": f"wh_{_ID}",
    "workflow": "case-assessment",
}
_FORMATS: Final[Mapping[str, str]] = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
}
_TYPES: Final[Mapping[str, Any]] = {
    "string": "text",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "null": None,
}
_PYTHON: Final[Mapping[str, type]] = {
    "array": list,
    "integer": int,
    "string": str,
}
_DEEPEST: Final = 6


def example_of(
    schema: Mapping[str, Any],
    schemas: Mapping[str, Any],
    name: str = "",
    depth: int = 0,
) -> Any:  # noqa: ANN401 - any JSON
    """Return an example of a schema; `name` is that of the field it stands in."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    for key in ("example", "const"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return example_of(schema[key][0], schemas, name, depth)
    if name in _NAMED and _fits(_NAMED[name], schema.get("type")):
        return _NAMED[name]
    return _of_type(schema, schemas, name, depth)


def _fits(value: object, kind: str | None) -> bool:
    """Say whether a value is of a type; a name may mean a number here, a text there."""
    return kind is None or isinstance(value, _PYTHON.get(kind, ()))


def _of_type(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str, depth: int
) -> Any:  # noqa: ANN401 - any JSON
    kind = schema.get("type", "object")
    if kind == "array":
        if depth > _DEEPEST:
            return []
        return [example_of(schema.get("items", {}), schemas, name, depth + 1)]
    if kind == "object":
        members = schema.get("properties", {})
        return {
            key: example_of(members[key], schemas, key, depth + 1)
            for key in schema.get("required", ())
            if key in members
        }
    if kind == "string":
        text = _FORMATS.get(schema.get("format", ""), name or "text")
        return text[: schema.get("maxLength", len(text))]
    return schema.get("minimum", _TYPES[kind])


def parameter_example(parameter: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    """Return an example of a parameter."""
    if "example" in parameter:
        return parameter["example"]
    name = str(parameter["name"])
    if name.lower() == "if-match":
        return '"7"'
    return example_of(parameter.get("schema", {}), schemas, name)

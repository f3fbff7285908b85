"""The Python clients: models, and a class each, sync and async."""

from __future__ import annotations

import json
import keyword
import re
from typing import TYPE_CHECKING, Any, Final

from scripts.clients.operations import (
    Operation,
    Parameter,
    class_name,
    operations,
    schemas,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["client_module", "models_module"]

_PLAIN: Final = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
}
_HEAD: Final = '"""Generated from the OpenAPI document by `make docs`: {what}."""\n\n'


def annotation(schema: Mapping[str, Any]) -> str:  # noqa: PLR0911 - a case each
    """Return the type of a schema."""
    if "$ref" in schema:
        return class_name(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(map(annotation, schema[key])))
    if len(schema.get("allOf", ())) == 1:
        return annotation(schema["allOf"][0])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(annotation({**schema, "type": each}) for each in kind)
    if kind == "array":
        return f"list[{annotation(schema.get('items', {}))}]"
    if kind == "object":
        others = schema.get("additionalProperties")
        inner = annotation(others) if isinstance(others, dict) else "Any"
        return f"dict[str, {inner}]"
    return _PLAIN.get(str(kind), "Any")


def models_module(document: Mapping[str, Any]) -> str:
    """Return the module of the models."""
    found = schemas(document)
    aliases, classes = [], []
    for name, schema in found.items():
        if "properties" in schema:
            classes.append(_model(name, schema))
        else:
            aliases.append(f"{name}: TypeAlias = {json.dumps(annotation(schema))}\n")
    names = ",\n    ".join(json.dumps(name) for name in found)
    return (
        _HEAD.format(what="what is sent and what comes back")
        + "from __future__ import annotations\n\n"
        + "from typing import Any, Literal, NotRequired, TypeAlias, TypedDict\n\n"
        + f"__all__ = [\n    {names},\n]\n\n"
        + "".join(aliases)
        + "\n\n"
        + "\n\n".join(classes)
    )


def _model(name: str, schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    fields = {
        key: annotation(member)
        if key in required
        else f"NotRequired[{annotation(member)}]"
        for key, member in schema["properties"].items()
    }
    told = " ".join(schema.get("description", name).split("\n\n")[0].split())
    told = told.replace("\\", "\\\\").replace('"""', "'''")
    if all(key.isidentifier() and not keyword.iskeyword(key) for key in fields):
        lines = "".join(f"    {key}: {kind}\n" for key, kind in fields.items())
        return f'class {name}(TypedDict):\n    """{told}"""\n\n{lines}'
    members = "".join(
        f"        {json.dumps(key)}: {json.dumps(kind)},\n"
        for key, kind in fields.items()
    )
    return f'{name} = TypedDict(\n    "{name}",\n    {{\n{members}    }},\n)\n'


def client_module(document: Mapping[str, Any], *, aio: bool) -> str:
    """Return the module of a client."""
    name, base = (
        ("AsyncClient", "AsyncTransport") if aio else ("Client", "SyncTransport")
    )
    methods = [_method(each, aio=aio) for each in operations(document)]
    text = "\n".join(methods)
    used = [model for model in schemas(document) if _mentions(text, model)]
    imports = ",\n    ".join(used)
    what = "the client that does not block" if aio else "the client"
    return (
        _HEAD.format(what=what)
        + "from __future__ import annotations\n\n"
        + "from typing import Any, Literal\n\n"
        + f"from integritas.client.models import (\n    {imports},\n)\n"
        + f"from integritas.client.transport import {base}, escape\n\n"
        + f'__all__ = ["{name}"]\n\n\n'
        + f'class {name}({base}):\n    """Every operation of the API, by its id."""\n\n'
        + text
    )


def _mentions(text: str, model: str) -> bool:
    return re.search(rf"\b{model}\b", text) is not None


def _method(operation: Operation, *, aio: bool) -> str:
    def_, await_ = ("async def", "await ") if aio else ("def", "")
    given = ["self", *(_given(p) for p in operation.of("path"))]
    if operation.body is not None:
        given.append(f"body: {annotation(operation.body)}")
    named = [_given(p) for p in (*operation.of("query"), *operation.of("header"))]
    if named:
        given += ["*", *sorted(named, key=lambda each: "= None" in each)]
    path = operation.path
    for parameter in operation.of("path"):
        # Slashes of a path within the path stay.
        value = parameter.own if parameter.own == "path" else f"escape({parameter.own})"
        path = path.replace(f"{{{parameter.name}}}", f"{{{value}}}")
    asked = [json.dumps(operation.method), f'f"{path}"']
    for place, word in (("query", "query"), ("header", "headers")):
        pairs = ", ".join(f'"{p.name}": {p.own}' for p in operation.of(place))
        if pairs:
            asked.append(f"{word}={{{pairs}}}")
    if operation.body is not None:
        asked.append("body=body")
    returned, last = _returned(operation)
    return (
        f"    {def_} {operation.id}({', '.join(given)}) -> {returned}:\n"
        f'        """{operation.summary}."""\n'
        f"        asked = {await_}self._ask({', '.join(asked)})\n"
        f"        {last}\n"
    )


def _given(parameter: Parameter) -> str:
    kind = annotation(parameter.schema)
    if parameter.required:
        return f"{parameter.own}: {kind}"
    kind = kind if "None" in kind.split(" | ") else f"{kind} | None"
    return f"{parameter.own}: {kind} = None"


def _returned(operation: Operation) -> tuple[str, str]:
    if operation.kind == "none":
        return "None", "asked.raise_for_status()"
    if operation.kind == "bytes":
        return "bytes", "return asked.content"
    if operation.kind == "text":
        return "str", "return asked.text"
    kind = " | ".join(dict.fromkeys(map(annotation, operation.answers)))
    return kind, f"answer: {kind} = asked.json()\n        return answer"

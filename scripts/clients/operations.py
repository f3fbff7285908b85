"""The document as a client sees it: operations with their parameters and answers."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Operation", "Parameter", "class_name", "operations", "schemas"]

_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `name` is that on the wire, `own` the client's."""

    name: str
    own: str
    place: str
    required: bool
    schema: Mapping[str, Any]
    joined: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; `answers` are the JSON schemas of good answers."""

    id: str
    method: str
    path: str
    summary: str
    parameters: tuple[Parameter, ...]
    body: Mapping[str, Any] | None
    answers: tuple[Mapping[str, Any], ...]
    kind: str  # json, bytes, text or none

    def of(self, place: str) -> tuple[Parameter, ...]:
        """Return the parameters of a place, those that must be given first."""
        found = [p for p in self.parameters if p.place == place]
        return tuple(sorted(found, key=lambda p: not p.required))


def class_name(name: str) -> str:
    """Return the name of a schema as a class: `Page_CaseOut_` is `PageCaseOut`."""
    last = re.split(r"__", name)[-1] if name.startswith("integritas__") else name
    if name.startswith("integritas__services__"):
        last = name.split("__")[2].title() + last
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"\W|_", last))


def schemas(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the schemas by the names of their classes, sorted."""
    found = document["components"]["schemas"]
    return {class_name(name): found[name] for name in sorted(found)}


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    """Yield the operations by their ids."""
    found = [
        _operation(method, path, raw)
        for path, methods in document["paths"].items()
        for method, raw in methods.items()
        if method in _METHODS
    ]
    yield from sorted(found, key=lambda each: each.id)


def _operation(method: str, path: str, raw: Mapping[str, Any]) -> Operation:
    kind, answers = _answers(raw["responses"])
    body = raw.get("requestBody", {}).get("content", {}).get("application/json")
    return Operation(
        id=raw["operationId"],
        method=method.upper(),
        path=path,
        summary=raw["summary"],
        parameters=tuple(
            Parameter(
                name=p["name"],
                own=_own(p["name"]),
                place=p["in"],
                required=bool(p.get("required")),
                schema=p["schema"],
                joined=p.get("explode") is False,
            )
            for p in raw.get("parameters", ())
            if p["name"] != "fields"  # half a thing has no type
        ),
        body=None if body is None else body["schema"],
        answers=answers,
        kind=kind,
    )


def _own(name: str) -> str:
    """Return the name of a parameter in a language: no keyword of either."""
    own = re.sub(r"\W", "_", name).lower()
    return f"{own}_" if keyword.iskeyword(own) or own in _RESERVED else own


# Of TypeScript; Python's own are known.
_RESERVED: Final = frozenset({"case", "default", "delete", "function", "new", "switch"})


def _answers(
    responses: Mapping[str, Any],
) -> tuple[str, tuple[Mapping[str, Any], ...]]:
    found: list[Mapping[str, Any]] = []
    kinds: set[str] = set()
    for status, answer in responses.items():
        content = answer.get("content", {})
        if not status.startswith(("2", "3")):
            continue
        if not content:
            kinds.add("none")
        elif "application/octet-stream" in content:
            kinds.add("bytes")
        elif "schema" in content.get("application/json", {}):
            kinds.add("json")
            schema = content["application/json"]["schema"]
            found += [schema] if schema not in found else []
        else:
            kinds.add("text")
    kind = next(each for each in ("json", "bytes", "text", "none") if each in kinds)
    return kind, tuple(found)

"""The TypeScript client: one module without dependencies, on fetch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from scripts.clients.operations import (
    Operation,
    Parameter,
    class_name,
    operations,
    schemas,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["client_module"]

_PLAIN: Final = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
}
_HEAD: Final = """\
// Generated from the OpenAPI document by `make docs`. Do not edit.

/** A credential: an access token or an API key. */
export interface Credential {
  token?: string;
  apiKey?: string;
}

/** An answer of 400 or above, with its problem document (RFC 9457). */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem;

  constructor(status: number, problem: Problem) {
    super(`${status}: ${problem.detail}`);
    this.status = status;
    this.problem = problem;
  }
}

type Query = Record<string, unknown>;
type Headers_ = Record<string, string | null | undefined>;

"""
_CLASS: Final = """\
/** Every operation of the API, by its id. */
export class Client {
  private readonly base: string;
  private readonly credential: Credential;
  private readonly fetcher: typeof fetch;

  constructor(
    base: string,
    credential: Credential = {},
    fetcher: typeof fetch = fetch,
  ) {
    this.base = base.replace(/\\/$/, "");
    this.credential = credential;
    this.fetcher = fetcher;
  }

  private async ask(
    method: string,
    path: string,
    query: Query,
    headers: Headers_,
    body?: unknown,
  ): Promise<Response> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      for (const each of Array.isArray(value) ? value : [value]) {
        if (each !== undefined && each !== null) search.append(name, String(each));
      }
    }
    const sent = new Headers({ Accept: "application/json, */*;q=0.5" });
    const { token, apiKey } = this.credential;
    if (token) sent.set("Authorization", `Bearer ${token}`);
    else if (apiKey) sent.set("X-API-Key", apiKey);
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined && value !== null) sent.set(name, value);
    }
    if (body !== undefined) sent.set("Content-Type", "application/json");
    const text = search.toString();
    const answer = await this.fetcher.call(
      undefined,
      this.base + path + (text ? `?${text}` : ""),
      { method, headers: sent, body: body === undefined ? null : JSON.stringify(body) },
    );
    if (answer.status >= 400) {
      throw new ApiError(answer.status, (await answer.json()) as Problem);
    }
    return answer;
  }

"""


def annotation(schema: Mapping[str, Any]) -> str:  # noqa: PLR0911 - a case each
    """Return the type of a schema."""
    if "$ref" in schema:
        return class_name(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(map(annotation, schema[key])))
    if len(schema.get("allOf", ())) == 1:
        return annotation(schema["allOf"][0])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(annotation({**schema, "type": each}) for each in kind)
    if kind == "array":
        return f"Array<{annotation(schema.get('items', {}))}>"
    if kind == "object":
        others = schema.get("additionalProperties")
        inner = annotation(others) if isinstance(others, dict) else "unknown"
        return f"Record<string, {inner}>"
    return _PLAIN.get(str(kind), "unknown")


def client_module(document: Mapping[str, Any]) -> str:
    """Return the module."""
    models = "\n".join(_model(name, s) for name, s in schemas(document).items())
    methods = "\n".join(_method(each) for each in operations(document))
    return f"{_HEAD}{models}\n{_CLASS}{methods}}}\n"


def _model(name: str, schema: Mapping[str, Any]) -> str:
    told = " ".join(schema.get("description", name).split("\n\n")[0].split())
    told = told.replace("*/", "* /")
    if "properties" not in schema:
        return f"/** {told} */\nexport type {name} = {annotation(schema)};\n"
    required = set(schema.get("required", ()))
    lines = "".join(
        f"  {json.dumps(key)}{'' if key in required else '?'}: {annotation(member)};\n"
        for key, member in schema["properties"].items()
    )
    return f"/** {told} */\nexport interface {name} {{\n{lines}}}\n"


def _camel(text: str) -> str:
    first, *rest = text.rstrip("_").split("_")
    end = "_" if text.endswith("_") else ""  # what keeps it from being a keyword
    return first + "".join(each.title() for each in rest) + end


def _method(operation: Operation) -> str:
    given = [f"{_camel(p.own)}: {annotation(p.schema)}" for p in operation.of("path")]
    if operation.body is not None:
        given.append(f"body: {annotation(operation.body)}")
    named = [*operation.of("query"), *operation.of("header")]
    if named:
        given.append(_options(named))
    path = operation.path
    for parameter in operation.of("path"):
        own = _camel(parameter.own)
        value = own if own == "path" else f"encodeURIComponent(String({own}))"
        path = path.replace(f"{{{parameter.name}}}", f"${{{value}}}")
    query, headers = (
        ", ".join(
            f"{json.dumps(p.name)}: options.{_camel(p.own)}"
            for p in operation.of(place)
        )
        for place in ("query", "header")
    )
    returned, last = _returned(operation)
    body = ", body" if operation.body is not None else ""
    return (
        f"  /** {operation.summary}. */\n"
        f"  async {_camel(operation.id)}({', '.join(given)}): Promise<{returned}> {{\n"
        f"    {'' if operation.kind == 'none' else 'const answer = '}await this.ask("
        f'"{operation.method}", `{path}`, {{ {query} }}, {{ {headers} }}{body});\n'
        f"{last}  }}\n"
    )


def _options(named: Sequence[Parameter]) -> str:
    members = "; ".join(
        f"{_camel(p.own)}{'' if p.required else '?'}: {annotation(p.schema)}"
        + ("" if p.required else " | undefined")
        for p in named
    )
    default = "" if any(p.required for p in named) else " = {}"
    return f"options: {{ {members} }}{default}"


def _returned(operation: Operation) -> tuple[str, str]:
    if operation.kind == "none":
        return "void", ""
    if operation.kind == "bytes":
        return "ArrayBuffer", "    return answer.arrayBuffer();\n"
    if operation.kind == "text":
        return "string", "    return answer.text();\n"
    kind = " | ".join(dict.fromkeys(map(annotation, operation.answers)))
    return kind, f"    return (await answer.json()) as {kind};\n"

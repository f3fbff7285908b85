"""`x-codeSamples` of the document: each operation in five languages, ready to run.

Made from the document itself, so a sample never tells of a path or field that is not.
Each reads the address and the token from the environment.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from integritas.gateway.examples import example_of, parameter_example

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["code_samples"]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as an example of an operation."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: str | None


def code_samples(
    method: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Return the samples of an operation."""
    asked = _asked(method, path, operation, schemas)
    return [
        {"lang": lang, "label": label, "source": write(asked)}
        for lang, label, write in (
            ("Shell", "curl", _curl),
            ("Python", "Python", _python),
            ("TypeScript", "TypeScript", _typescript),
            ("Go", "Go", _go),
            ("Java", "Java", _java),
        )
    ]


def _asked(
    method: str, path: str, operation: Mapping[str, Any], schemas: Mapping[str, Any]
) -> Asked:
    headers: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    for parameter in operation.get("parameters", ()):
        name, value = parameter["name"], parameter_example(parameter, schemas)
        if parameter["in"] == "path":
            safe = "/" if name == "path" else ""
            path = path.replace(f"{{{name}}}", quote(str(value), safe=safe))
        elif parameter.get("required") or name == "If-Match":
            if parameter["in"] == "query":
                query.append((name, str(value)))
            else:
                headers[name] = str(value)
    body = None
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        media = content["application/json"]
        shown = media.get("example", example_of(media["schema"], schemas))
        body = json.dumps(shown, ensure_ascii=False, indent=2)
        headers["Content-Type"] = "application/json"
    target = path + (f"?{urlencode(query)}" if query else "")
    if operation.get("security"):
        headers = {"Authorization": "Bearer $TOKEN", **headers}
    return Asked(method.upper(), target, headers, body)


def _curl(asked: Asked) -> str:
    lines = [f'curl -sS -X {asked.method} "$INTEGRITAS_URL{asked.target}"']
    for name, value in asked.headers.items():
        quoted = value.replace("$TOKEN", "$INTEGRITAS_TOKEN").replace('"', '\\"')
        lines.append(f'-H "{name}: {quoted}"')
    if asked.body is not None:
        lines.append("--data-binary @- <<'JSON'\n" + asked.body + "\nJSON")
    return " \\\n  ".join(lines) + "\n"


_BEARER: Final = "f\"Bearer {os.environ['INTEGRITAS_TOKEN']}\""


def _python(asked: Asked) -> str:
    headers = "".join(
        f"        {name!r}: {_BEARER if '$TOKEN' in value else repr(value)},\n"
        for name, value in asked.headers.items()
    )
    content = ""
    if asked.body is not None:
        content = f'    content=r"""{asked.body}""".encode(),\n'
    return (
        "import os\n\nimport httpx\n\n"
        "answer = httpx.request(\n"
        f'    "{asked.method}",\n'
        f'    os.environ["INTEGRITAS_URL"] + {asked.target!r},\n'
        f"    headers={{\n{headers}    }},\n{content}"
        "    timeout=60,\n)\nprint(answer.status_code, answer.text)\n"
    )


_TYPESCRIPT_BEARER: Final = "`Bearer ${env.INTEGRITAS_TOKEN}`"
_GO_BEARER: Final = '"Bearer "+os.Getenv("INTEGRITAS_TOKEN")'
_JAVA_BEARER: Final = '"Bearer " + System.getenv("INTEGRITAS_TOKEN")'


def _value(value: str, bearer: str) -> str:
    """Return a header's value: a literal, or where the language finds the token."""
    return bearer if "$TOKEN" in value else json.dumps(value)


def _typescript(asked: Asked) -> str:
    headers = "".join(
        f"    {json.dumps(name)}: {_value(value, _TYPESCRIPT_BEARER)},\n"
        for name, value in asked.headers.items()
    )
    body = ""
    if asked.body is not None:
        indented = asked.body.replace("\n", "\n  ")
        body = f"  body: JSON.stringify({indented}),\n"
    return (
        'import { env } from "node:process";\n\n'
        f"const answer = await fetch(`${{env.INTEGRITAS_URL}}{asked.target}`, {{\n"
        f'  method: "{asked.method}",\n  headers: {{\n{headers}  }},\n{body}}});\n'
        "console.log(answer.status, await answer.text());\n"
    )


_GO: Final = """\
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	body := strings.NewReader(%(body)s)
	url := os.Getenv("INTEGRITAS_URL") + %(target)s
	request, err := http.NewRequest(%(method)s, url, body)
	if err != nil {
		panic(err)
	}
%(headers)s	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(answer.StatusCode, string(text))
}
"""


def _go(asked: Asked) -> str:
    headers = "".join(
        f"\trequest.Header.Set({json.dumps(name)}, {_value(value, _GO_BEARER)})\n"
        for name, value in asked.headers.items()
    )
    return _GO % {
        "body": json.dumps(asked.body or "", ensure_ascii=False),
        "method": json.dumps(asked.method),
        "target": json.dumps(asked.target),
        "headers": headers,
    }


_JAVA: Final = """\
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Main {
    public static void main(String[] arguments) throws Exception {
        var request = HttpRequest.newBuilder()
            .uri(URI.create(System.getenv("INTEGRITAS_URL") + %(target)s))
%(headers)s            .method(%(method)s, %(body)s)
            .build();
        var answer = HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.statusCode() + " " + answer.body());
    }
}
"""


def _java(asked: Asked) -> str:
    headers = "".join(
        f"            .header({json.dumps(name)}, {_value(value, _JAVA_BEARER)})\n"
        for name, value in asked.headers.items()
    )
    publishers = "HttpRequest.BodyPublishers"
    return _JAVA % {
        "target": json.dumps(asked.target),
        "headers": headers,
        "method": json.dumps(asked.method),
        "body": f"{publishers}.noBody()"
        if asked.body is None
        else f"{publishers}.ofString({json.dumps(asked.body)})",
    }

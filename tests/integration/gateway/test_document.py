"""The document as a product: linted, exampled, its code samples run and compiled."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tests.programs import installed, run, tool

from integritas.gateway.document import TAGS
from integritas.gateway.examples import example_of, parameter_example

ROOT = Path(__file__).parents[3]
LANGUAGES = ["Shell", "Python", "TypeScript", "Go", "Java"]


@pytest.fixture
def document(gateway: Any) -> dict[str, Any]:
    return dict(gateway.contract.document)


@pytest.fixture
def operations(gateway: Any) -> dict[str, tuple[str, str, dict[str, Any]]]:
    return dict(gateway.contract.operations)


def samples(
    operations: dict[str, tuple[str, str, dict[str, Any]]], language: str
) -> dict[str, str]:
    """Return the source of each operation in a language."""
    return {
        name: sample["source"]
        for name, (_, _, operation) in operations.items()
        for sample in operation["x-codeSamples"]
        if sample["lang"] == language
    }


@pytest.mark.timeout(180)
async def test_a_linter_finds_no_error(
    document: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    folder = await installed("redocly")
    said = await run(
        str(folder / "redocly"), "lint", str(path), REDOCLY_TELEMETRY="off"
    )
    assert "is valid" in said


async def test_every_group_is_told_of(
    operations: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    used = {tag for _, _, each in operations.values() for tag in each["tags"]}
    assert used <= set(TAGS)


async def test_every_body_has_an_example_that_fits(
    document: dict[str, Any],
    operations: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    schemas = {"components": document["components"]}
    for name, (_, _, operation) in operations.items():
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        media = content["application/json"]
        shown = media.get("example") or example_of(
            media["schema"], document["components"]["schemas"]
        )
        validator = jsonschema_rs.Draft202012Validator({**media["schema"], **schemas})
        assert validator.is_valid(shown), (name, shown)


async def test_every_parameter_has_an_example_that_fits(
    document: dict[str, Any],
    operations: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    schemas = document["components"]["schemas"]
    for name, (_, _, operation) in operations.items():
        for parameter in operation.get("parameters", ()):
            if not parameter.get("required"):
                continue
            shown = parameter_example(parameter, schemas)
            validator = jsonschema_rs.Draft202012Validator(
                {**parameter["schema"], "components": document["components"]}
            )
            assert validator.is_valid(shown), (name, parameter["name"], shown)


async def test_every_operation_has_a_sample_in_each_language(
    operations: dict[str, tuple[str, str, dict[str, Any]]],
) -> None:
    for name, (_, _, operation) in operations.items():
        found = [sample["lang"] for sample in operation["x-codeSamples"]]
        assert found == LANGUAGES, name


@pytest.mark.timeout(300)
@pytest.mark.parametrize("language", ["Python", "Shell"])
async def test_samples_run(
    tenant: Any,
    served: str,
    operations: dict[str, tuple[str, str, dict[str, Any]]],
    tmp_path: Path,
    language: str,
) -> None:
    """Every sample is run against the server, as one program, and gets an answer."""
    await tenant.client("admin")
    env = {"INTEGRITAS_URL": served, "INTEGRITAS_TOKEN": await tenant.token("admin")}
    found = samples(operations, language)
    found.pop("events_stream")  # it has no end
    if language == "Shell":
        tool("curl")
        parts = [
            source.replace(
                "curl -sS", f"echo '@{name}'; curl -sS -w '\\n%{{http_code}}\\n'"
            )
            for name, source in found.items()
        ]
        script = tmp_path / "samples.sh"
        script.write_text("set -eu\n" + "\n".join(parts))
        said = await run("bash", str(script), **env)
        codes = dict(re.findall(r"@(\w+)\n(?:.*\n)*?(\d{3})\n(?=@|\Z)", said))
    else:
        parts = [f"print('@{name}')\n{source}" for name, source in found.items()]
        script = tmp_path / "samples.py"
        script.write_text("\n".join(parts))
        said = await run(sys.executable, str(script), **env)
        codes = dict(re.findall(r"@(\w+)\n(\d{3}) ", said))
    assert set(codes) == set(found)
    bad = {name: code for name, code in codes.items() if code in {"400", "405", "500"}}
    assert bad == {}
    refused = {name for name, code in codes.items() if code == "422"}
    assert refused <= NEEDS_MORE, sorted(refused - NEEDS_MORE)


# What an example cannot know: ids of things that are there, or a state of things.
NEEDS_MORE = {
    "audit_consistency",
    "audit_inclusion",
    "cases_link",
    "schedules_create",
    "runs_start",
    "webhooks_create",
    "audit_append",
    "cases_create",
    "compliance_allow",
    "compliance_policy_create",
    "compliance_policy_save",
    "compliance_subject_erase",
    "compliance_subject_export",
    "totp_confirm",
    "totp_remove",
}


@pytest.mark.timeout(300)
async def test_go_samples_compile(
    operations: dict[str, tuple[str, str, dict[str, Any]]], tmp_path: Path
) -> None:
    go = tool("go")
    (tmp_path / "go.mod").write_text("module samples\n\ngo 1.21\n")
    for name, source in samples(operations, "Go").items():
        one = source.replace("func main()", f"func {name}()")
        (tmp_path / f"{name}_sample.go").write_text(one)
    names = "\n".join(f"\t{name}()" for name in operations)
    (tmp_path / "main.go").write_text(f"package main\n\nfunc main() {{\n{names}\n}}\n")
    await run(go, "vet", "./...", cwd=tmp_path, GOFLAGS="-mod=mod", GOTOOLCHAIN="local")


@pytest.mark.timeout(300)
async def test_java_samples_compile(
    operations: dict[str, tuple[str, str, dict[str, Any]]], tmp_path: Path
) -> None:
    javac = tool("javac")
    for name, source in samples(operations, "Java").items():
        one = source.replace("class Main", f"class {name}")
        (tmp_path / f"{name}.java").write_text(one)
    files = [f"{name}.java" for name in operations]
    await run(javac, "-Xlint:all", "-Werror", "-d", "out", *files, cwd=tmp_path)


@pytest.mark.timeout(300)
async def test_typescript_samples_compile(
    operations: dict[str, tuple[str, str, dict[str, Any]]], tmp_path: Path
) -> None:
    folder = await installed("typescript")
    declared = "{ export const env: Record<string, string>; }"
    (tmp_path / "node.d.ts").write_text(f'declare module "node:process" {declared}')
    for name, source in samples(operations, "TypeScript").items():
        (tmp_path / f"{name}.ts").write_text(source)
    options = {
        "compilerOptions": {
            "strict": True,
            "noEmit": True,
            "target": "es2022",
            "module": "esnext",
            "moduleResolution": "bundler",
            "lib": ["es2022", "dom"],
            "types": [],
        },
        "include": ["*.ts"],
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps(options))
    await run(str(folder / "tsc"), "-p", ".", cwd=tmp_path)

"""What users and callers rely on is written down, and stays true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from integritas.platform.config import PREFIX, Settings
from integritas.platform.problems import STATUS, TITLES

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_LINK = re.compile(r"\[[^\]]*\]\(([^)#:\s]+)(?:#[^)]*)?\)")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def test_generated_pages_are_current(root: Path) -> None:
    checked = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(root / "scripts/reference.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_generated_clients_are_current(root: Path) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "scripts.clients.write", "--check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_documented(root: Path, name: str) -> None:
    page = (root / "docs/reference/settings.md").read_text("utf-8")
    assert f"`{PREFIX}{name.upper()}`" in page


@pytest.mark.parametrize("code", list(STATUS))
def test_every_error_code_is_documented(root: Path, code: str) -> None:
    page = (root / "docs/reference/errors.md").read_text("utf-8")
    _, found, rest = page.partition(f"\n## {code}\n")
    section = rest.partition("\n## ")[0]
    assert found
    assert f"Status {STATUS[code]}" in section
    assert TITLES[code] in section


def test_no_error_code_is_documented_that_is_none(root: Path) -> None:
    page = (root / "docs/reference/errors.md").read_text("utf-8")
    assert set(re.findall(r"^## (\w+)$", page, re.MULTILINE)) == set(STATUS)


def test_every_command_is_documented(root: Path) -> None:
    main = pytest.importorskip("integritas.cli.main", reason="no command line yet")
    page = (root / "docs/reference/cli.md").read_text("utf-8")
    for name in main.COMMANDS:
        assert f"## `integritas {name}" in page, name


def test_every_module_says_what_it_is(root: Path, sources: list[Path]) -> None:
    assert [
        str(path.relative_to(root))
        for path in sources
        if parsed(path).body and not ast.get_docstring(parsed(path))
    ] == []


def public_definitions(path: Path) -> list[tuple[str, Definition]]:
    """Return the public functions, classes and methods that a module defines."""
    found: list[tuple[str, Definition]] = []
    for node in parsed(path).body:
        if not isinstance(node, Definition) or node.name.startswith("_"):
            continue
        found.append((node.name, node))
        if isinstance(node, ast.ClassDef):
            found += [
                (f"{node.name}.{inner.name}", inner)
                for inner in node.body
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef)
                and not inner.name.startswith("_")
            ]
    return found


def test_every_public_name_of_an_api_is_explained(root: Path) -> None:
    assert [
        f"{path.relative_to(root)}: {name}"
        for path in (root / "src").rglob("api.py")
        for name, node in public_definitions(path)
        if not ast.get_docstring(node)
    ] == []


def exported(path: Path) -> list[str] | None:
    for node in parsed(path).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == "__all__"
            for target in node.targets
        ):
            names: list[str] = ast.literal_eval(node.value)
            return names
    return None


def test_every_module_with_public_names_lists_them(root: Path) -> None:
    assert [
        str(path.relative_to(root))
        for path in (root / "src/integritas").rglob("*.py")
        if not path.stem.startswith("_")
        and "versions" not in path.parts  # Alembic loads those by their own rule
        and public_definitions(path)
        and exported(path) is None
    ] == []


def test_every_link_between_documents_leads_somewhere(root: Path) -> None:
    pages = [*(root / "docs").rglob("*.md"), *root.glob("*.md")]
    assert [
        f"{page.relative_to(root)}: {target}"
        for page in pages
        for target in _LINK.findall(page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ] == []


def test_decisions_have_numbers_of_their_own(root: Path) -> None:
    numbers = sorted(int(p.name[:4]) for p in (root / "docs/adr").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("part", ["Status", "Context", "Decision", "Consequences"])
def test_decisions_have_their_parts(root: Path, part: str) -> None:
    assert [
        page.name
        for page in (root / "docs/adr").glob("[0-9]*.md")
        if part not in page.read_text("utf-8")
    ] == []


def test_decisions_weigh_alternatives(root: Path) -> None:
    assert [
        page.name
        for page in (root / "docs/adr").glob("[0-9]*.md")
        if "## Alternatives" not in page.read_text("utf-8")
    ] == []

"""The walls: contracts of .importlinter, and `api.py` as the one door of a package."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

# Kernel and platform are open to all; these two may reach anywhere: one wires the
# parts, the other knows every table.
OPEN = ("integritas.kernel", "integritas.platform")
FREE = ("integritas.bootstrap", "integritas.migrations")
# Who may hold a service itself; all others hold kernel protocols.
HOLDERS = ("integritas.services", "integritas.cli", *FREE)


def below(module: str, *packages: str) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in packages)


def package_of(module: str) -> str:
    """Return the package whose door counts: of services, each is one."""
    parts = module.split(".")
    return ".".join(parts[: 3 if parts[1:2] == ["services"] else 2])


def imports(graph: grimp.ImportGraph) -> list[tuple[str, str]]:
    return [
        (importer, imported)
        for importer in sorted(graph.modules)
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
    ]


def trespasses(pairs: list[tuple[str, str]]) -> list[str]:
    """Return the imports that do not go through the door of a package."""
    return [
        f"{importer} imports {imported}, not {package_of(imported)}.api"
        for importer, imported in pairs
        if package_of(importer) != package_of(imported)
        and not below(imported, *OPEN)
        and not below(importer, *FREE)
        and imported.count(".") > package_of(imported).count(".")
        and imported != f"{package_of(imported)}.api"
    ]


def test_from_outside_a_package_only_its_api_is_imported(
    graph: grimp.ImportGraph,
) -> None:
    assert trespasses(imports(graph)) == []


@pytest.mark.parametrize(
    ("importer", "imported", "caught"),
    [
        ("integritas.cases.store", "integritas.journal.store", True),
        ("integritas.cases.store", "integritas.journal.api", False),
        ("integritas.cases.store", "integritas.cases.tables", False),
        ("integritas.cases.store", "integritas.platform.db", False),
        ("integritas.bootstrap", "integritas.cases.store", False),
        ("integritas.cli.spam", "integritas.services.spam.scoring", True),
        ("integritas.services.spam.api", "integritas.services.audit.store", True),
    ],
)
def test_the_rule_catches_what_it_should(
    importer: str, imported: str, caught: bool
) -> None:
    assert bool(trespasses([(importer, imported)])) is caught


def test_nobody_holds_a_service_but_who_wires_it(graph: grimp.ImportGraph) -> None:
    assert [
        f"{importer} imports {imported}"
        for importer, imported in imports(graph)
        if below(imported, "integritas.services") and not below(importer, *HOLDERS)
    ] == []


def test_import_contracts_hold(root: Path) -> None:
    status = lint_imports(config_filename=str(root / ".importlinter"), no_cache=True)
    assert status == EXIT_STATUS_SUCCESS

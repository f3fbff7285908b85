"""What the architecture tests look at: the tree and its import graph."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def sources(root: Path) -> list[Path]:
    """Return every module of the product, with scripts, models and benches.

    What is generated is read by nobody: the clients are left out.
    """
    folders = [root / name for name in ("src", "scripts", "models", "bench")]
    found = sorted(path for folder in folders for path in folder.rglob("*.py"))
    return [
        path
        for path in found
        if not path.read_text("utf-8").startswith('"""Generated from')
    ]


@pytest.fixture(scope="session")
def graph() -> grimp.ImportGraph:
    """Return who imports whom, in-function and type-checking imports included."""
    return grimp.build_graph("integritas", cache_dir=None)

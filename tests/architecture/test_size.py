"""Files stay small enough to be read in one sitting (docs/adr/0008)."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median

HARD_CAP = 600
MEDIAN_CAP = 200


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_no_module_is_over_the_hard_cap(root: Path, sources: list[Path]) -> None:
    assert {
        str(path.relative_to(root)): lines(path)
        for path in sources
        if lines(path) > HARD_CAP
    } == {}


def test_no_test_module_is_over_the_hard_cap(root: Path) -> None:
    tests = (root / "tests").rglob("*.py")
    assert {
        str(path.relative_to(root)): lines(path)
        for path in tests
        if lines(path) > HARD_CAP
    } == {}


def test_the_median_module_is_small(sources: list[Path]) -> None:
    assert median(lines(path) for path in sources) <= MEDIAN_CAP


def test_most_functions_are_short(sources: list[Path]) -> None:
    lengths = sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for path in sources
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert lengths[len(lengths) * 9 // 10] <= 30


def test_no_module_has_a_name_that_says_nothing(root: Path) -> None:
    empty = {"utils", "util", "helpers", "helper", "common", "core", "base", "managers"}
    found = [p for p in (root / "src").rglob("*") if p.stem in empty]
    assert found == []

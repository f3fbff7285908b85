"""The parts of the benchmark that decide what the figures mean."""

from __future__ import annotations

import importlib
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


def load(name: str) -> Any:
    """Return a module of bench/, which is no part of the package."""
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    return importlib.import_module(f"bench.engine.{name}")


def test_few_items_are_enough_for_evidence() -> None:
    submissions, _ = load("evidence").mixed(10, None)
    assert len(submissions) == 10


def test_evidence_is_of_five_equal_parts_and_the_same_each_time() -> None:
    evidence = load("evidence")
    submissions, source = evidence.mixed(50, None)
    assert source == "0% from INTEGRITAS_DATA, the rest generated"
    kinds = Counter(type(s.evidence[0].content).__name__ for s in submissions)
    assert kinds == {"Message": 20, "Party": 10, "Procurement": 10, "Payment": 10}
    again, _ = evidence.mixed(50, None)
    assert again == submissions


def test_real_evidence_is_taken_where_there_is_some(data_dir: Path) -> None:
    submissions, source = load("evidence").mixed(100, data_dir)
    assert len(submissions) == 100
    assert int(source.partition("%")[0]) >= 60


def test_a_part_of_the_page_is_replaced_and_the_rest_kept(tmp_path: Path) -> None:
    page = load("page")
    path = tmp_path / "benchmarks.md"
    path.write_text("# Benchmarks\n\nAbove.\n")
    page.replace(path, f"{page.BEGIN}\nfirst\n{page.END}\n")
    page.replace(path, f"{page.BEGIN}\nsecond\n{page.END}\n")
    assert path.read_text() == (
        f"# Benchmarks\n\nAbove.\n\n{page.BEGIN}\nsecond\n{page.END}\n"
    )


@pytest.mark.parametrize(
    ("share", "value"), [(0.0, 1.0), (0.5, 51.0), (0.99, 100.0), (1.0, 100.0)]
)
def test_quantiles_are_of_what_was_measured(share: float, value: float) -> None:
    from integritas.cli.figures import at_share

    assert at_share([float(n) for n in range(1, 101)], share) == value

"""Cardinal's own fixtures, and sets whose answers were measured with it."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from integritas.kernel.evidence import Procurement
from integritas.services.anticorruption.api import (
    Reject,
    parse_settings,
    run_indicators,
    validate_release,
)

pytestmark = pytest.mark.data

FOLDER = Path(os.environ.get("INTEGRITAS_DATA", "")) / "procurement"
MISSING = pytest.mark.skipif(
    "INTEGRITAS_DATA" not in os.environ, reason="INTEGRITAS_DATA is not set"
)
NONE = [pytest.param(None, marks=MISSING, id="no data folder")]
FIXTURES: list[Any] = sorted((FOLDER / "cardinal/indicators").glob("*.jsonl")) or NONE
SETS: list[Any] = sorted((FOLDER / "differential").glob("fuzz-*.jsonl")) or NONE
SAMPLES: list[Any] = sorted((FOLDER / "ocds-samples").glob("*.json")) or NONE
# What Cardinal's own test harness sets beside a fixture's option.
TOP = "no_price_comparison_procurement_methods = NPC\n"
EXCLUSIONS = "[exclusions]\nprocurement_method_details = EXC\n"
# Two lines hold dates that are none, one a negative number of tenderers.
INVALID_ON_PURPOSE = {"R003": 2, "R018": 1}


def name_of(path: Path | None) -> str:
    return path.stem if path else "none"


def calculate(path: Path, settings: str, *, with_maps: bool = True) -> dict[str, Any]:
    rejects: list[Reject] = []
    with path.open("rb") as stream:
        run = run_indicators(
            stream,
            parse_settings(settings),
            with_maps=with_maps,
            on_reject=rejects.append,
        )
    return dict(run.ledger.document())


def difference(want: object, got: object, at: str = "") -> str | None:
    """Return where two documents differ: numbers by 4 decimals, lists as sets."""
    if isinstance(want, dict) and isinstance(got, dict):
        if want.keys() != got.keys():
            return f"{at}: {sorted(want.keys() ^ got.keys())}"
        found = (difference(want[k], got[k], f"{at}/{k}") for k in want)
        return next((place for place in found if place), None)
    if isinstance(want, list) and isinstance(got, list):
        return None if set(want) == set(got) else f"{at}: {want} {got}"
    if isinstance(want, float) and isinstance(got, float):
        same = math.isclose(want, got, rel_tol=0, abs_tol=5e-5)
        return None if same else f"{at}: {want} {got}"
    if want is None and isinstance(got, float) and math.isnan(got):
        return None
    return None if want == got else f"{at}: {want} {got}"


def section_of(path: Path) -> str:
    """Return the section that a fixture's name asks for."""
    code, *option = path.stem.split("-")
    if len(option) < 2:  # a word alone only tells fixtures of one indicator apart
        return f"[{code}]\n"
    if len(option) == 2:
        value = option[1].replace("+", "|")
        return f"[{code}]\n{option[0]} = {value}\n"
    rows = zip(option[1::2], option[2::2], strict=True)
    table = "".join(f"{name} = {days}\n" for name, days in rows)
    return f"[{code}.{option[0]}]\n{table}"


@pytest.mark.parametrize("path", FIXTURES, ids=name_of)
def test_fixture_gives_cardinals_answer(path: Path) -> None:
    want = json.loads(path.with_suffix(".expected").read_bytes())
    got = calculate(path, TOP + EXCLUSIONS + section_of(path))
    results = {k: v for k, v in got.items() if k not in {"Meta", "Maps"}}
    assert difference(want, results) is None


@pytest.mark.parametrize("path", FIXTURES, ids=name_of)
def test_fixture_gives_cardinals_answer_beside_all_other_indicators(path: Path) -> None:
    code = path.stem.split("-")[0]
    every = (FOLDER / "cardinal/settings.ini").read_text(encoding="utf-8")
    got = calculate(path, TOP + EXCLUSIONS + every + section_of(path))
    want = json.loads(path.with_suffix(".expected").read_bytes())
    of_code = {
        group: kept
        for group, entries in got.items()
        if group not in {"Meta", "Maps"}
        and (kept := {k: {code: v[code]} for k, v in entries.items() if code in v})
    }
    assert difference(want, of_code) is None


@pytest.mark.parametrize("path", SETS, ids=name_of)
def test_set_gives_cardinals_answer_with_meta_and_maps(path: Path) -> None:
    want = json.loads(path.with_suffix(".expected.json").read_bytes())
    settings = path.with_suffix(".ini").read_text(encoding="utf-8")
    assert difference(want, calculate(path, settings)) is None


@pytest.mark.parametrize("path", FIXTURES, ids=name_of)
def test_fixture_gives_cardinals_answer_by_the_block(path: Path) -> None:
    settings = TOP + EXCLUSIONS + section_of(path)
    got = calculate(path, settings, with_maps=False)
    want = json.loads(path.with_suffix(".expected").read_bytes())
    assert difference(want, {k: v for k, v in got.items() if k != "Meta"}) is None


@pytest.mark.parametrize("path", SETS, ids=name_of)
def test_set_gives_cardinals_answer_by_the_block(path: Path) -> None:
    want = json.loads(path.with_suffix(".expected.json").read_bytes())
    del want["Maps"]
    settings = path.with_suffix(".ini").read_text(encoding="utf-8")
    assert difference(want, calculate(path, settings, with_maps=False)) is None


@pytest.mark.parametrize("path", FIXTURES, ids=name_of)
def test_intake_accepts_sparse_releases(path: Path) -> None:
    errors = [
        error
        for line in path.read_bytes().splitlines()
        for error in validate_release(Procurement(json.loads(line)))
    ]
    assert len(errors) == INVALID_ON_PURPOSE.get(path.stem, 0)


@pytest.mark.parametrize("path", SAMPLES, ids=name_of)
def test_intake_accepts_the_standards_samples(path: Path) -> None:
    package = json.loads(path.read_bytes())
    contents = [Procurement(r) for r in package.get("releases", [])]
    contents += [Procurement(r, "record") for r in package.get("records", [])]
    assert contents
    for content in contents:
        assert validate_release(content) == ()

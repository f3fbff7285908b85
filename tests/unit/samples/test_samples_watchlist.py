"""The synthetic watchlist has the form of OFAC's files and says that it is none."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from rapidfuzz import fuzz

from integritas.samples.api import PROGRAMME, generate, synthetic_watchlist

if TYPE_CHECKING:
    from pathlib import Path

Rows = list[list[str]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    folder = synthetic_watchlist(tmp_path_factory.mktemp("lists"))
    return {name: rows(folder, name) for name in ("sdn", "alt", "add")}


def rows(folder: Path, name: str) -> Rows:
    path = folder / "synthetic" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


@pytest.mark.parametrize(("name", "columns"), [("sdn", 12), ("alt", 5), ("add", 6)])
def test_columns_are_the_treasurys(
    files: dict[str, Rows], name: str, columns: int
) -> None:
    assert {len(row) for row in files[name]} == {columns}


def test_about_two_hundred_entries_under_numbers_of_their_own(
    files: dict[str, Rows],
) -> None:
    numbers = [int(row[0]) for row in files["sdn"]]

    assert len(set(numbers)) == len(numbers) == 200
    assert min(numbers) > 9_000_000


def test_every_entry_says_that_it_is_synthetic(files: dict[str, Rows]) -> None:
    assert {row[3] for row in files["sdn"]} == {PROGRAMME} == {"SYNTHETIC-DEMO"}
    assert all("SYNTHETIC" in row[11] for row in files["sdn"])


def test_types_are_the_lists_own(files: dict[str, Rows]) -> None:
    assert {row[2] for row in files["sdn"]} == {"individual", "vessel", "-0- "}


def test_nothing_is_written_as_ofac_writes_it(files: dict[str, Rows]) -> None:
    cells = [cell for table in files.values() for row in table for cell in row]

    assert "" not in cells
    assert "-0- " in cells


def test_aliases_and_addresses_belong_to_entries(files: dict[str, Rows]) -> None:
    known = {row[0] for row in files["sdn"]}

    assert {row[0] for row in files["alt"]} <= known
    assert {row[0] for row in files["add"]} <= known
    assert {row[2] for row in files["alt"]} == {"aka"}


@pytest.mark.parametrize("name", ["alt", "add"])
def test_numbers_of_details_are_unique(files: dict[str, Rows], name: str) -> None:
    numbers = [row[1] for row in files[name]]

    assert len(set(numbers)) == len(numbers)


def test_planted_names_are_on_it(files: dict[str, Rows]) -> None:
    names = {row[1] for row in files["sdn"]} | {row[3] for row in files["alt"]}

    assert {
        "GORELKINOV, Timofey Arkadyevich",
        "OKWUDILIGBO, Festus",
        "MERIDIAN KESTRELLA TRADING FZE",
        "HADDOUCHENE, Samir Abdelmalek",
    } <= names


def test_same_bytes_every_time(tmp_path: Path) -> None:
    first = synthetic_watchlist(tmp_path / "a") / "synthetic" / "sdn.csv"
    second = synthetic_watchlist(tmp_path / "b") / "synthetic" / "sdn.csv"

    assert first.read_bytes() == second.read_bytes()


def test_writing_again_replaces(tmp_path: Path) -> None:
    synthetic_watchlist(tmp_path)
    folder = synthetic_watchlist(tmp_path)

    assert folder == tmp_path
    assert len(rows(folder, "sdn")) == 200


def test_generated_parties_are_far_from_it(files: dict[str, Rows]) -> None:
    listed = [row[1].lower() for row in files["sdn"]]
    names = [
        item["properties"]["name"][0].lower()
        for sample in generate(8, 200)
        for item in sample.evidence
        if item["kind"] == "party"
    ]

    assert len(names) == 30
    for name in names:
        assert max(fuzz.token_sort_ratio(name, entry) for entry in listed) < 80

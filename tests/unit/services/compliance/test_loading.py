from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.loading import load_watchlists
from integritas.services.compliance.watchlists import EMPTY

if TYPE_CHECKING:
    from pathlib import Path

    from integritas.services.compliance.watchlists import Watchlists


def test_both_lists_are_loaded(lists: Watchlists) -> None:
    assert list(lists.versions) == ["ofac", "un"]
    assert len(lists.entries) == 7
    assert lists.version.startswith("ofac@")
    assert ",un@2026-02-27." in lists.version


@pytest.mark.parametrize("name", ["ofac", "un"])
def test_one_list_is_enough(folder: Path, name: str) -> None:
    (folder / name).rename(folder / "elsewhere")
    assert len(load_watchlists(folder).versions) == 1


def test_a_snapshot_cannot_be_changed(lists: Watchlists) -> None:
    with pytest.raises(TypeError):
        lists.versions["ofac"] = lists.versions["un"]  # type: ignore[index] # on purpose


def test_a_bad_list_beside_a_good_one_loads_nothing(
    folder: Path, lists: Watchlists
) -> None:
    (folder / "un" / "consolidated.xml").write_text("<html/>", encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"consolidated\.xml"):
        load_watchlists(folder)
    assert len(lists.entries) == 7  # who held the last snapshot holds it still


def test_a_folder_without_lists_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="ofac/, un/, eu/, uk/, opensanctions"):
        load_watchlists(tmp_path)


def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="does not exist"):
        load_watchlists(tmp_path / "nowhere")


@pytest.mark.parametrize("names", [[], ["consolidated.xml", "b.xml"]])
def test_exactly_one_un_file_is_read(folder: Path, names: list[str]) -> None:
    (folder / "un" / "consolidated.xml").rename(folder / "kept.xml")
    for name in names:
        (folder / "un" / name).write_text("<x/>", encoding="utf-8")
    with pytest.raises(InvalidInput, match="must hold one"):
        load_watchlists(folder)


def test_no_list_is_called_none() -> None:
    assert EMPTY.version == "none"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("OFCA", "ofac"), ("open-sanctions", "opensanctions"), ("UN", "un")],
)
def test_a_folder_whose_name_is_misspelt_is_not_passed_over(
    folder: Path, name: str, meant: str
) -> None:
    (folder / name).mkdir()
    for other in ("notes", "ofac-2025", "un1"):
        (folder / other).mkdir()
    with pytest.raises(
        InvalidInput, match=f"{name} is no list's folder: call it {meant}"
    ):
        load_watchlists(folder)

"""Loads a folder of watchlists into one snapshot, or refuses it as a whole."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.eu import EU, read_eu
from integritas.services.compliance.ftm import FTM, read_ftm
from integritas.services.compliance.ofac import OFAC, read_ofac
from integritas.services.compliance.own import OWN, read_own
from integritas.services.compliance.uk import UK, read_uk
from integritas.services.compliance.un import UN, read_un
from integritas.services.compliance.watchlists import Entry, ListVersion, Watchlists

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

__all__ = ["LISTS", "load_list", "load_watchlists"]

SYNTHETIC: Final = "synthetic"

_Read = tuple[ListVersion, "Sequence[Entry]"]
_XML: Final = ("*.xml", "*.xml.gz")
# List -> how its one file is named, and who reads it.
_SINGLE: Final[Mapping[str, tuple[Sequence[str], Callable[[Path], _Read]]]] = {
    UN: (_XML, read_un),
    EU: (_XML, read_eu),
    UK: (_XML, read_uk),
    FTM: (("*.json", "*.jsonl"), read_ftm),
    OWN: (("*.csv",), read_own),
}
LISTS: Final = (OFAC, *_SINGLE, SYNTHETIC)
"""The lists that can be kept, each the name of its folder."""


def load_watchlists(*directories: Path) -> Watchlists:
    """Return the snapshot of all lists in the directories.

    `ofac/` holds the Treasury's CSV files, `un/`, `eu/` and `uk/` one `.xml` or
    `.xml.gz`, `opensanctions/` one file of FollowTheMoney JSON lines, `own/` one CSV of
    the firm's, `synthetic/` invented entries in the Treasury's form; each directory has
    at least one of them.
    Nothing is returned unless everything there is sound, so a caller that swaps
    snapshots keeps its last good one.

    Raises:
        InvalidInput: naming file and line of what is malformed, truncated or missing.
    """
    return Watchlists.of([each for path in directories for each in _lists(path)])


def load_list(folder: Path, name: str) -> Watchlists:
    """Return the snapshot of one list; `folder` holds its files.

    Raises:
        InvalidInput: naming file and line of what is malformed, truncated or missing.
    """
    if name in {OFAC, SYNTHETIC}:
        return Watchlists.of([read_ofac(folder, name)])
    patterns, read = _SINGLE[name]
    return Watchlists.of([read(_one_file(folder, *patterns))])


def _lists(directory: Path) -> Sequence[_Read]:
    if not directory.is_dir():
        raise InvalidInput(f"{directory} does not exist, or is not a folder")
    _refuse_misspelt(directory)
    lists = [
        read_ofac(directory / name, name)
        for name in (OFAC, SYNTHETIC)
        if (directory / name).is_dir()
    ]
    lists += [
        read(_one_file(directory / name, *patterns))
        for name, (patterns, read) in _SINGLE.items()
        if (directory / name).is_dir()
    ]
    if not lists:
        raise InvalidInput(
            f"{directory} holds no watchlist: expected one of the folders "
            f"{', '.join(f'{name}/' for name in LISTS)} in it"
        )
    return lists


def _refuse_misspelt(directory: Path) -> None:
    """Refuse a folder that was surely meant as a list's: nobody would screen by it."""
    for folder in sorted(directory.iterdir()):
        if folder.name in LISTS or not folder.is_dir():
            continue
        name = folder.name.lower()
        if name not in LISTS and name.startswith(LISTS):
            continue  # a copy, such as ofac-2025
        meant = get_close_matches(name, LISTS, 1, cutoff=0.75)
        if meant:
            raise InvalidInput(
                f"{folder} is no list's folder: call it {meant[0]}, or move it away"
            )


def _one_file(folder: Path, *patterns: str) -> Path:
    files = sorted(file for pattern in patterns for file in folder.glob(pattern))
    if len(files) != 1:
        found = ", ".join(file.name for file in files) or "none"
        wanted = " or ".join(pattern.removeprefix("*") for pattern in patterns)
        raise InvalidInput(f"{folder} must hold one {wanted} file, found {found}")
    return files[0]

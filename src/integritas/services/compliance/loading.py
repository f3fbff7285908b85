"""Loads a folder of watchlists into one snapshot, or refuses it as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.kernel.errors import InvalidInput
from integritas.services.compliance.ofac import OFAC, read_ofac
from integritas.services.compliance.un import UN, read_un
from integritas.services.compliance.watchlists import Entry, ListVersion, Watchlists

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["load_watchlists"]


def load_watchlists(directory: Path) -> Watchlists:
    """Return the snapshot of all lists in `directory`.

    `directory/ofac/` holds the Treasury's CSV files, `directory/un/` one `.xml` or
    `.xml.gz`; either may be absent, not both. Nothing is returned unless everything
    there is sound, so a caller that swaps snapshots keeps its last good one.

    Raises:
        InvalidInput: naming file and line of what is malformed, truncated or missing.
    """
    lists: list[tuple[ListVersion, Sequence[Entry]]] = []
    if (directory / OFAC).is_dir():
        lists.append(read_ofac(directory / OFAC))
    if (directory / UN).is_dir():
        lists.append(read_un(_one_file(directory / UN)))
    if not lists:
        raise InvalidInput(
            f"{directory} holds no watchlist: expected the folders ofac/ or un/ in it"
        )
    return Watchlists.of(lists)


def _one_file(folder: Path) -> Path:
    files = sorted([*folder.glob("*.xml"), *folder.glob("*.xml.gz")])
    if len(files) != 1:
        found = ", ".join(file.name for file in files) or "none"
        raise InvalidInput(
            f"{folder} must hold one .xml or .xml.gz file, found {found}"
        )
    return files[0]

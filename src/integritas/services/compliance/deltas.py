"""What is new or changed on the lists since versions that were screened against."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from integritas.services.compliance.refresh import kept_version
from integritas.services.compliance.screening import Screener
from integritas.services.compliance.watchlists import Entry, Watchlists

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Deltas"]

_Key = tuple[str, tuple[tuple[str, str], ...]]


class Deltas:
    """Makes screeners over what changed, and keeps the last; safe to share."""

    def __init__(self, folder: Path | None) -> None:
        """Take the folder in which earlier versions are kept."""
        self._folder = folder
        self._kept: tuple[_Key, Screener] | None = None
        self._lock = Lock()

    def of(self, lists: Watchlists, since: Mapping[str, str]) -> Screener:
        """Return a screener over entries that are not what they were at `since`.

        `since` maps lists to digests; an entry of a version that is not kept any more
        counts as new, so nothing is left out.
        """
        key = lists.version, tuple(sorted(since.items()))
        with self._lock:
            if self._kept is None or self._kept[0] != key:
                self._kept = key, Screener(self._changed(lists, since))
            return self._kept[1]

    def _changed(self, lists: Watchlists, since: Mapping[str, str]) -> Watchlists:
        before = {name: self._entries(name, digest) for name, digest in since.items()}
        return Watchlists(
            entries=tuple(
                entry
                for entry in lists.entries
                if entry.list in before and entry != before[entry.list].get(entry.uid)
            ),
            versions=lists.versions,
        )

    def _entries(self, name: str, digest: str) -> Mapping[str, Entry]:
        if self._folder is None or not digest:
            return {}
        found = kept_version(self._folder, name, digest)
        return {entry.uid: entry for entry in found.entries} if found else {}

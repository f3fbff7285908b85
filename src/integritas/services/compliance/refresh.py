"""Watchlists on disk: fetched from their publishers or a folder, swapped in whole.

Every state of a list is a folder `.versions/<list>-<digest>` of the lists folder; the
folder `<list>` is a symbolic link to the one in force, so a swap is one rename (POSIX)
and the state before it is still there. Nothing is swapped in that does not load.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from integritas.kernel.errors import InvalidInput, Unavailable
from integritas.services.compliance.eu import EU
from integritas.services.compliance.loading import load_watchlists
from integritas.services.compliance.ofac import OFAC
from integritas.services.compliance.uk import UK
from integritas.services.compliance.un import UN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from integritas.services.compliance.watchlists import Watchlists

__all__ = ["OFFICIAL", "Change", "download", "refresh"]

_TREASURY: Final = "https://www.treasury.gov/ofac/downloads"
# List -> file -> where its publisher offers it.
OFFICIAL: Final[Mapping[str, Mapping[str, str]]] = {
    OFAC: {
        "sdn.csv": f"{_TREASURY}/sdn.csv",
        "alt.csv": f"{_TREASURY}/alt.csv",
        "add.csv": f"{_TREASURY}/add.csv",
        "cons_prim.csv": f"{_TREASURY}/consolidated/cons_prim.csv",
        "cons_alt.csv": f"{_TREASURY}/consolidated/cons_alt.csv",
        "cons_add.csv": f"{_TREASURY}/consolidated/cons_add.csv",
    },
    UN: {
        "consolidated.xml": "https://scsanctions.un.org/resources/xml/en/consolidated.xml"
    },
    # The token is the Commission's own, the same for everyone.
    EU: {
        "consolidated.xml": "https://webgate.ec.europa.eu/fsd/fsf/public/files/"
        "xmlFullSanctionsList_1_1/content?token=dG9rZW4tMjAxNw"
    },
    UK: {
        "UK-Sanctions-List.xml": "https://sanctionslist.fcdo.gov.uk/docs/"
        "UK-Sanctions-List.xml"
    },
}

_VERSIONS: Final = ".versions"
_ETAGS: Final = "etags.json"
_MOST_BYTES: Final = 200_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """What a refresh did to one list; uids of entries that came, went or changed."""

    list: str
    version: str
    before: str | None
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def anything(self) -> bool:
        """Say whether the list is another one than before."""
        return self.before != self.version


def refresh(source: Path, target: Path) -> list[Change]:
    """Put the lists of a folder in force in `target`; return what changed.

    Raises:
        InvalidInput: a list in `source` does not load; `target` is as it was.
    """
    lists = load_watchlists(source)
    target.mkdir(parents=True, exist_ok=True)
    before = _in_force(target)
    changes = []
    for name, version in lists.versions.items():
        change = _change(name, lists, before)
        if change.anything:
            _swap(source / name, target, f"{name}-{version.digest[:16]}")
        changes.append(change)
    return changes


def _in_force(target: Path) -> Watchlists | None:
    try:
        return load_watchlists(target)
    except InvalidInput:
        # Nothing there yet, or nothing sound: whatever loads is better.
        return None


def _change(name: str, lists: Watchlists, before: Watchlists | None) -> Change:
    old_version = before.versions.get(name) if before else None
    new = {e.uid: e for e in lists.entries if e.list == name}
    old = {e.uid: e for e in before.entries if e.list == name} if before else {}
    return Change(
        list=name,
        version=lists.versions[name].version,
        before=old_version.version if old_version else None,
        added=tuple(sorted(new.keys() - old.keys())),
        removed=tuple(sorted(old.keys() - new.keys())),
        changed=tuple(sorted(u for u in new.keys() & old.keys() if new[u] != old[u])),
    )


def _swap(source: Path, target: Path, version: str) -> None:
    versions = target / _VERSIONS
    versions.mkdir(exist_ok=True)
    kept = versions / version
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=versions) as scratch:
            copied = Path(scratch) / "copy"
            shutil.copytree(source, copied)
            copied.rename(kept)
    link, place = versions / f".{version}", target / source.name
    link.unlink(missing_ok=True)
    link.symlink_to(Path(_VERSIONS) / version, target_is_directory=True)
    if place.is_dir() and not place.is_symlink():
        # Put there by hand: kept as a version too, under a name of its own.
        place.rename(versions / f"{source.name}-{os.urandom(4).hex()}")
    link.replace(place)


@contextmanager
def download(
    client: httpx.Client,
    target: Path,
    sources: Mapping[str, Mapping[str, str]] = OFFICIAL,
) -> Iterator[Path | None]:
    """Yield a folder with the lists as published, None if nothing is new.

    Publishers are asked only for what changed (ETag, RFC 9110); the file in force
    stands in for one that did not.

    Raises:
        Unavailable: a publisher does not answer, or not with the file.
    """
    target.mkdir(parents=True, exist_ok=True)
    known = _etags(target)
    seen: dict[str, str] = {}
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        fresh = [
            _fetch(
                client,
                _File(url, target / name / file, known.get(url)),
                Path(scratch) / name,
                seen,
            )
            for name, files in sources.items()
            for file, url in files.items()
        ]
        yield Path(scratch) if any(fresh) else None
    # Only what was taken over is remembered: after a refusal it is asked for again.
    (target / _ETAGS).write_text(json.dumps(known | seen), encoding="utf-8")


def _etags(target: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((target / _ETAGS).read_bytes())
    except (OSError, ValueError):
        return {}
    return found


@dataclass(frozen=True, slots=True)
class _File:
    url: str
    current: Path
    etag: str | None


def _fetch(
    client: httpx.Client, file: _File, folder: Path, seen: dict[str, str]
) -> bool:
    """Put one file into a folder; say whether it is new."""
    url, current = file.url, file.current
    folder.mkdir(exist_ok=True)
    headers = {}
    if file.etag is not None and current.is_file():
        headers["If-None-Match"] = file.etag
    try:
        answer = client.get(url, headers=headers, follow_redirects=True)
    except httpx.HTTPError as error:
        raise Unavailable(f"{url} does not answer: {error}") from error
    if answer.status_code == 304:
        shutil.copyfile(current, folder / current.name)
        return False
    _check(answer, url)
    (folder / current.name).write_bytes(answer.content)
    if "ETag" in answer.headers:
        seen[url] = answer.headers["ETag"]
    return True


def _check(answer: httpx.Response, url: str) -> None:
    if answer.status_code != 200:
        raise Unavailable(f"{url} answered {answer.status_code}, no list")
    head = answer.content[:512].lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        raise Unavailable(f"{url} answered with a web page, no list")
    if not answer.content or len(answer.content) > _MOST_BYTES:
        raise Unavailable(f"{url} answered {len(answer.content)} bytes, no list")

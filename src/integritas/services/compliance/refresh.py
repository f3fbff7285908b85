"""Watchlists on disk: fetched from their publishers or a folder, swapped in whole.

Every state of a list is a folder `.versions/<list>-<digest>` of the lists folder; the
folder `<list>` is a symbolic link to the one in force, so a swap is one rename (POSIX)
and the state before it is still there. Nothing is swapped in that does not load.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from integritas.kernel.errors import FieldError, InvalidInput, Unavailable
from integritas.services.compliance.eu import EU
from integritas.services.compliance.loading import LISTS, load_list, load_watchlists
from integritas.services.compliance.ofac import OFAC
from integritas.services.compliance.uk import UK
from integritas.services.compliance.un import UN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from integritas.services.compliance.watchlists import ListVersion, Watchlists

__all__ = [
    "OFFICIAL",
    "Change",
    "Outcome",
    "check_sources",
    "download",
    "kept_version",
    "refresh",
    "refresh_from",
]

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
_FETCHED: Final = "fetched-"
_LOCK: Final = ".lock"
_FILE: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_ETAGS: Final = "etags.json"
_MOST_BYTES: Final = 200_000_000
# A list of at least so many names keeps at least this share of them in a refresh.
_LEAST_GUARDED: Final = 100
_LEAST_KEPT: Final = 0.8
_PAGES: Final = (b"<!doctype html", b"<html")


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


def refresh(source: Path, target: Path, *, shrunk: bool = False) -> list[Change]:
    """Put the lists of a folder in force in `target`; return what changed.

    A list that loses much at once is refused: files that end between two lines load
    well. With `shrunk` somebody has looked, and it is right.

    Raises:
        InvalidInput: a list in `source` does not load; `target` is as it was.
    """
    lists = load_watchlists(source)
    target.mkdir(parents=True, exist_ok=True)
    with _alone(target):
        before = {name: _in_force(target, name) for name in lists.versions}
        for name, earlier in before.items():
            if earlier and not shrunk:
                _check_size(name, earlier, lists)
        changes = [_change(name, lists, earlier) for name, earlier in before.items()]
        for change in changes:
            if change.anything:
                kept_as = _kept_as(lists.versions[change.list])
                _swap(source / change.list, target, kept_as)
    return changes


def refresh_from(
    client: httpx.Client,
    target: Path,
    sources: Mapping[str, Mapping[str, str]],
    *,
    shrunk: bool = False,
) -> list[Outcome]:
    """Fetch each list of `sources` and put in force what loads, each for itself.

    A list whose publisher fails, or that does not load, stays as it was; its outcome
    says why, and the other lists go on.
    """
    outcomes = []
    for name, files in sources.items():
        try:
            with download(client, target, {name: files}) as folder:
                [change] = refresh(folder, target, shrunk=shrunk) if folder else [None]
        except (InvalidInput, Unavailable) as error:
            # Where it was fetched to is gone by now.
            fetched = re.compile(rf"{re.escape(str(target))}/{_FETCHED}\w+/")
            outcomes.append(Outcome(name, None, fetched.sub("", str(error))))
        else:
            outcomes.append(Outcome(name, change))
    return outcomes


def check_sources(
    sources: Mapping[str, Mapping[str, str]],
) -> Mapping[str, Mapping[str, str]]:
    """Return sources as they are, or the official ones where there are none.

    Raises:
        InvalidInput: naming a list that is none, a file name or an address.
    """
    wrong = [
        FieldError(f"list_sources.{name}", "is no list", f"use {', '.join(LISTS)}")
        for name in sources
        if name not in LISTS
    ]
    wrong += [
        FieldError(
            f"list_sources.{name}.{file}",
            "is no file name with a http address",
            'write such as {"uk": {"list.xml": "https://…"}}',
        )
        for name, files in sources.items()
        for file, url in files.items()
        if not _FILE.fullmatch(file) or not url.startswith(("https://", "http://"))
    ]
    if wrong:
        said = "; ".join(f"{e.path} {e.message}: {e.remedy}" for e in wrong)
        raise InvalidInput(f"INTEGRITAS_LIST_SOURCES: {said}", errors=tuple(wrong))
    return sources or OFFICIAL


def _kept_as(version: ListVersion) -> str:
    """Return the name under which a version's files are kept in `.versions`."""
    return f"{version.name}-{version.digest[:16]}"


def kept_version(target: Path, name: str, digest: str) -> Watchlists | None:
    """Return an earlier state of a list, None if it is not kept any more."""
    folder = target / _VERSIONS / f"{name}-{digest[:16]}"
    try:
        found = load_list(folder, name)
    except InvalidInput:
        return None
    return found if found.versions[name].digest == digest else None


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Let one process at a time put lists in force; a crash frees it."""
    with (target / _LOCK).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _in_force(target: Path, name: str) -> Watchlists | None:
    try:
        return load_list(target / name, name)
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


def _check_size(name: str, before: Watchlists, after: Watchlists) -> None:
    old, new = _names(before, name), _names(after, name)
    if old >= _LEAST_GUARDED and new < old * _LEAST_KEPT:
        raise InvalidInput(
            f"the list {name} would shrink from {old} names to {new}: it is truncated, "
            "download it again; if it is right, take it over with `integritas "
            "compliance lists refresh --shrunk`"
        )


def _names(lists: Watchlists, name: str) -> int:
    return sum(len(entry.names) for entry in lists.entries if entry.list == name)


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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What asking a publisher came to: a change, nothing new, or an error."""

    list: str
    change: Change | None = None
    error: str = ""


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
    with tempfile.TemporaryDirectory(dir=target, prefix=_FETCHED) as scratch:
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
        with client.stream("GET", url, headers=headers, follow_redirects=True) as told:
            if told.status_code == 304:
                shutil.copyfile(current, folder / current.name)
                return False
            if told.status_code != 200:
                raise Unavailable(f"{url} answered {told.status_code}, no list")
            _save(told, folder / current.name, url)
            if "ETag" in told.headers:
                seen[url] = told.headers["ETag"]
    except httpx.HTTPError as error:
        # Also a body that ends before the length that was announced.
        raise Unavailable(f"{url} does not answer: {error}") from error
    return True


def _save(answer: httpx.Response, place: Path, url: str) -> None:
    """Write the body as it comes; the whole of it is never in memory."""
    size = 0
    with place.open("wb") as file:
        for chunk in answer.iter_bytes():
            if not size and chunk[:512].lstrip().lower().startswith(_PAGES):
                raise Unavailable(f"{url} answered with a web page, no list")
            size += len(chunk)
            if size > _MOST_BYTES:
                break
            file.write(chunk)
    if not 0 < size <= _MOST_BYTES:
        raise Unavailable(f"{url} answered {size} bytes, no list")

"""Releases that tell a piece of a process each, wherever they stand, until merged.

A compiled release tells the whole and is judged as it is read. What is tagged as
planning, tender, award and so on, and not as compiled, waits in a temporary file, so
that memory holds where each lies and no more.
"""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from integritas.services.anticorruption.merging import merge_releases

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import IO

__all__ = ["Index", "Pieces", "is_piece", "whole_releases"]

Index = dict[str, list[tuple[int, int]]]
"""By ocid, where each piece begins in the file and how long it is."""


class _Place(NamedTuple):
    spool: IO[bytes]
    start: int
    length: int


def is_piece(tag: object) -> bool:
    """Say whether a release of these tags may tell less than its whole process."""
    return isinstance(tag, list) and bool(tag) and "compiled" not in tag


def whole_releases(
    releases: Iterable[tuple[str, Mapping[str, Any]]],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield releases of whole processes: those that are, then what pieces make.

    With each comes its path; of pieces that of the first.
    """
    pieces: dict[str, tuple[str, list[Mapping[str, Any]]]] = {}
    for path, release in releases:
        if is_piece(release.get("tag")):
            _, found = pieces.setdefault(release["ocid"], (path, []))
            found.append(release)
        else:
            yield path, release
    for path, found in pieces.values():
        yield path, _whole(found)


class Pieces:
    """Pieces of one reading, and of others that were joined to it."""

    def __init__(self) -> None:
        """Begin without any; the file is there before a process may be copied."""
        self._spool: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - see `close`
        self._size = 0
        self._index: Index = {}
        self._joined: list[tuple[Index, IO[bytes]]] = []

    def add(self, ocid: str, line: bytes) -> None:
        """Put a piece aside."""
        self._index.setdefault(ocid, []).append((self._size, len(line)))
        self._spool.write(line)
        self._size += len(line)

    def index(self) -> Index:
        """Return where all lie, once they are in the file: another process reads it."""
        self._spool.flush()
        return self._index

    def join(self, index: Index, later: Pieces) -> None:
        """Take over pieces that a copy of this process put into the file of `later`."""
        self._joined.append((index, later._spool))

    def merged(self) -> Iterator[Mapping[str, Any]]:
        """Yield a release for each process, in the order of their first pieces."""
        self._spool.flush()
        places: dict[str, list[_Place]] = {}
        for index, spool in [(self._index, self._spool), *self._joined]:
            for ocid, found in index.items():
                known = places.setdefault(ocid, [])
                known += [_Place(spool, start, length) for start, length in found]
        for pieces in places.values():
            yield _whole(_read(pieces))

    def close(self) -> None:
        """Give the files back."""
        for spool in (self._spool, *(spool for _, spool in self._joined)):
            spool.close()


def _whole(pieces: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return pieces[0] if len(pieces) == 1 else merge_releases(pieces)


def _read(places: Sequence[_Place]) -> list[dict[str, Any]]:
    releases = []
    for spool, start, length in places:
        spool.seek(start)
        releases.append(orjson.loads(spool.read(length)))
    return releases

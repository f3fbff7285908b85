"""A set of processes that grows: its statistics, and its graph.

Statistics are kept process by process. What a new release is judged against, a
`Reference`, is an immutable copy, taken anew when the set has grown by one per cent: so
judging costs what the release costs, and learning does not grow with the set.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final

import msgspec

from integritas.services.anticorruption.features import digest
from integritas.services.anticorruption.ledger import EMPTY_REFERENCE, Reference
from integritas.services.anticorruption.lenient import read_leniently
from integritas.services.anticorruption.network import Graph
from integritas.services.anticorruption.quantiles import round4
from integritas.services.anticorruption.release import Release
from integritas.services.anticorruption.scoring import DEFAULT_SETTINGS, Calculation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from integritas.services.anticorruption.features import Process
    from integritas.services.anticorruption.settings import Settings

__all__ = ["Dataset", "decode_body", "encode_body"]

_GROWTH: Final = 100
_ENCODE: Final = msgspec.msgpack.Encoder().encode
_DECODE: Final = msgspec.msgpack.Decoder(Release, strict=False).decode


def encode_body(release: Release | Mapping[str, Any]) -> bytes:
    """Return the stored form of a release, or of its document."""
    try:
        return _ENCODE(release)
    except OverflowError:  # of a whole number beyond 64 bits, which counts as absent
        return _ENCODE(read_leniently(msgspec.to_builtins(release)))


def decode_body(body: bytes) -> Release:
    """Return the release of a stored form.

    One that was read leniently may hold what strict decoding refuses, such as an amount
    below zero; that must not close the set to all who come after.
    """
    try:
        return _DECODE(body)
    except msgspec.ValidationError:
        release = read_leniently(msgspec.msgpack.decode(body))
        if release is None:
            raise
        return release


def _process(body: bytes) -> Process:
    return digest(decode_body(body))


class Dataset:
    """The processes of one name and tenant; a later release replaces an earlier."""

    def __init__(self, name: str, settings: Settings = DEFAULT_SETTINGS) -> None:
        """Start empty."""
        self.name = name
        self.graph = Graph()
        self._settings = settings
        self._bodies: dict[str, bytes] = {}
        self._sources: dict[str, str] = {}
        self._calculation = Calculation(settings)
        self._cursor = 0
        self._taken_at = 0
        self._replaced = False
        self._reference = EMPTY_REFERENCE

    def __len__(self) -> int:
        """Return how many processes there are."""
        return len(self._bodies)

    @property
    def cursor(self) -> int:
        """Return how far the set has been read, in releases as they were stored."""
        return self._cursor

    def learn(
        self,
        bodies: Iterable[bytes],
        *,
        upto: int | None = None,
        sources: Iterable[str | None] = (),
    ) -> None:
        """Take processes in, in their stored form; the last is the release `upto`.

        `sources` are the evidence that told of each, where evidence did.
        """
        for body, source in zip(bodies, chain(sources, repeat(None)), strict=False):
            process = _process(body)
            self._sources.pop(process.ocid, None)
            if source is not None:
                self._sources[process.ocid] = source
            if process.ocid in self._bodies:
                self._replaced = True  # counts cannot be taken back: see `reference`
            else:
                self._calculation.add(process)
            self._bodies[process.ocid] = body
            self.graph.add(process)
            self._cursor += 1
        if upto is not None:
            self._cursor = upto

    def told_by(self, evidence: Collection[str]) -> set[str]:
        """Return the processes that are known by some evidence."""
        if not evidence:
            return set()
        return {ocid for ocid, source in self._sources.items() if source in evidence}

    @contextmanager
    def without(self, ocids: Collection[str]) -> Iterator[Graph]:
        """Lend the graph as it would be had some processes told nothing.

        They are taken out and put back: meanwhile nobody else may use the set.
        """
        for ocid in ocids:
            self.graph.remove(ocid)
        try:
            yield self.graph
        finally:
            for ocid in ocids:
                self.graph.add(_process(self._bodies[ocid]))

    def reference(self, *, fresh: bool = False) -> Reference:
        """Return what the set tells, at most one per cent of it old, or `fresh`."""
        grown = self._cursor - self._taken_at
        if not grown or (not fresh and grown * _GROWTH < self._taken_at):
            return self._reference
        if self._replaced:
            self._calculation = Calculation(self._settings)
            for body in self._bodies.values():
                self._calculation.add(_process(body))
            self._replaced = False
        self._taken_at = self._cursor
        version = f"{self.name}@{self._cursor}"
        self._reference = self._calculation.reference(version=version)
        return self._reference

    def find(self, ocid: str) -> Process | None:
        """Return a process, None if it is not in the set."""
        body = self._bodies.get(ocid)
        return None if body is None else _process(body)

    def statistics(self, withheld: Collection[str] = ()) -> dict[str, Any]:
        """Return counts and fences for people; what `withheld` told is not counted."""
        reference = self.reference(fresh=True)
        hidden = self.told_by(withheld)
        with self.without(hidden) as graph:
            parties = len(graph.nodes)
        return {
            "processes": len(self) - len(hidden),
            "version": reference.version,
            "currency": reference.currency,
            "parties": parties,
            "fences": {
                code: {
                    name: round4(value) if value == value else None  # noqa: PLR0124 - NaN
                    for name, value in fences.items()
                }
                for code, fences in reference.fences.items()
            },
        }

"""Reads real items from a data folder: evenly over kinds, the same for a seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from integritas.kernel.errors import InvalidInput
from integritas.kernel.evidence import EvidenceKind
from integritas.samples.sample import Sample
from integritas.samples.sources import SOURCES, Source

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FolderReading", "missing_kinds", "read_folder"]

_REMEDY: Final = (
    "set INTEGRITAS_DATA to a folder that holds messages/, procurement/, watchlists/ "
    "or names/ as docs/guides/demo.md describes, or unset it to use generated data"
)


@dataclass(frozen=True, slots=True)
class FolderReading:
    """What was drawn from a data folder.

    `skipped` counts the malformed items of each file that has any; `missing` are the
    kinds of evidence of which the folder holds nothing usable.
    """

    samples: tuple[Sample, ...]
    skipped: Mapping[str, int]
    missing: tuple[str, ...]

    def __iter__(self) -> Iterator[Sample]:
        """Iterate over the samples."""
        return iter(self.samples)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self.samples)


def missing_kinds(folder: Path) -> tuple[str, ...]:
    """Return the kinds of evidence for which the folder has no file."""
    there = {source.kind for source in SOURCES if _files(folder, source)}
    return _lacking(there)


def read_folder(folder: Path, *, limit: int, seed: int) -> FolderReading:
    """Draw up to `limit` items, evenly over kinds and over the sources of a kind.

    A source that is absent or smaller leaves its share to the others; malformed items
    are left out and counted. At most `limit` items a source are held in memory.

    Raises:
        InvalidInput: there is no such folder, or nothing usable in it.
    """
    if not folder.is_dir():
        raise InvalidInput(f"INTEGRITAS_DATA: {folder} is not a folder: {_REMEDY}")
    skipped: Counter[str] = Counter()
    drawn = {source: _draw(folder, source, limit, seed, skipped) for source in SOURCES}
    if not any(drawn.values()):
        raise InvalidInput(f"INTEGRITAS_DATA: nothing usable in {folder}: {_REMEDY}")
    by_kind = {
        kind: [drawn[source] for source in SOURCES if source.kind is kind]
        for kind in EvidenceKind
    }
    shares = _shares([sum(map(len, pools)) for pools in by_kind.values()], limit)
    samples: list[Sample] = []
    for pools, share in zip(by_kind.values(), shares, strict=True):
        for pool, part in zip(pools, _shares([*map(len, pools)], share), strict=True):
            samples += pool[:part]
    _random(seed, "order").shuffle(samples)
    missing = _lacking({kind for kind, pools in by_kind.items() if any(pools)})
    return FolderReading(tuple(samples), dict(skipped), missing)


def _draw(
    folder: Path, source: Source, limit: int, seed: int, skipped: Counter[str]
) -> list[Sample]:
    """Draw up to `limit` samples evenly (a reservoir: Vitter's algorithm R)."""
    rng = _random(seed, source.pattern)
    pool: list[Sample] = []
    seen = 0
    for path in _files(folder, source):
        name = path.relative_to(folder).as_posix()
        for sample in source.read(path, name):
            if sample is None:
                skipped[name] += 1
                continue
            seen += 1
            if len(pool) < limit:
                pool.append(sample)
            elif (place := rng.randrange(seen)) < limit:
                pool[place] = sample
    # The reservoir keeps the order of the file at its head; a part of it must not.
    rng.shuffle(pool)
    return pool


def _shares(sizes: Sequence[int], total: int) -> list[int]:
    """Share `total` out evenly; what one has too little of goes to the others."""
    shares = [0] * len(sizes)
    left = min(total, sum(sizes))
    while left:
        open_places = [n for n, size in enumerate(sizes) if shares[n] < size]
        portion = max(1, left // len(open_places))
        for n in open_places:
            given = min(portion, sizes[n] - shares[n], left)
            shares[n] += given
            left -= given
    return shares


def _files(folder: Path, source: Source) -> list[Path]:
    return sorted(path for path in folder.glob(source.pattern) if path.is_file())


def _lacking(there: set[EvidenceKind]) -> tuple[str, ...]:
    return tuple(kind.value for kind in EvidenceKind if kind not in there)


def _random(seed: int, name: str) -> Random:
    return Random(f"{seed}:{name}")  # noqa: S311 - repeatability is the point

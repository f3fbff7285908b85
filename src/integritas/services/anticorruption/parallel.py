"""A large file read by several processes, each a range of its lines.

Only where a copy of the process is safe and worth it: a plain file, one thread, more
than one processor. The answer is the one that a single reading gives: ledgers are
merged in the order of the ranges, and a currency that the first price decides is
decided before the file is split.
"""

from __future__ import annotations

import os
import pickle
import threading
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from integritas.kernel.errors import StorageFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Ranges", "collect", "plan_ranges", "start"]

_BYTES_WORTH_A_PROCESS: Final = 16 * 1024 * 1024
_MOST_PROCESSES: Final = 8


@dataclass(frozen=True, slots=True)
class Ranges:
    """Where to split a file: a range goes on to the end of the line it ends in."""

    path: str
    bounds: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Worker:
    process: int
    answer: int


def plan_ranges(stream: BinaryIO, *, processes: int | None = None) -> Ranges | None:
    """Return how to split a file, None if it should be read by one process.

    `processes` overrides what size, processors and other threads (of which a fork
    knows nothing) suggest.
    """
    path = _path_of(stream)
    if path is None or not hasattr(os, "fork"):
        return None
    if processes is None and threading.active_count() > 1:
        return None
    size = Path(path).stat().st_size
    count = processes or min(
        len(os.sched_getaffinity(0)), size // _BYTES_WORTH_A_PROCESS, _MOST_PROCESSES
    )
    if count < 2:
        return None
    cuts = [size * part // count for part in range(count + 1)]
    return Ranges(path, tuple(pairwise(cuts)))


def _path_of(stream: BinaryIO) -> str | None:
    """Return where a stream that was not yet read can be opened again, if it can."""
    try:
        path, opened = stream.name, os.fstat(stream.fileno())
        if not isinstance(path, str) or stream.tell() != 0:
            return None
        # Standard input may be a file, and its name tells of none.
        return path if os.path.samestat(Path(path).stat(), opened) else None
    except (OSError, AttributeError, ValueError):
        return None


def start(work: Callable[[], object]) -> _Worker:
    """Run `work` in a copy of this process; `collect` gives what it returned."""
    reading, writing = os.pipe()
    process = os.fork()
    if process:
        os.close(writing)
        return _Worker(process, reading)
    status = 1
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(work(), pipe, protocol=pickle.HIGHEST_PROTOCOL)
        status = 0
    finally:
        os._exit(
            status
        )  # not sys.exit: what the parent opened is the parent's to close


def collect(workers: Sequence[_Worker]) -> list[object]:
    """Return what the workers returned, in order.

    Raises:
        StorageFailure: one of them ended early; its answer is lost.
    """
    answers: list[object] = []
    failed = False
    for worker in workers:
        with os.fdopen(worker.answer, "rb") as pipe:
            try:
                answers.append(pickle.load(pipe))  # noqa: S301 - our own process wrote it
            except (EOFError, pickle.UnpicklingError):
                failed = True
        _, status = os.waitpid(worker.process, 0)
        failed = failed or status != 0
    if failed:
        raise StorageFailure("a part of the file could not be read: its process ended")
    return answers

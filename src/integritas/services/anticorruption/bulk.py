"""Indicators over a file: releases, records or packages, one JSON object a line.

A file that is one JSON document, as portals publish packages, is read as a whole.
Releases that tell a piece of a process each are merged by ocid, wherever they stand.

A line that is no release is left out and told; a field of the wrong type is left out
of the calculation, as Cardinal does, and told as well. A valid line is decoded straight
into typed structs and judged by them alone; only what that refuses is read a second
time, with a message for each thing wrong.
"""

from __future__ import annotations

import gc
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import msgspec
import orjson

from integritas.services.anticorruption.bidtable import read_table
from integritas.services.anticorruption.documents import read_document
from integritas.services.anticorruption.features import digest, read_process
from integritas.services.anticorruption.ledger import Ledger
from integritas.services.anticorruption.merging import compiled_releases
from integritas.services.anticorruption.ocds import check_release
from integritas.services.anticorruption.parallel import collect, plan_ranges, start
from integritas.services.anticorruption.pieces import Index, Pieces, is_piece
from integritas.services.anticorruption.plain import decode, read_plain
from integritas.services.anticorruption.rejects import (
    Reject,
    find_mixed,
    mixed_currencies,
    no_ocid,
    parse_line,
)
from integritas.services.anticorruption.scoring import Calculation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from integritas.kernel.errors import FieldError
    from integritas.services.anticorruption.settings import Settings

__all__ = [
    "MAX_LINE_BYTES",
    "Reading",
    "Reject",
    "Run",
    "run_indicators",
    "run_table",
    "skip_line",
]

MAX_LINE_BYTES: Final = 64 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_AT_ONCE: Final = 256 * 1024
_LINES_TO_DECIDE: Final = 1_000
# Lines of a later part are numbered from here until their place is known.
_NOT_FIRST: Final = 1


@dataclass(frozen=True, slots=True)
class Run:
    """What a file gave: `lines` that are not blank, `read` releases among them."""

    ledger: Ledger
    lines: int
    read: int
    rejected: int
    ignored_fields: int


def run_indicators(
    stream: BinaryIO,
    settings: Settings,
    *,
    with_maps: bool,
    on_reject: Callable[[Reject], None],
    max_line_bytes: int = MAX_LINE_BYTES,
    processes: int | None = None,
) -> Run:
    """Read a stream to its end and return all results; memory holds one line a time.

    A large plain file is read by several processes; `processes` says by how many.
    """
    calculation = Calculation(settings, with_maps=with_maps)
    reading = Reading(calculation, on_reject, max_line_bytes)
    ranges = plan_ranges(stream, processes=processes)
    with _no_collection(), closing(reading.pieces):
        whole, stream = read_document(stream)
        if whole is not None:
            reading.lines += 1
            reading.take_document(1, whole)
            return reading.run()
        if ranges is None:
            reading.follow(stream)
            return reading.run()
        decided = reading.decide_currency(stream)
        if not decided or stream.tell() > ranges.bounds[0][1]:
            # What was read for it reaches into the ranges that others would read.
            reading.follow(stream)
            return reading.run()
        later = [reading.beside() for _ in ranges.bounds[1:]]
        workers = [
            start(partial(_read_range, other, ranges.path, bounds))
            for other, bounds in zip(later, ranges.bounds[1:], strict=True)
        ]
        reading.follow(stream, until=ranges.bounds[0][1])
        for part, other in zip(collect(workers), later, strict=True):
            if isinstance(part, _Part):
                reading.join(part, other.pieces)
        return reading.run()


def run_table(
    content: bytes,
    settings: Settings,
    *,
    with_maps: bool,
    on_reject: Callable[[Reject], None],
) -> Run:
    """Judge a table of bids, a row a bid, as the releases it tells of.

    Raises:
        InvalidInput: it is no UTF-8, or a column that must be there is missing.
    """
    reading = Reading(Calculation(settings, with_maps=with_maps), on_reject)
    with closing(reading.pieces):
        reading.take_table(content)
        return reading.run()


class _Part(msgspec.Struct):
    """What a process read of a file: lines are numbered from its own start."""

    ledger: Ledger
    rejects: list[Reject]
    pieces: Index
    numbered: int
    counts: tuple[int, int, int, int]


def _read_range(reading: Reading, path: str, bounds: tuple[int, int]) -> _Part:
    first, end = bounds
    with Path(path).open("rb") as stream:
        stream.seek(first - 1)
        skip_line(stream)  # it belongs to the range before
        reading.follow(stream, until=end)
    return reading.part()


class Reading:
    """Takes lines into a calculation, and tells what is wrong with them."""

    def __init__(
        self,
        calculation: Calculation,
        on_reject: Callable[[Reject], None],
        max_line_bytes: int = MAX_LINE_BYTES,
    ) -> None:
        """Begin without any."""
        self._calculation = calculation
        self._add = calculation.add
        self._on_reject = on_reject
        self._limit = max_line_bytes
        self._kept: list[Reject] = []
        self._number = 0
        self.pieces = Pieces()
        self.lines = self.read = self.rejected = self.ignored = 0

    def follow(self, stream: BinaryIO, *, until: int | None = None) -> None:
        """Take all lines, or those that begin before a position."""
        place = 0 if until is None else stream.tell()
        while (until is None or place < until) and (block := stream.read(_AT_ONCE)):
            if not block.endswith(b"\n"):
                block += stream.readline(self._limit + 1)
            end = -1 if until is None else block.find(b"\n", until - place - 1)
            if end >= 0:
                self._take_lines(block[:end].split(b"\n"))
                stream.seek(place + end + 1)
                return
            place += len(block)
            lines = block.split(b"\n")
            if not lines[-1]:
                lines.pop()
            else:
                place += skip_line(stream)  # of a line over the limit
            self._take_lines(lines)

    def decide_currency(self, stream: BinaryIO) -> bool:
        """Read until the first price has decided the currency; say if it is."""
        for _ in range(_LINES_TO_DECIDE):
            if self._calculation.decided:
                return True
            self.follow(stream, until=stream.tell() + 1)
        return self._calculation.decided

    def beside(self) -> Reading:
        """Return an empty reading for another part of the file; it keeps rejects."""
        reading = Reading(self._calculation.beside(), _ignore, self._limit)
        reading._on_reject = reading._kept.append
        reading._number = _NOT_FIRST
        return reading

    def part(self) -> _Part:
        """Return what was read, to be joined to another reading."""
        counts = (self.lines, self.read, self.rejected, self.ignored)
        numbered = self._number - _NOT_FIRST
        ledger, pieces = self._calculation.ledger, self.pieces.index()
        return _Part(ledger, self._kept, pieces, numbered, counts)

    def join(self, part: _Part, pieces: Pieces) -> None:
        """Take over what another process read of the lines that follow."""
        self.pieces.join(part.pieces, pieces)
        self._calculation.ledger.merge(part.ledger)
        for reject in part.rejects:
            line = reject.line - _NOT_FIRST + self._number
            self._on_reject(replace(reject, line=line))
        self._number += part.numbered
        lines, read, rejected, ignored = part.counts
        self.lines += lines
        self.read += read
        self.rejected += rejected
        self.ignored += ignored

    def _take_lines(self, lines: list[bytes]) -> None:
        """Take lines that follow each other."""
        if not (self._calculation.by_block and self._take_block(lines)):
            self._take_each(lines)

    def _take_block(self, lines: list[bytes]) -> bool:
        """Take valid lines at once; False if one has to be looked at by itself."""
        block = read_plain(lines, self._limit)
        if block is None:
            return False
        for row, bids in block.mixed():
            self._tell(self._number + 1 + row, find_mixed(bids))
        self._calculation.add_block(block)
        self._number += len(lines)
        self.lines += len(lines)
        self.read += len(lines)
        return True

    def _take_each(self, lines: list[bytes]) -> None:
        before, cared = self._number, 0
        for number, line in enumerate(lines, before + 1):
            if len(line) <= self._limit and self._take_valid(number, line):
                continue
            cared += 1
            if line and not line.isspace():
                self._take_with_care(number, line)
        taken = len(lines) - cared
        self._number += len(lines)
        self.lines += taken
        self.read += taken

    def _take_valid(self, number: int, line: bytes) -> bool:
        """Take a line that is a valid release; False if it has to be told of."""
        try:
            # What msgspec skips it does not check: the encoding is.
            if not line.isascii():
                line.decode()
            process = digest(decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return False
        if process.doubtful:
            return False
        tag = process.release.tag
        if tag is not None and is_piece(tag):
            self.pieces.add(process.ocid, line)
            return True
        self._add(process)
        self._tell(number, mixed_currencies(process))
        return True

    def run(self) -> Run:
        """Merge what came in pieces, conclude, and return what was counted."""
        for release in self.pieces.merged():
            process = read_process(release)
            if process is not None:
                self._add(process)
        ledger = self._calculation.conclude()
        return Run(ledger, self.lines, self.read, self.rejected, self.ignored)

    def _take_with_care(self, number: int, line: bytes | None) -> None:
        """Take a line that is not plainly valid; None is one over the limit."""
        self.lines += 1
        if line is not None:
            line = None if len(line) > self._limit else line
            if number == 1 and line is not None:
                line = line.removeprefix(_BOM)
        document = parse_line(number, line, self._limit)
        if isinstance(document, Reject):
            self.rejected += 1
            self._on_reject(document)
        else:
            self.take_document(number, document)

    def _tell(self, number: int, error: FieldError | None, dot: str = "") -> None:
        """Tell of a field that is left out, if there is one."""
        if error is not None:
            self.ignored += 1
            path = f"{dot}{error.path}"
            self._on_reject(
                Reject(number, path, error.message, error.remedy, used=True)
            )

    def take_table(self, content: bytes) -> None:
        """Take a table of bids: a row is a line."""
        tenders, rejects = read_table(content)
        for row in rejects:
            self.lines += not row.used
            self.ignored += row.used
            self.rejected += not row.used
            self._on_reject(Reject(*row))
        for tender in tenders:
            self.lines += len(tender.release["bids"]["details"])
            self.take_document(tender.line, tender.release)

    def take_document(self, number: int, document: Mapping[str, Any]) -> None:
        """Take a release, a record or a package that stands on a line."""
        for path, release in compiled_releases(document):
            process = read_process(release)
            if process is None:
                self.rejected += 1
                self._on_reject(no_ocid(number, path))
                continue
            self.read += 1
            dot = f"{path}." if path else ""
            if is_piece(release.get("tag")):
                self.pieces.add(process.ocid, orjson.dumps(release))
            else:
                self._add(process)
                self._tell(number, mixed_currencies(process), dot)
            for error in check_release(release):
                self._tell(number, error, dot)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Put off the collector: a reading makes no cycles, only many objects."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def skip_line(stream: BinaryIO) -> int:
    """Read to the end of the line without keeping it; return how many bytes."""
    skipped = 0
    while chunk := stream.readline(_AT_ONCE):
        skipped += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return skipped


def _ignore(reject: Reject) -> None:
    del reject

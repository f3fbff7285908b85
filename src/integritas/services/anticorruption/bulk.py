"""Indicators over a file of compiled releases, one JSON object a line.

A line that is no release is left out and told; a field of the wrong type is left out
of the calculation, as Cardinal does, and told as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

import orjson

from integritas.services.anticorruption.features import read_process
from integritas.services.anticorruption.ledger import Ledger
from integritas.services.anticorruption.ocds import check_release
from integritas.services.anticorruption.scoring import Calculation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pydantic import JsonValue

    from integritas.services.anticorruption.settings import Settings

__all__ = ["MAX_LINE_BYTES", "Reject", "Run", "run_indicators"]

MAX_LINE_BYTES: Final = 64 * 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Reject:
    """A thing wrong in a line; `used` says whether the rest of the line counted."""

    line: int
    path: str
    message: str
    remedy: str
    used: bool

    def __str__(self) -> str:
        """Return one line for people."""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"line {self.line} {self.path}: {self.message}{remedy}"


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
) -> Run:
    """Read a stream to its end and return all results; memory holds one line a time."""
    calculation = Calculation(settings, with_maps=with_maps)
    lines = read = rejected = ignored = 0
    for number, line in _lines(stream, max_line_bytes):
        lines += 1
        release = _parse(number, line, max_line_bytes)
        process = None if isinstance(release, Reject) else read_process(release)
        if isinstance(release, Reject) or process is None:
            rejected += 1
            on_reject(release if isinstance(release, Reject) else _no_ocid(number))
            continue
        read += 1
        calculation.add(process)
        for error in check_release(release):
            ignored += 1
            on_reject(
                Reject(number, error.path, error.message, error.remedy, used=True)
            )
    return Run(calculation.conclude(), lines, read, rejected, ignored)


def _lines(stream: BinaryIO, limit: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield numbered lines that are not blank; None stands for one over the limit."""
    number = 0
    while chunk := stream.readline(limit + 1):
        number += 1
        if len(chunk) > limit and not chunk.endswith(b"\n"):
            while (rest := stream.readline(limit)) and not rest.endswith(b"\n"):
                pass
            yield number, None
            continue
        line = chunk.removeprefix(_BOM) if number == 1 else chunk
        if line.strip():
            yield number, line


def _parse(
    number: int, line: bytes | None, limit: int
) -> dict[str, JsonValue] | Reject:
    if line is None:
        message = f"is longer than {limit} bytes"
        return Reject(
            number, "(whole)", message, "split the file by release", used=False
        )
    try:
        release = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Reject(
            number,
            "(whole)",
            f"is not JSON: {error.msg} at column {error.colno}",
            "write one JSON object a line, in UTF-8",
            used=False,
        )
    if not isinstance(release, dict):
        kind = type(release).__name__
        return Reject(
            number,
            "(whole)",
            f"is JSON but no object: {kind}",
            "write one compiled release a line",
            used=False,
        )
    return release


def _no_ocid(number: int) -> Reject:
    return Reject(
        number,
        "ocid",
        "is missing or no text",
        "add the ocid of the contracting process",
        used=False,
    )

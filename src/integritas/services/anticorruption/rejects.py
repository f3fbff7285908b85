"""What is wrong in a line of a file, and how a line is found to be no object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from integritas.kernel.errors import FieldError
from integritas.services.anticorruption.unreadable import explain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from integritas.services.anticorruption.features import Process

__all__ = ["Reject", "find_mixed", "mixed_currencies", "no_ocid", "parse_line"]


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


def parse_line(number: int, line: bytes | None, limit: int) -> dict[str, Any] | Reject:
    """Return the object on a line, None if over the limit; else what is wrong."""
    if line is None:
        message = f"is longer than {limit} bytes"
        return Reject(
            number, "(whole)", message, "split the file by release", used=False
        )
    try:
        release = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        wrong = explain(line, error)
        return Reject(number, wrong.path, wrong.message, wrong.remedy, used=False)
    if isinstance(release, list) and release and isinstance(release[0], dict):
        return {"releases": release}
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


def no_ocid(number: int, path: str) -> Reject:
    """Return the reject of a release without a name."""
    return Reject(
        number,
        f"{path}.ocid" if path else "ocid",
        "is missing or no text",
        "add the ocid of the contracting process",
        used=False,
    )


def mixed_currencies(process: Process) -> FieldError | None:
    """Return the first bid of a process in a currency that those before are not in."""
    if process.currencies < 2:
        return None
    return find_mixed((bid.position, bid.currency) for bid in process.submitted)


def find_mixed(bids: Iterable[tuple[int, str | None]]) -> FieldError | None:
    """Return the first of bids, as position and currency, in another than before."""
    first: str | None = None
    for position, currency in bids:
        first = first or currency
        if currency not in {first, None}:
            return FieldError(
                f"bids.details[{position}].value.currency",
                f"is {currency}, and a bid before it is in {first}",
                "give all bids of a process in one currency",
            )
    return None

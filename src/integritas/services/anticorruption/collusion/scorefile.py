"""Scores for a file of bids: JSON or CSV in, JSON Lines out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from integritas.kernel.errors import FieldError, InvalidInput
from integritas.services.anticorruption.collusion.bids import (
    LineReject,
    read_bids,
    read_csv,
)
from integritas.services.anticorruption.unreadable import explain, parse_with_nan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from integritas.services.anticorruption.collusion.bids import BidReject, Reading
    from integritas.services.anticorruption.collusion.scores import BidScore

__all__ = ["CollusionRun", "score_bids"]


class CollusionRun(NamedTuple):
    """A score for each bid in order, what could not be scored, and how much of it."""

    scores: Sequence[BidScore]
    rejects: Sequence[BidReject]
    out_of_domain: int

    def lines(self) -> bytes:
        """Return the scores as JSON Lines."""
        return b"".join(orjson.dumps(s.line()) + b"\n" for s in self.scores)


def score_bids(
    score: Callable[[Reading], Sequence[BidScore]], content: bytes
) -> CollusionRun:
    """Score bids: a JSON list, JSON Lines, or CSV with a header.

    Raises:
        InvalidInput: it is none of these; the message says where it breaks.
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    start = content.lstrip()[:1]
    lines: list[int] | None = None
    if not start or start == b"[":
        reading = read_bids(_list(content) if start else [])
    else:
        entries = _lines(content) if start == b"{" else _table(content)
        reading, lines = read_bids([*entries.values()]), [*entries]
    scores, rejects = score(reading), reading.rejects
    if lines is not None:
        rejects = [
            LineReject(lines[bid.line - 1], bid.path, bid.message, bid.remedy)
            for bid in rejects
        ]
    strange = sum(bool(score.out_of_domain) for score in scores)
    return CollusionRun(scores, rejects, strange)


def _lines(content: bytes) -> dict[int, Any]:
    lines = enumerate(content.splitlines(), 1)
    return {number: _line(line) for number, line in lines if line.strip()}


def _table(content: bytes) -> dict[int, dict[str, Any]]:
    try:
        return read_csv(content.decode())
    except UnicodeDecodeError as error:
        raise InvalidInput(
            "the bids are neither JSON nor CSV in UTF-8",
            errors=(FieldError("(whole)", str(error), "write UTF-8"),),
        ) from error


def _line(content: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return the bid of a line, or what is wrong with it: the others go on."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return explain(content, error)


def _list(content: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if (bids := parse_with_nan(content)) is not None:
            return bids  # a bid without a price is told for itself
        place = f"line {error.lineno} column {error.colno}"
        raise InvalidInput(
            f"the bids are not JSON: {error.msg} at {place}",
            errors=(FieldError(place, error.msg, "write [{...}, {...}]"),),
        ) from error

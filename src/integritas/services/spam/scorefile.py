"""Scoring a file of messages: JSON Lines in, JSON Lines out, in batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import orjson

from integritas.kernel.contracts import FindingKind, Subject
from integritas.kernel.evidence import MAIL, PLAIN_TEXT, message_from_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from integritas.kernel.contracts import Finding
    from integritas.services.spam.service import SpamService

__all__ = ["MAX_LINE_BYTES", "ScoreReject", "ScoreRun", "score_lines"]

MAX_LINE_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ScoreReject:
    """A line that gave no score: where, what is wrong, what to do."""

    line: int
    path: str
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return one line for people."""
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"line {self.line} {self.path}: {self.message}{remedy}"


@dataclass(slots=True)
class ScoreRun:
    """How many lines were read (blank ones apart), scored, rejected."""

    lines: int = 0
    scored: int = 0
    rejected: int = 0


def score_lines(
    service: SpamService,
    lines: Iterable[bytes],
    *,
    run: ScoreRun,
    on_reject: Callable[[ScoreReject], None],
) -> Iterator[bytes]:
    """Yield a line `{id, probability, verdict, reasons}` for each line with a message.

    `run` is kept up to date; memory holds one line at a time.
    """
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not text.strip():
            continue
        run.lines += 1
        answer = _score(service, number, text)
        if isinstance(answer, ScoreReject):
            run.rejected += 1
            on_reject(answer)
        else:
            run.scored += 1
            yield answer


def _score(service: SpamService, number: int, line: bytes) -> bytes | ScoreReject:
    row = _row(number, line)
    if isinstance(row, ScoreReject):
        return row
    message = message_from_line(row["raw"], row.get("media_type"))
    finding = service.find(message, Subject())
    if finding.kind is FindingKind.NOT_ASSESSED:
        return ScoreReject(number, "raw", finding.reasons[0].text, "check the message")
    document = {
        "id": row["id"],
        "probability": finding.score,
        "verdict": finding.data["verdict"],
        "reasons": _short(finding),
    }
    return orjson.dumps(document) + b"\n"


def _short(finding: Finding) -> list[str]:
    return [
        reason.text
        if reason.weight is None
        else f"{reason.text} ({reason.weight:+.2f})"
        for reason in finding.reasons
    ]


def _row(number: int, line: bytes) -> dict[str, Any] | ScoreReject:
    if len(line) > MAX_LINE_BYTES:
        return ScoreReject(
            number, "(whole)", f"is longer than {MAX_LINE_BYTES} bytes", "send less"
        )
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return ScoreReject(
            number,
            "(whole)",
            f"is not JSON: {error.msg} at column {error.colno}",
            "write one JSON object a line, in UTF-8",
        )
    if not isinstance(row, dict):
        return ScoreReject(
            number, "(whole)", "is JSON but no object", 'write {"id": …, "raw": …}'
        )
    return _wrong(number, row) or row


def _wrong(number: int, row: dict[str, Any]) -> ScoreReject | None:
    if not isinstance(row.get("id"), str | int) or isinstance(row.get("id"), bool):
        return ScoreReject(number, "id", "is missing or no text", "add an id")
    if not isinstance(row.get("raw"), str):
        return ScoreReject(
            number, "raw", "is missing or no text", "add the message as a text"
        )
    if row.get("media_type") not in (None, MAIL, PLAIN_TEXT):
        return ScoreReject(
            number,
            "media_type",
            f"is {row['media_type']!r}",
            f"use {MAIL} or {PLAIN_TEXT}, or leave it out",
        )
    return None

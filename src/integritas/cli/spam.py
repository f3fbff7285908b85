"""`integritas spam`: scores for files of messages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import orjson
import typer

from integritas.kernel.errors import FieldError, InvalidInput
from integritas.services.spam.api import (
    ScoreReject,
    ScoreRun,
    load_spam_service,
    score_lines,
)

__all__ = ["app"]

app = typer.Typer(help="Tell junk from tips.", no_args_is_help=True)

_SHOWN: Final = 10


@app.callback()
def spam() -> None:
    """Tell junk from tips."""


@app.command()
def score(
    *,
    source: Annotated[
        str,
        typer.Option(
            "--input",
            "-i",
            help="Messages, JSON Lines {id, raw, media_type?}; - is standard input.",
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="Scores, JSON Lines {id, probability, verdict, reasons[]};"
            " - is standard output.",
        ),
    ],
    rejects: Annotated[
        Path | None,
        typer.Option(
            "--rejects", help="Write the lines that gave no score here, JSON Lines."
        ),
    ] = None,
) -> None:
    """Score messages: the probability of junk, a verdict, and why."""
    service = load_spam_service()
    run = ScoreRun()
    with ExitStack() as stack:
        lines = stack.enter_context(_opened(source, "rb"))
        output = stack.enter_context(_opened(target, "wb"))
        refused = stack.enter_context(_opened(str(rejects), "wb")) if rejects else None
        report = _Report(refused)
        for answer in score_lines(service, lines, run=run, on_reject=report.take):
            output.write(answer)
        output.flush()
    report.summarise(run)
    if run.rejected and not run.scored:
        raise InvalidInput(f"no message of {_name(source)} could be scored")


class _Report:
    """Writes rejects to a file, or the first of them to standard error."""

    def __init__(self, stream: BinaryIO | None) -> None:
        self._stream = stream
        self._taken = 0

    def take(self, reject: ScoreReject) -> None:
        self._taken += 1
        if self._stream is not None:
            entry = {
                "line": reject.line,
                "path": reject.path,
                "message": reject.message,
                "remedy": reject.remedy,
            }
            self._stream.write(orjson.dumps(entry) + b"\n")
        elif self._taken <= _SHOWN:
            typer.echo(str(reject), err=True)

    def summarise(self, run: ScoreRun) -> None:
        if not self._taken:
            return
        hint = "" if self._stream or self._taken <= _SHOWN else "; --rejects lists all"
        typer.echo(f"{run.rejected} of {run.lines} lines rejected{hint}", err=True)


@contextmanager
def _opened(file: str, mode: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer if mode == "rb" else sys.stdout.buffer
        return
    verb = "read" if mode == "rb" else "written"
    try:
        stream: BinaryIO = Path(file).open(mode)  # type: ignore[assignment] # noqa: SIM115 - binary modes only; closed below
    except OSError as error:
        raise InvalidInput(
            f"{file} cannot be {verb}",
            errors=(
                FieldError(file, str(error.strerror), "check path and permissions"),
            ),
        ) from error
    with stream:
        yield stream


def _name(file: str) -> str:
    return "standard input" if file == "-" else file

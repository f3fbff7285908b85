"""`integritas procurement`: red flags over a file of OCDS releases."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final, TextIO

import orjson
import typer

from integritas.kernel.errors import FieldError, InvalidInput
from integritas.services.anticorruption.api import (
    DEFAULT_SETTINGS,
    Reject,
    Run,
    Settings,
    parse_settings,
    run_indicators,
)

__all__ = ["app"]

app = typer.Typer(help="Red flags in public procurement.", no_args_is_help=True)

_SHOWN: Final = 10


@app.callback()
def procurement() -> None:
    """Red flags in public procurement (OCDS)."""


@app.command()
def indicators(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="OCDS compiled releases, one JSON object a line; - is standard input.",
        ),
    ],
    *,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--settings",
            "-s",
            help="Cardinal's settings file: a section for each indicator to run."
            " Without it all run with their defaults.",
        ),
    ] = None,
    maps: Annotated[
        bool,
        typer.Option("--map", help="Add Maps: the organisations of each process."),
    ] = False,
    no_meta: Annotated[
        bool, typer.Option("--no-meta", help="Leave out Meta: quartiles and fences.")
    ] = False,
    rejects: Annotated[
        Path | None,
        typer.Option(
            "--rejects",
            help="Write what is wrong in which line here, as JSON Lines.",
        ),
    ] = None,
) -> None:
    """Calculate red flags as OCDS Cardinal does; print one JSON document."""
    chosen = _settings(settings)
    with ExitStack() as stack:
        report = _Report(stack.enter_context(_writer(rejects)) if rejects else None)
        stream = stack.enter_context(_reader(file))
        run = run_indicators(stream, chosen, with_maps=maps, on_reject=report.take)
    report.summarise(run)
    if not run.read:
        raise InvalidInput(f"{_name(file)} holds no release that could be read")
    typer.echo(orjson.dumps(run.ledger.document(meta=not no_meta)).decode())


class _Report:
    """Writes rejects to a file, or the first of them to standard error."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._taken = 0

    def take(self, reject: Reject) -> None:
        self._taken += 1
        if self._stream is not None:
            entry = {
                "line": reject.line,
                "path": reject.path,
                "message": reject.message,
                "remedy": reject.remedy,
                "used": reject.used,
            }
            self._stream.write(orjson.dumps(entry).decode() + "\n")
        elif self._taken <= _SHOWN:
            typer.echo(str(reject), err=True)

    def summarise(self, run: Run) -> None:
        if not self._taken:
            return
        hint = "" if self._stream or self._taken <= _SHOWN else "; --rejects lists all"
        typer.echo(
            f"{run.rejected} of {run.lines} lines rejected,"
            f" {run.ignored_fields} fields of other lines not valid{hint}",
            err=True,
        )


def _settings(path: Path | None) -> Settings:
    if path is None:
        return DEFAULT_SETTINGS
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(str(path), "read", error) from error
    chosen = parse_settings(text, source=str(path))
    if not chosen.sections:
        typer.echo(f"{path} enables no indicator: add sections as [R024]", err=True)
    return chosen


@contextmanager
def _reader(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed by the with below
    except OSError as error:
        raise _unusable(file, "read", error) from error
    with stream:
        yield stream


@contextmanager
def _writer(path: Path) -> Iterator[TextIO]:
    try:
        stream = path.open("w", encoding="utf-8")
    except OSError as error:
        raise _unusable(str(path), "written", error) from error
    with stream:
        yield stream


def _unusable(path: str, verb: str, error: Exception) -> InvalidInput:
    why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
    return InvalidInput(
        f"{path} cannot be {verb}",
        errors=(FieldError(path, str(why), "check path and permissions"),),
    )


def _name(file: str) -> str:
    return "standard input" if file == "-" else file

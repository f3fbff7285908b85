"""`integritas compliance`: screen names, compare pairs, show list versions."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Final, Self

import orjson
import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from integritas.kernel.errors import FieldError, InvalidInput, StorageFailure
from integritas.kernel.evidence import field_errors
from integritas.services.compliance.api import (
    MATCH_THRESHOLD,
    Hit,
    Screener,
    ScreenIn,
    load_watchlists,
    match_names,
)

__all__ = ["app"]

app: Final = typer.Typer(
    no_args_is_help=True, help="Sanctions screening and watchlists."
)

_STANDARD: Final = "-"
_PAIR_COLUMNS: Final = ("schema", "left", "right")

ListsFolder = Annotated[
    Path, typer.Option("--lists", help="Folder with ofac/ and un/ in it.")
]
Output = Annotated[str, typer.Option(help="File to write, - for standard output.")]
Rejected = Annotated[
    str | None, typer.Option("--rejects", help="File for what could not be read.")
]


class _Line(BaseModel):
    """What a line has beside the query; `id` comes back with the answer."""

    model_config = ConfigDict(extra="ignore")

    id: str | int


@app.command()
def screen(
    lists: ListsFolder,
    queries: Annotated[str, typer.Option(help="JSON Lines, - for standard input.")],
    output: Output = _STANDARD,
    rejects: Rejected = None,
) -> None:
    """Screen names against watchlists.

    In: {id, query, type, birth_date?, country?} a line. Out: {id, hits: [{list, uid,
    name, score, match, reasons[]}]} a line, best hit first, none if nobody resembles.
    """
    screener = Screener(load_watchlists(lists))
    with _reading(queries) as source, _Bulk(output, rejects) as bulk:
        for number, line in enumerate(source, start=1):
            if not line.strip():
                continue
            try:
                key, asked = _parse_query(line)
            except InvalidInput as error:
                bulk.reject(number, error)
                continue
            hits = [_hit(hit) for hit in screener.screen(asked.asked())]
            bulk.write(orjson.dumps({"id": key, "hits": hits}) + b"\n")


@app.command()
def match(
    pairs: Annotated[str, typer.Option(help="CSV: schema,left,right; - for stdin.")],
    output: Output = _STANDARD,
    rejects: Rejected = None,
) -> None:
    """Compare pairs of names: the same rows come out with score and match added."""
    with _reading(pairs) as source, _Bulk(output, rejects) as bulk:
        reader = csv.DictReader(_text_lines(source, pairs), strict=True)
        try:
            columns = _pair_columns(reader, pairs)
            table = csv.DictWriter(
                _Encoded(bulk), [*columns, "score", "match"], lineterminator="\n"
            )
            table.writeheader()
            for row in reader:
                if None in row or None in row.values():
                    wrong = FieldError("(row)", f"expected {len(columns)} columns")
                    bulk.reject(
                        reader.line_num, InvalidInput("not a pair", errors=(wrong,))
                    )
                    continue
                table.writerow({**row, **_scored(row["left"], row["right"])})
                bulk.done += 1
        except csv.Error as error:
            raise InvalidInput(f"{pairs}, line {reader.line_num}: {error}") from error


@app.command(name="lists")
def show_lists(
    lists: Annotated[
        Path | None, typer.Option("--lists", help="Folder with ofac/ and un/ in it.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(envvar="INTEGRITAS_DATA", help="Data folder with watchlists/."),
    ] = None,
) -> None:
    """Show each list's version, one JSON object a line."""
    folder = lists or (data / "watchlists" if data else None)
    if folder is None:
        raise InvalidInput("no list: give --lists DIR, or set INTEGRITAS_DATA")
    for version in load_watchlists(folder).versions.values():
        document = {
            "name": version.name,
            "version": version.version,
            "date": version.date,
            "digest": version.digest,
            "entries": version.entries,
        }
        typer.echo(orjson.dumps(document).decode())


def _parse_query(line: bytes) -> tuple[str | int, ScreenIn]:
    try:
        document = orjson.loads(line)
        return _Line.model_validate(document).id, ScreenIn.model_validate(document)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(
            "not JSON", errors=(FieldError("(line)", str(error)),)
        ) from error
    except ValidationError as error:
        raise InvalidInput("not a query", errors=field_errors(error)) from error


def _hit(hit: Hit) -> dict[str, object]:
    return {
        "list": hit.entry.list,
        "uid": hit.entry.uid,
        "name": hit.name.text,
        "score": hit.score,
        "match": hit.match,
        "reasons": [reason.text for reason in hit.reasons],
    }


def _scored(left: str, right: str) -> Mapping[str, str]:
    score, _ = match_names(left, right)
    return {
        "score": f"{score:.4f}",
        "match": "true" if score >= MATCH_THRESHOLD else "false",
    }


def _pair_columns(reader: csv.DictReader[str], pairs: str) -> list[str]:
    columns = list(reader.fieldnames or ())
    missing = [name for name in _PAIR_COLUMNS if name not in columns]
    if missing:
        raise InvalidInput(
            f"{pairs}, line 1: column {', '.join(missing)} is missing: the header "
            f"must name {', '.join(_PAIR_COLUMNS)}"
        )
    return columns


def _text_lines(source: IO[bytes], name: str) -> Iterator[str]:
    for number, line in enumerate(source, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InvalidInput(f"{name}, line {number}: not UTF-8 text") from error


@contextmanager
def _reading(name: str) -> Iterator[IO[bytes]]:
    if name == _STANDARD:
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115 - closed below, after the caller
    except OSError as error:
        raise InvalidInput(f"{name} cannot be read: {error.strerror}") from error
    with file:
        yield file


def _opened(name: str) -> IO[bytes]:
    if name == _STANDARD:
        return sys.stdout.buffer
    try:
        return Path(name).open("wb")
    except OSError as error:
        raise StorageFailure(f"{name} cannot be written: {error.strerror}") from error


class _Bulk:
    """The output and the rejects of a bulk command; fails only if nothing was done."""

    def __init__(self, output: str, rejects: str | None) -> None:
        self.done = 0
        self._rejected = 0
        self._first = ""
        self._output = _opened(output)
        self._rejects = _opened(rejects) if rejects else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for file in (self._output, self._rejects):
            if file is not None and file is not sys.stdout.buffer:
                file.close()
        sys.stdout.flush()
        if kind is not None or not self._rejected:
            return
        if not self.done:
            raise InvalidInput(
                f"none of the {self._rejected} lines could be used; {self._first}"
            )
        typer.echo(f"rejected {self._rejected} of {self.total} lines", err=True)

    @property
    def total(self) -> int:
        return self.done + self._rejected

    def write(self, line: bytes) -> None:
        self._output.write(line)
        self.done += 1

    def write_text(self, text: str) -> None:
        self._output.write(text.encode())

    def reject(self, line: int, error: InvalidInput) -> None:
        self._rejected += 1
        self._first = self._first or f"line {line}: {error}"
        if self._rejects is not None:
            for wrong in error.errors:
                remedy = f" ({wrong.remedy})" if wrong.remedy else ""
                record = {
                    "line": line,
                    "path": wrong.path,
                    "message": wrong.message + remedy,
                }
                self._rejects.write(orjson.dumps(record) + b"\n")


class _Encoded:
    """What `csv` writes to: text in, UTF-8 out."""

    def __init__(self, bulk: _Bulk) -> None:
        self._bulk = bulk

    def write(self, text: str) -> None:
        self._bulk.write_text(text)

"""`integritas compliance`: screen names, compare pairs, show list versions."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import httpx
import orjson
import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from integritas.cli.bulk import STANDARD, Bulk, LineReject, lines_of, open_bulk
from integritas.cli.compliance_hits import show_hits
from integritas.kernel.errors import FieldError, InvalidInput, Unavailable
from integritas.kernel.validation import field_errors
from integritas.platform.config import Settings, load_settings
from integritas.platform.roles import check_state_folder
from integritas.services.compliance.api import (
    MATCH_THRESHOLD,
    Hit,
    ListChange,
    Screener,
    ScreenIn,
    check_sources,
    fetch_lists,
    load_watchlists,
    match_names,
    refresh_lists,
    wrong_schema,
)

__all__ = ["app"]

app: Final = typer.Typer(
    no_args_is_help=True, help="Sanctions screening and watchlists."
)

_PATIENCE_S: Final = 60.0
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
    output: Output = STANDARD,
    rejects: Rejected = None,
) -> None:
    """Screen names against watchlists.

    In: {id, query, type, birth_date?, country?} a line. Out: {id, hits: [{list, uid,
    name, score, match, reasons[]}]} a line, best hit first, none if nobody resembles.
    """
    screener = Screener(load_watchlists(lists))
    count = _Count()
    with open_bulk(queries, output=output, rejects=rejects) as bulk:
        for number, line in enumerate(lines_of(bulk.source), start=1):
            if not line.strip():
                continue
            try:
                key, asked = _parse_query(line)
            except InvalidInput as error:
                count.reject(bulk, number, *error.errors)
                continue
            hits = [_hit(hit) for hit in screener.screen(asked.asked())]
            bulk.output.write(orjson.dumps({"id": key, "hits": hits}) + b"\n")
            count.done += 1
        count.conclude(bulk)


@app.command()
def match(
    pairs: Annotated[str, typer.Option(help="CSV: schema,left,right; - for stdin.")],
    output: Output = STANDARD,
    rejects: Rejected = None,
) -> None:
    """Compare pairs of names: the same rows come out with score and match added."""
    count = _Count()
    with open_bulk(pairs, output=output, rejects=rejects) as bulk:
        reader = csv.DictReader(_text_of(bulk.source), strict=True)
        columns = _pair_columns(reader, pairs)
        answered = dict.fromkeys([*columns, "score", "match"])
        table = csv.DictWriter(_Encoded(bulk.output), answered, lineterminator="\n")
        table.writeheader()
        for number, row in _rows(reader, len(columns)):
            if isinstance(row, FieldError):
                count.reject(bulk, number, row)
                continue
            table.writerow({**row, **_scored(row)})
            count.done += 1
        count.conclude(bulk)


app.command("hits")(show_hits)

lists_app: Final = typer.Typer(invoke_without_command=True)
app.add_typer(lists_app, name="lists", help="Show or refresh the watchlists.")


@lists_app.callback()
def show_lists(
    context: typer.Context,
    lists: Annotated[
        Path | None, typer.Option("--lists", help="Folder with ofac/ and un/ in it.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder with watchlists/ in it; else INTEGRITAS_DATA if none are kept."
        ),
    ] = None,
) -> None:
    """Show each list's version, one JSON object a line."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    folder = lists or (data / "watchlists" if data else _folder_in_force(settings))
    if not (lists or data or folder.is_dir()):
        raise InvalidInput(
            f"no list: {folder} is not there; refresh the lists, give --lists DIR, "
            "or set INTEGRITAS_LISTS_DIR"
        )
    for version in load_watchlists(folder).versions.values():
        document = {
            "name": version.name,
            "version": version.version,
            "date": version.date,
            "digest": version.digest,
            "entries": version.entries,
        }
        typer.echo(orjson.dumps(document).decode())


def _folder_in_force(settings: Settings) -> Path:
    """Return the folder that a server here reads, else that of the sample data."""
    kept = settings.lists_folder
    if settings.data is None or settings.lists_dir or kept.is_dir():
        return kept
    return settings.data / "watchlists"


@lists_app.command()
def refresh(
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Folder with lists, instead of the publishers."),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(help="Folder to keep them in; the configured one by default."),
    ] = None,
    shrunk: Annotated[
        bool,
        typer.Option("--shrunk", help="Take over a list that lost a fifth or more."),
    ] = False,
) -> None:
    """Fetch the lists, and put those in force that load; one JSON object a list.

    A list that does not load is refused, and the good one stays in force; so does one
    whose publisher does not answer, and the others go on. A server notices by itself.
    """
    settings = load_settings()
    target = into or settings.lists_folder
    if not (into or settings.lists_dir):
        check_state_folder(settings)
    if source is not None:
        _tell(refresh_lists(source, target, shrunk=shrunk))
        return
    sources = check_sources(settings.list_sources)
    with httpx.Client(timeout=_PATIENCE_S) as client:
        outcomes = fetch_lists(client, target, sources, shrunk=shrunk)
    _tell([outcome.change for outcome in outcomes if outcome.change])
    same = [each.list for each in outcomes if not each.change and not each.error]
    if same:
        typer.echo(f"nothing new: {', '.join(same)}", err=True)
    failed = [
        f"{outcome.list}: {outcome.error}" for outcome in outcomes if outcome.error
    ]
    if failed:
        raise Unavailable(f"kept as they were: {'; '.join(failed)}")


def _tell(changes: Sequence[ListChange]) -> None:
    for change in changes:
        document = {
            "list": change.list,
            "version": change.version,
            "before": change.before,
            "added": len(change.added),
            "removed": len(change.removed),
            "changed": len(change.changed),
        }
        typer.echo(orjson.dumps(document).decode())


def _parse_query(line: bytes) -> tuple[str | int, ScreenIn]:
    try:
        document = orjson.loads(line)
        return _Line.model_validate(document).id, ScreenIn.model_validate(document)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(
            "not JSON",
            errors=(
                FieldError("(line)", str(error), "write a JSON object on each line"),
            ),
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


def _scored(row: Mapping[str, str]) -> Mapping[str, str]:
    score, _ = match_names(row["left"], row["right"], row["schema"])
    return {
        "score": f"{score:.4f}",
        "match": "true" if score >= MATCH_THRESHOLD else "false",
    }


def _pair_columns(reader: csv.DictReader[str], pairs: str) -> list[str]:
    try:
        columns = list(reader.fieldnames or ())
    except csv.Error as error:
        raise InvalidInput(f"{pairs}, line 1: {error}") from error
    missing = [name for name in _PAIR_COLUMNS if name not in columns]
    if missing:
        raise InvalidInput(
            f"{pairs}, line 1: column {', '.join(missing)} is missing: the header "
            f"must name {', '.join(_PAIR_COLUMNS)}"
        )
    return columns


def _text_of(source: BinaryIO) -> Iterator[str]:
    """Yield lines as text; bytes that are not UTF-8 become surrogates, told later."""
    for line in lines_of(source):
        yield line.decode("utf-8", "surrogateescape")


def _rows(
    reader: csv.DictReader[str], width: int
) -> Iterator[tuple[int, dict[str, str] | FieldError]]:
    """Yield each row with the line it ends on; what is no row is an error."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, FieldError("(row)", str(error))
        else:
            yield reader.line_num, _wrong_row(row, width) or row


def _wrong_row(row: dict[str, str], width: int) -> FieldError | None:
    # DictReader keeps cells without a column under None, and None for missing cells.
    if None in row or None in row.values():
        remedy = "write as many cells as the header has, commas in quotes"
        return FieldError("(row)", f"expected {width} columns", remedy)
    if row["schema"] and (wrong := wrong_schema(row["schema"])):
        return wrong
    for name, text in row.items():
        if not text.isprintable() and any("\udc80" <= c <= "\udcff" for c in text):
            return FieldError(name, "is not UTF-8", "save the file as UTF-8")
    return None


class _Count:
    """How many lines were answered, how many rejected."""

    def __init__(self) -> None:
        self.done = 0
        self._rejected = 0

    def reject(self, bulk: Bulk, line: int, *errors: FieldError) -> None:
        self._rejected += 1
        for wrong in errors:
            bulk.rejects.take(LineReject(line, wrong.path, wrong.message, wrong.remedy))

    def conclude(self, bulk: Bulk) -> None:
        nothing = self._rejected and not self.done
        bulk.rejects.conclude(
            f"{self._rejected} of {self.done + self._rejected} lines rejected",
            failure=f"none of the {self._rejected} lines could be used"
            if nothing
            else None,
        )


class _Encoded:
    """What `csv` writes to: text in, UTF-8 out."""

    def __init__(self, output: BinaryIO) -> None:
        self._output = output

    def write(self, text: str) -> None:
        self._output.write(text.encode())

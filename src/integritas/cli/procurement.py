"""`integritas procurement`: red flags over a file of OCDS releases."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Annotated

import orjson
import typer

# The array library's linear algebra would start threads that spin, and none is used.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from integritas.cli.bulk import open_bulk, read_text, shown
from integritas.services.anticorruption.api import (
    DEFAULT_SETTINGS,
    Settings,
    load_collusion_model,
    parse_settings,
    run_indicators,
    run_table,
)

__all__ = ["app"]

app = typer.Typer(help="Red flags in public procurement.", no_args_is_help=True)


@app.callback()
def procurement() -> None:
    """Red flags in public procurement (OCDS)."""


@app.command()
def indicators(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="OCDS releases, records or packages, one JSON object a line, or a CSV"
            " table of bids (a name that ends in .csv); - is standard input.",
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
    table: Annotated[
        bool, typer.Option("--csv", help="FILE is a CSV table of bids, by any name.")
    ] = False,
    rejects: Annotated[
        str | None,
        typer.Option(
            "--rejects",
            help="Write what is wrong in which line here, as JSON Lines.",
        ),
    ] = None,
) -> None:
    """Calculate red flags as OCDS Cardinal does; print one JSON document."""
    chosen = _settings(settings)
    with open_bulk(file, rejects=rejects) as bulk:
        take = bulk.rejects.take
        if table or file.lower().endswith(".csv"):
            content = bulk.source.read()
            run = run_table(content, chosen, with_maps=maps, on_reject=take)
        else:
            run = run_indicators(bulk.source, chosen, with_maps=maps, on_reject=take)
        bulk.rejects.conclude(
            f"{run.rejected} of {run.lines} lines rejected,"
            f" {run.ignored_fields} fields of other lines not valid",
            failure=None
            if run.read
            else f"{shown(file)} holds no release that could be read",
        )
        document = run.ledger.document(meta=not no_meta)
        bulk.output.write(orjson.dumps(document) + b"\n")
    # The end of a large run is near: nothing is won by looking for garbage in results.
    gc.freeze()


@app.command()
def collusion(
    *,
    source: Annotated[
        str,
        typer.Option(
            "--input",
            "-i",
            help="Bids of whole tenders: a JSON list, JSON Lines or CSV with columns"
            " Tender, Bid_value, Pre-Tender Estimate (PTE); - is standard input.",
        ),
    ],
    target: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="A line a bid in the same order, JSON Lines {tender, probability,"
            " reasons[], …}; - is standard output.",
        ),
    ],
    rejects: Annotated[
        str | None,
        typer.Option(
            "--rejects", help="Write the bids that gave no score here, JSON Lines."
        ),
    ] = None,
) -> None:
    """Score bids for collusion: a probability, whether it may be trusted, and why."""
    model = load_collusion_model()
    with open_bulk(source, output=target, rejects=rejects) as bulk:
        run = model.score_file(bulk.source.read())
        for reject in run.rejects:
            bulk.rejects.take(reject)
        nothing = len(run.rejects) == len(run.scores)
        bulk.rejects.conclude(
            f"{len(run.rejects)} of {len(run.scores)} bids not scored",
            failure=f"{shown(source)} holds no bid that could be scored"
            if nothing
            else None,
        )
        bulk.output.write(run.lines())
    if run.out_of_domain:
        typer.echo(
            f"warning: {run.out_of_domain} of {len(run.scores)} bids are unlike the"
            " tenders the model was trained on; their probability says little",
            err=True,
        )


def _settings(path: Path | None) -> Settings:
    if path is None:
        return DEFAULT_SETTINGS
    chosen = parse_settings(read_text(path), source=str(path))
    if not chosen.sections:
        typer.echo(f"{path} enables no indicator: add sections as [R024]", err=True)
    return chosen

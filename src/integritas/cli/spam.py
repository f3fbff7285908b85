"""`integritas spam`: scores for files of messages, and models of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from integritas.cli.bulk import lines_of, open_bulk, shown
from integritas.cli.training import train_spam
from integritas.platform.config import load_settings
from integritas.services.spam.api import ScoreRun, load_spam_service, score_lines

__all__ = ["app"]

app = typer.Typer(help="Tell junk from tips.", no_args_is_help=True)


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
        str | None,
        typer.Option(
            "--rejects", help="Write the lines that gave no score here, JSON Lines."
        ),
    ] = None,
) -> None:
    """Score messages: the probability of junk, a verdict, and why."""
    service = load_spam_service()
    run = ScoreRun()
    with open_bulk(source, output=target, rejects=rejects) as bulk:
        answers = score_lines(
            service, lines_of(bulk.source), run=run, on_reject=bulk.rejects.take
        )
        for answer in answers:
            bulk.output.write(answer)
        nothing = run.rejected and not run.scored
        bulk.rejects.conclude(
            f"{run.rejected} of {run.lines} lines rejected",
            failure=f"no message of {shown(source)} could be scored"
            if nothing
            else None,
        )


@app.command()
def train(
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Folder with messages/spamassassin.jsonl.gz and messages/sms.jsonl.gz"
            " ({id, label, raw}); by default INTEGRITAS_DATA.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            help="Folder to keep the version in; by default models/spam in the"
            " state folder, where `POST /models/spam/promote` finds it.",
        ),
    ] = None,
) -> None:
    """Train a model; it judges nothing until it is promoted."""
    settings = load_settings()
    source = data or settings.data
    if source is None:
        raise typer.BadParameter("name the folder of data, or set INTEGRITAS_DATA")
    place = train_spam(source, output or settings.state_dir / "models" / "spam")
    typer.echo(place)

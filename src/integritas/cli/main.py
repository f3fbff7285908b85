"""`integritas`: the commands, and how they end.

0 for success; 1 for failure, with one clear line on standard error; 2 for bad usage.
"""

from __future__ import annotations

import sys
from importlib import metadata
from typing import Annotated, NoReturn

import typer

from integritas.cli import (
    audit,
    audit_search,
    bench,
    compliance,
    database,
    demo,
    doctor,
    procurement,
    reconcile,
    server,
    spam,
    timestamp,
    users,
    witness,
)
from integritas.kernel.errors import IntegritasError

__all__ = ["app", "main"]

app = typer.Typer(
    name="integritas",
    help="The integrity-case platform: triage, screen, decide, and prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command(name="demo")(demo.demo)
app.command(name="serve")(server.serve)
app.command(name="doctor")(doctor.doctor)
app.command(name="openapi")(server.openapi)
app.add_typer(database.app, name="db")
app.add_typer(users.app, name="users")
app.add_typer(spam.app, name="spam")
app.add_typer(procurement.app, name="procurement")
app.add_typer(compliance.app, name="compliance")
audit.app.command(name="search")(audit_search.search)
audit.app.command(name="reconcile")(reconcile.reconcile_all)
audit.app.command(name="witness")(witness.witness)
audit.app.command(name="cosign")(witness.cosign)
audit.app.command(name="timestamp")(timestamp.timestamp)
app.add_typer(audit.app, name="audit")
app.add_typer(bench.app, name="bench")


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(metadata.version("integritas"))
        raise typer.Exit


@app.callback()
def root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and end.",
        ),
    ] = False,
) -> None:
    """The integrity-case platform: triage, screen, decide, and prove it."""


def main() -> None:
    """Run the command line; errors become one line."""
    try:
        app()
    except IntegritasError as error:
        _fail(str(error))
    except OSError as error:  # of files; a broken pipe ends quietly before this
        named = "" if error.filename is None else f"{error.filename}: "
        _fail(f"{named}{error.strerror or error}")


def _fail(text: str) -> NoReturn:
    sys.stderr.write(f"integritas: {' '.join(text.split())}\n")
    sys.exit(1)

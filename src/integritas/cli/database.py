"""`integritas db`: the database's schema."""

from __future__ import annotations

from typing import Annotated

import typer

from integritas.migrations.api import current, head, migrate
from integritas.platform.config import load_settings
from integritas.platform.db import open_database

__all__ = ["app"]

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


@app.callback()
def database() -> None:
    """Look after the database's schema."""


@app.command(name="migrate")
def migrate_database(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether it is needed (exit 1).")
    ] = False,
) -> None:
    """Bring the database to this version's schema; SQLite is backed up first."""
    opened = open_database(load_settings().database_url)
    try:
        if check:
            before = current(opened)
            typer.echo(f"schema {before or 'none'}, this version has {head()}")
            if before != head():
                raise typer.Exit(1)
            return
        done = migrate(opened)
    finally:
        opened.close()
    if done.before == done.after:
        typer.echo(f"the schema is {done.after} already")
        return
    typer.echo(f"migrated from {done.before or 'none'} to {done.after}")
    if done.backup is not None:
        typer.echo(f"the database as it was: {done.backup}")

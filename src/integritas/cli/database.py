"""`integritas db`: the database's schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from integritas.migrations.api import current, head, migrate
from integritas.platform.config import load_settings
from integritas.platform.db import open_database
from integritas.platform.roles import check_state_folder

if TYPE_CHECKING:
    from integritas.platform.config import Settings

__all__ = ["app", "schema_of"]

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
    settings = load_settings()
    if check:
        before = schema_of(settings)
        typer.echo(f"schema {before or 'none'}, this version has {head()}")
        raise typer.Exit(0 if before == head() else 1)
    if not settings.database_chosen:  # it lies in the state folder
        check_state_folder(settings)
    opened = open_database(settings.database_url)
    try:
        done = migrate(opened)
    finally:
        opened.close()
    if done.before == done.after:
        typer.echo(f"the schema is {done.after} already")
        return
    typer.echo(f"migrated from {done.before or 'none'} to {done.after}")
    if done.backup is not None:
        typer.echo(f"the database as it was: {done.backup}")


def schema_of(settings: Settings) -> str | None:
    """Return a database's revision; None if it is empty, or a file not yet made.

    Raises:
        StorageFailure: it cannot be opened.
    """
    url = settings.database_url
    if url.startswith("sqlite:///") and not Path(url[len("sqlite:///") :]).exists():
        return None
    opened = open_database(url)
    try:
        return current(opened)
    finally:
        opened.close()

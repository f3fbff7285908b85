"""`integritas`: the commands, and how they end.

0 for success; 1 for failure, with one clear line on standard error; 2 for bad usage.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_group

from integritas.kernel.errors import IntegritasError

if TYPE_CHECKING:
    from typer._click.core import Command, Context

__all__ = ["COMMANDS", "app", "main"]

# Each command is imported when it is asked for: a bulk command that reads a file in a
# second must not first load a web server for two.
COMMANDS: Final = {
    "demo": "demo:demo",
    "serve": "server:serve",
    "doctor": "doctor:doctor",
    "openapi": "server:openapi",
    "db": "database:app",
    "users": "users:app",
    "tls": "tls:app",
    "spam": "spam:app",
    "procurement": "procurement:app",
    "compliance": "compliance:app",
    "audit": "audit_group:app",
    "bench": "bench:app",
}


class _Commands(TyperGroup):
    """The commands, loaded on demand."""

    def list_commands(self, ctx: Context) -> list[str]:
        """Return the names in the order of the help."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """Return a command, None if there is none of the name."""
        del ctx
        place = COMMANDS.get(cmd_name)
        return None if place is None else _load(cmd_name, place)


def _load(name: str, place: str) -> Command:
    module, _, attribute = place.partition(":")
    found = getattr(import_module(f"integritas.cli.{module}"), attribute)
    holder = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name)
    else:
        holder.command(name=name)(found)
    return get_group(holder).commands[name]


app = typer.Typer(
    name="integritas",
    cls=_Commands,
    help="The integrity-case platform: triage, screen, decide, and prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        # It loads the parser of e-mail, which no other command needs.
        from importlib import metadata  # noqa: PLC0415

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

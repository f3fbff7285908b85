"""Write docs/reference from the code: settings.md, cli.md and errors.md.

`--check` writes nothing and says which page is stale.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Final, TypeAlias

import typer

from integritas.platform.config import PREFIX, Settings, secret_fields

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "docs" / "reference"


def settings_page() -> str:
    """Return the page that lists every setting."""
    lines = [
        "# Settings",
        "",
        "Written by `make docs` from `src/integritas/platform/config.py`.",
        "",
        "Settings are environment variables; a `.env` file in the working folder",
        "holds them too, and gives way to the environment. Those marked *secret* may",
        "be kept in a file: set the variable with `_FILE` at its end to its path, and",
        "not both of them. An empty variable counts as not set. A wrong one ends the",
        "process with one line that names it.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        secret = " *secret*" if name in secret_fields() else ""
        lines.append(
            f"| `{PREFIX}{name.upper()}`{secret} | {_default(field)} "
            f"| {field.description} |"
        )
    return "\n".join([*lines, ""])


def _default(field: Any) -> str:  # noqa: ANN401 - pydantic's FieldInfo
    extra = field.json_schema_extra or {}
    shown = extra.get("shown_default", field.default)
    if shown is None or shown in ((), {}):
        return "none"
    written = json.dumps(shown) if isinstance(shown, bool | float) else str(shown)
    return f"`{written}`"


Command: TypeAlias = Any
"""A command of typer, which carries a click of its own without types."""


def commands(
    command: Command, path: tuple[str, ...]
) -> list[tuple[tuple[str, ...], Command]]:
    """Return every command below `command` that runs, with its words."""
    if not hasattr(command, "list_commands"):
        return [(path, command)]
    context = command.make_context(path[-1], [], resilient_parsing=True)
    subcommands = {
        n: command.get_command(context, n) for n in command.list_commands(context)
    }
    found = []
    if getattr(command, "invoke_without_command", False):
        found.append((path, command))
    for name, inner in subcommands.items():
        if not inner.hidden:
            found += commands(inner, (*path, name))
    return found


def cli_page(app: typer.Typer) -> str:
    """Return the page that lists every command with its arguments and options."""
    lines = [
        "# Command line",
        "",
        "Written by `make docs` from `src/integritas/cli`.",
        "",
        "Data commands read and write JSON Lines; `-` is standard input or output.",
        "Exit status: 0 success, 1 failure (one line on standard error says why), 2",
        "bad usage. A bulk command processes what it can, counts rejects on standard",
        "error and writes them with line, path and message to `--rejects FILE`.",
    ]
    for path, command in commands(typer.main.get_command(app), ("integritas",)):
        lines += ["", f"## `{' '.join(path)}`", "", _plain(command.help or "")]
        lines += ["", "```text", _usage(path, command), "```"]
        rows = [_row(parameter) for parameter in command.params]
        rows = [row for row in rows if row]
        if rows:
            lines += ["", "| argument or option | default | meaning |", "|---|---|---|"]
            lines += rows
    return "\n".join([*lines, ""])


def _plain(text: str) -> str:
    return re.sub(r"\[/?(?:bold|dim|italic|cyan|green|red|yellow)\]", "", text).strip()


def _usage(path: tuple[str, ...], command: Command) -> str:
    context = command.make_context(" ".join(path), [], resilient_parsing=True)
    return " ".join([" ".join(path), *command.collect_usage_pieces(context)])


def _row(parameter: Any) -> str:  # noqa: ANN401 - see Command
    if getattr(parameter, "hidden", False) or parameter.name == "help":
        return ""
    if parameter.param_type_name == "argument":
        name = str(parameter.metavar or parameter.name.upper())
    else:
        name = ", ".join([*parameter.opts, *parameter.secondary_opts])
    default = parameter.default
    silent = default in (None, False, (), []) or callable(default)
    shown = "" if silent else f"`{default}`"
    if parameter.required:
        shown = "required"
    meaning = _plain(getattr(parameter, "help", None) or "").replace("\n", " ")
    return f"| `{name}` | {shown} | {meaning.replace('|', chr(92) + '|')} |"


def pages() -> dict[Path, str]:
    """Return every generated page by its path."""
    errors = ROOT / "src/integritas/platform/errors.md"
    found = {
        FOLDER / "settings.md": settings_page(),
        FOLDER / "errors.md": errors.read_text("utf-8"),  # the pages of /api/errors
    }
    try:
        from integritas.cli.main import app  # noqa: PLC0415 - may be broken, see below
    except ImportError as error:
        print(f"cli.md left as it is: {error}", file=sys.stderr)
        return found
    found[FOLDER / "cli.md"] = cli_page(app)
    return found


def main() -> int:
    """Write the pages, or with `--check` compare them."""
    stale = [
        path
        for path, text in pages().items()
        if not path.exists() or path.read_text("utf-8") != text
    ]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run make docs", file=sys.stderr)
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in stale:
        path.write_text(pages()[path], "utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

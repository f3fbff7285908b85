"""Which database a command means; `audit`, `doctor` and `users` agree on one rule.

1. The one that is named: by `--db`, or by INTEGRITAS_DATABASE_URL.
2. Else the platform's, STATE_DIR/integritas.db.
3. Unless only the demo's is there, STATE_DIR/demo.db: then that.

The demo's has a state folder of its own. What was not named is said.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from integritas.platform.config import load_settings

if TYPE_CHECKING:
    from integritas.platform.config import Settings

__all__ = ["Db", "chosen_settings", "file_of", "told"]

Db = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL|FILE",
        help="The database; else INTEGRITAS_DATABASE_URL; else STATE_DIR/integritas.db "
        "or, if only that is there, the demo's STATE_DIR/demo.db.",
    ),
]


def chosen_settings(db: str | None) -> Settings:
    """Return the settings of the database that is meant."""
    if db and "://" not in db:
        db = f"sqlite:///{db}"
    plain = load_settings(**({"database_url": db} if db else {})).of_known()
    if plain.database_chosen or _is_there(plain):
        return plain
    demo = plain.of_demo()
    return demo if _is_there(demo) else plain


def told(settings: Settings) -> str:
    """Return how to say which database was taken, without a password."""
    path = file_of(settings)
    if path is None:
        return "the database of INTEGRITAS_DATABASE_URL"
    plain = load_settings()
    if settings.database_url == plain.database_url:
        demo = plain.of_demo()
        other = not plain.database_chosen and _is_there(plain) and _is_there(demo)
        hint = f" (--db {file_of(demo)} names the demo's)" if other else ""
        return f"the database {path}{hint}"
    of_demo = settings.database_url == plain.of_demo().database_url
    return f"the demo's database, {path}" if of_demo else f"the database {path}"


def file_of(settings: Settings) -> Path | None:
    """Return the file of a SQLite database, None of another."""
    url = settings.database_url
    if not url.startswith("sqlite:///"):
        return None
    return Path(url.removeprefix("sqlite:///"))


def _is_there(settings: Settings) -> bool:
    path = file_of(settings)
    return path is not None and path.exists()

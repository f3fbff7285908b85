"""Bring a database to the schema of this version, or refuse to use it.

SQLite migrates at start, after a backup copy; on Postgres a server refuses an old
schema and names `integritas db migrate`, so that nobody migrates by accident.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from integritas.kernel.errors import FieldError, StorageFailure
from integritas.migrations.tables import TABLES

if TYPE_CHECKING:
    from integritas.platform.db import Database

__all__ = ["Migrated", "current", "ensure", "head", "migrate", "wipe"]


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration did: the revisions before and after, the backup if any."""

    before: str | None
    after: str
    backup: Path | None


def head() -> str:
    """Return the revision of this version."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None  # noqa: S101 - there is always a first revision
    return found


def current(database: Database) -> str | None:
    """Return the revision of a database, None if it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def ensure(database: Database) -> Migrated:
    """Make a database fit to serve from.

    Raises:
        StorageFailure: Postgres with another schema, or any with a newer one.
    """
    before = current(database)
    if before == head():
        return Migrated(before, before, None)
    _refuse_newer(before)
    if database.dialect == "postgresql":
        raise StorageFailure(
            f"the database has schema {before or 'none'}, this version needs {head()}",
            errors=(
                FieldError(
                    "INTEGRITAS_DATABASE_URL",
                    "the schema is not of this version",
                    "run `integritas db migrate`",
                ),
            ),
        )
    return migrate(database)


def migrate(database: Database) -> Migrated:
    """Bring a database to this version's schema; on SQLite after a backup copy.

    Raises:
        StorageFailure: the schema is newer than this version.
    """
    before = current(database)
    _refuse_newer(before)
    backup = None
    if before not in {None, head()} and database.dialect == "sqlite":
        backup = _copy(Path(str(database.url.database)), str(before))
    config = _config()
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
    return Migrated(before, head(), backup)


def wipe(database: Database) -> None:
    """Drop every table of the platform: for the demo's own database only."""
    with database.engine.begin() as connection:
        TABLES.drop_all(connection)
        connection.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))


def _refuse_newer(before: str | None) -> None:
    known = {
        s.revision for s in ScriptDirectory.from_config(_config()).walk_revisions()
    }
    if before is not None and before not in known:
        raise StorageFailure(
            f"the database has schema {before}, which this version does not know",
            errors=(
                FieldError(
                    "INTEGRITAS_DATABASE_URL",
                    "it was used by a newer version",
                    "run that version, or restore a backup",
                ),
            ),
        )


def _copy(path: Path, revision: str) -> Path:
    target = path.with_name(f"{path.name}.{revision}.backup")
    with (
        closing(sqlite3.connect(path)) as source,
        closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
    return target


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config

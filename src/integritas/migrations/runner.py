"""Bring a database to the schema of this version, or refuse to use it.

SQLite migrates at start, after a backup copy; on Postgres a server refuses an old
schema and names `integritas db migrate`, so that nobody migrates by accident.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import SQLAlchemyError

from integritas.kernel.errors import FieldError, StorageFailure
from integritas.migrations.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

    from integritas.platform.db import Database

__all__ = ["SCRIPTS", "Migrated", "current", "ensure", "head", "migrate", "wipe"]

SCRIPTS: Final = Path(__file__).parent
_LOCK: Final = 0x1A7E_6217_A5E3
_VERSION_TABLE: Final = "alembic_version"


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a migration did: the revisions before and after, the backup if any."""

    before: str | None
    after: str
    backup: Path | None


def head(scripts: Path = SCRIPTS) -> str:
    """Return the revision of this version."""
    found = ScriptDirectory.from_config(_config(scripts)).get_current_head()
    assert found is not None  # noqa: S101 - there is always a first revision
    return found


def current(database: Database) -> str | None:
    """Return the revision of a database, None if it has none.

    Raises:
        StorageFailure: the database does not answer.
    """
    with _connected(database) as connection:
        return _revision(connection)


def ensure(database: Database, scripts: Path = SCRIPTS) -> Migrated:
    """Make a database fit to serve from.

    Raises:
        StorageFailure: Postgres with another schema, or any with a newer one.
    """
    before = current(database)
    if before == head(scripts):
        return Migrated(before, before, None)
    _refuse_unknown(before, scripts)
    if database.dialect == "postgresql":
        raise _unfit(
            f"the database has schema {before or 'none'}, this version needs "
            f"{head(scripts)}",
            "the schema is not of this version",
            "run `integritas db migrate`",
        )
    return migrate(database, scripts)


def migrate(database: Database, scripts: Path = SCRIPTS) -> Migrated:
    """Bring a database to this version's schema; on SQLite after a backup copy.

    Of several processes that begin at once one migrates, the others find it done. If a
    revision fails, nothing of it is kept.

    Raises:
        StorageFailure: the schema is newer than this version, the tables are not ours,
            or the database cannot be changed or copied.
    """
    with _connected(database) as connection:
        _lock(connection)
        done = _migrate(connection, database, scripts)
        connection.commit()
    return done


def wipe(database: Database) -> None:
    """Drop every table of the platform: for the demo's own database only."""
    with _connected(database) as connection:
        TABLES.drop_all(connection)
        connection.execute(sa.text(f"DROP TABLE IF EXISTS {_VERSION_TABLE}"))
        connection.commit()


def _migrate(connection: Connection, database: Database, scripts: Path) -> Migrated:
    before = _revision(connection)
    _refuse_unknown(before, scripts)
    if before is None:
        _refuse_others(connection)
    backup = None
    if before not in {None, head(scripts)} and database.dialect == "sqlite":
        backup = _copy(Path(str(database.url.database)), str(before))
    config = _config(scripts)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")  # in the transaction that read the revision
    return Migrated(before, head(scripts), backup)


@contextmanager
def _connected(database: Database) -> Iterator[Connection]:
    try:
        with database.engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, sqlite3.Error) as error:
        cause = str(getattr(error, "orig", None) or error).strip().splitlines()
        why = cause[0] if cause else type(error).__name__
        shown = database.url.render_as_string(hide_password=True)
        raise _unfit(
            f"the schema of {shown} cannot be read or changed: {why}",
            why,
            "check that the database is reachable, writable and has free space",
        ) from error


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _lock(connection: Connection) -> None:
    """Wait for who migrates now; on SQLite every transaction is the only one."""
    if connection.dialect.name == "postgresql":
        query = sa.text("SELECT pg_advisory_xact_lock(:key)")
        connection.execute(query, {"key": _LOCK})


def _refuse_unknown(before: str | None, scripts: Path) -> None:
    directory = ScriptDirectory.from_config(_config(scripts))
    known = {script.revision for script in directory.walk_revisions()}
    if before is not None and before not in known:
        raise _unfit(
            f"the database has schema {before}, which this version does not know",
            "it was used by a newer version",
            "run that version, or restore a backup",
        )


def _refuse_others(connection: Connection) -> None:
    """Refuse tables of our names that we did not make: somebody else's data."""
    there = sorted(set(sa.inspect(connection).get_table_names()) & set(TABLES.tables))
    if there:
        raise _unfit(
            f"the database has no schema version, but the table {there[0]!r}",
            "it is of another application, or was damaged",
            "use an empty database, or restore a backup",
        )


def _unfit(detail: str, message: str, remedy: str) -> StorageFailure:
    wrong = FieldError("INTEGRITAS_DATABASE_URL", message, remedy)
    return StorageFailure(detail, errors=(wrong,))


def _copy(path: Path, revision: str) -> Path:
    """Copy a SQLite database beside itself: whole, or not at all."""
    target = path.with_name(f"{path.name}.{revision}.backup")
    scratch = path.with_name(f"{target.name}.part")
    try:
        scratch.unlink(missing_ok=True)
        scratch.touch(mode=0o600)  # it holds what the database holds
        with (
            closing(sqlite3.connect(path)) as source,
            closing(sqlite3.connect(scratch)) as copy,
        ):
            source.backup(copy)
        scratch.chmod(path.stat().st_mode & 0o777)
        scratch.replace(target)
    except OSError as error:
        raise _unfit(
            f"{target} cannot be written: {error.strerror}",
            "a backup copy is made before the schema changes",
            "make room and let the folder be writable",
        ) from error
    return target


def _config(scripts: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return config

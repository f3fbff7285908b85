"""One engine owns a database: an OS file lock or a Postgres advisory lock.

Both are free at once when their holder dies; nobody waits for a lease to expire.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from filelock import FileLock, Timeout

from integritas.kernel.errors import Conflict, FieldError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from integritas.platform.db import Database

__all__ = ["Ownership"]

_KEY: Final = 0x1A7E_6217_A5E2


class Ownership:
    """The right to run workflows on a database."""

    def __init__(self, database: Database) -> None:
        """Own nothing yet."""
        self._database = database
        self._file: FileLock | None = None
        self._connection: Connection | None = None

    def take(self) -> None:
        """Take the right, without waiting.

        Raises:
            Conflict: another engine has it.
        """
        if self._database.dialect == "sqlite":
            self._take_file(Path(f"{self._database.url.database}.engine.lock"))
        else:
            self._take_advisory()

    def release(self) -> None:
        """Give the right back; nothing if there is none."""
        if self._file is not None:
            self._file.release()
            self._file = None
        if self._connection is not None:
            self._connection.close()
            self._connection.engine.dispose()
            self._connection = None

    def _take_file(self, path: Path) -> None:
        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise _owned(str(self._database.url.database)) from error
        self._file = lock

    def _take_advisory(self) -> None:
        engine = sa.create_engine(
            self._database.url,
            isolation_level="AUTOCOMMIT",
            poolclass=sa.pool.NullPool,
        )
        connection = engine.connect()
        query = sa.text("SELECT pg_try_advisory_lock(:key)")
        if not connection.execute(query, {"key": _KEY}).scalar():
            connection.close()
            engine.dispose()
            raise _owned(self._database.url.render_as_string(hide_password=True))
        self._connection = connection


def _owned(where: str) -> Conflict:
    return Conflict(
        f"another engine owns {where}",
        errors=(
            FieldError(
                "INTEGRITAS_DATABASE_URL",
                "one engine at a time may run a database",
                "stop the other process, or use another database",
            ),
        ),
    )

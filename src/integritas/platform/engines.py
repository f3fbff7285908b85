"""The engines of a database: one connection that writes, some that read."""

from __future__ import annotations

import re
import secrets
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection, QueuePool

from integritas.kernel.errors import FieldError, StorageFailure
from integritas.platform.db_failures import storage_failure

__all__ = ["READERS", "open_engines", "tidy_wal"]

READERS: Final = 4
WAL_PAGES: Final = 3_000
"""How long the write-ahead log may grow before a commit has to move it into the file.

Pages of 4 KiB: 12 MB. The default of 1,000 falls into every burst of work; what a page
is written to again and again is moved once, and mostly in a lull (`tidy_wal`). The more
there is, the longer who waits then has to: with 8,000 one of a hundred callers of the
audit log waited 11 to 12 ms instead of 7.
"""
_PASSWORD: Final = re.compile(r"^([\w+]*:?//)?.*@")


def open_engines(url: str) -> tuple[Engine, Engine]:
    """Return what writes and what reads the database at an address, tried.

    Raises:
        StorageFailure: not such an address, or it cannot be opened for writing.
    """
    try:
        address = make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise _bad_address(url) from error
    dialect = address.get_backend_name()
    if dialect == "sqlite":
        engines = _sqlite_engines(address)
    elif dialect == "postgresql":
        engines = _postgres_engines(address)
    else:
        raise _bad_address(url)
    try:
        with engines[0].connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except (SQLAlchemyError, OSError, ValueError) as error:
        for engine in engines:
            engine.dispose()
        raise storage_failure(error, address) from error
    return engines


def _bad_address(url: str) -> StorageFailure:
    masked = _PASSWORD.sub(r"\1***@", url)
    return StorageFailure(
        f"{masked!r} is not a database address",
        errors=(
            FieldError(
                "INTEGRITAS_DATABASE_URL",
                "unknown form",
                "write sqlite:///file.db or postgresql://user:password@host/name",
            ),
        ),
    )


def _dumps(value: object) -> str:
    return orjson.dumps(value).decode()


def _loads(value: Any) -> Any:  # noqa: ANN401 - JSON
    # SQLite turns a document that is a bare number into one (affinity NUMERIC).
    return orjson.loads(value) if isinstance(value, str | bytes) else value


_JSON: Final[dict[str, Any]] = {
    "json_serializer": _dumps,
    "json_deserializer": _loads,
}


def _sqlite_engines(address: URL) -> tuple[Engine, Engine]:
    if address.database in (None, "", ":memory:"):
        raise _bad_address(address.render_as_string())
    path = Path(str(address.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: U+0000 in the path
        raise storage_failure(error, address) from error
    address = address.set(drivername="sqlite+pysqlite")
    writing = sa.create_engine(
        address,
        poolclass=QueuePool,
        pool_size=1,
        # Room for the sizes of statements that `platform.bulk` makes.
        connect_args={"cached_statements": 1_024},
        **_JSON,
    )
    # One more for who reads without a thread: `Database.peek`.
    size = READERS + 1
    reading = sa.create_engine(address, poolclass=QueuePool, pool_size=size, **_JSON)
    _tune_sqlite(writing, begin="BEGIN IMMEDIATE", query_only=False)
    _tune_sqlite(reading, begin="BEGIN", query_only=True)
    return writing, reading


def _tune_sqlite(engine: Engine, *, begin: str, query_only: bool) -> None:
    pragmas = [
        "PRAGMA busy_timeout=10000",
        "PRAGMA foreign_keys=ON",
        "PRAGMA synchronous=FULL",
        "PRAGMA temp_store=MEMORY",
        f"PRAGMA wal_autocheckpoint={WAL_PAGES}",
        # What is erased is overwritten, not only freed; not every build does it.
        "PRAGMA secure_delete=ON",
        "PRAGMA query_only=ON" if query_only else "PRAGMA journal_mode=WAL",
    ]

    def on_connect(connection: Any, record: object) -> None:  # noqa: ANN401 - DBAPI
        del record
        connection.isolation_level = None  # transactions are begun by hand, below
        for pragma in pragmas:
            connection.execute(pragma)

    def do_begin(dbapi_connection: PoolProxiedConnection) -> None:
        dbapi_connection.cursor().execute(begin)

    sa.event.listen(engine, "connect", on_connect)
    # Where SQLAlchemy begins for the driver. The event of the same name, which its
    # documentation gives, costs a read of a row a third of its time.
    engine.dialect.do_begin = do_begin  # type: ignore[method-assign] # see above


def tidy_wal(connection: Connection) -> None:
    """Move SQLite's write-ahead log into the file, as far as no reader is in the way.

    So no commit has to, and what is on disk after a crash is read sooner. A failure is
    left to the next commit, which meets the same disk and can tell somebody.
    """
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - it is connected
    with suppress(sqlite3.Error):
        driver.execute("PRAGMA wal_checkpoint(PASSIVE)").close()


def _postgres_engines(address: URL) -> tuple[Engine, Engine]:
    address = address.set(drivername="postgresql+psycopg")
    # A name of its own tells the connections of a process from those of others.
    options = {
        "options": "-c timezone=UTC -c lock_timeout=30000",
        "application_name": f"integritas-{secrets.token_hex(4)}",
    }
    try:
        writing = sa.create_engine(
            address, pool_size=1, max_overflow=1, connect_args=options, **_JSON
        )
        reading = sa.create_engine(
            address,
            pool_size=READERS,
            connect_args=options,
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": True},
            **_JSON,
        )
    except ModuleNotFoundError as error:
        raise StorageFailure(
            "Postgres needs the extra: pip install integritas[postgres]"
        ) from error
    return writing, reading

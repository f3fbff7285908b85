"""What of a database's failures may be tried again, on real databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from integritas.kernel.errors import StorageBusy, StorageFailure
from integritas.platform.db import Database, open_database

pytestmark = pytest.mark.integration


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/x.db")
    opened.transact_sync(lambda tx: tx.execute(sa.text("CREATE TABLE t (x BLOB)")))
    yield opened
    opened.close()


def pragma(database: Database, text: str) -> None:
    database.transact_sync(lambda tx: tx.execute(sa.text(f"PRAGMA {text}")).all())


async def insert(database: Database) -> None:
    statement = sa.text("INSERT INTO t VALUES (zeroblob(100000))")
    await database.transact(lambda tx: tx.execute(statement).rowcount)


async def test_a_locked_database_may_be_tried_again(
    database: Database, tmp_path: Path
) -> None:
    pragma(database, "busy_timeout=20")
    with closing(sqlite3.connect(tmp_path / "x.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageBusy, match="locked") as caught:
            await insert(database)
        assert caught.value.retryable
    await insert(database)


async def test_a_full_database_may_not(database: Database) -> None:
    pragma(database, "max_page_count=3")
    with pytest.raises(StorageFailure, match="full") as caught:
        await insert(database)
    assert not caught.value.retryable


async def test_a_lost_connection_may_be_tried_again(postgres_url: str) -> None:
    database = open_database(postgres_url)
    hang_up = sa.text("SELECT pg_terminate_backend(pg_backend_pid())")
    try:
        with pytest.raises(StorageBusy):
            await database.transact(lambda tx: tx.execute(hang_up).all())
    finally:
        database.close()

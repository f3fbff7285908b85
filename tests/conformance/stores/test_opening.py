"""Databases that cannot be opened, and disks that are full."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from integritas.kernel.errors import StorageFailure
from integritas.platform.db import Database, Transaction, open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

SCRATCH = sa.Table(
    "scratch",
    sa.MetaData(),
    sa.Column("number", sa.Integer),
    sa.Column("text", sa.Text),
)


def refusal(url: str) -> StorageFailure:
    """Return the error of opening an address; it must name the setting."""
    with pytest.raises(StorageFailure) as caught:
        open_database(url).close()
    [error] = caught.value.errors
    assert error.path == "INTEGRITAS_DATABASE_URL"
    assert error.message
    assert error.remedy
    assert len(str(caught.value).splitlines()) == 1
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "integritas.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://host/name",
        "postgresql://host:port/name",
        "://",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    assert "postgresql://" in refusal(url).errors[0].remedy


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root:s3cret@host/name",
        "postgres//root:s3cret@host/name",
        "postgresql://root:s3cret@host:port/name",
        "postgresql://root:s3cret@/name?host=/nonexistent",
        "postgresql://root:s3:cret@host:port/name",
    ],
)
def test_no_error_tells_a_password(url: str) -> None:
    said = str(refusal(url))
    assert "s3" not in said
    assert "cret" not in said


def test_a_server_that_is_not_there() -> None:
    assert "nonexistent" in str(refusal("postgresql:///name?host=/nonexistent"))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_bytes(b"Dear Sir or Madam, " * 100)
    assert "not a database" in str(refusal(f"sqlite:///{path}"))
    assert path.read_bytes().startswith(b"Dear Sir")


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    assert "unable to open" in str(refusal(f"sqlite:///{tmp_path}"))


def test_a_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    refusal(f"sqlite:///{tmp_path}/state/integritas.db")


def test_an_unwritable_place() -> None:
    refusal("sqlite:////proc/integritas.db")


def test_nul_in_the_path(tmp_path: Path) -> None:
    refusal(f"sqlite:///{tmp_path}/a\0b.db")


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "integritas.db"
    open_database(f"sqlite:///{path}").close()
    assert path.exists()


def test_sqlite_is_durable_and_journals_ahead(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/a.db")

    def pragma(name: str) -> object:
        return database.transact_sync(
            lambda tx: tx.execute(sa.text(f"PRAGMA {name}")).scalar_one()
        )

    try:
        assert pragma("journal_mode") == "wal"
        assert pragma("synchronous") == 2
        assert pragma("foreign_keys") == 1
        assert pragma("secure_delete") == 1
    finally:
        database.close()


def test_a_lull_moves_the_log_of_writes_into_the_file(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/lull.db")
    copy = tmp_path / "copy.db"

    def rows() -> int | None:
        """Return what the file holds without its log."""
        shutil.copy(tmp_path / "lull.db", copy)
        with closing(sqlite3.connect(copy)) as alone, suppress(sqlite3.Error):
            return int(alone.execute("SELECT count(*) FROM scratch").fetchone()[0])
        return None

    def write(number: int) -> None:
        database.transact_sync(lambda tx: tx.execute(put(number, 9)).rowcount)

    try:
        SCRATCH.create(database.engine)
        for number in range(1, 3):
            write(number)
            deadline = time.monotonic() + 20
            while rows() != number:
                assert time.monotonic() < deadline, "the file never held it"
                time.sleep(0.05)
    finally:
        database.close()


# A full disk: SQLite's own limit of pages stands for it ----------------------------


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Database]:
    """Return a database that may not grow much."""
    database = open_database(f"sqlite:///{tmp_path}/small.db")
    SCRATCH.create(database.engine)
    limit(database, 20)
    yield database
    database.close()


def limit(database: Database, pages: int) -> None:
    """Let the file have so many pages."""
    database.transact_sync(
        lambda tx: tx.execute(sa.text(f"PRAGMA max_page_count={pages}")).scalar()
    )


def put(number: int, size: int) -> sa.Insert:
    """Return a statement that writes a row of that many characters."""
    return sa.insert(SCRATCH).values(number=number, text="x" * size)


def kept(database: Database) -> list[int]:
    """Return which rows are there."""
    query = sa.select(SCRATCH.c.number).order_by(SCRATCH.c.number)
    return database.read_sync(lambda tx: list(tx.execute(query).scalars()))


async def test_a_full_disk_is_told_and_keeps_nothing_half_done(small: Database) -> None:
    def work(tx: Transaction) -> None:
        tx.execute(put(1, 10))
        tx.execute(put(2, 1_000_000))

    with pytest.raises(StorageFailure, match="full") as caught:
        await small.transact(work)
    assert "free space" in caught.value.errors[0].remedy
    assert kept(small) == []


async def test_a_full_disk_sinks_only_what_does_not_fit(small: Database) -> None:
    def write(number: int, size: int) -> Callable[[Transaction], None]:
        return lambda tx: tx.execute(put(number, size)).close()

    sizes = [10, 1_000_000, 10, 2_000_000, 10]
    answers = await asyncio.gather(
        *(small.transact(write(number, size)) for number, size in enumerate(sizes)),
        return_exceptions=True,
    )
    assert [isinstance(a, StorageFailure) for a in answers] == [
        *(False, True, False, True, False)
    ]
    assert kept(small) == [0, 2, 4]


async def test_after_a_full_disk_all_goes_on(small: Database) -> None:
    with pytest.raises(StorageFailure):
        await small.transact(lambda tx: tx.execute(put(1, 1_000_000)))
    limit(small, 100_000)
    await small.transact(lambda tx: tx.execute(put(2, 1_000_000)))
    assert kept(small) == [2]
    check = sa.text("PRAGMA integrity_check")
    assert small.read_sync(lambda tx: tx.execute(check).scalar_one()) == "ok"

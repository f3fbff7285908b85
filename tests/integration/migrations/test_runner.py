"""Migrations on both databases: empty, current, older, newer, foreign, at once."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from integritas.kernel.errors import StorageFailure
from integritas.migrations.api import SCRIPTS, current, ensure, head, migrate, wipe
from integritas.migrations.tables import TABLES
from integritas.platform.db import Database, open_database

SECOND = '''
"""A second revision."""
import sqlalchemy as sa
from alembic import op

revision, down_revision = "9999", "{head}"


def upgrade():
    op.create_table("second", sa.Column("x", sa.Integer(), nullable=False))
    {more}
'''


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/integritas.db"
    address: str = request.getfixturevalue("postgres_url")
    return address


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = open_database(url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/integritas.db")
    yield opened
    opened.close()


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """Return the migrations of a version after this."""
    return scripts(tmp_path / "newer")


def scripts(folder: Path, more: str = "") -> Path:
    shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = SECOND.format(head=head(), more=more)
    (folder / "versions" / "9999_second.py").write_text(text, encoding="utf-8")
    return folder


def tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names())


def test_an_empty_database_gets_the_schema(database: Database) -> None:
    assert current(database) is None
    done = migrate(database)
    assert (done.before, done.after, done.backup) == (None, head(), None)
    assert current(database) == head()


def test_the_schema_is_that_of_the_tables(database: Database) -> None:
    migrate(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, TABLES) == []


def test_every_table_has_its_tenant(database: Database) -> None:
    migrate(database)
    inspector = sa.inspect(database.engine)
    for name in tables(database) - {"alembic_version"}:
        columns = {column["name"] for column in inspector.get_columns(name)}
        assert "tenant_id" in columns, name


def test_a_second_migration_does_nothing(database: Database) -> None:
    migrate(database)
    again = migrate(database)
    assert (again.before, again.after, again.backup) == (head(), head(), None)
    assert ensure(database) == again


def test_downgrade_takes_everything_back(database: Database) -> None:
    migrate(database)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert tables(database) == {"alembic_version"}
    assert migrate(database).after == head()


def test_a_newer_schema_is_refused(database: Database, newer: Path) -> None:
    migrate(database, newer)
    for refuse in (migrate, ensure):
        with pytest.raises(StorageFailure, match="9999, which this version does not"):
            refuse(database)
    assert current(database) == "9999"


def test_a_newer_schema_stays_as_it_was(database: Database, newer: Path) -> None:
    migrate(database, newer)
    before = tables(database)
    with pytest.raises(StorageFailure):
        migrate(database)
    assert tables(database) == before


def test_a_table_of_others_is_refused(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE cases (mine INTEGER)"))
    with pytest.raises(StorageFailure, match="but the table 'cases'"):
        migrate(database)
    assert tables(database) == {"cases"}


def test_tables_of_other_names_do_not_matter(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE spatial_ref_sys (x INTEGER)"))
    migrate(database)
    wipe(database)
    assert tables(database) == {"spatial_ref_sys"}


APPROVAL = (
    "INSERT INTO approvals (tenant_id, id, case_id, to_state, reason, requested_by, "
    "requested_at, state, decision_reason) VALUES "
    "('main', :id, :case, 'RESOLVED', 'r', 'user_a', '2026-01-02T00:00:00.000000Z', "
    "'open', '')"
)
MOVE = (
    "INSERT INTO case_history (tenant_id, case_id, version, from_state, to_state, "
    "actor_id, actor_kind, reason, at) VALUES "
    "('main', 'case_1', :version, 'x', :to, 'user_a', 'person', '', :at)"
)


def test_approvals_of_before_get_the_version_of_their_last_move(
    database: Database,
) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    moves = [(4, "VALIDATING", "01"), (5, "REMEDIATING", "02"), (9, "RESOLVED", "03")]
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for version, to, day in moves:
            at = f"2026-01-{day}T00:00:00.000000Z"
            connection.execute(sa.text(MOVE), {"version": version, "to": to, "at": at})
        for number in (1, 2):
            connection.execute(
                sa.text(APPROVAL), {"id": f"appr_{number}", "case": f"case_{number}"}
            )
        command.upgrade(config, "head")
        found = connection.execute(
            sa.text("SELECT case_version, from_state FROM approvals ORDER BY id")
        ).all()
    assert found == [(5, "REMEDIATING"), (1, "PENDING")]


def test_wipe_leaves_an_empty_database(database: Database) -> None:
    migrate(database)
    wipe(database)
    assert tables(database) == set()
    assert current(database) is None
    assert migrate(database).after == head()


def test_a_revision_that_fails_leaves_nothing(
    database: Database, tmp_path: Path
) -> None:
    migrate(database)
    broken = scripts(tmp_path / "broken", more='op.drop_table("not_there")')
    with pytest.raises(StorageFailure, match="cannot be read or changed"):
        migrate(database, broken)
    assert current(database) == head()
    assert "second" not in tables(database)


def test_several_at_once_migrate_once(url: str) -> None:
    befores: list[str | None] = []
    errors: list[Exception] = []

    def work() -> None:
        opened = open_database(url)
        try:
            befores.append(migrate(opened).before)
        except StorageFailure as error:
            errors.append(error)
        finally:
            opened.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(befores, key=str) == [head(), head(), head(), None]


def test_postgres_refuses_to_serve_an_empty_schema(postgres_url: str) -> None:
    opened = open_database(postgres_url)
    try:
        with pytest.raises(StorageFailure, match=r"run `integritas db migrate`"):
            ensure(opened)
        assert current(opened) is None
    finally:
        opened.close()


def test_postgres_refuses_to_serve_an_old_schema(
    postgres_url: str, newer: Path
) -> None:
    opened = open_database(postgres_url)
    try:
        migrate(opened)
        with pytest.raises(
            StorageFailure, match=f"has schema {head()}, this version needs"
        ):
            ensure(opened, newer)
        assert migrate(opened, newer).backup is None
        assert ensure(opened, newer).before == "9999"
    finally:
        opened.close()


def test_sqlite_is_copied_before_it_is_migrated(
    sqlite_file: Database, newer: Path, tmp_path: Path
) -> None:
    migrate(sqlite_file)
    with sqlite_file.engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO tenants "
                "VALUES ('main', 'x', '2026-01-01T00:00:00.000000Z')"
            )
        )
    done = ensure(sqlite_file, newer)
    assert (done.before, done.after) == (head(), "9999")
    assert done.backup == tmp_path / f"integritas.db.{head()}.backup"
    with closing(sqlite3.connect(done.backup)) as copy:
        names = {row[0] for row in copy.execute("SELECT name FROM sqlite_master")}
        assert copy.execute("SELECT name FROM tenants").fetchall() == [("x",)]
        assert copy.execute("SELECT * FROM alembic_version").fetchall() == [(head(),)]
    assert "second" not in names
    assert "second" in tables(sqlite_file)


def test_a_copy_may_be_read_by_whom_the_database_may(
    sqlite_file: Database, newer: Path, tmp_path: Path
) -> None:
    migrate(sqlite_file)
    (tmp_path / "integritas.db").chmod(0o640)
    backup = migrate(sqlite_file, newer).backup
    assert backup is not None
    assert backup.stat().st_mode & 0o777 == 0o640


def test_no_copy_no_migration(
    sqlite_file: Database, newer: Path, tmp_path: Path
) -> None:
    migrate(sqlite_file)
    (tmp_path / f"integritas.db.{head()}.backup.part").mkdir()
    with pytest.raises(StorageFailure, match="backup cannot be written"):
        migrate(sqlite_file, newer)
    assert current(sqlite_file) == head()


def test_a_percent_sign_in_the_path_is_no_matter(
    sqlite_file: Database, tmp_path: Path
) -> None:
    assert migrate(sqlite_file, scripts(tmp_path / "100%s")).after == "9999"

"""A demo that cannot come to its end says so in a line, and ends."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integration.demo.conftest import Home

pytestmark = pytest.mark.timeout(180)

FIRST, MORE = 34, 40


def alter(home: Home, *statements: str) -> None:
    with closing(sqlite3.connect(home.database)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def begun(home: Home) -> None:
    assert home.run("demo", "--once", "--count", FIRST).returncode == 0


def test_steps_that_cannot_be_written_end_the_demo(home: Home) -> None:
    begun(home)
    for name, moment in (("one", "UPDATE ON runs"), ("two", "INSERT ON decisions")):
        alter(
            home,
            f"CREATE TRIGGER {name} BEFORE {moment} BEGIN "
            "SELECT RAISE(FAIL, 'database or disk is full'); END",
        )
    done = home.run("demo", "--once", "--count", MORE)
    assert done.returncode == 1
    *_, last = done.stderr.splitlines()
    assert "assessing does not end: the engine cannot write" in last
    assert "database or disk is full" in done.stderr  # the engine's log has the cause
    alter(home, "DROP TRIGGER one")
    alter(home, "DROP TRIGGER two")
    again = home.run("demo", "--once", "--count", MORE)
    assert again.returncode == 0, again.stderr


def test_a_log_that_was_rolled_back_ends_the_demo(home: Home) -> None:
    begun(home)
    alter(
        home,
        "DELETE FROM audit_checkpoints WHERE size = "
        "(SELECT max(size) FROM audit_checkpoints)",
        "DELETE FROM audit_entries WHERE idx >= "
        "(SELECT coalesce(max(size), 0) FROM audit_checkpoints)",
    )
    done = home.run("demo", "--once", "--count", MORE)
    assert done.returncode == 1
    *_, last = done.stderr.splitlines()
    assert "was rolled back" in last

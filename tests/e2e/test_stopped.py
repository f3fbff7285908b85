"""What comes into the journal after a stop is named; after a crash nobody can tell."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(300)

GREW = "integritas.journal.grew_while_stopped.v1"
FORGED = """
    INSERT INTO journal SELECT tenant_id, seq + 1, 'evt_01JF8R0000F00800000000000' || ?,
    'integritas.audit.exported.v1', subject, time, actor_id, actor_kind, actor_roles,
    correlation_id, '{}', NULL FROM journal ORDER BY seq DESC LIMIT 1
"""


def journal(server: Any, statement: str, *values: object) -> list[tuple[Any, ...]]:
    path = server.folder / "state" / "integritas.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def head(server: Any) -> int:
    ((found,),) = journal(server, "SELECT max(seq) FROM journal")
    return int(found)


def test_what_comes_after_a_stop_is_named_and_told_at_the_next_start(
    server: Any,
) -> None:
    server.start()
    server.sign_in()
    assert server.stop() == 0
    verified = server.run("audit", "verify")
    assert verified.returncode == 0, verified.stdout
    assert "stopped in order" in verified.stderr
    journal(server, FORGED, "0")
    forged = head(server)
    verified = server.run("audit", "verify")
    assert verified.returncode == 1
    assert verified.stdout == f"journal[{forged}]: came after the orderly stop\n"

    server.start()
    ((told,),) = journal(server, "SELECT data FROM journal WHERE type = ?", GREW)
    assert told == f'{{"settled":{forged - 1},"found":{forged}}}'
    assert server.run("audit", "verify").returncode == 0
    assert server.stop(signal.SIGKILL) != 0
    journal(server, FORGED, "1")
    verified = server.run("audit", "verify")
    assert verified.returncode == 0, verified.stdout
    assert "not logged yet" in verified.stderr
    assert "stopped in order" not in verified.stderr


def test_a_server_that_begins_anew_finds_nothing_new(server: Any) -> None:
    server.start()
    server.sign_in()
    assert server.stop() == 0
    server.start()
    server.sign_in()
    assert server.stop() == 0
    assert journal(server, "SELECT data FROM journal WHERE type = ?", GREW) == []
    verified = server.run("audit", "verify")
    assert verified.returncode == 0, verified.stdout
    assert "stopped in order" in verified.stderr

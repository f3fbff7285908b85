"""After a demo a byte of any audit row is changed: verification names the place."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from typer.testing import CliRunner

from integritas.cli.audit import app
from integritas.kernel.states import CaseState

if TYPE_CHECKING:
    from tests.integration.demo.conftest import Home

TABLES: Final = ("audit_entries", "audit_tiles", "audit_checkpoints")
SAMPLED: Final = 3


def flipped(value: object) -> object:
    """Return a stored value with one of its bits changed."""
    if isinstance(value, bytes):
        middle = len(value) // 2
        return value[:middle] + bytes([value[middle] ^ 1]) + value[middle + 1 :]
    if isinstance(value, int):
        return value ^ 1
    assert isinstance(value, str)
    middle = len(value) // 2
    return value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]


class Ledger:
    """A demo's database, and the command that verifies it."""

    def __init__(self, home: Home) -> None:
        self.path = home.database
        self._settings = {
            "INTEGRITAS_STATE_DIR": str(home.database.parent),
            "INTEGRITAS_DATABASE_URL": f"sqlite:///{home.database}",
        }

    def verify(self) -> tuple[int, str]:
        """Run `audit verify`; return how it ended and what it printed."""
        result = CliRunner().invoke(app, ["verify"], env=self._settings)
        return result.exit_code, result.output + str(result.exception or "")

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return first, middle and last row of a table, with their row ids."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.row_factory = sqlite3.Row
            query = f"SELECT rowid AS row_, * FROM {table} ORDER BY rowid"  # noqa: S608 - our tables
            found = [dict(row) for row in connection.execute(query)]
        places = {0, len(found) // 2, len(found) - 1}
        return [found[place] for place in sorted(places)]

    def put(self, table: str, row: int, column: str, value: object) -> None:
        """Store a value in a row."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute(
                f"UPDATE {table} SET {column} = ? WHERE rowid = ?",  # noqa: S608 - our tables
                (value, row),
            )
            connection.commit()


def flip_everywhere(ledger: Ledger) -> list[str]:
    """Flip a bit of every column of sampled rows in turn; return what went unseen."""
    unseen = []
    for table in TABLES:
        for row in ledger.rows(table):
            for column in set(row) - {"row_"}:
                if row[column] is None:
                    continue
                try:
                    ledger.put(table, row["row_"], column, flipped(row[column]))
                except sqlite3.IntegrityError:
                    continue  # the database itself refuses it
                code, told = ledger.verify()
                if code != 1 or not re.search(r"\w+ ?\S*\d|checkpoint|key", told):
                    unseen.append(f"{table}.{column}: {code} {told[:200]}")
                ledger.put(table, row["row_"], column, row[column])
    return unseen


@pytest.mark.timeout(300)
def test_a_flipped_bit_is_found(home: Home) -> None:
    assert home.run("demo", "--once", "--count", 34).returncode == 0
    ledger = Ledger(home)
    assert ledger.verify()[0] == 0
    assert flip_everywhere(ledger) == []
    assert ledger.verify()[0] == 0


@pytest.mark.timeout(200)
def test_a_bundle_of_a_case_is_verified_without_the_database(home: Home) -> None:
    assert home.run("demo", "--once", "--count", 34).returncode == 0
    with closing(sqlite3.connect(home.database)) as connection:
        (case,) = connection.execute("SELECT id FROM cases LIMIT 1").fetchone()
    exported = home.run("audit", "export", "--case", case, "--output", "bundle.json")
    assert exported.returncode == 0, exported.stderr
    keys = home.run("audit", "keys").stdout
    (home.folder / "keys.txt").write_text(keys)
    home.database.rename(home.folder / "elsewhere.db")
    verify = ("audit", "verify", "--bundle", "bundle.json", "--key", "keys.txt")
    assert home.run(*verify).returncode == 0
    bundle = home.folder / "bundle.json"
    other = case[:-1] + ("1" if case.endswith("0") else "0")
    bundle.write_text(bundle.read_text().replace(case, other))
    assert home.run(*verify).returncode == 1


@pytest.mark.data
@pytest.mark.timeout(400)
def test_real_data(home: Home, data_dir: Path) -> None:
    process = home.begin("demo", "--once", data=data_dir.resolve())
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "17 of 17 planted cases as expected" in out
    with closing(sqlite3.connect(home.database)) as connection:
        states = dict(
            connection.execute("SELECT state, count(*) FROM cases GROUP BY state")
        )
        kinds = {
            kind
            for (text,) in connection.execute("SELECT DISTINCT kinds FROM cases")
            for kind in json.loads(text)
        }
    assert sum(states.values()) >= 1_000
    assert set(states) <= {CaseState.VALIDATING, CaseState.RESOLVED}
    assert kinds == {"message", "procurement", "party", "payment"}
    ledger = Ledger(home)
    assert ledger.verify()[0] == 0
    row = ledger.rows("audit_entries")[1]
    ledger.put("audit_entries", row["row_"], "body", flipped(row["body"]))
    code, told = ledger.verify()
    assert code == 1
    assert str(row["idx"]) in told


@pytest.mark.timeout(300)
def test_an_entry_planted_after_a_demo_is_named(home: Home) -> None:
    assert home.run("demo", "--once", "--count", 34).returncode == 0
    ledger = Ledger(home)
    assert home.run("audit", "verify").returncode == 0
    with closing(sqlite3.connect(ledger.path)) as connection, connection:
        (head,) = connection.execute("SELECT max(seq) FROM journal").fetchone()
        connection.execute(
            "INSERT INTO journal SELECT tenant_id, seq + 1, "
            "'evt_01JF8R0000F008000000000000', type, subject, time, actor_id, "
            "actor_kind, actor_roles, correlation_id, data, NULL "
            "FROM journal WHERE seq = ?",
            (head,),
        )
    verified = home.run("audit", "verify")
    assert verified.returncode == 1
    assert f"journal[{head + 1}]: came after the orderly stop" in verified.stdout
    assert home.run("demo", "--once", "--reset", "--count", 34).returncode == 0
    assert home.run("audit", "verify").returncode == 0

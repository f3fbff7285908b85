"""Any cell of any audit table, tampered with in any way, is found; nothing else is."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from integritas.kernel.clock import ManualClock, SystemRandomness
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.ids import TenantId
from integritas.services.audit.external import ExternalEvent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.audit.conftest import World

    from integritas.kernel.contracts import VerificationReport

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
CONTEXT = Context(MAIN, SYSTEM, "req-1")
TABLES = {
    "audit_entries": ("tenant_id", "idx", "event_id", "body", "leaf_hash"),
    "audit_tiles": ("tenant_id", "level", "idx", "hashes"),
    "audit_checkpoints": ("tenant_id", "number", "size", "root", "note", "created"),
    "audit_personal": ("tenant_id", "event_id", "salt", "payload"),
    "journal": (
        "tenant_id",
        "seq",
        "event_id",
        "type",
        "subject",
        "time",
        "actor_id",
        "actor_kind",
        "actor_roles",
        "correlation_id",
        "data",
        "commitment",
    ),
    "journal_personal": ("tenant_id", "seq", "salt", "payload"),
}
ROUNDS = 60


async def _fill(world: World) -> None:
    """Log entries of the journal and of outside, under two keys, in many batches.

    Some are pruned, some held, of some the personal data is erased.
    """
    world.trail._sealer._randomness = SystemRandomness()
    for number in range(8):
        await world.log(1 + 17 * number)
        events = [
            ExternalEvent(
                f"x-{number}-{i}",
                "com.example.t",
                f"thing {i % 3}",
                "erp",
                "clerk",
                personal={"name": f"Jane {i}"} if i % 2 else None,
            )
            for i in range(1 + 5 * number)
        ]
        await world.trail.append_events(CONTEXT, events)
        if number == 4:
            await world.trail.rotate_key(CONTEXT)
            await world.trail.hold(CONTEXT, subject="thing 1", reason="a court")
            limit = world.clock.now()
            await world.trail.prune(CONTEXT, before=limit, reason="old")
        if number == 5:
            await world.trail.erase(CONTEXT, subject="thing 2", reason="asked to")
            await world.trail.erase(CONTEXT, subject="case_0", reason="asked to")
    await world.trail.follower().catch_up()
    world.database.close()


@pytest.fixture(scope="module")
def sealed(
    tmp_path_factory: pytest.TempPathFactory, open_world: Callable[..., World]
) -> Path:
    """Return the folder of a log of some 630 entries, closed."""
    folder = tmp_path_factory.mktemp("sealed")
    made = open_world(f"sqlite:///{folder}/audit.db", folder / "state", ManualClock())
    asyncio.run(_fill(made))
    return folder


class Tampering:
    """A copy of the log, and ways to do it harm."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder = folder
        self.random = random.Random(seed)  # noqa: S311 - repeatable
        self.table = self.random.choice(sorted(TABLES))
        self.column = self.random.choice(TABLES[self.table])

    def run(self, statement: str, *values: Any) -> int:
        with closing(sqlite3.connect(self._folder / "audit.db")) as connection:
            touched = connection.execute(statement, values).rowcount
            connection.commit()
        return touched

    def rows(self, sql: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self._folder / "audit.db")) as connection:
            return connection.execute(sql, values).fetchall()

    def row(self) -> int:
        """Return the rowid of any row."""
        rows = self.rows(f"SELECT rowid FROM {self.table}")  # noqa: S608 - a test
        found: int = self.random.choice(rows)[0]
        return found

    def change(self) -> str:
        """Change one cell; return what was done."""
        rowid = self.row()
        ((value,),) = self.rows(
            f"SELECT {self.column} FROM {self.table} WHERE rowid = ?",  # noqa: S608 - a test
            rowid,
        )
        other: Any = None
        while other is None or other == value:
            other = self.other(value)
        self.run(
            f"UPDATE OR REPLACE {self.table} SET {self.column} = ? WHERE rowid = ?",  # noqa: S608 - a test
            other,
            rowid,
        )
        return f"{self.table}.{self.column} of row {rowid}: {value!r} -> {other!r}"

    def other(self, value: Any) -> Any:
        if value is None:  # a commitment
            return self.random.choice(["", "ab" * 32, b"", 7])
        if isinstance(value, int):
            return self.random.choice([value + 1, value - 1, -value, value * 256, 7.5])
        raw = value if isinstance(value, bytes) else value.encode()
        way = self.random.randrange(5)
        place = self.random.randrange(len(raw))
        if way == 0:
            bit = 1 << self.random.randrange(7)
            raw = raw[:place] + bytes([raw[place] ^ bit]) + raw[place + 1 :]
        elif way == 1:
            raw = raw[:place]
        elif way == 2:
            raw = raw[:place] + b"x" + raw[place:]
        elif way == 3:
            raw = raw[:place] + raw[place + 1 :]
        else:
            rows = self.rows(f"SELECT {self.column} FROM {self.table}")  # noqa: S608 - a test
            return self.random.choice(rows)[0]
        return raw if isinstance(value, bytes) else raw.decode(errors="replace")

    def delete(self) -> str:
        rowid = self.row()
        self.run(f"DELETE FROM {self.table} WHERE rowid = ?", rowid)  # noqa: S608 - a test
        return f"{self.table}: row {rowid} deleted"

    def truncate(self) -> str:
        """Delete the newest rows of all three tables, as a rollback would."""
        back = self.random.randrange(1, 8)
        rows = self.rows(
            "SELECT number, size FROM audit_checkpoints ORDER BY number DESC LIMIT ?",
            back + 1,
        )
        number, size = rows[-1]
        self.run("DELETE FROM audit_checkpoints WHERE number > ?", number)
        self.run("DELETE FROM audit_entries WHERE idx >= ?", size)
        return f"rolled back to checkpoint {number}"

    def swap(self) -> str:
        """Exchange a column of two rows."""
        one, two = self.row(), self.row()
        values = {
            rowid: self.rows(
                f"SELECT {self.column} FROM {self.table} WHERE rowid = ?",  # noqa: S608 - a test
                rowid,
            )[0][0]
            for rowid in (one, two)
        }
        if values[one] == values[two] or self.column == "tenant_id":
            return ""
        sql = f"UPDATE {self.table} SET {self.column} = ? WHERE rowid = ?"  # noqa: S608 - a test
        try:
            self.run(sql, b"parked", one)
            self.run(sql, values[one], two)
            self.run(sql, values[two], one)
        except sqlite3.IntegrityError:
            pass  # what was done so far is harm enough
        return f"{self.table}.{self.column}: rows {one} and {two} swapped"


def verified(folder: Path, open_world: Callable[..., World]) -> VerificationReport:
    clock = ManualClock()
    clock.advance(1_000_000)
    world = open_world(f"sqlite:///{folder}/audit.db", folder / "state", clock)
    try:
        return asyncio.run(world.trail.verify(MAIN))
    finally:
        world.database.close()


def test_what_was_not_touched_raises_no_alarm(
    sealed: Path, open_world: Callable[..., World]
) -> None:
    report = verified(sealed, open_world)
    assert report.differences == ()
    assert report.notes == ()
    assert report.size > 600


@pytest.mark.parametrize("way", ["change", "delete", "truncate", "swap"])
def test_whatever_is_done_to_a_cell_is_found(
    sealed: Path, tmp_path: Path, open_world: Callable[..., World], way: str
) -> None:
    for seed in range(ROUNDS if way == "change" else ROUNDS // 4):
        folder = tmp_path / f"{way}-{seed}"
        shutil.copytree(sealed, folder)
        tampering = Tampering(folder, seed)
        done = getattr(tampering, way)()
        if not done:
            continue
        places = [found.place for found in verified(folder, open_world).differences]
        assert places, done
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    "cell",
    [
        ("journal", "data", "BLOB"),
        ("journal", "actor_roles", "BLOB"),
        ("journal", "subject", "BLOB"),
        ("journal_personal", "payload", "TEXT"),
    ],
)
def test_a_value_of_another_type_that_reads_the_same_is_named(
    sealed: Path,
    tmp_path: Path,
    open_world: Callable[..., World],
    cell: tuple[str, str, str],
) -> None:
    table, column, kind = cell
    shutil.copytree(sealed, tmp_path / "copy")
    tampering = Tampering(tmp_path / "copy", 0)
    ((seq,),) = tampering.rows(f"SELECT max(seq) FROM {table}")  # noqa: S608 - a test
    assert tampering.run(
        f"UPDATE {table} SET {column} = CAST({column} AS {kind}) WHERE seq = ?",  # noqa: S608 - a test
        seq,
    )
    found = verified(tmp_path / "copy", open_world).differences
    assert f"{table}[{seq}].{column}" in {difference.place for difference in found}


def test_a_number_of_the_journal_that_is_none_is_named(
    sealed: Path, tmp_path: Path, open_world: Callable[..., World]
) -> None:
    shutil.copytree(sealed, tmp_path / "copy")
    tampering = Tampering(tmp_path / "copy", 0)
    assert tampering.run("UPDATE journal SET seq = '5x' WHERE seq = 5")
    found = verified(tmp_path / "copy", open_world).differences
    assert {"journal[5x].seq", "journal"} <= {difference.place for difference in found}


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        (
            "CREATE TRIGGER t BEFORE INSERT ON journal BEGIN SELECT RAISE(IGNORE); END",
            "journal",
        ),
        (
            "CREATE TRIGGER t AFTER INSERT ON audit_tiles BEGIN SELECT 1; END",
            "audit_tiles",
        ),
        ("ALTER TABLE audit_entries ADD COLUMN more TEXT", "audit_entries.more"),
    ],
)
def test_what_is_planted_about_a_table_is_named(
    sealed: Path,
    tmp_path: Path,
    open_world: Callable[..., World],
    statement: str,
    place: str,
) -> None:
    shutil.copytree(sealed, tmp_path / "copy")
    Tampering(tmp_path / "copy", 0).run(statement)
    found = verified(tmp_path / "copy", open_world).differences
    assert [difference.place for difference in found] == [place]


def test_a_view_in_the_place_of_a_table_is_named(
    sealed: Path, tmp_path: Path, open_world: Callable[..., World]
) -> None:
    shutil.copytree(sealed, tmp_path / "copy")
    tampering = Tampering(tmp_path / "copy", 0)
    tampering.run("ALTER TABLE audit_entries RENAME TO hidden")
    tampering.run("CREATE VIEW audit_entries AS SELECT * FROM hidden")
    found = verified(tmp_path / "copy", open_world).differences
    assert found[0].place == "audit_entries"

"""The tamper battery: every table, every column, and the exact place is named."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from integritas.kernel.clock import ManualClock
from integritas.kernel.ids import TenantId
from integritas.services.audit.api import leaf_hash

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.audit.conftest import World

    from integritas.kernel.contracts import VerificationReport

    Opened = Callable[[str], World]

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
BATCHES = (100, 156, 44)  # a full tile, a partial one, one hash above them
ENTRIES = ("event_id", "body", "leaf_hash")
CHECKPOINTS = ("root", "note", "created")
JOURNAL = (
    "event_id",
    "type",
    "subject",
    "time",
    "actor_id",
    "actor_kind",
    "actor_roles",
    "correlation_id",
    "data",
)


@pytest.fixture(scope="module")
def sealed(
    tmp_path_factory: pytest.TempPathFactory, open_world: Callable[..., World]
) -> Path:
    """Return the folder of a log of 300 entries, closed."""
    folder = tmp_path_factory.mktemp("sealed")
    made = open_world(f"sqlite:///{folder}/audit.db", folder / "state", ManualClock())
    asyncio.run(made.log(*BATCHES))
    made.database.close()
    return folder


class Battery:
    """A copy of the log to tamper with."""

    def __init__(self, folder: Path, open_world: Callable[..., World]) -> None:
        self.path = folder / "audit.db"
        self._folder = folder
        self._open = open_world

    def run(self, statement: str, *parameters: Any) -> None:
        """Tamper: exactly one row must have been touched."""
        with closing(sqlite3.connect(self.path)) as connection:
            touched = connection.execute(statement, parameters).rowcount
            connection.commit()
        assert touched == 1

    def get(self, statement: str) -> Any:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(statement).fetchone()[0]

    def flip(
        self, table: str, column: str, where: str, place: int, *, bit: int = 0x40
    ) -> None:
        """Flip a bit of one byte."""
        kind = self.get(f"SELECT typeof({column}) FROM {table} WHERE {where}")  # noqa: S608 - a test
        raw = bytearray(
            self.get(f"SELECT CAST({column} AS BLOB) FROM {table} WHERE {where}")  # noqa: S608 - a test
        )
        raw[place] ^= bit
        self.run(
            f"UPDATE {table} SET {column} = CAST(? AS {kind}) WHERE {where}",  # noqa: S608 - a test
            bytes(raw),
        )

    def verify(self) -> VerificationReport:
        clock = ManualClock()
        clock.advance(1_000_000)
        world = self._open(f"sqlite:///{self.path}", self._folder / "state", clock)
        try:
            return asyncio.run(world.trail.verify(MAIN))
        finally:
            world.database.close()

    def places(self) -> list[str]:
        return [found.place for found in self.verify().differences]


@pytest.fixture
def battery(sealed: Path, tmp_path: Path, open_world: Callable[..., World]) -> Battery:
    shutil.copytree(sealed, tmp_path / "copy")
    return Battery(tmp_path / "copy", open_world)


def test_an_untouched_log_raises_no_alarm(battery: Battery) -> None:
    report = battery.verify()
    assert report.differences == ()
    assert report.notes == ()
    assert report.size == 300


@pytest.mark.parametrize("place", [0, 5, -1])
@pytest.mark.parametrize("index", [0, 131, 299])
@pytest.mark.parametrize("column", ENTRIES)
def test_a_flipped_bit_of_an_entry(
    battery: Battery, column: str, index: int, place: int
) -> None:
    battery.flip("audit_entries", column, f"idx = {index}", place)
    assert battery.places() == [f"audit_entries[{index}].{column}"]


@pytest.mark.parametrize("place", [0, 17, 31])
@pytest.mark.parametrize(
    ("level", "index", "hashes"), [(0, 0, 256), (0, 1, 44), (1, 0, 1)]
)
def test_a_flipped_bit_of_a_tile(
    battery: Battery, level: int, index: int, hashes: int, place: int
) -> None:
    where = f"level = {level} AND idx = {index}"
    battery.flip("audit_tiles", "hashes", where, (hashes - 1) * 32 + place)
    assert battery.places() == [f"audit_tiles[{level}/{index}].hashes[{hashes - 1}]"]


@pytest.mark.parametrize("place", [0, 1, 9, -1, -2])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("column", CHECKPOINTS)
def test_a_flipped_bit_of_a_checkpoint(
    battery: Battery, column: str, number: int, place: int
) -> None:
    battery.flip("audit_checkpoints", column, f"number = {number}", place)
    assert f"audit_checkpoints[{number}].{column}" in battery.places()


def test_no_byte_of_a_note_can_be_flipped(battery: Battery) -> None:
    length = len(battery.get("SELECT note FROM audit_checkpoints WHERE number = 2"))
    for place in range(0, length, 7):
        battery.flip("audit_checkpoints", "note", "number = 2", place)
        assert "audit_checkpoints[2].note" in battery.places(), place
        battery.flip("audit_checkpoints", "note", "number = 2", place)
    assert battery.places() == []


@pytest.mark.parametrize("place", [0, -1])
@pytest.mark.parametrize("column", JOURNAL)
def test_a_flipped_bit_of_a_journal_entry(
    battery: Battery, column: str, place: int
) -> None:
    battery.flip("journal", column, "seq = 132", place)
    assert battery.places() == ["journal[132]"]


@pytest.mark.parametrize(
    ("column", "expression"),
    [
        ("time", "lower(time)"),
        ("time", "replace(time, 'Z', '+00:00')"),
        ("data", "replace(data, ':', ': ')"),
        ("actor_roles", "actor_roles || ' '"),
    ],
)
def test_the_same_said_in_other_characters(
    battery: Battery, column: str, expression: str
) -> None:
    battery.run(f"UPDATE journal SET {column} = {expression} WHERE seq = 132")  # noqa: S608 - a test
    assert battery.places() == [f"journal[132].{column}"]


def test_a_flipped_bit_of_a_commitment(battery: Battery) -> None:
    battery.flip("journal", "commitment", "seq = 1", 3)
    assert battery.places() == ["journal[1]", "journal_personal[1]"]


@pytest.mark.parametrize("column", ["salt", "payload"])
def test_a_flipped_bit_of_personal_data(battery: Battery, column: str) -> None:
    battery.flip("journal_personal", column, "seq = 15", 2, bit=1)
    assert battery.places() == ["journal_personal[15]"]


@pytest.mark.parametrize("seq", [-(2**63), -3, 0, 999, 2**63 - 1])
def test_personal_data_beside_no_entry(battery: Battery, seq: int) -> None:
    battery.run("UPDATE journal_personal SET seq = ? WHERE seq = 15", seq)
    assert battery.places() == [f"journal_personal[{seq}]", "journal_personal[15]"]


@pytest.mark.parametrize("seq", [-1, 0])
def test_more_personal_data_beside_no_entry(battery: Battery, seq: int) -> None:
    battery.run(
        "INSERT INTO journal_personal SELECT tenant_id, ?, salt, payload "
        "FROM journal_personal WHERE seq = 15",
        seq,
    )
    assert battery.places() == [f"journal_personal[{seq}]"]


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ("''", ["journal_personal[15].payload", "journal_personal[15]"]),
        ("7", ["journal_personal[15].payload", "journal_personal[15]"]),
        ("zeroblob(16)", ["journal_personal[15]"]),
    ],
)
def test_other_personal_data(battery: Battery, value: str, places: list[str]) -> None:
    battery.run(f"UPDATE journal_personal SET payload = {value} WHERE seq = 15")  # noqa: S608 - a test
    assert battery.places() == places


def test_personal_data_of_nobody(battery: Battery) -> None:
    battery.run("UPDATE journal_personal SET tenant_id = 'mains' WHERE seq = 15")
    assert battery.places() == ["journal_personal.tenant_id", "journal_personal[15]"]


def test_personal_data_that_nobody_told_of_erasing(battery: Battery) -> None:
    battery.run("DELETE FROM journal_personal WHERE seq = 15")
    assert battery.places() == ["journal_personal[15]"]


@pytest.mark.parametrize(
    ("table", "column", "where", "place"),
    [
        ("audit_entries", "event_id", "idx = 7", "audit_entries[7].event_id"),
        ("audit_checkpoints", "note", "number = 2", "audit_checkpoints[2].note"),
        ("audit_checkpoints", "created", "number = 2", "audit_checkpoints[2].created"),
        ("journal", "subject", "seq = 7", "journal[7]"),
        ("journal", "data", "seq = 7", "journal[7]"),
    ],
)
def test_a_text_that_is_no_utf8(
    battery: Battery, table: str, column: str, where: str, place: str
) -> None:
    battery.flip(table, column, where, 3, bit=0x80)
    assert place in battery.places()


@pytest.mark.parametrize("number", [0, 1])
def test_an_entry_forged_with_its_hash(battery: Battery, number: int) -> None:
    index = 256 * number + 20
    forged = b"forged"
    battery.run(
        "UPDATE audit_entries SET body = ?, leaf_hash = ? WHERE idx = ?",
        forged,
        leaf_hash(forged),
        index,
    )
    assert battery.places() == [f"audit_entries[{index}]"]


@pytest.mark.parametrize("index", [0, 131, 299])
def test_a_deleted_entry(battery: Battery, index: int) -> None:
    battery.run(f"DELETE FROM audit_entries WHERE idx = {index}")  # noqa: S608 - a test
    assert battery.places() == [f"audit_entries[{index}]"]


@pytest.mark.parametrize(("level", "index"), [(0, 0), (0, 1), (1, 0)])
def test_a_deleted_tile(battery: Battery, level: int, index: int) -> None:
    battery.run(
        f"DELETE FROM audit_tiles WHERE level = {level} AND idx = {index}"  # noqa: S608 - a test
    )
    assert battery.places() == [f"audit_tiles[{level}/{index}]"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_deleted_checkpoint(battery: Battery, number: int) -> None:
    battery.run(f"DELETE FROM audit_checkpoints WHERE number = {number}")  # noqa: S608 - a test
    assert f"audit_checkpoints[{number}]" in battery.places()


def test_a_deleted_checkpoint_with_the_rest_renumbered(battery: Battery) -> None:
    battery.run("DELETE FROM audit_checkpoints WHERE number = 2")
    battery.run("UPDATE audit_checkpoints SET number = 2 WHERE number = 3")
    assert battery.places() == ["audit_checkpoints[3]"]


def test_a_deleted_journal_entry(battery: Battery) -> None:
    battery.run("DELETE FROM journal WHERE seq = 7")
    assert battery.places() == ["audit_entries[6]"]


def test_the_end_of_the_journal_cut_off(battery: Battery) -> None:
    battery.run("DELETE FROM journal WHERE seq = 300")
    assert battery.places() == ["audit_entries[299]"]


@pytest.mark.parametrize(
    "event_id", ["evt_x", f"evt_{'0' * 26}", "evt_01KDX2RG000008000000000000"]
)
def test_an_entry_of_the_journal_with_an_id_of_another_make(
    battery: Battery, event_id: str
) -> None:
    battery.run(
        "INSERT INTO journal SELECT tenant_id, 301, ?, type, subject, time, "
        "actor_id, actor_kind, actor_roles, correlation_id, data, commitment "
        "FROM journal WHERE seq = 5",
        event_id,
    )
    assert battery.places() == ["journal[301].event_id"]


def test_an_entry_of_the_journal_that_was_never_logged(battery: Battery) -> None:
    battery.run(
        "INSERT INTO journal SELECT * FROM journal WHERE seq = 0 UNION ALL "
        "SELECT tenant_id, 301, 'evt_01KDX2RG00E008000000000000', type, subject, "
        "time, actor_id, actor_kind, actor_roles, correlation_id, data, commitment "
        "FROM journal WHERE seq = 5"
    )
    report = battery.verify()
    assert report.differences == ()
    assert report.notes == ("1 entries of the journal are not logged yet",)
    battery.run("UPDATE journal_cursors SET seq = 301")
    assert battery.places() == ["journal[301]"]


@pytest.mark.parametrize("seq", [-1, 0, 1, 2, 301])
def test_an_entry_of_a_tenant_that_has_no_log(battery: Battery, seq: int) -> None:
    statement = (
        "INSERT INTO journal SELECT 'other', ?, ?, type, subject, time, "
        "actor_id, actor_kind, actor_roles, correlation_id, data, commitment "
        "FROM journal WHERE seq = 5"
    )
    battery.run(statement, seq, "evt_x")
    assert any(place.startswith(f"journal[other/{seq}]") for place in battery.places())


@pytest.mark.parametrize("seq", [1, 132])
def test_a_tenant_of_another_type(battery: Battery, seq: int) -> None:
    battery.run(
        "UPDATE journal SET tenant_id = CAST('main' AS BLOB) WHERE seq = ?", seq
    )
    assert {"journal.tenant_id", f"audit_entries[{seq - 1}]"} <= set(battery.places())


def test_a_tenants_first_entry_may_wait(battery: Battery) -> None:
    battery.run(
        "INSERT INTO journal SELECT 'other', 1, event_id, type, subject, time, "
        "actor_id, actor_kind, actor_roles, correlation_id, data, commitment "
        "FROM journal WHERE seq = 5"
    )
    report = battery.verify()
    assert report.differences == ()
    assert report.notes == ("1 entries of the journal of 'other' are not logged yet",)


@pytest.mark.parametrize("seq", [-3, 0, 302, 10_000])
def test_an_entry_of_the_journal_that_follows_no_other(
    battery: Battery, seq: int
) -> None:
    battery.run(
        "INSERT INTO journal SELECT tenant_id, ?, 'evt_x', type, subject, time, "
        "actor_id, actor_kind, actor_roles, correlation_id, data, commitment "
        "FROM journal WHERE seq = 5",
        seq,
    )
    assert f"journal[{seq}]" in battery.places()


@pytest.mark.parametrize("index", [300, 1_000_000, -1])
def test_an_inserted_entry(battery: Battery, index: int) -> None:
    battery.run(
        "INSERT INTO audit_entries SELECT tenant_id, ?, 'evt_x', body, leaf_hash "
        "FROM audit_entries WHERE idx = 5",
        index,
    )
    assert battery.places() == [f"audit_entries[{index}]"]


@pytest.mark.parametrize(
    ("level", "index"), [(0, 2), (0, -1), (1, 1), (2, 0), (-1, 0), (9, 9)]
)
def test_an_inserted_tile(battery: Battery, level: int, index: int) -> None:
    battery.run(
        "INSERT INTO audit_tiles SELECT tenant_id, ?, ?, hashes FROM audit_tiles "
        "WHERE level = 1",
        level,
        index,
    )
    assert battery.places() == [f"audit_tiles[{level}/{index}]"]


@pytest.mark.parametrize("number", [0, 4, 9])
def test_an_inserted_checkpoint(battery: Battery, number: int) -> None:
    battery.run(
        "INSERT INTO audit_checkpoints SELECT tenant_id, ?, 299, root, note, created "
        "FROM audit_checkpoints WHERE number = 2",
        number,
    )
    assert any(place.startswith("audit_checkpoints") for place in battery.places())


@pytest.mark.parametrize("column", ENTRIES)
def test_two_entries_with_a_column_swapped(battery: Battery, column: str) -> None:
    one, two = (
        battery.get(f"SELECT {column} FROM audit_entries WHERE idx = {index}")  # noqa: S608 - a test
        for index in (10, 290)
    )
    for index, value in ((10, b"parked"), (290, one), (10, two)):
        battery.run(
            f"UPDATE audit_entries SET {column} = ? WHERE idx = {index}",  # noqa: S608 - a test
            value,
        )
    assert battery.places() == [
        f"audit_entries[{index}].{column}" for index in (10, 290)
    ]


def test_two_entries_reordered(battery: Battery) -> None:
    for old, new in ((10, -5), (11, 10), (-5, 11)):
        battery.run("UPDATE audit_entries SET idx = ? WHERE idx = ?", new, old)
    assert battery.places() == ["audit_entries[10]", "audit_entries[11]"]


@pytest.mark.parametrize(
    ("table", "key"), [("audit_entries", "idx"), ("audit_checkpoints", "number")]
)
@pytest.mark.parametrize("value", [77_777, -3, "x", b"y", 2.5])
def test_a_changed_key(battery: Battery, table: str, key: str, value: object) -> None:
    battery.run(f"UPDATE {table} SET {key} = ? WHERE {key} = 2", value)  # noqa: S608 - a test
    assert any(place.startswith(f"{table}[") for place in battery.places())


@pytest.mark.parametrize("key", ["level", "idx"])
@pytest.mark.parametrize("value", [5, -1, "x"])
def test_a_changed_key_of_a_tile(battery: Battery, key: str, value: object) -> None:
    battery.run(f"UPDATE audit_tiles SET {key} = ? WHERE level = 0 AND idx = 1", value)  # noqa: S608 - a test
    assert "audit_tiles[0/1]" in battery.places()


@pytest.mark.parametrize("value", [0, 99, 101, 257, 10**9])
def test_a_changed_size(battery: Battery, value: int) -> None:
    battery.run("UPDATE audit_checkpoints SET size = ? WHERE number = 1", value)
    assert battery.places() == ["audit_checkpoints[1].size"]


@pytest.mark.parametrize("table", ["audit_entries", "audit_tiles", "audit_checkpoints"])
def test_a_row_given_to_another_tenant(battery: Battery, table: str) -> None:
    battery.run(
        f"UPDATE {table} SET tenant_id = 'maim' WHERE rowid = "  # noqa: S608 - a test
        f"(SELECT max(rowid) FROM {table})"
    )
    places = battery.places()
    assert "tenant_id" in places
    assert any(place.startswith(table) for place in places)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("audit_entries", "body"),
        ("audit_entries", "leaf_hash"),
        ("audit_tiles", "hashes"),
        ("audit_checkpoints", "root"),
    ],
)
@pytest.mark.parametrize("keep", [0, 1, 31])
def test_a_truncated_value(
    battery: Battery, table: str, column: str, keep: int
) -> None:
    battery.run(
        f"UPDATE {table} SET {column} = substr({column}, 1, {keep}) "  # noqa: S608 - a test
        f"WHERE rowid = 2"
    )
    assert any(place.startswith(table) for place in battery.places())


def test_an_extended_tile(battery: Battery) -> None:
    battery.run(
        "UPDATE audit_tiles SET hashes = CAST(hashes || zeroblob(32) AS BLOB) "
        "WHERE level = 0 AND idx = 1"
    )
    assert battery.places()[0].startswith("audit_tiles[0/1].hashes")


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("audit_entries", "event_id"),
        ("audit_entries", "body"),
        ("audit_tiles", "hashes"),
        ("audit_checkpoints", "note"),
        ("audit_checkpoints", "created"),
    ],
)
def test_the_same_bytes_of_another_type(
    battery: Battery, table: str, column: str
) -> None:
    kind = battery.get(f"SELECT typeof({column}) FROM {table}")  # noqa: S608 - a test
    other = "BLOB" if kind == "text" else "TEXT"
    battery.run(
        f"UPDATE {table} SET {column} = CAST({column} AS {other}) WHERE rowid = 2"  # noqa: S608 - a test
    )
    assert any(place.endswith(f".{column}") for place in battery.places())


def test_an_entry_forged_in_all_three_places(battery: Battery) -> None:
    body = battery.get("SELECT body FROM audit_entries WHERE idx = 131")
    forged = body.replace(b"case_1", b"case_9")
    assert forged != body
    hashes = battery.get("SELECT hashes FROM audit_tiles WHERE level = 0 AND idx = 0")
    battery.run(
        "UPDATE audit_entries SET body = ?, leaf_hash = ? WHERE idx = 131",
        forged,
        leaf_hash(forged),
    )
    battery.run(
        "UPDATE audit_tiles SET hashes = ? WHERE level = 0 AND idx = 0",
        hashes[: 131 * 32] + leaf_hash(forged) + hashes[132 * 32 :],
    )
    places = battery.places()
    assert "journal[132]" in places
    assert "audit_checkpoints[2].root" in places
    assert "audit_checkpoints[1].root" not in places


def test_many_differences_are_cut_short_and_said_to_be(battery: Battery) -> None:
    with closing(sqlite3.connect(battery.path)) as connection:
        connection.execute("UPDATE audit_entries SET leaf_hash = zeroblob(32)")
        connection.commit()
    report = battery.verify()
    assert len(report.differences) == 100
    assert report.notes[-1] == "only the first 100 differences are listed"


def test_an_index_that_lost_a_row(battery: Battery) -> None:
    with closing(sqlite3.connect(battery.path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        page = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = "
            "'sqlite_autoindex_audit_entries_2'"
        ).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with battery.path.open("r+b") as file:
        file.seek((page - 1) * size + size - 40)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    assert battery.places()


@pytest.mark.parametrize(
    "table", ["audit_entries", "audit_tiles", "audit_checkpoints", "journal"]
)
def test_a_table_that_lost_a_column(battery: Battery, table: str) -> None:
    column = {"audit_tiles": "hashes", "journal": "data"}.get(table)
    column = column or {"audit_entries": "body"}.get(table, "note")
    with closing(sqlite3.connect(battery.path)) as connection:
        connection.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    assert battery.places()


@pytest.mark.parametrize("table", ["audit_entries", "audit_tiles", "journal_personal"])
def test_a_table_that_is_gone(battery: Battery, table: str) -> None:
    with closing(sqlite3.connect(battery.path)) as connection:
        connection.execute(f"DROP TABLE {table}")
    assert battery.places()


def test_an_older_database_lacks_a_table_and_verifies(battery: Battery) -> None:
    with closing(sqlite3.connect(battery.path)) as connection:
        connection.execute("DROP TABLE audit_personal")
    assert battery.places() == []


@pytest.mark.parametrize("column", ["body", "event_id"])
def test_an_entry_whose_body_is_no_entry(battery: Battery, column: str) -> None:
    body = b"[]" if column == "body" else b'{"event_id": 7}'
    hashes = battery.get("SELECT hashes FROM audit_tiles WHERE level = 0 AND idx = 1")
    battery.run(
        "UPDATE audit_entries SET body = ?, leaf_hash = ? WHERE idx = 299",
        body,
        leaf_hash(body),
    )
    battery.run(
        "UPDATE audit_tiles SET hashes = ? WHERE level = 0 AND idx = 1",
        hashes[:-32] + leaf_hash(body),
    )
    places = battery.places()
    assert "audit_entries[299].body" in places
    assert "audit_checkpoints[3].root" in places
    assert "journal[300]" in places

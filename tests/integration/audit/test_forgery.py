"""Keys and checkpoints, forged or swapped: who lacks one of the two is found out."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from integritas.kernel.clock import ManualClock
from integritas.kernel.errors import IntegritasError
from integritas.kernel.ids import TenantId

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.audit.conftest import World

    Open = Callable[..., World]

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
KEY = Path("state/keys/audit/integritas%2Fmain.key")
ANCHOR = Path("state/anchors/audit/integritas%2Fmain.json")
TABLES = ("audit_entries", "audit_tiles", "audit_checkpoints", "audit_personal")


def made(folder: Path, open_world: Open, *counts: int, ahead: int = 0) -> Path:
    """Make a log under a key of its own; `ahead` makes that another key."""
    folder.mkdir()
    clock = ManualClock()
    clock.advance(ahead)
    world = open_world(f"sqlite:///{folder}/audit.db", folder / "state", clock)
    asyncio.run(world.log(*counts))
    world.database.close()
    return folder


def forged(victim: Path, attacker: Path, *, journal: bool) -> None:
    """Put the attacker's tables in place of the victim's."""
    tables = (*TABLES, "journal", "journal_personal") if journal else TABLES
    with closing(sqlite3.connect(victim / "audit.db")) as connection:
        connection.execute("ATTACH ? AS other", (str(attacker / "audit.db"),))
        for table in tables:
            connection.execute(f"DELETE FROM main.{table}")  # noqa: S608 - a test
            connection.execute(
                f"INSERT INTO main.{table} SELECT * FROM other.{table}"  # noqa: S608 - a test
            )
        connection.commit()


def found(folder: Path, open_world: Open) -> list[str]:
    """Return the places that differ, or the error that verification ends with."""
    clock = ManualClock()
    clock.advance(1_000_000)
    world = open_world(f"sqlite:///{folder}/audit.db", folder / "state", clock)
    try:
        report = asyncio.run(world.trail.verify(MAIN))
        return [item.place for item in report.differences]
    except IntegritasError as error:
        return [str(error)]
    finally:
        world.database.close()


@pytest.fixture
def victim(tmp_path: Path, open_world: Open) -> Path:
    return made(tmp_path / "victim", open_world, 10, 20, 30)


@pytest.fixture
def attacker(tmp_path: Path, open_world: Open) -> Path:
    return made(tmp_path / "attacker", open_world, 10, 20, 30, 40, ahead=9_000)


def test_the_two_have_other_keys(
    victim: Path, attacker: Path, open_world: Open
) -> None:
    assert (victim / KEY).read_text() != (attacker / KEY).read_text()
    for folder in (victim, attacker):
        assert found(folder, open_world) == []


@pytest.mark.parametrize("journal", [False, True])
def test_a_whole_log_signed_by_another_key(
    victim: Path, attacker: Path, open_world: Open, journal: bool
) -> None:
    forged(victim, attacker, journal=journal)
    assert "audit_checkpoints[1].note" in found(victim, open_world)


@pytest.mark.parametrize("swapped", [KEY, ANCHOR])
def test_a_key_or_a_remembered_checkpoint_swapped(
    victim: Path, attacker: Path, open_world: Open, swapped: Path
) -> None:
    shutil.copy(attacker / swapped, victim / swapped)
    assert found(victim, open_world)


@pytest.mark.parametrize("swapped", [KEY, ANCHOR])
def test_a_whole_log_with_one_of_the_two_swapped(
    victim: Path, attacker: Path, open_world: Open, swapped: Path
) -> None:
    forged(victim, attacker, journal=True)
    shutil.copy(attacker / swapped, victim / swapped)
    assert found(victim, open_world)


@pytest.mark.parametrize("file", [KEY, ANCHOR])
def test_any_byte_of_a_key_or_a_remembered_checkpoint(
    victim: Path, open_world: Open, file: Path
) -> None:
    content = (victim / file).read_bytes()
    for place in range(0, len(content), 11):
        broken = bytearray(content)
        broken[place] ^= 1
        (victim / file).write_bytes(broken)
        assert found(victim, open_world), (place, content)
    (victim / file).write_bytes(content)
    assert found(victim, open_world) == []


@pytest.mark.parametrize("column", ["note", "root", "size", "created"])
def test_checkpoints_swapped(victim: Path, open_world: Open, column: str) -> None:
    with closing(sqlite3.connect(victim / "audit.db")) as connection:

        def get(number: int) -> Any:
            query = f"SELECT {column} FROM audit_checkpoints WHERE number = ?"  # noqa: S608 - a test
            return connection.execute(query, (number,)).fetchone()[0]

        one, two = get(1), get(2)
        update = f"UPDATE audit_checkpoints SET {column} = ? WHERE number = ?"  # noqa: S608 - a test
        for number, value in ((1, -1), (2, one), (1, two)):
            connection.execute(update, (value, number))
        connection.commit()
    places = found(victim, open_world)
    assert any(place.startswith("audit_checkpoints[1].") for place in places)


@pytest.mark.parametrize("back", [1, 2])
def test_an_older_copy_of_the_database(
    tmp_path: Path, victim: Path, open_world: Open, back: int
) -> None:
    older = made(tmp_path / "older", open_world, *(10, 20, 30)[: 3 - back])
    shutil.copy(older / "audit.db", victim / "audit.db")
    (place,) = found(victim, open_world)
    assert place == "audit_checkpoints[3]"

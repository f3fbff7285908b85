"""The demo from outside: what it does to its database, and what it says."""

from __future__ import annotations

import re
import signal
import sqlite3
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.integration.demo.conftest import Home

pytestmark = pytest.mark.timeout(180)  # each test waits for several processes

COUNT = 40
ONCE = ("demo", "--once", "--count", COUNT)


def query(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def check_ended(path: Path, count: int) -> None:
    """Every case was decided once, and the log holds every entry once."""
    states = dict(query(path, "SELECT state, count(*) FROM cases GROUP BY 1"))
    assert set(states) <= {"VALIDATING", "RESOLVED"}
    assert sum(states.values()) == count
    assert query(path, "SELECT count(DISTINCT reference) FROM submissions") == [
        (count,)
    ]
    assert query(path, "SELECT state, count(*) FROM runs GROUP BY 1") == [
        ("succeeded", count)
    ]
    assert query(path, "SELECT count(*) FROM commands") == [(0,)]
    assert query(
        path,
        "SELECT count(*), count(DISTINCT event_id) = count(*) FROM audit_entries",
    ) == query(path, "SELECT count(*), 1 FROM journal")


def test_once_takes_in_shows_and_verifies(home: Home) -> None:
    done = home.run(*ONCE)
    assert done.returncode == 0, done.stderr
    assert f"{COUNT} cases by kind of evidence and state" in done.stdout
    assert "Cases by risk band and outcome" in done.stdout
    assert "17 of 17 planted cases as expected" in done.stdout
    assert "NO" not in done.stdout
    for planted in ("transliterated-name", "zero-width-spam", "tender-r058"):
        assert planted in done.stdout
    assert "Audit log verified" in done.stdout
    assert "/api/docs" in done.stdout
    assert done.stderr.startswith("created the administrator 'admin'")
    check_ended(home.database, COUNT)


def test_a_second_start_goes_on(home: Home) -> None:
    home.run(*ONCE)
    entries = query(home.database, "SELECT count(*) FROM audit_entries")
    again = home.run(*ONCE)
    assert again.returncode == 0, again.stderr
    assert again.stderr == ""
    check_ended(home.database, COUNT)
    assert query(home.database, "SELECT count(*) FROM audit_entries") == entries
    more = home.run("demo", "--once", "--count", COUNT + 5, "--seed", 2)
    assert more.returncode == 0, more.stderr


def test_reset_begins_anew(home: Home) -> None:
    home.run(*ONCE)
    again = home.run("demo", "--once", "--reset", "--count", COUNT - 4)
    assert again.returncode == 0, again.stderr
    check_ended(home.database, COUNT - 4)
    assert home.run("audit", "verify").returncode == 0


def test_what_visitors_add_is_no_matter_in_the_demos_own(home: Home) -> None:
    home.run(*ONCE)
    with closing(sqlite3.connect(home.database)) as connection:
        connection.execute(
            "UPDATE submissions SET actor_id = 'user_x' WHERE reference LIKE '%mail%'"
        )
        connection.commit()
    assert home.run(*ONCE).returncode == 0


def test_a_database_with_other_data_is_refused(home: Home) -> None:
    url = f"sqlite:///{home.folder}/named.db"
    home.run(*ONCE, database_url=url)
    with closing(sqlite3.connect(home.folder / "named.db")) as connection:
        connection.execute(
            "UPDATE submissions SET actor_id = 'user_x'"
            " WHERE id = (SELECT min(id) FROM submissions)"
        )
        connection.commit()
    for arguments in (ONCE, (*ONCE, "--reset")):
        done = home.run(*arguments, database_url=url)
        assert done.returncode == 1
        assert done.stderr.startswith("integritas: the database holds other than demo")
        assert len(done.stderr.splitlines()) == 1
    assert query(home.folder / "named.db", "SELECT count(*) FROM cases") == [(COUNT,)]


def test_a_named_database_with_users_is_refused(home: Home) -> None:
    url = f"sqlite:///{home.folder}/named.db"
    for name in ("ada", "bob"):
        made = home.run(
            "users",
            "create-admin",
            name,
            database_url=url,
            stdin="a long enough password\n",
        )
        assert made.returncode == 0, made.stderr
    done = home.run(*ONCE, "--reset", database_url=url)
    assert done.returncode == 1
    assert "users that the demo did not make" in done.stderr


def test_postgres_will_do(home: Home, postgres_url: str) -> None:
    for more in ((), (), ("--reset",)):
        done = home.run(*ONCE, *more, database_url=postgres_url)
        assert done.returncode == 0, done.stderr
        assert "Audit log verified" in done.stdout
    assert home.run("audit", "verify", database_url=postgres_url).returncode == 0


def test_a_data_folder_without_watchlists_will_do(home: Home, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "names").mkdir(parents=True)
    (data / "watchlists").mkdir()
    (data / "names" / "screening.jsonl").write_text(
        '{"query": "Jane Roe", "type": "Person", "expect": null}\n'
    )
    done = home.run(*ONCE, data=data)
    assert done.returncode == 0, done.stderr
    assert "17 of 17 planted" in done.stdout


def test_an_empty_data_folder_is_refused_and_nothing_made(
    home: Home, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    done = home.run(*ONCE, "--reset", data=tmp_path / "data")
    assert done.returncode == 1
    assert done.stderr.startswith("integritas: INTEGRITAS_DATA")
    assert not home.database.parent.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_stopped(home: Home, number: signal.Signals) -> None:
    process = home.begin("demo", "--count", COUNT, port=0)
    try:
        assert process.stdout is not None
        where = ""
        for line in process.stdout:
            if found := re.search(r"Swagger UI\s+(http://\S+)", line):
                where = found[1]
                break
        with urllib.request.urlopen(where, timeout=10) as answer:  # noqa: S310 - own server
            assert answer.status == 200
        ready = where.replace("/api/docs", "/readyz")
        with urllib.request.urlopen(ready, timeout=10) as answer:  # noqa: S310 - own server
            assert answer.status == 200
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert home.run("audit", "verify").returncode == 0


def test_one_demo_at_a_time(home: Home) -> None:
    process = home.begin("demo", "--count", COUNT, port=0)
    try:
        assert process.stdout is not None
        assert any("Serving" in line for line in process.stdout)
        for more in ((), ("--reset",)):
            done = home.run("demo", "--once", *more)
            assert done.returncode == 1
            assert "another engine owns" in done.stderr.splitlines()[-1]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert query(home.database, "SELECT count(*) FROM cases") == [(COUNT,)]


@pytest.mark.parametrize("after", [1, 60, 200])
def test_a_kill_in_the_middle_and_a_second_start(home: Home, after: int) -> None:
    """Everything is finished exactly once, wherever the first start was cut off."""
    count = 150
    process = home.begin("demo", "--once", "--count", count)
    deadline = time.monotonic() + 30
    try:
        while _journalled(home.database) < after:
            assert process.poll() is None, "it ended before it was killed"
            assert time.monotonic() < deadline
            time.sleep(0.005)
    finally:
        process.kill()
        process.communicate()
    again = home.run("demo", "--once", "--count", count)
    assert again.returncode == 0, again.stderr
    assert "Audit log verified" in again.stdout
    check_ended(home.database, count)
    assert home.run("audit", "verify").returncode == 0


def _journalled(path: Path) -> int:
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT count(*) FROM journal").fetchone()
    except sqlite3.OperationalError:
        return 0
    return int(row[0])

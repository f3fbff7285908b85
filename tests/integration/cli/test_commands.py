"""Commands on a real database, in this process where that does no harm."""

from __future__ import annotations

import itertools
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from integritas.cli.main import app
from integritas.kernel.errors import IntegritasError
from integritas.migrations.api import head
from integritas.samples.api import synthetic_watchlist

if TYPE_CHECKING:
    from tests.integration.cli.conftest import Run


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a .env of the working folder is read


def invoke(*arguments: object, stdin: str = "", **settings: object) -> Result:
    named = {f"INTEGRITAS_{k.upper()}": str(v) for k, v in settings.items()}
    names = ["DATABASE_URL", "STATE_DIR", "DATA", "LISTS_DIR"]
    cleared = {f"INTEGRITAS_{name}": None for name in names}
    return CliRunner().invoke(
        app, list(map(str, arguments)), input=stdin, env={**cleared, **named}
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/platform.db"
    address: str = request.getfixturevalue("postgres_url")
    return address


def test_migrate_says_what_it_did(url: str) -> None:
    assert invoke("db", "migrate", "--check", database_url=url).exit_code == 1
    done = invoke("db", "migrate", database_url=url)
    assert (done.exit_code, done.stdout) == (0, f"migrated from none to {head()}\n")
    again = invoke("db", "migrate", database_url=url)
    assert again.stdout == f"the schema is {head()} already\n"
    check = invoke("db", "migrate", "--check", database_url=url)
    assert (check.exit_code, check.stdout) == (
        0,
        f"schema {head()}, this version has {head()}\n",
    )


def test_a_check_makes_no_database(tmp_path: Path) -> None:
    assert invoke("db", "migrate", "--check").exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/platform.db"
    invoke("db", "migrate", database_url=url)
    with closing(sqlite3.connect(tmp_path / "platform.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    done = invoke("db", "migrate", database_url=url)
    assert isinstance(done.exception, IntegritasError)
    assert "run that version, or restore a backup" in str(done.exception)
    assert invoke("doctor", database_url=url).exit_code == 1


def test_doctor_finds_all_well_and_makes_nothing(tmp_path: Path) -> None:
    done = invoke("doctor")
    assert done.exit_code == 0, done.stdout
    assert "FAIL" not in done.stdout
    assert "parties are not screened" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_doctor_names_what_fails(tmp_path: Path) -> None:
    (tmp_path / "lists" / "ofac").mkdir(parents=True)
    (tmp_path / "file").write_text("no database")
    done = invoke(
        "doctor",
        database_url=f"sqlite:///{tmp_path}/file",
        state_dir=tmp_path / "file" / "state",
        lists_dir=tmp_path / "lists",
    )
    assert done.exit_code == 1
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert [line.split(":")[0].split("  ")[1] for line in failed] == [
        "state folder",
        "database",
        "watchlists",
    ]


def test_doctor_counts_lists_and_schema(tmp_path: Path, url: str) -> None:
    lists = synthetic_watchlist(tmp_path / "lists")
    invoke("db", "migrate", database_url=url)
    done = invoke("doctor", database_url=url, lists_dir=lists)
    assert done.exit_code == 0, done.stdout
    assert f"schema {head()}" in done.stdout
    assert "entries" in done.stdout


def test_doctor_wants_postgres_migrated(postgres_url: str) -> None:
    done = invoke("doctor", database_url=postgres_url)
    assert done.exit_code == 1
    assert "run integritas db migrate" in done.stdout


def test_doctor_names_what_is_no_setting() -> None:
    told = invoke("doctor", prot=1)
    assert "note  settings: ignored, as no settings: INTEGRITAS_PROT;" in told.stdout
    assert told.exit_code == 0


def test_an_administrator_is_created_from_a_pipe(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/platform.db"
    settings = {"database_url": url, "state_dir": tmp_path / "state"}
    made = invoke(
        "users", "create-admin", "ada", stdin="long enough for all\r\n", **settings
    )
    assert made.exit_code == 0, made.exception
    assert made.stdout.startswith("created the administrator 'ada' (user_")
    again = invoke(
        "users", "create-admin", "ada", stdin="long enough for all\n", **settings
    )
    assert isinstance(again.exception, IntegritasError)


@pytest.mark.parametrize("password", ["", "short\n"])
def test_a_weak_password_is_refused(tmp_path: Path, password: str) -> None:
    url = f"sqlite:///{tmp_path}/platform.db"
    done = invoke("users", "create-admin", "ada", stdin=password, database_url=url)
    assert isinstance(done.exception, IntegritasError)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "tenant", "named"),
    [("a b", "main", "username"), ("ada", "Not a name", "tenant")],
)
def test_a_name_that_is_none_leaves_nothing_behind(
    tmp_path: Path, name: str, tenant: str, named: str
) -> None:
    done = invoke(
        *("users", "create-admin", name, "--tenant", tenant, "--new-tenant"),
        stdin="long enough for all\n",
    )
    assert isinstance(done.exception, IntegritasError)
    assert done.exception.errors[0].path == named
    assert list(tmp_path.iterdir()) == []


# Which database is meant ----------------------------------------------------------

PASSWORD = "long enough for all\n"
COMMANDS = (("doctor",), ("audit", "verify"), ("users", "create-admin"))


def made(folder: Path, *names: str) -> None:
    """Make databases in the state folder, as `serve` and `demo` do."""
    (folder / "state").mkdir()
    for name in names:
        path = folder / "state" / f"{name}.db"
        assert invoke("db", "migrate", database_url=f"sqlite:///{path}").exit_code == 0


def says(folder: Path, *command: str, **settings: object) -> str:
    """Return all that a command says."""
    if command[0] == "users":
        command = (*command[:2], f"ada{next(_numbers)}", *command[2:])
    done = invoke(*command, stdin=PASSWORD, state_dir=folder / "state", **settings)
    assert done.exit_code == 0, (done.exception, done.output)
    return done.output


_numbers = itertools.count()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("there", "taken"),
    [
        (("integritas",), "the database {}/state/integritas.db"),
        (
            ("integritas", "demo"),
            "the database {}/state/integritas.db (--db ",
        ),
        (("demo",), "the demo's database, {}/state/demo.db"),
    ],
    ids=["platform", "both", "demo"],
)
def test_commands_agree_on_the_database_and_say_which(
    tmp_path: Path, command: tuple[str, ...], there: tuple[str, ...], taken: str
) -> None:
    made(tmp_path, *there)
    assert taken.format(tmp_path) in says(tmp_path, *command)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("how", ["setting", "option"])
def test_a_named_database_is_the_one(
    tmp_path: Path, command: tuple[str, ...], how: str
) -> None:
    made(tmp_path, "integritas", "demo", "named")
    path = tmp_path / "state" / "named.db"
    if how == "option":
        said = says(tmp_path, *command, "--db", str(path))
    else:
        said = says(tmp_path, *command, database_url=f"sqlite:///{path}")
    assert "demo" not in said
    if command[0] != "audit":  # which says what was not named
        assert f"the database {path}" in said


@pytest.mark.parametrize("name", ["integritas", "demo"])
def test_an_administrator_is_where_it_was_said(tmp_path: Path, name: str) -> None:
    made(tmp_path, name)
    says(tmp_path, "users", "create-admin")
    with closing(sqlite3.connect(tmp_path / "state" / f"{name}.db")) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (1,)
    assert len(list((tmp_path / "state").glob("*.db"))) == 1


def tenants_of(folder: Path) -> list[tuple[str]]:
    with closing(sqlite3.connect(folder / "platform.db")) as connection:
        return connection.execute("SELECT tenant_id FROM tenants").fetchall()


def test_a_tenant_is_created_with_its_administrator_or_not_at_all(
    tmp_path: Path,
) -> None:
    settings = {
        "database_url": f"sqlite:///{tmp_path}/platform.db",
        "state_dir": tmp_path / "state",
    }
    ghost = ("users", "create-admin", "bob", "--tenant", "ghost")
    weak = invoke(*ghost, "--new-tenant", stdin="x\n", **settings)
    assert isinstance(weak.exception, IntegritasError)
    assert "has 1 character (" in str(weak.exception)
    mistyped = invoke(*ghost, stdin="long enough for all\n", **settings)
    assert "--tenant: is not there (check the name" in str(mistyped.exception)
    assert list(tmp_path.iterdir()) == []
    made = invoke(*ghost, "--new-tenant", stdin="long enough for all\n", **settings)
    assert made.exit_code == 0, made.exception
    assert tenants_of(tmp_path) == [("ghost",)]


def test_bench_prints_the_promised_keys() -> None:
    done = invoke("bench", "engine", "--runs", 50, "--json")
    assert done.exit_code == 0, done.exception
    figures = json.loads(done.stdout)
    row = {"p50_ms", "p95_ms", "p99_ms", "runs_per_s"}
    assert set(figures) == {"trivial", "services", "transitions_per_s"}
    assert set(figures["trivial"]) == row
    assert set(figures["services"]) == row
    assert figures["transitions_per_s"] > 0


def test_bulk_commands_on_pipes(run: Run, tmp_path: Path) -> None:
    lists = synthetic_watchlist(tmp_path / "lists")
    mixed = b'{"id": 1, "raw": "see you"}\nnot json\n\xff\n'
    scored = run("spam", "score", "--input", "-", "--output", "-", stdin=mixed)
    assert json.loads(scored.succeeds())["id"] == 1
    assert scored.err.splitlines()[-1] == "2 of 3 lines rejected"
    screen = ["compliance", "screen", "--lists", lists, "--queries", "-"]
    screened = run(*screen, stdin=b'{"id": 1, "query": "x", "type": "Person"}\n{\n')
    assert json.loads(screened.succeeds()) == {"id": 1, "hits": []}
    matched = run(
        "compliance",
        "match",
        "--pairs",
        "-",
        stdin=b'schema,left,right\nPerson,A B,A B\nPerson,\xff,B\nPerson,"A"B,C\n',
    )
    assert matched.succeeds().splitlines()[1] == b"Person,A B,A B,1.0000,true"
    assert matched.err.splitlines()[-1] == "2 of 3 lines rejected"
    for command in (("spam", "score", "--input", "-", "--output", "-"), screen):
        assert "line 1" in run(*command, stdin=b"\x00\n").fails()
        assert run(*command).succeeds() == b""

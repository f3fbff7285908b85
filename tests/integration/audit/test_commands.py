"""The audit commands on a real database."""

from __future__ import annotations

import getpass
import os
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from typer.testing import CliRunner

from integritas.cli.main import app
from integritas.kernel.errors import IntegritasError

if TYPE_CHECKING:
    from tests.integration.audit.conftest import World
    from typer.testing import Result

pytestmark = pytest.mark.integration


class Commands:
    """Runs commands against one database and state folder."""

    def __init__(self, world: World, folder: Path) -> None:
        self.path = folder / "audit.db"
        self._environment = {
            "INTEGRITAS_DATABASE_URL": world.url,
            "INTEGRITAS_STATE_DIR": str(world.state),
            "INTEGRITAS_AUDIT_ORIGIN": "integritas",
        }

    def run(self, *arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(
            app, ["audit", *arguments], env={**self._environment, **environment}
        )

    def fails(self, *arguments: str) -> str:
        """Run a command that must end with an error of ours; return it."""
        result = self.run(*arguments)
        assert isinstance(result.exception, IntegritasError)
        return str(result.exception)

    def read(self, query: str) -> tuple[Any, ...]:
        with closing(sqlite3.connect(self.path)) as connection:
            row: tuple[Any, ...] = connection.execute(query).fetchone()
            return row

    def tamper(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute(statement)
            connection.commit()


@pytest.fixture
async def commands(
    sqlite_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Commands:
    monkeypatch.chdir(tmp_path)  # a .env of the working folder is read
    await sqlite_world.log(10, 20)
    sqlite_world.database.close()
    return Commands(sqlite_world, tmp_path)


def test_verify_says_what_it_verified(commands: Commands) -> None:
    result = commands.run("verify")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("verified 30 entries: integritas/main, root ")


def test_verify_changes_nothing(commands: Commands) -> None:
    before = commands.path.read_bytes()
    state = sorted(commands.path.parent.rglob("*"))
    commands.run("verify")
    assert commands.path.read_bytes() == before
    assert sorted(commands.path.parent.rglob("*")) == state


def test_verify_names_the_place_and_fails(commands: Commands) -> None:
    commands.tamper("UPDATE audit_entries SET body = 'x' WHERE idx = 7")
    result = commands.run("verify")
    assert result.exit_code == 1
    assert "audit_entries[7].body: " in result.stdout
    assert result.stderr.startswith("NOT verified: ")


def test_verify_with_the_printed_key_needs_no_setting(commands: Commands) -> None:
    vkey = commands.run("keys").stdout.strip()
    result = commands.run("verify", "--key", vkey, INTEGRITAS_AUDIT_ORIGIN="other")
    assert result.exit_code == 0, result.output


def test_verify_takes_keys_from_a_file(commands: Commands, tmp_path: Path) -> None:
    (tmp_path / "keys.txt").write_text(commands.run("keys").stdout)
    assert commands.run("verify", "--key", str(tmp_path / "keys.txt")).exit_code == 0


def test_verify_with_another_key_fails(commands: Commands) -> None:
    foreign = "integritas/main+1fd93fcb+AYoMqFMcE1Ekj1dpsOfTZA0ZyrTGNxuH+lWRiaS1nrw7"
    assert "does not fit" in commands.fails("verify", "--key", foreign)


def test_verify_without_the_state_folder_says_what_it_cannot(
    commands: Commands, tmp_path: Path
) -> None:
    result = commands.run("verify", INTEGRITAS_STATE_DIR=str(tmp_path / "none"))
    assert result.exit_code == 0
    assert "signatures were not verified" in result.stderr
    assert "cannot exclude rollback" in result.stderr


def test_verify_against_a_checkpoint(commands: Commands, tmp_path: Path) -> None:
    commands.run("mirror", str(tmp_path / "mirror"))
    checkpoint = str(tmp_path / "mirror" / "checkpoint")
    assert commands.run("verify", "--checkpoint", checkpoint).exit_code == 0
    commands.tamper("DELETE FROM audit_checkpoints WHERE number = 2")
    result = commands.run("verify", "--checkpoint", checkpoint)
    assert result.exit_code == 1
    assert "checkpoint of size 30: the log was rolled back" in result.stdout


def test_a_bundle_is_exported_and_verified(commands: Commands, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.json"
    assert (
        commands.run("export", "--case", "case_2", "--output", str(bundle)).exit_code
        == 0
    )
    vkey = commands.run("keys").stdout.strip()
    result = commands.run("verify", "--bundle", str(bundle), "--key", vkey)
    assert result.exit_code == 0
    assert "verified the bundle" in result.stdout
    assert "entries stand in the log" in (tmp_path / "bundle.report.txt").read_text()
    alone = [sys.executable, "-I", "-S", str(tmp_path / "bundle.verify.py")]
    done = subprocess.run([*alone, str(bundle), "--key", vkey], check=False)  # noqa: S603 - just written
    assert done.returncode == 0
    document = orjson.loads(bundle.read_bytes())
    document["entries"][1]["index"] += 1
    bundle.write_bytes(orjson.dumps(document))
    result = commands.run("verify", "--bundle", str(bundle))
    assert result.exit_code == 1
    assert result.stdout.startswith("entries[1]: ")


def test_a_bundle_is_exported_to_standard_output(commands: Commands) -> None:
    result = commands.run("export", "--case", "case_2", "--output", "-")
    assert len(orjson.loads(result.stdout)["entries"]) == 6


def test_tail_prints_the_newest(commands: Commands) -> None:
    lines = commands.run("tail", "-n", "3").stdout.splitlines()
    assert [orjson.loads(line)["index"] for line in lines] == [27, 28, 29]


def test_tail_of_a_short_log_prints_all(commands: Commands) -> None:
    assert len(commands.run("tail", "-n", "50").stdout.splitlines()) == 30


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["verify", "--db", "sqlite:///none.db"], "there is no database at none.db"),
        (["verify", "--db", "nonsense"], "INTEGRITAS_DATABASE_URL"),
        (["verify", "--tenant", "No!"], "--tenant"),
        (["verify", "--key", "none.key"], "none.key cannot be used"),
        (["verify", "--key", "a+b"], "is not a verifier key"),
        (["verify", "--bundle", "none.json"], "none.json cannot be used"),
        (["verify", "--checkpoint", "none"], "none cannot be used"),
        (["export", "--case", "case_x", "--output", "-"], "no entry on 'case_x'"),
        (["export", "--case", "case_1", "--output", "/dev"], "/dev cannot be written"),
        (["keys", "--tenant", "other"], "no log of a tenant 'other'"),
        (["tail", "--tenant", "other"], "no log of a tenant 'other'"),
        (["mirror", "/dev/null"], "/dev/null cannot be written"),
        (["search", "--outcome", "good"], "--outcome: 'good' is not one of success"),
        (["search", "--format", "xml"], "--format: 'xml' is not one of"),
        (["prune", "--reason", "x"], "give either --before or --days"),
        (["prune", "--before", "now", "--reason", "x"], "--before is not a time"),
        (["hold", "case_1", "--reason", " "], "reason: is not of 1 to 4000"),
        (["release", "case_1", "--reason", "x"], "is under no legal hold"),
    ],
)
def test_bad_input_is_named(
    commands: Commands, arguments: list[str], message: str
) -> None:
    assert message in commands.fails(*arguments)


def test_a_missing_database_is_not_made(commands: Commands, tmp_path: Path) -> None:
    commands.run("verify", "--db", f"sqlite:///{tmp_path}/none.db")
    assert not (tmp_path / "none.db").exists()


def test_a_database_that_is_none_is_said_to_be(
    commands: Commands, tmp_path: Path
) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough " * 40)
    assert "not a database" in commands.fails(
        "verify", "--db", f"sqlite:///{tmp_path}/text.db"
    )


def test_search_prints_what_matches(commands: Commands) -> None:
    result = commands.run("search", "case_2", "--since", "2026-01-01T00:00:00Z")
    lines = [orjson.loads(line) for line in result.stdout.splitlines()]
    assert [line["index"] for line in lines] == [2, 7, 12, 17, 22, 27]
    result = commands.run("search", "--subject", "case_2", "--format", "csv")
    assert result.stdout.count("case_2") >= 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "--format", "xml"], "--format"),
        (["search", "--until", "today"], "--until"),
        (["cosign", "--witness", "http://127.0.0.1:9", "--key", "x"], "verifier key"),
        (["witness", "--name", "w", "--log", "x+y"], "verifier key"),
    ],
)
def test_more_bad_input_is_named(
    commands: Commands, arguments: list[str], message: str
) -> None:
    assert message in commands.fails(*arguments)


def test_reconcile_names_what_is_missing(commands: Commands) -> None:
    result = commands.run("reconcile")
    assert result.exit_code == 0, (result.output, repr(result.exception))
    assert result.stdout.startswith("reconciled 30 journal entries, 0 cases, 30 ")
    commands.tamper("DELETE FROM journal WHERE seq = 3")
    result = commands.run("reconcile")
    assert result.exit_code == 1
    assert "audit_entries[2]: is not in the journal" in result.stdout


def test_a_subject_is_held_pruned_and_erased(commands: Commands) -> None:
    why = ("--reason", "ten years")
    assert commands.run("hold", "case_0", *why).exit_code == 0
    assert commands.run("holds").stdout.startswith("case_0\t2026-")
    assert "is under legal hold" in commands.fails("erase", "--subject", "case_0", *why)
    pruned = commands.run("prune", "--days", "1", *why)
    assert pruned.stderr.endswith("pruned the payloads of 24 entries\n")
    result = commands.run("verify")
    assert result.exit_code == 0, result.output
    assert commands.run("release", "case_0", *why).exit_code == 0
    assert commands.run("holds").stdout == ""
    erased = commands.run("erase", "--subject", "case_0", *why)
    assert erased.stderr.endswith("erased personal data beside 2 entries\n")
    assert commands.run("verify").exit_code == 0
    commands.tamper("UPDATE audit_entries SET body = 'x' WHERE idx = 1")
    assert "audit_entries[1]" in commands.fails("prune", "--days", "1", *why)
    assert "audit_entries[1].body: " in commands.run("verify").stdout


def test_search_takes_outcomes(commands: Commands) -> None:
    result = commands.run("search", "--outcome", "success", "--subject", "case_1")
    assert len(result.stdout.splitlines()) == 6
    assert commands.run("search", "--outcome", "failure").stdout == ""
    found = commands.run("search", "--correlation-id", "req-1")
    assert len(found.stdout.splitlines()) == 30


def test_an_export_is_told_of_in_the_journal(commands: Commands) -> None:
    commands.run("export", "--case", "case_2", "--output", "-")
    query = "SELECT type, subject FROM journal ORDER BY seq DESC LIMIT 1"
    assert commands.read(query) == ("integritas.audit.exported.v1", "case_2")


def test_where_all_is_settled_no_entry_waits(commands: Commands) -> None:
    assert commands.run("verify", "--settled").exit_code == 0
    commands.run("export", "--case", "case_2", "--output", "-")
    assert commands.run("verify").exit_code == 0
    result = commands.run("verify", "--settled")
    assert result.exit_code == 1
    assert result.stdout == "journal[31]: is not logged, and nothing should wait\n"


def test_a_search_is_told_of_in_the_journal_with_who_asked(commands: Commands) -> None:
    found = commands.run("search", "--subject", "case_1", "--format", "csv")
    assert len(found.stdout.splitlines()) == 7
    kind, data, payload = commands.read(
        "SELECT type, data, payload FROM journal NATURAL JOIN journal_personal "
        "ORDER BY seq DESC LIMIT 1"
    )
    assert (kind, data) == ("integritas.audit.exported.v1", '{"format":"csv"}')
    beside = orjson.loads(payload)
    assert beside["filter"] == {"subject": "case_1"}
    assert beside["address"] == f"{getpass.getuser()}@{socket.gethostname()}"


def test_the_key_is_rotated(commands: Commands) -> None:
    old = commands.run("keys").stdout
    new = commands.run("rotate").stdout
    assert new != old
    assert commands.run("keys").stdout == new + old
    assert commands.run("verify").exit_code == 0


def test_a_witness_process_cosigns(commands: Commands, tmp_path: Path) -> None:
    vkey = commands.run("keys").stdout.strip()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("integritas")
    arguments = ["audit", "witness", "--name", "w", "--log", vkey, "--port", str(port)]
    with subprocess.Popen(  # noqa: S603 - our own program
        [str(program), *arguments],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "INTEGRITAS_STATE_DIR": str(tmp_path / "w")},
    ) as process:
        assert process.stderr is not None
        try:
            key = process.stderr.readline().rsplit(" ", 1)[-1].strip()
            deadline = time.monotonic() + 30
            while True:
                address = f"http://127.0.0.1:{port}"
                result = commands.run("cosign", "--witness", address, "--key", key)
                if result.exit_code == 0 or time.monotonic() > deadline:
                    break
        finally:
            process.terminate()
    assert result.exit_code == 0
    assert "\n— w " in result.stdout
    assert commands.run("verify").exit_code == 0


def test_a_tenant_without_a_log_is_named(commands: Commands) -> None:
    assert "no log of a tenant 'typo'" in commands.fails("verify", "--tenant", "typo")

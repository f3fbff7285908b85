"""Every command: help, bad usage, one line for a failure, nothing left behind."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

from integritas.cli.main import app

if TYPE_CHECKING:
    from tests.integration.cli.conftest import Run


def commands(
    command: Any = None,  # a click command, loaded when it is asked for
    path: tuple[str, ...] = (),
) -> Iterator[str]:
    command = typer.main.get_command(app) if command is None else command
    if not hasattr(command, "list_commands"):
        yield " ".join(path)
        return
    context = command.make_context("integritas", [], resilient_parsing=True)
    if path and getattr(command, "invoke_without_command", False):
        yield " ".join(path)
    for name in command.list_commands(context):
        yield from commands(command.get_command(context, name), (*path, name))


pytestmark = pytest.mark.timeout(120)  # a process starts slowly on a busy machine

COMMANDS = sorted(commands())


def invoke(*arguments: str) -> int:
    return CliRunner().invoke(app, list(arguments)).exit_code


def test_the_commands_are_those_promised() -> None:
    promised = """demo;serve;db migrate;doctor;openapi;users create-admin;spam score;
        procurement indicators;compliance screen;compliance match;compliance lists;
        audit verify;audit export;audit tail;audit keys;audit mirror;bench engine"""
    assert {" ".join(each.split()) for each in promised.split(";")} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_explains(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


@pytest.mark.parametrize("command", [*COMMANDS, "", "db", "spam", "audit"])
def test_an_unknown_option_is_bad_usage(command: str) -> None:
    assert invoke(*command.split(), "--no-such-option") == 2


@pytest.mark.parametrize("command", ["nonsense", "db nonsense", "serve --role king"])
def test_an_unknown_command_or_choice_is_bad_usage(command: str) -> None:
    assert invoke(*command.split()) == 2


def test_version(run: Run) -> None:
    version = metadata.version("integritas")
    assert run("--version").succeeds().decode() == f"{version}\n"


def test_openapi_is_json_the_same_each_time(run: Run, tmp_path: Path) -> None:
    first = run("openapi").succeeds()
    document = json.loads(first)
    assert document["openapi"].startswith("3.")
    assert "/api/v1/submissions" in document["paths"]
    assert run("openapi", "--output", "api.json").succeeds() == b""
    assert (tmp_path / "api.json").read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["api.json"]


UNREADABLE = [
    "spam score --input absent --output -",
    "procurement indicators absent",
    "compliance match --pairs absent --output -",
    "compliance screen --lists absent --queries - --output -",
    "audit verify --bundle absent",
    "audit verify --db sqlite:///absent.db",
    "openapi --output absent/there.json",
    "spam score --input - --output absent/there.jsonl",
]


@pytest.mark.parametrize("command", UNREADABLE)
def test_a_file_that_cannot_be_used_is_one_line(
    run: Run, tmp_path: Path, command: str
) -> None:
    assert "absent" in run(*command.split()).fails()
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_setting_is_one_line(run: Run, tmp_path: Path) -> None:
    assert "INTEGRITAS_PORT" in run("doctor", port="seventy").fails()
    assert list(tmp_path.iterdir()) == []


STARTING = ["serve", "demo --once --count 40", "demo --once --reset", "db migrate"]


@pytest.mark.parametrize("command", STARTING)
def test_a_file_that_is_no_database(run: Run, tmp_path: Path, command: str) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are my notes, not a database\n" * 100)
    ended = run(*command.split(), database_url=f"sqlite:///{file}", port=0)
    assert "INTEGRITAS_DATABASE_URL" in ended.err
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith("integritas: ")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert file.read_text().startswith("these are my notes")


@pytest.mark.parametrize("command", STARTING[:3])
def test_a_state_folder_that_is_none(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "state").write_text("in the way")
    url = f"sqlite:///{tmp_path}/data.db"
    ended = run(*command.split(), state_dir="state", database_url=url, port=0)
    assert "INTEGRITAS_STATE_DIR" in ended.err
    assert ended.code == 1
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc here")
@pytest.mark.parametrize(
    "command",
    ["serve", "demo --once --count 40", "db migrate", "compliance lists refresh"],
)
def test_a_state_folder_in_which_nothing_can_be_made(
    run: Run, tmp_path: Path, command: str
) -> None:
    said = run(*command.split(), state_dir="/proc/x", port=0).fails()
    assert "the state folder /proc/x" in said
    assert "INTEGRITAS_STATE_DIR: name a folder you may write" in said
    assert "INTEGRITAS_DATABASE_URL" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc here")
def test_doctor_says_that_nothing_can_be_made_in_the_state_folder(run: Run) -> None:
    ended = run("doctor", state_dir="/proc/x")
    assert ended.code == 1
    assert "FAIL  state folder: the state folder /proc/x" in ended.out.decode()


def test_db_migrate_asks_nothing_of_a_state_folder_it_does_not_use(
    run: Run, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/data.db"
    run("db", "migrate", state_dir="/proc/x", database_url=url).succeeds()


@pytest.mark.parametrize("command", STARTING)
def test_a_database_that_cannot_be_made(run: Run, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("in the way")
    url = f"sqlite:///{tmp_path}/file/data.db"
    ended = run(*command.split(), database_url=url, port=0)
    assert ended.code == 1
    assert ended.err.splitlines()[-1].startswith("integritas: ")
    assert "Traceback" not in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_in_use_leaves_nothing(run: Run, tmp_path: Path, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = run(command, port=port).fails()
    assert "INTEGRITAS_PORT: choose another port" in said
    assert said.count("in use") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_an_address_of_another_machine_is_blamed_on_the_host(
    run: Run, tmp_path: Path, command: str
) -> None:
    said = run(command, host="192.0.2.1", port=0).fails()
    assert "INTEGRITAS_HOST: name an address of this machine" in said
    assert "INTEGRITAS_PORT" not in said
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_watchlists_that_is_not_there(run: Run, tmp_path: Path) -> None:
    said = run("serve", port=0, lists_dir="absent").fails()
    assert "absent is not a folder; INTEGRITAS_LISTS_DIR: name an existing" in said
    assert list(tmp_path.iterdir()) == []
    told = run("doctor", lists_dir="absent")
    assert told.code == 1
    assert "FAIL  watchlists: " in told.out.decode()


def test_a_start_that_is_refused_is_one_line(run: Run, tmp_path: Path) -> None:
    ended = run("serve", port=0, admin_password="short")
    assert "INTEGRITAS_ADMIN_PASSWORD" in ended.err.splitlines()[-1]
    assert ended.code == 1
    assert "Traceback" not in ended.err
    assert " on http" not in ended.err
    assert not list(tmp_path.rglob("admin-password"))


@pytest.mark.parametrize("role", ["gateway", "engine", "spam", "compliance", "audit"])
def test_a_split_role_on_sqlite_is_refused(run: Run, tmp_path: Path, role: str) -> None:
    assert "needs Postgres" in run("serve", "--role", role, port=0).err
    assert list(tmp_path.iterdir()) == []


def test_an_address_of_temporal_that_is_none_is_refused(
    run: Run, tmp_path: Path
) -> None:
    ended = run("serve", port=0, engine="temporal", temporal_address="here")
    assert "INTEGRITAS_TEMPORAL_ADDRESS" in ended.err
    assert ended.code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_service_open_to_all_is_refused(run: Run) -> None:
    url = "postgresql://nobody@127.0.0.1:1/none"
    ended = run("serve", "--role", "spam", port=0, host="0.0.0.0", database_url=url)  # noqa: S104 - refused
    assert "INTEGRITAS_SERVICE_TOKEN" in ended.fails()


def test_who_reads_may_go_away() -> None:
    program = str(Path(sys.executable).with_name("integritas"))
    with subprocess.Popen(  # noqa: S603 - our own program
        [program, "openapi"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


def test_a_full_disk_is_one_line(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "a", "raw": "see you at five"}\n')
    ended = run("spam", "score", "--input", source, "--output", "/dev/full")
    assert "No space left" in ended.fails()
    assert "No space left" in run("openapi", "--output", "/dev/full").fails()

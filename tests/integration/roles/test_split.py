"""The platform as six processes on Postgres, and what happens when one dies."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from integritas.migrations.api import head
from integritas.platform.tokens import service_tokens
from integritas.samples.api import synthetic_watchlist

PROGRAM = str(Path(sys.executable).with_name("integritas"))
PASSWORD = "correct horse battery"

TOKEN = "between us processes"
SERVICES = ("spam", "anticorruption", "compliance")
WAIT_S = 120


@dataclass
class Fleet:
    """Processes of one installation."""

    environment: dict[str, str]
    folder: Path
    addresses: dict[str, str] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(  # noqa: S603 - our own program
            [PROGRAM, *arguments],
            capture_output=True,
            text=True,
            env=self.environment,
            cwd=self.folder,
            timeout=40,
            check=False,
        )

    def begin(self, *roles: str, **settings: str) -> None:
        """Begin processes, all at once, and wait until each is ready."""
        more = {f"INTEGRITAS_{k.upper()}": v for k, v in settings.items()}
        for role in roles:
            with (self.folder / f"{role}.log").open("w") as log:
                self.processes[role] = subprocess.Popen(  # noqa: S603 - our own program
                    [PROGRAM, "serve", "--role", role],
                    stderr=log,
                    text=True,
                    env={**self.environment, **more},
                    cwd=self.folder,
                )
        for role in roles:
            self.addresses[role] = self._ready(role)

    def _ready(self, role: str) -> str:
        log = self.folder / f"{role}.log"
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            assert self.processes[role].poll() is None, log.read_text()
            if found := re.search(rf"^{role} on (\S+)$", log.read_text(), re.MULTILINE):
                try:
                    httpx.get(f"{found[1]}/healthz").raise_for_status()
                except httpx.HTTPError:
                    time.sleep(0.05)
                    continue
                return found[1]
            time.sleep(0.05)
        pytest.fail(f"{role} did not start: {log.read_text()}")

    def kill(self, role: str) -> None:
        """Kill a process: no goodbye."""
        self.processes[role].kill()
        self.processes[role].wait()

    def urls(self) -> dict[str, str]:
        """Return the settings that name the services."""
        return {f"{name}_url": self.addresses[name] for name in SERVICES}

    def client(self, role: str) -> httpx.Client:
        """Return a client that is signed in as the administrator."""
        client = httpx.Client(base_url=f"{self.addresses[role]}/api/v1", timeout=WAIT_S)
        form = {"grant_type": "password", "username": "admin", "password": PASSWORD}
        answer = client.post("/auth/token", json=form)
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client


@pytest.fixture
def fleet(tmp_path: Path, postgres_url: str) -> Iterator[Fleet]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("INTEGRITAS_")}
    settings = {
        "DATABASE_URL": postgres_url,
        "STATE_DIR": str(tmp_path / "state"),
        "LISTS_DIR": str(synthetic_watchlist(tmp_path / "lists")),
        "ADMIN_PASSWORD": PASSWORD,
        "SERVICE_TOKEN": TOKEN,
        "SERVICE_TIMEOUT_S": "5",
        "PORT": "0",
    }
    named = {f"INTEGRITAS_{name}": value for name, value in settings.items()}
    made = Fleet({**clean, **named}, tmp_path)
    yield made
    for process in made.processes.values():
        process.terminate()
    for process in made.processes.values():
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def stop(fleet: Fleet, *roles: str) -> dict[str, int]:
    """Ask processes to end; return how they did."""
    for role in roles:
        fleet.processes[role].terminate()
    return {role: fleet.processes[role].wait(20) for role in roles}


def submit(client: httpx.Client, raw: str) -> dict[str, Any]:
    """Submit a message and return its case once it was decided."""
    body = {"channel": "api", "evidence": [{"kind": "message", "raw": raw}]}
    answer = client.post("/submissions", json=body)
    assert answer.status_code == 202, answer.text
    where = f"/cases/{answer.json()['case_id']}"
    case: dict[str, Any] = {}
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        case = client.get(where).json()
        if case["state"] not in {"PENDING", "INVESTIGATING"}:
            return case
        time.sleep(0.05)
    pytest.fail(f"not decided: {case}")


def findings(client: httpx.Client, case: dict[str, Any]) -> list[dict[str, Any]]:
    answer = client.get(f"/cases/{case['id']}/findings")
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def check_assessed(fleet: Fleet, role: str) -> None:
    """With all services a clean message is closed; without spam it never is."""
    with closing(fleet.client(role)) as client:
        case = submit(client, "Lunch is at noon in the small room, see you there.")
        assert case["state"] == "RESOLVED"
        assert "spam" in {each["service"] for each in findings(client, case)}
        fleet.kill("spam")
        case = submit(client, "Lunch is at one in the large room, see you there.")
        assert case["state"] == "VALIDATING"
        lacking = [f for f in findings(client, case) if f["kind"] == "not_assessed"]
        assert [each["service"] for each in lacking] == ["spam"]


def check_assessed_later(fleet: Fleet, role: str) -> None:
    """What was submitted while spam was down it assesses once it is back."""
    with closing(fleet.client(role)) as client:
        cases = [
            submit(client, f"The {number}th reminder: lunch is at noon.")
            for number in range(3)
        ]
        assert {case["state"] for case in cases} == {"VALIDATING"}
        ready = httpx.get(f"{fleet.addresses[role]}/readyz")
        assert (ready.status_code, ready.json()["status"]) == (200, "degraded")
        port = fleet.addresses["spam"].rpartition(":")[2]
        fleet.begin("spam", port=port)
        deadline = time.monotonic() + WAIT_S
        for case in cases:
            while case["missing"]:
                assert time.monotonic() < deadline, case
                time.sleep(0.1)
                case = client.get(f"/cases/{case['id']}").json()  # noqa: PLW2901
            found = [f for f in findings(client, case) if f["service"] == "spam"]
            assert "not_assessed" in {each["kind"] for each in found}
            runs = client.get("/runs", params={"subject": case["id"]}).json()["data"]
            assert len(runs) > 1
            assert case["state"] == "VALIDATING"
        seen = httpx.get(f"{fleet.addresses[role]}/metrics").text
        opened = 'circuit_changes_total{service="spam",state="open"} '
        assert f"integritas_remote_{opened}" in seen
    assert "service.circuit_open" in (fleet.folder / f"{role}.log").read_text()


def check_learned(fleet: Fleet, role: str) -> None:
    """A release that is submitted is in the statistics, once."""
    release = {"ocid": "o1", "buyer": {"id": "city"}, "parties": [{"id": "city"}]}
    item = {"kind": "procurement", "release": release}
    with closing(fleet.client(role)) as client:
        answer = client.post(
            "/submissions", json={"channel": "api", "evidence": [item]}
        )
        assert answer.status_code == 202, answer.text
        deadline = time.monotonic() + WAIT_S
        told: dict[str, Any] = {"processes": 0}
        while not told["processes"] and time.monotonic() < deadline:
            told = client.get("/anticorruption/datasets/observed").json()
            time.sleep(0.05)
        assert (told["processes"], told["version"]) == (1, "observed@1")
        assert client.get("/anticorruption/networks/city").status_code == 200


@pytest.mark.timeout(400)
def test_services_apart_from_everything_else(fleet: Fleet) -> None:
    assert fleet.run("db", "migrate").returncode == 0
    fleet.begin(*SERVICES)
    fleet.begin("all", **fleet.urls())
    check_assessed(fleet, "all")
    check_assessed_later(fleet, "all")
    check_learned(fleet, "all")
    assert stop(fleet, "all", "compliance") == {"all": 0, "compliance": 0}


@pytest.mark.timeout(400)
def test_six_processes(fleet: Fleet) -> None:
    assert fleet.run("db", "migrate").returncode == 0
    fleet.begin(*SERVICES)
    fleet.begin("gateway", "engine", "audit", **fleet.urls())
    check_assessed(fleet, "gateway")
    check_learned(fleet, "gateway")
    with closing(fleet.client("gateway")) as client:
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            report = fleet.run("audit", "verify")
            assert report.returncode == 0, report.stdout + report.stderr
            count = int(re.findall(r"verified (\d+) entries", report.stdout)[0])
            if count >= 10:
                break
        assert client.get("/cases").status_code == 200
    ended = stop(fleet, "gateway", "engine", "audit")
    assert ended == {"gateway": 0, "engine": 0, "audit": 0}


@pytest.mark.timeout(200)
def test_a_service_wants_its_token(fleet: Fleet) -> None:
    assert fleet.run("db", "migrate").returncode == 0  # it keeps what it learns
    fleet.begin("spam")
    url = f"{fleet.addresses['spam']}/internal/v1/spam/assess"
    public = f"{fleet.addresses['spam']}/api/v1/spam/assess"
    for where in (url, public):
        assert httpx.post(where, content=b"{}").status_code == 401
        other = service_tokens(TOKEN).token("compliance")
        for wrong in ("wrong", TOKEN, other):
            headers = {"Authorization": f"Bearer {wrong}"}
            assert httpx.post(where, content=b"{}", headers=headers).status_code == 401
    right = {"Authorization": f"Bearer {service_tokens(TOKEN).token('spam')}"}
    item = {"evidence": [{"kind": "message", "raw": "hello"}]}
    assert httpx.post(public, json=item, headers=right).status_code == 200


@pytest.mark.timeout(200)
def test_a_server_refuses_an_old_schema(fleet: Fleet) -> None:
    done = fleet.run("serve", "--role", "all")
    assert done.returncode == 1
    assert "integritas db migrate" in done.stderr.splitlines()[-1]
    assert fleet.run("db", "migrate", "--check").returncode == 1
    assert fleet.run("db", "migrate").stdout == f"migrated from none to {head()}\n"
    assert fleet.run("db", "migrate", "--check").returncode == 0


@pytest.mark.timeout(400)
def test_workers_of_temporal_carry_cases_and_one_may_die(
    fleet: Fleet, temporal_address: str
) -> None:
    fleet.environment |= {
        "INTEGRITAS_ENGINE": "temporal",
        "INTEGRITAS_TEMPORAL_ADDRESS": temporal_address,
        "INTEGRITAS_TEMPORAL_TASK_QUEUE": "roles",
    }
    assert fleet.run("db", "migrate").returncode == 0
    fleet.begin("gateway", "engine")
    with closing(fleet.client("gateway")) as client:
        case = submit(client, "Lunch is at noon in the small room, see you there.")
        assert case["state"] == "RESOLVED"
        first = fleet.processes["engine"]
        fleet.begin("engine")  # a second worker beside the first
        first.kill()
        first.wait()
        case = submit(client, "Lunch is at one in the large room, see you there.")
        assert case["state"] == "RESOLVED"
    assert stop(fleet, "engine", "gateway") == {"engine": 0, "gateway": 0}

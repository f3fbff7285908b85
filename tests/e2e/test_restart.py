"""A server that begins anew under load refuses nobody and loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from socket import create_server
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.timeout(300)

CALLERS = 4
PATIENCE_S = 120.0


class Callers:
    """Threads that submit, and read back, over kept connections and new ones."""

    def __init__(self, server: Any, token: str) -> None:
        self._server = server
        self._token = token
        self._end = threading.Event()
        self.accepted: list[str] = []
        self.failed: list[str] = []
        self._threads = [
            threading.Thread(target=self._call, args=(bool(number % 2),))
            for number in range(CALLERS)
        ]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def wait(self, count: int) -> None:
        """Wait until so many more were accepted."""
        wanted = len(self.accepted) + count
        deadline = time.monotonic() + PATIENCE_S
        while len(self.accepted) < wanted and not self.failed:
            assert time.monotonic() < deadline, "nothing was accepted for too long"
            time.sleep(0.01)

    def _call(self, kept: bool) -> None:
        headers = {"Authorization": f"Bearer {self._token}"}
        if not kept:
            headers["Connection"] = "close"
        with httpx.Client(
            base_url=self._server.url, headers=headers, timeout=PATIENCE_S
        ) as client:
            while not self._end.is_set():
                self._once(client)

    def _once(self, client: httpx.Client) -> None:
        item = {"kind": "message", "raw": "Lunch is at noon in the small room."}
        try:
            opened = client.post("/api/v1/submissions", json={"evidence": [item]})
            if opened.status_code != 202:
                self.failed.append(f"{opened.status_code} {opened.text}")
                return
            case_id = opened.json()["case_id"]
            self.accepted.append(case_id)
            read = client.get(f"/api/v1/cases/{case_id}")
        except httpx.HTTPError as error:
            self.failed.append(repr(error))
            return
        if read.status_code != 200:
            self.failed.append(f"{read.status_code} {read.text}")


def test_no_request_fails_while_a_server_begins_anew(server: Any) -> None:
    server.start()
    callers = Callers(server, server.sign_in()["access_token"])
    callers.begin()
    try:
        callers.wait(20)
        for _ in range(2):
            before = starts(server)
            server.process.send_signal(signal.SIGHUP)
            deadline = time.monotonic() + PATIENCE_S
            while starts(server) == before:
                assert server.process.poll() is None
                assert time.monotonic() < deadline, "it did not begin anew"
                time.sleep(0.02)
            callers.wait(20)
    finally:
        callers.end()
    assert callers.failed == []
    with server.client() as client:
        for case_id in callers.accepted:
            assert client.get(f"/api/v1/cases/{case_id}").status_code == 200
    assert server.stop() == 0
    verified = server.run("audit", "verify")
    assert verified.returncode == 0, verified.stderr


def starts(server: Any) -> int:
    """Return how often the process said where it listens."""
    count: int = (server.folder / "stderr").read_text().count(f"all on {server.url}")
    return count


TAKES = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = os.environ.get("FOR", str(os.getpid()))
from integritas.cli.listening import listen
from integritas.kernel.errors import IntegritasError
from integritas.platform.config import load_settings
try:
    print(listen(load_settings(port=0)).getsockname()[1])
except IntegritasError as error:
    print(error.errors[0].path, error.errors[0].message)
print({"LISTEN_FDS", "LISTEN_PID"} & os.environ.keys())
"""


def take(fd: int, **environment: str) -> list[str]:
    """Return what a process says that was handed a file descriptor as its third."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("INTEGRITAS_")}
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", TAKES, str(fd)],
        env={**kept, "LISTEN_FDS": "1", **environment},
        pass_fds=[fd],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.splitlines()


def test_a_socket_that_is_handed_over_is_taken() -> None:
    with create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        assert take(listener.fileno()) == [port, "set()"]
        other = take(listener.fileno(), FOR="1")  # it is meant for another process
        assert other[0] != port
        several = take(listener.fileno(), LISTEN_FDS="2")
        assert several == ["LISTEN_FDS 2 sockets were handed over", "set()"]


def test_what_does_not_listen_is_refused() -> None:
    with create_server(("127.0.0.1", 0)) as listener:
        with httpx.Client() as client, pytest.raises(httpx.ReadTimeout):
            client.get(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.01)
        connection, _ = listener.accept()
        with connection:
            said = take(connection.fileno())
    assert said == ["LISTEN_FDS file descriptor 3 does not listen", "set()"]
    with Path(os.devnull).open("rb") as file:
        [what, _] = take(file.fileno())
    assert what.startswith("LISTEN_FDS file descriptor 3: ")

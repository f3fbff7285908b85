"""The platform as a process: from a submission to the audit log, and its ends."""

from __future__ import annotations

import signal
import socket
import sqlite3
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

TIP = {"kind": "message", "raw": "The winner was known before the tender opened."}
PARTY = {
    "kind": "party",
    "schema": "Person",
    "properties": {
        "name": ["Тимофей Аркадьевич Горелкинов"],
        "birthDate": ["1968-03-14"],
        "country": ["ru"],
    },
}
SUBMISSIONS = "/api/v1/submissions"

pytestmark = pytest.mark.timeout(400)


def submit(client: httpx.Client, *evidence: Any, **headers: str) -> httpx.Response:
    return client.post(SUBMISSIONS, json={"evidence": evidence}, headers=headers)


def test_from_submission_to_audit_log_and_on_after_a_restart(
    topology: Any, until: Any
) -> None:
    topology.start()
    pair = topology.sign_in()
    with topology.client(pair["access_token"]) as client:
        case = submit(client, TIP, PARTY, Prefer="wait=20").json()
        assert case["missing"] == []
        assert case["state"] == "VALIDATING"
        findings = client.get(f"/api/v1/cases/{case['id']}/findings").json()["data"]
        assert any(f["kind"] == "hit" for f in findings)
        moved = client.post(
            f"/api/v1/cases/{case['id']}/transitions",
            json={"to": "REMEDIATING", "reason": "a listed party"},
            headers={"If-Match": f'"{case["version"]}"'},
        )
        assert moved.json()["state"] == "REMEDIATING"
        timeline = client.get(f"/api/v1/cases/{case['id']}/timeline").json()["data"]

        def sealed() -> bool:
            log = client.get("/api/v1/audit/entries?limit=1000").json()["data"]
            logged = {entry["event_id"] for entry in log}
            return logged >= {entry["event_id"] for entry in timeline}

        until(sealed)
        assert client.post("/api/v1/audit/verify").json()["sound"] is True
    assert topology.stop() == 0
    verified = topology.run("audit", "verify")
    assert verified.returncode == 0, verified.stderr
    topology.start()
    with topology.client(pair["access_token"]) as client:
        again = client.get(f"/api/v1/cases/{case['id']}").json()
        assert again["state"] == "REMEDIATING"
        second = submit(client, TIP, Prefer="wait=20").json()
        assert second["number"] > case["number"]
    assert topology.stop() == 0
    assert "Traceback" not in topology.said()


def test_a_stop_loses_nothing_that_was_accepted(server: Any, until: Any) -> None:
    server.start()
    token = server.sign_in()["access_token"]
    accepted: list[str] = []
    refused: list[int] = []

    def send() -> None:
        with server.client(token) as client:
            while True:
                try:
                    answer = submit(client, TIP)
                except httpx.TransportError:
                    return
                if answer.status_code == 202:
                    accepted.append(answer.json()["case_id"])
                else:
                    refused.append(answer.status_code)

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    until(lambda: len(accepted) > 20)
    assert server.stop() == 0
    for sender in senders:
        sender.join(30)
    assert set(refused) <= {503}
    server.start()
    with server.client() as client:
        until(lambda: decided(client, accepted))
    assert server.stop() == 0
    assert server.run("audit", "verify").returncode == 0


def decided(client: httpx.Client, cases: list[str]) -> bool:
    answers = (client.get(f"/api/v1/cases/{case}") for case in cases)
    return all(answer.json()["outcome"] is not None for answer in answers)


def test_a_kill_in_the_middle_is_made_good(server: Any, until: Any) -> None:
    server.start()
    with server.client() as client:
        items = [{"evidence": [TIP], "reference": str(n)} for n in range(200)]
        answer = client.post(f"{SUBMISSIONS}/batch", json={"items": items})
        cases = [r["accepted"]["case_id"] for r in answer.json()["results"]]
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    server.start()
    with server.client() as client:
        until(lambda: decided(client, cases))
        for case in cases[:20]:
            decisions = client.get(f"/api/v1/cases/{case}/decisions").json()["data"]
            assert len(decisions) == 1
    assert server.stop() == 0
    verified = server.run("audit", "verify")
    assert verified.returncode == 0, verified.stderr
    with sqlite3.connect(server.folder / "state/integritas.db") as database:
        seen, distinct = database.execute(
            "SELECT count(event_id), count(DISTINCT event_id) FROM audit_entries"
        ).fetchone()
        entries = database.execute("SELECT count(*) FROM journal").fetchone()[0]
    database.close()
    assert seen == distinct == entries


def test_a_port_in_use_is_one_line_and_nothing_made(server: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server.env = {**server.env, "INTEGRITAS_PORT": str(port)}
        ended = server.run("serve")
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1
    assert f"127.0.0.1:{port}" in ended.stderr
    assert not (server.folder / "state").exists()


def test_a_bad_setting_is_one_line(server: Any) -> None:
    server.env = {**server.env, "INTEGRITAS_PORT": "many"}
    ended = server.run("serve")
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "INTEGRITAS_PORT" in ended.stderr


def test_a_state_folder_that_is_a_file_is_one_line(server: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    server.env = {**server.env, "INTEGRITAS_STATE_DIR": str(tmp_path / "file")}
    ended = server.run("serve")
    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1


# The wire -------------------------------------------------------------------------


def talk(url: str, *chunks: bytes, hang_up: bool = True) -> bytes:
    """Send bytes as they are; return all that comes back until the server hangs up.

    `hang_up` says that nothing more will come, which a server may take for leaving.
    """
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as wire:
        try:
            for chunk in chunks:
                wire.sendall(chunk)
            if hang_up:
                wire.shutdown(socket.SHUT_WR)
        except OSError:  # it hung up on us, which is an answer too
            pass
        answer = b""
        try:
            while chunk := wire.recv(65_536):
                answer += chunk
        except ConnectionResetError:
            pass
        return answer


def test_what_is_no_http_is_no_crash(server: Any) -> None:
    server.start()
    token = server.sign_in()["access_token"].encode()
    auth = b"Authorization: Bearer " + token + b"\r\n"
    head = b"POST /api/v1/submissions HTTP/1.1\r\nHost: x\r\n" + auth
    json_head = head + b"Content-Type: application/json\r\n"
    refused = [
        talk(server.url, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        talk(server.url, b"GET\r\n\r\n"),
        talk(server.url, b"GET / HTTP/9.9\r\n\r\n"),
        talk(server.url, b"get /healthz HTTP/1.1\r\nHost: x\r\nA\0B: c\r\n\r\n"),
        talk(server.url, json_head + b"Content-Length: -1\r\n\r\n{}"),
        talk(server.url, json_head + b"Content-Length: x\r\n\r\n{}"),
        talk(
            server.url, json_head + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"
        ),
        talk(
            server.url,
            json_head + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
        ),
        talk(server.url, json_head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
        talk(server.url, json_head + b"Transfer-Encoding: nonsense\r\n\r\n{}"),
    ]
    for number, answer in enumerate(refused):
        assert b" 200 " not in answer, (number, answer)
        assert b" 202 " not in answer, (number, answer)
        assert b"HTTP/1.1 5" not in answer, (number, answer)
    large = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n"
    assert b"HTTP/1.1 5" not in talk(server.url, large)
    with server.client(token.decode()) as client:
        assert client.get("/api/v1/cases").json()["data"] == []
    assert server.stop() == 0
    assert "Traceback" not in (server.folder / "stderr").read_text()


def test_who_leaves_in_the_middle_does_no_harm(server: Any) -> None:
    server.start()
    token = server.sign_in()["access_token"]
    body = b'{"evidence": [{"kind": "message", "raw": "x"}]}'
    head = (
        "POST /api/v1/submissions HTTP/1.1\r\nHost: x\r\nPrefer: wait=5\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    for _ in range(5):
        talk(server.url, head + body)
    with server.client(token) as client:
        assert client.get("/healthz").status_code == 200
        assert len(client.get("/api/v1/cases").json()["data"]) <= 5
    assert server.stop() == 0
    assert "Traceback" not in (server.folder / "stderr").read_text()


def test_too_large_a_body_is_refused_on_the_wire(server: Any) -> None:
    server.start()
    token = server.sign_in()["access_token"]
    head = (
        "POST /api/v1/submissions HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    ).encode()
    announced = talk(server.url, head + b"Content-Length: 99999999999\r\n\r\n")
    assert announced.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in announced
    mib = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    chunked = talk(
        server.url, head + b"Transfer-Encoding: chunked\r\n\r\n", *[mib] * 12
    )
    assert chunked.startswith(b"HTTP/1.1 413 ") or not chunked
    cut_off = talk(server.url, head + b'Content-Length: 500\r\n\r\n{"evidence": [')
    assert b" 202 " not in cut_off
    with server.client(token) as client:
        assert client.get("/api/v1/cases").json()["data"] == []
    assert server.stop() == 0
    assert "Traceback" not in (server.folder / "stderr").read_text()


def test_odd_paths_and_headers_on_the_wire(server: Any) -> None:
    server.start()
    token = server.sign_in()["access_token"].encode()
    auth = b"Connection: close\r\nAuthorization: Bearer " + token + b"\r\n"
    for path in (
        *(b"/api/v1/cases/%00", b"/api/v1/cases/\xff", b"/api/v1/cases/%ff"),
        *(b"/api/v1/cases/%ed%a0%80", b"/../../etc/passwd", b"//evil.example/"),
        *(b"http://evil.example/api/v1/cases/x", b"/api/static-docs/../core.py"),
        *(b"/api/v1/cases/x?cursor=%ff", b"*", b"/%"),
    ):
        request = b"GET " + path + b" HTTP/1.1\r\nHost: [::\r\n" + auth + b"\r\n"
        answer = talk(server.url, request, hang_up=False)
        assert answer[9:12] in {b"400", b"404", b"422"}, (path, answer)
    for header in (b"X-Request-ID: \xff\xfe", b"traceparent: 00-x", b"Prefer: \x80"):
        request = b"GET /api/v1/me HTTP/1.1\r\nHost: x\r\n" + auth + header
        answer = talk(server.url, request + b"\r\n\r\n", hang_up=False)
        assert answer[9:12] in {b"200", b"400"}, (header, answer)
    assert server.stop() == 0
    assert "Traceback" not in (server.folder / "stderr").read_text()

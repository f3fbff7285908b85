"""The whole platform in one process, its runs on a real Temporal server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from tests.e2e.conftest import Server

MESSAGE = {"kind": "message", "raw": "The meeting is at nine, in the small room."}


def on_temporal(server: Server, address: str) -> Server:
    """Return the server, set up for Temporal."""
    server.env = {
        **server.env,
        "INTEGRITAS_ENGINE": "temporal",
        "INTEGRITAS_TEMPORAL_ADDRESS": address,
        "INTEGRITAS_TEMPORAL_TASK_QUEUE": "e2e",
    }
    return server


def test_a_case_goes_its_way_on_temporal(server: Server, temporal_address: str) -> None:
    on_temporal(server, temporal_address).start()
    doctor = server.run("doctor")
    assert f"Temporal at {temporal_address}, namespace default" in doctor.stdout
    checks = httpx.get(f"{server.url}/readyz", timeout=10).json()["checks"]
    assert checks["engine"] == {"status": "ok"}
    with server.client() as client:
        answer = client.post(
            "/api/v1/submissions",
            json={"evidence": [MESSAGE]},
            headers={"Prefer": "wait=30"},
        )
        assert answer.status_code == 200, answer.text
        case = answer.json()
        runs = client.get("/api/v1/runs", params={"subject": case["id"]}).json()
        [run] = runs["data"]
        steps = client.get(f"/api/v1/runs/{run['id']}/steps").json()["data"]
    assert case["state"] in {"RESOLVED", "VALIDATING"}
    assert case["missing"] == []
    assert run["state"] == "succeeded"
    assert {step["name"]: step["state"] for step in steps} == dict.fromkeys(
        ("intake", "spam", "anticorruption", "compliance", "decide"), "succeeded"
    )
    assert server.stop() == 0


def test_doctor_names_a_server_that_is_not_there(
    server: Server, unused_tcp_port: int
) -> None:
    address = f"127.0.0.1:{unused_tcp_port}"
    doctor = on_temporal(server, address).run("doctor")
    assert doctor.returncode == 1
    assert "INTEGRITAS_TEMPORAL_ADDRESS" in doctor.stdout
    assert f"{address} does not answer" in doctor.stdout

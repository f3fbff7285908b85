"""The platform over TLS, by certificates of `integritas tls init`."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.timeout(150)


def test_from_the_certificates_to_a_login(server: Any) -> None:
    made = server.run("tls", "init")
    assert made.returncode == 0, made.stderr
    printed = dict(
        line.split("=", 1) for line in made.stdout.splitlines() if line[0] != "#"
    )
    wanted = ("INTEGRITAS_TLS_CERT_FILE", "INTEGRITAS_TLS_KEY_FILE")
    server.env = {**server.env, **{name: printed[name] for name in wanted}}
    server.trust = ssl.create_default_context(
        cafile=printed["INTEGRITAS_SERVICES_CA_FILE"]
    )
    server.start()
    assert server.url.startswith("https://")
    with server.client() as client:
        answer = client.get("/api/v1/me")
    assert answer.json()["roles"] == ["admin"]
    assert "strict-transport-security" in answer.headers
    with pytest.raises(httpx.TransportError):
        httpx.get(server.url.replace("https:", "http:") + "/healthz", timeout=5)
    assert server.stop() == 0
    again = server.run("tls", "init")
    assert again.returncode == 1
    assert "is there already" in again.stderr


def test_half_a_set_up_does_not_start(server: Any) -> None:
    server.env = {**server.env, "INTEGRITAS_TLS_CERT_FILE": "none.pem"}
    refused = server.run("serve")
    assert refused.returncode == 1
    assert "INTEGRITAS_TLS_KEY_FILE: set both, or neither" in refused.stderr
    assert not list(server.folder.glob("state/*.db"))

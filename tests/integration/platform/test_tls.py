"""TLS as a client sees it: an authority, a server, callers who show who they are."""

from __future__ import annotations

import asyncio
import ssl
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography import x509

from integritas.kernel.clock import SystemClock
from integritas.kernel.errors import Conflict, InvalidInput
from integritas.platform.config import load_settings
from integritas.platform.http import service_app
from integritas.platform.remote import RemoteService, remote_client
from integritas.platform.resilience import Guard, GuardPolicy
from integritas.platform.telemetry import CallMetrics, new_registry
from integritas.platform.tls import (
    DevelopmentFiles,
    make_development_files,
    services_context,
    serving,
)

HOSTS = ["localhost", "127.0.0.1", "::1"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentFiles:
    folder = tmp_path_factory.mktemp("tls") / "made"
    return make_development_files(folder, HOSTS, SystemClock())


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentFiles:
    folder = tmp_path_factory.mktemp("tls") / "strangers"
    return make_development_files(folder, HOSTS, SystemClock())


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[str]:
    from fastapi import APIRouter

    app = service_app(
        name="echo", operations={}, router=APIRouter(), pings={}, token=None
    )
    options = serving(load_settings(**settings))
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", **options)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"https://127.0.0.1:{port}"
    server.should_exit = True
    await task


def server_settings(files: DevelopmentFiles, *, mutual: bool = False) -> dict[str, Any]:
    cert, key = files.server
    found: dict[str, Any] = {"tls_cert_file": cert, "tls_key_file": key}
    return found | ({"tls_client_ca_file": files.ca} if mutual else {})


def caller(files: DevelopmentFiles, *, shows: bool = True) -> ssl.SSLContext:
    cert, key = files.client
    shown = {"services_cert_file": cert, "services_key_file": key} if shows else {}
    context = services_context(load_settings(services_ca_file=files.ca, **shown))
    assert context is not None
    return context


async def ping(url: str, context: ssl.SSLContext | None) -> str | None:
    client = remote_client(url, "echo", token=None, tls=context)
    guard = Guard("echo", CallMetrics(new_registry()), GuardPolicy())
    async with client:
        return await RemoteService("echo", client, guard).ping()


async def test_who_trusts_the_authority_is_answered(files: DevelopmentFiles) -> None:
    async with served(**server_settings(files)) as url:
        assert await ping(url, caller(files, shows=False)) is None
        assert await ping(url.replace("127.0.0.1", "localhost"), caller(files)) is None


async def test_who_does_not_trust_it_hangs_up(
    files: DevelopmentFiles, strangers: DevelopmentFiles
) -> None:
    async with served(**server_settings(files)) as url:
        for context in (None, caller(strangers)):
            assert "certificate verify failed" in (await ping(url, context) or "")


async def test_mutual_answers_none_but_who_shows_a_certificate(
    files: DevelopmentFiles, strangers: DevelopmentFiles
) -> None:
    async with served(**server_settings(files, mutual=True)) as url:
        assert await ping(url, caller(files)) is None
        unknown = ssl.create_default_context(cafile=files.ca)
        unknown.load_cert_chain(*strangers.client)
        server = ssl.create_default_context(cafile=files.ca)
        server.load_cert_chain(*files.server)  # vouched for, but not as a client
        for context in (caller(files, shows=False), unknown, server):
            assert "cannot be reached" in (await ping(url, context) or "")


async def test_old_versions_of_tls_are_refused(files: DevelopmentFiles) -> None:
    async with served(**server_settings(files)) as url:
        old = ssl.create_default_context(cafile=files.ca)
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        assert "cannot be reached" in (await ping(url, old) or "")


async def test_answers_tell_browsers_to_stay_with_it(files: DevelopmentFiles) -> None:
    async with (
        served(**server_settings(files)) as url,
        httpx.AsyncClient(verify=caller(files)) as client,
    ):
        headers = (await client.get(f"{url}/healthz")).headers
    assert "max-age" in headers["strict-transport-security"]
    assert "server" not in headers or headers["server"] == "uvicorn"


def test_what_is_made_vouches_for_no_more_than_it_says(files: DevelopmentFiles) -> None:
    ca = x509.load_pem_x509_certificate(files.ca.read_bytes())
    server = x509.load_pem_x509_certificate(files.server[0].read_bytes())
    server.verify_directly_issued_by(ca)
    of = x509.SubjectAlternativeName
    names = server.extensions.get_extension_for_class(of).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert list(map(str, names.get_values_for_type(x509.IPAddress))) == HOSTS[1:]
    basic = x509.BasicConstraints
    assert not server.extensions.get_extension_for_class(basic).value.ca
    assert ca.extensions.get_extension_for_class(basic).value.path_length == 0


def test_keys_are_their_owners(files: DevelopmentFiles) -> None:
    for key in files.ca.parent.glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_an_authority_is_not_overwritten(files: DevelopmentFiles) -> None:
    with pytest.raises(Conflict, match="is there already"):
        make_development_files(files.ca.parent, HOSTS, SystemClock())


def test_without_settings_there_is_no_tls() -> None:
    assert serving(load_settings()) == {}
    assert services_context(load_settings()) is None


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"tls_cert_file": "CERT"}, "INTEGRITAS_TLS_KEY_FILE"),
        ({"tls_key_file": "KEY"}, "INTEGRITAS_TLS_CERT_FILE"),
        ({"tls_client_ca_file": "CERT"}, "INTEGRITAS_TLS_CERT_FILE"),
        ({"tls_cert_file": "none", "tls_key_file": "KEY"}, "INTEGRITAS_TLS_CERT_FILE"),
        ({"tls_cert_file": "KEY", "tls_key_file": "KEY"}, "INTEGRITAS_TLS_CERT_FILE"),
        (
            {
                "tls_cert_file": "CERT",
                "tls_key_file": "KEY",
                "tls_client_ca_file": "none",
            },
            "INTEGRITAS_TLS_CLIENT_CA_FILE",
        ),
        ({"services_cert_file": "CERT"}, "INTEGRITAS_SERVICES_KEY_FILE"),
        ({"services_key_file": "KEY"}, "INTEGRITAS_SERVICES_CERT_FILE"),
        ({"services_ca_file": "none"}, "INTEGRITAS_SERVICES_CA_FILE"),
    ],
)
def test_half_a_set_up_is_refused_by_name(
    files: DevelopmentFiles, settings: dict[str, str], named: str
) -> None:
    real = {"CERT": files.server[0], "KEY": files.server[1], "none": Path("none.pem")}
    chosen = load_settings(**{name: real[what] for name, what in settings.items()})
    check = serving if "_TLS_" in named else services_context
    with pytest.raises(InvalidInput) as refused:
        check(chosen)
    assert refused.value.errors[0].path == named

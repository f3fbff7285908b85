"""RFC 3161 timestamps by OpenSSL's own responder, verified by it and by us."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from integritas.kernel.errors import ContractViolation, InvalidInput, Unavailable
from integritas.kernel.ids import TenantId
from integritas.services.audit.api import fetch_timestamp, load_roots, verify_timestamp

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.audit.conftest import World

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
CONFIG = """
[tsa]
default_tsa = main
[main]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
[ext]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
"""


class Authority:
    """A timestamping authority: OpenSSL behind HTTP."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "openssl.cnf"
        self.config.write_text(CONFIG.format(folder=folder))
        new = ["-newkey", "rsa:2048", "-nodes"]
        self.openssl(
            *("req", "-x509", *new, "-subj", "/CN=Root", "-days", "2"),
            *("-config", str(self.config), "-extensions", "ca"),
            *("-keyout", "ca.key", "-out", "ca.pem"),
        )
        self.openssl(
            *("req", *new, "-subj", "/CN=TSA", "-config", str(self.config)),
            *("-keyout", "tsa.key", "-out", "tsa.csr"),
        )
        self.openssl(
            *("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key"),
            *("-CAcreateserial", "-days", "2", "-out", "tsa.pem"),
            *("-extfile", str(self.config), "-extensions", "ext"),
        )
        (folder / "serial").write_text("01\n")
        self.roots = load_roots((folder / "ca.pem").read_bytes())

    def openssl(self, *arguments: str) -> str:
        program = shutil.which("openssl")
        assert program is not None
        done = subprocess.run(  # noqa: S603 - a tool
            [program, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout + done.stderr

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["content-type"] == "application/timestamp-query"
        (self.folder / "query.tsq").write_bytes(request.content)
        self.openssl(
            *("ts", "-reply", "-config", str(self.config)),
            *("-queryfile", "query.tsq", "-out", "reply.tsr"),
        )
        return httpx.Response(200, content=(self.folder / "reply.tsr").read_bytes())

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self.answer))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no timestamping authority")
    (tmp_path / "tsa").mkdir()
    return Authority(tmp_path / "tsa")


async def test_openssl_stamps_and_verifies_a_checkpoint(
    sqlite_world: World, authority: Authority
) -> None:
    await sqlite_world.log(3)
    note = (await sqlite_world.trail.checkpoint(MAIN)).note
    async with authority.client() as client:
        token, time = await fetch_timestamp(
            client, "http://tsa/", note, authority.roots
        )
    assert time.tzinfo is not None
    assert verify_timestamp(token, note, authority.roots) == time
    await asyncio.to_thread((authority.folder / "checkpoint").write_text, note)
    told = authority.openssl(
        *("ts", "-verify", "-data", "checkpoint", "-in", "reply.tsr"),
        *("-CAfile", "ca.pem"),
    )
    assert "Verification: OK" in told


async def test_a_timestamp_of_something_else_or_by_a_stranger_is_refused(
    sqlite_world: World, authority: Authority, tmp_path: Path
) -> None:
    await sqlite_world.log(3)
    note = (await sqlite_world.trail.checkpoint(MAIN)).note
    async with authority.client() as client:
        token, _ = await fetch_timestamp(client, "http://tsa/", note, authority.roots)
    with pytest.raises(ContractViolation, match="does not verify"):
        verify_timestamp(token, note + "x", authority.roots)
    with pytest.raises(ContractViolation, match="does not verify"):
        verify_timestamp(b"nonsense", note, authority.roots)
    await asyncio.to_thread((tmp_path / "other").mkdir)
    stranger = Authority(tmp_path / "other")
    with pytest.raises(ContractViolation, match="does not verify"):
        verify_timestamp(token, note, stranger.roots)


@pytest.mark.parametrize(
    "answer", [httpx.Response(500), httpx.Response(200, content=b"nonsense")]
)
async def test_an_authority_that_misbehaves_is_said_to(
    authority: Authority, answer: httpx.Response
) -> None:
    transport = httpx.MockTransport(lambda _: answer)
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(ContractViolation, match="http://tsa/ answered"):
            await fetch_timestamp(client, "http://tsa/", "note", authority.roots)


async def test_an_authority_out_of_reach_is_said_to_be(authority: Authority) -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await fetch_timestamp(
                client, "http://127.0.0.1:9/", "note", authority.roots
            )


def test_roots_that_are_none_are_named() -> None:
    with pytest.raises(InvalidInput, match="--ca"):
        load_roots(b"nonsense")

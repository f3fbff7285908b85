"""Witnesses over HTTP: they cosign what extends, and never a fork."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from tests.integration.audit.test_go_client import client as client  # noqa: PLC0414 - a fixture
from tests.integration.audit.test_go_client import run

from integritas.kernel.clock import SeededRandomness
from integritas.kernel.errors import (
    ContractViolation,
    InvalidInput,
    Refused,
    Unavailable,
)
from integritas.kernel.ids import TenantId
from integritas.services.audit.api import (
    Witness,
    parse_checkpoint,
    parse_verifier_key,
    witness_app,
    write_mirror,
)
from integritas.services.audit.notes import SigningKey, checkpoint_text
from integritas.services.audit.witness import add_checkpoint_body, open_witness

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.audit.conftest import World

pytestmark = pytest.mark.integration

MAIN = TenantId("main")


async def open_for(
    world: World, folder: Path, name: str = "witness.example"
) -> Witness:
    keys = [parse_verifier_key(k) for k in await world.trail.verifier_keys(MAIN)]
    return open_witness(folder, name, keys, world.clock, SeededRandomness(len(name)))


def http(witness: Witness) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(witness_app(witness))
    return httpx.AsyncClient(transport=transport, base_url="http://witness/")


async def cosigned(world: World, witness: Witness) -> str:
    async with http(witness) as asked:
        return await world.trail.cosign(MAIN, asked, parse_verifier_key(witness.vkey))


async def test_a_log_is_cosigned_as_it_grows(
    sqlite_world: World, tmp_path: Path
) -> None:
    world = sqlite_world
    await world.log(300)
    witness = await open_for(world, tmp_path)
    for size in (300, 400, 400, 456):
        if size > (await world.trail.checkpoint(MAIN)).size:
            await world.log(size - (await world.trail.checkpoint(MAIN)).size)
        note = parse_checkpoint(await cosigned(world, witness))
        assert note.size == size
        names = [signature.name for signature in note.signatures]
        assert names[0] == "integritas/main"
        assert set(names[1:]) == {"witness.example"}
        assert note.signed_by((parse_verifier_key(witness.vkey),))
    assert (await world.trail.verify(MAIN)).sound


async def test_public_libraries_verify_the_cosignatures(
    client: Path, sqlite_world: World, tmp_path: Path
) -> None:
    world = sqlite_world
    await world.log(300)
    witnesses = [
        await open_for(world, tmp_path / name, name) for name in ("one", "two")
    ]
    for witness in witnesses:
        await cosigned(world, witness)
    await write_mirror(world.trail, MAIN, tmp_path / "mirror")
    (vkey,) = await world.trail.verifier_keys(MAIN)
    (tmp_path / "proofs.json").write_text("{}")
    vkeys = [witness.vkey for witness in witnesses]
    done = run(client, tmp_path / "mirror", vkey, tmp_path / "proofs.json", *vkeys)
    assert done.stderr == ""
    assert done.returncode == 0


async def test_a_witness_remembers_over_a_restart(
    sqlite_world: World, tmp_path: Path
) -> None:
    await sqlite_world.log(5)
    await cosigned(sqlite_world, await open_for(sqlite_world, tmp_path))
    again = await open_for(sqlite_world, tmp_path)
    note = (await sqlite_world.trail.checkpoint(MAIN)).note
    answer = again.add_checkpoint(add_checkpoint_body(0, [], note))
    assert (answer.status, answer.body) == (409, "5\n")
    assert answer.media_type == "text/x.tlog.size"


async def test_a_fork_is_refused_and_the_log_is_told(
    sqlite_world: World, tmp_path: Path
) -> None:
    world = sqlite_world
    await world.log(5)
    witness = await open_for(world, tmp_path / "w")
    await cosigned(world, witness)
    (text,) = await world.trail.verifier_keys(MAIN)
    key = world.trail._anchors.find_key("integritas/main")
    assert key is not None
    assert key.verifier.vkey() == text
    for size, proof, status in ((5, [], 409), (7, [bytes(32)], 422), (4, [], 400)):
        body = checkpoint_text("integritas/main", size, bytes(range(32)))
        note = f"{body}\n{key.sign(body).line()}"
        answer = witness.add_checkpoint(add_checkpoint_body(5, proof, note))
        assert answer.status == status, size


async def test_what_a_witness_does_not_know_is_refused(
    sqlite_world: World, tmp_path: Path
) -> None:
    await sqlite_world.log(5)
    witness = await open_for(sqlite_world, tmp_path)
    stranger = SigningKey("integritas/main", bytes(32))
    other = SigningKey("other/log", bytes(32))
    for key, status in ((stranger, 403), (other, 404)):
        text = checkpoint_text(key.name, 1, bytes(32))
        note = f"{text}\n{key.sign(text).line()}"
        answer = witness.add_checkpoint(add_checkpoint_body(0, [], note))
        assert answer.status == status


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n\n",
        b"old -1\n\nx",
        b"old 01\n\nx",
        b"new 0\n\nx",
        b"old 0\nAAAA\n\nx",
        b"old 0\n!\n\nx",
        b"\xff",
        b"old 0\n" + b"A" * 43 + b"=\n" * 64 + b"\nx",
    ],
)
async def test_a_malformed_request_is_a_bad_request(
    sqlite_world: World, tmp_path: Path, body: bytes
) -> None:
    await sqlite_world.log(1)
    async with http(await open_for(sqlite_world, tmp_path)) as asked:
        answer = await asked.post("add-checkpoint", content=body)
    assert answer.status_code == 400


async def test_a_request_of_no_end_is_cut_off(
    sqlite_world: World, tmp_path: Path
) -> None:
    await sqlite_world.log(1)
    async with http(await open_for(sqlite_world, tmp_path)) as asked:
        answer = await asked.post("add-checkpoint", content=b"x" * 100_000)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("status", "text", "error"),
    [
        (404, "who?", Refused),
        (409, "5\n", Refused),
        (200, "nonsense\n", InvalidInput),
        (200, "— witness.example AAAAAAAAAAAAAAAA\n", ContractViolation),
    ],
)
async def test_a_witness_that_misbehaves_is_said_to(
    sqlite_world: World, tmp_path: Path, status: int, text: str, error: type[Exception]
) -> None:
    await sqlite_world.log(3)
    witness = await open_for(sqlite_world, tmp_path)

    def answer(request: httpx.Request) -> httpx.Response:
        del request
        headers = {"Content-Type": "text/x.tlog.size"} if status == 409 else {}
        return httpx.Response(status, text=text, headers=headers)

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://w/") as asked:
        with pytest.raises(error):
            await sqlite_world.trail.cosign(
                MAIN, asked, parse_verifier_key(witness.vkey)
            )


async def test_a_witness_out_of_reach_is_said_to_be(
    sqlite_world: World, tmp_path: Path
) -> None:
    await sqlite_world.log(1)
    witness = await open_for(sqlite_world, tmp_path)
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9/") as asked:
        with pytest.raises(Unavailable, match="cannot be reached"):
            await sqlite_world.trail.cosign(
                MAIN, asked, parse_verifier_key(witness.vkey)
            )


async def test_a_log_rolled_back_behind_its_witness_is_found(
    sqlite_world: World, tmp_path: Path
) -> None:
    """The remembered checkpoint may be lost; the witnessed one names the rollback."""
    world = sqlite_world
    await world.log(5)
    await cosigned(world, await open_for(world, tmp_path / "w"))
    beside = world.beside(tmp_path)
    (world.state / "anchors/audit/integritas%2Fmain.json").unlink()
    for name in ("keys/audit/integritas%2Fmain.key",):
        target = beside.state / name
        target.parent.mkdir(parents=True)
        target.write_bytes((world.state / name).read_bytes())
    source = world.state / "anchors/audit/integritas%2Fmain.cosigned"
    target = beside.state / "anchors/audit/integritas%2Fmain.cosigned"
    target.parent.mkdir(parents=True)
    target.write_bytes(source.read_bytes())
    await beside.log(3)
    report = await beside.trail.verify(MAIN)
    assert [found.place for found in report.differences] == ["checkpoint of size 5"]
    beside.database.close()

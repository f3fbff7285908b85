"""A Go program built from public tlog libraries verifies what we publish.

`tlogclient` knows nothing of ours: golang.org/x/mod opens the note and walks the tiles,
transparency-dev/merkle judges the proofs.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from integritas.kernel.ids import TenantId
from integritas.services.audit.api import write_mirror
from integritas.services.audit.merkle import root_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.integration.audit.conftest import World

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

MAIN = TenantId("main")
SOURCE = Path(__file__).parent / "tlogclient"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the client, or skip where there is no Go."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go is not installed: no public tlog library to verify with")
    built = tmp_path_factory.mktemp("go") / "tlogclient"
    subprocess.run(  # noqa: S603 - the compiler
        [go, "build", "-buildvcs=false", "-o", str(built), "."],
        cwd=SOURCE,
        check=True,
        env={**os.environ, "GOFLAGS": "-mod=readonly"},
    )
    return built


def run(
    client: Path, *arguments: str | Path, token: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - just built
        [str(client), *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "TLOG_TOKEN": token},
    )


def encoded(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(digest).decode() for digest in hashes]


async def proofs_of(world: World, size: int) -> dict[str, list[dict[str, Any]]]:
    """Return proofs of several sizes."""
    leaves = [e.leaf_hash for e in await world.trail.entries(MAIN, start=0, limit=size)]
    sizes = (1, 2, 255, 256, 257, size - 1, size)
    inclusion = [
        await world.trail.inclusion(MAIN, index=index, size=tree)
        for tree in sizes
        for index in sorted({0, tree // 2, tree - 1})
    ]
    consistency = [
        await world.trail.consistency(MAIN, old=old, new=new)
        for new in sizes
        for old in sizes
        if old <= new
    ]
    roots = {tree: encoded([root_of(leaves[:tree])])[0] for tree in sizes}
    return {
        "Inclusion": [
            {
                "Index": proof.index,
                "Size": proof.size,
                "Leaf": encoded([proof.leaf_hash])[0],
                "Root": roots[proof.size],
                "Hashes": encoded(proof.hashes),
            }
            for proof in inclusion
        ],
        "Consistency": [
            {
                "Old": proof.old,
                "New": proof.new,
                "OldRoot": roots[proof.old],
                "NewRoot": roots[proof.new],
                "Hashes": encoded(proof.hashes),
            }
            for proof in consistency
        ],
    }


async def test_public_libraries_verify_a_mirror_and_its_proofs(
    client: Path, sqlite_world: World, tmp_path: Path
) -> None:
    await sqlite_world.log(300, 456)
    folder = tmp_path / "mirror"
    await write_mirror(sqlite_world.trail, MAIN, folder)
    (vkey,) = await sqlite_world.trail.verifier_keys(MAIN)
    proofs = await proofs_of(sqlite_world, 756)
    (tmp_path / "proofs.json").write_text(json.dumps(proofs))
    done = run(client, folder, vkey, tmp_path / "proofs.json")
    assert done.stderr == ""
    assert done.stdout == (
        f"verified 756 entries, {len(proofs['Inclusion'])} inclusion and "
        f"{len(proofs['Consistency'])} consistency proofs\n"
    )


@pytest.mark.parametrize(
    "name", ["checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/entries/001.p/44"]
)
async def test_public_libraries_refuse_a_mirror_with_a_flipped_bit(
    client: Path, sqlite_world: World, tmp_path: Path, name: str
) -> None:
    await sqlite_world.log(300)
    folder = tmp_path / "mirror"
    await write_mirror(sqlite_world.trail, MAIN, folder)
    (vkey,) = await sqlite_world.trail.verifier_keys(MAIN)
    path = folder / name
    blob = bytearray(path.read_bytes())
    blob[-9] ^= 1
    path.write_bytes(blob)
    done = run(client, folder, vkey)
    assert done.returncode == 1
    assert done.stdout == ""

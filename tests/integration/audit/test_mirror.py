"""The mirror is a tlog-tiles tree that verifies without us."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.errors import InvalidInput, NotFound
from integritas.kernel.ids import TenantId
from integritas.services.audit.api import parse_checkpoint, write_mirror

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.audit.conftest import World

pytestmark = pytest.mark.integration

MAIN = TenantId("main")


def files(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(folder)) for path in found)


def bodies(blob: bytes) -> list[bytes]:
    found = []
    while blob:
        end = 2 + int.from_bytes(blob[:2])
        found.append(blob[2:end])
        blob = blob[end:]
    return found


async def test_a_mirror_holds_the_whole_log(
    sqlite_world: World, tmp_path: Path
) -> None:
    await sqlite_world.log(300, 230)
    folder = tmp_path / "mirror"
    assert await write_mirror(sqlite_world.trail, MAIN, folder) == 8
    assert files(folder) == [
        "checkpoint",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/18",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/18",
    ]
    entries = [
        body
        for name in ("000", "001", "002.p/18")
        for body in bodies((folder / "tile/entries" / name).read_bytes())
    ]
    leaves = b"".join(
        (folder / "tile/0" / name).read_bytes() for name in ("000", "001", "002.p/18")
    )
    assert b"".join(sha256(b"\x00" + body).digest() for body in entries) == leaves
    assert parse_checkpoint((folder / "checkpoint").read_text()).size == 530


async def test_a_mirror_grows_and_keeps_what_is_full(
    sqlite_world: World, tmp_path: Path
) -> None:
    await sqlite_world.log(300)
    await write_mirror(sqlite_world.trail, MAIN, tmp_path / "m")
    await sqlite_world.log(10)
    assert await write_mirror(sqlite_world.trail, MAIN, tmp_path / "m") == 3
    assert "tile/0/001.p/54" in files(tmp_path / "m")


async def test_an_empty_log_has_no_mirror(sqlite_world: World, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        await write_mirror(sqlite_world.trail, MAIN, tmp_path / "m")
    assert not (tmp_path / "m").exists()


async def test_a_folder_that_cannot_be_written_is_named(
    sqlite_world: World, tmp_path: Path
) -> None:
    await sqlite_world.log(1)
    (tmp_path / "m").write_text("a file")
    with pytest.raises(InvalidInput, match="m cannot be written"):
        await write_mirror(sqlite_world.trail, MAIN, tmp_path / "m")

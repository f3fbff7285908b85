"""The mirror is a tlog-tiles tree that verifies without us."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import InvalidInput, NotFound
from integritas.kernel.ids import TenantId
from integritas.services.audit.api import parse_checkpoint, write_mirror

if TYPE_CHECKING:
    from collections.abc import Iterator

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


async def test_a_mirror_of_a_pruned_log_leaves_out_what_is_gone(
    sqlite_world: World, tmp_path: Path
) -> None:
    await sqlite_world.log(256)
    context = Context(MAIN, SYSTEM, "req-1")
    limit = sqlite_world.clock.now()
    await sqlite_world.trail.prune(context, before=limit, reason="old")
    folder = tmp_path / "mirror"
    done = await write_mirror(sqlite_world.trail, MAIN, folder)
    assert done.pruned == 1
    assert len(files(folder)) == done.written
    assert "tile/0/000" in files(folder)
    assert not [name for name in files(folder) if name.endswith("entries/000")]
    checkpoint = await sqlite_world.trail.checkpoint(MAIN)
    assert (folder / "checkpoint").read_text() == checkpoint.note


async def test_a_mirror_holds_the_whole_log(
    sqlite_world: World, tmp_path: Path
) -> None:
    await sqlite_world.log(300, 230)
    folder = tmp_path / "mirror"
    assert (await write_mirror(sqlite_world.trail, MAIN, folder)).written == 8
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
    assert (await write_mirror(sqlite_world.trail, MAIN, tmp_path / "m")).written == 3
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


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Serve a folder as S3 (rclone); its subfolders are the buckets."""
    rclone = shutil.which("rclone", path=str(Path(sys.executable).parent))
    if rclone is None:
        pytest.skip("rclone is not installed: no S3 server to test against")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    arguments = [
        "serve",
        "s3",
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        "mirror-key,mirror-secret",
    ]
    with subprocess.Popen(  # noqa: S603 - a tool of ours
        [rclone, *arguments, str(folder)],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "RCLONE_CONFIG": str(folder.parent / "none.conf")},
    ) as process:
        deadline = time.monotonic() + 30
        try:
            while time.monotonic() < deadline:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


async def test_a_mirror_in_a_bucket_is_that_of_a_folder(
    sqlite_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "s3" / "logs").mkdir(parents=True)
    await sqlite_world.log(300)
    with s3_server(tmp_path / "s3") as address:
        for name, value in {
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "mirror-key",
            "AWS_SECRET_ACCESS_KEY": "mirror-secret",
            "AWS_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        where = "s3://logs/public/main"
        assert (await write_mirror(sqlite_world.trail, MAIN, where)).written == 6
        await sqlite_world.log(10)
        assert (await write_mirror(sqlite_world.trail, MAIN, where)).written == 3
        await write_mirror(sqlite_world.trail, MAIN, tmp_path / "plain")
        with pytest.raises(InvalidInput, match="s3://none/x cannot be written"):
            await write_mirror(sqlite_world.trail, MAIN, "s3://none/x")
    bucket = tmp_path / "s3" / "logs" / "public" / "main"
    for name in files(tmp_path / "plain"):
        assert (bucket / name).read_bytes() == (tmp_path / "plain" / name).read_bytes()


async def test_an_address_that_is_none_is_named(sqlite_world: World) -> None:
    await sqlite_world.log(1)
    with pytest.raises(InvalidInput, match="nowhere://x cannot be used"):
        await write_mirror(sqlite_world.trail, MAIN, "nowhere://x")

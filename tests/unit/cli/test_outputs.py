"""What a command writes is there whole, or what was there before is."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from integritas.cli.outputs import open_output


def write(path: Path | str, content: bytes = b"new") -> None:
    with open_output(str(path)) as output:
        output.stream.write(content)
        output.keep()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_kept_is_there_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path / "x")
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("x", b"new")]


def test_what_is_not_kept_leaves_no_trace(tmp_path: Path) -> None:
    with open_output(str(tmp_path / "x")) as output:
        output.stream.write(b"half")
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_has_the_mode_of_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(b"")
    write(tmp_path / "x")
    assert mode(tmp_path / "x") == mode(tmp_path / "plain")


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o640)
    write(path)
    assert (path.read_bytes(), mode(path)) == (b"new", 0o640)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    write(link)
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_link_to_nothing_yet_gets_its_file(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    write(link)
    assert link.is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_pipe_is_written_at_once_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write(pipe)
    reader.join(timeout=10)
    assert read == [b"new"]
    assert pipe.is_fifo()


def test_standard_output_by_its_device(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    write("/dev/stdout")
    assert capfdbinary.readouterr().out == b"new"


def test_what_may_not_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_new_files(monkeypatch, tmp_path)
    with pytest.raises(PermissionError), open_output(str(tmp_path / "x")):
        pytest.fail("opened")


def test_a_file_in_a_folder_that_may_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    forbid_new_files(monkeypatch, tmp_path)
    with open_output(str(path)) as output:
        output.stream.write(b"half")
    assert path.read_text() == "old"
    write(path)
    assert path.read_bytes() == b"new"


def forbid_new_files(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let no file be made in a folder; mode bits would not keep root from it."""
    real = os.open

    def refuse(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if Path(path).parent == folder and flags & os.O_CREAT:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse)


def test_a_folder_is_no_output(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), open_output(str(tmp_path)):
        pytest.fail("opened")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(FileNotFoundError),
        open_output(str(tmp_path / "absent" / "x")),
    ):
        pytest.fail("opened")

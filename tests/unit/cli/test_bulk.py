from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from integritas.cli import bulk
from integritas.cli.bulk import (
    Bulk,
    LineReject,
    Rejects,
    lines_of,
    open_bulk,
    read_text,
    shown,
    write_bytes,
)
from integritas.kernel.errors import InvalidInput, StorageFailure

WRONG = LineReject(3, "raw", "is missing", "add it")


def test_lines_keep_their_number_blank_or_not() -> None:
    assert list(lines_of(io.BytesIO(b"a\n\nb"))) == [b"a\n", b"\n", b"b"]


def test_a_byte_order_mark_is_left_out_of_the_first_line_only() -> None:
    mark = b"\xef\xbb\xbf"
    stream = io.BytesIO(mark + b"a\n" + mark + b"b\n")
    assert list(lines_of(stream)) == [b"a\n", mark + b"b\n"]


def test_a_line_over_the_limit_is_cut_and_the_next_is_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk, "MAX_LINE_BYTES", 4)  # the real one is 64 MiB
    stream = io.BytesIO(b"0123456789\nab\n0123\n01234")
    assert list(lines_of(stream)) == [b"01234", b"ab\n", b"0123\n", b"01234"]


def test_a_reject_is_one_line_for_people() -> None:
    assert str(WRONG) == "line 3 raw: is missing (add it)"


def test_rejects_are_written_with_line_path_message_remedy() -> None:
    stream = io.BytesIO()
    Rejects(stream).take(WRONG)
    assert json.loads(stream.getvalue()) == {
        "line": 3,
        "path": "raw",
        "message": "is missing",
        "remedy": "add it",
    }


def test_without_a_file_the_first_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    rejects = Rejects(None)
    for number in range(12):
        rejects.take(LineReject(number, "x", "is\nwrong"))
    rejects.conclude("12 of 20 lines rejected")
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "line 0 x: is wrong"
    assert told[10:] == ["12 of 20 lines rejected; --rejects lists all"]


def test_nothing_rejected_nothing_told(capsys: pytest.CaptureFixture[str]) -> None:
    Rejects(None).conclude("0 of 5 lines rejected")
    assert capsys.readouterr().err == ""


def test_a_failure_is_one_error_with_the_first_reject(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rejects = Rejects(None)
    rejects.take(WRONG)
    with pytest.raises(InvalidInput, match=r"^nothing done; line 3 raw: is missing"):
        rejects.conclude("1 of 1", failure="nothing done")
    assert capsys.readouterr().err == ""


def test_an_input_that_is_not_there_leaves_the_output(tmp_path: Path) -> None:
    output, rejects = tmp_path / "out", tmp_path / "rejects"
    output.write_text("of yesterday")
    with (
        pytest.raises(InvalidInput, match="absent cannot be read"),
        open_bulk(str(tmp_path / "absent"), output=str(output), rejects=str(rejects)),
    ):
        pytest.fail("opened")
    assert output.read_text() == "of yesterday"
    assert not rejects.exists()


def fail(files: Bulk, error: Exception) -> None:
    files.output.write(b"half")
    files.output.flush()
    raise error


def conclude(files: Bulk) -> None:
    files.rejects.take(WRONG)
    files.rejects.conclude("1 of 1", failure="nothing done")


@pytest.mark.parametrize("error", [InvalidInput("none"), StorageFailure("x"), OSError])
def test_a_command_that_fails_leaves_the_output(
    tmp_path: Path, error: Exception
) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.write_text("x")
    output.write_text("of yesterday")
    with (
        pytest.raises((InvalidInput, StorageFailure)),
        open_bulk(str(source), output=str(output)) as files,
    ):
        fail(files, error)
    assert output.read_text() == "of yesterday"
    assert sorted(tmp_path.iterdir()) == [source, output]


def test_the_rejects_of_a_command_that_could_use_nothing_are_kept(
    tmp_path: Path,
) -> None:
    source, rejects = tmp_path / "in", tmp_path / "rejects"
    source.write_text("x")
    rejects.write_text("of yesterday")
    with (
        pytest.raises(InvalidInput),
        open_bulk(str(source), rejects=str(rejects)) as files,
    ):
        conclude(files)
    assert json.loads(rejects.read_text())["line"] == 3


def test_output_and_rejects_are_not_one_new_file(tmp_path: Path) -> None:
    source, new = tmp_path / "in", str(tmp_path / "new")
    source.write_text("x")
    with (
        pytest.raises(InvalidInput, match="named twice"),
        open_bulk(str(source), output=new, rejects=new),
    ):
        pytest.fail("opened")


def test_rejects_that_cannot_be_written_leave_the_output(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.write_text("x")
    output.write_text("of yesterday")
    with (
        pytest.raises(InvalidInput, match="cannot be written"),
        open_bulk(str(source), output=str(output), rejects=str(tmp_path)),
    ):
        pytest.fail("opened")
    assert output.read_text() == "of yesterday"


@pytest.mark.parametrize("option", ["output", "rejects"])
def test_a_file_is_not_read_and_written_at_once(tmp_path: Path, option: str) -> None:
    source, link = tmp_path / "in", tmp_path / "link"
    source.write_text("precious")
    link.symlink_to(source)
    with (
        pytest.raises(InvalidInput, match="named twice"),
        open_bulk(str(source), **{option: str(link)}),
    ):
        pytest.fail("opened")
    assert source.read_text() == "precious"


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_text("x")
    with (
        pytest.raises(StorageFailure, match="No space left"),
        open_bulk(str(source), output="/dev/full") as files,
    ):
        files.output.write(b"x")


def test_who_reads_may_go_away(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.write_text("x")
    with pytest.raises(BrokenPipeError), open_bulk(str(source)):
        raise BrokenPipeError


def test_a_name_with_a_null_is_told() -> None:
    with pytest.raises(InvalidInput, match="null"), open_bulk("a\0b"):
        pytest.fail("opened")
    with pytest.raises(InvalidInput, match="null"):
        write_bytes("a\0b", b"")


def test_a_document_is_written_whole(tmp_path: Path) -> None:
    write_bytes(str(tmp_path / "x"), b"all of it")
    assert (tmp_path / "x").read_bytes() == b"all of it"
    with pytest.raises(StorageFailure, match="writing /dev/full failed: No space"):
        write_bytes("/dev/full", b"x")


def test_text_is_utf8(tmp_path: Path) -> None:
    path = tmp_path / "s.ini"
    path.write_bytes("[ä]".encode())
    assert read_text(path) == "[ä]"
    path.write_bytes(b"\xff")
    with pytest.raises(InvalidInput, match="it is not UTF-8"):
        read_text(path)


def test_a_dash_has_a_name() -> None:
    assert shown("-") == "standard input"
    assert shown("-", out=True) == "standard output"
    assert shown("a.jsonl") == "a.jsonl"

"""`integritas spam score` over files and streams."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from integritas.cli.spam import app
from integritas.kernel.errors import InvalidInput, StorageFailure

GOOD = '{"id": "a", "raw": "see you at five"}\n'


def score(source: str, target: str, *more: str, stdin: str = "") -> tuple[int, str]:
    arguments = ["score", "--input", source, "--output", target, *more]
    result = CliRunner().invoke(app, arguments, input=stdin)
    if isinstance(result.exception, InvalidInput):
        raise result.exception
    return result.exit_code, result.output


def test_a_file_is_scored_into_a_file(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(GOOD * 3)
    assert score(str(source), str(target)) == (0, "")
    assert [json.loads(x)["id"] for x in target.read_text().splitlines()] == ["a"] * 3


def test_streams_are_a_dash() -> None:
    code, output = score("-", "-", stdin=GOOD)
    assert code == 0
    assert json.loads(output)["verdict"] == "deliver"


def test_rejects_are_counted_and_written(tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(GOOD + '{"id": "b"}\n')
    code, output = score(str(source), str(target), "--rejects", str(rejects))
    assert (code, output) == (0, "1 of 2 lines rejected\n")
    (entry,) = map(json.loads, rejects.read_text().splitlines())
    assert (entry["line"], entry["path"]) == (2, "raw")
    assert entry["remedy"] == "add the message as a text"


def test_rejects_without_a_file_are_shown(tmp_path: Path) -> None:
    code, output = score("-", str(tmp_path / "out"), stdin=GOOD + "{\n" * 12)
    assert code == 0
    assert "line 2 (whole): is not JSON" in output
    assert output.endswith("12 of 13 lines rejected; --rejects lists all\n")


def test_nothing_scored_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no message of standard input"):
        score("-", str(tmp_path / "out"), stdin="{\n")


def test_an_empty_input_gives_an_empty_output(tmp_path: Path) -> None:
    assert score("-", str(tmp_path / "out")) == (0, "")
    assert (tmp_path / "out").read_bytes() == b""


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="absent cannot be read"):
        score(str(tmp_path / "absent"), "-")


def test_an_unwritable_output_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be written"):
        score("-", str(tmp_path / "no" / "out"), stdin=GOOD)


def test_usage_is_exit_2() -> None:
    assert score("-", "-", "--surprise")[0] == 2


# Training -------------------------------------------------------------------------


def test_training_names_the_data_that_is_missing(tmp_path: Path) -> None:
    arguments = ["train", "--data", str(tmp_path), "--output", str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, InvalidInput)
    [error] = result.exception.errors
    assert error.path == "--data"
    assert "spamassassin.jsonl.gz" in error.message
    assert not (tmp_path / "out").exists()


def test_a_failed_training_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "messages"
    folder.mkdir()
    for name in ("spamassassin.jsonl.gz", "sms.jsonl.gz"):
        (folder / name).write_bytes(b"no archive")
    out = tmp_path / "out"
    arguments = ["train", "--data", str(tmp_path), "--output", str(out)]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, StorageFailure)
    assert "gzip" in str(result.exception)
    assert list(out.iterdir()) == []

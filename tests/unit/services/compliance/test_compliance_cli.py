from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from integritas.cli.compliance import app
from integritas.kernel.errors import IntegritasError, InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

    from typer.testing import Result


def run(*arguments: object, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)


def screen(folder: Path, lines: bytes, *more: object) -> Result:
    return run(
        "screen", "--lists", folder, "--queries", "-", "--output", "-", *more,
        stdin=lines,
    )  # fmt: skip


def documents(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def error_of(result: Result) -> IntegritasError:
    assert isinstance(result.exception, IntegritasError), result.output
    return result.exception


def test_screen_answers_each_line(folder: Path) -> None:
    lines = b"""\
{"id": "q1", "query": "Mikhail Orlov", "type": "Person", "birth_date": "1971-03-12"}

{"id": 2, "query": "Jjj Qqq", "type": "Person", "expect": null, "kind": "absent"}
"""
    result = screen(folder, lines)
    assert result.exit_code == 0
    first, second = documents(result.stdout)
    assert second == {"id": 2, "hits": []}
    assert first["id"] == "q1"
    hit = first["hits"][0]
    assert list(hit) == ["list", "uid", "name", "score", "match", "reasons"]
    assert (hit["list"], hit["uid"], hit["match"]) == ("ofac", "101", True)
    assert all(isinstance(reason, str) for reason in hit["reasons"])


def test_screen_reads_and_writes_files(folder: Path, tmp_path: Path) -> None:
    queries, output = tmp_path / "q.jsonl", tmp_path / "r.jsonl"
    queries.write_text('{"id": "a", "query": "Silver Heron"}\n', encoding="utf-8")
    result = run("screen", "--lists", folder, "--queries", queries, "--output", output)
    assert result.exit_code == 0
    assert documents(output.read_text(encoding="utf-8"))[0]["id"] == "a"


def test_screen_of_nothing_writes_nothing(folder: Path) -> None:
    result = screen(folder, b"")
    assert (result.exit_code, result.stdout) == (0, "")


def test_bad_lines_are_counted_and_written_apart(folder: Path, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.jsonl"
    lines = b"""\
{"id": 1, "query": "Orlov"}
not json
{"query": "no id"}
{"id": 4, "query": "", "country": "Atlantis"}
\xff
[]
"""
    result = screen(folder, lines, "--rejects", rejects)
    assert result.exit_code == 0
    assert [d["id"] for d in documents(result.stdout)] == [1]
    assert "5 of 6 lines rejected" in result.stderr
    written = documents(rejects.read_text(encoding="utf-8"))
    assert [(r["line"], r["path"]) for r in written] == [
        (2, "(line)"),
        (3, "id"),
        (4, "query"),
        (4, "country"),
        (5, "(line)"),
        (6, "(whole)"),
    ]
    assert all(r["message"] for r in written)


def test_nothing_but_bad_lines_is_a_failure(folder: Path) -> None:
    error = error_of(screen(folder, b"nope\nneither\n"))
    assert "none of the 2 lines" in str(error)
    assert "line 1" in str(error)


def test_a_missing_query_file_is_named(folder: Path, tmp_path: Path) -> None:
    result = run("screen", "--lists", folder, "--queries", tmp_path / "none.jsonl")
    assert "none.jsonl cannot be read" in str(error_of(result))


def test_an_output_that_cannot_be_written_is_named(
    folder: Path, tmp_path: Path
) -> None:
    result = screen(folder, b"", "--output", tmp_path / "no" / "where.jsonl")
    assert "where.jsonl cannot be written" in str(error_of(result))


def test_a_broken_list_is_named_and_nothing_written(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "ofac" / "alt.csv").write_text("<html>", encoding="utf-8")
    output = tmp_path / "out.jsonl"
    error = error_of(screen(folder, b"", "--output", output))
    assert "alt.csv, line 1" in str(error)
    assert not output.exists()


def test_no_lists_option_is_bad_usage() -> None:
    assert run("screen", "--queries", "-").exit_code == 2


def match(tmp_path: Path, text: str) -> tuple[Result, list[dict[str, str]]]:
    pairs, output = tmp_path / "pairs.csv", tmp_path / "scored.csv"
    pairs.write_text(text, encoding="utf-8")
    result = run("match", "--pairs", pairs, "--output", output)
    if result.exception is not None:
        return result, []
    with output.open(encoding="utf-8", newline="") as file:
        return result, list(csv.DictReader(file))


def test_match_adds_score_and_match_to_each_row(tmp_path: Path) -> None:
    _, rows = match(
        tmp_path,
        "schema,left,right,note\n"
        'Person,Mikhail Orlov,"Орлов, Михаил",same\n'
        "Person,Mikhail Orlov,Jane Roe,\n"
        "Person,,Jane Roe,\n",
    )
    assert [row["match"] for row in rows] == ["true", "false", "false"]
    assert rows[0]["note"] == "same"
    assert rows[0]["right"] == "Орлов, Михаил"
    assert float(rows[1]["score"]) < 0.2
    assert float(rows[2]["score"]) == 0.0


def test_match_keeps_a_byte_order_mark_out_of_the_header(tmp_path: Path) -> None:
    _, rows = match(tmp_path, "\ufeffschema,left,right\nPerson,A B,A B\n")
    assert rows[0]["schema"] == "Person"


def test_match_names_a_missing_column(tmp_path: Path) -> None:
    result, _ = match(tmp_path, "schema,left\nPerson,A\n")
    assert "column right is missing" in str(error_of(result))


def test_match_of_an_empty_file_names_the_columns(tmp_path: Path) -> None:
    result, _ = match(tmp_path, "")
    assert "schema, left, right" in str(error_of(result))


def test_match_leaves_a_short_row_out(tmp_path: Path) -> None:
    result, rows = match(tmp_path, "schema,left,right\nPerson,A\nPerson,A B,A B\n")
    assert len(rows) == 1
    assert "1 of 2 lines rejected" in result.stderr


def test_match_refuses_an_open_quote(tmp_path: Path) -> None:
    result, _ = match(tmp_path, 'schema,left,right\nPerson,"A,B\n')
    assert isinstance(error_of(result), InvalidInput)


def test_lists_shows_versions(folder: Path) -> None:
    shown = documents(run("lists", "--lists", folder).stdout)
    assert [(d["name"], d["entries"]) for d in shown] == [("ofac", 5), ("un", 2)]


def test_lists_are_found_in_the_data_folder(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "watchlists").symlink_to(folder)
    result = CliRunner().invoke(app, ["lists"], env={"INTEGRITAS_DATA": str(data)})
    assert len(documents(result.stdout)) == 2


def test_lists_in_force_come_before_the_data_folder(
    folder: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "state" / "lists"
    kept.mkdir(parents=True)
    (kept / "un").symlink_to(folder / "un")
    data = tmp_path / "data"
    data.mkdir()
    (data / "watchlists").symlink_to(folder)
    env = {
        "INTEGRITAS_DATA": str(data),
        "INTEGRITAS_STATE_DIR": str(tmp_path / "state"),
    }
    for arguments, found in ((["lists"], 1), (["lists", "--data", str(data)], 2)):
        result = CliRunner().invoke(app, arguments, env=env)
        assert len(documents(result.stdout)) == found


def test_lists_are_found_where_the_settings_say(folder: Path, tmp_path: Path) -> None:
    named = {"INTEGRITAS_LISTS_DIR": str(folder), "INTEGRITAS_DATA": ""}
    assert len(documents(CliRunner().invoke(app, ["lists"], env=named).stdout)) == 2
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "lists").symlink_to(folder)
    kept = {"INTEGRITAS_STATE_DIR": str(tmp_path / "state"), "INTEGRITAS_DATA": ""}
    assert len(documents(CliRunner().invoke(app, ["lists"], env=kept).stdout)) == 2


def test_lists_without_a_folder_says_what_to_give(tmp_path: Path) -> None:
    nowhere = {"INTEGRITAS_DATA": "", "INTEGRITAS_STATE_DIR": str(tmp_path)}
    result = CliRunner().invoke(app, ["lists"], env=nowhere)
    assert "--lists DIR" in str(error_of(result))


def test_a_folder_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    result = run("lists", "--lists", tmp_path / "nowhere")
    assert "does not exist" in str(error_of(result))


@pytest.mark.parametrize("command", ["screen", "match", "lists"])
def test_every_command_explains_itself(command: str) -> None:
    assert run(command, "--help").exit_code == 0

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from integritas.cli.procurement import app
from integritas.kernel.errors import InvalidInput

SINGLE = '{"ocid":"%s","tender":{"procurementMethod":"open","numberOfTenderers":1}}'


def run(*arguments: str, stdin: str | None = None) -> Result:
    root = typer.Typer()
    root.add_typer(app, name="procurement")
    return CliRunner().invoke(root, ["procurement", *arguments], input=stdin)


def answer_of(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    path = tmp_path / "releases.jsonl"
    path.write_text(f"{SINGLE % 'a'}\n{SINGLE % 'b'}\n", encoding="utf-8")
    return path


def test_indicators_prints_one_document(releases: Path) -> None:
    result = run("indicators", str(releases))
    answer = answer_of(result)
    assert answer["OCID"] == {"a": {"R018": 1.0}, "b": {"R018": 1.0}}
    assert "Maps" not in answer
    assert answer["Meta"]["R024"]["q1"] is None
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""


def test_indicators_reads_standard_input() -> None:
    answer = answer_of(run("indicators", "-", stdin=SINGLE % "x"))
    assert set(answer["OCID"]) == {"x"}


def test_meta_and_maps_are_chosen_by_options(releases: Path) -> None:
    answer = answer_of(run("indicators", str(releases), "--no-meta", "--map"))
    assert set(answer) == {"OCID", "Maps"}


def test_settings_choose_the_indicators(releases: Path, tmp_path: Path) -> None:
    settings = tmp_path / "s.ini"
    settings.write_text("[R003]\n", encoding="utf-8")
    answer = answer_of(run("indicators", str(releases), "--settings", str(settings)))
    assert answer == {"Meta": {}}


def test_settings_that_enable_nothing_are_told(releases: Path, tmp_path: Path) -> None:
    settings = tmp_path / "s.ini"
    settings.write_text("", encoding="utf-8")
    result = run("indicators", str(releases), "-s", str(settings))
    assert answer_of(result) == {"Meta": {}}
    assert "enables no indicator" in result.stderr


def test_bad_lines_are_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_text(f"{SINGLE % 'a'}\n{{\n{{}}\n{SINGLE % 'b'}\n", encoding="utf-8")
    result = run("indicators", str(path))
    assert set(answer_of(result)["OCID"]) == {"a", "b"}
    told = result.stderr.splitlines()
    assert told[0].startswith("line 2 (whole): is not JSON")
    assert told[1].startswith("line 3 ocid: is missing or no text")
    assert told[2] == "2 of 4 lines rejected, 0 fields of other lines not valid"


def test_many_bad_lines_are_counted_not_all_shown(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_text("{\n" * 50 + SINGLE % "a", encoding="utf-8")
    told = run("indicators", str(path)).stderr.splitlines()
    assert len(told) == 11
    assert told[-1].startswith("50 of 51 lines rejected")
    assert told[-1].endswith("--rejects lists all")


def test_rejects_are_written_as_json_lines(tmp_path: Path) -> None:
    path, rejects = tmp_path / "mixed.jsonl", tmp_path / "rejects.jsonl"
    wrong = '{"ocid":"b","awards":[{"value":{"amount":"5"}}]}'
    path.write_text(f"{SINGLE % 'a'}\n{{\n{wrong}\n", encoding="utf-8")
    result = run("indicators", str(path), "--rejects", str(rejects))
    first, second = map(json.loads, rejects.read_text(encoding="utf-8").splitlines())
    assert (first["line"], first["path"], first["used"]) == (2, "(whole)", False)
    assert second["path"] == "awards[0].value.amount"
    assert (second["line"], second["used"]) == (3, True)
    assert second["remedy"]
    assert result.stderr.splitlines() == [
        "1 of 3 lines rejected, 1 fields of other lines not valid"
    ]


@pytest.mark.parametrize("content", ["", "\n\n", "{\n"])
def test_a_file_without_releases_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text(content, encoding="utf-8")
    result = run("indicators", str(path))
    assert isinstance(result.exception, InvalidInput)
    assert "holds no release" in str(result.exception)
    assert result.stdout == ""


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    result = run("indicators", str(tmp_path / "none.jsonl"))
    assert isinstance(result.exception, InvalidInput)
    assert "No such file" in str(result.exception)


def test_a_folder_is_an_error(tmp_path: Path) -> None:
    result = run("indicators", str(tmp_path))
    assert isinstance(result.exception, InvalidInput)
    assert "Is a directory" in str(result.exception)


def test_an_unknown_setting_is_an_error(releases: Path, tmp_path: Path) -> None:
    settings = tmp_path / "s.ini"
    settings.write_text("[R024]\nlimit = 1\n", encoding="utf-8")
    result = run("indicators", str(releases), "-s", str(settings))
    assert isinstance(result.exception, InvalidInput)
    assert "s.ini:2 R024.limit: is no known key" in str(result.exception)


def test_a_settings_file_that_is_no_text_is_an_error(
    releases: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "s.ini"
    settings.write_bytes(b"\xff\xfe[")
    result = run("indicators", str(releases), "-s", str(settings))
    assert isinstance(result.exception, InvalidInput)
    assert "not UTF-8" in str(result.exception)


def test_rejects_that_cannot_be_written_are_an_error(
    releases: Path, tmp_path: Path
) -> None:
    result = run("indicators", str(releases), "--rejects", str(tmp_path))
    assert isinstance(result.exception, InvalidInput)
    assert "cannot be written" in str(result.exception)


def test_a_missing_argument_is_bad_usage() -> None:
    assert run("indicators").exit_code == 2


def test_collusion_writes_a_line_a_bid_in_order(tmp_path: Path) -> None:
    bids = [
        {"Tender": 1, "Bid_value": value, "Pre-Tender Estimate (PTE)": 100.0}
        for value in (130.0, 131.0, 133.0)
    ]
    source, target = tmp_path / "bids.json", tmp_path / "scores.jsonl"
    rejects = tmp_path / "rejects.jsonl"
    source.write_text(json.dumps([*bids, {"Tender": 2, "Bid_value": 5}]), "utf-8")
    result = run(
        *("collusion", "--input", str(source), "--output", str(target)),
        *("--rejects", str(rejects)),
    )
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert [line["tender"] for line in lines] == [1, 1, 1, 2]
    assert [line["probability"] is None for line in lines] == [False] * 3 + [True]
    assert all(line["reasons"] for line in lines)
    assert "1 of 4 bids not scored" in result.stderr
    assert json.loads(rejects.read_text("utf-8"))["path"] == "Tender"
    assert "unlike the tenders the model was trained on" in result.stderr


def test_collusion_fails_where_nothing_could_be_scored(tmp_path: Path) -> None:
    source = tmp_path / "bids.json"
    source.write_text('[{"Tender": 1, "Bid_value": 5}]', "utf-8")
    result = run("collusion", "--input", str(source), "--output", "-")
    assert isinstance(result.exception, InvalidInput)
    assert "has one usable bid" in str(result.exception)


@pytest.mark.parametrize("content", ["[]", "", '[{"Tender": 2, "Bid_value": 5}]'])
def test_collusion_of_no_bids_is_an_error(tmp_path: Path, content: str) -> None:
    source = tmp_path / "bids.json"
    source.write_text(content, encoding="utf-8")
    result = run("collusion", "--input", str(source), "--output", "-")
    assert isinstance(result.exception, InvalidInput)
    assert "holds no bid that could be scored" in str(result.exception)
    assert result.stdout == ""

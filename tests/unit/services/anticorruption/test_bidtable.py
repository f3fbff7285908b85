"""Bids of people without OCDS: a CSV with a row a bid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from integritas.cli.procurement import app
from integritas.kernel.errors import InvalidInput
from integritas.services.anticorruption.bidtable import COLUMNS, read_table

TABLE = """\
Tender,Buyer,Method,Start,End,Tenderer,Amount,Currency,Status,Date,Winner
t1,city,open,2024-01-01T00:00:00Z,2024-01-05T00:00:00Z,A,100,EUR,,2024-01-09T00:00:00Z,yes
t2,city,open,,,A,90,EUR,valid,,no
t1,city,,,,B,100,EUR,,,no
"""


def run(*arguments: str, stdin: str | None = None) -> Result:
    root = typer.Typer()
    root.add_typer(app, name="procurement")
    return CliRunner().invoke(root, ["procurement", *arguments], input=stdin)


def test_rows_become_releases_wherever_they_stand() -> None:
    tenders, rejects = read_table(TABLE.encode())
    assert rejects == []
    assert [(t.line, t.release["ocid"]) for t in tenders] == [(2, "t1"), (3, "t2")]
    first = tenders[0].release
    assert first["tender"] == {
        "procurementMethod": "open",
        "tenderPeriod": {
            "startDate": "2024-01-01T00:00:00Z",
            "endDate": "2024-01-05T00:00:00Z",
        },
        "numberOfTenderers": 2,
    }
    assert first["awards"][0]["suppliers"] == [{"id": "A"}]
    assert "awards" not in tenders[1].release


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_separators_and_byte_order_marks_are_found(mark: str, bom: str) -> None:
    tenders, _ = read_table((bom + TABLE.replace(",", mark)).encode())
    assert len(tenders) == 2


def test_columns_have_other_names_too() -> None:
    assert all(names[0] == column for column, names in COLUMNS.items())
    text = "ocid,bidder,bid_value,Pre-Tender Estimate (PTE)\nx,A,5,9\n"
    (tender,), rejects = read_table(text.encode())
    assert tender.release["tender"]["value"] == {"amount": 9.0, "currency": "XXX"}
    assert rejects == []


@pytest.mark.parametrize(
    ("row", "path", "message", "used"),
    [
        (",A,5,", "tender", "is missing", False),
        ("t,,5,", "tenderer", "is missing", False),
        ("t,A,five,", "amount", "must be a number of zero or more, not 'five'", True),
        ("t,A,-5,", "amount", "must be a number of zero or more, not '-5'", True),
        ("t,A,nan,", "amount", "must be a number of zero or more, not 'nan'", True),
        ("t,A,5,perhaps", "winner", "'perhaps' is neither yes nor no", True),
    ],
)
def test_a_bad_cell_is_told_with_its_line(
    row: str, path: str, message: str, used: bool
) -> None:
    text = f"tender,tenderer,amount,winner\ngood,B,7,\n\n{row}\n"
    tenders, (reject,) = read_table(text.encode())
    assert (reject.line, reject.path, reject.message) == (4, path, message)
    assert reject.used is used
    assert len(tenders) == 1 + used


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "tender,amount\n1,2\n"])
def test_a_table_without_its_columns_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="has no column"):
        read_table(text.encode())


def test_a_table_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidInput, match="is no UTF-8"):
        read_table(b"tender,tenderer\n\xff,A\n")


def test_indicators_judge_a_table(tmp_path: Path) -> None:
    path = tmp_path / "bids.csv"
    path.write_text(TABLE, encoding="utf-8")
    result = run("indicators", str(path), "--no-meta")
    assert result.exit_code == 0, result.output
    flags = json.loads(result.stdout)["OCID"]
    assert set(flags["t1"]) >= {"R003", "R028", "R030"}
    assert set(flags["t2"]) >= {"R018"}
    again = run("indicators", "-", "--csv", "--no-meta", stdin=TABLE)
    assert json.loads(again.stdout) == json.loads(result.stdout)


def test_what_is_wrong_in_a_table_is_among_the_rejects(tmp_path: Path) -> None:
    path, rejects = tmp_path / "bids.csv", tmp_path / "rejects.jsonl"
    bad = TABLE + "t3,,,,tomorrow,C,x,EUR,,,no\n,,,,,D,1,EUR,,,no\n"
    path.write_text(bad, encoding="utf-8")
    result = run("indicators", str(path), "--rejects", str(rejects))
    assert result.exit_code == 0
    assert "1 of 5 lines rejected, 2 fields of other lines not valid" in result.stderr
    told = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(each["line"], each["path"]) for each in told] == [
        (5, "amount"),
        (6, "tender"),
        (5, "tender.tenderPeriod.endDate"),
    ]

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from integritas.services.anticorruption.api import (
    DEFAULT_SETTINGS,
    Reject,
    Run,
    run_indicators,
)
from integritas.services.anticorruption.documents import read_document
from integritas.services.anticorruption.merging import (
    compiled_releases,
    merge_releases,
)

Json = dict[str, Any]
SAMPLES = Path(os.environ.get("INTEGRITAS_DATA", "")) / "procurement/ocds-samples"


def release(date: str, **more: object) -> Json:
    return {"ocid": "o", "id": date, "date": f"2024-01-{date}T00:00:00Z", **more}


def single(ocid: str) -> Json:
    return {
        "ocid": ocid,
        "tender": {"procurementMethod": "open", "numberOfTenderers": 1},
    }


def run(data: bytes) -> tuple[Run, list[Reject]]:
    rejects: list[Reject] = []
    done = run_indicators(
        io.BytesIO(data), DEFAULT_SETTINGS, with_maps=False, on_reject=rejects.append
    )
    return done, rejects


def flagged(done: Run) -> set[str]:
    return set(done.ledger.document()["OCID"])  # type: ignore[call-overload, no-any-return]  # a dict


def test_later_values_replace_earlier_ones_whatever_the_order() -> None:
    merged = merge_releases(
        [
            release("05", tender={"status": "complete", "value": {"amount": 7}}),
            release("01", tender={"status": "active", "title": "Road"}),
        ]
    )
    assert merged["tender"] == {
        "status": "complete",
        "title": "Road",
        "value": {"amount": 7},
    }
    assert (merged["ocid"], merged["tag"]) == ("o", ["compiled"])
    assert merged["date"] == "2024-01-05T00:00:00Z"


def test_null_removes_what_was_told() -> None:
    merged = merge_releases(
        [release("01", tender={"a": 1, "b": 2}), release("02", tender={"a": None})]
    )
    assert merged["tender"] == {"b": 2}


def test_lists_of_objects_are_merged_by_id() -> None:
    merged = merge_releases(
        [
            release("01", awards=[{"id": 1, "status": "pending"}, {"id": 2}]),
            release("02", awards=[{"id": "1", "status": "active"}, {"id": 3}]),
        ]
    )
    assert merged["awards"] == [{"id": "1", "status": "active"}, {"id": 2}, {"id": 3}]


def test_other_lists_are_replaced_as_a_whole() -> None:
    merged = merge_releases(
        [
            release("01", x=["a"], parties=[{"id": "p", "roles": ["buyer"]}]),
            release("02", x=["b"], parties=[{"id": "p", "roles": ["supplier"]}]),
        ]
    )
    assert merged["x"] == ["b"]
    assert merged["parties"] == [{"id": "p", "roles": ["supplier"]}]


def test_merging_changes_no_input() -> None:
    first, second = release("01", t={"l": [{"id": 1}]}), release("02", t={"m": [1]})
    before = json.dumps([first, second])
    merge_releases([first, second])["t"]["m"].append(2)  # type: ignore[index,call-overload,union-attr]  # JSON
    assert json.dumps([first, second]) == before


@pytest.mark.data
@pytest.mark.skipif("INTEGRITAS_DATA" not in os.environ, reason="no data folder")
def test_the_standards_sample_merges_into_its_compiled_release() -> None:
    parts = sorted(SAMPLES.glob("ocds-213czf-000-00001-0*.json"))
    releases = [r for p in parts for r in json.loads(p.read_bytes())["releases"]]
    record = json.loads((SAMPLES / "record-ocds-213czf-000-00001.json").read_bytes())
    compiled = record["records"][0]["compiledRelease"]
    merged = merge_releases(releases)
    tender, wanted = merged["tender"], compiled["tender"]
    assert isinstance(tender, dict)
    assert {k: v for k, v in tender.items() if not isinstance(v, list)} == {
        k: v for k, v in wanted.items() if not isinstance(v, list)
    }


def test_packages_and_records_give_a_release_for_each_process() -> None:
    package = {"releases": [release("01"), {**single("p")}, release("02", x=1)]}
    found = list(compiled_releases(package))
    assert [(path, r["ocid"]) for path, r in found] == [
        ("releases[0]", "o"),
        ("releases[1]", "p"),
    ]
    assert found[0][1]["x"] == 1
    records = {
        "records": [
            {"ocid": "a", "compiledRelease": single("a")},
            {"ocid": "b", "releases": [{**single("b")}]},
            {"ocid": "c", "releases": [{"url": "https://x.example"}]},
        ]
    }
    paths = [path for path, _ in compiled_releases(records)]
    assert paths == ["records[0].compiledRelease", "records[1].releases", "records[2]"]


def test_a_file_may_hold_packages_and_records_a_line() -> None:
    lines = [
        {"uri": "x", "releases": [single("a"), single("b")]},
        {"ocid": "c", "compiledRelease": single("c")},
        {"records": [{"ocid": "d", "releases": [{"url": "u"}]}, 5]},
        single("e"),
    ]
    done, rejects = run(b"\n".join(json.dumps(line).encode() for line in lines))
    assert flagged(done) == {"a", "b", "c", "e"}
    assert (done.lines, done.read, done.rejected) == (4, 4, 2)
    assert [(r.line, r.path) for r in rejects] == [
        (3, "records[0].ocid"),
        (3, "records[1].ocid"),
    ]


def test_what_is_wrong_in_a_package_is_told_with_its_path() -> None:
    bad = {**single("a"), "date": "today"}
    _, (reject,) = run(json.dumps({"releases": [single("b"), bad]}).encode())
    assert (reject.path, reject.used) == ("releases[1].date", True)


@pytest.mark.parametrize("indent", [1, 4])
def test_a_file_may_be_one_document_over_many_lines(indent: int) -> None:
    package = {"uri": "x", "releases": [single("a"), single("b")]}
    assert flagged(run(json.dumps(package, indent=indent).encode())[0]) == {"a", "b"}
    listed = json.dumps([single("a"), single("c")], indent=indent).encode()
    assert flagged(run(b"\xef\xbb\xbf" + listed)[0]) == {"a", "c"}


def test_what_only_begins_like_a_document_is_read_line_by_line() -> None:
    done, (reject,) = run(b"{\n" + json.dumps(single("a")).encode())
    assert flagged(done) == {"a"}
    assert (reject.line, reject.path) == (1, "(whole)")


def test_a_file_of_lines_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b'{"ocid":"a"}\n{"ocid":"b"}\n')
    with path.open("rb") as stream:
        found, after = read_document(stream)
        assert found is None
        assert after is stream
        assert stream.tell() == 0

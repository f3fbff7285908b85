"""Entries as a SIEM reads them."""

from __future__ import annotations

import csv
import io
import json

import pytest

from integritas.kernel.contracts import LoggedEntry
from integritas.kernel.ids import EventId
from integritas.services.audit.bodies import canonical
from integritas.services.audit.merkle import leaf_hash
from integritas.services.audit.siem import FORMATS, MEDIA_TYPES, written


def entry(**change: object) -> LoggedEntry:
    body = canonical(
        {
            "actor": {"id": "user_1", "kind": "person", "roles": []},
            "correlation_id": "req-1",
            "data": {"a": 1},
            "event_id": "evt_1",
            "outcome": "success",
            "subject": "case_1",
            "time": "2026-01-31T12:00:00.500000Z",
            "type": "integritas.case.transitioned.v1",
            "v": 1,
            **change,
        }
    )
    return LoggedEntry(7, EventId("evt_1"), body, leaf_hash(body))


def line(form: str, **change: object) -> str:
    return "".join(written([entry(**change)], form, "log/main"))


def test_each_format_has_a_media_type() -> None:
    assert set(FORMATS) == set(MEDIA_TYPES)


def test_json_lines_carry_the_entry_to_the_byte() -> None:
    document = json.loads(line("jsonl"))
    assert document["index"] == 7
    assert document["leaf_hash"] == entry().leaf_hash.hex()
    assert canonical(document["entry"]) == entry().body


def test_csv_has_a_header_and_quotes_as_rfc_4180() -> None:
    header, row = csv.reader(io.StringIO(line("csv", subject='a "b", c')))
    cells = dict(zip(header, row, strict=True))
    assert cells["subject"] == 'a "b", c'
    assert cells["actor"] == "user_1"
    assert json.loads(cells["entry"])["event_id"] == "evt_1"
    assert line("csv").count("\r\n") == 2


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_csv_holds_no_formula(text: str) -> None:
    _, row = csv.reader(io.StringIO(line("csv", subject=text)))
    assert row[3] == f"'{text}"


def test_ocsf_is_an_event_of_api_activity() -> None:
    event = json.loads(line("ocsf"))
    assert event["class_uid"] == 6003
    assert event["category_uid"] == 6
    assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
    assert event["time"] == 1769860800500
    assert event["status_id"] == 1
    assert event["actor"]["user"]["uid"] == "user_1"
    assert event["metadata"]["sequence"] == 7
    assert event["unmapped"]["leaf_hash"] == entry().leaf_hash.hex()


@pytest.mark.parametrize(
    ("kind", "number", "activity", "status"),
    [
        ("login_succeeded", 3002, 1, 1),
        ("login_failed", 3002, 1, 2),
        ("session_ended", 3002, 2, 1),
        ("user_created", 3001, 1, 1),
        ("user_changed", 3001, 99, 1),
        ("key_revoked", 6003, 4, 1),
    ],
)
def test_ocsf_has_classes_for_identity(
    kind: str, number: int, activity: int, status: int
) -> None:
    told = {"type": f"integritas.identity.{kind}.v1", "outcome": None, "seq": 7}
    event = json.loads(line("ocsf", **told))
    assert (event["class_uid"], event["activity_id"]) == (number, activity)
    assert event["category_uid"] == number // 1000
    assert event["type_uid"] == number * 100 + activity
    assert event["status_id"] == status
    assert ("user" in event) == (number != 6003)
    assert ("src_endpoint" in event) == (number == 6003)


def test_ocsf_and_cef_say_why_by_whom_and_when() -> None:
    told = {
        "reason": "over the limit",
        "source": "erp",
        "occurred": "2026-01-31T11:00:00.000000Z",
        "actor": {"id": "u", "kind": "service", "roles": ["clerk", "buyer"]},
        "before": "ab" * 32,
        "logged_by": "key_1",
    }
    event = json.loads(line("ocsf", **told))
    assert event["status_detail"] == "over the limit"
    assert event["metadata"]["original_time"] == told["occurred"]
    assert event["actor"]["user"]["groups"] == [{"name": "clerk"}, {"name": "buyer"}]
    assert event["unmapped"]["before"] == "ab" * 32
    text = line("cef", **told)
    for part in (
        "start=1769857200000",
        "spriv=clerk,buyer",
        "sourceServiceName=erp",
        "reason=over the limit",
    ):
        assert f" {part} " in text


@pytest.mark.parametrize(
    ("kind", "activity"),
    [
        ("integritas.case.opened.v1", 1),
        ("integritas.evidence.read.v1", 2),
        ("integritas.case.transitioned.v1", 3),
        ("integritas.identity.key_revoked.v1", 4),
        ("com.example.other", 99),
    ],
)
def test_ocsf_tells_what_kind_of_act_it_was(kind: str, activity: int) -> None:
    assert json.loads(line("ocsf", type=kind))["activity_id"] == activity


def test_ocsf_raises_the_severity_of_a_failure() -> None:
    event = json.loads(line("ocsf", outcome="failure"))
    assert (event["severity_id"], event["status_id"]) == (3, 2)


def test_cef_is_one_line_with_a_header_of_seven() -> None:
    text = line("cef", subject="a|b=c\nd", actor=None, time="never")
    assert text.count("\n") == 1
    assert text.startswith("CEF:0|Integritas|Integritas|1|")
    assert "a\\|b=c d|3|" in text
    assert "cs1=a|b\\=c\\nd " in text
    assert "suser=" not in text
    assert "rt=" not in text

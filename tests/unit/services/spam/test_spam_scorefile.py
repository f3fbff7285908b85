"""Scoring lines: what is wrong in a line is told, the rest is scored."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integritas.services.spam.api import (
    ScoreReject,
    ScoreRun,
    SpamService,
    load_spam_service,
    score_lines,
)


@pytest.fixture(scope="module")
def service() -> SpamService:
    return load_spam_service()


def run(
    service: SpamService, *lines: bytes
) -> tuple[list[dict[str, Any]], list[ScoreReject], ScoreRun]:
    rejects: list[ScoreReject] = []
    counts = ScoreRun()
    found = score_lines(service, lines, run=counts, on_reject=rejects.append)
    return [json.loads(line) for line in found], rejects, counts


def test_a_line_gives_a_line(service: SpamService) -> None:
    (row,), rejects, counts = run(service, b'{"id": "a", "raw": "see you at five"}\n')
    assert list(row) == ["id", "probability", "verdict", "reasons"]
    assert (row["id"], row["verdict"]) == ("a", "deliver")
    assert all(isinstance(reason, str) for reason in row["reasons"])
    assert (rejects, counts) == ([], ScoreRun(lines=1, scored=1))


def test_media_type_overrides_the_guess(service: SpamService) -> None:
    raw = "Subject: hello\n\n" + "<b>see you</b>"
    for media_type in ("text/plain", "message/rfc822", None):
        line = json.dumps({"id": 7, "raw": raw, "media_type": media_type}).encode()
        (row,), _, _ = run(service, line)
        assert row["id"] == 7


def test_blank_lines_and_a_byte_order_mark_are_no_error(service: SpamService) -> None:
    rows, rejects, counts = run(
        service, b'\xef\xbb\xbf{"id": "a", "raw": "hi there"}\n', b"\n", b"  \n"
    )
    assert (len(rows), rejects, counts.lines) == (1, [], 1)


@pytest.mark.parametrize(
    ("line", "path", "message"),
    [
        (b"{", "(whole)", "is not JSON"),
        (b"[1]", "(whole)", "no object"),
        (b'{"raw": "x"}', "id", "missing"),
        (b'{"id": true, "raw": "x"}', "id", "missing or no text"),
        (b'{"id": "a"}', "raw", "missing"),
        (b'{"id": "a", "raw": 5}', "raw", "missing or no text"),
        (b'{"id": "a", "raw": ""}', "raw", "empty"),
        (b'{"id": "a", "raw": "x", "media_type": "x/y"}', "media_type", "'x/y'"),
        (b'{"id": "a", "raw": "\xff"}', "(whole)", "is not JSON"),
    ],
    ids=range(9),
)
def test_a_bad_line_names_field_and_remedy(
    service: SpamService, line: bytes, path: str, message: str
) -> None:
    rows, (reject,), counts = run(service, line, b'{"id": "b", "raw": "fine by me"}')
    assert [row["id"] for row in rows] == ["b"]
    assert (reject.line, reject.path) == (1, path)
    assert message in reject.message
    assert reject.remedy in str(reject)
    assert counts == ScoreRun(lines=2, scored=1, rejected=1)

"""Own-written messages with the verdict and the reason that the shipped model gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integritas.kernel.contracts import Subject
from integritas.kernel.evidence import message_from_line
from integritas.services.spam.api import SpamService, load_spam_service

MESSAGES = [
    json.loads(line)
    for line in (Path(__file__).parent / "messages.jsonl").read_text().splitlines()
]


@pytest.fixture(scope="module")
def service() -> SpamService:
    return load_spam_service()


@pytest.mark.parametrize("case", MESSAGES, ids=[case["id"] for case in MESSAGES])
def test_verdict_and_reason(service: SpamService, case: dict[str, Any]) -> None:
    finding = service.find(message_from_line(case["raw"]), Subject())
    reasons = [reason.text for reason in finding.reasons]
    assert finding.data["verdict"] == case["verdict"], (finding.score, reasons)
    assert any(case["reason"] in reason for reason in reasons), reasons

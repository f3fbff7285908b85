"""Personal data in messages: kinds and counts, no clear text, within a budget."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydantic_core import to_json

from integritas.kernel.contracts import Dossier, Evidence, Severity
from integritas.kernel.evidence import MAIL, Message, content_digest
from integritas.kernel.ids import DEFAULT_TENANT, EvidenceId
from integritas.services.compliance.api import load_compliance_service
from integritas.services.compliance.privacy import (
    MOST_SEARCHED,
    PERSONAL_DATA,
    personal_findings,
)

if TYPE_CHECKING:
    from datetime import datetime

IBAN = "DE89 3704 0044 0532 0130 00"
TEXT = f"Pay {IBAN} and write to ana@example.org or bo@example.org."


@pytest.fixture
def dossier() -> Dossier:
    from datetime import UTC, datetime

    at: datetime = datetime(2026, 1, 31, tzinfo=UTC)
    return Dossier("case_1", DEFAULT_TENANT, "api", at, ())


def message(text: str, number: int = 1, media_type: str = "text/plain") -> Evidence:
    content = Message(text.encode(), media_type)
    return Evidence(EvidenceId(f"ev_{number}"), content, content_digest(content))


def test_a_finding_names_kinds_and_counts_alone(dossier: Dossier) -> None:
    [found] = personal_findings(replace(dossier, evidence=(message(TEXT),)))
    assert (found.code, found.severity) == (PERSONAL_DATA, Severity.INFO)
    assert found.data["kinds"] == {"email": 2, "iban": 1}
    assert found.subject.evidence == "ev_1"
    told = to_json(found).decode()
    assert "example.org" not in told
    assert IBAN[:9] not in told


def test_a_mails_own_headers_are_no_finding(dossier: Dossier) -> None:
    mail = "From: ana@example.org\nTo: bo@example.org\nSubject: Hello\n\nNothing.\n"
    quiet = replace(dossier, evidence=(message(mail, media_type=MAIL),))
    assert list(personal_findings(quiet)) == []
    told = mail.replace("Hello", f"my account is {IBAN}")
    loud = replace(dossier, evidence=(message(told, media_type=MAIL),))
    [found] = personal_findings(loud)
    assert found.data["kinds"] == {"iban": 1}


def test_what_is_over_the_budget_is_told_and_not_searched(dossier: Dossier) -> None:
    long = message("x " * (MOST_SEARCHED // 2) + TEXT)
    second = message(TEXT, 2)
    first, other = personal_findings(replace(dossier, evidence=(long, second)))
    assert first.data["kinds"] == other.data["kinds"] == {}
    assert first.data["searched"] == MOST_SEARCHED
    assert first.data["characters"] == MOST_SEARCHED + len(TEXT)
    assert other.data["searched"] == 0
    assert "searched 0 of" in other.reasons[-1].text


async def test_the_service_says_so_of_messages_with_no_list_too(
    dossier: Dossier,
) -> None:
    service = load_compliance_service(None)
    filled = replace(dossier, evidence=(message(TEXT),))
    large = replace(dossier, evidence=(message(TEXT + "y" * 10_000),))
    found, again = await service.assess([filled, large])
    assert found.complete
    assert found.versions["personal"] == "personal-1"
    assert [f.data["kinds"] for f in (*found.findings, *again.findings)] == [
        {"email": 2, "iban": 1}
    ] * 2
    assert json.loads(to_json(found))["findings"][0]["title"]

"""Dossiers, their digest, and assessments that could not be made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.contracts import (
    NOT_ASSESSED,
    Assessment,
    Checkpoint,
    Difference,
    Dossier,
    Evidence,
    Finding,
    FindingKind,
    Severity,
    Subject,
    VerificationReport,
    dossier_digest,
    not_assessed,
)
from integritas.kernel.evidence import (
    MAIL,
    Content,
    EvidenceKind,
    Message,
    Party,
    content_digest,
)
from integritas.kernel.ids import EvidenceId, TenantId

PARTY = Party("Person", {"name": ("Ann",)})


def item(name: str, content: Content) -> Evidence:
    """Return evidence with its true digest."""
    return Evidence(EvidenceId(name), content, content_digest(content))


DOSSIER = Dossier(
    id="d",
    tenant=TenantId("main"),
    channel="api",
    received_at=datetime(2026, 1, 1, tzinfo=UTC),
    evidence=(item("ev_1", Message(b"hello")), item("ev_2", PARTY)),
)

CHANGES = {
    "channel": replace(DOSSIER, channel="email"),
    "less": replace(DOSSIER, evidence=DOSSIER.evidence[:1]),
    "none": replace(DOSSIER, evidence=()),
    "more": replace(DOSSIER, evidence=(*DOSSIER.evidence, item("ev_3", PARTY))),
    "order": replace(DOSSIER, evidence=DOSSIER.evidence[::-1]),
    "content": replace(
        DOSSIER, evidence=(item("ev_1", Message(b"Hello")), DOSSIER.evidence[1])
    ),
    "id": replace(
        DOSSIER, evidence=(item("ev_9", Message(b"hello")), DOSSIER.evidence[1])
    ),
    "media type": replace(
        DOSSIER, evidence=(item("ev_1", Message(b"hello", MAIL)), DOSSIER.evidence[1])
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_digest_changes_with_what_is_assessed(change: str) -> None:
    assert dossier_digest(CHANGES[change]) != dossier_digest(DOSSIER)


def test_changes_differ_among_themselves() -> None:
    assert len({dossier_digest(one) for one in CHANGES.values()}) == len(CHANGES)


@given(st.text(max_size=5), st.timedeltas(timedelta(0), timedelta(9)))
def test_digest_ignores_whose_and_when(name: str, later: timedelta) -> None:
    other = replace(
        DOSSIER,
        id=name,
        tenant=TenantId("other"),
        received_at=DOSSIER.received_at + later,
    )
    assert dossier_digest(other) == dossier_digest(DOSSIER)


def test_digest_is_sha_256_in_hex() -> None:
    assert len(bytes.fromhex(dossier_digest(DOSSIER))) == 32


def test_evidence_of_one_kind() -> None:
    assert [e.id for e in DOSSIER.of_kind(EvidenceKind.PARTY)] == ["ev_2"]
    assert DOSSIER.of_kind(EvidenceKind.PAYMENT) == ()


def test_not_assessed_says_why() -> None:
    assessment = not_assessed("spam", "no model", DOSSIER)
    [finding] = assessment.findings
    assert not assessment.complete
    assert finding.code == NOT_ASSESSED
    assert finding.kind is FindingKind.NOT_ASSESSED
    assert [reason.text for reason in finding.reasons] == ["no model"]
    assert assessment.input_hash == dossier_digest(DOSSIER)


def test_not_assessed_without_a_dossier_has_no_input() -> None:
    assert not_assessed("spam", "no answer").input_hash == ""


def test_an_assessment_without_findings_is_complete() -> None:
    assert Assessment("spam", (), {}, "").complete


def test_one_gap_makes_an_assessment_incomplete() -> None:
    signal = Finding("x", Severity.LOW, 0.5, Subject(), "X")
    gap = not_assessed("spam", "no model").findings[0]
    assert Assessment("spam", (signal,), {}, "").complete
    assert not Assessment("spam", (signal, gap), {}, "").complete


def test_a_report_is_sound_without_differences() -> None:
    report = VerificationReport("origin", 1, b"root", ())
    assert report.sound
    assert not replace(report, differences=(Difference("entry 0", "flipped"),)).sound


def test_contracts_cannot_be_changed() -> None:
    checkpoint = Checkpoint("origin", 1, b"root", "note")
    with pytest.raises(AttributeError):
        checkpoint.size = 2  # type: ignore[misc] # the point

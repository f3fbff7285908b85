"""The service: findings on messages, batches, causes of what cannot be assessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

import pytest

from integritas.kernel.contracts import (
    NOT_ASSESSED,
    Assessment,
    Dossier,
    Evidence,
    Failure,
    FindingKind,
    Severity,
    dossier_digest,
)
from integritas.kernel.evidence import (
    MAIL,
    PLAIN_TEXT,
    Account,
    Content,
    Message,
    Payment,
    content_digest,
)
from integritas.kernel.ids import DEFAULT_TENANT, EvidenceId
from integritas.services.spam.api import SpamService, load_spam_service

PRIZE = Message(b"URGENT! You have won a prize. Call 09061701461 now. Txt STOP to end")
CHAT = Message(b"ok see you at five then, bring the keys")


@pytest.fixture(scope="module")
def service() -> SpamService:
    return load_spam_service()


def dossier(*contents: Content) -> Dossier:
    return Dossier(
        id="d",
        tenant=DEFAULT_TENANT,
        channel="form",
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        evidence=tuple(
            Evidence(EvidenceId(f"ev_{n}"), content, content_digest(content))
            for n, content in enumerate(contents)
        ),
    )


async def assess(service: SpamService, *contents: Content) -> Assessment:
    (answer,) = await service.assess([dossier(*contents)])
    assert isinstance(answer, Assessment)
    return answer


async def test_junk_is_discarded_with_reasons(service: SpamService) -> None:
    (finding,) = (await assess(service, PRIZE)).findings
    assert (finding.code, finding.data["verdict"]) == ("spam.likely", "discard")
    assert finding.severity is Severity.LOW
    assert finding.score > 0.9
    assert any("speaks for junk" in reason.text for reason in finding.reasons)
    assert all(reason.weight is not None for reason in finding.reasons)


async def test_chat_is_delivered(service: SpamService) -> None:
    (finding,) = (await assess(service, CHAT)).findings
    assert (finding.code, finding.data["verdict"]) == ("spam.unlikely", "deliver")
    assert finding.severity is Severity.INFO


async def test_a_tip_in_junk_is_kept_for_a_person(service: SpamService) -> None:
    tip = Message(PRIZE.raw + b" The mayor takes bribes.")
    (finding,) = (await assess(service, tip)).findings
    assert (finding.code, finding.data["verdict"]) == ("spam.protected", "quarantine")
    assert finding.data["tip"] is True
    assert finding.severity is Severity.MEDIUM
    assert "bribes" in finding.reasons[0].text


_JUNK: Final = (
    "Buy cheap viagra now!!! click here http://192.0.2.7/win guaranteed, lose weight,"
    " unsubscribe today, limited offer, order now!!! 100% free, act now! Click here"
    " to be removed from our mailing list. Money back guarantee!!! "
) * 3
_HEAD: Final = "Subject: Buy viagra now!!!\nFrom: x@shop.example\n"
_MIXED: Final = (
    f"{_HEAD}Content-Type: multipart/mixed; boundary=b\n\n--b\n\n{_JUNK}\n--b\n"
)
_TIP: Final = "The mayor takes bribes"
_INVISIBLE: Final = _TIP.replace("b", "b\u200b")
_LOOKALIKE: Final = _TIP.replace("i", "\u0456").replace("e", "\u0435")


async def test_plain_junk_is_discarded(service: SpamService) -> None:
    junk = Message(f"{_HEAD}\n{_JUNK}".encode(), MAIL)
    (finding,) = (await assess(service, junk)).findings
    assert finding.data["verdict"] == "discard"


@pytest.mark.parametrize(
    "raw",
    [
        f"{_HEAD}\n{_JUNK}{_INVISIBLE}",
        f"{_HEAD}\n{_JUNK}{_LOOKALIKE}",
        f"{_HEAD}\n{_JUNK}{_TIP.replace('i', '1')}",
        f"{_HEAD}\n{_JUNK}\u202e{_TIP[::-1]}\u202c",
        f"{_MIXED}Content-Type: text/html\n\n<p>{_TIP}</p>\n--b--\n",
        f"{_MIXED}Content-Type: message/rfc822\n\nSubject: {_TIP}\n\nsee\n--b--\n",
        f'{_MIXED}Content-Type: image/png; name="mayor_bribed.png"\n\nx\n--b--\n',
    ],
)
async def test_a_tip_in_disguise_or_aside_is_never_discarded(
    service: SpamService, raw: str
) -> None:
    (finding,) = (await assess(service, Message(raw.encode(), MAIL))).findings
    assert (finding.code, finding.data["verdict"]) == ("spam.protected", "quarantine")
    assert "allegation" in str(finding.data["tip_marks"])


@pytest.mark.parametrize(
    "raw",
    [
        f"{_HEAD}\n{_JUNK * 250}{_TIP}",
        f"{_MIXED}Content-Type: image/png\n\n{'A' * 600_000}\n--b\n\n{_TIP}\n--b--\n",
        f"{_MIXED}Content-Type: application/pdf\n\nJVBERg==\n--b--\n",
    ],
)
async def test_junk_that_was_not_looked_at_whole_is_never_discarded(
    service: SpamService, raw: str
) -> None:
    (finding,) = (await assess(service, Message(raw.encode(), MAIL))).findings
    assert (finding.code, finding.data["verdict"]) == ("spam.protected", "quarantine")
    assert finding.data["tip"] is False
    assert "only a part of it was looked at" in finding.reasons[0].text


async def test_each_message_has_a_finding(service: SpamService) -> None:
    answer = await assess(service, PRIZE, CHAT)
    assert [f.subject.evidence for f in answer.findings] == ["ev_0", "ev_1"]


async def test_a_dossier_without_messages_has_no_findings(service: SpamService) -> None:
    side = Account("A")
    payment = Payment(side, side, Decimal(1), "EUR", date(2026, 1, 1))
    answer = await assess(service, payment)
    assert answer.findings == ()
    assert answer.complete


async def test_the_answer_names_versions_and_input(service: SpamService) -> None:
    answer = await assess(service, CHAT)
    assert set(answer.versions) == {"model", "policy"}
    assert answer.versions["model"].startswith("spam-5@")
    assert answer.input_hash == dossier_digest(dossier(CHAT))
    assert answer.service == "spam"


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (Message(b""), "empty"),
        (Message(b" \n\t"), "empty"),
        (Message(b"", MAIL), "empty"),
        (Message(b"\x00\x01" * 100, PLAIN_TEXT), "binary"),
        (Message(b"x", "image/png"), "image/png"),
    ],
    ids=["nothing", "blanks", "empty mail", "binary", "type"],
)
async def test_what_cannot_be_assessed_says_why(
    service: SpamService, message: Message, cause: str
) -> None:
    answer = await assess(service, message)
    (finding,) = answer.findings
    assert finding.code == NOT_ASSESSED
    assert finding.kind is FindingKind.NOT_ASSESSED
    assert cause in finding.reasons[0].text
    assert not answer.complete


async def test_a_poison_item_fails_alone(service: SpamService) -> None:
    poison = dossier(CHAT)
    poison = replace(
        poison,
        evidence=(replace(poison.evidence[0], content=Message(None)),),  # type: ignore[arg-type] # poison
    )
    good = dossier(CHAT)
    first, second, third = await service.assess([good, poison, good])
    assert isinstance(first, Assessment)
    assert isinstance(third, Assessment)
    assert isinstance(second, Failure)
    assert "AttributeError" in second.detail


async def test_batches_answer_in_order_and_alike(service: SpamService) -> None:
    contents = [PRIZE, CHAT, Message(b"")] * 5  # enough to leave the event loop
    together = await service.assess([dossier(c) for c in contents])
    apart = [await assess(service, content) for content in contents]
    assert list(together) == apart


async def test_no_dossiers_no_answers(service: SpamService) -> None:
    assert list(await service.assess([])) == []


async def test_long_plain_text_is_read_as_prose(service: SpamService) -> None:
    text = Message(b"The supplier sent the invoice for the bridge twice. " * 20)
    (finding,) = (await assess(service, text)).findings
    assert finding.data["view"] == "prose"


async def test_the_model_is_ready(service: SpamService) -> None:
    assert await service.ping() is None

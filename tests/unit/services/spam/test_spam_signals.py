"""Signals and their sentences."""

from __future__ import annotations

from integritas.kernel.evidence import MAIL, PLAIN_TEXT, Message
from integritas.services.spam.parsing import parse_message
from integritas.services.spam.signals import Signal, mail_signals, say, text_signals


def of_mail(raw: str) -> tuple[Signal, ...]:
    view = parse_message(Message(raw.encode(), MAIL))
    return mail_signals(view, [name for name, _ in view.headers])


def of_text(raw: str) -> tuple[Signal, ...]:
    return text_signals(parse_message(Message(raw.encode(), PLAIN_TEXT)))


def test_structure_of_a_mail() -> None:
    found = of_mail(
        "Received: a\nReceived: b\nReturn-Path: <x@y.example>\nFrom: x@y.example\n"
        "Subject: BUY NOW!\nContent-Type: text/html\n\n<b>http://a.example</b>"
    )
    assert Signal("hops", "2") in found
    assert Signal("html only", "yes") in found
    assert Signal("shouted subject", "yes") in found
    assert Signal("exclaimed subject", "yes") in found
    assert Signal("return path", "yes") in found
    assert Signal("links", "1 to 1") in found


def test_attachments_give_their_extension() -> None:
    found = of_mail('Subject: s\nContent-Type: application/x; name="A.EXE"\n\nx')
    assert Signal("extension", "exe") in found


def test_defects_are_signals() -> None:
    found = of_mail("Subject: s\nContent-Type: multipart/mixed; boundary=x\n\nnothing")
    assert any(signal.name == "defect" for signal in found)


def test_numbers_of_a_text() -> None:
    found = of_text("Call 09061701461 to claim £900, www.prize.example")
    assert Signal("longest number", "11") in found
    assert Signal("digits", "12 or more") in found
    assert Signal("currency", "yes") in found
    assert Signal("link", "yes") in found


def test_length_is_told_in_spans() -> None:
    assert Signal("length", "0 to 24") in of_text("short")
    assert Signal("length", "500 or more") in of_text("x" * 9_000)


def test_every_signal_has_a_sentence() -> None:
    for signal in (*of_mail("Received: a\nReturn-Path: b\n\nx"), *of_text("x 1")):
        assert signal.value in say(signal)

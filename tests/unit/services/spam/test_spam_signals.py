"""Signals and their sentences."""

from __future__ import annotations

from integritas.kernel.evidence import MAIL, PLAIN_TEXT, Message
from integritas.services.spam.artifact import load_artifact
from integritas.services.spam.folding import fold
from integritas.services.spam.parsing import parse_message
from integritas.services.spam.signals import mail_signals, say, text_signals

TABLE = load_artifact().lookalikes


def of_mail(raw: str) -> tuple[str, ...]:
    view = parse_message(Message(raw.encode(), MAIL))
    return mail_signals(view, fold(view.shown, TABLE, most=4_000), transport=True)


def of_text(raw: str) -> tuple[str, ...]:
    view = parse_message(Message(raw.encode(), PLAIN_TEXT))
    return text_signals(view, fold(view.shown, TABLE, most=4_000))


def test_structure_of_a_mail() -> None:
    found = of_mail(
        "Received: a\nReceived: b\nReturn-Path: <x@y.example>\nFrom: x@y.example\n"
        "Subject: BUY NOW!\nContent-Type: text/html\n\n<b>http://a.example</b>"
    )
    assert "hops=2" in found
    assert "html only=yes" in found
    assert "shouted subject=yes" in found
    assert "exclaimed subject=yes" in found
    assert "return path=yes" in found
    assert "links=1 to 1" in found


def test_attachments_give_their_extension() -> None:
    found = of_mail('Subject: s\nContent-Type: application/x; name="A.EXE"\n\nx')
    assert "extension=exe" in found


def test_defects_are_signals() -> None:
    found = of_mail("Subject: s\nContent-Type: multipart/mixed; boundary=x\n\nnothing")
    assert "defect=multipart without its parts" in found


def test_tricks_are_signals() -> None:
    found = of_mail(
        "Subject: s\nContent-Type: text/html; charset=utf-8\n\n"
        "<div style='display:none'>good</div>v<b></b>iagra v i a g r a"
        " l\u043eok m0ney \u200b <img src=x>"
    )
    names = {signal.partition("=")[0] for signal in found}
    wanted = {"hidden", "split", "spaced", "lookalike", "leet", "invisible", "images"}
    assert wanted <= names


def test_numbers_of_a_text() -> None:
    found = of_text("Call 09061701461 to claim £900, www.prize.example")
    assert "longest number=11" in found
    assert "digits=12 or more" in found
    assert "currency=yes" in found
    assert "link=yes" in found


def test_length_is_told_in_spans() -> None:
    assert "length=0 to 24" in of_text("short")
    assert "length=500 or more" in of_text("x" * 9_000)


def test_every_signal_has_a_sentence() -> None:
    odd = of_mail("Received: a\nReturn-Path: b\n\nhttp://192.0.2.1/login v i a g r a")
    for signal in (*odd, *of_text("x 1 http://192.0.2.1/")):
        assert signal.partition("=")[2] in say(signal)

from __future__ import annotations

from integritas.kernel.evidence import MAIL, Message
from integritas.platform.readable import readable_text, written_text


def mail(*lines: str) -> Message:
    raw = "\r\n".join(lines).encode("utf-8", "surrogateescape")
    return Message(raw=raw, media_type=MAIL)


def test_headers_and_parts_are_decoded() -> None:
    message = mail(
        "From: Ana <ana@example.org>",
        "SUBJECT: =?utf-8?q?M=C3=BCnze?=",
        "  and more",
        "Content-Type: text/plain; charset=iso-8859-1",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "caf=E9",
    )
    assert written_text(message) == "Münze  and more\ncafé"
    assert readable_text(message).startswith("Ana <ana@example.org>\nMünze  and more\n")


def test_of_a_mail_in_parts_the_texts_are_read() -> None:
    message = mail(
        "Content-Type: multipart/mixed; boundary=b",
        "",
        "--b",
        "Content-Type: text/html; charset=no-such",
        "",
        "<p>one</p>",
        "--b",
        "Content-Type: image/png",
        "",
        "none",
        "--b--",
    )
    assert written_text(message) == "\n<p>one</p>"


def test_bytes_of_no_character_set_become_replacement_characters() -> None:
    message = mail("Subject: a \udcff", "", "b")
    assert written_text(message) == "a \ufffd\nb"


def test_a_header_that_breaks_the_library_stays_as_it_stands() -> None:
    message = mail("Message-ID: <>", "Subject: kept", "", "text")
    assert readable_text(message) == "<>\nkept\ntext"


def test_what_is_no_mail_is_read_as_it_is() -> None:
    message = Message(raw=b"Subject: not a header \xff", media_type="text/plain")
    assert written_text(message) == readable_text(message)
    assert written_text(message) == "Subject: not a header \ufffd"

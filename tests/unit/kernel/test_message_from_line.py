"""A text as a message: mail or plain text, latin-1 or UTF-8."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.evidence import MAIL, PLAIN_TEXT, message_from_line


@pytest.mark.parametrize(
    "raw",
    [
        "From: a@b.example\nTo: c@d.example\n\nhello",
        "from: a@b.example\r\nsubject: x\r\n\r\nhello",
        "Subject: only this",
        "Subject:no space\n\nhello",
        "X-First: 1\nReceived: from x\n\tby y\n by z\n\nhello",
        "From a@b.example Thu Aug 22 12:36:23 2002\nanything",
        "From - Thu Aug 22 12:36:23 2002\r\nanything",
        "Subject: caf\x85\u2028 and so on\n\nhello",
        "From: x\n" + "Received: from y\n" * 2_000 + "\nhello",
        "From: x\nSubject: " + "y" * 9_000,
    ],
)
def test_mail_is_recognised(raw: str) -> None:
    assert message_from_line(raw).media_type == MAIL


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "\n",
        "hello",
        "\nSubject: too late\n\n",
        "URGENT: call me now",
        "Note: this\nAlso: that\n\n",
        "Subject: x\nthis is no header\n",
        "From here on all is well",
        "From here\nto 2002",
        "http://example.com/from: x",
        " Subject: folded at once",
        "Sübject: x\n\n",
    ],
)
def test_all_else_is_plain_text(raw: str) -> None:
    assert message_from_line(raw).media_type == PLAIN_TEXT


def test_mail_in_latin_1_stands_for_its_bytes() -> None:
    assert message_from_line("Subject: caf\xe9\n\n\xff").raw == (
        b"Subject: caf\xe9\n\n\xff"
    )


def test_mail_beyond_latin_1_is_utf_8() -> None:
    raw = "Subject: caf\xe9 \u20ac\n\n"
    assert message_from_line(raw).raw == raw.encode()


def test_plain_text_is_always_utf_8() -> None:
    assert message_from_line("caf\xe9").raw == b"caf\xc3\xa9"


@pytest.mark.parametrize("media_type", [MAIL, PLAIN_TEXT])
def test_a_lone_surrogate_loses_nothing(media_type: str) -> None:
    raw = "a\ud800b"
    message = message_from_line(raw, media_type)
    assert message.raw.decode("utf-8", "surrogatepass") == raw


def test_nul_is_kept() -> None:
    assert message_from_line("Subject: x\0y\n\n").raw == b"Subject: x\0y\n\n"


def test_a_given_type_wins() -> None:
    assert message_from_line("hello", MAIL).media_type == MAIL
    assert message_from_line("Subject: x\n\n", PLAIN_TEXT).media_type == PLAIN_TEXT


@given(st.binary())
def test_mail_bytes_told_in_latin_1_come_back(raw: bytes) -> None:
    assert message_from_line(raw.decode("latin-1"), MAIL).raw == raw


@given(st.text())
def test_plain_text_comes_back(raw: str) -> None:
    message = message_from_line(raw, PLAIN_TEXT)
    assert message.raw.decode("utf-8", "surrogatepass") == raw

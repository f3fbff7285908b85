"""The parser: typed views, and nothing that makes it raise."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integritas.kernel.evidence import MAIL, PLAIN_TEXT, Message
from integritas.services.spam.parsing import (
    MAX_BYTES,
    MAX_HEADERS,
    MAX_PARTS,
    MAX_TEXT,
    MessageView,
    parse_message,
)


def mail(text: str | bytes) -> MessageView:
    raw = text.encode() if isinstance(text, str) else text
    return parse_message(Message(raw, MAIL))


MULTIPART = """From: a@b.example
Subject: =?utf-8?B?R3LDvMOfZQ==?=
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="=_1"

--=_1
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Caf=C3=A9 http://a.example/x
--=_1
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: base64

PGI+Q2Fm6TwvYj4=
--=_1
Content-Type: application/pdf; name="invoice.pdf"
Content-Transfer-Encoding: base64

JVBERg==
--=_1--
"""


def test_plain_text_has_no_headers() -> None:
    view = parse_message(Message("Grüße €5".encode(), PLAIN_TEXT))
    assert (view.is_mail, view.headers, view.text) == (False, (), "Grüße €5")


def test_plain_text_that_is_not_utf8_is_read_as_cp1252() -> None:
    view = parse_message(Message(b"caf\xe9 \x80", PLAIN_TEXT))
    assert view.text == "café €"
    assert view.parts[0].charset == "cp1252"


def test_encoded_words_are_decoded() -> None:
    assert mail(MULTIPART).header("subject") == "Grüße"


def test_parts_are_decoded() -> None:
    parts = mail(MULTIPART).parts
    assert [p.content_type for p in parts] == [
        "text/plain",
        "text/html",
        "application/pdf",
    ]
    assert "Café" in parts[0].text
    assert parts[1].text == "<b>Café</b>"
    assert (parts[2].filename, parts[2].text, parts[2].size) == ("invoice.pdf", "", 4)


def test_text_begins_with_the_subject_and_says_alternatives_once() -> None:
    view = mail(MULTIPART)
    assert view.text.startswith("Grüße\nCafé")
    assert view.text.count("Café") == 1
    assert view.urls == ("http://a.example/x",)


def test_html_only_mail_shows_its_text() -> None:
    view = mail("Subject: s\nContent-Type: text/html\n\n<b>Hello</b><br>you")
    assert view.text == "s\nHello\nyou"


@pytest.mark.parametrize("charset", ["zlib", "punycode", "no-such", "hex", "utf-8\x00"])
def test_charsets_that_lie_do_no_harm(charset: str) -> None:
    view = mail(f"Subject: s\nContent-Type: text/plain; charset={charset}\n\nbody")
    assert "body" in view.text


def test_an_empty_mail_has_no_text() -> None:
    assert mail(b"").text == ""


def test_a_cut_through_a_character_keeps_the_charset() -> None:
    view = parse_message(Message(("a" + "é" * MAX_BYTES).encode(), PLAIN_TEXT))
    assert view.parts[0].charset == "utf-8"
    assert len(view.text) == MAX_TEXT
    assert "cut at the size limit" in view.defects


def timed(raw: bytes) -> MessageView:
    started = time.perf_counter()
    view = mail(raw)
    assert time.perf_counter() - started < 5.0
    return view


def test_fifty_megabytes_cost_no_more_than_the_limit() -> None:
    view = timed(b"Subject: big\n\n" + b"x" * 50_000_000)
    assert view.header("subject") == "big"
    assert "cut at the size limit" in view.defects


def test_a_million_headers_are_cut() -> None:
    view = timed(b"Subject: many\n" + b"X: y\n" * 1_000_000 + b"\nbody")
    assert len(view.headers) <= MAX_HEADERS
    assert view.defects


def test_the_body_survives_an_oversize_header_block() -> None:
    view = timed(b"Subject: s\n" + b"X: yyyyyyy\n" * 9_000 + b"\nthe body")
    assert view.text.endswith("the body")


def test_deep_nesting_is_read_flat() -> None:
    levels = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n)
        for n in range(5_000)
    )
    view = timed(b"Subject: deep\n" + levels + b"\nthe end")
    assert "too many multipart boundaries" in view.defects


def test_many_parts_are_cut() -> None:
    part = b"--b\nContent-Type: text/plain\n\nx\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 5_000
    view = timed(raw)
    assert len(view.parts) == MAX_PARTS
    assert "more parts than the limit" in view.defects


def test_broken_base64_is_no_error() -> None:
    view = mail("Subject: s\nContent-Transfer-Encoding: base64\n\n!!!not base64!!")
    assert view.is_mail


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2_000), st.sampled_from([MAIL, PLAIN_TEXT, "x/y"]))
def test_arbitrary_bytes_never_raise(raw: bytes, media_type: str) -> None:
    assert isinstance(parse_message(Message(raw, media_type)), MessageView)


_SNIPPETS = [
    b"Content-Type: multipart/mixed; boundary=\n\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Type: text/plain; charset*0*=x'y'%zz\n",
    b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\nM\n",
    b"Subject: =?utf-8?Q?=ZZ?= =?x?B?!?=\n",
    b"--=_1\n",
    b"\xff\xfe\x00",
    b"\r\n\r\n",
    b"Content-Disposition: attachment; filename*=utf-8''%ff\"\n",
    base64.b64encode(b"<html>" * 9),
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(MULTIPART)),
            st.sampled_from(_SNIPPETS),
            st.integers(0, 9),
        ),
        max_size=8,
    )
)
def test_mutated_mails_never_raise(edits: list[tuple[int, bytes, int]]) -> None:
    raw = MULTIPART.encode()
    for place, snippet, removed in edits:
        raw = raw[:place] + snippet + raw[place + removed :]
    assert isinstance(mail(raw), MessageView)

"""The parser: typed views, and nothing that makes it raise."""

from __future__ import annotations

import base64
import time
from email import message_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integritas.kernel.evidence import MAIL, PLAIN_TEXT, Message
from integritas.services.spam.mime import MAX_HEADERS, MAX_PARTS
from integritas.services.spam.parsing import (
    MAX_BYTES,
    MAX_SHOWN,
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
    assert (view.is_mail, view.fields, view.text) == (False, (), "Grüße €5")


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
    assert "Café".encode() in parts[0].text
    assert parts[1].text == "<b>Café</b>".encode()
    assert (parts[2].filename, parts[2].text) == ("invoice.pdf", b"")


def test_text_begins_with_the_subject_and_says_alternatives_once() -> None:
    view = mail(MULTIPART)
    assert view.text.startswith("Grüße\nCafé")
    assert view.text.count("Café") == 1


def test_html_only_mail_shows_its_text() -> None:
    view = mail("Subject: s\nContent-Type: text/html\n\n<b>Hello</b><br>you")
    assert view.text == "s\nHello\nyou"
    assert view.markup == b"<b></b><br>"


@pytest.mark.parametrize("charset", ["zlib", "punycode", "no-such", "hex", "utf-8\x00"])
def test_charsets_that_lie_do_no_harm(charset: str) -> None:
    view = mail(f"Subject: s\nContent-Type: text/plain; charset={charset}\n\nbody")
    assert "body" in view.text


def test_an_empty_mail_has_no_text() -> None:
    assert mail(b"").text == ""


def test_a_cut_through_a_character_keeps_the_charset() -> None:
    view = parse_message(Message(("a" + "é" * MAX_BYTES).encode(), PLAIN_TEXT))
    assert view.parts[0].charset == "utf-8"
    assert len(view.shown) == MAX_SHOWN
    assert "cut at the size limit" in view.defects


def timed(raw: bytes) -> MessageView:
    started = time.process_time()
    view = mail(raw)
    assert time.process_time() - started < 5.0
    return view


def test_fifty_megabytes_cost_no_more_than_the_limit() -> None:
    view = timed(b"Subject: big\n\n" + b"x" * 50_000_000)
    assert view.header("subject") == "big"
    assert "cut at the size limit" in view.defects


def test_a_million_headers_are_cut() -> None:
    view = timed(b"Subject: many\n" + b"X: y\n" * 1_000_000 + b"\nbody")
    assert len(view.fields) <= MAX_HEADERS
    assert view.defects


def test_the_body_survives_an_oversize_header_block() -> None:
    view = timed(b"Subject: s\n" + b"X: yyyyyyy\n" * 9_000 + b"\nthe body")
    assert view.text.endswith("the body")


def test_deep_nesting_is_cut() -> None:
    levels = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n)
        for n in range(5_000)
    )
    view = timed(b"Subject: deep\n" + levels + b"\nthe end")
    assert "nested deeper than the limit" in view.defects


def test_many_parts_are_cut() -> None:
    part = b"--b\nContent-Type: text/plain\n\nx\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n" + part * 5_000
    view = timed(raw)
    assert len(view.parts) == MAX_PARTS
    assert "more parts than the limit" in view.defects


def agreed(raw: bytes) -> tuple[list[str], list[bytes]]:
    """Return what the standard library finds: leaf types, texts."""
    leaves = [n for n in message_from_bytes(raw).walk() if not n.is_multipart()]
    return (
        [leaf.get_content_type() for leaf in leaves],
        [bytes(leaf.get_payload(decode=True)) for leaf in leaves],
    )


NESTED = b"""Subject: s
Content-Type: multipart/mixed; boundary=b

preamble
--b
Content-Type: multipart/alternative; boundary="bb"

--bb

one
--bb
Content-Type: text/html

<p>two</p>
--bb--
--b
Content-Type: text/plain
Content-Transfer-Encoding: base64

dGhyZWU=
--b--
epilogue
"""


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_well_formed_mail_is_read_like_the_standard_library(line_end: bytes) -> None:
    types, texts = agreed(NESTED)
    parts = mail(NESTED.replace(b"\n", line_end)).parts
    assert [part.content_type for part in parts] == types
    assert [part.text.strip() for part in parts] == [text.strip() for text in texts]


def test_an_mbox_line_is_no_header() -> None:
    view = mail("From x@y.example Thu Aug 22 12:36:23 2002\nSubject: s\n\nbody")
    assert (view.header("subject"), view.text) == ("s", "s\nbody")


def test_a_charset_that_the_bytes_contradict_is_named() -> None:
    raw = "Content-Type: text/plain; charset=iso-8859-1\n\nCafé".encode()
    view = mail(raw)
    assert view.text == "Café"
    assert "text in another charset than it says" in view.defects


def test_text_sent_as_base64_that_is_none_is_kept() -> None:
    view = mail("Content-Transfer-Encoding: base64\n\n(((this is no base64)))!!!")
    assert "this is no base64" in view.text
    assert "not base64, as it says" in view.defects


def test_a_mail_in_a_mail_is_opened() -> None:
    view = mail(
        "Subject: fwd\nContent-Type: message/rfc822\n\nSubject: inner\n\nthe inner body"
    )
    assert "the inner body" in view.text


def test_html_says_more_than_its_alternative() -> None:
    view = mail(
        "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nhi\n--b\n"
        "Content-Type: text/html\n\n<p>a long advertisement</p>\n--b--\n"
    )
    assert "advertisement" in view.text


@pytest.mark.parametrize(
    "text",
    [
        "Subject: s\n\n" + "x " * MAX_SHOWN,
        "Subject: s\n\n" + "x" * MAX_BYTES,
        "Content-Type: text/html\n\n" + "<p>x" * MAX_SHOWN,
        "Content-Type: text/html\n\n" + "<p></p>" * 80_000,
        "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n",
        "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * 50,
        "Content-Type: application/pdf\n\nx",
        "".join(f"X-{n}: x\n" for n in range(MAX_HEADERS + 1)) + "\nx",
        "".join(
            f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"
            for n in range(9)
        )
        + "\nx",
    ],
)
def test_what_was_not_looked_at_is_known(text: str) -> None:
    assert mail(text).partly


@pytest.mark.parametrize("size", [MAX_SHOWN + 1, MAX_BYTES + 1])
def test_long_plain_text_is_known_to_be_cut(size: int) -> None:
    assert parse_message(Message(b"x" * size)).partly


@pytest.mark.parametrize(
    "text",
    ["", "Subject: s\n\nhello", "Content-Type: image/png; name=a.png\n\nx"],
)
def test_a_message_looked_at_whole_is_not_cut(text: str) -> None:
    assert not mail(text).partly
    assert not parse_message(Message(text.encode())).partly


def test_what_stands_aside_of_the_text_is_kept() -> None:
    view = mail(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nenough of plain text\n"
        "--b\nContent-Type: text/html\n\n<p>but <b>HTML</b></p>\n--b\n"
        "Content-Type: message/rfc822\n\nSubject: =?utf-8?Q?Fa=C3=A7ade?=\n\nx\n"
        "--b\nContent-Type: image/png; name=the_ministry.png\n\nx\n--b--\n"
    )
    assert [part.strip() for part in view.aside.decode().splitlines() if part] == [
        "Façade",
        "but HTML",
        "the ministry.png",
    ]


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

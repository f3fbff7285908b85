"""Hashed features: distinct, stable, with the place they first stood."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.evidence import MAIL, PLAIN_TEXT, Message
from integritas.services.spam.features import (
    MAX_BODY,
    MAX_HEAD,
    SHORT_TEXT,
    Document,
    Extractor,
    View,
    document,
    split_tokens,
    view_of,
)
from integritas.services.spam.parsing import parse_message
from integritas.services.spam.signals import Signal


def doc(grams: bytes = b"", words: bytes = b"") -> Document:
    return Document(grams=grams, head=0, words=words, signals=())


def test_short_text_has_no_features() -> None:
    assert Extractor(16).extract(doc(b"ab")).ends == (0, 0, 0)


def test_grams_of_three_to_five_bytes_are_counted_once() -> None:
    features = Extractor(20).extract(doc(b"abcabcabc"))
    # 3-grams abc bca cab, 4-grams abca bcab cabc, 5-grams abcab bcabc cabca
    assert features.ends[0] == 9
    assert sorted(features.places.tolist()) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_words_and_pairs_are_counted_once() -> None:
    features = Extractor(20).extract(doc(words=b"pay now pay now !!!"))
    # pay now !!!, pay-now now-pay now-!!!
    assert features.ends == (0, 6, 6)


def test_a_word_hashes_alike_wherever_it_stands() -> None:
    extractor = Extractor(20)
    first = extractor.extract(doc(words=b"tender"))
    later = extractor.extract(doc(words=b"x" * 4_000 + b" tender"))
    assert first.buckets[0] in later.buckets


def test_extractor_remembers_nothing() -> None:
    extractor = Extractor(18)
    first = extractor.extract(doc(b"first text", b"first text")).buckets.copy()
    extractor.extract(doc(b"another text", b"another"))
    again = extractor.extract(doc(b"first text", b"first text")).buckets
    assert first.tolist() == again.tolist()


def test_signals_are_features() -> None:
    text = Document(b"", 0, b"", (Signal("hops", "3"), Signal("links", "none")))
    assert Extractor(20).extract(text).ends == (0, 0, 2)


@given(st.binary(max_size=200))
def test_features_are_distinct_within_a_group(grams: bytes) -> None:
    features = Extractor(16).extract(doc(grams, grams))
    for group in np.split(features.buckets, list(features.ends[:2])):
        assert len(np.unique(group)) == len(group)


@given(st.binary(max_size=100))
def test_tokens_do_not_overlap(text: bytes) -> None:
    tokens = split_tokens(text)
    assert (tokens.starts < tokens.ends).all()
    assert (tokens.ends[:-1] <= tokens.starts[1:]).all()


def test_tokens_are_words_and_runs_of_signs() -> None:
    text = "WIN $$$ now-é!".encode()
    tokens = split_tokens(text)
    pairs = zip(tokens.starts, tokens.ends, strict=True)
    found = [text[start:end].decode() for start, end in pairs]
    assert found == ["WIN", "$$$", "now", "é", "!"]


def view(raw: str, media_type: str = MAIL) -> View:
    return view_of(parse_message(Message(raw.encode(), media_type)))


def test_view_follows_what_the_message_has() -> None:
    assert view("Received: from x\nSubject: s\n\nb") is View.MAIL
    assert view("Subject: s\n\nb") is View.BODY
    assert view("hello", PLAIN_TEXT) is View.TEXT
    assert view("hello " * SHORT_TEXT, PLAIN_TEXT) is View.PROSE


def test_body_view_leaves_transport_headers_out() -> None:
    raw = b"From: secret@a.example\nSubject: s\nContent-Type: text/plain\n\nbody"
    text = document(parse_message(Message(raw, MAIL)), View.BODY)
    assert b"secret" not in text.grams
    assert text.grams.startswith(b"subject: s\ncontent-type: text/plain\n")


def test_verdicts_of_other_filters_are_left_out() -> None:
    raw = b"Received: x\nX-Spam-Status: Yes\nSubject: s\n\nbody"
    assert b"x-spam" not in document(parse_message(Message(raw, MAIL)), View.MAIL).grams


def test_documents_are_bounded() -> None:
    raw = b"Received: x\n" + b"X: " + b"y" * 9_000 + b"\n\n" + b"z" * 90_000
    text = document(parse_message(Message(raw, MAIL)), View.MAIL)
    assert text.head <= MAX_HEAD
    assert len(text.grams) <= MAX_HEAD + MAX_BODY


def test_long_text_of_wide_characters_is_hashed() -> None:
    raw = ("贿赂 " * 9_000).encode()
    text = document(parse_message(Message(raw, PLAIN_TEXT)), View.PROSE)
    assert Extractor(18).extract(text).ends[1] > 0

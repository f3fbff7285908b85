"""Hashed features: distinct, stable, with the place they first stood."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.evidence import MAIL, PLAIN_TEXT, Message
from integritas.services.spam.artifact import load_artifact
from integritas.services.spam.features import (
    MAX_HEAD,
    MAX_MARKUP,
    MAX_TEXT,
    SHORT_TEXT,
    Document,
    Extractor,
    View,
    document,
    view_of,
)
from integritas.services.spam.hashing import Bytes
from integritas.services.spam.parsing import parse_message


@pytest.fixture(scope="module")
def table() -> Bytes:
    return load_artifact().lookalikes


def doc(
    text: bytes = b"", head: bytes = b"", signals: tuple[str, ...] = ()
) -> Document:
    ends = np.cumsum([len(head), len(text), 0]).astype(np.int32)
    return Document(np.frombuffer(head + text, np.uint8), ends, signals)


def counts(text: Document, bits: int = 20) -> list[int]:
    """Return how many features each group has."""
    ends = Extractor(bits).extract(text).ends
    return [int(count) for count in np.diff(ends, prepend=0)]


def test_short_text_has_no_grams() -> None:
    assert counts(doc(b"ab")) == [0, 0, 0, 1, 0, 0]


def test_grams_of_three_to_five_bytes_are_counted_once() -> None:
    # 3-grams abc bca cab, 4-grams abca bcab cabc, 5-grams abcab bcabc cabca; one word
    assert counts(doc(b"abcabcabc"))[1] == 9


def test_words_and_pairs_are_counted_once() -> None:
    # pay now !!!, pay-now now-pay now-!!!
    assert counts(doc(b"pay now Pay NOW !!!"))[3] == 6


def test_words_of_fields_count_with_their_name() -> None:
    same = doc(head=b"to: bulk\nfrom: bulk\n")
    assert counts(same)[4] == 4  # two names, a word under each


def test_a_word_hashes_alike_wherever_it_stands() -> None:
    def words(text: bytes) -> set[int]:
        found = Extractor(20).extract(doc(text))
        return set(found.buckets[found.ends[2] : found.ends[3]].tolist())

    assert words(b"tender") <= words(b"x" * 2_000 + b" tender")


def test_extractor_remembers_nothing() -> None:
    extractor = Extractor(18)

    def buckets(text: bytes) -> list[int]:
        found = extractor.extract(doc(text))
        return [int(bucket) for bucket in found.buckets[: found.ends[-1]]]

    first = buckets(b"first text")
    buckets(b"another text")
    assert buckets(b"first text") == first


def test_signals_are_features() -> None:
    assert counts(doc(signals=("hops=3", "links=none")))[5] == 2


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_features_are_distinct(text: bytes, head: bytes) -> None:
    found = Extractor(16).extract(doc(text, head, ("a=b",)))
    buckets = found.buckets[: found.ends[-1]]
    assert len(np.unique(buckets)) == len(buckets)
    assert (np.diff(found.ends, prepend=0) >= 0).all()


def view(raw: str, media_type: str = MAIL) -> View:
    return view_of(parse_message(Message(raw.encode(), media_type)))


def test_view_follows_what_the_message_has() -> None:
    assert view("Received: from x\nSubject: s\n\nb") is View.MAIL
    assert view("Subject: s\n\nb") is View.BODY
    assert view("hello", PLAIN_TEXT) is View.TEXT
    assert view("hello " * SHORT_TEXT, PLAIN_TEXT) is View.PROSE


def hashed(raw: bytes, kind: View, table: Bytes) -> tuple[bytes, list[int]]:
    found = document(parse_message(Message(raw, MAIL)), kind, table)
    return found.text.tobytes(), [int(end) for end in found.ends]


def test_body_view_leaves_transport_headers_out(table: Bytes) -> None:
    raw = b"From: secret@a.example\nSubject: s\nContent-Type: text/plain\n\nbody"
    text, ends = hashed(raw, View.BODY, table)
    assert b"secret" not in text
    assert text.startswith(b"s\nbody")
    assert ends[0] == 0


def test_verdicts_of_other_filters_are_left_out(table: Bytes) -> None:
    raw = (
        b"Received: x\n\ty\nX-Spam-Status: Yes,\n more\nStatus: RO\nX-Keywords: k\n"
        b"Subject: s\n\nbody"
    )
    text, ends = hashed(raw, View.MAIL, table)
    assert text[: ends[0]] == b"received: x y\nsubject: s\n"


def test_documents_are_bounded(table: Bytes) -> None:
    raw = (
        b"Received: x\nContent-Type: text/html\nX: "
        + b"y" * 9_000
        + b"\n\n"
        + b"<b>z</b>" * 90_000
    )
    _, ends = hashed(raw, View.MAIL, table)
    assert ends[0] <= MAX_HEAD + 8
    assert ends[1] - ends[0] <= MAX_TEXT
    assert ends[2] - ends[1] <= MAX_MARKUP


def test_the_largest_document_fits_the_working_memory() -> None:
    noise = np.random.default_rng(0).integers(33, 127, MAX_HEAD + MAX_TEXT, np.uint8)
    raw = noise.tobytes()
    assert sum(counts(doc(raw[MAX_HEAD:], raw[:MAX_HEAD]))) > 10_000

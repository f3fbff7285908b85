"""Text as it is read: tricks undone and counted, honest text left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.spam.artifact import load_artifact
from integritas.services.spam.folding import fold

TABLE = load_artifact().lookalikes


def folded(text: str) -> str:
    return fold(text.encode(), TABLE, most=4_000).text.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("written", "read", "trick"),
    [
        ("v\u200bi\u2060a\u00adgra", "viagra", "invisible"),
        ("\u202eargaiv\u202c now", "viagra now", "bidirectional"),
        ("vi\u0430gra", "viagra", "lookalike"),  # Cyrillic
        ("\u0440\u0430\u0443\u0440\u0430l", "paypal", "lookalike"),
        ("\uff46\uff52\uff45\uff45", "free", "lookalike"),  # full width
        ("\U0001d41f\U0001d42b\U0001d41e\U0001d41e", "free", "lookalike"),
        ("v\u00ec\u00e0gr\u00e0", "viagra", "lookalike"),
        ("v1agra", "viagra", "leet"),
        ("m0ney", "money", "leet"),
        ("$pecial", "special", "leet"),
        ("v i a g r a", "viagra", "spaced"),
        ("v-i-a-g-r-a now", "viagra now", "spaced"),
        ("v.1.a.g.r.a", "viagra", "spaced"),
        ("v \u0456 a g r \u0430", "viagra", "spaced"),
        ("v\u200b1\u200bagra", "viagra", "leet"),
    ],
)
def test_tricks_are_undone_and_counted(written: str, read: str, trick: str) -> None:
    found = fold(written.encode(), TABLE, most=4_000)
    assert found.text.decode() == read
    assert getattr(found, trick) > 0


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("x \u202ecba\u202cd", "x abcd"),
        ("\u202eor\u0435h t5al\u202c", "la5t hero"),
        ("m\u202ey3no\u202c", "money"),
        ("\u202ecba\ndef", "abc\ndef"),
    ],
)
def test_what_is_reversed_within_words_and_lines(written: str, read: str) -> None:
    assert folded(written) == read


@pytest.mark.parametrize(
    "text",
    [
        "a plain sentence, nothing else.",
        "взятка министру",
        "贿赂 举报",
        "call 555-1234 before 2002",
        "100kg of mp3 and the 2nd",
        "caf\ufffd",
        "price €5 or £900",
        "I am a man",
        "e.g. this",
        "wow!",
    ],
)
def test_honest_text_is_left_alone(text: str) -> None:
    found = fold(text.encode(), TABLE, most=4_000)
    assert found.text.decode() == text
    assert tuple(found[1:]) == (0, 0, 0, 0, 0)


def test_space_is_collapsed() -> None:
    assert folded("a \t  b\r\nc") == "a b \nc"


@given(st.binary(max_size=300))
def test_any_bytes_are_folded_and_never_grow(raw: bytes) -> None:
    assert len(fold(raw, TABLE, most=4_000).text) <= len(raw)


@given(st.text(alphabet="abcdefgh \n", max_size=60).filter(lambda t: " " not in t))
def test_words_alone_stay(text: str) -> None:
    assert folded(text) == text


@given(st.text(max_size=80))
def test_folding_gives_text(text: str) -> None:
    raw = text.encode("utf-8", "replace")
    assert isinstance(fold(raw, TABLE, most=200).text, bytes)

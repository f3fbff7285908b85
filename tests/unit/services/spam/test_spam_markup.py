"""Text and links out of HTML."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.spam.markup import MAX_URLS, find_urls, visible_text


@pytest.mark.parametrize(
    ("markup", "seen"),
    [
        ("<p>Hello</p><p>world</p>", "Hello\nworld"),
        ("via<!-- x -->gra", "viagra"),
        ("a<script>var b</script >c", "a" + "c"),
        ("a<STYLE>p{}</STYLE>b", "ab"),
        ("caf&eacute; &amp; co", "café & co"),
        ("never closed <!-- all hidden", "never closed"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("text <a href='x", "text"),
    ],
)
def test_visible_text_is_what_a_reader_sees(markup: str, seen: str) -> None:
    assert visible_text(markup) == seen


@given(st.text(alphabet="<>!-/abscriptyle&;# \n\u0130"))
def test_visible_text_never_raises(markup: str) -> None:
    assert isinstance(visible_text(markup), str)


@pytest.mark.parametrize("piece", ["<!--", "<", "<a", "<script", "&#", "<p ", "<br"])
def test_visible_text_takes_linear_time(piece: str) -> None:
    started = time.perf_counter()
    visible_text(piece * 20_000)
    assert time.perf_counter() - started < 2.0


def test_find_urls_lists_each_link_once() -> None:
    text = '<a href="http://a.example/x?b=1&amp;c">http://b.example.</a> www.c.example/'
    assert find_urls(text + text) == (
        "http://a.example/x?b=1&c",
        "http://b.example",
        "www.c.example/",
    )


def test_find_urls_stops_at_the_limit() -> None:
    text = " ".join(f"http://h{number}.example/" for number in range(MAX_URLS + 50))
    assert len(find_urls(text)) == MAX_URLS

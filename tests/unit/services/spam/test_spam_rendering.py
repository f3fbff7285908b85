"""What a reader of HTML sees, and what the author hid."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.spam.rendering import Rendered, render


def seen(markup: str, most: int = 4_000) -> Rendered:
    return render(markup.encode(), most=most, most_markup=1_000)


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ("<p>Hello</p><p>world</p>", "Hello\nworld"),
        ("via<!-- x -->gra", "viagra"),
        ("via<b></b>gra", "viagra"),
        ("a<script>var b='</b>'</script >c", "ac"),
        ("a<STYLE>p{}</STYLE>b", "ab"),
        ("&lt;b&gt; &amp; &#99;&#x6f;", "<b> & co"),
        ("caf&#233; &euro;5", "café €5"),
        ("&unknown; &#0; &#xffffffff;", "&unknown; &#0; &#xffffffff;"),
        ("never closed <!-- all hidden", "never closed"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("text <a href='x", "text"),
    ],
)
def test_shown_is_what_a_reader_sees(markup: str, shown: str) -> None:
    found = seen(markup).shown.decode()
    assert "\n".join(line for line in found.split("\n") if line).strip() == shown


@pytest.mark.parametrize(
    "markup",
    [
        '<div style="display:none">good words</div>',
        '<div style="display : none">good words</div>',
        "<span style='visibility:hidden'><b>good</b> words</span>",
        '<font style="font-size:0px">good words</font>',
        '<font style="font-size: 1px">good words</font>',
        '<font color="#ffffff">good words</font>',
        "<font color=white>good words</font>",
        '<p style="color:#fefefe">good words</p>',
        '<td bgcolor="#000000"><font color=black>good words</font></td>',
        '<p style="color:#336699;background-color:#336699">good words</p>',
        '<p style="opacity:0">good words</p>',
        '<p style="mso-hide:all">good words</p>',
        "<div hidden>good words</div>",
        '<div style="text-indent:-9999px">good words</div>',
    ],
)
def test_hidden_text_is_counted_not_shown(markup: str) -> None:
    found = seen(f"before {markup} after")
    assert b"good" not in found.shown
    assert b"before" in found.shown
    assert b"after" in found.shown
    assert found.hidden == len("goodwords")


@pytest.mark.parametrize(
    "markup",
    [
        '<td bgcolor="#000080"><font color="#ffffff">offer</font></td>',
        "<body bgcolor=black text=white>offer</body>",
        '<span style="font-size:12px">offer</span>',
        '<span style="font-size:1.2em">offer</span>',
        '<span style="font-size:80%">offer</span>',
        '<p style="opacity:0.9">offer</p>',
        "<font color=red>offer</font>",
        '<img alt="hidden" src=x>offer',
    ],
)
def test_text_that_can_be_read_is_shown(markup: str) -> None:
    assert b"offer" in seen(markup).shown


def test_tricks_are_counted() -> None:
    found = seen("vi<!-- x -->ag<b></b>ra <img src=x><img src=y>")
    assert (found.split, found.comments, found.images) == (2, 1, 2)
    assert b"<img src=x>" in found.markup


@given(st.text(alphabet="<>!-/abscriptyle&;#:= \"'\n\u0130"), st.integers(0, 50))
def test_render_never_raises_and_keeps_its_limit(markup: str, most: int) -> None:
    assert len(seen(markup, most).shown) <= most + 4


@given(st.binary(max_size=400))
def test_render_takes_any_bytes(markup: bytes) -> None:
    render(b"<p>" + markup, most=100, most_markup=50)


@pytest.mark.parametrize(
    "piece", ["<!--", "<", "<a", "<script", "&#", "<p ", "<br", "<div>", "<a href='"]
)
def test_render_takes_linear_time(piece: str) -> None:
    def cost(times: int) -> float:
        started = time.process_time()
        seen(piece * times, most=1_000_000)
        return time.process_time() - started

    cost(10)  # compiled
    assert cost(200_000) < 2.0

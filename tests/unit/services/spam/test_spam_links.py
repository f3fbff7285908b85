"""What links give away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.services.spam.links import MAX_LINKS, link_signals, link_traits


@pytest.mark.parametrize(
    ("link", "trait"),
    [
        ("192.0.2.7/x", "to a numeric host"),
        ("3221226000/", "to a numeric host"),
        ("xn--pypal-4ve.com/", "to a host with letters beyond ASCII"),
        ("paypal.com@evil.example/", "with a name before its host"),
        ("a.example:8081/", "to an unusual port"),
        ("a.b.c.d.e.example/", "to a host of many labels"),
        ("bit.ly/x", "through a shortener"),
        ("a.example/login.php", "with words that ask for credentials"),
        ("paypa1.com/", "that imitates paypal"),
        ("paypall.com/", "that imitates paypal"),
        ("paypal.com.evil.example/", "that imitates paypal"),
        ("paypal-secure.com/", "that imitates paypal"),
        ("a.example/%41%42%43%44%45%46%47", "with much of it encoded"),
    ],
)
def test_traits_stand_out(link: str, trait: str) -> None:
    assert trait in link_traits(link.encode())


@pytest.mark.parametrize(
    "link",
    ["www.paypal.com/", "paypal.co.uk/x", "a.example/report", "example:443/", "10.de/"],
)
def test_ordinary_links_have_none(link: str) -> None:
    assert link_traits(link.encode()) == ()


def test_text_that_shows_another_host_is_told() -> None:
    html = b'<a href="http://evil.example/x">www.bank.com</a>'
    trait = "url=whose text shows another host than its target"
    assert trait in link_signals(b"", html, html)
    same = b'<a href="http://login.bank.com/x"> bank.com </a>'
    assert trait not in link_signals(b"", same, same)


@given(st.binary(max_size=120))
def test_any_bytes_are_looked_at(link: bytes) -> None:
    assert isinstance(link_traits(link), tuple)
    assert isinstance(link_signals(b"http://" + link, link, link), list)


def test_a_link_within_a_link_belongs_to_it() -> None:
    assert link_signals(b"http://a.example/?to=http://192.0.2.7/", b"") == []
    assert link_signals(b"http://a.example/ http://192.0.2.7/", b"") == [
        "url=to a numeric host"
    ]


@pytest.mark.parametrize("scheme", ["http", "https", "HTTP", "hTTpS", "shttp"])
def test_links_are_known_by_their_scheme_in_any_case(scheme: str) -> None:
    assert link_signals(f"see {scheme}://192.0.2.7/".encode(), b"") != []


@pytest.mark.parametrize("scheme", ["ftp", "http:", "ttp", ""])
def test_other_schemes_are_no_links(scheme: str) -> None:
    assert link_signals(f"see {scheme}://192.0.2.7/".encode(), b"") == []


def test_only_the_first_links_are_looked_at() -> None:
    many = b"http://a.example/ " * (MAX_LINKS - 1)
    assert link_signals(many + b"http://192.0.2.7/", b"") != []
    assert link_signals(many + b"http://b.example/ http://192.0.2.7/", b"") == []

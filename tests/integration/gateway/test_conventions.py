"""Cursors, entity tags and preferences, apart from any route."""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.gateway import conventions
from integritas.gateway.conventions import etag, page_of
from integritas.kernel.errors import InvalidInput

T = TypeVar("T")
ID = "case_01JZ8QK4T3V5E7M9N1P2R4S6T8"


def at_once(function: Callable[..., Coroutine[Any, Any, T]]) -> Callable[..., T]:
    """Return a coroutine function that waits for nothing as a plain one."""

    def call(*arguments: Any) -> T:
        try:
            function(*arguments).send(None)
        except StopIteration as stop:
            value: T = stop.value
            return value
        raise AssertionError("it waited")

    return call


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_a_page_is_cut_and_says_where_to_go_on() -> None:
    found = [f"case_01JZ8QK4T3V5E7M9N1P2R4S6T{n}" for n in range(3)]
    page = page_of(found, 2, str, str.lower)
    assert page.data == [each.lower() for each in found[:2]]
    assert at_once(conventions._id_cursor)(page.next_cursor) == found[1]


def test_the_last_page_says_so() -> None:
    assert page_of([ID], 1, str, str).next_cursor is None
    assert page_of([], 1, str, str).data == []


@given(st.integers(0, 10**18 - 1))
def test_a_number_is_a_cursor(number: int) -> None:
    assert at_once(conventions._number_cursor)(encoded(str(number))) == number


def test_no_cursor_begins_at_the_beginning() -> None:
    assert at_once(conventions._id_cursor)(None) is None
    assert at_once(conventions._number_cursor)(None) == 0


@given(st.text(max_size=80))
def test_any_text_is_a_cursor_of_ours_or_refused(text: str) -> None:
    for cursor in (text, encoded(text.encode("utf-8", "replace").decode())):
        try:
            key = at_once(conventions._id_cursor)(cursor)
        except InvalidInput:
            continue
        assert at_once(conventions._id_cursor)(encoded(str(key))) == key


@given(st.integers(1, 10**17))
def test_an_entity_tag_is_read_back(version: int) -> None:
    assert at_once(conventions._if_match)(etag(version)) == version
    assert at_once(conventions._if_match)(f"W/{etag(version)}") == version


@pytest.mark.parametrize("text", ['"', '"a"', "-1", "1 2", '"1", "2"', "9" * 19, "²"])
def test_what_is_no_entity_tag_is_named(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        at_once(conventions._if_match)(text)
    assert caught.value.errors[0].path == "If-Match"


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("wait=7", 7),
        ("respond-async, wait=7", 7),
        ("return=minimal; WAIT=7", 7),
        ("wait=9999", 60),
        ("wait=-1", 0),
        ("await=7", 0),
        ("wait=x", 0),
    ],
)
def test_how_long_to_wait(prefer: str | None, seconds: float) -> None:
    assert at_once(conventions._wait)(prefer) == seconds

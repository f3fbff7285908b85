"""Bodies have one meaning, or none; values can be kept, or are refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import HTTPException
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from integritas.gateway.strict import Json, Moment, read_json

JSON: TypeAdapter[Any] = TypeAdapter(Json)
MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
documents = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(documents)
def test_json_is_read_as_it_was_written(document: Any) -> None:
    assert read_json(json.dumps(document).encode()) == document
    assert read_json(json.dumps(document, ensure_ascii=False).encode()) == document


@given(documents)
def test_what_can_be_kept_is_left_as_it_is(document: Any) -> None:
    assert JSON.validate_python(document) == document


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"a": 1, "a": 1}', "'a' stands twice"),
        (b'[{"b": {"a": 1, "b": 2, "a": 3}}]', "'a' stands twice"),
        (b'{"a": 1, "\\u0061": 2}', "'a' stands twice"),
        (b"[NaN]", "no NaN"),
        (b"[-Infinity]", "no -Infinity"),
        (b'["\xff"]', "not UTF-8 at byte 2"),
        (b'["\xed\xa0\x80"]', "not UTF-8"),
        ("[1]".encode("utf-16"), "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5_000, "too long"),
        (b"\xef\xbb\xbf[]", "byte order mark"),
    ],
    ids=range(11),
)
def test_what_has_two_meanings_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(HTTPException) as caught:
        read_json(body)
    assert caught.value.status_code == 400
    assert said in caught.value.detail


@pytest.mark.parametrize("body", [b"", b"{", b"{'a': 1}", b"[1,]"])
def test_what_is_not_well_formed_is_told_as_such(body: bytes) -> None:
    with pytest.raises(json.JSONDecodeError):
        read_json(body)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (2**63, "too_large"),
        ([{"a": -(2**63) - 1}], "too_large"),
        (float("nan"), "finite_number"),
        ({"a": [float("inf")]}, "finite_number"),
        ("\ud800", "string_unicode"),
        ({"\udfff": 1}, "string_unicode"),
        (json.loads("[" * 150 + "]" * 150), "too_deep"),
    ],
    ids=range(7),
)
def test_what_cannot_be_kept_is_refused(value: Any, kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        JSON.validate_python(value)
    assert [error["type"] for error in caught.value.errors()] == [kind]


def test_a_moment_is_kept_in_utc() -> None:
    moment = MOMENT.validate_python("2026-01-31T12:00:00+02:00")
    assert moment == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2026-01-31T12:00:00", "timezone_aware"),
        ("9999-12-31T23:59:59-01:00", "too_far"),
        ("0001-01-01T00:00:00+01:00", "too_far"),
        ("2026-02-30T00:00:00Z", "datetime_from_date_parsing"),
    ],
)
def test_a_moment_that_is_none_is_refused(text: str, kind: str) -> None:
    with pytest.raises(ValidationError) as caught:
        MOMENT.validate_python(text)
    assert [error["type"] for error in caught.value.errors()] == [kind]

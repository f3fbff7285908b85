"""Entries from outside are canonical, complete and capped, or refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from integritas.journal.api import Personal
from integritas.kernel.errors import ContentTooLarge, InvalidInput
from integritas.services.audit.bodies import ENTRY_BYTES, canonical
from integritas.services.audit.drafts import external_draft, same_event

ENTRY: dict[str, Any] = {
    "event_id": "evt-1",
    "subject": "order 7",
    "time": "2026-01-31T12:00:00.000000Z",
    "type": "com.example.order.approved.v1",
    "v": 1,
}


def field_of(body: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        external_draft(body)
    (error,) = caught.value.errors
    return error.path


def test_a_canonical_entry_is_taken_as_it_is() -> None:
    body = canonical(ENTRY)
    assert external_draft(body) == ("evt-1", body, ENTRY["time"], "event", None)


@pytest.mark.parametrize(
    "body",
    [
        canonical(ENTRY).replace(b'{"', b'{ "', 1),
        canonical(ENTRY).replace(b'"v":1', b'"v":1.0'),
        canonical(ENTRY).replace(b'"v":1', b'"v":1e0'),
        canonical(ENTRY).replace(b'"evt-1"', b'"evt\\u002d1"'),
        canonical(ENTRY) + b"\n",
        canonical(ENTRY)[:-1],
        b'{"type":"b","event_id":"a"}',
        canonical(ENTRY).replace(b'"v":1', b'"v":1,"v":1'),
        canonical(ENTRY).replace(b'"v":1', b'"v":9007199254740993'),
        canonical(ENTRY).replace(b'"v":1', b'"v":NaN'),
        canonical(ENTRY).replace(b"order 7", b"\xff"),
        b"[]",
        b"7",
        b"",
    ],
)
def test_what_is_not_canonical_json_is_refused(body: bytes) -> None:
    assert field_of(body) == "entry"


def test_the_place_where_it_is_not_canonical_is_named() -> None:
    body = canonical(ENTRY).replace(b'"v":1', b'"v": 1')
    with pytest.raises(InvalidInput, match=f"at byte {body.index(b' 1}')}"):
        external_draft(body)


@pytest.mark.parametrize("name", ["event_id", "subject", "time", "type"])
@pytest.mark.parametrize("value", [None, 7, "", "x" * 201, ["a"]])
def test_a_member_that_is_missing_or_no_text_is_named(name: str, value: Any) -> None:
    assert field_of(canonical({**ENTRY, name: value})) == name


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.000000+00:00",
        "2026-13-31T12:00:00.000000Z",
        "2026-02-30T12:00:00.000000Z",
        "yesterday",
    ],
)
def test_another_form_of_time_is_refused(time: str) -> None:
    assert field_of(canonical({**ENTRY, "time": time})) == "time"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seq", 7),
        ("event_id", "integritas-audit-hold-1"),
        ("type", "integritas.case.opened.v1"),
        ("personal", True),
    ],
)
def test_what_is_the_platforms_own_may_not_be_claimed(name: str, value: Any) -> None:
    assert field_of(canonical({**ENTRY, name: value})) == name


def test_an_entry_says_that_personal_data_stands_beside_it() -> None:
    personal = Personal(b"salt", b"{}")
    body = canonical({**ENTRY, "personal": True})
    assert external_draft(body, personal).personal is personal
    with pytest.raises(InvalidInput, match="says what is not so"):
        external_draft(canonical(ENTRY), personal)


def test_a_number_that_is_no_integer_has_its_one_form() -> None:
    assert external_draft(canonical({**ENTRY, "data": {"a": 1.5}}))
    assert field_of(canonical(ENTRY).replace(b'"v":1', b'"v":1E400')) == "entry"


def test_nesting_without_end_is_refused() -> None:
    assert field_of(b"[" * 60_000) == "entry"


def test_the_cap_is_that_of_tlog_tiles() -> None:
    spare = ENTRY_BYTES - len(canonical({**ENTRY, "data": ""}))
    assert external_draft(canonical({**ENTRY, "data": "x" * spare}))
    with pytest.raises(ContentTooLarge, match="65536 bytes, at most 65535"):
        external_draft(canonical({**ENTRY, "data": "x" * (spare + 1)}))


def test_a_retry_may_bear_a_later_time_and_nothing_else() -> None:
    body = canonical(ENTRY)
    later = canonical({**ENTRY, "time": "2026-01-31T12:00:09.000000Z"})
    assert same_event(body, later)
    assert not same_event(body, canonical({**ENTRY, "subject": "order 8"}))
    assert not same_event(body, canonical({**ENTRY, "v": True}))
    assert not same_event(body, b"7")

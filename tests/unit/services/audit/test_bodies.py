"""Bodies are canonical, complete and capped."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from integritas.journal.api import Entry
from integritas.kernel.ids import EventId, TenantId
from integritas.kernel.states import ActorKind
from integritas.services.audit.bodies import ENTRY_BYTES, canonical, entry_body

ENTRY = Entry(
    tenant=TenantId("main"),
    seq=7,
    event_id=EventId("evt_1"),
    type="integritas.case.opened.v1",
    subject="case_1",
    time=datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
    actor_id="user_1",
    actor_kind=ActorKind.PERSON,
    actor_roles=("analyst", "auditor"),
    correlation_id="req-1",
    data={"risk": 1.0, "b": [1, None, True], "a": "ä"},
    commitment="ab" * 32,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4
        )
    ),
    max_leaves=20,
)


def test_a_body_holds_everything_of_the_entry() -> None:
    assert entry_body(ENTRY).decode() == (
        '{"actor":{"id":"user_1","kind":"person","roles":["analyst","auditor"]},'
        f'"commitment":"{"ab" * 32}","correlation_id":"req-1",'
        '"data":{"a":"ä","b":[1,null,true],"risk":1},"event_id":"evt_1","seq":7,'
        '"subject":"case_1","time":"2026-01-02T03:04:05.000006Z",'
        '"type":"integritas.case.opened.v1","v":1}'
    )


@given(JSON)
def test_canonical_json_equals_that_of_rfc8785(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type] # JSON


@pytest.mark.parametrize("value", [2**53, -(2**53), {"a": [2**60]}])
def test_integers_beyond_the_safe_range_have_no_canonical_form(value: object) -> None:
    with pytest.raises(rfc8785.CanonicalizationError):
        canonical(value)


def test_keys_are_sorted_by_utf16_unit() -> None:
    assert canonical({"\ue000": 1, "\U0001f600": 2}) == '{"😀":2,"\ue000":1}'.encode()


def test_large_data_goes_in_by_hash() -> None:
    data = {"text": "x" * 70_000}
    body = json.loads(entry_body(replace(ENTRY, data=data)))
    text = orjson.dumps(data)
    assert "data" not in body
    assert body["data_digest"] == {
        "sha256": sha256(text).hexdigest(),
        "size": len(text),
    }
    assert body["subject"] == "case_1"


def test_data_with_a_number_json_cannot_hold_goes_in_by_hash() -> None:
    body = json.loads(entry_body(replace(ENTRY, data={"n": 2**60})))
    assert body["data_digest"]["size"] == len('{"n":1152921504606846976}')


def test_an_entry_of_exactly_the_cap_goes_in_whole() -> None:
    spare = ENTRY_BYTES - len(entry_body(replace(ENTRY, data={"t": ""})))
    whole = entry_body(replace(ENTRY, data={"t": "x" * spare}))
    assert len(whole) == ENTRY_BYTES
    assert "data" in json.loads(whole)
    over = entry_body(replace(ENTRY, data={"t": "x" * (spare + 1)}))
    assert "data_digest" in json.loads(over)


def test_an_entry_too_large_without_its_data_goes_in_by_hash() -> None:
    body = json.loads(entry_body(replace(ENTRY, correlation_id="y" * 70_000)))
    assert set(body) == {"entry_digest", "event_id", "seq", "time", "v"}


@given(JSON, JSON)
def test_other_data_is_another_body(one: object, other: object) -> None:
    bodies = [
        entry_body(replace(ENTRY, data={"value": value}))  # type: ignore[dict-item]
        for value in (one, other)
    ]
    same = rfc8785.dumps(one) == rfc8785.dumps(other)  # type: ignore[arg-type] # JSON
    assert (bodies[0] == bodies[1]) is same

"""Commitments: SHA-256 over salt and payload."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from integritas.journal.api import Personal, commitment_of


@given(st.binary(min_size=16, max_size=16), st.binary())
def test_commitment_is_sha_256_of_salt_and_payload(salt: bytes, payload: bytes) -> None:
    expected = hashlib.sha256(salt + payload).hexdigest()
    assert commitment_of(salt, payload) == expected


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_another_salt_is_another_commitment(one: bytes, other: bytes) -> None:
    assert (commitment_of(one, b"x") == commitment_of(other, b"x")) == (one == other)


def test_personal_data_is_json() -> None:
    assert Personal(b"salt", b'{"name":"Jane"}').value() == {"name": "Jane"}

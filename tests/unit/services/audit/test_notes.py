"""Signed notes: our own, those of the specification, and broken ones."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.errors import InvalidInput
from integritas.services.audit.notes import (
    SigningKey,
    VerifierKey,
    checkpoint_text,
    parse_checkpoint,
    parse_signing_key,
    parse_verifier_key,
)

# Published example key pair of golang.org/x/mod/sumdb/note.
GO_SECRET = (
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
)
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNX"
    "gKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

KEY = SigningKey("integritas/main", bytes(range(32)))
ROOT = sha256(b"root").digest()
TEXT = checkpoint_text("integritas/main", 42, ROOT)
NOTE = f"{TEXT}\n{KEY.sign(TEXT).line()}"


def test_keys_and_signatures_equal_those_of_gos_note_package() -> None:
    key = parse_signing_key(GO_SECRET)
    assert key.verifier.vkey() == GO_VKEY
    assert key.secret() == GO_SECRET
    assert key.sign(GO_TEXT).line() == GO_SIGNATURE


def test_a_vkey_is_name_id_and_key() -> None:
    name, key_id, encoded = KEY.verifier.vkey().split("+", 2)
    raw = base64.b64decode(encoded)
    assert (name, raw[0], len(raw)) == ("integritas/main", 1, 33)
    assert key_id == sha256(b"integritas/main\n" + raw).hexdigest()[:8]
    assert parse_verifier_key(KEY.verifier.vkey() + "\n") == KEY.verifier


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    checkpoint = parse_checkpoint(NOTE)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (
        "integritas/main",
        42,
        ROOT,
    )
    assert checkpoint.text == TEXT
    assert checkpoint.signed_by((KEY.verifier,))


def test_a_checkpoint_of_another_key_is_not_signed() -> None:
    other = SigningKey("integritas/main", bytes(32))
    assert not parse_checkpoint(NOTE).signed_by((other.verifier,))
    assert not parse_checkpoint(NOTE).signed_by(())


def test_an_unknown_signature_beside_ours_is_let_be() -> None:
    witness = SigningKey("witness.example", bytes(32))
    checkpoint = parse_checkpoint(NOTE + witness.sign(TEXT).line())
    assert checkpoint.signed_by((KEY.verifier,))
    assert checkpoint.signed_by((KEY.verifier, witness.verifier))


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    witness = SigningKey("witness.example", bytes(32))
    checkpoint = parse_checkpoint(NOTE + witness.sign("other\n").line())
    assert not checkpoint.signed_by((KEY.verifier, witness.verifier))


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_no_byte_of_a_note_can_change(place: int, flip: int) -> None:
    raw = bytearray(NOTE.encode())
    raw[place] ^= flip
    try:
        checkpoint = parse_checkpoint(raw.decode())
    except (InvalidInput, UnicodeDecodeError):
        return
    assert not checkpoint.signed_by((KEY.verifier,))


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        TEXT,
        TEXT + "\n",
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("\n42\n", "\n042\n"),
        NOTE.replace("\n42\n", "\n-1\n"),
        NOTE.replace("\n42\n", "\n\n"),
        NOTE.replace("— ", "- "),
        "\n" + NOTE,
        NOTE.replace(TEXT, TEXT + "extension\n"),
        NOTE.replace(base64.b64encode(ROOT).decode(), "AAAA"),
        NOTE.replace(base64.b64encode(ROOT).decode(), "?"),
        f"{TEXT}\n— integritas/main AAAA\n",
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(InvalidInput):
        parse_checkpoint(note)


def test_base64_with_spare_bits_set_is_refused() -> None:
    encoded = base64.b64encode(ROOT).decode()
    last = encoded[-2]
    spare = chr(ord(last) + 1)
    with pytest.raises(InvalidInput, match="canonical"):
        parse_checkpoint(NOTE.replace(encoded, f"{encoded[:-2]}{spare}="))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        "name+00000000+AAAA",
        "name+00000000+?",
        "two words" + GO_VKEY.removeprefix("PeterNeumann"),
        GO_VKEY.replace("c74f20a3", "c74f20a4"),
        GO_VKEY.replace("ARpc", "Ahpc"),
    ],
)
def test_a_malformed_vkey_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="key"):
        parse_verifier_key(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        GO_VKEY,
        GO_SECRET.replace("c74f20a3", "c74f20a4"),
        "PRIVATE+KEY+name+00000000+AAAA",
    ],
)
def test_a_malformed_private_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="key"):
        parse_signing_key(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb"])
def test_a_key_needs_a_proper_name(name: str) -> None:
    with pytest.raises(InvalidInput, match="name"):
        SigningKey(name, bytes(32))


def test_a_public_key_off_the_curve_signs_nothing() -> None:
    key = VerifierKey("integritas/main", b"\xff" * 32)
    assert not key.signed(TEXT, KEY.sign(TEXT))

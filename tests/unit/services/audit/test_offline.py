"""The single-file verifier: standard library alone, as strict as the product."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.services.audit.test_bundles import KEY, STRANGER, bundle, checkpoint

from integritas.services.audit import offline

if TYPE_CHECKING:
    from collections.abc import Iterator


def run(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the file as it is handed out: isolated, without site-packages."""
    return subprocess.run(  # noqa: S603 - our own file
        [sys.executable, "-I", "-S", offline.__file__, str(path), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONIOENCODING": "utf-8"},
    )


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(bundle()))
    return path


def test_the_file_verifies_a_bundle_and_prints_the_report(exported: Path) -> None:
    done = run(exported, "--key", KEY.verifier.vkey())
    assert done.returncode == 0, done.stderr
    assert "Log        integritas/main" in done.stdout
    assert bundle()["summary"][0] in done.stdout
    assert done.stdout.endswith("verified 7 entries on case_1\n")
    assert done.stderr == ""


def test_without_a_key_it_says_whose_keys_it_trusted(exported: Path) -> None:
    done = run(exported, "--quiet")
    assert done.returncode == 0
    assert "the keys are the bundle's own" in done.stderr
    assert KEY.verifier.vkey() in done.stderr


def test_another_key_is_a_difference(exported: Path) -> None:
    done = run(exported, "--key", STRANGER.verifier.vkey())
    assert done.returncode == 1
    assert "keys: the key trusted is not among them" in done.stdout
    assert "NOT verified" in done.stderr


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "nonsense", '{"format": "integritas-audit-bundle/v1"}']
)
def test_what_is_no_bundle_ends_with_2(tmp_path: Path, text: str) -> None:
    (tmp_path / "b.json").write_text(text)
    done = run(tmp_path / "b.json")
    assert done.returncode == 2
    assert "b.json" in done.stderr


def test_a_file_that_is_not_there_ends_with_2(tmp_path: Path) -> None:
    assert run(tmp_path / "none.json").returncode == 2


def mutated(value: Any, change: Any) -> Iterator[Any]:
    """Yield copies of a document with one text or number changed."""
    if isinstance(value, dict):
        for key, item in value.items():
            for other in mutated(item, change):
                yield {**value, key: other}
    elif isinstance(value, list):
        for number, item in enumerate(value):
            for other in mutated(item, change):
                yield [*value[:number], other, *value[number + 1 :]]
        for number in range(len(value)):
            yield value[:number] + value[number + 1 :]
    else:
        yield change(value)


def flipped(value: Any) -> Any:
    if isinstance(value, int):
        return value + 1
    middle = len(value) // 2
    return f"{value[:middle]}{chr(ord(value[middle]) ^ 1)}{value[middle + 1 :]}"


def test_no_value_of_a_bundle_can_be_changed() -> None:
    seen = 0
    for document in mutated(bundle(), flipped):
        try:
            found = offline.differences(
                offline.parse(json.dumps(document).encode()), []
            )
        except offline.NotABundle:
            found = ["refused"]
        # An entry less, with its line, is another bundle that is true as well.
        assert found, document
        seen += 1
    assert seen > 50


def test_a_checkpoint_of_a_fork_is_a_difference() -> None:
    document = copy.deepcopy(bundle())
    document["checkpoint"] = checkpoint(19).note
    assert offline.differences(document, [])


# RFC 8032 section 7.1: secret key, public key, message, signature ----------------

VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_signatures_of_the_rfc_hold(public: str, message: str, signature: str) -> None:
    given_ = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert offline.signature_holds(*given_)
    assert not offline.signature_holds(given_[0], given_[1] + b"x", given_[2])


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=64), st.integers(0, 511))
@settings(max_examples=20)
def test_signatures_are_judged_as_openssl_judges(
    seed: bytes, message: bytes, bit: int
) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert offline.signature_holds(public, message, signature)
    broken = bytearray(signature)
    broken[bit // 8] ^= 1 << (bit % 8)
    assert not offline.signature_holds(public, message, bytes(broken))


@pytest.mark.parametrize("blob", [b"", b"\xff" * 32, b"\x02" + b"\x00" * 31, b"x" * 31])
def test_what_is_no_point_is_no_key(blob: bytes) -> None:
    assert not offline.signature_holds(blob, b"", bytes(64))

"""Signing keys on disk."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from integritas.kernel.errors import StorageFailure
from integritas.platform.tokens import Algorithm, KeyRing

if TYPE_CHECKING:
    from pathlib import Path

    from integritas.kernel.clock import ManualClock

pytestmark = pytest.mark.integration


def key_ids(ring: KeyRing) -> list[str]:
    return [key["kid"] for key in ring.jwks()["keys"]]


def test_first_load_makes_a_key_and_the_next_finds_it(
    tmp_path: Path, clock: ManualClock
) -> None:
    first = KeyRing.load(tmp_path / "keys", clock)
    again = KeyRing.load(tmp_path / "keys", clock)
    assert key_ids(first) == key_ids(again)


def test_only_the_owner_can_read_keys(tmp_path: Path, clock: ManualClock) -> None:
    folder = tmp_path / "keys"
    KeyRing.load(folder, clock)
    (key,) = folder.glob("*.jwk")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not list(folder.glob("*.draft"))


def test_rotated_key_signs_here_and_after_a_restart(
    tmp_path: Path, clock: ManualClock
) -> None:
    ring = KeyRing.load(tmp_path, clock)
    clock.advance(1)
    new = ring.rotate(clock)
    assert ring.newest()[0] == new
    again = KeyRing.load(tmp_path, clock)
    assert again.newest()[0] == new
    assert len(key_ids(again)) == 2


def test_a_rotation_elsewhere_is_followed(tmp_path: Path, clock: ManualClock) -> None:
    ring, elsewhere = KeyRing.load(tmp_path, clock), KeyRing.load(tmp_path, clock)
    before = ring.newest()[0]
    clock.advance(1)
    new = elsewhere.rotate(clock)
    assert ring.find(new) is not None
    assert ring.find(before) is not None
    assert ring.newest()[0] == new
    assert key_ids(ring) == key_ids(elsewhere) == [before, new]


def test_keys_go_once_all_they_signed_has_expired(
    tmp_path: Path, clock: ManualClock
) -> None:
    ring = KeyRing.load(tmp_path, clock)
    first = ring.newest()[0]
    clock.advance(1)
    second = ring.rotate(clock)
    clock.advance(3_599)
    third = ring.rotate(clock)
    assert key_ids(ring) == [first, second, third]
    clock.advance(2)
    fourth = ring.rotate(clock)
    assert key_ids(ring) == [second, third, fourth]
    assert ring.find(first) is None
    assert len(list(tmp_path.glob("*.jwk"))) == 3


def test_key_that_everyone_can_read_is_refused(
    tmp_path: Path, clock: ManualClock
) -> None:
    KeyRing.load(tmp_path, clock)
    (key,) = tmp_path.glob("*.jwk")
    key.chmod(0o604)
    with pytest.raises(StorageFailure) as refused:
        KeyRing.load(tmp_path, clock)
    assert refused.value.errors[0].remedy == f"chmod 600 {key}"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        '{"kty": "OKP"}',
        json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=False)),
        json.dumps(OKPKey.generate_key("Ed448").as_dict(private=True)),
        json.dumps(ECKey.generate_key("P-256").as_dict(private=True)),
    ],
    # Keys made here would give each worker of a parallel run other names.
    ids=["empty", "object", "list", "no_key", "public", "other_curve", "other_type"],
)
def test_file_that_is_no_key_is_named(
    tmp_path: Path, clock: ManualClock, content: str
) -> None:
    path = tmp_path / "1.jwk"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(StorageFailure, match=r"1\.jwk") as refused:
        KeyRing.load(tmp_path, clock)
    assert refused.value.errors[0].path == "INTEGRITAS_STATE_DIR"


def test_folder_that_cannot_be_is_named(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailure, match="INTEGRITAS_STATE_DIR"):
        KeyRing.load(tmp_path / "file" / "keys", clock)


def test_another_algorithm_makes_a_key_of_it_and_keeps_the_others(
    tmp_path: Path, clock: ManualClock
) -> None:
    old = KeyRing.load(tmp_path, clock).newest()[0]
    for algorithm in (Algorithm.RS256, Algorithm.ED25519):
        clock.advance(1)
        ring = KeyRing.load(tmp_path, clock, algorithm)
        again = KeyRing.load(tmp_path, clock, algorithm)
        assert again.newest()[0] == ring.newest()[0]
        assert ring.jwks()["keys"][-1]["alg"] == algorithm.value
        assert ring.find(old) is not None
        clock.advance(1)
        assert ring.rotate(clock) == ring.newest()[0]
        assert ring.jwks()["keys"][-1]["alg"] == algorithm.value


def test_a_short_rsa_key_is_refused(tmp_path: Path, clock: ManualClock) -> None:
    with pytest.warns(SecurityWarning):
        weak = RSAKey.generate_key(1_024)
    path = tmp_path / "20260101T000000000000Z-x.jwk"
    path.write_text(json.dumps(weak.as_dict(private=True)))
    path.chmod(0o600)
    refused = pytest.raises(StorageFailure, match="not a private Ed25519 or RSA")
    with pytest.warns(SecurityWarning), refused:
        KeyRing.load(tmp_path, clock)

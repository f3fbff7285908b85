"""Secrets that must be read again."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from integritas.kernel.errors import StorageFailure
from integritas.platform.sealing import FILE, Sealer


def test_what_is_sealed_can_be_opened_and_not_read(tmp_path: Path) -> None:
    sealer = Sealer.load(tmp_path / "keys")
    sealed = sealer.seal("hush-hush")
    assert "hush" not in sealed
    assert sealed != sealer.seal("hush-hush")
    assert sealer.open(sealed) == "hush-hush"


def test_the_key_outlives_the_process_and_is_its_owners(tmp_path: Path) -> None:
    sealed = Sealer.load(tmp_path).seal("x")
    assert Sealer.load(tmp_path).open(sealed) == "x"
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "x", "gAAAA", "\ud800"])
def test_what_is_not_ours_opens_to_nothing(tmp_path: Path, text: str) -> None:
    assert Sealer.load(tmp_path).open(text) is None
    assert Sealer([Fernet.generate_key()]).open(Sealer.load(tmp_path).seal("x")) is None


def test_a_new_key_in_front_still_opens_the_old(tmp_path: Path) -> None:
    sealed = Sealer.load(tmp_path).seal("x")
    path = tmp_path / FILE
    path.write_bytes(Fernet.generate_key() + b"\n" + path.read_bytes())
    assert Sealer.load(tmp_path).open(sealed) == "x"


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    Sealer.load(tmp_path)
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(StorageFailure, match="others can read it"):
        Sealer.load(tmp_path)


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"nonsense")
    (tmp_path / FILE).chmod(0o600)
    with pytest.raises(StorageFailure, match="does not hold keys"):
        Sealer.load(tmp_path)

"""Keys and remembered checkpoints in the state folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integritas.kernel.clock import SeededRandomness
from integritas.kernel.errors import StorageFailure
from integritas.services.audit.anchors import Anchor, Anchors
from integritas.services.audit.merkle import EMPTY_ROOT
from integritas.services.audit.notes import SigningKey, checkpoint_text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

ORIGIN = "integritas/main"
KEY = SigningKey(ORIGIN, bytes(32))
TEXT = checkpoint_text(ORIGIN, 0, EMPTY_ROOT)
ANCHOR = Anchor(3, f"{TEXT}\n{KEY.sign(TEXT).line()}")


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    anchors = Anchors(tmp_path / "state")
    assert anchors.find_key(ORIGIN) is None
    assert anchors.find_anchor(ORIGIN) is None
    assert not (tmp_path / "state").exists()


def test_a_key_is_found_again(tmp_path: Path) -> None:
    made = Anchors(tmp_path).make_key(ORIGIN, SeededRandomness(1))
    found = Anchors(tmp_path).find_key(ORIGIN)
    assert found is not None
    assert found.verifier == made.verifier


def test_of_two_that_make_a_key_one_wins(tmp_path: Path) -> None:
    first = Anchors(tmp_path).make_key(ORIGIN, SeededRandomness(1))
    second = Anchors(tmp_path).make_key(ORIGIN, SeededRandomness(2))
    assert second.verifier == first.verifier
    assert len(list((tmp_path / "keys" / "audit").iterdir())) == 1


def test_the_key_of_another_origin_is_refused(tmp_path: Path) -> None:
    anchors = Anchors(tmp_path)
    anchors.make_key("integritas/other", SeededRandomness(1))
    folder = tmp_path / "keys" / "audit"
    (folder / "integritas%2Fother.key").rename(folder / "integritas%2Fmain.key")
    with pytest.raises(StorageFailure, match="the key of integritas/other"):
        anchors.find_key(ORIGIN)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("in the way")
    with pytest.raises(StorageFailure, match="keys/audit"):
        Anchors(tmp_path).make_key(ORIGIN, SeededRandomness(1))


def test_a_checkpoint_is_remembered(tmp_path: Path) -> None:
    Anchors(tmp_path).remember(ORIGIN, Anchor(2, ANCHOR.note))
    Anchors(tmp_path).remember(ORIGIN, ANCHOR)
    found = Anchors(tmp_path).find_anchor(ORIGIN)
    assert found == ANCHOR
    assert found.checkpoint.size == 0
    assert len(list((tmp_path / "anchors" / "audit").iterdir())) == 1


def test_the_checkpoint_of_another_origin_is_refused(tmp_path: Path) -> None:
    Anchors(tmp_path).remember("integritas/other", ANCHOR)
    with pytest.raises(StorageFailure, match="it is not of integritas/other"):
        Anchors(tmp_path).find_anchor("integritas/other")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"number": 1}', '{"number": 1, "note": "x"}', "\udcff"]
)
def test_a_broken_checkpoint_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "anchors" / "audit" / "integritas%2Fmain.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(StorageFailure, match=r"main\.json cannot be used"):
        Anchors(tmp_path).find_anchor(ORIGIN)

"""The artifact: verified when loaded, refused by name."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from integritas.kernel.errors import IntegrityViolation
from integritas.services.spam.api import load_spam_service
from integritas.services.spam.artifact import load_artifact
from integritas.services.spam.features import View


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = resources.files("integritas.services.spam").joinpath("model")
    with resources.as_file(place) as shipped:
        shutil.copytree(shipped, tmp_path / "model")
    return tmp_path / "model"


def test_the_shipped_model_loads() -> None:
    artifact = load_artifact()
    assert set(artifact.models) == set(View)
    assert artifact.version.startswith("spam-5@")


def test_the_shipped_model_is_small() -> None:
    place = resources.files("integritas.services.spam").joinpath("model")
    sizes = [len(item.read_bytes()) for item in place.iterdir() if item.is_file()]
    assert sum(sizes) <= 8 * 1024 * 1024


def test_a_folder_loads_like_the_shipped_model(folder: Path) -> None:
    assert load_artifact(folder).version == load_artifact().version
    assert load_spam_service(folder).versions == load_spam_service().versions


def test_a_wrong_hash_is_refused_naming_the_file(folder: Path) -> None:
    weights = folder / "weights.npz"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(IntegrityViolation, match=r"weights\.npz has SHA-256"):
        load_spam_service(folder)


@pytest.mark.parametrize("name", ["weights.npz", "manifest.json", "policy.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(IntegrityViolation, match=name):
        load_artifact(folder)


def _drop(key: str) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest.pop(key)


@pytest.mark.parametrize(
    "change",
    [
        _drop("artifact"),
        _drop("views"),
        _drop("format"),
        lambda manifest: manifest.update(format=99),
        lambda manifest: manifest["views"].pop("text"),
        lambda manifest: manifest["views"].update(other={}),
        lambda manifest: manifest["views"]["text"].pop("scale"),
        lambda manifest: manifest["views"]["text"].update(group_values=[1]),
        lambda manifest: manifest.update(views=[]),
        lambda manifest: manifest["views"]["text"].update(bits=10),
        lambda manifest: manifest["views"]["body"]["second_look"].pop("bias"),
        lambda manifest: manifest["views"]["body"]["second_look"].update(window=7),
        lambda manifest: manifest["views"]["body"]["second_look"].update(weights={}),
        lambda manifest: manifest["views"]["body"].update(second_look=[1]),
    ],
    ids=[
        "no artifact",
        "no views",
        "no format",
        "other format",
        "a view lacks",
        "unknown view",
        "no scale",
        "one group value",
        "views are a list",
        "another size",
        "a second look without a bias",
        "windows of another size",
        "a second look without weights",
        "a second look that is a list",
    ],
)
def test_a_broken_manifest_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))
    with pytest.raises(IntegrityViolation, match=r"manifest\.json|weights\.npz"):
        load_artifact(folder)


@pytest.mark.parametrize("text", ["{", "[]", "\xff"])
def test_a_manifest_that_is_no_object_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(IntegrityViolation, match=r"manifest\.json"):
        load_artifact(folder)

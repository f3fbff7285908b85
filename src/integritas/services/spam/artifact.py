"""The model artifact: a manifest, and weights that must have the hash it states."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from integritas.kernel.errors import IntegrityViolation
from integritas.services.spam.blending import WINDOW, Blend
from integritas.services.spam.features import View
from integritas.services.spam.folding import LOOKALIKES
from integritas.services.spam.hashing import GROUPS, Bytes
from integritas.services.spam.scoring import Calibration, LinearModel, dequantise

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from numpy.typing import NDArray

__all__ = ["FORMAT", "MANIFEST", "POLICY", "Artifact", "load_artifact", "read_verified"]

FORMAT: Final = 3  # of features and files: a model of another format is refused
MANIFEST: Final = "manifest.json"
POLICY: Final = "policy.json"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model that was verified: `version` is `spam-<version>@<sha256, 12 digits>`."""

    version: str
    models: Mapping[View, LinearModel]
    lookalikes: Bytes
    policy: bytes


def load_artifact(folder: Traversable | None = None) -> Artifact:
    """Return the model in a folder, or the one shipped with the product.

    Raises:
        IntegrityViolation: a file is missing, malformed, or has not the hash that the
            manifest states; the detail names the file.
    """
    place: Traversable = (
        folder
        if folder is not None
        else resources.files("integritas.services.spam").joinpath("model")
    )
    manifest = _manifest(place)
    try:
        if manifest["format"] != FORMAT:
            raise IntegrityViolation(
                f"{place / MANIFEST} is of format {manifest['format']}, this version"
                f" reads {FORMAT}: run the training again"
            )
        name = str(manifest["artifact"]["file"])
        digest = str(manifest["artifact"]["sha256"])
        views = {View(key): value for key, value in manifest["views"].items()}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IntegrityViolation(
            f"{place / MANIFEST} is no model manifest: {error}"
        ) from error
    content = read_verified(place / name, digest)
    models, table = _models(place / name, content, views)
    return Artifact(
        version=f"spam-{manifest.get('version', '0')}@{digest[:12]}",
        models=models,
        lookalikes=table,
        policy=_read(place / POLICY),
    )


def read_verified(path: Traversable, sha256: str) -> bytes:
    """Return a file's bytes if they have the hash.

    Raises:
        IntegrityViolation: they have not, or there is no such file.
    """
    content = _read(path)
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise IntegrityViolation(
            f"{path} has SHA-256 {found}, its manifest says {sha256}:"
            " restore the file or train again"
        )
    return content


def _read(path: Traversable) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise IntegrityViolation(f"{path} cannot be read: {error.strerror}") from error


def _manifest(place: Traversable) -> Mapping[str, Any]:
    try:
        manifest = json.loads(_read(place / MANIFEST))
    except ValueError as error:
        raise IntegrityViolation(f"{place / MANIFEST} is not JSON: {error}") from error
    if not isinstance(manifest, dict):
        raise IntegrityViolation(f"{place / MANIFEST} is no model manifest")
    return manifest


def _models(
    path: Traversable, content: bytes, views: Mapping[View, Mapping[str, Any]]
) -> tuple[dict[View, LinearModel], Bytes]:
    missing = sorted(set(View) - set(views))
    if missing:
        raise IntegrityViolation(f"{path} has no model for: {', '.join(missing)}")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            models = {
                view: LinearModel(
                    weights=_sized(arrays[view.value], np.int8, 1 << stated["bits"]),
                    levels=dequantise(float(stated["scale"])),
                    bias=float(stated["bias"]),
                    group_values=_sized(
                        np.array(stated["group_values"], np.float32), np.float32, GROUPS
                    ),
                    calibration=Calibration(
                        float(stated["calibration"]["slope"]),
                        float(stated["calibration"]["offset"]),
                    ),
                    blend=_blend(stated.get("second_look")),
                )
                for view, stated in views.items()
            }
            return models, _sized(arrays["lookalikes"], np.uint8, LOOKALIKES)
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise IntegrityViolation(f"{path} is no model: {error}") from error


def _blend(stated: Mapping[str, Any] | None) -> Blend | None:
    if stated is None:
        return None
    if stated["window"] != WINDOW:
        raise ValueError(f"its windows are not of {WINDOW} bytes")
    return Blend.stated(float(stated["bias"]), stated["weights"])


def _sized(array: NDArray[Any], kind: type[np.generic], size: int) -> NDArray[Any]:
    """Return an array if it has the form that the kernels count on."""
    if array.dtype != kind or array.shape != (size,):
        raise ValueError(f"an array has the form {array.dtype}{array.shape}")
    return array

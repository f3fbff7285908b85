"""The model artifact: a manifest, and a forest that must have the hash it states."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from integritas.kernel.errors import IntegrityViolation
from integritas.services.anticorruption.collusion.forest import Forest
from integritas.services.anticorruption.collusion.screens import FEATURES

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

__all__ = ["FORMAT", "MANIFEST", "Artifact", "Calibration", "load_artifact"]

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_ARRAYS: Final = ("roots", "feature", "threshold", "left", "right", "value", "cover")


class Calibration(NamedTuple):
    """Platt's slope and offset on log odds, and the threshold of the decision."""

    slope: float
    offset: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model that was verified.

    `version` is `collusion-<version>@<sha256, 12 digits>`; `quantiles` are (5,
    features): least, quartiles and greatest of the training rows; `manifest` as read.
    """

    version: str
    forest: Forest
    calibration: Calibration
    quantiles: NDArray[np.float64]
    manifest: Mapping[str, Any]


def load_artifact(folder: Path | None = None) -> Artifact:
    """Return the model in a folder, or the one shipped with the product.

    Raises:
        IntegrityViolation: a file is missing, malformed, or has not the hash that the
            manifest states; the detail names the file.
    """
    place: Traversable = (
        folder
        if folder is not None
        else resources.files("integritas.services.anticorruption").joinpath("model")
    )
    try:
        manifest = json.loads((place / MANIFEST).read_bytes())
        content = (place / str(manifest["artifact"]["file"])).read_bytes()
        return _artifact(place, manifest, content)
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise IntegrityViolation(
            f"{place} holds no collusion model: {error}; restore it or train again"
        ) from error


def _artifact(
    place: Traversable, manifest: Mapping[str, Any], content: bytes
) -> Artifact:
    digest = hashlib.sha256(content).hexdigest()
    stated = str(manifest["artifact"]["sha256"])
    if digest != stated:
        raise IntegrityViolation(
            f"{place} has a forest of SHA-256 {digest}, its manifest says {stated}:"
            " restore the file or train again"
        )
    names = [feature["name"] for feature in manifest["features"]]
    if manifest["format"] != FORMAT or names != [f.name for f in FEATURES]:
        raise IntegrityViolation(
            f"{place / MANIFEST} is of another format than this version reads:"
            " run the training again"
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        forest = Forest(**{name: arrays[name] for name in _ARRAYS})
    given = manifest["calibration"]
    return Artifact(
        version=f"collusion-{manifest['version']}@{digest[:12]}",
        forest=forest,
        calibration=Calibration(
            float(given["slope"]), float(given["offset"]), float(given["threshold"])
        ),
        quantiles=np.array([f["quantiles"] for f in manifest["features"]]).T,
        manifest=manifest,
    )

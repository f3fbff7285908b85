"""Where a model's versions lie: the one shipped, and those trained later.

A version is a folder with `manifest.json` and the artifact it names.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final

from integritas.kernel.errors import IntegrityViolation, NotFound
from integritas.registry.model import ModelVersion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.resources.abc import Traversable
    from pathlib import Path

__all__ = ["Shelf"]

MANIFEST: Final = "manifest.json"
_DIGITS: Final = 12


class Shelf:
    """The versions of one model."""

    def __init__(
        self,
        name: str,
        shipped: Traversable,
        folder: Path | None = None,
        *,
        load: Callable[[Traversable], object] | None = None,
    ) -> None:
        """Take where the shipped version lies, and the folder of those made later.

        `load` loads a version whole, and raises where it cannot be used.
        """
        self.name: Final = name
        self._load = load
        self._shipped = shipped
        self._folder = folder

    def shipped(self) -> ModelVersion:
        """Return the version that came with the product.

        Raises:
            IntegrityViolation: its manifest is missing or malformed.
        """
        return _read(self.name, self._shipped, shipped=True)

    def versions(self) -> Sequence[ModelVersion]:
        """Return all versions, the shipped one first; what has no manifest is none.

        Raises:
            IntegrityViolation: a manifest is malformed; the detail names it.
        """
        return [
            _read(self.name, place, shipped=place is self._shipped)
            for place in self._places()
        ]

    def find(self, version: str) -> tuple[ModelVersion, Traversable]:
        """Return a version and where it lies, its artifact verified.

        Raises:
            NotFound: there is none of that name.
            IntegrityViolation: its artifact has not the hash that its manifest states,
                or there is none and a manifest beside, which may be its, is malformed.
        """
        unread: IntegrityViolation | None = None
        for place in self._places():
            try:
                known = _read(self.name, place, shipped=place is self._shipped)
            except IntegrityViolation as error:
                unread = error
                continue
            if known.version == version:
                _verify(known, place)
                return known, place
        if unread is not None:
            raise unread
        raise NotFound(f"there is no version {version} of the model {self.name}")

    def prove(self, version: str) -> None:
        """Do nothing if a version can judge.

        Raises:
            NotFound: there is none of that name.
            IntegrityViolation: a file of it is missing, malformed, or has not the hash
                that its manifest states.
            InvalidDefinition: what comes with it is not valid; each field is named.
        """
        _, place = self.find(version)
        if self._load is not None:
            self._load(place)

    def _places(self) -> Iterator[Traversable]:
        yield self._shipped
        if self._folder is None or not self._folder.is_dir():
            return
        for place in sorted(self._folder.iterdir()):
            if (place / MANIFEST).is_file():
                yield place


def _read(name: str, place: Traversable, *, shipped: bool) -> ModelVersion:
    path = place / MANIFEST
    try:
        content = path.read_bytes()
        manifest = json.loads(content)
        artifact: dict[str, Any] = manifest.get("artifact", {})
        digest = artifact.get("sha256") or hashlib.sha256(content).hexdigest()
        version = f"{name}-{manifest.get('version', '1')}@{digest[:_DIGITS]}"
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise IntegrityViolation(f"{path} is no model manifest: {error}") from error
    return ModelVersion(name, version, shipped, manifest)


def _verify(version: ModelVersion, place: Traversable) -> None:
    artifact = version.manifest.get("artifact")
    if not isinstance(artifact, dict):
        return
    name = str(artifact.get("file"))
    path = place / name
    if name != PurePath(name).name:
        raise IntegrityViolation(f"{path} lies outside the folder of its manifest")
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise IntegrityViolation(f"{path} cannot be read: {error.strerror}") from error
    if found != artifact.get("sha256"):
        raise IntegrityViolation(
            f"{path} has SHA-256 {found}, its manifest says {artifact.get('sha256')}:"
            " restore the file or train again"
        )

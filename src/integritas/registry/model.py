"""What the registry speaks of: versions of models, and which one judges for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from pydantic import JsonValue

if TYPE_CHECKING:
    from integritas.kernel.ids import TenantId

__all__ = ["Deployment", "DriftSource", "ModelVersion"]


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """An immutable artifact: `version` is `<name>-<version>@<sha256, 12 digits>`.

    `manifest` says from which data, with which figures.
    """

    name: str
    version: str
    shipped: bool
    manifest: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Deployment:
    """Which version of a model judges for a tenant.

    The `challenger` scores in the shadow of the champion, and judges `share` of the
    cases. `previous` is what a rollback goes back to. Nobody has changed the shipped
    deployment.
    """

    champion: str
    previous: str | None = None
    challenger: str | None = None
    share: float = 0.0
    changed_by: str | None = None
    changed_at: datetime | None = None


class DriftSource(Protocol):
    """Who can tell how far a model's world has moved, for a tenant."""

    async def drift(
        self, tenant: TenantId, deployment: Deployment, /
    ) -> Mapping[str, JsonValue]:
        """Return figures of drift, and of champion and challenger side by side."""
        ...

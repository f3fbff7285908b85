"""What others may import of the anti-corruption service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.services.anticorruption.bulk import Reject, Run, run_indicators
from integritas.services.anticorruption.indicators import OPTIONS
from integritas.services.anticorruption.ledger import EMPTY_REFERENCE, Reference
from integritas.services.anticorruption.ocds import validate_release
from integritas.services.anticorruption.scoring import DEFAULT_SETTINGS, Calculation
from integritas.services.anticorruption.service import (
    AntiCorruptionService,
    ReferenceSource,
)
from integritas.services.anticorruption.settings import Settings
from integritas.services.anticorruption.settings import parse_settings as _parse

if TYPE_CHECKING:
    from integritas.services.anticorruption.collusion.model import CollusionModel

__all__ = [
    "DEFAULT_SETTINGS",
    "EMPTY_REFERENCE",
    "AntiCorruptionService",
    "Calculation",
    "Reference",
    "ReferenceSource",
    "Reject",
    "Run",
    "Settings",
    "load_anticorruption_service",
    "load_collusion_model",
    "parse_settings",
    "run_indicators",
    "validate_release",
]


def load_anticorruption_service() -> AntiCorruptionService:
    """Return the service with every indicator at its defaults and no reference."""
    return AntiCorruptionService()


def load_collusion_model() -> CollusionModel:
    """Return the shipped collusion model, verified.

    Raises:
        IntegrityViolation: it is missing, or not what its manifest says.
    """
    # It needs numpy, which takes as long to import as a bulk run has left to win.
    from integritas.services.anticorruption.collusion.model import (  # noqa: PLC0415
        load_collusion_model as load,
    )

    return load()


def parse_settings(text: str, *, source: str = "settings") -> Settings:
    """Return the settings of a Cardinal settings file; `source` names it in errors.

    Raises:
        InvalidInput: unknown sections or keys, wrong values; each with its line.
    """
    return _parse(text, OPTIONS, source=source)

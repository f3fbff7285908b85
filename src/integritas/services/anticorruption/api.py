"""What others may import of the anti-corruption service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.services.anticorruption.bulk import (
    Reject,
    Run,
    run_indicators,
    run_table,
)
from integritas.services.anticorruption.indicators import OPTIONS
from integritas.services.anticorruption.ledger import EMPTY_REFERENCE, Reference
from integritas.services.anticorruption.ocds import validate_release
from integritas.services.anticorruption.scoring import DEFAULT_SETTINGS, Calculation
from integritas.services.anticorruption.settings import Settings
from integritas.services.anticorruption.settings import parse_settings as _parse

if TYPE_CHECKING:
    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Recorder
    from integritas.platform.db import Database
    from integritas.services.anticorruption.collusion.model import CollusionModel
    from integritas.services.anticorruption.desk import DatasetDesk
    from integritas.services.anticorruption.service import AntiCorruptionService

__all__ = [
    "DEFAULT_SETTINGS",
    "EMPTY_REFERENCE",
    "Calculation",
    "Reference",
    "Reject",
    "Run",
    "Settings",
    "load_anticorruption_service",
    "load_collusion_model",
    "open_dataset_desk",
    "parse_settings",
    "run_indicators",
    "run_table",
    "validate_release",
]


def load_anticorruption_service(
    desk: DatasetDesk | None = None,
) -> AntiCorruptionService:
    """Return the service with every indicator at its defaults.

    With a `desk` it judges against what a tenant's releases told, and learns.
    """
    # It needs the wire forms of evidence, which a command that reads a file does not.
    from integritas.services.anticorruption.service import (  # noqa: PLC0415
        AntiCorruptionService as Service,
    )

    return Service(desk=desk)


def open_dataset_desk(
    database: Database, clock: Clock, recorder: Recorder
) -> DatasetDesk:
    """Return the datasets of all tenants over a database."""
    # It needs SQLAlchemy, which a command that reads a file must not wait for.
    from integritas.services.anticorruption.desk import (  # noqa: PLC0415
        DatasetDesk as Desk,
    )

    return Desk(database, clock, recorder)


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

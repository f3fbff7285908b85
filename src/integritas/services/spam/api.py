"""What others may import of the spam service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.services.spam.judges import MODEL, Bench, load_judge
from integritas.services.spam.scorefile import ScoreReject, ScoreRun, score_lines
from integritas.services.spam.service import SpamService

if TYPE_CHECKING:
    from pathlib import Path

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Recorder
    from integritas.kernel.ids import IdFactory
    from integritas.platform.db import Database
    from integritas.registry.api import DriftSource, ModelRegistry
    from integritas.services.spam.desk import SpamDesk

__all__ = [
    "MODEL",
    "ScoreReject",
    "ScoreRun",
    "SpamService",
    "load_judge",
    "load_spam_service",
    "open_spam_desk",
    "open_spam_drift",
    "score_lines",
]


def load_spam_service(
    model_dir: Path | None = None,
    desk: SpamDesk | None = None,
    registry: ModelRegistry | None = None,
) -> SpamService:
    """Return the service with the model of a folder (None: the one shipped).

    With a `desk` it learns, and leans on what was learned; with a `registry` a tenant
    may have another version judge.

    The folder holds `manifest.json`, the weights it names and `policy.json`. The first
    call in a process loads the compiled kernels, the first on a machine compiles them.

    Raises:
        IntegrityViolation: a file is missing or has not the hash the manifest states;
            the detail names the file.
        InvalidDefinition: the policy is not valid; each field is named.
    """
    service = SpamService(Bench(load_judge(model_dir), registry), desk)
    service.warm_up()
    return service


def open_spam_desk(
    database: Database, clock: Clock, ids: IdFactory, recorder: Recorder
) -> SpamDesk:
    """Return what was learned for all tenants, over a database."""
    # It needs SQLAlchemy, which a command that reads a file must not wait for.
    from integritas.services.spam.desk import SpamDesk as Desk  # noqa: PLC0415

    return Desk(database, clock, ids, recorder)


def open_spam_drift(database: Database) -> DriftSource:
    """Return who tells how far a tenant's messages have moved."""
    from integritas.services.spam.drift import SpamDrift  # noqa: PLC0415 - as above

    return SpamDrift(database)

"""What others may import of the spam service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.services.spam.artifact import load_artifact
from integritas.services.spam.judging import Judge
from integritas.services.spam.policy import load_policy
from integritas.services.spam.scorefile import ScoreReject, ScoreRun, score_lines
from integritas.services.spam.service import SpamService

if TYPE_CHECKING:
    from pathlib import Path

    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Recorder
    from integritas.kernel.ids import IdFactory
    from integritas.platform.db import Database
    from integritas.services.spam.desk import SpamDesk

__all__ = [
    "ScoreReject",
    "ScoreRun",
    "SpamService",
    "load_spam_service",
    "open_spam_desk",
    "score_lines",
]


def load_spam_service(
    model_dir: Path | None = None, desk: SpamDesk | None = None
) -> SpamService:
    """Return the service with the model of a folder (None: the one shipped).

    With a `desk` it learns, and leans on what was learned.

    The folder holds `manifest.json`, the weights it names and `policy.json`. The first
    call in a process loads the compiled kernels, the first on a machine compiles them.

    Raises:
        IntegrityViolation: a file is missing or has not the hash the manifest states;
            the detail names the file.
        InvalidDefinition: the policy is not valid; each field is named.
    """
    artifact = load_artifact(model_dir)
    service = SpamService(Judge(artifact, load_policy(artifact.policy)), desk)
    service.warm_up()
    return service


def open_spam_desk(
    database: Database, clock: Clock, ids: IdFactory, recorder: Recorder
) -> SpamDesk:
    """Return what was learned for all tenants, over a database."""
    # It needs SQLAlchemy, which a command that reads a file must not wait for.
    from integritas.services.spam.desk import SpamDesk as Desk  # noqa: PLC0415

    return Desk(database, clock, ids, recorder)

"""What others may import of the spam service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from integritas.services.spam.artifact import load_artifact
from integritas.services.spam.policy import load_policy
from integritas.services.spam.scorefile import ScoreReject, ScoreRun, score_lines
from integritas.services.spam.service import SpamService

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "ScoreReject",
    "ScoreRun",
    "SpamService",
    "load_spam_service",
    "score_lines",
]


def load_spam_service(model_dir: Path | None = None) -> SpamService:
    """Return the service with the model of a folder (None: the one shipped).

    The folder holds `manifest.json`, the weights it names and `policy.json`. The first
    call in a process loads the compiled kernels, the first on a machine compiles them.

    Raises:
        IntegrityViolation: a file is missing or has not the hash the manifest states;
            the detail names the file.
        InvalidDefinition: the policy is not valid; each field is named.
    """
    artifact = load_artifact(model_dir)
    service = SpamService(artifact, load_policy(artifact.policy))
    service.warm_up()
    return service

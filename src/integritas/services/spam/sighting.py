"""Dossiers to what is kept of their messages: signature, words, scores; no text."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from integritas.kernel.evidence import EvidenceKind, Message
from integritas.services.spam.judging import obstacle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from integritas.kernel.contracts import Dossier, Evidence
    from integritas.services.spam.fingerprint import Signature
    from integritas.services.spam.judging import Judge

__all__ = ["SightingRow", "Told", "sightings"]


class SightingRow(NamedTuple):
    """A message as it is kept: see `tables`."""

    evidence_id: str
    seq: int
    case_id: str
    channel: str
    sender: str
    seen_at: datetime
    signature: bytes
    words: bytes
    campaign: str
    view: str
    model: str
    logit: float
    unknown: float
    verdict: str
    challenger: str = ""
    challenger_logit: float | None = None
    challenger_verdict: str = ""


class Told(NamedTuple):
    """A message as it is told to the desk, before it has a number and a campaign."""

    row: SightingRow
    signature: Signature | None


def sightings(
    judge: Judge, batch: Sequence[Dossier], challenger: Judge | None = None
) -> list[Told]:
    """Return what to keep of each message that can be read.

    Scores are the models' own, without what analysts taught: feedback learns from
    them, and drift is about models. A `challenger` scores in the shadow.
    """
    return [
        told
        for dossier in batch
        for item in dossier.of_kind(EvidenceKind.MESSAGE)
        if (told := _sighting(judge, dossier, item, challenger)) is not None
    ]


def _sighting(
    judge: Judge, dossier: Dossier, item: Evidence, challenger: Judge | None
) -> Told | None:
    message = item.content
    if not isinstance(message, Message) or obstacle(message) is not None:
        return None
    judged = judge.judge(message, words=True)
    rival = None if challenger is None else challenger.judge(message)
    signature = judged.signature()
    row = SightingRow(
        evidence_id=item.id,
        seq=0,
        case_id=dossier.id,
        channel=dossier.channel,
        sender=judged.sender(),
        seen_at=dossier.received_at,
        signature=b"" if signature is None else signature.tobytes(),
        words=b"" if judged.words is None else judged.words.tobytes(),
        campaign="",
        view=judged.scored.view.value,
        model=judge.version,
        logit=judged.scored.logit,
        unknown=judged.scored.unknown,
        verdict=judged.judgement.verdict.value,
        challenger="" if challenger is None else challenger.version,
        challenger_logit=None if rival is None else rival.scored.logit,
        challenger_verdict="" if rival is None else rival.judgement.verdict.value,
    )
    return Told(row, signature)

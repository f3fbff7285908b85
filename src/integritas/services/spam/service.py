"""The spam service: findings on every message of a dossier, in batches."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import (
    NOT_ASSESSED,
    Assessment,
    Dossier,
    Evidence,
    Failure,
    Finding,
    FindingKind,
    Reason,
    Severity,
    Subject,
    dossier_digest,
)
from integritas.kernel.errors import ContractViolation
from integritas.kernel.evidence import MAIL, PLAIN_TEXT, EvidenceKind, Message
from integritas.services.spam.features import document, view_of
from integritas.services.spam.parsing import parse_message
from integritas.services.spam.policy import Judgement, Policy, SpamVerdict, TipMark
from integritas.services.spam.scoring import Contribution, Scored, Scorer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from integritas.services.spam.artifact import Artifact

__all__ = ["SERVICE", "SpamService"]

SERVICE: Final = "spam"
# A mail takes about a millisecond: more than a few must leave the event loop free.
_THREAD_FROM: Final = 4
_WARMING: Final = b"Received: x\nContent-Type: text/html\n\n<p>v i a g r a</p>"

_CODES: Final = {
    SpamVerdict.DELIVER: ("spam.unlikely", "The message does not read like junk"),
    SpamVerdict.QUARANTINE: ("spam.possible", "The message may be junk"),
    SpamVerdict.DISCARD: ("spam.likely", "The message reads like junk"),
}
_PROTECTED: Final = (
    "spam.protected",
    "The message reads like junk, but may hold a tip: a person must look",
)
_MARKS: Final = {
    "allegation": "words of an allegation",
    "amount": "amounts of money",
    "body": "names of public or company bodies",
}


class SpamService:
    """Scores each message of a dossier; dossiers without one get no findings.

    Pure: the model and the policy are immutable and named in `versions`. A message that
    cannot be assessed is a finding `not_assessed` with its cause; a dossier that breaks
    a rule of the code fails alone.
    """

    def __init__(self, artifact: Artifact, policy: Policy) -> None:
        """Take a verified model and a policy."""
        self._models = artifact.models
        self._table = artifact.lookalikes
        self._policy = policy
        self._versions = {"model": artifact.version, "policy": policy.version}
        self._local = threading.local()  # a scorer serves one thread at a time

    @property
    def versions(self) -> dict[str, str]:
        """Return the versions of model and policy, as every assessment names them."""
        return dict(self._versions)

    async def assess(
        self, batch: Sequence[Dossier], /
    ) -> Sequence[Assessment | Failure]:
        """Answer each dossier with an assessment or an error, in the same order."""
        if len(batch) < _THREAD_FROM:
            return self._assess(batch)
        return await asyncio.to_thread(self._assess, batch)

    async def ping(self) -> str | None:
        """Say that the model is there: it was verified when it was loaded."""
        return None

    def warm_up(self) -> None:
        """Have every kernel compiled, so that no message waits for it."""
        self.judge(Message(_WARMING, MAIL))

    def judge(self, message: Message) -> tuple[Scored, Judgement, tuple[TipMark, ...]]:
        """Return score, verdict and tip marks of a message that can be assessed."""
        view = parse_message(message)
        kind = view_of(view)
        scored = self._scorer().score(document(view, kind, self._table), kind)
        marks = self._policy.tip_marks(view.text)
        verdict = self._policy.judge(kind, scored.probability, tip=bool(marks))
        return scored, verdict, marks

    def find(self, message: Message, subject: Subject) -> Finding:
        """Return the finding on one message; `data` holds verdict, tip and view."""
        obstacle = _obstacle(message)
        if obstacle is not None:
            return _not_assessed(obstacle, subject)
        scored, judgement, marks = self.judge(message)
        code, title = _PROTECTED if judgement.protected else _CODES[judgement.verdict]
        return Finding(
            code=code,
            severity=judgement.severity,
            score=scored.probability,
            subject=subject,
            title=title,
            reasons=_reasons(scored, judgement, marks),
            data={
                "verdict": judgement.verdict.value,
                "tip": bool(marks),
                "tip_marks": [mark.kind for mark in marks],
                "view": scored.view.value,
            },
        )

    def _scorer(self) -> Scorer:
        scorer: Scorer | None = getattr(self._local, "scorer", None)
        if scorer is None:
            scorer = self._local.scorer = Scorer(self._models)
        return scorer

    def _assess(self, batch: Sequence[Dossier]) -> list[Assessment | Failure]:
        return [self._answer(dossier) for dossier in batch]

    def _answer(self, dossier: Dossier) -> Assessment | Failure:
        try:
            findings = tuple(
                finding
                for item in dossier.of_kind(EvidenceKind.MESSAGE)
                for finding in self._findings(item)
            )
        except Exception as error:  # noqa: BLE001 - a poison item must fail alone
            return Failure(
                code=ContractViolation.code,
                detail=f"{SERVICE} broke on this dossier: {type(error).__name__}",
            )
        return Assessment(
            service=SERVICE,
            findings=findings,
            versions=self._versions,
            input_hash=dossier_digest(dossier),
        )

    def _findings(self, item: Evidence) -> list[Finding]:
        if not isinstance(item.content, Message):
            return []
        return [self.find(item.content, Subject(evidence=item.id))]


def _obstacle(message: Message) -> str | None:
    """Say why a message cannot be assessed, or None."""
    if not message.raw.strip():
        return "the message is empty"
    if message.media_type not in (MAIL, PLAIN_TEXT):
        return (
            f"messages of type {message.media_type} cannot be read:"
            f" send {MAIL} or {PLAIN_TEXT}"
        )
    if message.media_type == PLAIN_TEXT and message.raw[:4096].count(0) > _MANY_NULS:
        return "the text is binary: send text in UTF-8"
    return None


_MANY_NULS: Final = 8


def _not_assessed(cause: str, subject: Subject) -> Finding:
    return Finding(
        code=NOT_ASSESSED,
        severity=Severity.MEDIUM,
        score=0.0,
        subject=subject,
        title="The message could not be assessed",
        reasons=(Reason(text=cause),),
        kind=FindingKind.NOT_ASSESSED,
    )


def _reasons(
    scored: Scored, judgement: Judgement, marks: tuple[TipMark, ...]
) -> tuple[Reason, ...]:
    """Return what decided, then what moved the score, strongest first."""
    reasons = []
    if marks:
        found = "; ".join([f"{_MARKS[m.kind]}: {', '.join(m.words)}" for m in marks])
        kept = ": not discarded on the model's word" if judgement.protected else ""
        reasons.append(
            Reason(
                text=f"has tip-like content ({found}){kept}",
                data={"tip_marks": [mark.kind for mark in marks]},
            )
        )
    reasons += [_reason(item) for item in scored.contributions]
    return tuple(reasons)


def _reason(item: Contribution) -> Reason:
    shown, place, weight = item
    sense = "speaks for junk" if weight > 0 else "speaks against junk"
    if place == "body":
        text = f"“{shown}” {sense}"
    elif place == "signal":
        text = f"{shown} {sense}"
    elif place == "markup":
        text = f"“{shown}” in the markup {sense}"
    elif place.startswith(shown):
        text = f"that there is a header {place} {sense}"
    else:
        text = f"“{shown}” in the header {place} {sense}"
    return Reason(text, round(weight, 3), {"place": place})

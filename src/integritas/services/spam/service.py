"""The spam service: findings on every message of a dossier, in batches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from integritas.kernel.contracts import (
    Assessment,
    Dossier,
    Evidence,
    Failure,
    Finding,
    Subject,
    dossier_digest,
)
from integritas.kernel.errors import ContractViolation
from integritas.kernel.evidence import EvidenceKind, Message
from integritas.services.spam.findings import (
    campaign_finding,
    flood_finding,
    unassessed,
    verdict_finding,
)
from integritas.services.spam.judging import obstacle
from integritas.services.spam.sighting import sightings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from integritas.kernel.ids import EventId, TenantId
    from integritas.services.spam.desk import Known, SpamDesk
    from integritas.services.spam.judges import Bench, Judges
    from integritas.services.spam.judging import Judge, Judged

__all__ = ["SERVICE", "SpamService"]

SERVICE: Final = "spam"
# A mail takes about a millisecond: more than a few must leave the event loop free.
_THREAD_FROM: Final = 4


class SpamService:
    """Scores each message of a dossier; dossiers without one get no findings.

    Pure: the model, the policy and what was learned up to a cursor are named in
    `versions`. A message that cannot be assessed is a finding `not_assessed` with its
    cause; a dossier that breaks a rule of the code fails alone.
    """

    def __init__(self, bench: Bench, desk: SpamDesk | None = None) -> None:
        """Take who judges; with a `desk` the service learns, and leans on it."""
        self._bench = bench
        self._judge = bench.shipped
        self._desk = desk

    @property
    def versions(self) -> dict[str, str]:
        """Return the versions of model and policy, as every assessment names them."""
        return dict(self._judge.versions)

    async def assess(
        self, batch: Sequence[Dossier], /
    ) -> Sequence[Assessment | Failure]:
        """Answer each dossier with an assessment or an error, in the same order."""
        courts = {
            tenant: _Court(
                await self._bench.judges(tenant),
                None if self._desk is None else await self._desk.known(tenant),
            )
            for tenant in {dossier.tenant for dossier in batch}
        }
        if len(batch) < _THREAD_FROM:
            return _assess(batch, courts)
        return await asyncio.to_thread(_assess, batch, courts)

    learns_from = frozenset({EvidenceKind.MESSAGE})

    async def observe(self, event_id: EventId, batch: Sequence[Dossier], /) -> None:
        """Learn from dossiers; the same event a second time changes nothing."""
        if self._desk is None:
            return
        for tenant in sorted({dossier.tenant for dossier in batch}):
            mine = [dossier for dossier in batch if dossier.tenant == tenant]
            judges = await self._bench.judges(tenant)
            told = await asyncio.to_thread(
                sightings, judges.champion, mine, judges.challenger
            )
            if told:
                await self._desk.learn(event_id, tenant, told)

    async def ping(self) -> str | None:
        """Say that the model is there: it was verified when it was loaded."""
        return None

    def warm_up(self) -> None:
        """Have every kernel compiled, so that no message waits for it."""
        self._judge.warm_up()

    def judge(self, message: Message) -> Judged:
        """Return score, verdict and tip marks of a message that can be assessed."""
        return self._judge.judge(message)

    def find(self, message: Message, subject: Subject) -> Finding:
        """Return the finding on one message; `data` holds verdict, tip and view."""
        why = obstacle(message)
        if why is not None:
            return unassessed(why, subject)
        return verdict_finding(self._judge.judge(message), subject)


class _Court(NamedTuple):
    """Who judges for a tenant, and what is known of what came before."""

    judges: Judges
    known: Known | None


def _assess(
    batch: Sequence[Dossier], courts: Mapping[TenantId, _Court]
) -> list[Assessment | Failure]:
    return [_answer(dossier, courts[dossier.tenant]) for dossier in batch]


def _answer(dossier: Dossier, court: _Court) -> Assessment | Failure:
    digest = dossier_digest(dossier)
    judge, known = court.judges.of(digest), court.known
    try:
        findings = tuple(
            finding
            for item in dossier.of_kind(EvidenceKind.MESSAGE)
            for finding in _findings(judge, item, dossier, known)
        )
    except Exception as error:  # noqa: BLE001 - a poison item must fail alone
        return Failure(
            code=ContractViolation.code,
            detail=f"{SERVICE} broke on this dossier: {type(error).__name__}",
        )
    return Assessment(
        service=SERVICE,
        findings=findings,
        versions=judge.versions | (known.versions if known else {}),
        input_hash=digest,
    )


def _findings(
    judge: Judge, item: Evidence, dossier: Dossier, known: Known | None
) -> list[Finding]:
    message, subject = item.content, Subject(evidence=item.id)
    if not isinstance(message, Message):
        return []
    why = obstacle(message)
    if why is not None:
        return [unassessed(why, subject)]
    if known is None:
        return [verdict_finding(judge.judge(message), subject)]
    judged = judge.judge(message, known.layer)
    found = [verdict_finding(judged, subject)]
    if known.cursor:
        found += _lately(judged, item, dossier, known)
    return found


def _lately(
    judged: Judged, item: Evidence, dossier: Dossier, known: Known
) -> list[Finding]:
    """Return what a message has to do with others that came lately."""
    subject = Subject(evidence=item.id)
    window, upto = known.window, known.cursor
    signature = judged.signature()
    seen = window.seen(signature, item.id, upto=upto) if signature is not None else None
    floods = window.floods(
        judged.sender(), dossier.channel, dossier.received_at, upto=upto
    )
    found = [campaign_finding(seen, subject)] if seen else []
    return [*found, *[flood_finding(flood, subject) for flood in floods]]

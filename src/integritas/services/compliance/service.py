"""The compliance service: screens, looks for personal data, decides by policy."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from integritas.kernel.contracts import (
    NOT_ASSESSED,
    Assessment,
    DecisionRequest,
    Dossier,
    Evidence,
    Failure,
    Finding,
    FindingKind,
    Reason,
    Severity,
    Subject,
    Verdict,
    dossier_digest,
)
from integritas.kernel.evidence import EvidenceKind, Party
from integritas.kernel.ids import TenantId
from integritas.services.compliance.allowing.desk import (
    NOBODY,
    AllowList,
)
from integritas.services.compliance.allowing.pairs import entry_digest, party_key
from integritas.services.compliance.deltas import Deltas
from integritas.services.compliance.normalise import parse_name
from integritas.services.compliance.payments.accounts import (
    NOTHING_KNOWN,
    Windows,
)
from integritas.services.compliance.payments.assessing import (
    payment_findings,
    payments_version,
    seen_in,
)
from integritas.services.compliance.policies.deciding import decide
from integritas.services.compliance.policies.policy import Policy, load_policy
from integritas.services.compliance.privacy import (
    PRIVACY_VERSION,
    message_bytes,
    personal_findings,
)
from integritas.services.compliance.queries import Question, questions
from integritas.services.compliance.records import NO_RECORDS, ComplianceRecords
from integritas.services.compliance.screening import (
    MATCH_THRESHOLD,
    MOST_SHOWN,
    Hit,
    Query,
    Screener,
)
from integritas.services.compliance.watchlists import EMPTY, ListVersion, Watchlists

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pydantic import JsonValue

    from integritas.kernel.ids import EventId
    from integritas.services.compliance.allowing.store import Allowed
    from integritas.services.compliance.payments.seen import Seen

__all__ = ["HIT", "ComplianceService", "load_compliance_service"]

HIT: Final = "sanctions.hit"
ALLOWED_HIT: Final = "sanctions.allowed"

_SERVICE: Final = "compliance"
_CRITICAL: Final = 0.95
# Up to this many names are screened on the event loop, a few milliseconds; more go to a
# thread.
_ON_LOOP: Final = 2
_MOST_NAMES: Final = 40
# So much of messages is searched for personal data on the event loop too.
_BYTES_ON_LOOP: Final = 4_096


_Answers = Mapping[Query, tuple[Hit, ...]]


@dataclass(frozen=True, slots=True)
class _Past:
    """What a batch is judged by: one snapshot, and what was known before, by tenant."""

    screener: Screener
    windows: Mapping[TenantId, Windows]
    allowed: Mapping[TenantId, AllowList]
    versions: Mapping[str, str]


class ComplianceService:
    """Assessor and Decider over one snapshot of the lists and one policy."""

    def __init__(
        self,
        screener: Screener,
        policy: Policy,
        records: ComplianceRecords = NO_RECORDS,
        folder: Path | None = None,
    ) -> None:
        """Take the screener (its snapshot may be empty) and the policy.

        `folder` keeps earlier versions of the lists; without it all of a list is new.

        With `records` the tenant's own policies decide, `policy` where it has none;
        payments are judged by what their accounts did before, which is learned through
        `observe`; pairs that people dismissed are no hits.
        """
        self._screener = screener
        self._policy = policy
        self._accounts = records.accounts
        self._policies = records.policies
        self._allowing = records.allowing
        self._deltas = Deltas(folder)

    def use(self, watchlists: Watchlists) -> None:
        """Screen against another snapshot; batches under way end on theirs.

        Indexing takes seconds: call it from a thread.
        """
        self._screener = Screener(watchlists)

    @property
    def lists(self) -> Watchlists:
        """Return the snapshot screened against."""
        return self._screener.lists

    @property
    def policy(self) -> Policy:
        """Return the policy that decides."""
        return self._policy

    @property
    def versions(self) -> dict[str, str]:
        """Return what an assessment names: lists and matcher."""
        return _versions(self._screener)

    async def ping(self) -> str | None:
        """Return None if ready, else why not: without a list nothing is screened."""
        if not self.lists.entries:
            return "degraded: no watchlist is loaded, parties are not screened"
        return None

    async def assess(self, batch: Sequence[Dossier], /) -> Sequence[Assessment]:
        """Screen parties and payments, look for personal data in messages; in order."""
        asked = [list(questions(dossier)) for dossier in batch]
        windows, allowed = await self._windows(batch), await self._allowed(batch)
        versions = _versions(self._screener)
        past = _Past(self._screener, windows, allowed, versions)
        few = sum(map(len, asked)) <= _ON_LOOP or not past.screener.lists.entries
        if few and message_bytes(batch) <= _BYTES_ON_LOOP:
            return self._assess(batch, asked, past)
        return await asyncio.to_thread(self._assess, batch, asked, past)

    async def rescreen(
        self, since: Mapping[str, str], batch: Sequence[Dossier]
    ) -> Sequence[Assessment]:
        """Screen against what is new or changed since versions of lists alone.

        `since` has the digest of each list, empty for one that is new as a whole; lists
        that it does not name are left out. The findings are hits; payments are judged
        as far as their parties.
        """
        asked = [list(questions(dossier)) for dossier in batch]
        screener = await asyncio.to_thread(self._deltas.of, self.lists, since)
        allowed = await self._allowed(batch)
        past = _Past(screener, {}, allowed, _versions(screener))

        def work() -> Sequence[Assessment]:
            answers = _answers(asked, screener)
            return [
                Assessment(
                    service=_SERVICE,
                    findings=tuple(
                        finding
                        for finding in _findings(
                            questions_of,
                            answers,
                            past.allowed.get(dossier.tenant, NOBODY),
                            screener.lists,
                        )
                        if finding.code == HIT
                    ),
                    versions=past.versions,
                    input_hash=dossier_digest(dossier),
                )
                for dossier, questions_of in zip(batch, asked, strict=True)
            ]

        return (
            await asyncio.to_thread(work)
            if screener.lists.entries
            else [
                Assessment(_SERVICE, (), past.versions, dossier_digest(dossier))
                for dossier in batch
            ]
        )

    learns_from = frozenset({EvidenceKind.PAYMENT})

    async def observe(self, event_id: EventId, batch: Sequence[Dossier], /) -> None:
        """Learn from dossiers; the same event a second time changes nothing."""
        if self._accounts is not None:
            await self._accounts.observe(event_id, batch)

    async def decide(
        self, batch: Sequence[DecisionRequest], /
    ) -> Sequence[Verdict | Failure]:
        """Return the policy's verdict on each request, in order."""
        if self._policies is None:
            return [decide(request, self._policy) for request in batch]
        in_force = {
            tenant: await self._policies.in_force(tenant)
            for tenant in {request.tenant for request in batch}
        }
        return [
            decide(request, in_force[request.tenant].choose(request.channel))
            for request in batch
        ]

    async def list_versions(self) -> Sequence[ListVersion]:
        """Return the lists that are screened against."""
        return tuple(self.lists.versions.values())

    async def screen(
        self, queries: Sequence[Query], limit: int = MOST_SHOWN
    ) -> Sequence[tuple[Hit, ...]]:
        """Return each query's hits, best first, at most `limit` a query."""
        return await asyncio.to_thread(self._screener.screen_all, queries, limit)

    async def _windows(self, batch: Sequence[Dossier]) -> Mapping[TenantId, Windows]:
        """Return what is known of the accounts of a batch's payments, by tenant."""
        seen: dict[TenantId, list[Seen]] = {}
        for dossier in batch:
            if found := seen_in(dossier):
                seen.setdefault(dossier.tenant, []).extend(found)
        if self._accounts is None:
            return dict.fromkeys(seen, NOTHING_KNOWN)
        return {
            tenant: await self._accounts.windows(tenant, asked)
            for tenant, asked in seen.items()
        }

    async def _allowed(self, batch: Sequence[Dossier]) -> Mapping[TenantId, AllowList]:
        """Return the pairs that are no hits, by tenant."""
        if self._allowing is None:
            return {}
        return {
            tenant: await self._allowing.allow_list(tenant)
            for tenant in {dossier.tenant for dossier in batch}
        }

    def _assess(
        self,
        batch: Sequence[Dossier],
        asked: Sequence[Sequence[Question]],
        past: _Past,
    ) -> Sequence[Assessment]:
        answers = _answers(asked, past.screener)
        return [
            self._assessment(dossier, questions_of, answers, past)
            for dossier, questions_of in zip(batch, asked, strict=True)
        ]

    def _assessment(
        self,
        dossier: Dossier,
        asked: Sequence[Question],
        answers: _Answers,
        past: _Past,
    ) -> Assessment:
        versions = {**past.versions}
        allowed = past.allowed.get(dossier.tenant, NOBODY)
        findings = list(_findings(asked, answers, allowed, past.screener.lists))
        windows = past.windows.get(dossier.tenant, NOTHING_KNOWN)
        if paid := list(payment_findings(dossier, windows)):
            findings += paid
            versions["payments"] = payments_version()
            versions["windows"] = windows.version
        if dossier.of_kind(EvidenceKind.MESSAGE):
            findings += personal_findings(dossier)
            versions["personal"] = PRIVACY_VERSION
        return Assessment(
            service=_SERVICE,
            findings=tuple(findings),
            versions=versions,
            input_hash=dossier_digest(dossier),
        )


def _versions(screener: Screener) -> dict[str, str]:
    return {"lists": screener.lists.version, "matcher": screener.version}


def _answers(asked: Sequence[Sequence[Question]], screener: Screener) -> _Answers:
    """Screen all names of a batch in one pass; only matches are wanted."""
    if not screener.lists.entries:
        return {}
    queries = [
        query
        for questions_of in asked
        for question in questions_of
        for query in question.queries[:_MOST_NAMES]
    ]
    found = screener.screen_all(queries, least=MATCH_THRESHOLD)
    return dict(zip(queries, found, strict=True))


def _findings(
    asked: Sequence[Question],
    answers: _Answers,
    allowed: AllowList,
    lists: Watchlists,
) -> Iterator[Finding]:
    if asked and not lists.entries:
        yield _unable(
            asked[0].evidence,
            None,
            "no watchlist is loaded, so nobody was screened: start the "
            "service with a folder of lists",
        )
        return
    for question in asked:
        yield from _answer(question, answers, allowed, lists)


def _answer(
    question: Question, answers: _Answers, allowed: AllowList, lists: Watchlists
) -> Iterator[Finding]:
    best: dict[tuple[str, str], tuple[Hit, Query]] = {}
    for query in question.queries[:_MOST_NAMES]:
        name = parse_name(query.name)
        if name.cut or not name.tokens:
            what = "is too long" if name.cut else "has no letter or digit"
            text = f"a name {what}, so it was not screened in full"
            yield _unable(question.evidence, question.path, text)
        for hit in answers[query]:
            key = (hit.entry.list, hit.entry.uid)
            if hit.match and (key not in best or hit.score > best[key][0].score):
                best[key] = (hit, query)
    if len(question.queries) > _MOST_NAMES:
        text = f"more than {_MOST_NAMES} names: the rest were not screened"
        yield _unable(question.evidence, question.path, text)
    party = party_key(question.queries) if best else ""
    for hit, query in sorted(best.values(), key=lambda found: -found[0].score):
        digest = entry_digest(hit.entry)
        known = allowed.find(party, hit.entry.list, hit.entry.uid, digest)
        if known is None:
            pair = {
                "party": party,
                "entry_digest": digest,
                "list_version": lists.versions[hit.entry.list].version,
            }
            yield _finding(question, query, hit, pair)
        else:
            yield _let_pass(question, hit, known)


def _finding(
    question: Question, query: Query, hit: Hit, pair: Mapping[str, str]
) -> Finding:
    entry = hit.entry
    data: dict[str, JsonValue] = {
        "list": entry.list,
        "uid": entry.uid,
        "name": hit.name.text,
        "score": hit.score,
        "programmes": list(entry.programmes),
        "fields": _side_by_side(query, hit),
        "countries": [*query.countries],
        "sectors": _sectors(question.evidence),
        **pair,
    }
    return Finding(
        code=HIT,
        severity=(Severity.CRITICAL if hit.score >= _CRITICAL else Severity.HIGH),
        score=hit.score,
        subject=Subject(evidence=question.evidence.id, path=question.path),
        # No name here: titles travel into verdicts and records.
        title=f"{question.role} resembles {entry.list} entry {entry.uid}",
        reasons=hit.reasons,
        kind=FindingKind.HIT,
        data=data,
    )


def _let_pass(question: Question, hit: Hit, allowed: Allowed) -> Finding:
    """Return the note that a pair was dismissed before, and until when."""
    until = f"{allowed.expires_at:%Y-%m-%d}"
    entry = hit.entry
    return Finding(
        code=ALLOWED_HIT,
        severity=Severity.INFO,
        score=hit.score,
        subject=Subject(evidence=question.evidence.id, path=question.path),
        title=f"{question.role} is not {entry.list} entry {entry.uid}",
        reasons=(Reason(text=f"dismissed before, allowed until {until}"),),
        data={"list": entry.list, "uid": entry.uid, "allowed": allowed.id},
    )


def _sectors(evidence: Evidence) -> list[JsonValue]:
    content = evidence.content
    return [*content.values("sector")] if isinstance(content, Party) else []


def _unable(evidence: Evidence, path: str | None, text: str) -> Finding:
    return Finding(
        code=NOT_ASSESSED,
        severity=Severity.MEDIUM,
        score=0.0,
        subject=Subject(evidence=evidence.id, path=path),
        title="Not screened against watchlists",
        reasons=(Reason(text=text),),
        kind=FindingKind.NOT_ASSESSED,
    )


def _side_by_side(query: Query, hit: Hit) -> list[JsonValue]:
    entry = hit.entry
    rows: list[tuple[str, str, str]] = [
        ("name", query.name, hit.name.text),
        ("primary name", query.name, entry.name),
        ("type", query.schema, entry.schema),
        ("birth date", ", ".join(query.birth_dates), ", ".join(entry.birth_dates)),
        ("country", ", ".join(query.countries), ", ".join(entry.countries)),
        ("gender", query.gender, entry.gender),
        (
            "identifier",
            ", ".join(query.identifiers),
            ", ".join(identifier.number for identifier in entry.identifiers),
        ),
    ]
    return [
        {"field": field, "case": case, "list": listed}
        for field, case, listed in rows
        if case or listed
    ]


def load_compliance_service(
    watchlists: Watchlists | None,
    policy: Path | None = None,
    records: ComplianceRecords = NO_RECORDS,
    folder: Path | None = None,
) -> ComplianceService:
    """Return the service over a snapshot (None: no list) and a policy file.

    `folder` is where versions of the lists are kept.

    Without `policy` the shipped one decides, until a tenant's in `records` does.
    Indexing takes about a second for 10,000 entries.

    Raises:
        InvalidDefinition: the policy file is not a valid policy.
    """
    screener = Screener(watchlists or EMPTY)
    return ComplianceService(screener, load_policy(policy), records, folder)

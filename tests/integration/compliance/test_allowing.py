"""Dismissed pairs over real databases: they stay away until something changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integritas.journal.api import Journal
from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.contracts import (
    Actor,
    Assessment,
    Context,
    Dossier,
    Evidence,
    Finding,
    FindingKind,
)
from integritas.kernel.errors import InvalidInput, NotFound, Refused
from integritas.kernel.evidence import Party, content_digest
from integritas.kernel.ids import (
    DEFAULT_TENANT,
    EvidenceId,
    FindingId,
    IdFactory,
    TenantId,
)
from integritas.kernel.states import ActorKind
from integritas.platform.db import Database, Transaction
from integritas.samples.api import synthetic_watchlist
from integritas.services.compliance.api import (
    ComplianceRecords,
    ComplianceService,
    Watchlists,
    load_compliance_service,
    load_watchlists,
    open_records,
)

OTHER = TenantId("other")
FINDING = FindingId("find_1")


@dataclass(frozen=True)
class Hit:
    """A finding as cases keep it."""

    finding: Finding
    id: FindingId = FINDING
    case_id: str = "case_1"
    review: str = "dismissed"
    reviewed_by: str | None = "user_ann"
    review_reason: str = "another birth date"
    proposed: str | None = None
    proposed_by: str | None = None
    proposed_reason: str | None = None
    created_at: datetime = datetime(2026, 1, 1, tzinfo=UTC)


def who(name: str) -> Context:
    return Context(DEFAULT_TENANT, Actor(f"user_{name}", ActorKind.PERSON), "req")


def dossier(
    name: str, tenant: TenantId = DEFAULT_TENANT, **more: tuple[str, ...]
) -> Dossier:
    party = Party("Person", {"name": (name,), **more})
    item = Evidence(EvidenceId("ev"), party, content_digest(party))
    return Dossier("d", tenant, "api", datetime(2026, 1, 1, tzinfo=UTC), (item,))


async def found(service: ComplianceService, asked: Dossier) -> list[Finding]:
    (answer,) = await service.assess([asked])
    assert isinstance(answer, Assessment)
    return list(answer.findings)


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Watchlists:
    folder: Path = tmp_path_factory.mktemp("lists")
    return load_watchlists(synthetic_watchlist(folder))


@pytest.fixture
def name(lists: Watchlists) -> str:
    return next(entry.name for entry in lists.entries if entry.schema == "Person")


@pytest.fixture
def journal(database: Database, clock: ManualClock, ids: IdFactory) -> Journal:
    return Journal(database, clock, SeededRandomness(1), ids)


@pytest.fixture
def records(
    database: Database, journal: Journal, clock: ManualClock, ids: IdFactory
) -> ComplianceRecords:
    return open_records(database, journal, clock, ids)


@pytest.fixture
def service(lists: Watchlists, records: ComplianceRecords) -> ComplianceService:
    return load_compliance_service(lists, records=records)


async def allow(records: ComplianceRecords, hit: Finding, days: int = 30) -> str:
    assert records.allowing is not None
    allowed = await records.allowing.allow(who("ben"), Hit(hit), "not him", days)
    return allowed.id


async def test_a_dismissed_pair_does_not_come_back(
    service: ComplianceService, records: ComplianceRecords, name: str
) -> None:
    (hit,) = await found(service, dossier(name))
    assert hit.kind is FindingKind.HIT
    allowed = await allow(records, hit)
    (note,) = await found(service, dossier(name))
    assert (note.code, note.score) == ("sanctions.allowed", hit.score)
    assert note.kind is FindingKind.SIGNAL
    assert note.data["allowed"] == allowed
    (theirs,) = await found(service, dossier(name, OTHER))
    assert theirs.kind is FindingKind.HIT


async def test_it_comes_back_when_the_party_the_entry_or_the_time_changes(
    service: ComplianceService,
    records: ComplianceRecords,
    lists: Watchlists,
    clock: ManualClock,
    name: str,
) -> None:
    (hit,) = await found(service, dossier(name))
    await allow(records, hit)
    (told_more,) = await found(service, dossier(name, country=("ru",)))
    assert told_more.kind is FindingKind.HIT
    entries = tuple(
        replace(entry, programmes=(*entry.programmes, "NEW"))
        if entry.uid == hit.data["uid"]
        else entry
        for entry in lists.entries
    )
    changed = load_compliance_service(
        Watchlists(entries, lists.versions), records=records
    )
    (again,) = await found(changed, dossier(name))
    assert again.kind is FindingKind.HIT
    clock.advance(timedelta(days=30).total_seconds())
    (later,) = await found(service, dossier(name))
    assert later.kind is FindingKind.HIT


async def test_it_comes_back_when_somebody_says_so(
    service: ComplianceService,
    records: ComplianceRecords,
    journal: Journal,
    name: str,
) -> None:
    desk = records.allowing
    assert desk is not None
    (hit,) = await found(service, dossier(name))
    first = await allow(records, hit)
    second = await allow(records, hit, days=60)
    (kept,) = await desk.list(DEFAULT_TENANT)
    assert kept.id == second
    with pytest.raises(NotFound):
        await desk.withdraw(who("ben"), first)
    await desk.withdraw(who("ben"), second)
    assert await desk.list(DEFAULT_TENANT) == []
    (again,) = await found(service, dossier(name))
    assert again.kind is FindingKind.HIT
    entries = await journal.read(DEFAULT_TENANT)
    assert [entry.type.split(".")[2] for entry in entries] == [
        "hit_allowed",
        "hit_allowed",
        "hit_allowance_withdrawn",
    ]
    assert name not in str([entry.data for entry in entries])


async def test_only_what_somebody_else_dismissed_is_allowed(
    service: ComplianceService, records: ComplianceRecords, name: str
) -> None:
    desk = records.allowing
    assert desk is not None
    (hit,) = await found(service, dossier(name))
    with pytest.raises(Refused, match="somebody else"):
        await desk.allow(who("ann"), Hit(hit), "not him", 30)
    with pytest.raises(Refused, match="not dismissed"):
        await desk.allow(who("ben"), Hit(hit, review="open"), "not him", 30)
    waiting = Hit(hit, review="open", proposed="dismissed", proposed_by="user_ann")
    with pytest.raises(Refused, match="waits for a second person"):
        await desk.allow(who("ben"), waiting, "not him", 30)
    with pytest.raises(Refused, match="somebody else"):
        await desk.allow(who("ann"), Hit(hit, proposed_by="user_ann"), "not him", 30)
    signal = replace(hit, kind=FindingKind.SIGNAL)
    with pytest.raises(Refused, match="only a watchlist hit"):
        await desk.allow(who("ben"), Hit(signal), "not him", 30)
    for reason, days in ((" ", 30), ("x", 0), ("x", 99_999)):
        with pytest.raises(InvalidInput):
            await desk.allow(who("ben"), Hit(hit), reason, days)


async def test_a_pair_is_erased_with_what_tells_of_its_party(
    service: ComplianceService,
    records: ComplianceRecords,
    database: Database,
    name: str,
) -> None:
    desk = records.allowing
    assert desk is not None
    asked, other = dossier(name), dossier(name, country=("ru",))
    ids: list[list[str]] = []
    for one in (asked, other):
        (hit,) = await found(service, one)
        # One is withdrawn, one replaced, one stays.
        ids.append([await allow(records, hit)])
        await desk.withdraw(who("ben"), ids[-1][0])
        ids[-1] += [await allow(records, hit), await allow(records, hit)]

    def erase(tx: Transaction) -> Sequence[str]:
        elsewhere = replace(who("ann"), tenant=OTHER)
        assert desk.erase(tx, elsewhere, asked.evidence) == []
        return desk.erase(tx, who("ann"), asked.evidence)

    assert sorted(await database.transact(erase)) == ids[0]
    assert await database.transact(erase) == []
    (kept,) = await desk.list(DEFAULT_TENANT)
    (hit,) = await found(service, asked)
    assert hit.data["party"] != kept.party

"""Windows of accounts over real databases: learned once, kept, judged by."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from integritas.kernel.contracts import Assessment, Dossier, Evidence, FindingKind
from integritas.kernel.evidence import Account, Payment, content_digest
from integritas.kernel.ids import DEFAULT_TENANT, EventId, EvidenceId, TenantId
from integritas.platform.db import Database
from integritas.services.compliance.api import (
    AccountDesk,
    ComplianceRecords,
    load_compliance_service,
)
from integritas.services.compliance.payments.seen import Seen, seen_of
from integritas.services.compliance.payments.store import MOST_KEPT

OTHER = TenantId("other")
TODAY = date(2026, 6, 1)
PAYER = Account("Payer Ltd", "DE89370400440532013000", "de")


def payment(amount: str = "9000", ago: int = 0, to: str = "777") -> Payment:
    day = TODAY - timedelta(days=ago)
    return Payment(PAYER, Account("Payee", to, "fr"), Decimal(amount), "EUR", day)


def dossier(
    *payments: Payment, start: int = 0, tenant: TenantId = DEFAULT_TENANT
) -> Dossier:
    return Dossier(
        id="d",
        tenant=tenant,
        channel="api",
        received_at=datetime(2026, 6, 1, tzinfo=UTC),
        evidence=tuple(
            Evidence(EvidenceId(f"ev{n}"), content, content_digest(content))
            for n, content in enumerate(payments, start)
        ),
    )


def asked(item: Payment) -> tuple[Seen, Seen]:
    return seen_of(EvidenceId("asked"), item)


def kept(database: Database) -> ComplianceRecords:
    return ComplianceRecords(accounts=AccountDesk(database))


def codes(assessment: object) -> set[str]:
    assert isinstance(assessment, Assessment)
    return {
        f.code for f in assessment.findings if f.kind is not FindingKind.NOT_ASSESSED
    }


@pytest.fixture
def desk(database: Database) -> AccountDesk:
    return AccountDesk(database)


async def test_the_same_event_teaches_once(desk: AccountDesk) -> None:
    for event in ("e1", "e1"):
        await desk.observe(EventId(event), [dossier(payment(ago=1))])
    windows = await desk.windows(DEFAULT_TENANT, asked(payment()))
    own = asked(payment())[0]
    assert len(windows.past(own)) == 1
    assert windows.version == "accounts@2"
    (kept,) = windows.past(own)
    assert (kept.amount, kept.country, kept.currency) == (Decimal(9000), "fr", "EUR")


async def test_an_event_with_known_evidence_changes_nothing(desk: AccountDesk) -> None:
    await desk.observe(EventId("e1"), [dossier(payment(ago=1))])
    await desk.observe(EventId("e2"), [dossier(payment("1", ago=1), payment(ago=2))])
    windows = await desk.windows(DEFAULT_TENANT, asked(payment()))
    amounts = [seen.amount for seen in windows.past(asked(payment())[0])]
    assert amounts == [Decimal(9000), Decimal(9000)]


async def test_windows_are_of_a_tenant_and_of_a_year(desk: AccountDesk) -> None:
    await desk.observe(EventId("e1"), [dossier(payment(ago=500), payment(ago=5))])
    mine = await desk.windows(DEFAULT_TENANT, asked(payment()))
    theirs = await desk.windows(OTHER, asked(payment()))
    assert len(mine.past(asked(payment())[0])) == 1
    assert theirs.past(asked(payment())[0]) == []
    assert theirs.version == "accounts@0"


async def test_of_a_busy_account_the_newest_are_judged_by(desk: AccountDesk) -> None:
    batch = [payment(ago=n % 300) for n in range(MOST_KEPT + 100)]
    await desk.observe(EventId("e"), [dossier(*batch)])
    windows = await desk.windows(DEFAULT_TENANT, asked(payment()))
    days = [(TODAY - s.date).days for s in windows.past(asked(payment())[0])]
    assert len(days) == MOST_KEPT
    assert days == sorted(days, reverse=True)
    assert days[-1] == 0
    assert days[0] < 299


async def test_learning_side_by_side_loses_nothing(desk: AccountDesk) -> None:
    await asyncio.gather(
        *(
            desk.observe(EventId(f"e{n}"), [dossier(payment(ago=n), start=n)])
            for n in range(20)
        )
    )
    windows = await desk.windows(DEFAULT_TENANT, asked(payment()))
    assert len(windows.past(asked(payment())[0])) == 20
    assert windows.version == "accounts@40"


async def test_the_service_judges_by_what_it_observed(database: Database) -> None:
    service = load_compliance_service(None, records=kept(database))
    now = dossier(payment("9500"), start=10)
    (before,) = await service.assess([now])
    assert "payment.structuring" not in codes(before)
    earlier = [payment(ago=1), payment("8800", ago=2)]
    await service.observe(EventId("e1"), [dossier(*earlier)])
    again = load_compliance_service(None, records=kept(database))
    (after,) = await again.assess([now])
    assert "payment.structuring" in codes(after)
    assert isinstance(after, Assessment)
    assert after.versions["windows"] == "accounts@4"
    assert (await again.assess([now]))[0] == after
    (theirs,) = await again.assess([dossier(payment("9500"), start=10, tenant=OTHER)])
    assert "payment.structuring" not in codes(theirs)


async def test_its_own_evidence_never_counts_against_a_payment(
    database: Database,
) -> None:
    service = load_compliance_service(None, records=kept(database))
    pieces = dossier(payment(), payment("8800", ago=1))
    await service.observe(EventId("e1"), [pieces])
    (answer,) = await service.assess([pieces])
    assert "payment.structuring" not in codes(answer)


async def test_payments_of_one_dossier_see_each_other(database: Database) -> None:
    service = load_compliance_service(None, records=kept(database))
    pieces = dossier(payment(), payment("8800", ago=1), payment("9900", ago=2))
    (answer,) = await service.assess([pieces])
    assert isinstance(answer, Assessment)
    flagged = [f for f in answer.findings if f.code == "payment.structuring"]
    assert {f.subject.evidence for f in flagged} == {EvidenceId("ev0")}


async def test_coverage_tells_what_could_not_be_computed(database: Database) -> None:
    service = load_compliance_service(None, records=kept(database))
    (answer,) = await service.assess([dossier(payment())])
    assert isinstance(answer, Assessment)
    (coverage,) = (f for f in answer.findings if f.code == "payment_coverage")
    assert coverage.score == 0
    gaps = coverage.data["not_computable"]
    assert isinstance(gaps, dict)
    assert "payment.anomaly (debtor)" in gaps
    assert coverage.data["countries"] == ["de", "fr"]

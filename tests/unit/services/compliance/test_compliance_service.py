from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from integritas.kernel.contracts import (
    Assessment,
    DecisionRequest,
    Dossier,
    Finding,
    FindingKind,
    Outcome,
    Severity,
    Verdict,
    dossier_digest,
)
from integritas.kernel.errors import InvalidDefinition
from integritas.kernel.evidence import Account, Message, Party, Payment, Procurement
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.services.compliance.api import (
    HIT,
    ComplianceService,
    Query,
    Screener,
    Watchlists,
    load_compliance_service,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from integritas.kernel.evidence import Content


def party(*names: str, **properties: tuple[str, ...]) -> Party:
    return Party(schema="Person", properties={"name": names, **properties})


def payment(debtor: str, creditor: str) -> Payment:
    return Payment(
        debtor=Account(debtor),
        creditor=Account(creditor),
        amount=Decimal(100),
        currency="EUR",
        date=date(2026, 1, 1),
    )


async def assessed(service: ComplianceService, dossier: Dossier) -> Assessment:
    (assessment,) = await service.assess([dossier])
    return assessment


def telling(assessment: Assessment) -> list[Finding]:
    """Return the findings that say more than what could be computed."""
    return [f for f in assessment.findings if f.code != "payment_coverage"]


async def test_a_listed_party_is_a_hit(
    service: ComplianceService, dossier: Callable[..., Dossier]
) -> None:
    found = await assessed(service, dossier(party("Mikhail Petrovich Orlov")))
    (hit,) = found.findings
    assert (hit.code, hit.kind, hit.severity) == (
        HIT,
        FindingKind.HIT,
        Severity.CRITICAL,
    )
    assert hit.data["uid"] == "101"
    assert hit.data["list"] == "ofac"
    assert hit.data["list_version"] == service.lists.versions["ofac"].version
    assert hit.data["score"] == hit.score >= 0.95
    assert hit.subject.evidence == "ev_0"
    assert hit.reasons


async def test_a_hit_shows_both_sides(
    service: ComplianceService, dossier: Callable[..., Dossier]
) -> None:
    content = party("Mikhail Petrovich Orlov", birthDate=("1971",))
    (hit,) = (await assessed(service, dossier(content))).findings
    fields = hit.data["fields"]
    assert {"field": "birth date", "case": "1971", "list": "1971-03-12"} in fields  # type: ignore[operator] # JSON
    assert {"field": "type", "case": "Person", "list": "Person"} in fields  # type: ignore[operator] # JSON


async def test_a_likely_party_is_high_not_critical(
    service: ComplianceService, dossier: Callable[..., Dossier]
) -> None:
    found = await assessed(service, dossier(party("Mikhail Orlow")))
    assert [f.severity for f in found.findings] == [Severity.HIGH]


async def test_titles_carry_no_name(
    service: ComplianceService, dossier: Callable[..., Dossier]
) -> None:
    (hit,) = (await assessed(service, dossier(party("Mikhail Orlov")))).findings
    assert "orlov" not in hit.title.lower()


async def test_names_of_one_party_hit_an_entry_once(
    service: ComplianceService, dossier: Callable[..., Dossier]
) -> None:
    content = party("Mikhail Orlov", "Michael Orloff", "Mikhail Petrovich Orlov")
    (hit,) = (await assessed(service, dossier(content))).findings
    assert hit.score >= 0.95


async def test_both_payers_are_screened(
    service: ComplianceService, dossier: Callable[..., Dossier]
) -> None:
    content = payment("Vostok Marine Trading LLC", "Silver Heron")
    found = await assessed(service, dossier(content))
    assert [f.subject.path for f in telling(found)] == [
        "/debtor/name",
        "/creditor/name",
    ]


@pytest.mark.parametrize(
    "content",
    [
        party("Jane Roe"),
        payment("Jane Roe", "Acme Bakery"),
        Message(b"Mikhail Petrovich Orlov"),
        Procurement({"ocid": "ocds-1"}),
    ],
)
async def test_clean_evidence_has_no_finding(
    service: ComplianceService, dossier: Callable[..., Dossier], content: Content
) -> None:
    found = await assessed(service, dossier(content))
    assert telling(found) == []
    assert found.complete


@pytest.mark.parametrize("content", [party("Jane Roe"), payment("Jane Roe", "Acme")])
async def test_without_a_list_nobody_was_assessed(
    bare: ComplianceService, dossier: Callable[..., Dossier], content: Content
) -> None:
    found = await assessed(bare, dossier(content))
    assert [f.kind for f in telling(found)] == [FindingKind.NOT_ASSESSED]
    assert "no watchlist" in found.findings[0].reasons[0].text
    assert found.versions["lists"] == "none"


async def test_without_a_list_a_message_needs_none(
    bare: ComplianceService, dossier: Callable[..., Dossier]
) -> None:
    assert (await assessed(bare, dossier(Message(b"hello")))).complete


@pytest.mark.parametrize("name", ["😀", "...", "orlov " * 100, "x" * 10_000])
async def test_what_cannot_be_screened_in_full_is_said(
    service: ComplianceService, dossier: Callable[..., Dossier], name: str
) -> None:
    found = await assessed(service, dossier(party(name)))
    assert not found.complete


async def test_too_many_names_are_said(
    service: ComplianceService, dossier: Callable[..., Dossier]
) -> None:
    content = party(*(f"Jane Roe {n}" for n in range(50)))
    assert not (await assessed(service, dossier(content))).complete


async def test_the_assessment_names_versions_and_input(
    service: ComplianceService, dossier: Callable[..., Dossier]
) -> None:
    asked = dossier(party("Jane Roe"))
    found = await assessed(service, asked)
    assert found.service == "compliance"
    assert found.versions == {
        "lists": service.lists.version,
        "matcher": Screener(service.lists).version,
    }
    assert found.input_hash == dossier_digest(asked)


async def test_a_batch_is_answered_in_order_and_like_one_by_one(
    service: ComplianceService, dossier: Callable[..., Dossier]
) -> None:
    batch = [
        dossier(party("Jane Roe")),
        dossier(party("Mikhail Orlov")),
        dossier(payment("Silver Heron", "Jane Roe")),
        dossier(Message(b"x")),
    ]
    together = await service.assess(batch)
    alone = [await assessed(service, item) for item in batch]
    assert list(together) == alone
    assert [len(telling(item)) for item in together] == [0, 1, 1, 0]


async def test_an_empty_batch_is_answered(service: ComplianceService) -> None:
    assert list(await service.assess([])) == []


async def test_assess_and_decide_agree_with_the_law(
    bare: ComplianceService, dossier: Callable[..., Dossier]
) -> None:
    found = await assessed(bare, dossier(party("Jane Roe")))
    others = {
        name: Assessment(name, (), {}, "h") for name in ("spam", "anticorruption")
    }
    (verdict,) = await bare.decide(
        [
            DecisionRequest(
                dossier_id="d",
                tenant=DEFAULT_TENANT,
                channel="api",
                kinds=frozenset(),
                assessments={**others, "compliance": found},
            )
        ]
    )
    assert isinstance(verdict, Verdict)
    assert verdict.outcome is Outcome.REVIEW


async def test_ping_is_fine_with_a_list(service: ComplianceService) -> None:
    assert await service.ping() is None


async def test_ping_says_degraded_without(bare: ComplianceService) -> None:
    assert (await bare.ping() or "").startswith("degraded")


async def test_screen_answers_each_query(service: ComplianceService) -> None:
    first, second = await service.screen([Query("Orlov"), Query("😀")])
    assert first[0].entry.uid == "101"
    assert second == ()


def test_a_bad_policy_is_refused_at_load(lists: Watchlists, tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("name: x\n", encoding="utf-8")
    with pytest.raises(InvalidDefinition, match=r"policy\.yaml"):
        load_compliance_service(lists, path)

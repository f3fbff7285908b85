from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from integritas.kernel.contracts import (
    Assessment,
    Dossier,
    Evidence,
    Failure,
    Finding,
    FindingKind,
    Severity,
    dossier_digest,
)
from integritas.kernel.evidence import (
    Content,
    Message,
    Procurement,
    content_digest,
    parse_evidence,
)
from integritas.kernel.ids import DEFAULT_TENANT, EvidenceId, TenantId
from integritas.services.anticorruption.api import (
    EMPTY_REFERENCE,
    Reference,
    load_anticorruption_service,
    parse_settings,
)
from integritas.services.anticorruption.findings import COVERAGE
from integritas.services.anticorruption.service import AntiCorruptionService

Build = Callable[..., dict[str, Any]]
Referenced = Callable[..., Reference]


def dossier(
    *contents: Content, name: str = "case", tenant: TenantId = DEFAULT_TENANT
) -> Dossier:
    return Dossier(
        id=name,
        tenant=tenant,
        channel="api",
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        evidence=tuple(
            Evidence(EvidenceId(f"ev_{n}"), content, content_digest(content))
            for n, content in enumerate(contents)
        ),
    )


async def assess(
    *contents: Content, service: AntiCorruptionService | None = None
) -> Assessment:
    service = service or load_anticorruption_service()
    (answer,) = await service.assess([dossier(*contents)])
    assert isinstance(answer, Assessment)
    return answer


def signals(assessment: Assessment) -> dict[str, Finding]:
    return {f.code: f for f in assessment.findings if f.code != COVERAGE}


@pytest.fixture
def single(release: Build) -> Procurement:
    tender = {"procurementMethod": "open", "numberOfTenderers": 1}
    return Procurement(release("ocds-9", tender=tender))


async def test_a_flag_becomes_a_finding_that_explains_itself(
    single: Procurement,
) -> None:
    finding = signals(await assess(single))["R018"]
    assert finding.severity is Severity.MEDIUM
    assert finding.score == 0.5
    assert finding.subject.evidence == "ev_0"
    assert finding.subject.path == "/tender/numberOfTenderers"
    assert finding.title == "Reason to look: one bid was received by the open method"
    figures, why = finding.reasons
    assert figures.weight == finding.score
    assert figures.data["threshold"] == 1.0
    assert "numberOfTenderers" in str(figures.data["formula"])
    assert "R018" in str(why.data["source"])
    assert finding.data["ocid"] == "ocds-9"


async def test_coverage_tells_what_could_not_be_computed(single: Procurement) -> None:
    findings = (await assess(single)).findings
    (coverage,) = [f for f in findings if f.code == COVERAGE]
    assert (coverage.severity, coverage.score) == (Severity.INFO, 0.0)
    assert coverage.title == "2 of 32 indicators could be computed on ocds-9"
    gaps = coverage.data["not_computable"]
    assert isinstance(gaps, Mapping)
    assert "R025" in gaps
    assert coverage.data["reference"] == "empty"


async def test_a_gap_is_no_missing_assessment(single: Procurement) -> None:
    assert (await assess(single)).complete


async def test_versions_and_input_are_stated(single: Procurement) -> None:
    answer = await assess(single)
    assert answer.service == "anticorruption"
    assert answer.versions == {
        "rules": "cardinal-compatible@0.0.8",
        "reference": "empty",
    }
    assert answer.input_hash == dossier_digest(dossier(single))


async def test_a_dossier_without_procurement_has_no_findings() -> None:
    answer = await assess(Message(raw=b"hello"))
    assert answer.findings == ()
    assert answer.complete


async def test_every_release_of_a_dossier_is_judged(single: Procurement) -> None:
    answer = await assess(Message(raw=b"see attached"), single, single)
    flagged = [f.subject.evidence for f in answer.findings if f.code == "R018"]
    assert flagged == ["ev_1", "ev_2"]


async def test_a_record_is_judged_by_its_compiled_release(release: Build) -> None:
    tender = {"procurementMethod": "open", "numberOfTenderers": 1}
    compiled = release("ocds-9", tender=tender)
    content = Procurement({"ocid": "ocds-9", "compiledRelease": compiled}, "record")
    finding = signals(await assess(content))["R018"]
    assert finding.subject.path == "/compiledRelease/tender/numberOfTenderers"


async def test_invalid_ocds_is_not_assessed_and_says_why(single: Procurement) -> None:
    broken = Procurement({"ocid": "ocds-1", "awards": [{"value": {"amount": "5"}}]})
    answer = await assess(broken, single)
    (finding,) = [f for f in answer.findings if f.kind is FindingKind.NOT_ASSESSED]
    assert not answer.complete
    assert finding.subject.evidence == "ev_0"
    assert finding.reasons[0].text.startswith("release.awards[0].value.amount: must be")
    assert "R018" in signals(answer)


async def test_a_record_of_links_is_not_assessed() -> None:
    linked: dict[str, Any] = {"ocid": "x", "releases": [{"url": "https://example.org"}]}
    answer = await assess(Procurement(linked, "record"))
    assert not answer.complete
    assert "only linked" in answer.findings[0].reasons[0].text


class _Poison(Mapping[str, Any]):
    """A document that breaks whoever reads it."""

    def __getitem__(self, key: str) -> object:
        raise KeyError(key)

    def __iter__(self) -> Any:
        raise RuntimeError("secret")

    def __len__(self) -> int:
        return 1


async def test_a_poison_item_fails_alone(single: Procurement) -> None:
    good = dossier(single)
    poisoned = Evidence(EvidenceId("ev_p"), Procurement(_Poison()), "0" * 64)
    bad = Dossier("bad", DEFAULT_TENANT, "api", good.received_at, (poisoned,))
    first, second, third = await load_anticorruption_service().assess([good, bad, good])
    assert isinstance(first, Assessment)
    assert first == third
    assert isinstance(second, Failure)
    assert second.code == "contract_violation"
    assert "RuntimeError" in second.detail
    assert "secret" not in second.detail


async def test_a_large_batch_keeps_its_order(release: Build) -> None:
    batch = [
        dossier(
            Procurement(
                release(
                    f"ocds-{n}",
                    tender={"procurementMethod": "open", "numberOfTenderers": n % 2},
                )
            )
        )
        for n in range(200)
    ]
    answers = await load_anticorruption_service().assess(batch)
    flagged = [
        n
        for n, answer in enumerate(answers)
        if isinstance(answer, Assessment) and "R018" in signals(answer)
    ]
    assert flagged == list(range(1, 200, 2))


async def test_the_same_input_gives_the_same_answer(single: Procurement) -> None:
    assert await assess(single) == await assess(single)


async def test_an_empty_batch_has_no_answers() -> None:
    assert list(await load_anticorruption_service().assess([])) == []


async def test_each_tenant_is_judged_by_its_own_reference(
    contest: Build, reference_of: Referenced
) -> None:
    usual = [contest(f"u{n}", 100, 110 + n) for n in range(20)]
    theirs = reference_of("R058", usual)
    service = AntiCorruptionService(
        references=lambda t: theirs if t == "acme" else EMPTY_REFERENCE
    )
    new = Procurement(contest("new", 100, 149))
    ours, acme = await service.assess(
        [dossier(new), dossier(new, tenant=TenantId("acme"))]
    )
    assert isinstance(ours, Assessment)
    assert isinstance(acme, Assessment)
    assert "R058" not in signals(ours)
    assert "R058" in signals(acme)
    assert acme.versions["reference"] == "set@1"


async def test_settings_choose_the_indicators(single: Procurement) -> None:
    service = AntiCorruptionService(settings=parse_settings("[R003]"))
    answer = await assess(single, service=service)
    assert answer.findings[0].title.startswith("0 of 1 ")


@pytest.mark.parametrize(
    "release",
    [
        {"ocid": "o1"},
        {"ocid": "o1", "tender": {"id": "t"}},
        {"ocid": "o1", "tender": {"procurementMethod": "open"}},
        {"ocid": "o1", "bids": {"details": [{"id": "b"}]}},
        {"ocid": "o1", "awards": [{"id": "1", "suppliers": [{"id": "a"}]}]},
    ],
)
async def test_what_nothing_could_be_said_of_is_not_assessed(
    release: dict[str, Any],
) -> None:
    content = parse_evidence({"kind": "procurement", "release": release})
    answer = await assess(content)
    assert answer.findings[-1].kind is FindingKind.NOT_ASSESSED
    assert not answer.complete


async def test_scores_and_titles_never_leave_their_bounds(
    release: Build, bid: Build, award: Build
) -> None:
    made = release(
        "x",
        bid("A", 10, date="2023-02-01T00:00:00Z"),
        bid("B", 10, status="disqualified"),
        bid("C", 5, status="disqualified"),
        awards=[award("A")],
        tender={
            "tenderPeriod": {
                "startDate": "2023-01-01T00:00:00Z",
                "endDate": "2023-01-02T00:00:00Z",
            },
            "procurementMethod": "open",
            "numberOfTenderers": 1,
        },
    )
    found = signals(await assess(Procurement(made)))
    assert set(found) >= {"R003", "R018", "R028", "R030", "R035", "R036"}
    for finding in found.values():
        assert 0 <= finding.score <= 1
        assert finding.title.startswith("Reason to look: ")
        assert "corrupt" not in finding.title.lower()

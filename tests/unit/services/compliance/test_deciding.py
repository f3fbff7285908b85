from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.contracts import (
    Assessment,
    DecisionRequest,
    Finding,
    FindingKind,
    Outcome,
    Reason,
    Severity,
    Subject,
)
from integritas.kernel.ids import DEFAULT_TENANT
from integritas.services.compliance.policies.deciding import decide, gaps
from integritas.services.compliance.policies.policy import ALWAYS_REQUIRED, load_policy

POLICY = load_policy()
UNABLE = Finding(
    code="not_assessed",
    severity=Severity.MEDIUM,
    score=0.0,
    subject=Subject(),
    title="Could not",
    reasons=(Reason(text="no list"),),
    kind=FindingKind.NOT_ASSESSED,
)


def signal(code: str, severity: Severity, score: float = 1.0, **data: str) -> Finding:
    return Finding(code, severity, score, Subject(), code, data=data)


FLAG = signal("R018", Severity.MEDIUM)
HIT = Finding(
    "sanctions.hit",
    Severity.CRITICAL,
    0.97,
    Subject(),
    "Party resembles a listed one",
    kind=FindingKind.HIT,
)


def request(**findings: tuple[Finding, ...]) -> DecisionRequest:
    """Return a request with all assessments, empty but for the findings given."""
    assessments = dict.fromkeys(ALWAYS_REQUIRED, ()) | findings
    return asked(assessments)


def asked(assessments: dict[str, tuple[Finding, ...]]) -> DecisionRequest:
    return DecisionRequest(
        dossier_id="d",
        tenant=DEFAULT_TENANT,
        channel="api",
        kinds=frozenset(),
        assessments={
            name: Assessment(name, found, {}, "hash")
            for name, found in assessments.items()
        },
    )


def test_nothing_found_closes() -> None:
    verdict = decide(request(), POLICY)
    assert (verdict.outcome, verdict.risk) == (Outcome.NO_ACTION, 0.0)
    assert verdict.reasons[0].text == "nothing was found"


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        ("deliver", Outcome.NO_ACTION),
        ("quarantine", Outcome.REVIEW),
        ("discard", Outcome.NO_ACTION),
    ],
)
def test_a_messages_fate_decides(verdict: str, outcome: Outcome) -> None:
    found = signal("spam.score", Severity.MEDIUM, 0.99, verdict=verdict)
    assert decide(request(spam=(found,)), POLICY).outcome is outcome


def test_junk_that_may_hold_a_tip_is_looked_at() -> None:
    found = Finding(
        "spam.score",
        Severity.LOW,
        0.99,
        Subject(),
        "Junk",
        data={"verdict": "discard", "tip": True},
    )
    assert decide(request(spam=(found,)), POLICY).outcome is Outcome.REVIEW


def test_one_red_flag_is_reviewed() -> None:
    verdict = decide(request(anticorruption=(FLAG,)), POLICY)
    assert verdict.outcome is Outcome.REVIEW
    assert verdict.required_steps == ("analyst_review",)


def test_many_red_flags_are_escalated() -> None:
    verdict = decide(request(anticorruption=(FLAG,) * 3), POLICY)
    assert verdict.outcome is Outcome.ESCALATE


def test_a_sanctions_hit_is_escalated_with_high_risk() -> None:
    verdict = decide(request(compliance=(HIT,)), POLICY)
    assert verdict.outcome is Outcome.ESCALATE
    assert verdict.risk >= 70
    assert "second_person" in verdict.required_steps


def test_junk_does_not_hide_a_hit() -> None:
    junk = signal("spam.score", Severity.LOW, 0.99, verdict="discard")
    verdict = decide(request(spam=(junk,), compliance=(HIT,)), POLICY)
    assert verdict.outcome is Outcome.ESCALATE


def test_the_policy_is_named_with_its_hash() -> None:
    assert decide(request(), POLICY).policy == POLICY.reference


def test_a_gap_is_named_in_words() -> None:
    found = gaps(asked({"spam": (), "compliance": (UNABLE,)}), POLICY)
    assert found == ("anticorruption was not assessed", "compliance: no list")


SIGNALS = st.builds(
    signal,
    st.sampled_from(["R018", "sanctions.hit", "spam.score", "other"]),
    st.sampled_from(Severity),
    st.floats(0, 1),
    verdict=st.sampled_from(["deliver", "quarantine", "discard"]),
)
FINDINGS = st.lists(SIGNALS, max_size=5).map(tuple)
SERVICES = sorted(ALWAYS_REQUIRED)


@given(st.dictionaries(st.sampled_from([*SERVICES, "tax"]), FINDINGS))
def test_a_missing_assessment_never_closes(
    found: dict[str, tuple[Finding, ...]],
) -> None:
    verdict = decide(asked(found), POLICY)
    if not found.keys() >= ALWAYS_REQUIRED:
        assert verdict.outcome is not Outcome.NO_ACTION
        assert any("was not assessed" in reason.text for reason in verdict.reasons)


@given(FINDINGS, st.sampled_from([*SERVICES, "tax"]))
def test_what_was_not_assessed_never_closes(
    found: tuple[Finding, ...], service: str
) -> None:
    verdict = decide(request(**{service: (*found, UNABLE)}), POLICY)
    assert verdict.outcome is not Outcome.NO_ACTION
    assert verdict.risk >= POLICY.first_band(Outcome.REVIEW).start


@given(FINDINGS, FINDINGS)
def test_the_verdict_is_consistent(
    one: tuple[Finding, ...], two: tuple[Finding, ...]
) -> None:
    verdict = decide(request(anticorruption=one, compliance=two), POLICY)
    assert 0.0 <= verdict.risk <= 100.0
    assert verdict.band == POLICY.band(verdict.risk).name
    assert verdict.outcome is POLICY.band(verdict.risk).outcome


@given(FINDINGS)
def test_the_contributions_sum_to_the_risk(found: tuple[Finding, ...]) -> None:
    verdict = decide(request(anticorruption=found), POLICY)
    told = sum(reason.weight or 0.0 for reason in verdict.reasons)
    assert told == pytest.approx(verdict.risk, abs=0.05)


@given(FINDINGS, SIGNALS)
def test_another_finding_never_lowers_the_risk(
    found: tuple[Finding, ...], another: Finding
) -> None:
    before = decide(request(anticorruption=found), POLICY).risk
    after = decide(request(anticorruption=(*found, another)), POLICY).risk
    assert after >= before - 0.01


@given(st.permutations([FLAG, HIT, signal("other", Severity.LOW)]))
def test_the_order_of_findings_does_not_matter(found: list[Finding]) -> None:
    verdict = decide(request(compliance=tuple(found)), POLICY)
    assert verdict == decide(request(compliance=tuple(found[::-1])), POLICY)


@pytest.mark.parametrize("code", ["I102", "I109", "I111", "I204"])
def test_a_further_red_flag_of_low_severity_leads_to_a_person(code: str) -> None:
    flag = signal(code, Severity.LOW, 0.2)
    verdict = decide(request(anticorruption=(flag,)), POLICY)
    assert verdict.outcome is Outcome.REVIEW


def test_gaps_in_the_records_alone_do_not() -> None:
    gaps = signal("I113", Severity.LOW, 0.3)
    verdict = decide(request(anticorruption=(gaps,)), POLICY)
    assert verdict.outcome is Outcome.NO_ACTION

"""Kernel contracts survive the way through JSON unchanged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integritas.kernel.contracts import (
    Assessment,
    DecisionRequest,
    Dossier,
    Evidence,
    Failure,
    Finding,
    FindingKind,
    Outcome,
    Reason,
    Severity,
    Subject,
    Verdict,
)
from integritas.kernel.errors import ContractViolation, FieldError, InvalidInput
from integritas.kernel.evidence import (
    Account,
    Content,
    EvidenceKind,
    Message,
    Party,
    Payment,
    Procurement,
    content_digest,
)
from integritas.kernel.ids import EventId, EvidenceId, TenantId
from integritas.platform import codec

text = st.text(max_size=30)
name = st.text(min_size=1, max_size=30).filter(lambda t: bool(t.strip()))
number = st.floats(allow_nan=False, allow_infinity=False)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | number | text,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3)
    ),
    max_leaves=8,
)
data = st.dictionaries(text, json, max_size=3)
accounts = st.builds(
    Account,
    name=name,
    account=st.none() | name,
    country=st.none() | st.sampled_from(["de", "us", "ru"]),
)
contents: st.SearchStrategy[Content] = st.one_of(
    st.builds(
        Message,
        raw=st.binary(max_size=200),
        media_type=st.sampled_from(["message/rfc822", "text/plain"]),
    ),
    st.builds(
        Procurement,
        document=data.map(lambda d: {**d, "ocid": "ocds-1"}),
        form=st.sampled_from(["release", "record"]),
    ),
    st.builds(
        Party,
        schema=st.sampled_from(["Person", "Company"]),
        properties=st.dictionaries(
            name, st.lists(text, max_size=3).map(tuple), max_size=3
        ).map(lambda p: {**p, "name": ("Jane Roe",)}),
    ),
    st.builds(
        Payment,
        debtor=accounts,
        creditor=accounts,
        amount=st.decimals(0, 10**9, places=2),
        currency=st.sampled_from(["EUR", "USD"]),
        date=st.dates(),
        reference=text,
    ),
)
dossiers = st.builds(
    Dossier,
    id=name,
    tenant=st.just(TenantId("main")),
    channel=name,
    received_at=st.datetimes(timezones=st.just(UTC)),
    evidence=st.lists(
        contents.map(lambda c: Evidence(EvidenceId("ev_1"), c, content_digest(c))),
        max_size=4,
    ).map(tuple),
)
reasons = st.builds(Reason, text=text, weight=st.none() | number, data=data)
findings = st.builds(
    Finding,
    code=text,
    severity=st.sampled_from(Severity),
    score=st.floats(0, 1),
    subject=st.builds(
        Subject,
        evidence=st.none() | st.just(EvidenceId("ev_1")),
        path=st.none() | text,
        start=st.none() | st.integers(0, 9),
        end=st.none() | st.integers(0, 9),
    ),
    title=text,
    reasons=st.lists(reasons, max_size=2).map(tuple),
    kind=st.sampled_from(FindingKind),
    data=data,
)
assessments = st.builds(
    Assessment,
    service=text,
    findings=st.lists(findings, max_size=3).map(tuple),
    versions=st.dictionaries(text, text, max_size=3),
    input_hash=text,
)
failures = st.builds(
    Failure,
    code=text,
    detail=text,
    retryable=st.booleans(),
    errors=st.lists(st.builds(FieldError, text, text, text), max_size=2).map(tuple),
)
verdicts = st.builds(
    Verdict,
    outcome=st.sampled_from(Outcome),
    risk=st.floats(0, 100),
    band=text,
    reasons=st.lists(reasons, max_size=2).map(tuple),
    policy=text,
    required_steps=st.lists(text, max_size=2).map(tuple),
)
requests = st.builds(
    DecisionRequest,
    dossier_id=text,
    tenant=st.just(TenantId("main")),
    channel=text,
    kinds=st.frozensets(st.sampled_from(EvidenceKind)),
    assessments=st.dictionaries(text, assessments, max_size=2),
)


@given(dossiers)
def test_dossier_survives(dossier: Dossier) -> None:
    assert codec.decode_dossier(codec.encode_dossier(dossier)) == dossier


@given(st.lists(dossiers, max_size=3))
def test_dossiers_survive_as_array(batch: list[Dossier]) -> None:
    body = codec.encode_array(map(codec.encode_dossier, batch))
    assert codec.decode_dossiers(body) == batch


@given(assessments)
def test_assessment_survives(assessment: Assessment) -> None:
    document = codec.encode_assessment(assessment)
    assert codec.decode_assessment(document) == assessment


@given(verdicts)
def test_verdict_survives(verdict: Verdict) -> None:
    assert codec.decode_verdict(codec.encode_verdict(verdict)) == verdict


@given(failures)
def test_failure_survives(failure: Failure) -> None:
    assert codec.decode_failure(codec.encode_failure(failure)) == failure


@given(requests)
def test_decision_request_survives(request: DecisionRequest) -> None:
    document = codec.encode_decision_request(request)
    assert codec.decode_decision_request(document) == request
    assert codec.decode_decision_requests(codec.encode_array([document])) == [request]


@given(st.lists(assessments | failures, max_size=4))
def test_answers_keep_kind_and_order(answers: list[Assessment | Failure]) -> None:
    body = codec.encode_array(map(codec.encode_answer, answers))
    assert codec.decode_answers(body) == answers


@given(st.lists(verdicts | failures, max_size=4))
def test_decisions_keep_kind_and_order(decisions: list[Verdict | Failure]) -> None:
    body = codec.encode_array(map(codec.encode_decision, decisions))
    assert codec.decode_decisions(body) == decisions


@given(st.lists(dossiers, max_size=2))
def test_observation_survives(batch: list[Dossier]) -> None:
    body = codec.encode_observation(EventId("evt_1"), batch)
    assert codec.decode_observation(body) == codec.Observation(
        EventId("evt_1"), tuple(batch)
    )


@pytest.mark.parametrize(
    "what",
    [
        "dossier",
        "assessment",
        "verdict",
        "failure",
        "decision_request",
        "answers",
        "decisions",
        "observation",
    ],
)
@pytest.mark.parametrize("document", [b"", b"nonsense", b"{}", b"7", b'{"a": 1}'])
def test_decode_refuses_other_json(what: str, document: bytes) -> None:
    decode = getattr(codec, f"decode_{what}")
    with pytest.raises(ContractViolation) as refused:
        decode(document)
    assert refused.value.errors


def test_decode_names_the_field() -> None:
    document = b'{"code": "x", "detail": 3}'
    with pytest.raises(ContractViolation, match=r"failure\.detail"):
        codec.decode_failure(document)


def test_encode_refuses_what_is_no_unicode() -> None:
    failure = Failure(code="x", detail="\ud800")
    with pytest.raises(InvalidInput, match="cannot be written as JSON"):
        codec.encode_failure(failure)


def test_encode_dossier_refuses_what_is_no_unicode(
    dossier_of: Callable[..., Dossier],
) -> None:
    with pytest.raises(InvalidInput, match="cannot be written as JSON"):
        codec.encode_dossier(dossier_of(channel="\ud800"))


def test_bytes_of_messages_travel_as_base64(dossier_of: Callable[..., Dossier]) -> None:
    raw = bytes(range(256))
    document = codec.encode_dossier(dossier_of(Message(raw)))
    assert b'"raw_base64":"AAEC' in document
    (item,) = codec.decode_dossier(document).evidence
    assert item.content == Message(raw)

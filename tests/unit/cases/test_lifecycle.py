"""The lifecycle's laws: legal moves only, four eyes, nothing closed unassessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from integritas.cases.api import (
    REQUIRED_ASSESSMENTS,
    TRANSITIONED,
    AddEvidence,
    Case,
    CaseCommand,
    EditCase,
    NewEvidence,
    Priority,
    RecordAssessment,
    RecordVerdict,
    Transition,
    apply,
    case_from_json,
    case_to_json,
    legal_moves,
)
from integritas.kernel.contracts import (
    Actor,
    Assessment,
    Context,
    Finding,
    Outcome,
    Severity,
    Subject,
    Verdict,
    not_assessed,
)
from integritas.kernel.errors import (
    ApprovalRequired,
    IntegritasError,
    InvalidInput,
    Refused,
    TransitionRefused,
    VersionConflict,
)
from integritas.kernel.evidence import Message, Party
from integritas.kernel.ids import CaseId, RunId, SubmissionId, TenantId
from integritas.kernel.states import FINAL_STATES, MOVES, ActorKind, CaseState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
MAIN = TenantId("main")
RUN = RunId("run_1")
HASH = "digest of all evidence"
PERSON = Actor("user_ann", ActorKind.PERSON)
CASE = Case(
    tenant=MAIN,
    id=CaseId("case_1"),
    number="INT-2026-00001",
    submission_id=SubmissionId("sub_1"),
    state=CaseState.PENDING,
    version=1,
    channel="api",
    title="a case",
    created_at=NOW,
    updated_at=NOW,
    input_hash=HASH,
)


def by(kind: ActorKind) -> Context:
    """Return a context of an actor of that kind."""
    return Context(MAIN, Actor(f"{kind}:x", kind), "req")


ANN = Context(MAIN, PERSON, "req")


def whole(service: str, seen: str = HASH) -> RecordAssessment:
    """Return an assessment with a finding."""
    finding = Finding(f"{service}.x", Severity.LOW, 0.1, Subject(), "secret title")
    return RecordAssessment(RUN, Assessment(service, (finding,), {"m": "1"}, seen))


def lacking(service: str) -> RecordAssessment:
    """Return an assessment that could not be made."""
    return RecordAssessment(RUN, not_assessed(service, "no list"))


def verdict(risk: float, outcome: Outcome = Outcome.NO_ACTION) -> RecordVerdict:
    """Return a verdict."""
    return RecordVerdict(RUN, Verdict(outcome, risk, "low", (), "default@1"))


def evidence() -> AddEvidence:
    """Return one more item."""
    return AddEvidence((NewEvidence(Party("Person", {"name": ("x",)}), "00"),))


def done(case: Case, *commands: CaseCommand, context: Context = ANN) -> Case:
    """Return the case after commands."""
    for command in commands:
        case, _ = apply(case, command, context, LATER)
    return case


def at(state: CaseState, risk: float | None = None, **changes: object) -> Case:
    """Return a fully assessed case in a state."""
    plain = structs.replace(CASE, state=state, risk=risk, missing=())
    return structs.replace(plain, **changes)


# Laws over any list of commands ----------------------------------------------------

STATES = st.sampled_from(CaseState)
KINDS = st.sampled_from(ActorKind)
SERVICES = st.sampled_from([*REQUIRED_ASSESSMENTS, "extra"])
RISKS = st.sampled_from([0.0, 10.0, 69.9, 70.0, 100.0, float("nan")])
TRANSITIONS = st.builds(
    Transition,
    to=STATES,
    reason=st.sampled_from(["", "  ", "because"]),
    expect=st.none() | st.integers(1, 9),
    approved_by=st.none() | st.sampled_from(["user_bob", "person:x"]),
)
EDITS = st.builds(
    EditCase,
    title=st.none() | st.just("new"),
    priority=st.none() | st.sampled_from(Priority),
    assignee=st.none() | st.just("user_bob"),
    unassign=st.booleans(),
    tags=st.none() | st.just(("a",)),
    expect=st.none() | st.integers(1, 9),
)
ASSESSMENTS = st.builds(
    whole, SERVICES, st.sampled_from([HASH, "stale", ""])
) | st.builds(lacking, SERVICES)
VERDICTS = st.builds(verdict, RISKS, st.sampled_from(Outcome))
COMMANDS: st.SearchStrategy[CaseCommand] = st.one_of(
    TRANSITIONS, TRANSITIONS, EDITS, ASSESSMENTS, VERDICTS, st.builds(evidence)
)
SCRIPT = st.lists(st.tuples(COMMANDS, KINDS), max_size=25)


@given(SCRIPT)
def test_any_commands_keep_the_lifecycle_legal(
    script: list[tuple[CaseCommand, ActorKind]],
) -> None:
    case = CASE
    for command, kind in script:
        before = case
        try:
            case, facts = apply(case, command, by(kind), LATER)
        except IntegritasError:
            assert case == before
            continue
        state = before.state
        for fact in facts:
            assert fact.subject == case.id
            if fact.type == TRANSITIONED:
                assert fact.data["from"] == state
                state = CaseState(str(fact.data["to"]))
                assert state in MOVES[CaseState(str(fact.data["from"]))]
        assert case.state is state
        assert before.state not in FINAL_STATES
        assert (case.closed_at is not None) == (case.state in FINAL_STATES)


@given(SCRIPT)
def test_the_version_counts_what_was_accepted(
    script: list[tuple[CaseCommand, ActorKind]],
) -> None:
    case = CASE
    for command, kind in script:
        before = case
        try:
            case, facts = apply(case, command, by(kind), LATER)
        except IntegritasError:
            continue
        moves = sum(fact.type == TRANSITIONED for fact in facts)
        own = 0 if isinstance(command, Transition) else 1
        if isinstance(command, EditCase) and not facts:
            own = 0
        assert case.version == before.version + own + moves
        if case == before:
            assert not facts


@given(st.lists(ASSESSMENTS | VERDICTS | st.builds(evidence), max_size=25))
def test_no_policy_closes_what_lacks_an_assessment(script: list[CaseCommand]) -> None:
    case = done(CASE, Transition(CaseState.INVESTIGATING))
    fit: set[str] = set()
    seen = HASH
    for command in script:
        try:
            case = done(case, command)
        except TransitionRefused:
            assert case.state is CaseState.RESOLVED
            return
        if isinstance(command, AddEvidence):
            fit, seen = set(), f"{seen}+"
            case = structs.replace(case, input_hash=seen)  # the store's part
        elif isinstance(command, RecordAssessment):
            one = command.assessment
            if not one.complete:
                fit.discard(one.service)
            elif one.input_hash == seen:
                fit.add(one.service)
        if case.state is CaseState.RESOLVED:
            assert fit >= set(REQUIRED_ASSESSMENTS)
            assert isinstance(command, RecordVerdict)
            assert command.verdict.outcome is Outcome.NO_ACTION
            assert command.verdict.risk < 70


@given(SCRIPT, st.booleans())
def test_whatever_is_missing_no_policy_moves_to_resolved(
    script: list[tuple[CaseCommand, ActorKind]], remediating: bool
) -> None:
    case = CASE
    for command, kind in script:
        try:
            case, _ = apply(case, command, by(kind), LATER)
        except IntegritasError:
            continue
    state = CaseState.REMEDIATING if remediating else CaseState.VALIDATING
    case = structs.replace(case, state=state, closed_at=None)
    close = Transition(CaseState.RESOLVED)
    try:
        apply(case, close, by(ActorKind.POLICY), LATER)
    except TransitionRefused:
        return
    assert not case.missing
    assert case.risk is not None
    assert case.risk < 70


@given(
    title=st.text(st.characters(exclude_categories=["Cs"])),
    risk=st.none() | st.floats(0, 100),
    outcome=st.none() | st.sampled_from(Outcome),
    state=STATES,
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
    tags=st.lists(st.text("ab ,"), max_size=3).map(tuple),
)
def test_a_case_survives_json(
    *,
    title: str,
    risk: float | None,
    outcome: Outcome | None,
    state: CaseState,
    at: datetime | None,
    tags: tuple[str, ...],
) -> None:
    case = structs.replace(
        CASE,
        title=title,
        risk=risk,
        outcome=outcome,
        state=state,
        due_at=at,
        closed_at=at,
        tags=tags,
        merged_into=None if at is None else CaseId("case_2"),
    )
    assert case_from_json(case_to_json(case)) == case


def test_times_in_json_are_rfc_3339() -> None:
    assert b'"created_at":"2026-01-01T00:00:00Z"' in case_to_json(CASE)


@pytest.mark.parametrize("document", [b"", b"{}", b"[]", case_to_json(CASE)[:-9]])
def test_what_is_no_case_is_refused(document: bytes) -> None:
    with pytest.raises(InvalidInput, match="not a case"):
        case_from_json(document)


# Moves --------------------------------------------------------------------------


@pytest.mark.parametrize("start", CaseState)
@pytest.mark.parametrize("to", CaseState)
@pytest.mark.parametrize("kind", ActorKind)
def test_only_the_table_allows(
    start: CaseState, to: CaseState, kind: ActorKind
) -> None:
    case = at(start, risk=10)
    move = MOVES[start].get(to)
    command = Transition(to, reason="because")
    if move is not None and kind in move.actors:
        moved, [fact] = apply(case, command, by(kind), LATER)
        assert (moved.state, moved.version, moved.updated_at) == (to, 2, LATER)
        assert fact.data == {"from": start, "to": to, "version": 2}
        assert to in legal_moves(case, kind)
    else:
        with pytest.raises(TransitionRefused) as caught:
            apply(case, command, by(kind), LATER)
        [error] = caught.value.errors
        assert error.path == "to"
        assert error.remedy
        assert to not in legal_moves(case, kind)


@pytest.mark.parametrize("reason", ["", " \n"])
@pytest.mark.parametrize(
    ("start", "to", "kind"),
    [
        (start, to, min(move.actors))
        for start, moves in MOVES.items()
        for to, move in moves.items()
        if move.reason
    ],
)
def test_a_due_reason_must_be_given(
    start: CaseState, to: CaseState, kind: ActorKind, reason: str
) -> None:
    with pytest.raises(TransitionRefused) as caught:
        apply(at(start, 10), Transition(to, reason), by(kind), LATER)
    assert [error.path for error in caught.value.errors] == ["reason"]


def test_a_reason_is_personal() -> None:
    cancel = Transition(CaseState.CANCELLED, reason="Jane asked")
    _, [fact] = apply(CASE, cancel, ANN, LATER)
    assert fact.personal == {"reason": "Jane asked"}
    assert "Jane" not in repr(fact.data)


def test_a_stale_version_is_a_conflict() -> None:
    stale = Transition(CaseState.INVESTIGATING, expect=7)
    with pytest.raises(VersionConflict) as caught:
        apply(CASE, stale, ANN, LATER)
    assert caught.value.errors[0].path == "If-Match"
    assert done(CASE, replace(stale, expect=1)).version == 2


@pytest.mark.parametrize("state", sorted(FINAL_STATES))
@pytest.mark.parametrize(
    "command", [EditCase(title="x"), evidence(), whole("spam"), verdict(1)]
)
def test_final_is_final(state: CaseState, command: CaseCommand) -> None:
    with pytest.raises(TransitionRefused):
        apply(at(state), command, ANN, LATER)


@pytest.mark.parametrize(
    "command",
    [Transition(CaseState.INVESTIGATING), EditCase(title="x"), evidence(), verdict(1)],
)
def test_a_merged_case_takes_nothing(command: CaseCommand) -> None:
    merged = structs.replace(CASE, merged_into=CaseId("case_2"))
    with pytest.raises(TransitionRefused, match="case_2"):
        apply(merged, command, ANN, LATER)
    assert legal_moves(merged, ActorKind.PERSON) == ()


# Four eyes ----------------------------------------------------------------------

CLOSING = [CaseState.VALIDATING, CaseState.REMEDIATING]


@pytest.mark.parametrize("start", CLOSING)
@pytest.mark.parametrize("risk", [70.0, 99.0, float("nan")])
def test_a_risky_case_needs_a_second_person(start: CaseState, risk: float) -> None:
    close = Transition(CaseState.RESOLVED)
    with pytest.raises(ApprovalRequired):
        apply(at(start, risk), close, ANN, LATER)
    approved = replace(close, approved_by="user_bob")
    closed, [fact] = apply(at(start, risk), approved, ANN, LATER)
    assert closed.state is CaseState.RESOLVED
    assert closed.closed_at == LATER
    assert fact.data["approved_by"] == "user_bob"


@pytest.mark.parametrize("start", CLOSING)
@pytest.mark.parametrize("risk", [None, 0.0, 69.99])
def test_a_harmless_case_needs_none(start: CaseState, risk: float | None) -> None:
    assert done(at(start, risk), Transition(CaseState.RESOLVED)).closed_at == LATER


@pytest.mark.parametrize("start", CLOSING)
@pytest.mark.parametrize("risk", [10.0, 90.0])
def test_nobody_approves_of_himself(start: CaseState, risk: float) -> None:
    alone = Transition(CaseState.RESOLVED, approved_by=PERSON.id)
    with pytest.raises(TransitionRefused):
        apply(at(start, risk), alone, ANN, LATER)


@pytest.mark.parametrize("start", CLOSING)
@pytest.mark.parametrize("risk", [None, 70.0, 100.0])
def test_no_policy_closes_a_risky_case(start: CaseState, risk: float | None) -> None:
    close = Transition(CaseState.RESOLVED, approved_by="user_bob")
    with pytest.raises(Refused):
        apply(at(start, risk), close, by(ActorKind.POLICY), LATER)


def test_a_person_may_close_what_was_not_assessed() -> None:
    case = at(CaseState.VALIDATING, 10, missing=("spam",))
    assert done(case, Transition(CaseState.RESOLVED)).state is CaseState.RESOLVED


# Assessments and verdicts ---------------------------------------------------------


def test_a_whole_assessment_is_no_longer_missing() -> None:
    case, [fact] = apply(CASE, whole("spam"), ANN, LATER)
    assert case.missing == ("anticorruption", "compliance")
    assert fact.data["missing"] == ["anticorruption", "compliance"]
    assert fact.data["complete"] is True
    assert fact.data["version"] == case.version == 2
    assert "secret" not in repr(fact.data)


def test_a_later_gap_takes_an_assessment_back() -> None:
    assert "spam" in done(CASE, whole("spam"), lacking("spam")).missing


def test_a_gap_of_any_service_counts() -> None:
    assert done(CASE, lacking("extra")).missing == (
        *("anticorruption", "compliance", "extra", "spam"),
    )


@pytest.mark.parametrize("seen", ["", "what it was before"])
def test_an_assessment_of_less_evidence_does_not_count(seen: str) -> None:
    assert done(CASE, whole("spam", seen)).missing == CASE.missing


def test_a_case_without_input_is_never_assessed() -> None:
    assert done(structs.replace(CASE, input_hash=""), whole("spam", "")).missing


def assessed() -> Case:
    """Return a case that every service looked at."""
    start = done(CASE, Transition(CaseState.INVESTIGATING))
    return done(start, *(whole(service) for service in REQUIRED_ASSESSMENTS))


def test_a_clean_case_is_closed_by_policy() -> None:
    case, facts = apply(assessed(), verdict(5), by(ActorKind.PLATFORM), LATER)
    assert case.state is CaseState.RESOLVED
    assert (case.risk, case.band, case.outcome) == (5, "low", Outcome.NO_ACTION)
    assert [fact.data.get("to") for fact in facts] == [None, "VALIDATING", "RESOLVED"]
    assert [fact.data["version"] for fact in facts] == [6, 7, 8]


@pytest.mark.parametrize(
    "command",
    [
        verdict(70),
        verdict(float("nan")),
        verdict(5, Outcome.REVIEW),
        verdict(5, Outcome.ESCALATE),
    ],
)
def test_what_is_not_clean_goes_to_a_person(command: RecordVerdict) -> None:
    assert done(assessed(), command).state is CaseState.VALIDATING


def test_what_lacks_an_assessment_goes_to_a_person() -> None:
    case = done(assessed(), lacking("compliance"), verdict(5))
    assert case.state is CaseState.VALIDATING
    assert case.missing == ("compliance",)


@pytest.mark.parametrize("state", [CaseState.PENDING, *CLOSING, CaseState.FAILED])
def test_elsewhere_a_verdict_moves_nothing(state: CaseState) -> None:
    assert done(at(state), verdict(5)).state is state


# Evidence and edits ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (CaseState.PENDING, CaseState.PENDING),
        (CaseState.INVESTIGATING, CaseState.INVESTIGATING),
        (CaseState.VALIDATING, CaseState.INVESTIGATING),
        (CaseState.REMEDIATING, CaseState.REMEDIATING),
        (CaseState.FAILED, CaseState.FAILED),
    ],
)
def test_new_evidence_must_be_assessed(state: CaseState, after: CaseState) -> None:
    case = done(at(state, kinds=("message",)), evidence())
    assert case.state is after
    assert case.missing == REQUIRED_ASSESSMENTS
    assert case.kinds == ("message", "party")
    assert case.input_hash == ""


def test_kinds_are_told_once() -> None:
    more = AddEvidence((NewEvidence(Message(b"x"), "00"),) * 2)
    assert done(CASE, more, more).kinds == ("message",)


def test_an_edit_tells_what_is_personal_apart() -> None:
    due = datetime(2026, 2, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    edit = EditCase("Jane Roe", Priority.URGENT, "user_bob", tags=("roe",), due_at=due)
    case, [fact] = apply(CASE, edit, ANN, LATER)
    assert (case.title, case.priority, case.version) == ("Jane Roe", Priority.URGENT, 2)
    assert fact.data == {
        "version": 2,
        "priority": "urgent",
        "assignee": "user_bob",
        "due_at": "2026-02-01T00:00:00.000000Z",
    }
    assert fact.personal == {"title": "Jane Roe", "tags": ["roe"]}


def test_an_edit_of_nothing_is_nothing() -> None:
    assert apply(CASE, EditCase(title=CASE.title), ANN, LATER) == (CASE, ())


def test_unassigning() -> None:
    case = done(CASE, EditCase(assignee="user_bob"), EditCase(unassign=True))
    assert case.assignee is None


def test_an_edit_checks_the_version() -> None:
    with pytest.raises(VersionConflict):
        apply(CASE, EditCase(title="x", expect=2), ANN, LATER)


def test_an_unknown_command_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="str"):
        apply(CASE, "close", ANN, LATER)  # type: ignore[arg-type] # the point


def test_a_move_from_one_state_only_leaves_others_as_they_are() -> None:
    begin = Transition(CaseState.INVESTIGATING, only_from=CaseState.PENDING)
    moved, [_] = apply(at(CaseState.PENDING), begin, ANN, LATER)
    assert moved.state is CaseState.INVESTIGATING
    for state in set(CaseState) - {CaseState.PENDING}:
        case = at(state)
        assert apply(case, begin, ANN, LATER) == (case, ())

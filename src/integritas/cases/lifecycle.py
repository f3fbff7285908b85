"""The lifecycle as a pure function: a case and a command in, a case and facts out.

`apply` refuses, or returns the changed case with everything that is to be told of it.
It knows no storage, no clock and no framework; the table of legal moves is
`kernel.states.MOVES`.
"""

from __future__ import annotations

from datetime import datetime
from functools import singledispatch
from typing import Final

from msgspec.structs import replace

from integritas.cases.model import (
    REQUIRED_ASSESSMENTS,
    AddEvidence,
    Case,
    CaseCommand,
    EditCase,
    LookAgain,
    RecordAssessment,
    RecordVerdict,
    Transition,
)
from integritas.kernel.clock import format_time
from integritas.kernel.contracts import Actor, Assessment, Context, Fact, Outcome
from integritas.kernel.errors import (
    ApprovalRequired,
    FieldError,
    TransitionRefused,
    VersionConflict,
)
from integritas.kernel.evidence import kind_of
from integritas.kernel.states import (
    FINAL_STATES,
    FOUR_EYES_RISK,
    MOVES,
    ActorKind,
    CaseState,
    Move,
)

__all__ = [
    "ASSESSED",
    "DECIDED",
    "EDITED",
    "EVIDENCE_ADDED",
    "LOOK_AGAIN",
    "OPENED",
    "TRANSITIONED",
    "acting",
    "apply",
    "check_move",
    "legal_moves",
    "may_need_approval",
]

OPENED: Final = "integritas.case.opened.v1"
TRANSITIONED: Final = "integritas.case.transitioned.v1"
EDITED: Final = "integritas.case.edited.v1"
EVIDENCE_ADDED: Final = "integritas.case.evidence_added.v1"
LOOK_AGAIN: Final = "integritas.case.reassessment_asked.v1"
ASSESSED: Final = "integritas.case.assessed.v1"
DECIDED: Final = "integritas.case.decided.v1"

Applied = tuple[Case, tuple[Fact, ...]]


def apply(case: Case, command: CaseCommand, context: Context, now: datetime) -> Applied:
    """Return the case after a command, and the facts to record with it.

    Raises:
        TransitionRefused: the lifecycle forbids it.
        ApprovalRequired: a second person must agree first.
        VersionConflict: the case changed since the caller saw it.
    """
    if case.merged_into is not None:
        raise TransitionRefused(
            f"case {case.number} was merged into {case.merged_into}: unmerge it first"
        )
    # Not by the call: to find the function so takes longer than what it does.
    change = _apply.registry.get(type(command), _apply)
    return change(command, case, acting(context, command), now)


def acting(context: Context, command: CaseCommand) -> Context:
    """Return the context a command acts in: a verdict is the policy's own act."""
    if not isinstance(command, RecordVerdict):
        return context
    return Context(
        tenant=context.tenant,
        actor=Actor(id=f"policy:{command.verdict.policy}", kind=ActorKind.POLICY),
        correlation_id=context.correlation_id,
    )


def legal_moves(case: Case, kind: ActorKind) -> tuple[CaseState, ...]:
    """Return the states an actor of this kind may move the case to."""
    if case.merged_into is not None:
        return ()
    return tuple(to for to, move in MOVES[case.state].items() if kind in move.actors)


def check_move(case: Case, command: Transition, actor: Actor) -> Move:
    """Return the move if it may be made, or refuse."""
    move = MOVES[case.state].get(command.to)
    if move is None:
        allowed = ", ".join(legal_moves(case, actor.kind)) or "none: it is final"
        raise TransitionRefused(
            f"a case in {case.state} cannot move to {command.to}",
            errors=(
                FieldError("to", f"not reachable from {case.state}", f"use {allowed}"),
            ),
        )
    if actor.kind not in move.actors:
        who = " or ".join(sorted(move.actors))
        raise TransitionRefused(
            f"only a {who} may move a case from {case.state} to {command.to}",
            errors=(FieldError("to", f"not for a {actor.kind}", f"ask a {who}"),),
        )
    if move.reason and not command.reason.strip():
        raise TransitionRefused(
            f"moving a case from {case.state} to {command.to} needs a reason",
            errors=(FieldError("reason", "is empty", "say why"),),
        )
    if move.four_eyes:
        _check_closing(case, command, actor)
    return move


def may_need_approval(case: Case) -> bool:
    """Say whether the case can be moved in a way that needs a second person."""
    return _is_risky(case) and any(
        move.four_eyes for move in MOVES[case.state].values()
    )


def _is_risky(case: Case) -> bool:
    # Not "risk >= …": what is not a number is no low risk.
    return case.risk is not None and not case.risk < FOUR_EYES_RISK


def _check_closing(case: Case, command: Transition, actor: Actor) -> None:
    risky = _is_risky(case)
    if actor.kind is ActorKind.POLICY:
        if case.missing:
            raise TransitionRefused(
                "a policy cannot close a case that lacks an assessment",
                errors=(
                    FieldError(
                        "missing",
                        ", ".join(case.missing),
                        "assess again, or let a person decide",
                    ),
                ),
            )
        if risky or case.risk is None:
            raise TransitionRefused(
                f"a policy cannot close a case at risk {case.risk}: a person must"
            )
    elif risky and command.approved_by is None:
        raise ApprovalRequired(
            f"closing a case at risk {case.risk:.0f} needs a second person"
        )
    if command.approved_by is not None and command.approved_by == actor.id:
        raise TransitionRefused("who asked for the transition cannot approve it")


@singledispatch
def _apply(
    command: CaseCommand, case: Case, context: Context, now: datetime
) -> Applied:
    del case, context, now
    raise TypeError(type(command).__name__)


@_apply.register
def _(command: Transition, case: Case, context: Context, now: datetime) -> Applied:
    _check_version(case, command.expect)
    if command.only_from not in {None, case.state}:
        return case, ()
    check_move(case, command, context.actor)
    moved = replace(
        case,
        state=command.to,
        version=case.version + 1,
        updated_at=now,
        closed_at=now if command.to in FINAL_STATES else None,
    )
    data = {
        "from": case.state._value_,
        "to": command.to._value_,
        "version": moved.version,
    }
    if command.approved_by is not None:
        data["approved_by"] = command.approved_by
    fact = Fact(
        type=TRANSITIONED,
        subject=case.id,
        data=data,
        personal={"reason": command.reason} if command.reason else None,
    )
    return moved, (fact,)


@_apply.register
def _(command: EditCase, case: Case, context: Context, now: datetime) -> Applied:
    del context
    _check_version(case, command.expect)
    _check_open(case)
    edited = replace(
        case,
        title=case.title if command.title is None else command.title,
        priority=command.priority or case.priority,
        assignee=None if command.unassign else command.assignee or case.assignee,
        tags=case.tags if command.tags is None else command.tags,
        due_at=command.due_at or case.due_at,
    )
    if edited == case:
        return case, ()
    edited = replace(edited, version=case.version + 1, updated_at=now)
    fact = Fact(
        type=EDITED,
        subject=case.id,
        data={
            "version": edited.version,
            "priority": edited.priority.value,
            "assignee": edited.assignee,
            "due_at": format_time(edited.due_at) if edited.due_at else None,
        },
        personal={"title": edited.title, "tags": list(edited.tags)},
    )
    return edited, (fact,)


@_apply.register
def _(command: AddEvidence, case: Case, context: Context, now: datetime) -> Applied:
    _check_version(case, command.expect)
    _check_open(case)
    kinds = {*case.kinds, *(kind_of(item.content).value for item in command.evidence)}
    added = replace(
        case,
        kinds=tuple(sorted(kinds)),
        missing=REQUIRED_ASSESSMENTS,
        input_hash="",  # until the evidence has its ids, no assessment counts
        version=case.version + 1,
        updated_at=now,
    )
    if case.state is not CaseState.VALIDATING:
        return added, ()
    back = Transition(to=CaseState.INVESTIGATING, reason="new evidence")
    return _apply(back, added, context, now)


@_apply.register
def _(command: LookAgain, case: Case, context: Context, now: datetime) -> Applied:
    _check_open(case)
    looking = replace(
        case,
        missing=tuple(sorted({*case.missing, command.service})),
        version=case.version + 1,
        updated_at=now,
    )
    fact = Fact(
        type=LOOK_AGAIN,
        subject=case.id,
        data={"version": looking.version, "reason": command.reason, **command.why},
    )
    if case.state is not CaseState.VALIDATING:
        return looking, (fact,)
    back = Transition(to=CaseState.INVESTIGATING, reason=command.reason)
    moved, facts = _apply(back, looking, context, now)
    return moved, (fact, *facts)


@_apply.register
def _(
    command: RecordAssessment, case: Case, context: Context, now: datetime
) -> Applied:
    del context
    _check_open(case)
    assessment = command.assessment
    recorded = replace(
        case,
        missing=_missing_after(case, assessment),
        version=case.version + 1,
        updated_at=now,
    )
    fact = Fact(
        type=ASSESSED,
        subject=case.id,
        data={
            "run": command.run_id,
            "service": assessment.service,
            "complete": assessment.complete,
            "versions": dict(assessment.versions),
            "input_hash": assessment.input_hash,
            "missing": list(recorded.missing),
            "version": recorded.version,
            "findings": [
                {"code": f.code, "severity": f.severity._value_, "score": f.score}
                for f in assessment.findings
            ],
        },
        personal={"titles": [f.title for f in assessment.findings]}
        if assessment.findings
        else None,
    )
    return recorded, (fact,)


@_apply.register
def _(command: RecordVerdict, case: Case, context: Context, now: datetime) -> Applied:
    _check_open(case)
    verdict = command.verdict
    decided = replace(
        case,
        risk=verdict.risk,
        band=verdict.band,
        outcome=verdict.outcome,
        version=case.version + 1,
        updated_at=now,
    )
    facts: tuple[Fact, ...] = (
        Fact(
            type=DECIDED,
            subject=case.id,
            data={
                "run": command.run_id,
                "policy": verdict.policy,
                "outcome": verdict.outcome.value,
                "risk": verdict.risk,
                "band": verdict.band,
                "missing": list(decided.missing),
                "version": decided.version,
            },
        ),
    )
    for to in _moves_after(decided):
        move = Transition(to=to, reason=f"{verdict.outcome} ({verdict.band})")
        decided, told = _apply(move, decided, context, now)
        facts += told
    return decided, facts


def _missing_after(case: Case, assessment: Assessment) -> tuple[str, ...]:
    """Say what is lacking: an answer counts if it is whole and saw all the evidence.

    An answer that is not whole takes back an earlier one; one that saw less evidence
    than the case has now (its run began before) changes nothing.
    """
    if not assessment.complete:
        return tuple(sorted({*case.missing, assessment.service}))
    if not case.input_hash or assessment.input_hash != case.input_hash:
        return case.missing
    return tuple(name for name in case.missing if name != assessment.service)


def _moves_after(case: Case) -> tuple[CaseState, ...]:
    """Say which moves a verdict calls for: to a person, or closed if clean."""
    if case.state is not CaseState.INVESTIGATING:
        return ()
    clean = (
        case.outcome is Outcome.NO_ACTION
        and not case.missing
        and case.risk is not None
        and case.risk < FOUR_EYES_RISK
    )
    if clean:
        return (CaseState.VALIDATING, CaseState.RESOLVED)
    return (CaseState.VALIDATING,)


def _check_version(case: Case, expect: int | None) -> None:
    if expect is not None and expect != case.version:
        raise VersionConflict(
            f"case {case.number} is at version {case.version}, not {expect}",
            errors=(
                FieldError(
                    "If-Match", f"{expect} is stale", "read the case and try again"
                ),
            ),
        )


def _check_open(case: Case) -> None:
    if case.state in FINAL_STATES:
        raise TransitionRefused(f"case {case.number} is {case.state}: it is final")

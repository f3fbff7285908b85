"""Four eyes: a move that one person asks for and another agrees to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from integritas.cases import views
from integritas.cases.approvals import add_approval, settle, void
from integritas.cases.lifecycle import apply
from integritas.cases.model import Approval, ApprovalState, Case, Transition
from integritas.kernel.contracts import Context, Fact
from integritas.kernel.errors import (
    ApprovalRequired,
    Conflict,
    FieldError,
    IntegritasError,
    NotPermitted,
)

if TYPE_CHECKING:
    from integritas.cases.store import CaseStore
    from integritas.kernel.clock import Clock
    from integritas.kernel.contracts import Recorder
    from integritas.kernel.ids import ApprovalId, CaseId, IdFactory
    from integritas.platform.db import Transaction

__all__ = ["FourEyes"]

REQUESTED: Final = "integritas.approval.requested.v1"
DECIDED: Final = "integritas.approval.decided.v1"


class FourEyes:
    """Keeps approvals; every method takes the unit of work it writes in.

    A case is locked before its approvals, here as in every change of a case: two
    that want both never wait for each other.
    """

    def __init__(
        self, store: CaseStore, recorder: Recorder, clock: Clock, ids: IdFactory
    ) -> None:
        """Make approved moves through `store`."""
        self._store = store
        self._recorder = recorder
        self._clock = clock
        self._ids = ids

    def ask(
        self, tx: Transaction, context: Context, case_id: CaseId, command: Transition
    ) -> Approval:
        """Ask for the second person a move needs.

        The same request again is answered with its approval; with another reason it
        takes the place of the one before.

        Raises:
            Conflict: somebody else asked for this move, or it needs nobody any more.
            TransitionRefused, VersionConflict, NotFound: as for any move.
        """
        now = self._clock.now()
        case = views.get_case(tx, context.tenant, case_id, lock=True)
        try:
            apply(case, command, context, now)
        except ApprovalRequired:
            pass
        else:
            raise Conflict(
                f"moving case {case.number} to {command.to} needs no second person",
                errors=(
                    FieldError("to", "needs no approval", "make the transition itself"),
                ),
            )
        for waiting in views.find_approvals(
            tx, context.tenant, case_id=case_id, state=ApprovalState.OPEN
        ):
            if waiting.case_version != case.version:
                self._void(tx, context, waiting, case)
            elif waiting.to is command.to:
                if _same_request(waiting, context, command):
                    return waiting
                self._void(tx, context, waiting, case)
        return self._add(tx, context, case, command)

    def decide(
        self,
        tx: Transaction,
        context: Context,
        approval_id: ApprovalId,
        *,
        approve: bool,
        reason: str,
    ) -> Approval | Conflict:
        """Approve (and make the move) or reject, by somebody else.

        A Conflict is *returned* where the case is not the one it was asked on: that
        the approval is void is to be kept, so the unit of work must not fail.

        Raises:
            NotPermitted: the same person asked for it.
            Conflict: it is decided or void already.
        """
        approval = views.get_approval(tx, context.tenant, approval_id)
        _check_decidable(approval, context)
        case = views.get_case(tx, context.tenant, approval.case_id, lock=True)
        if case.version != approval.case_version:
            self._void(tx, context, approval, case)
            return _outdated(approval, case)
        decided = replace(
            approval,
            state=ApprovalState.APPROVED if approve else ApprovalState.REJECTED,
            decided_by=context.actor.id,
            decided_at=self._clock.now(),
            decision_reason=reason,
        )
        settle(tx, decided)
        fact = Fact(
            type=DECIDED,
            subject=approval.case_id,
            data={"approval": approval.id, "state": decided.state.value},
            personal={"reason": reason} if reason else None,
        )
        self._recorder.record(tx, context, [fact])
        if approve:
            self._move(tx, context, approval)
        return decided

    def _add(
        self, tx: Transaction, context: Context, case: Case, command: Transition
    ) -> Approval:
        approval = Approval(
            tenant=context.tenant,
            id=self._ids.approval(),
            case_id=case.id,
            case_version=case.version,
            from_state=case.state,
            to=command.to,
            reason=command.reason,
            requested_by=context.actor.id,
            requested_at=self._clock.now(),
        )
        add_approval(tx, approval)
        fact = Fact(
            type=REQUESTED,
            subject=case.id,
            data={
                "approval": approval.id,
                "from": case.state.value,
                "to": command.to.value,
                "asked_on": case.version,
            },
            personal={"reason": command.reason} if command.reason else None,
        )
        self._recorder.record(tx, context, [fact])
        return approval

    def _void(
        self, tx: Transaction, context: Context, approval: Approval, case: Case
    ) -> None:
        fact = void(tx, approval, case, self._clock.now())
        self._recorder.record(tx, context, [fact])

    def _move(self, tx: Transaction, context: Context, approval: Approval) -> None:
        """Make the move as the person who asked, agreed to by the one here."""
        asked = Context(
            tenant=context.tenant,
            # Roles and address are those of the one here: not known of who asked.
            actor=replace(
                context.actor,
                id=approval.requested_by,
                roles=frozenset(),
                address=None,
            ),
            correlation_id=context.correlation_id,
        )
        command = Transition(
            to=approval.to,
            reason=approval.reason,
            expect=approval.case_version,
            approved_by=context.actor.id,
        )
        [answer] = self._store.change_cases(tx, [(asked, approval.case_id, command)])
        if isinstance(answer, IntegritasError):
            raise answer


def _same_request(approval: Approval, context: Context, command: Transition) -> bool:
    """Say whether a request repeats an open one; refuse if it is another person's."""
    if approval.requested_by != context.actor.id:
        raise Conflict(
            f"approval {approval.id} for this move is open: "
            f"{approval.requested_by} asked for it",
            errors=(
                FieldError(
                    "to",
                    f"waits as approval {approval.id}",
                    "decide that one, or wait until it is decided",
                ),
            ),
        )
    return approval.reason == command.reason


def _check_decidable(approval: Approval, context: Context) -> None:
    if approval.state is ApprovalState.VOID:
        raise Conflict(
            f"approval {approval.id} is void: {approval.decision_reason}",
            errors=(_ask_again(approval),),
        )
    if approval.state is not ApprovalState.OPEN:
        raise Conflict(f"approval {approval.id} is {approval.state} already")
    if approval.requested_by == context.actor.id:
        raise NotPermitted(
            "who asked for an approval cannot decide it",
            errors=(
                FieldError(
                    "approval_id",
                    "was asked for by you",
                    "let another person decide it who has approvals:decide",
                ),
            ),
        )


def _outdated(approval: Approval, case: Case) -> Conflict:
    return Conflict(
        f"approval {approval.id} is void: it was asked on version "
        f"{approval.case_version}, the case is at version {case.version}",
        errors=(_ask_again(approval),),
    )


def _ask_again(approval: Approval) -> FieldError:
    return FieldError(
        "approval_id",
        f"was for version {approval.case_version} of the case",
        "look at the case as it is now and ask again",
    )

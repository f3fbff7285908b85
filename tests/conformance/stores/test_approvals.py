"""Four eyes on both databases: asked, approved once, by somebody else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from integritas.cases.api import (
    Approval,
    ApprovalState,
    Case,
    CaseCommand,
    RecordVerdict,
    Transition,
)
from integritas.kernel.contracts import Outcome
from integritas.kernel.errors import (
    Conflict,
    IntegritasError,
    NotPermitted,
    TransitionRefused,
)
from integritas.kernel.evidence import Party
from integritas.kernel.ids import CaseId, RunId, TenantId
from integritas.kernel.states import CaseState

if TYPE_CHECKING:
    from tests.conformance.stores.conftest import Stores


pytestmark = pytest.mark.integration

MAIN = TenantId("main")
OTHER = TenantId("other")
RUN = RunId("run_1")
PARTY = Party("Person", {"name": ("Jane Roe",)})
START = Transition(CaseState.INVESTIGATING)


async def risky(stores: Stores, risk: float = 80) -> CaseId:
    """Return a case that waits for a person at that risk."""
    case_id = await stores.new_case()
    run = RunId(stores.ids.new("run"))
    commands: list[CaseCommand] = [
        START,
        RecordVerdict(run, stores.verdict(risk, Outcome.REVIEW)),
    ]
    for command in commands:
        await stores.desk.change(stores.platform(), case_id, command)
    return case_id


CLOSE = Transition(CaseState.RESOLVED, reason="all clear")


async def asked(stores: Stores) -> Approval:
    """Return alice's request to close a risky case."""
    case_id = await risky(stores)
    approval = await stores.desk.transition(stores.person("alice"), case_id, CLOSE)
    assert isinstance(approval, Approval)
    return approval


async def decide(
    stores: Stores, approval: Approval, who: str, *, approve: bool = True
) -> Approval:
    """Decide as somebody."""
    return await stores.desk.decide_approval(
        stores.person(who), approval.id, approve=approve, reason="seen"
    )


async def test_a_harmless_transition_is_made_at_once(stores: Stores) -> None:
    case_id = await risky(stores, risk=10)
    case = await stores.desk.transition(stores.person(), case_id, CLOSE)
    assert isinstance(case, Case)
    assert case.state is CaseState.RESOLVED


async def test_a_risky_one_waits_for_a_second_person(stores: Stores) -> None:
    approval = await asked(stores)
    assert approval.state is ApprovalState.OPEN
    assert (approval.to, approval.requested_by) == (CaseState.RESOLVED, "user_alice")
    assert (await stores.desk.get(MAIN, approval.case_id)).state is CaseState.VALIDATING
    assert await stores.desk.approvals(MAIN, state=ApprovalState.OPEN) == [approval]


async def test_asking_again_asks_for_the_same(stores: Stores) -> None:
    approval = await asked(stores)
    again = await stores.desk.transition(stores.person("bob"), approval.case_id, CLOSE)
    assert again == approval


async def test_who_asked_cannot_approve(stores: Stores) -> None:
    approval = await asked(stores)
    for approve in (True, False):
        with pytest.raises(NotPermitted):
            await decide(stores, approval, "alice", approve=approve)
    assert (await stores.desk.approvals(MAIN)) == [approval]


async def test_approved_is_done_with_both_names(stores: Stores) -> None:
    approval = await asked(stores)
    decided = await decide(stores, approval, "bob")
    assert (decided.state, decided.decided_by) == (ApprovalState.APPROVED, "user_bob")
    case = await stores.desk.get(MAIN, approval.case_id)
    assert case.state is CaseState.RESOLVED
    [*_, last] = await stores.desk.history(MAIN, approval.case_id)
    assert (last.actor_id, last.approved_by) == ("user_alice", "user_bob")
    assert last.reason == "all clear"
    [*_, entry] = await stores.journal.read_subject(MAIN, approval.case_id)
    assert (entry.actor_id, entry.actor_roles) == ("user_alice", ())
    assert entry.data["approved_by"] == "user_bob"


async def test_rejected_is_not_done(stores: Stores) -> None:
    approval = await asked(stores)
    decided = await decide(stores, approval, "bob", approve=False)
    assert decided.state is ApprovalState.REJECTED
    assert (await stores.desk.get(MAIN, approval.case_id)).state is CaseState.VALIDATING


async def test_a_decided_approval_is_decided(stores: Stores) -> None:
    approval = await asked(stores)
    await decide(stores, approval, "bob", approve=False)
    with pytest.raises(Conflict, match="rejected"):
        await decide(stores, approval, "carol")


async def test_of_two_deciders_one_is_first(stores: Stores, beside: Stores) -> None:
    approval = await asked(stores)
    answers = await asyncio.gather(
        decide(stores, approval, "bob"),
        decide(beside, approval, "carol"),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, Approval) for answer in answers) == 1
    assert sum(isinstance(answer, IntegritasError) for answer in answers) == 1
    assert len(await stores.desk.history(MAIN, approval.case_id)) == 3


async def test_an_approval_and_a_rejection_do_not_both_stand(
    stores: Stores, beside: Stores
) -> None:
    approvals = [await asked(stores) for _ in range(5)]
    for approval in approvals:
        await asyncio.gather(
            decide(stores, approval, "bob"),
            decide(beside, approval, "carol", approve=False),
            return_exceptions=True,
        )
        case = await stores.desk.get(MAIN, approval.case_id)
        [kept] = await stores.desk.approvals(MAIN, case_id=approval.case_id)
        approved = kept.state is ApprovalState.APPROVED
        assert approved == (case.state is CaseState.RESOLVED)


async def test_a_case_that_moved_meanwhile_keeps_the_approval_open(
    stores: Stores,
) -> None:
    approval = await asked(stores)
    cancel = Transition(CaseState.CANCELLED, reason="withdrawn")
    await stores.desk.change(stores.person(), approval.case_id, cancel)
    with pytest.raises(TransitionRefused):
        await decide(stores, approval, "bob")
    assert await stores.desk.approvals(MAIN) == [approval]
    assert (await stores.desk.get(MAIN, approval.case_id)).state is CaseState.CANCELLED

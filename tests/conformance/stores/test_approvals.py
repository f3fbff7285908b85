"""Four eyes on both databases: asked, approved once, by somebody else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from integritas.cases.api import (
    AddEvidence,
    Approval,
    ApprovalState,
    Case,
    CaseCommand,
    EditCase,
    NewEvidence,
    RecordAssessment,
    RecordVerdict,
    ReviewState,
    Transition,
)
from integritas.cases.four_eyes import FourEyes
from integritas.cases.tables import APPROVALS
from integritas.kernel.contracts import Outcome, Verdict, not_assessed
from integritas.kernel.errors import (
    Conflict,
    IntegritasError,
    NotPermitted,
    TransitionRefused,
)
from integritas.kernel.evidence import Party, content_digest
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


async def test_it_names_the_case_it_was_asked_on(stores: Stores) -> None:
    approval = await asked(stores)
    case = await stores.desk.get(MAIN, approval.case_id)
    assert (approval.case_version, approval.from_state) == (case.version, case.state)
    [*_, entry] = await stores.journal.read_subject(MAIN, approval.case_id)
    assert entry.data["asked_on"] == case.version
    assert (entry.data["from"], entry.data["to"]) == ("VALIDATING", "RESOLVED")


async def test_the_same_request_again_is_the_same_approval(stores: Stores) -> None:
    approval = await asked(stores)
    again = await stores.desk.transition(
        stores.person("alice"), approval.case_id, CLOSE
    )
    assert again == approval


async def test_another_person_is_told_of_the_open_approval(stores: Stores) -> None:
    approval = await asked(stores)
    with pytest.raises(Conflict, match=f"{approval.id} .* user_alice asked") as caught:
        await stores.desk.transition(
            stores.person("bob"), approval.case_id, replace(CLOSE, reason="mine")
        )
    assert caught.value.errors[0].path == "to"
    assert await stores.desk.approvals(MAIN) == [approval]


async def test_another_reason_makes_another_approval(stores: Stores) -> None:
    first = await asked(stores)
    second = await stores.desk.transition(
        stores.person("alice"), first.case_id, replace(CLOSE, reason="better said")
    )
    assert isinstance(second, Approval)
    [newer, older] = await stores.desk.approvals(MAIN)
    assert (newer, newer.reason) == (second, "better said")
    assert (older.id, older.state) == (first.id, ApprovalState.VOID)
    assert older.decision_reason == "asked for again"


async def test_what_needs_nobody_is_not_asked_for(stores: Stores) -> None:
    case_id = await risky(stores, risk=10)
    eyes = FourEyes(stores.store, stores.journal, stores.clock, stores.ids)
    with pytest.raises(Conflict, match="no second person"):
        await stores.database.transact(
            lambda tx: eyes.ask(tx, stores.person(), case_id, CLOSE)
        )
    assert await stores.desk.approvals(MAIN) == []


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


CHANGES: dict[str, CaseCommand] = {
    "move": Transition(CaseState.REMEDIATING),
    "edit": EditCase(title="another"),
    "evidence": AddEvidence((NewEvidence(PARTY, content_digest(PARTY)),)),
    "assessment": RecordAssessment(RUN, not_assessed("spam", "no model")),
    "verdict": RecordVerdict(RUN, Verdict(Outcome.REVIEW, 90, "band", (), "default@1")),
}


@pytest.mark.parametrize("how", CHANGES)
async def test_whatever_changes_the_case_voids_its_approval(
    stores: Stores, how: str
) -> None:
    approval = await asked(stores)
    case = await stores.desk.change(
        stores.person("carol"), approval.case_id, CHANGES[how]
    )
    [kept] = await stores.desk.approvals(MAIN)
    assert (kept.state, kept.decided_by) == (ApprovalState.VOID, None)
    assert kept.decided_at is not None
    assert f"asked on version {approval.case_version}" in kept.decision_reason
    [*_, entry] = await stores.journal.read_subject(MAIN, approval.case_id)
    assert entry.type == "integritas.approval.voided.v1"
    assert entry.data == {
        "approval": approval.id,
        "asked_on": approval.case_version,
        "version": case.version,
    }
    for approve in (True, False):
        with pytest.raises(Conflict, match="is void: the case changed") as caught:
            await decide(stores, approval, "bob", approve=approve)
        assert "ask again" in caught.value.errors[0].remedy
    assert await stores.desk.get(MAIN, approval.case_id) == case


async def test_the_review_of_a_finding_voids_the_approval(stores: Stores) -> None:
    case_id = await risky(stores)
    found = RecordAssessment(RunId("run_2"), stores.whole("spam", ""))
    await stores.desk.change(stores.platform(), case_id, found)
    close = Transition(CaseState.RESOLVED, reason="no case")
    approval = await stores.desk.transition(stores.person("alice"), case_id, close)
    assert isinstance(approval, Approval)
    [finding] = await stores.desk.findings(MAIN, case_id)
    await stores.desk.review_finding(
        stores.person("carol"), finding.id, ReviewState.CONFIRMED, "it is him"
    )
    [kept] = await stores.desk.approvals(MAIN)
    assert kept.state is ApprovalState.VOID
    with pytest.raises(Conflict):
        await decide(stores, approval, "bob", approve=True)


async def test_a_refused_change_voids_nothing(stores: Stores) -> None:
    approval = await asked(stores)
    with pytest.raises(TransitionRefused):
        await stores.desk.change(
            stores.person(), approval.case_id, Transition(CaseState.PENDING)
        )
    assert await stores.desk.approvals(MAIN) == [approval]


async def test_an_outdated_approval_that_is_open_still_is_voided_when_decided(
    stores: Stores,
) -> None:
    approval = await asked(stores)  # as of a version that did not void them
    await stores.database.transact(
        lambda tx: tx.execute(sa.update(APPROVALS).values(case_version=2))
    )
    with pytest.raises(Conflict, match="asked on version 2, the case is at version"):
        await decide(stores, approval, "bob")
    [kept] = await stores.desk.approvals(MAIN)
    assert kept.state is ApprovalState.VOID
    assert (await stores.desk.get(MAIN, approval.case_id)).state is CaseState.VALIDATING


async def test_an_outdated_approval_does_not_bar_a_new_one(stores: Stores) -> None:
    outdated = await asked(stores)
    await stores.database.transact(
        lambda tx: tx.execute(sa.update(APPROVALS).values(case_version=2))
    )
    approval = await stores.desk.transition(
        stores.person("bob"), outdated.case_id, CLOSE
    )
    assert isinstance(approval, Approval)
    states = {one.id: one.state for one in await stores.desk.approvals(MAIN)}
    assert states == {
        outdated.id: ApprovalState.VOID,
        approval.id: ApprovalState.OPEN,
    }


async def test_a_change_and_an_approval_do_not_both_stand(
    stores: Stores, beside: Stores
) -> None:
    for _ in range(5):
        approval = await asked(stores)
        await asyncio.gather(
            decide(stores, approval, "bob"),
            beside.desk.change(
                stores.person("carol"), approval.case_id, EditCase(title="another")
            ),
            return_exceptions=True,
        )
        case = await stores.desk.get(MAIN, approval.case_id)
        [kept] = await stores.desk.approvals(MAIN, case_id=approval.case_id)
        assert (case.title == "another") == (kept.state is ApprovalState.VOID)
        assert (case.state is CaseState.RESOLVED) == (
            kept.state is ApprovalState.APPROVED
        )

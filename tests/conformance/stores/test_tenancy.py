"""No row and no answer of another tenant, whatever is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integritas.cases import views
from integritas.cases.api import (
    Approval,
    CaseFilter,
    EditCase,
    RecordAssessment,
    RecordVerdict,
    ReviewState,
    Transition,
)
from integritas.kernel.contracts import Outcome
from integritas.kernel.errors import NotFound
from integritas.kernel.ids import (
    ApprovalId,
    CaseId,
    EvidenceId,
    FindingId,
    RunId,
    SubmissionId,
    TenantId,
)
from integritas.kernel.states import CaseState

if TYPE_CHECKING:
    from tests.conformance.stores.conftest import Stores

pytestmark = pytest.mark.integration


@dataclass
class Owned:
    """The ids of one case and all that belongs to it."""

    case: CaseId
    submission: SubmissionId
    evidence: EvidenceId
    finding: FindingId
    approval: ApprovalId


async def fill(stores: Stores, tenant: TenantId, number: int) -> Owned:
    """Open a case with everything a case may have."""
    opened = await stores.open(tenant)
    case_id, desk = opened.case.id, stores.desk
    run = RunId(f"run_{number}")  # the same ids in each tenant, on purpose
    for command in (
        Transition(CaseState.INVESTIGATING),
        RecordAssessment(run, stores.whole("spam", "x")),
        RecordVerdict(run, stores.verdict(90, Outcome.REVIEW)),
    ):
        await desk.change(stores.platform(tenant), case_id, command)
    close = Transition(CaseState.RESOLVED)
    approval = await desk.transition(stores.person(tenant=tenant), case_id, close)
    assert isinstance(approval, Approval)
    [found] = await desk.findings(tenant, case_id)
    [evidence_id] = opened.evidence
    submission = opened.submission.id
    return Owned(case_id, submission, evidence_id, found.id, approval.id)


async def shown(stores: Stores, tenant: TenantId) -> dict[str, set[str]]:
    """Return the ids of everything that lists show to a tenant."""
    desk = stores.desk
    cases = await desk.list(tenant, limit=100)
    approvals = await desk.approvals(tenant, limit=100)
    submissions = await desk.submissions(tenant, limit=100)
    entries = await stores.journal.read(tenant)
    assert {case.tenant for case in cases} <= {tenant}
    assert {approval.tenant for approval in approvals} <= {tenant}
    assert {submission.tenant for submission in submissions} <= {tenant}
    assert {entry.tenant for entry in entries} <= {tenant}
    ids = [case.id for case in cases]
    dossiers = await desk.dossiers(tenant, ids)
    return {
        "case": set(ids),
        "approval": {approval.id for approval in approvals},
        "submission": {submission.id for submission in submissions},
        "subject": {entry.subject for entry in entries},
        "evidence": {e.id for d in dossiers.values() for e in d.evidence},
        "finding": {f.id for i in ids for f in await desk.findings(tenant, i)},
    }


def intrusions(stores: Stores, me: TenantId, its: Owned) -> Sequence[Awaitable[object]]:
    """Return every way to ask for what is another's by its id."""
    desk, who = stores.desk, stores.person("mallory", tenant=me)
    return [
        desk.get(me, its.case),
        desk.history(me, its.case),
        desk.decisions(me, its.case),
        desk.evidence(me, its.case),
        desk.findings(me, its.case),
        desk.submission(me, its.submission),
        desk.one_evidence(me, its.evidence),
        desk.finding(me, its.finding),
        desk.change(who, its.case, EditCase(title="mine")),
        desk.transition(who, its.case, Transition(CaseState.CANCELLED, "mine")),
        desk.read_raw(who, its.evidence),
        desk.review_finding(who, its.finding, ReviewState.DISMISSED, "mine"),
        desk.decide_approval(who, its.approval, approve=True, reason="mine"),
    ]


@given(plan=st.lists(st.integers(0, 2), min_size=2, max_size=5))
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_tenant_sees_its_own_and_nothing_else(
    stores: Stores, plan: list[int]
) -> None:
    tag = stores.ids.new("t")[2:].lower()
    tenants = [TenantId(f"{name}{tag}") for name in "abc"]

    async def run() -> None:
        owned: dict[TenantId, list[Owned]] = {tenant: [] for tenant in tenants}
        for number, index in enumerate(plan):
            owned[tenants[index]].append(await fill(stores, tenants[index], number))
        before = {tenant: await shown(stores, tenant) for tenant in tenants}
        for tenant in tenants:
            mine = owned[tenant]
            assert before[tenant] == {
                "case": {one.case for one in mine},
                "approval": {one.approval for one in mine},
                "submission": {one.submission for one in mine},
                "subject": {one.case for one in mine},
                "evidence": {one.evidence for one in mine},
                "finding": {one.finding for one in mine},
            }
            for other in tenants:
                for its in owned[other] if other != tenant else []:
                    answers = await asyncio.gather(
                        *intrusions(stores, tenant, its), return_exceptions=True
                    )
                    assert {type(answer) for answer in answers} == {NotFound}
                    desk = stores.desk
                    assert await desk.dossiers(tenant, [its.case]) == {}
                    assert await desk.approvals(tenant, case_id=its.case) == []
        assert {tenant: await shown(stores, tenant) for tenant in tenants} == before

    asyncio.run(run())


async def test_a_batch_reaches_no_other_tenant(stores: Stores) -> None:
    ours, theirs = TenantId("ours"), TenantId("theirs")
    mine, its = await stores.new_case(ours), await stores.new_case(theirs)
    start = Transition(CaseState.INVESTIGATING)
    answers = await stores.desk.change_many(
        [(stores.person(tenant=ours), case_id, start) for case_id in (mine, its)]
        + [(stores.person(tenant=theirs), mine, start)]
    )
    assert [isinstance(answer, NotFound) for answer in answers] == [False, True, True]
    assert (await stores.desk.get(theirs, its)).version == 1


async def test_lists_filter_count_and_page_within_a_tenant(stores: Stores) -> None:
    main, other = TenantId("main"), TenantId("other")
    ids = [await stores.new_case(main) for _ in range(5)]
    await stores.new_case(other)
    start = Transition(CaseState.INVESTIGATING)
    await stores.desk.change(stores.person(), ids[0], start)
    edit = EditCase(assignee="user_bob")
    await stores.desk.change(stores.person(), ids[1], edit)
    risk = RecordVerdict(RunId("run_1"), stores.verdict(60, Outcome.REVIEW))
    await stores.desk.change(stores.platform(), ids[2], risk)

    async def found(chosen: CaseFilter) -> list[str]:
        return [case.id for case in await stores.desk.list(main, chosen)]

    assert await found(CaseFilter()) == ids[::-1]
    assert await found(CaseFilter(states=(CaseState.INVESTIGATING,))) == [ids[0]]
    assert await found(CaseFilter(assignee="user_bob")) == [ids[1]]
    assert await found(CaseFilter(min_risk=60)) == [ids[2]]
    assert await found(CaseFilter(min_risk=61)) == []
    assert await found(CaseFilter(channel="email")) == []
    page = await stores.desk.list(main, limit=2)
    rest = await stores.desk.list(main, before=page[-1].id, limit=9)
    assert [case.id for case in (*page, *rest)] == ids[::-1]
    counts = await stores.database.read(lambda tx: views.count_by_state(tx, main))
    assert counts == {CaseState.PENDING: 4, CaseState.INVESTIGATING: 1}

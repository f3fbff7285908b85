"""Cases on both databases: opened, changed; nothing lost, nothing half-done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from integritas.cases.api import (
    EVIDENCE_ADDED,
    OPENED,
    TRANSITIONED,
    AddEvidence,
    Case,
    CaseCommand,
    EditCase,
    NewEvidence,
    NewSubmission,
    RecordAssessment,
    RecordVerdict,
    ReviewState,
    Transition,
)
from integritas.cases.tables import EVIDENCE, FINDINGS
from integritas.kernel.contracts import Outcome, dossier_digest
from integritas.kernel.errors import (
    InvalidInput,
    NotFound,
    Refused,
    VersionConflict,
)
from integritas.kernel.evidence import Message, Party, content_digest
from integritas.kernel.ids import CaseId, EvidenceId, RunId, TenantId
from integritas.kernel.states import CaseState
from integritas.platform.commands import START_RUN
from integritas.platform.idempotency import IdempotencyScope

if TYPE_CHECKING:
    from tests.conformance.stores.conftest import Stores

    from integritas.cases.api import Opened
    from integritas.kernel.contracts import Context, Fact
    from integritas.platform.db import Transaction

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
OTHER = TenantId("other")
RUN = RunId("run_1")
PARTY = Party("Person", {"name": ("Jane Roe",)})
START = Transition(CaseState.INVESTIGATING)


def more(*texts: str) -> AddEvidence:
    """Return more evidence."""
    contents = [Message(text.encode()) for text in texts]
    return AddEvidence(tuple(NewEvidence(c, content_digest(c)) for c in contents))


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


async def types(stores: Stores, subject: str, tenant: TenantId = MAIN) -> list[str]:
    """Return what the journal tells of a case, in short."""
    entries = await stores.journal.read_subject(tenant, subject)
    return [entry.type.split(".", 1)[1].removesuffix(".v1") for entry in entries]


# Opening ------------------------------------------------------------------------


async def test_a_submission_opens_a_case(stores: Stores) -> None:
    opened = await stores.open(MAIN, Message(b"hello"), PARTY)
    case = await stores.desk.get(MAIN, opened.case.id)
    assert case == opened.case
    assert (case.state, case.version) == (CaseState.PENDING, 1)
    assert case.kinds == ("message", "party")
    assert case.number == "INT-2026-00001"
    kept = await stores.desk.submission(MAIN, case.submission_id)
    assert kept == opened.submission
    evidence = await stores.desk.evidence(MAIN, case.id)
    assert [item.content for item in evidence] == [Message(b"hello"), PARTY]
    assert tuple(item.id for item in evidence) == opened.evidence


async def test_opening_queues_the_workflow_and_tells(stores: Stores) -> None:
    case_id = await stores.new_case()
    [command] = await stores.database.read(
        lambda tx: stores.commands.due(tx, [START_RUN], limit=9)
    )
    assert (command.tenant, command.subject) == (MAIN, case_id)
    assert await types(stores, case_id) == ["case.opened"]


async def test_nothing_personal_stands_in_the_journal(stores: Stores) -> None:
    content = Message(b"I am Jane Roe")
    submission = NewSubmission(
        "api", (NewEvidence(content, content_digest(content)),), "Roe", "ref-roe"
    )
    opened = await stores.desk.open(stores.person(), submission)
    [entry] = await stores.journal.read(MAIN)
    assert "roe" not in repr(entry).lower()
    beside = await stores.journal.personal(MAIN, entry.seq)
    assert beside is not None
    told = {"title": "Roe", "reference": "ref-roe", "address": "10.0.0.1"}
    assert beside.value() == told
    assert opened.case.title == "Roe"


async def test_numbers_count_per_tenant_and_year(stores: Stores) -> None:
    first = [(await stores.open(tenant)).case.number for tenant in (MAIN, MAIN, OTHER)]
    stores.clock.advance(400 * 86_400)
    later = (await stores.open(MAIN)).case.number
    assert first == ["INT-2026-00001", "INT-2026-00002", "INT-2026-00001"]
    assert later == "INT-2027-00001"


async def test_numbers_have_no_gaps_between_two_writers(
    stores: Stores, beside: Stores
) -> None:
    opened = await asyncio.gather(
        *((stores if n % 2 else beside).open(MAIN) for n in range(30))
    )
    numbers = sorted(one.case.number for one in opened)
    assert numbers == [f"INT-2026-{n:05d}" for n in range(1, 31)]


async def test_many_open_in_one_commit(stores: Stores) -> None:
    submissions = [stores.submission(Message(b"%d" % n)) for n in range(50)]
    opened = await stores.desk.open_many(stores.person(), submissions)
    assert [o.case.number[-2:] for o in opened] == [f"{n:02d}" for n in range(1, 51)]
    assert len(await stores.desk.list(MAIN, limit=100)) == 50


async def test_what_cannot_be_opened_sinks_no_neighbour(stores: Stores) -> None:
    def picky(tx: Transaction, context: Context, case: Case, fact: Fact) -> None:
        del tx, context, fact
        if case.channel == "bad":
            raise Refused("not this channel")

    stores.store.on(OPENED, picky)
    channels = ["api", "bad", "api", "api"]
    answers = await asyncio.gather(
        *(
            stores.desk.open(stores.person(), stores.submission(channel=channel))
            for channel in channels
        ),
        return_exceptions=True,
    )
    assert [isinstance(a, Refused) for a in answers] == [c == "bad" for c in channels]
    cases = await stores.desk.list(MAIN)
    assert sorted(c.number[-1] for c in cases) == ["1", "2", "3"]


async def test_a_key_opens_once(stores: Stores) -> None:
    scope = IdempotencyScope(MAIN, "user_1", "POST /submissions", "k", "h")

    def answer(opened: Opened) -> dict[str, Any]:
        return {"case": opened.case.id}

    asked = [
        stores.desk.open_once(stores.person(), stores.submission(), scope, answer)
        for _ in range(3)
    ]
    answers = await asyncio.gather(*asked)
    assert [replayed for _, replayed in answers] == [False, True, True]
    assert len({one["case"] for one, _ in answers}) == 1
    assert len(await stores.desk.list(MAIN)) == 1


# Changing -----------------------------------------------------------------------


async def test_a_change_is_kept_told_and_in_the_history(stores: Stores) -> None:
    case_id = await stores.new_case()
    stores.clock.advance(5)
    case = await stores.desk.change(stores.person(), case_id, START)
    assert case == await stores.desk.get(MAIN, case_id)
    [entry] = await stores.desk.history(MAIN, case_id)
    assert (entry.version, entry.from_state, entry.to_state) == (
        *(2, CaseState.PENDING, CaseState.INVESTIGATING),
    )
    assert (entry.actor_id, entry.at) == ("user_alice", stores.clock.now())
    assert await types(stores, case_id) == ["case.opened", "case.transitioned"]


async def test_of_two_with_the_same_version_one_wins(stores: Stores) -> None:
    case_id = await stores.new_case()
    edits = [EditCase(title=f"title {n}", expect=1) for n in range(5)]
    answers = await asyncio.gather(
        *(stores.desk.change(stores.person(), case_id, edit) for edit in edits),
        return_exceptions=True,
    )
    assert sum(isinstance(answer, VersionConflict) for answer in answers) == 4
    [won] = [answer for answer in answers if isinstance(answer, Case)]
    assert await stores.desk.get(MAIN, case_id) == won


async def test_of_two_processes_with_the_same_version_one_wins(
    stores: Stores, beside: Stores
) -> None:
    case_ids = [await stores.new_case() for _ in range(10)]
    answers = await asyncio.gather(
        *(
            one.desk.change(one.person(), case_id, EditCase(title=name, expect=1))
            for case_id in case_ids
            for name, one in (("ours", stores), ("theirs", beside))
        ),
        return_exceptions=True,
    )
    for case_id, pair in zip(
        case_ids, zip(answers[::2], answers[1::2], strict=True), strict=True
    ):
        [won] = [answer for answer in pair if isinstance(answer, Case)]
        [lost] = [answer for answer in pair if not isinstance(answer, Case)]
        assert isinstance(lost, VersionConflict)
        assert await stores.desk.get(MAIN, case_id) == won


async def test_no_change_of_two_processes_is_lost(
    stores: Stores, beside: Stores
) -> None:
    case_ids = [await stores.new_case() for _ in range(3)]
    changes = [
        one.desk.change(one.person(), case_id, EditCase(title=f"{n} {id(one)}"))
        for n in range(10)
        for case_id in case_ids
        for one in (stores, beside)
    ]
    await asyncio.gather(*changes)
    for case_id in case_ids:
        assert (await stores.desk.get(MAIN, case_id)).version == 21
        entries = await stores.journal.read_subject(MAIN, case_id)
        assert [entry.data["version"] for entry in entries] == list(range(1, 22))


async def test_a_batch_commits_all_but_the_refused(stores: Stores) -> None:
    ids = [await stores.new_case() for _ in range(20)]
    ids[7] = CaseId("case_none")
    stale = Transition(CaseState.INVESTIGATING, expect=9)
    changes = [
        (stores.person(), case_id, stale if n == 3 else START)
        for n, case_id in enumerate(ids)
    ]
    answers = await stores.desk.change_many(changes)
    assert isinstance(answers[3], VersionConflict)
    assert isinstance(answers[7], NotFound)
    others = [a for n, a in enumerate(answers) if n not in {3, 7}]
    assert all(
        isinstance(a, Case) and a.state is CaseState.INVESTIGATING for a in others
    )
    assert (await stores.desk.get(MAIN, ids[3])).state is CaseState.PENDING
    assert await types(stores, ids[3]) == ["case.opened"]


async def test_changes_of_one_case_see_each_other(stores: Stores) -> None:
    case_id = await stores.new_case()
    wanted: list[CaseCommand] = [
        START,
        START,
        Transition(CaseState.VALIDATING),
        EditCase(title="x"),
    ]
    answers = await stores.desk.change_many(
        [(stores.person(), case_id, command) for command in wanted]
    )
    versions = [a.version if isinstance(a, Case) else None for a in answers]
    assert versions == [2, None, 3, 4]
    assert (await stores.desk.get(MAIN, case_id)).version == 4


# Handlers -----------------------------------------------------------------------


async def test_a_handler_writes_in_the_same_commit(stores: Stores) -> None:
    def handler(tx: Transaction, context: Context, case: Case, fact: Fact) -> None:
        assert fact.data["to"] == case.state
        stores.commands.put(tx, context.tenant, "test.handled", [(case.id, {})])

    stores.store.on(TRANSITIONED, handler)
    case_id = await stores.new_case()
    await stores.desk.change(stores.person(), case_id, START)
    handled = await stores.database.read(
        lambda tx: stores.commands.due(tx, ["test.handled"], limit=9)
    )
    assert [command.subject for command in handled] == [case_id]


async def test_a_raising_handler_refuses_its_change_only(stores: Stores) -> None:
    ids = [await stores.new_case() for _ in range(5)]

    def handler(tx: Transaction, context: Context, case: Case, fact: Fact) -> None:
        del fact
        stores.commands.put(tx, context.tenant, "test.handled", [(case.id, {})])
        if case.id == ids[2]:
            raise Refused("not this one")

    stores.store.on(TRANSITIONED, handler)
    answers = await stores.desk.change_many([(stores.person(), i, START) for i in ids])
    assert [isinstance(answer, Refused) for answer in answers] == [
        *(False, False, True, False, False)
    ]
    assert (await stores.desk.get(MAIN, ids[2])).version == 1
    assert await types(stores, ids[2]) == ["case.opened"]
    assert await stores.desk.history(MAIN, ids[2]) == []
    handled = await stores.database.read(
        lambda tx: stores.commands.due(tx, ["test.handled"], limit=9)
    )
    assert [command.subject for command in handled] == [*ids[:2], *ids[3:]]
    entries = await stores.journal.read(MAIN)
    assert [entry.seq for entry in entries] == list(range(1, 10))


async def test_a_crashing_handler_sinks_no_other_caller(stores: Stores) -> None:
    ids = [await stores.new_case() for _ in range(3)]

    def handler(tx: Transaction, context: Context, case: Case, fact: Fact) -> None:
        del tx, context, fact
        if case.id == ids[1]:
            raise ValueError("a bug")

    stores.store.on(TRANSITIONED, handler)
    answers = await asyncio.gather(
        *(stores.desk.change(stores.person(), i, START) for i in ids),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [Case, ValueError, Case]


# Assessments, verdicts, evidence ----------------------------------------------------


async def assess(stores: Stores, case_id: CaseId, run: str, seen: str) -> Case:
    """Record three whole assessments and a clean verdict."""
    for service in ("anticorruption", "compliance", "spam"):
        command = RecordAssessment(RunId(run), stores.whole(service, seen))
        await stores.desk.change(stores.platform(), case_id, command)
    decided = RecordVerdict(RunId(run), stores.verdict(5))
    return await stores.desk.change(stores.platform(), case_id, decided)


async def seen_now(stores: Stores, case_id: CaseId) -> str:
    """Return the digest of what services see of a case."""
    dossiers = await stores.desk.dossiers(MAIN, [case_id])
    return dossier_digest(dossiers[case_id])


async def test_a_clean_case_is_closed_by_its_policy(stores: Stores) -> None:
    case_id = await stores.new_case()
    await stores.desk.change(stores.platform(), case_id, START)
    case = await assess(stores, case_id, "run_1", await seen_now(stores, case_id))
    assert case.state is CaseState.RESOLVED
    [*_, last] = await stores.desk.history(MAIN, case_id)
    assert (last.actor_id, last.actor_kind) == ("policy:default@1", "policy")
    [decision] = await stores.desk.decisions(MAIN, case_id)
    assert decision.verdict == stores.verdict(5)
    findings = await stores.desk.findings(MAIN, case_id)
    assert sorted(f.service for f in findings) == [
        "anticorruption",
        "compliance",
        "spam",
    ]


async def test_a_run_that_saw_less_closes_nothing(stores: Stores) -> None:
    case_id = await stores.new_case()
    await stores.desk.change(stores.platform(), case_id, START)
    before = await seen_now(stores, case_id)
    await stores.desk.change(stores.person(), case_id, more("a second message"))
    case = await assess(stores, case_id, "run_1", before)
    assert case.state is CaseState.VALIDATING
    assert case.missing == ("anticorruption", "compliance", "spam")


async def test_a_run_that_saw_all_closes_after_new_evidence(stores: Stores) -> None:
    case_id = await stores.new_case()
    await stores.desk.change(stores.platform(), case_id, START)
    await stores.desk.change(stores.person(), case_id, more("a", "b"))
    seen = await seen_now(stores, case_id)
    assert (await stores.desk.get(MAIN, case_id)).input_hash == seen
    assert (await assess(stores, case_id, "run_2", seen)).state is CaseState.RESOLVED


async def test_evidence_keeps_its_order(stores: Stores) -> None:
    case_id = await stores.new_case()
    await stores.desk.change_many(
        [(stores.person(), case_id, more(*texts)) for texts in (("a", "b"), ("c",))]
    )
    await stores.desk.change(stores.person(), case_id, more("d"))
    kept = await stores.desk.evidence(MAIN, case_id)
    contents = [item.content for item in kept]
    assert contents == [Message(raw) for raw in (b"hi", b"a", b"b", b"c", b"d")]
    case = await stores.desk.get(MAIN, case_id)
    assert case.input_hash == await seen_now(stores, case_id)
    positions = sa.select(EVIDENCE.c.position).order_by(EVIDENCE.c.position)
    rows = await stores.database.read(lambda tx: list(tx.execute(positions).scalars()))
    assert rows == [0, 1, 2, 3, 4]


async def test_new_evidence_is_told_by_reference(stores: Stores) -> None:
    case_id = await stores.new_case()
    case = await stores.desk.change(stores.person(), case_id, more("Jane Roe"))
    [_, entry] = await stores.journal.read_subject(MAIN, case_id)
    assert entry.type == EVIDENCE_ADDED
    assert entry.data["version"] == case.version
    assert "Jane" not in repr(entry)


async def test_raw_evidence_is_shown_only_on_the_record(stores: Stores) -> None:
    opened = await stores.open()
    [evidence_id] = opened.evidence
    evidence = await stores.desk.read_raw(stores.person("bob"), evidence_id)
    assert evidence.content == Message(b"hi")
    [_, entry] = await stores.journal.read_subject(MAIN, opened.case.id)
    assert entry.type == "integritas.evidence.read.v1"
    assert (entry.actor_id, entry.data) == ("user_bob", {"evidence": evidence_id})


async def test_an_ordinary_look_is_not_recorded(stores: Stores) -> None:
    opened = await stores.open()
    await stores.desk.evidence(MAIN, opened.case.id)
    await stores.desk.one_evidence(MAIN, opened.evidence[0])
    assert await stores.journal.head(MAIN) == 1


async def test_a_finding_is_reviewed_with_a_reason(stores: Stores) -> None:
    case_id = await stores.new_case()
    command = RecordAssessment(RUN, stores.whole("spam", "x"))
    await stores.desk.change(stores.platform(), case_id, command)
    [found] = await stores.desk.findings(MAIN, case_id)
    assert found.review is ReviewState.OPEN
    for reason in ("", "  "):
        with pytest.raises(InvalidInput) as caught:
            await stores.desk.review_finding(
                stores.person(), found.id, ReviewState.DISMISSED, reason
            )
        assert caught.value.errors[0].path == "reason"
    reviewed = await stores.desk.review_finding(
        stores.person("bob"), found.id, ReviewState.DISMISSED, "Jane is fine"
    )
    assert reviewed == await stores.desk.finding(MAIN, found.id)
    assert (reviewed.review, reviewed.reviewed_by) == (
        ReviewState.DISMISSED,
        "user_bob",
    )
    [*_, entry] = await stores.journal.read_subject(MAIN, case_id)
    assert entry.data == {"finding": found.id, "review": "dismissed"}
    assert entry.commitment


# Replay -------------------------------------------------------------------------


async def test_the_journal_rebuilds_the_case(stores: Stores) -> None:
    case_id = await risky(stores)
    desk, ann = stores.desk, stores.person()
    await desk.change(ann, case_id, EditCase(title="x", assignee="user_bob"))
    await desk.change(ann, case_id, more("a"))
    await desk.change(
        stores.platform(), case_id, RecordAssessment(RUN, stores.lacking("spam"))
    )
    verdict = stores.verdict(42, Outcome.ESCALATE)
    await desk.change(
        stores.platform(), case_id, RecordVerdict(RunId("run_2"), verdict)
    )
    case = await desk.get(MAIN, case_id)
    entries = await stores.journal.read_subject(MAIN, case_id)
    rebuilt: dict[str, object] = {}
    for entry in entries:
        rebuilt |= entry.data
        rebuilt["state"] = rebuilt.pop("to", rebuilt["state"])
        rebuilt["updated_at"] = entry.time
    assert rebuilt["number"] == case.number
    assert rebuilt["state"] == case.state
    assert rebuilt["version"] == case.version
    assert rebuilt["updated_at"] == case.updated_at
    assert rebuilt["assignee"] == case.assignee
    assert (rebuilt["risk"], rebuilt["band"]) == (case.risk, case.band)
    assert rebuilt["missing"] == list(case.missing)
    moves = [entry for entry in entries if entry.type == TRANSITIONED]
    history = await desk.history(MAIN, case_id)
    assert [move.data["to"] for move in moves] == [h.to_state for h in history]


async def test_findings_stand_in_their_table_alone(stores: Stores) -> None:
    case_id = await stores.new_case()
    command = RecordAssessment(RUN, stores.whole("spam", "x"))
    await stores.desk.change(stores.platform(), case_id, command)
    count = sa.select(sa.func.count()).select_from(FINDINGS)
    assert await stores.database.read(lambda tx: tx.execute(count).scalar_one()) == 1
    [_, entry] = await stores.journal.read_subject(MAIN, case_id)
    assert "saw something" not in repr(entry)


async def test_an_unknown_item_is_not_found(stores: Stores) -> None:
    with pytest.raises(NotFound, match="ev_none"):
        await stores.desk.read_raw(stores.person(), EvidenceId("ev_none"))
    assert await stores.journal.head(MAIN) == 0

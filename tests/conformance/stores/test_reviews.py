"""Reviews of findings by one person, or by two where the policy says so."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from integritas.cases.api import CaseDesk, FindingRecord, RecordAssessment, ReviewState
from integritas.cli.main import app
from integritas.kernel.contracts import Finding, FindingKind, Severity, Subject
from integritas.kernel.errors import Conflict, InvalidInput, NotPermitted
from integritas.kernel.ids import DEFAULT_TENANT as MAIN
from integritas.kernel.ids import RunId, TenantId

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.stores.conftest import Stores

RUN = RunId("run_1")
CONFIRMED, DISMISSED, OPEN = (
    ReviewState.CONFIRMED,
    ReviewState.DISMISSED,
    ReviewState.OPEN,
)


class TwoDismiss:
    """A policy: hits are dismissed by two people, confirmed by one."""

    async def second_reviewer(
        self,
        tenant: TenantId,
        channel: str,
        service: str,
        finding: Finding,
        review: str,
    ) -> str | None:
        assert (tenant, channel, service) == (MAIN, "api", "compliance")
        asked = finding.kind is FindingKind.HIT and review == "dismissed"
        return "hits are dismissed by two" if asked else None


@pytest.fixture
def desk(stores: Stores) -> CaseDesk:
    return CaseDesk(
        database=stores.database,
        store=stores.store,
        commands=stores.commands,
        recorder=stores.journal,
        clock=stores.clock,
        ids=stores.ids,
        review_policy=TwoDismiss(),
    )


@pytest.fixture
async def hit(stores: Stores) -> FindingRecord:
    case_id = await stores.new_case()
    finding = Finding(
        "sanctions.hit", Severity.HIGH, 0.9, Subject(), "a hit", kind=FindingKind.HIT
    )
    found = replace(stores.whole("compliance", ""), findings=(finding,))
    command = RecordAssessment(RUN, found)
    await stores.desk.change(stores.platform(), case_id, command)
    [record] = await stores.desk.findings(MAIN, case_id)
    return record


async def types(stores: Stores, hit: FindingRecord) -> list[str]:
    entries = await stores.journal.read_subject(MAIN, hit.case_id)
    return [e.type.split(".", 1)[1] for e in entries if ".finding." in e.type]


async def test_a_dismissal_holds_once_a_second_person_agrees(
    stores: Stores, desk: CaseDesk, hit: FindingRecord
) -> None:
    ann, bob = stores.person("ann"), stores.person("bob")
    proposed = await desk.review_finding(ann, hit.id, DISMISSED, "too young")
    assert proposed == await desk.finding(MAIN, hit.id)
    assert (proposed.review, proposed.reviewed_by) == (OPEN, None)
    assert (proposed.proposed, proposed.proposed_by) == (DISMISSED, "user_ann")
    assert proposed.proposed_reason == "too young"
    [*_, entry] = await stores.journal.read_subject(MAIN, hit.case_id)
    assert entry.data == {
        "finding": hit.id,
        "review": "dismissed",
        "rule": "hits are dismissed by two",
    }
    assert entry.commitment

    with pytest.raises(NotPermitted) as caught:
        await desk.review_finding(ann, hit.id, DISMISSED, "sure")
    assert caught.value.errors[0].remedy
    assert await desk.finding(MAIN, hit.id) == proposed

    agreed = await desk.review_finding(bob, hit.id, DISMISSED, "I see the same")
    assert agreed == await desk.finding(MAIN, hit.id)
    assert (agreed.review, agreed.reviewed_by) == (DISMISSED, "user_bob")
    assert (agreed.proposed, agreed.proposed_by) == (None, "user_ann")
    [*_, entry] = await stores.journal.read_subject(MAIN, hit.case_id)
    assert entry.actor_id == "user_bob"
    assert entry.data == {
        "finding": hit.id,
        "review": "dismissed",
        "proposed_by": "user_ann",
    }
    assert await types(stores, hit) == [
        "finding.review_proposed.v1",
        "finding.reviewed.v1",
    ]


async def test_one_person_is_enough_where_the_policy_asks_for_no_other(
    stores: Stores, desk: CaseDesk, hit: FindingRecord
) -> None:
    done = await desk.review_finding(stores.person("ann"), hit.id, CONFIRMED, "him")
    assert (done.review, done.proposed, done.proposed_by) == (CONFIRMED, None, None)
    # What was confirmed is confirmed until two people dismiss it.
    waits = await desk.review_finding(stores.person("ann"), hit.id, DISMISSED, "no")
    assert (waits.review, waits.proposed) == (CONFIRMED, DISMISSED)


async def test_another_word_takes_the_place_of_a_proposal(
    stores: Stores, desk: CaseDesk, hit: FindingRecord
) -> None:
    await desk.review_finding(stores.person("ann"), hit.id, DISMISSED, "too young")
    done = await desk.review_finding(stores.person("bob"), hit.id, CONFIRMED, "him")
    assert (done.review, done.proposed, done.proposed_by) == (CONFIRMED, None, None)
    assert done.proposed_reason is None


async def test_a_proposal_is_refused_or_taken_back(
    stores: Stores, desk: CaseDesk, hit: FindingRecord
) -> None:
    ann, bob = stores.person("ann"), stores.person("bob")
    with pytest.raises(Conflict) as caught:
        await desk.review_finding(bob, hit.id, OPEN, "no")
    assert caught.value.errors[0].path == "review"
    for who in (bob, ann):
        await desk.review_finding(ann, hit.id, DISMISSED, "too young")
        with pytest.raises(InvalidInput):
            await desk.review_finding(who, hit.id, OPEN, " ")
        assert await desk.review_finding(who, hit.id, OPEN, "look again") == hit
    assert (
        await types(stores, hit)
        == [
            "finding.review_proposed.v1",
            "finding.review_refused.v1",
        ]
        * 2
    )


async def test_hits_are_listed_by_where_their_review_stands(
    stores: Stores, desk: CaseDesk, hit: FindingRecord
) -> None:
    async def listed() -> list[str]:
        states = ("open", "proposed", "confirmed", "dismissed")
        return [s for s in states if await desk.hits(MAIN, review=s)]

    assert await listed() == ["open"]
    await desk.review_finding(stores.person("ann"), hit.id, DISMISSED, "too young")
    assert await listed() == ["proposed"]
    await desk.review_finding(stores.person("bob"), hit.id, DISMISSED, "right")
    assert await listed() == ["dismissed"]


async def test_of_two_at_once_one_proposes_and_one_agrees(
    stores: Stores, desk: CaseDesk, hit: FindingRecord
) -> None:
    answers = await asyncio.gather(
        *(
            desk.review_finding(stores.person(name), hit.id, DISMISSED, "no")
            for name in ("ann", "bob")
        )
    )
    assert {answer.review for answer in answers} == {OPEN, DISMISSED}
    kept = await desk.finding(MAIN, hit.id)
    assert kept.review is DISMISSED
    assert {kept.proposed_by, kept.reviewed_by} == {"user_ann", "user_bob"}


async def test_the_command_line_shows_where_reviews_stand(
    stores: Stores, desk: CaseDesk, hit: FindingRecord, url: str, tmp_path: Path
) -> None:
    await desk.review_finding(stores.person("ann"), hit.id, DISMISSED, "too young")

    def shown(review: str) -> list[dict[str, object]]:
        arguments = ["compliance", "hits", "--review", review, "--db", url]
        env = {"INTEGRITAS_STATE_DIR": str(tmp_path)}
        result = CliRunner().invoke(app, arguments, env=env)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    (line,) = await asyncio.to_thread(shown, "proposed")
    assert (line["id"], line["review"], line["proposed"]) == (
        hit.id,
        "open",
        "dismissed",
    )
    assert line["proposed_by"] == "user_ann"
    assert "too young" not in str(line)
    assert await asyncio.to_thread(shown, "open") == []

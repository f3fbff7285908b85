"""What the spam service learns: campaigns, rates, feedback; on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from integritas.journal.api import Feeder
from integritas.kernel.contracts import Assessment, Dossier, Evidence, Finding
from integritas.kernel.errors import InvalidInput, NotFound
from integritas.kernel.evidence import Message, content_digest
from integritas.kernel.ids import EventId, EvidenceId, TenantId
from integritas.services.spam.api import SpamService, load_spam_service, open_spam_desk
from integritas.services.spam.desk import REFRESHED_S, SpamDesk, Target
from integritas.services.spam.online import MOST_ALIKE
from integritas.services.spam.store import read_lessons
from integritas.workflows.api import Lessons

if TYPE_CHECKING:
    from tests.conformance.stores.conftest import Stores

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
OTHER = TenantId("other")
OFFER = "Dear friend, claim your prize of {} dollars now at our office in town today"


def desk_of(stores: Stores) -> SpamDesk:
    """Return a desk that has read nothing yet."""
    return open_spam_desk(stores.database, stores.clock, stores.ids, stores.journal)


@pytest.fixture
def desk(stores: Stores) -> SpamDesk:
    return desk_of(stores)


@pytest.fixture
def service(desk: SpamDesk) -> SpamService:
    return load_spam_service(desk=desk)


def dossier(
    stores: Stores, text: str, *, tenant: TenantId = MAIN, channel: str = "form"
) -> Dossier:
    """Return the dossier of a case with one message."""
    content = Message(text.encode())
    return Dossier(
        id=stores.ids.new("case"),
        tenant=tenant,
        channel=channel,
        received_at=stores.clock.now(),
        evidence=(
            Evidence(
                EvidenceId(stores.ids.new("ev")), content, content_digest(content)
            ),
        ),
    )


async def observe(service: SpamService, stores: Stores, *batch: Dossier) -> EventId:
    """Tell the service of dossiers by an event of its own."""
    event = EventId(stores.ids.new("evt"))
    await service.observe(event, batch)
    return event


async def findings(service: SpamService, item: Dossier) -> dict[str, Finding]:
    """Return what the service finds, by code."""
    (answer,) = await service.assess([item])
    assert isinstance(answer, Assessment)
    return {finding.code: finding for finding in answer.findings}


async def versions(service: SpamService, item: Dossier) -> dict[str, str]:
    (answer,) = await service.assess([item])
    assert isinstance(answer, Assessment)
    return dict(answer.versions)


def offers(stores: Stores, count: int) -> list[Dossier]:
    return [dossier(stores, OFFER.format(100 + n)) for n in range(count)]


# Campaigns ------------------------------------------------------------------------


async def test_messages_alike_make_a_campaign_that_names_every_case(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    sent = [*offers(stores, 4), dossier(stores, "The mayor took money for the school")]
    await observe(service, stores, *sent)
    [campaign] = await desk.campaigns(MAIN, before=None, limit=10)
    assert (campaign.messages, campaign.cases) == (4, 4)
    found, members = await desk.campaign(MAIN, campaign.id)
    assert found == campaign
    assert {member.case_id for member in members} == {item.id for item in sent[:4]}


async def test_one_alone_is_no_campaign(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    await observe(service, stores, *offers(stores, 1))
    assert await desk.campaigns(MAIN, before=None, limit=10) == []


async def test_an_assessment_tells_of_the_campaign_and_the_cursor(
    service: SpamService, stores: Stores
) -> None:
    item = dossier(stores, OFFER.format(999))
    assert (await versions(service, item))["campaigns"] == "0"
    await observe(service, stores, *offers(stores, 3))
    found = await findings(service, item)
    assert found["spam.campaign"].data["others"] == 3
    assert (await versions(service, item))["campaigns"] == "3"


async def test_assessing_teaches_nothing(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    for item in offers(stores, 5):
        await service.assess([item])
    assert await desk.campaigns(MAIN, before=None, limit=10) == []


async def test_a_message_is_not_among_the_others(
    service: SpamService, stores: Stores
) -> None:
    sent = offers(stores, 3)
    await observe(service, stores, *sent)
    assert (await findings(service, sent[0]))["spam.campaign"].data["others"] == 2


async def test_an_event_told_twice_counts_once(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    sent = offers(stores, 3)
    event = await observe(service, stores, *sent)
    await service.observe(event, sent)
    await service.observe(event, offers(stores, 3))
    await observe(service, stores, *sent)  # the same evidence by another event
    [campaign] = await desk.campaigns(MAIN, before=None, limit=10)
    assert campaign.messages == 3


async def test_what_was_learned_outlives_the_process(
    service: SpamService, stores: Stores
) -> None:
    await observe(service, stores, *offers(stores, 3))
    anew = load_spam_service(desk=desk_of(stores))
    item = dossier(stores, OFFER.format(7))
    assert await findings(anew, item) == await findings(service, item)


async def test_two_processes_learn_into_one_window(
    service: SpamService, stores: Stores, beside: Stores
) -> None:
    other = load_spam_service(desk=desk_of(beside))
    await observe(service, stores, *offers(stores, 1))
    await observe(other, beside, *offers(beside, 1))
    await observe(service, stores, *offers(stores, 1))
    [campaign] = await desk_of(stores).campaigns(MAIN, before=None, limit=10)
    assert campaign.messages == 3


def _overlapping() -> tuple[str, str, str]:
    """Return two texts that are not alike, and one that is like both."""
    shared, left, right = (
        [f"{name}{letter}" for letter in "abcdefghijklmnopqrst"]
        for name in ("shared", "left", "right")
    )
    return (
        " ".join(shared + left[:16]),
        " ".join(right[:16] + shared),
        " ".join(right[8:16] + shared + left[:8]),
    )


async def test_what_another_process_learned_is_heard_of(
    service: SpamService, stores: Stores, beside: Stores
) -> None:
    there = desk_of(beside)
    other = load_spam_service(desk=there)
    item = dossier(stores, OFFER.format(5))
    before = await findings(service, item)
    assert "spam.campaign" not in before
    await observe(other, beside, *offers(beside, 3))
    [campaign] = await there.campaigns(MAIN, before=None, limit=10)
    await give(there, beside, "junk", campaign=campaign.id)
    stores.clock.advance(REFRESHED_S)
    after = await findings(service, item)
    assert after["spam.campaign"].data["others"] == 3
    assert await score(service, item) > max(one.score for one in before.values())


async def test_campaigns_that_another_process_joined_are_one(
    service: SpamService, stores: Stores, beside: Stores
) -> None:
    first, second, between = _overlapping()
    for text in (first, second):
        await observe(service, stores, dossier(stores, text))
    other = load_spam_service(desk=desk_of(beside))
    await observe(other, beside, dossier(beside, between))
    await observe(service, stores, *[dossier(stores, text) for text in (first, second)])
    [campaign] = await desk_of(stores).campaigns(MAIN, before=None, limit=10)
    assert campaign.messages == 5


async def test_campaigns_join_when_a_message_is_like_both(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    first, second, between = _overlapping()
    for text in (first, second):
        await observe(service, stores, dossier(stores, text))
    assert await desk.campaigns(MAIN, before=None, limit=10) == []
    await observe(service, stores, dossier(stores, between))
    [campaign] = await desk.campaigns(MAIN, before=None, limit=10)
    assert campaign.messages == 3
    found = await findings(service, dossier(stores, first))
    assert found["spam.campaign"].data["others"] == 3


async def test_each_case_is_of_one_campaign_when_the_larger_takes_the_older_in(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    first, second, between = _overlapping()
    sent = [dossier(stores, text) for text in (first, *[second] * 3, between)]
    for item in sent[:-1]:
        await observe(service, stores, item)
    [before] = await desk.campaigns(MAIN, before=None, limit=10)
    await observe(service, stores, sent[-1])
    [after] = await desk.campaigns(MAIN, before=None, limit=10)
    assert (after.id, after.messages, after.cases) == (before.id, 5, 5)
    for item in sent:
        found = await desk.campaigns(MAIN, before=None, limit=10, case=item.id)
        assert [campaign.id for campaign in found] == [before.id]
    anew = load_spam_service(desk=desk_of(stores))
    item = dossier(stores, first)
    assert await findings(anew, item) == await findings(service, item)


async def test_what_is_learned_is_forgotten_little_by_little(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    await observe(service, stores, *offers(stores, 6))
    stores.clock.advance(timedelta(days=401).total_seconds())
    [old] = await desk.campaigns(MAIN, before=None, limit=10)
    await observe(service, stores, dossier(stores, "Something else was said today"))
    assert (await desk.campaign(MAIN, old.id))[0].messages == 2
    await observe(service, stores, dossier(stores, "And a third thing was said too"))
    assert await desk.campaigns(MAIN, before=None, limit=10) == []


async def test_a_name_that_no_database_takes_is_the_callers_fault(
    desk: SpamDesk,
) -> None:
    with pytest.raises((NotFound, InvalidInput)):
        await desk.campaign(MAIN, "camp_\x00")


async def test_tenants_see_nothing_of_each_other(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    await observe(service, stores, *offers(stores, 3))
    foreign = dossier(stores, OFFER.format(1), tenant=OTHER)
    assert "spam.campaign" not in await findings(service, foreign)
    [campaign] = await desk.campaigns(MAIN, before=None, limit=10)
    with pytest.raises(NotFound):
        await desk.campaign(OTHER, campaign.id)


async def test_old_messages_are_not_compared_with(
    service: SpamService, stores: Stores
) -> None:
    await observe(service, stores, *offers(stores, 3))
    stores.clock.advance(timedelta(days=15).total_seconds())
    await observe(service, stores, dossier(stores, "Something else entirely was said"))
    assert "spam.campaign" not in await findings(service, offers(stores, 1)[0])


async def test_a_flood_from_one_sender_is_told(
    service: SpamService, stores: Stores
) -> None:
    mail = "Received: x\nFrom: Bob <{}@x.example>\nSubject: hello {}\n\nword {}"

    def sent(who: str, number: int) -> Dossier:
        item = dossier(stores, mail.format(who, number, number))
        (evidence,) = item.evidence
        content = Message(evidence.content.raw, "message/rfc822")  # type: ignore[union-attr] # a message
        return replace(item, evidence=(replace(evidence, content=content),))

    await observe(service, stores, *[sent("bob", n) for n in range(25)])
    found = await findings(service, sent("bob", 99))
    assert found["spam.flood"].data["source"] == "sender"
    assert "spam.flood" not in await findings(service, sent("ann", 99))


async def test_the_journal_teaches(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    for number in range(3):
        await stores.open(MAIN, Message(OFFER.format(number).encode()))
    lessons = Lessons(stores.desk, service)
    school = Feeder("spam", stores.journal, stores.database, lessons, Lessons.types)
    await school.catch_up()
    [campaign] = await desk.campaigns(MAIN, before=None, limit=10)
    assert campaign.messages == 3


# Feedback -------------------------------------------------------------------------


async def score(service: SpamService, item: Dossier) -> float:
    found = await findings(service, item)
    return max(finding.score for finding in found.values())


async def give(desk: SpamDesk, stores: Stores, label: str, **target: Any) -> list[str]:
    rows = await desk.give_feedback(stores.person(), Target(**target), label, "because")
    return [row.id for row in rows]


async def test_feedback_moves_scores_of_like_messages_within_bounds(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    item = dossier(stores, "Our newsletter on school meals comes out on Fridays again")
    await observe(service, stores, item)
    before = await score(service, item)
    await give(desk, stores, "junk", evidence=item.evidence[0].id)
    after = await score(service, item)
    assert before < after < 1
    found = await findings(service, item)
    (finding,) = [f for f in found.values() if f.score]
    assert any("analysts" in reason.text for reason in finding.reasons)
    assert (await versions(service, item))["feedback"] == "1"
    far = dossier(stores, "Ich komme um neun vorbei und bringe den Bericht mit")
    plain = load_spam_service()
    assert abs(await score(service, far) - await score(plain, far)) < 0.05


async def test_feedback_taken_back_is_as_if_never_given(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    item = dossier(stores, OFFER.format(5))
    await observe(service, stores, item)
    before = await score(service, item)
    [key] = await give(desk, stores, "wanted", case=item.id)
    assert await score(service, item) < before
    await desk.withdraw_feedback(stores.person(), key)
    assert await score(service, item) == before
    again = await desk.withdraw_feedback(stores.person(), key)
    assert again.withdrawn_by is not None


async def test_a_campaign_is_decided_together(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    await observe(service, stores, *offers(stores, 3))
    [campaign] = await desk.campaigns(MAIN, before=None, limit=10)
    assert len(await give(desk, stores, "junk", campaign=campaign.id)) == 3


async def test_a_second_opinion_replaces_the_first(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    item = dossier(stores, OFFER.format(5))
    await observe(service, stores, item)
    await give(desk, stores, "wanted", case=item.id)
    await give(desk, stores, "junk", case=item.id)
    newest, oldest = await desk.feedback(MAIN, before=None, limit=10)
    assert newest.withdrawn_at is None
    assert oldest.withdrawn_at is not None


async def test_feedback_is_journaled_without_its_reason(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    item = dossier(stores, OFFER.format(5))
    await observe(service, stores, item)
    [key] = await give(desk, stores, "junk", case=item.id)
    await desk.withdraw_feedback(stores.person(), key)
    given, withdrawn = await stores.journal.read(MAIN)
    assert given.type == "integritas.spam.feedback_given.v1"
    assert given.data == {"feedback": key, "label": "junk"}
    assert given.commitment is not None
    assert withdrawn.type == "integritas.spam.feedback_withdrawn.v1"


async def test_feedback_on_a_flood_does_not_push_out_what_was_said_before(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    alone = dossier(stores, "Our newsletter on school meals comes out on Fridays again")
    await observe(service, stores, alone, *offers(stores, MOST_ALIKE + 10))
    await give(desk, stores, "wanted", case=alone.id)
    [campaign] = await desk.campaigns(MAIN, before=None, limit=10)
    given = await give(desk, stores, "junk", campaign=campaign.id)
    assert len(given) == MOST_ALIKE + 10
    lessons, _ = await stores.database.read(
        lambda tx: read_lessons(tx, MAIN, most=MOST_ALIKE + 5)
    )
    assert [lesson.junk for lesson in lessons] == [False, *[True] * MOST_ALIKE]


async def test_feedback_of_another_tenant_changes_nothing(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    item = dossier(stores, OFFER.format(5))
    await observe(service, stores, item)
    foreign = replace(item, tenant=OTHER)
    before = await score(service, foreign)
    await give(desk, stores, "wanted", case=item.id)
    assert await score(service, foreign) == before
    with pytest.raises(NotFound):
        await desk.give_feedback(
            stores.person(tenant=OTHER), Target(case=item.id), "junk", ""
        )


async def test_of_cases_that_are_withheld_campaigns_tell_nothing(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    sent = offers(stores, 4)
    await observe(service, stores, *sent)
    [whole] = await desk.campaigns(MAIN, before=None, limit=10)
    one = frozenset({sent[0].id, sent[0].evidence[0].id})
    [part] = await desk.campaigns(MAIN, before=None, limit=10, withheld=one)
    assert (whole.messages, part.messages, part.cases) == (4, 3, 3)
    found, members = await desk.campaign(MAIN, whole.id, withheld=one)
    assert found == part
    assert sent[0].id not in {member.case_id for member in members}
    rest = one | {sent[1].id, sent[2].id}  # what is left is no campaign
    assert await desk.campaigns(MAIN, before=None, limit=10, withheld=rest) == []
    with pytest.raises(NotFound):
        await desk.campaign(MAIN, whole.id, withheld=rest)


async def test_of_what_is_withheld_no_feedback_is_given_or_taken_back(
    service: SpamService, stores: Stores, desk: SpamDesk
) -> None:
    sent = offers(stores, 3)
    await observe(service, stores, *sent)
    [campaign] = await desk.campaigns(MAIN, before=None, limit=10)
    hidden = frozenset({sent[0].id, sent[0].evidence[0].id})
    target, by = Target(campaign=campaign.id), stores.person()
    rows = await desk.give_feedback(by, target, "junk", "", hidden)
    assert {row.evidence_id for row in rows} == {s.evidence[0].id for s in sent[1:]}
    [key] = await give(desk, stores, "wanted", case=sent[0].id)
    with pytest.raises(NotFound):
        await desk.withdraw_feedback(by, key, hidden)
    newest = (await desk.feedback(MAIN, before=None, limit=10))[0]
    assert (newest.id, newest.withdrawn_at) == (key, None)


@pytest.mark.parametrize("target", [Target(), Target("ev_x", "case_x", None)])
async def test_feedback_names_exactly_one_thing(
    stores: Stores, desk: SpamDesk, target: Target
) -> None:
    with pytest.raises(InvalidInput):
        await desk.give_feedback(stores.person(), target, "junk", "")


async def test_what_is_not_known_is_not_found(stores: Stores, desk: SpamDesk) -> None:
    with pytest.raises(NotFound):
        await give(desk, stores, "junk", case="case_unknown")
    with pytest.raises(NotFound):
        await desk.withdraw_feedback(stores.person(), "fdb_unknown")
    with pytest.raises(NotFound):
        await desk.campaign(MAIN, "camp_unknown")

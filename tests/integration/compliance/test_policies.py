"""Policies over real databases: drafts, four eyes, dates, and what decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from integritas.journal.api import Journal
from integritas.kernel.clock import ManualClock, SeededRandomness
from integritas.kernel.contracts import (
    Actor,
    Assessment,
    Context,
    DecisionRequest,
    Outcome,
    Verdict,
)
from integritas.kernel.errors import (
    Conflict,
    InvalidDefinition,
    InvalidInput,
    NotFound,
    Refused,
    VersionConflict,
)
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory, TenantId
from integritas.kernel.states import ActorKind
from integritas.platform.db import Database
from integritas.services.compliance.api import (
    ComplianceRecords,
    PolicyDesk,
    load_compliance_service,
    load_policy,
)

Json = dict[str, Any]
OTHER = TenantId("other")


def who(name: str, tenant: TenantId = DEFAULT_TENANT) -> Context:
    return Context(tenant, Actor(f"user_{name}", ActorKind.PERSON), "req")


def document(name: str = "mails", outcome: str = "review", **parts: Any) -> Json:
    return {
        "name": name,
        "channels": [] if name == "default" else ["mail"],
        "required_assessments": ["spam", "anticorruption", "compliance"],
        "bands": [
            {"name": "low", "from": 0, "to": 30, "outcome": outcome},
            {"name": "high", "from": 30, "to": 100, "outcome": "escalate"},
        ],
        "severity_points": {
            "info": 0,
            "low": 10,
            "medium": 35,
            "high": 50,
            "critical": 75,
        },
        "examples": [{"name": "clean", "expect": {"outcome": outcome}}],
        **parts,
    }


def request(
    channel: str = "mail", tenant: TenantId = DEFAULT_TENANT
) -> DecisionRequest:
    names = ("spam", "anticorruption", "compliance")
    whole = {name: Assessment(name, (), {}, "h") for name in names}
    return DecisionRequest("d", tenant, channel, frozenset(), whole)


@pytest.fixture
def journal(database: Database, clock: ManualClock) -> Journal:
    randomness = SeededRandomness(1)
    return Journal(database, clock, randomness, IdFactory(clock, randomness))


@pytest.fixture
def desk(database: Database, journal: Journal, clock: ManualClock) -> PolicyDesk:
    return PolicyDesk(database, journal, clock, load_policy())


async def publish(desk: PolicyDesk, **parts: Any) -> None:
    record = await desk.create(who("ann"), document(**parts))
    expected = (record.version, record.revision)
    await desk.publish(who("ann"), record.name, expected)
    await desk.publish(who("ben"), record.name, expected)


async def outcome(
    desk: PolicyDesk, channel: str = "mail", tenant: TenantId = DEFAULT_TENANT
) -> Outcome:
    service = load_compliance_service(None, records=ComplianceRecords(policies=desk))
    (verdict,) = await service.decide([request(channel, tenant)])
    assert isinstance(verdict, Verdict)
    return verdict.outcome


async def test_a_draft_decides_nothing(desk: PolicyDesk) -> None:
    await desk.create(who("ann"), document())
    assert await outcome(desk) is Outcome.NO_ACTION


async def test_what_two_people_published_decides_its_channel(desk: PolicyDesk) -> None:
    await publish(desk)
    assert await outcome(desk) is Outcome.REVIEW
    assert await outcome(desk, "api") is Outcome.NO_ACTION
    assert await outcome(desk, tenant=OTHER) is Outcome.NO_ACTION


async def test_the_default_takes_the_place_of_the_shipped_one(desk: PolicyDesk) -> None:
    await publish(desk, name="default")
    assert await outcome(desk, "api") is Outcome.REVIEW


async def test_the_second_person_is_another(desk: PolicyDesk) -> None:
    record = await desk.create(who("ann"), document())
    proposed = await desk.publish(who("ben"), "mails", (1, 1))
    assert (proposed.state, proposed.proposed_by) == ("proposed", "user_ben")
    for name in ("ann", "ben"):
        with pytest.raises(Refused, match="second person"):
            await desk.publish(who(name), "mails", (1, 1))
    published = await desk.publish(who("cal"), record.name, (1, 1))
    assert published.published_by == "user_cal"
    with pytest.raises(Conflict, match="published already"):
        await desk.publish(who("dan"), "mails", (1, 1))


async def test_saving_voids_a_proposal(desk: PolicyDesk) -> None:
    await desk.create(who("ann"), document())
    await desk.publish(who("ann"), "mails", (1, 1))
    saved = await desk.save(who("ann"), "mails", document(description="b"), (1, 1))
    assert (saved.version, saved.revision, saved.state) == (1, 2, "draft")
    with pytest.raises(VersionConflict):
        await desk.publish(who("ben"), "mails", (1, 1))
    assert (await desk.publish(who("ben"), "mails", (1, 2))).state == "proposed"


async def test_what_is_published_never_changes(desk: PolicyDesk) -> None:
    await publish(desk)
    saved = await desk.save(who("ann"), "mails", document(outcome="escalate"), (1, 1))
    assert (saved.version, saved.state) == (2, "draft")
    assert (await desk.get(DEFAULT_TENANT, "mails", 1)).state == "published"
    assert await outcome(desk) is Outcome.REVIEW
    await desk.publish(who("ann"), "mails", (2, 1))
    await desk.publish(who("ben"), "mails", (2, 1))
    assert await outcome(desk) is Outcome.ESCALATE


async def test_a_policy_begins_on_its_date(
    desk: PolicyDesk, clock: ManualClock
) -> None:
    await desk.create(who("ann"), document())
    start = clock.now() + timedelta(days=2)
    await desk.publish(who("ann"), "mails", (1, 1), start)
    with pytest.raises(Conflict, match="another date"):
        await desk.publish(who("ben"), "mails", (1, 1), start + timedelta(days=1))
    await desk.publish(who("ben"), "mails", (1, 1))
    assert await outcome(desk) is Outcome.NO_ACTION
    clock.advance(timedelta(days=2).total_seconds())
    assert await outcome(desk) is Outcome.REVIEW
    await desk.create(who("ann"), document("late", channels=["late"]))
    with pytest.raises(InvalidInput, match="past"):
        await desk.publish(who("ann"), "late", (1, 1), start - timedelta(days=1))


async def test_another_process_sees_it_within_a_second(
    database: Database, journal: Journal, desk: PolicyDesk, clock: ManualClock
) -> None:
    other = PolicyDesk(database, journal, clock, load_policy())
    assert await outcome(other) is Outcome.NO_ACTION
    await publish(desk)
    clock.advance(1)
    assert await outcome(other) is Outcome.REVIEW


@pytest.mark.parametrize(
    "examples",
    [[], [{"name": "clean", "expect": {"outcome": "escalate"}}]],
)
async def test_untested_policies_are_not_published(
    desk: PolicyDesk, examples: list[Json]
) -> None:
    await desk.create(who("ann"), document(examples=examples))
    with pytest.raises(Refused, match="example"):
        await desk.publish(who("ann"), "mails", (1, 1))


async def test_channels_have_one_policy(desk: PolicyDesk) -> None:
    await publish(desk)
    await desk.create(who("ann"), document("other"))
    with pytest.raises(Conflict, match="mails decides mail"):
        await desk.publish(who("ann"), "other", (1, 1))
    await desk.create(who("ann"), document("all", channels=[]))
    with pytest.raises(InvalidInput, match="channels"):
        await desk.publish(who("ann"), "all", (1, 1))


async def test_what_is_wrong_is_refused_at_the_door(desk: PolicyDesk) -> None:
    guard = {"name": "g", "when": "risk >", "outcome": "review"}
    with pytest.raises(InvalidDefinition, match=r"guards\[0\]"):
        await desk.create(who("ann"), document(guards=[guard]))
    with pytest.raises(InvalidDefinition):
        await desk.create(who("ann"), {"name": "x"})
    with pytest.raises(InvalidDefinition, match=r"\(whole\)"):
        await desk.create(who("ann"), document(description=float("nan")))
    await desk.create(who("ann"), document())
    with pytest.raises(Conflict, match="there is a policy mails"):
        await desk.create(who("ann"), document())
    with pytest.raises(InvalidDefinition, match="name"):
        await desk.save(who("ann"), "mails", document("other"), (1, 1))
    with pytest.raises(NotFound):
        await desk.get(DEFAULT_TENANT, "nobody")
    with pytest.raises(NotFound):
        await desk.get(OTHER, "mails")
    assert [r.name for r in await desk.list(DEFAULT_TENANT)] == ["mails"]


async def test_each_change_is_told(desk: PolicyDesk, journal: Journal) -> None:
    await publish(desk)
    entries = await journal.read(DEFAULT_TENANT)
    assert [entry.type.split(".")[2] for entry in entries] == [
        "policy_saved",
        "policy_proposed",
        "policy_published",
    ]
    assert [entry.actor_id for entry in entries] == ["user_ann", "user_ann", "user_ben"]
    assert {entry.subject for entry in entries} == {"policy:mails"}

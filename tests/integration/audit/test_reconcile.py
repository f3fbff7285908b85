"""Journal, cases and log against each other: nothing taken or added is missed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from integritas.cases.api import (
    CaseDesk,
    CaseStore,
    NewEvidence,
    NewSubmission,
    Transition,
)
from integritas.kernel.clock import SeededRandomness
from integritas.kernel.contracts import Actor, Context
from integritas.kernel.evidence import Message, content_digest
from integritas.kernel.ids import CaseId, IdFactory, TenantId
from integritas.kernel.states import ActorKind, CaseState
from integritas.oversight.api import Reconciliation, reconcile
from integritas.platform.commands import CommandQueue

if TYPE_CHECKING:
    from tests.integration.audit.conftest import World

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
PERSON = Context(MAIN, Actor("user_1", ActorKind.PERSON, frozenset({"admin"})), "req")


@dataclass
class Office:
    """A world with cases in it."""

    world: World
    desk: CaseDesk
    cases: list[CaseId]

    async def check(self) -> Reconciliation:
        world = self.world
        return await reconcile(MAIN, world.journal, self.desk, world.trail)

    async def places(self) -> list[str]:
        return [found.place for found in (await self.check()).differences]

    async def run(self, statement: str, **values: object) -> None:
        await self.world.database.transact(
            lambda tx: tx.execute(sa.text(statement), values)
        )


@pytest.fixture
async def office(world: World) -> Office:
    return await office_on(world)


async def office_on(world: World) -> Office:
    """Open three cases, cancel the first."""
    randomness = SeededRandomness(5)
    ids = IdFactory(world.clock, randomness)
    desk = CaseDesk(
        database=world.database,
        store=CaseStore(world.journal, world.clock, randomness, ids),
        commands=CommandQueue(world.clock, ids),
        recorder=world.journal,
        clock=world.clock,
        ids=ids,
    )
    made = Office(world, desk, [])
    for number in range(3):
        content = Message(f"mail {number}".encode(), "text/plain")
        evidence = (NewEvidence(content, content_digest(content)),)
        opened = await desk.open(PERSON, NewSubmission("api", evidence))
        made.cases.append(opened.case.id)
    move = Transition(to=CaseState.CANCELLED, reason="a test")
    await desk.transition(PERSON, made.cases[0], move)
    await world.trail.follower().catch_up()
    return made


async def test_what_agrees_raises_no_alarm(office: Office) -> None:
    report = await office.check()
    assert report.differences == ()
    assert (report.cases, report.entries, report.logged) == (3, 4, 4)


async def test_entries_from_outside_are_no_difference(office: Office) -> None:
    body = (
        b'{"event_id":"e","subject":"s","time":"2026-01-01T00:00:00.000000Z",'
        b'"type":"t"}'
    )
    await office.world.trail.append(MAIN, [body])
    assert await office.places() == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("state", "RESOLVED"), ("version", 9), ("risk", 7.5), ("outcome", "no_action")],
)
async def test_a_changed_case_is_named(
    office: Office, column: str, value: object
) -> None:
    case = office.cases[1]
    await office.run(
        f"UPDATE cases SET {column} = :value WHERE id = :id",  # noqa: S608 - a test
        value=value,
        id=case,
    )
    assert await office.places() == [f"cases[{case}].{column}"]


async def test_a_deleted_case_is_named(office: Office) -> None:
    await office.run("DELETE FROM cases WHERE id = :id", id=office.cases[1])
    assert await office.places() == [f"cases[{office.cases[1]}]"]


async def test_a_case_that_nothing_tells_of_is_named(office: Office) -> None:
    case = office.cases[2]
    await office.run("UPDATE cases SET id = 'case_x' WHERE id = :id", id=case)
    assert sorted(await office.places()) == sorted([f"cases[{case}]", "cases[case_x]"])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM case_history",
        "UPDATE case_history SET to_state = 'RESOLVED'",
        "UPDATE case_history SET actor_id = 'user_2'",
    ],
)
async def test_a_changed_history_is_named(office: Office, statement: str) -> None:
    await office.run(statement)
    assert await office.places() == [f"cases[{office.cases[0]}].history[2]"]


async def test_an_invented_move_is_named(office: Office) -> None:
    await office.run("UPDATE case_history SET version = 7")
    where = f"cases[{office.cases[0]}].history"
    assert await office.places() == [f"{where}[2]", f"{where}[7]"]


async def test_missing_and_added_evidence_are_named(office: Office) -> None:
    (item,) = await office.desk.evidence(MAIN, office.cases[1])
    await office.run("UPDATE evidence SET id = 'ev_x' WHERE id = :id", id=item.id)
    where = f"cases[{office.cases[1]}].evidence"
    assert await office.places() == [f"{where}[ev_x]", f"{where}[{item.id}]"]


async def test_a_state_that_is_none_is_named(office: Office) -> None:
    await office.run("UPDATE cases SET state = 'NONE'")
    assert f"cases[{office.cases[0]}]" in await office.places()


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE case_history SET at = 'never'", "cases[{case}]"),
        ("UPDATE evidence SET content = X'7b7d'", "evidence[{item}].content"),
        ("UPDATE cases SET due_at = 'never'", "cases"),
    ],
)
async def test_what_cannot_be_read_is_named(
    sqlite_world: World, statement: str, place: str
) -> None:
    # No other database holds what is none of its kind.
    office = await office_on(sqlite_world)
    (item,) = await office.desk.evidence(MAIN, office.cases[0])
    await office.run(statement)
    expected = place.format(case=office.cases[0], item=item.id)
    assert expected in await office.places()


async def test_an_entry_that_cannot_be_replayed_is_named(office: Office) -> None:
    await office.run("UPDATE journal SET data = '{}' WHERE seq = 1")
    places = await office.places()
    assert places[0] == f"cases[{office.cases[0]}]"
    assert "journal[1]" in places


async def test_an_entry_taken_from_the_journal_is_named(office: Office) -> None:
    await office.run("DELETE FROM journal WHERE seq = 4")
    places = await office.places()
    assert "audit_entries[3]" in places
    assert f"cases[{office.cases[0]}].state" in places


async def test_an_entry_never_logged_is_named(office: Office) -> None:
    await office.run("DELETE FROM audit_entries WHERE idx = 3")
    assert "audit_entries[3]" in await office.places()

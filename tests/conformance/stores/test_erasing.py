"""What is due, and what is erased of what services learned, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.conformance.stores.test_procurement_learning import contest, feeder

from integritas.cases.api import closed_evidence
from integritas.cases.tables import CASES
from integritas.journal.api import numbers_on
from integritas.kernel.contracts import Fact
from integritas.kernel.errors import NotFound, Refused
from integritas.kernel.evidence import Message
from integritas.kernel.ids import EventId, TenantId
from integritas.oversight.api import SubjectDesk, Unlearned
from integritas.services.anticorruption.api import open_dataset_desk
from integritas.services.spam.api import load_spam_service, open_spam_desk
from integritas.services.spam.tables import SPAM_SIGHTINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conformance.stores.conftest import Stores

    from integritas.kernel.contracts import Context, Dossier, Evidence, UnitOfWork
    from integritas.platform.db import Transaction

pytestmark = pytest.mark.integration

MAIN, OTHER = TenantId("main"), TenantId("other")


async def test_evidence_of_closed_cases_is_found_page_by_page(stores: Stores) -> None:
    now = stores.clock.now()
    opened = [
        await stores.open(tenant, Message(b"one"), contest(1))
        for tenant in (MAIN, MAIN, MAIN, OTHER)
    ]
    old, _, recent, _ = opened
    for one, days in ((old, 10), (recent, 1), (opened[3], 10)):
        change = (
            sa.update(CASES)
            .where(CASES.c.id == one.case.id)
            .values(closed_at=now - timedelta(days=days))
        )
        await stores.database.transact(lambda tx, q=change: tx.execute(q))  # type: ignore[misc] # mypy sees no default

    def pages(tx: Transaction, days: int) -> list[str]:
        found: list[str] = []
        after = ("", "")
        before = now - timedelta(days=days)
        while page := closed_evidence(tx, MAIN, before, after=after, limit=1):
            found.append(page[0].case_id)
            after = (page[0].case_id, page[0].evidence_id)
        return found

    ten = await stores.database.read(lambda tx: pages(tx, 5))
    assert ten == [old.case.id] * 2
    both = await stores.database.read(lambda tx: pages(tx, 0))
    assert both == sorted([old.case.id, recent.case.id] * 2)


async def test_every_process_forgets_what_was_observed_of_a_process(
    stores: Stores,
) -> None:
    one = open_dataset_desk(stores.database, stores.clock, stores.journal)
    other = open_dataset_desk(stores.database, stores.clock, stores.journal)
    opened = await stores.open(MAIN, contest(1, "D"))
    await stores.open(MAIN, contest(2))
    await feeder(stores, one).catch_up()
    assert (await other.network(MAIN, "D")).neighbourhood.nodes
    evidence = await stores.desk.evidence(MAIN, opened.case.id)
    apart = await stores.database.transact(
        lambda tx: one.erase_evidence(tx, OTHER, evidence)
    )
    gone = await stores.database.transact(
        lambda tx: one.erase_evidence(tx, MAIN, evidence)
    )
    assert (apart, gone) == (0, 1)
    for desk in (one, other):
        with pytest.raises(NotFound):
            await desk.network(MAIN, "D")
        assert (await desk.network(MAIN, "C")).neighbourhood.nodes
        assert (await desk.get(MAIN, "observed"))["processes"] == 2


async def test_a_sighting_goes_and_others_are_learned_on(stores: Stores) -> None:
    desk = open_spam_desk(stores.database, stores.clock, stores.ids, stores.journal)
    service = load_spam_service(desk=desk)
    dossiers: list[Dossier] = []
    for text in (b"Win a prize now, click here", b"Minutes of the board", b"Lunch?"):
        opened = await stores.open(MAIN, Message(text))
        dossiers += (await stores.desk.dossiers(MAIN, [opened.case.id])).values()
    first, second, third = dossiers
    await service.observe(EventId("1"), [first, second])
    evidence = first.evidence
    apart = await stores.database.transact(lambda tx: desk.erase(tx, OTHER, evidence))
    gone = await stores.database.transact(lambda tx: desk.erase(tx, MAIN, evidence))
    assert (apart, gone) == (0, 1)
    left = sa.select(SPAM_SIGHTINGS.c.evidence_id)
    kept = await stores.database.read(lambda tx: list(tx.execute(left).scalars()))
    assert kept == [second.evidence[0].id]
    again = await stores.database.transact(lambda tx: desk.erase(tx, MAIN, evidence))
    assert again == 0
    await service.observe(EventId("2"), [third])
    assert (await desk.known(MAIN)).window.cursor == 3


async def test_what_a_service_wrote_entries_on_goes_beside_the_journal(
    stores: Stores,
) -> None:
    opened = await stores.open(MAIN, Message(b"one"), Message(b"two"))
    context, journal = stores.person(), stores.journal
    pair = Fact("integritas.test.paired.v1", "pair_1", {}, {"reason": "a person"})
    other = replace(pair, subject="pair_2")
    await stores.database.transact(
        lambda tx: journal.record(tx, context, [pair, other])
    )

    def unlearn(
        uow: UnitOfWork, context: Context, _: Sequence[Evidence], /
    ) -> Unlearned:
        journal.record(uow, context, [replace(pair, personal={"reason": "erased"})])
        return Unlearned(1, ["pair_1"])

    held: set[str] = set()
    desk = SubjectDesk(
        stores.database, stores.desk, journal, [unlearn], lambda *_: held
    )
    (item, _) = await stores.desk.evidence(MAIN, opened.case.id)
    held.add("pair_1")
    with pytest.raises(Refused, match="pair_1 is under legal hold"):
        await desk.erase(context, [item.id], "art. 17")
    held.clear()
    await desk.erase(context, [item.id], "art. 17")

    old, new = await journal.read_subject(MAIN, "pair_1", limit=2)
    assert await journal.personal(MAIN, old.seq) is None
    assert await journal.personal(MAIN, new.seq) is not None
    (kept,) = await journal.read_subject(MAIN, "pair_2")
    assert await journal.personal(MAIN, kept.seq) is not None
    assert await journal.missing_personal(MAIN) == []
    again = await stores.database.read(
        lambda tx: numbers_on(tx, MAIN, ["pair_1"], until=99)
    )
    assert again == {"pair_1": [old.seq, new.seq]}  # not what tells of the erasure

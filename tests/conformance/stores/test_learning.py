"""What services are told of cases: each piece of evidence once, as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from integritas.cases.api import AddEvidence, NewEvidence
from integritas.journal.api import Feeder
from integritas.kernel.evidence import EvidenceKind, Message, Party, content_digest
from integritas.kernel.ids import TenantId
from integritas.workflows.api import Lessons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conformance.stores.conftest import Stores

    from integritas.kernel.contracts import Dossier
    from integritas.kernel.ids import EventId

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
OTHER = TenantId("other")


class Pupil:
    """An observer that keeps what it was told."""

    def __init__(self, *kinds: EvidenceKind) -> None:
        self.learns_from = frozenset(kinds or EvidenceKind)
        self.events: list[str] = []
        self.dossiers: list[Dossier] = []

    async def observe(self, event_id: EventId, batch: Sequence[Dossier], /) -> None:
        self.events.append(event_id)
        self.dossiers.extend(batch)

    def raws(self) -> list[list[bytes]]:
        return [
            [i.content.raw for i in d.evidence if isinstance(i.content, Message)]
            for d in self.dossiers
        ]


def school(stores: Stores, pupil: Pupil) -> Feeder:
    """Return the feeder that teaches a pupil, wired as bootstrap does."""
    lessons = Lessons(stores.desk, pupil)
    return Feeder("p", stores.journal, stores.database, lessons, Lessons.types)


async def test_evidence_is_told_with_the_entry_that_brought_it(stores: Stores) -> None:
    opened = await stores.open(MAIN, Message(b"one"), Message(b"two"))
    three = Message(b"three")
    more = AddEvidence((NewEvidence(three, content_digest(three)),))
    await stores.desk.change(stores.person(), opened.case.id, more)
    pupil = Pupil()
    await school(stores, pupil).catch_up()
    assert pupil.raws() == [[b"one", b"two"], [b"three"]]
    assert {d.id for d in pupil.dossiers} == {opened.case.id}


async def test_tenants_are_told_apart(stores: Stores) -> None:
    await stores.open(MAIN, Message(b"mine"))
    await stores.open(OTHER, Message(b"yours"))
    pupil = Pupil()
    await school(stores, pupil).catch_up()
    assert [dossier.tenant for dossier in pupil.dossiers] == [MAIN, OTHER]
    assert pupil.raws() == [[b"mine"], [b"yours"]]


async def test_other_entries_tell_nothing(stores: Stores) -> None:
    await stores.open(MAIN)
    await school(stores, Pupil()).catch_up()
    pupil = Pupil()
    await Lessons(stores.desk, pupil)(MAIN, [])
    assert pupil.events == []


async def test_large_evidence_is_told_in_several_lessons(stores: Stores) -> None:
    for number in range(3):
        await stores.open(MAIN, Message(b"%d" % number + b"x" * 5_000_000))
    pupil = Pupil()
    await school(stores, pupil).catch_up()
    assert len(pupil.events) == 2
    assert len(pupil.dossiers) == 3


async def test_who_learns_from_some_kinds_is_told_of_no_others(stores: Stores) -> None:
    party = Party("Company", {"name": ("Acme",)})
    await stores.open(MAIN, party)
    await stores.open(MAIN, Message(b"one"), party)
    pupil = Pupil(EvidenceKind.MESSAGE)
    feeder = school(stores, pupil)
    await feeder.catch_up()
    assert pupil.raws() == [[b"one"]]
    assert [len(dossier.evidence) for dossier in pupil.dossiers] == [1]
    assert await feeder.lag(MAIN) == 0

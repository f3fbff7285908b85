"""What the anti-corruption service learns of cases: each release once, anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from integritas.journal.api import Feeder
from integritas.kernel.contracts import Assessment
from integritas.kernel.errors import NotFound, StorageFailure
from integritas.kernel.evidence import EvidenceKind, Procurement
from integritas.kernel.ids import EventId, TenantId
from integritas.services.anticorruption.api import (
    load_anticorruption_service,
    open_dataset_desk,
)
from integritas.services.anticorruption.desk import LEAST_PROCESSES, DatasetDesk
from integritas.workflows.api import Lessons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conformance.stores.conftest import Stores

    from integritas.kernel.contracts import Dossier

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
FEW = LEAST_PROCESSES


def contest(number: int, loser: str = "C") -> Procurement:
    """Return a process that A wins against a loser."""

    def bid(tenderer: str, amount: int) -> dict[str, Any]:
        value = {"amount": amount, "currency": "EUR"}
        return {"status": "valid", "tenderers": [{"id": tenderer}], "value": value}

    return Procurement(
        {
            "ocid": f"o{number}",
            "buyer": {"id": "city"},
            "bids": {"details": [bid("A", 100), bid(loser, 120)]},
            "awards": [{"status": "active", "suppliers": [{"id": "A"}]}],
        }
    )


class Crashing:
    """A service whose process ends after it has learned, before it can say so."""

    def __init__(self, desk: DatasetDesk) -> None:
        self._desk = desk

    learns_from = frozenset({EvidenceKind.PROCUREMENT})

    async def observe(self, event_id: EventId, batch: Sequence[Dossier], /) -> None:
        await self._desk.observe(event_id, batch)
        raise StorageFailure("the process ended")


def feeder(stores: Stores, observer: DatasetDesk | Crashing) -> Feeder:
    """Return what teaches an observer, as bootstrap wires it."""
    name = "anticorruption learning"
    lessons = Lessons(stores.desk, observer)
    return Feeder(name, stores.journal, stores.database, lessons, Lessons.types)


async def test_a_submitted_release_is_learned_once_through_crashes(
    stores: Stores,
) -> None:
    desk = open_dataset_desk(stores.database, stores.clock, stores.journal)
    for number in range(FEW):
        await stores.open(MAIN, contest(number))
    for _ in range(2):
        with pytest.raises(StorageFailure):
            await feeder(stores, Crashing(desk)).catch_up()
    await feeder(stores, desk).catch_up()
    told = await desk.get(MAIN, "observed")
    assert (told["processes"], told["version"]) == (FEW, f"observed@{FEW}")
    reference = await desk.reference(MAIN)
    assert reference.shares["R025"]["A"].whole == FEW
    found = await desk.network(MAIN, "C")
    assert [sign.code for sign in found.signs] == ["N01"]


async def test_what_one_process_learns_another_judges_by(stores: Stores) -> None:
    teacher = open_dataset_desk(stores.database, stores.clock, stores.journal)
    judge = open_dataset_desk(stores.database, stores.clock, stores.journal)
    service = load_anticorruption_service(judge)
    opened = await stores.open(MAIN, contest(1))
    dossiers = await stores.desk.dossiers(MAIN, [opened.case.id])
    (before,) = await service.assess(list(dossiers.values()))
    assert isinstance(before, Assessment)
    assert before.versions["reference"] == "empty"
    for number in range(2, FEW + 1):
        await stores.open(MAIN, contest(number))
    await feeder(stores, teacher).catch_up()
    (after,) = await service.assess(list(dossiers.values()))
    assert isinstance(after, Assessment)
    assert after.versions["reference"] == f"observed@{FEW}"
    assert (await judge.network(MAIN, "A")).neighbourhood.nodes


async def test_what_one_process_replaces_another_sees(stores: Stores) -> None:
    one = open_dataset_desk(stores.database, stores.clock, stores.journal)
    other = open_dataset_desk(stores.database, stores.clock, stores.journal)
    await one.create(stores.person(), "roads")
    await one.load(stores.person(), "roads", [contest(n).document for n in range(3)])
    assert (await other.get(MAIN, "roads"))["processes"] == 3
    await other.load(stores.person(), "roads", [contest(1, "D").document])
    assert (await one.get(MAIN, "roads"))["processes"] == 3
    assert {
        n.id
        for n in (await one.network(MAIN, "D", dataset="roads")).neighbourhood.nodes
    }


async def test_what_is_erased_stays_withheld(stores: Stores) -> None:
    """That a process is known at all tells of its case."""
    desk = open_dataset_desk(stores.database, stores.clock, stores.journal)
    opened = [await stores.open(MAIN, contest(number)) for number in range(2)]
    await feeder(stores, desk).catch_up()
    secret = opened[1].case.id
    evidence = (await stores.desk.dossiers(MAIN, [secret]))[secret].evidence
    withheld = frozenset(str(item.id) for item in evidence)
    erased = await stores.database.transact(
        lambda tx: desk.erase_evidence(tx, MAIN, evidence)
    )
    assert erased == 1
    assert (await desk.get(MAIN, "observed"))["processes"] == 2
    assert (await desk.get(MAIN, "observed", withheld))["processes"] == 1
    with pytest.raises(NotFound):
        await desk.profile(MAIN, "observed", "o1", withheld)
    # A process that reads it all anew says the same.
    other = open_dataset_desk(stores.database, stores.clock, stores.journal)
    assert (await other.get(MAIN, "observed", withheld))["processes"] == 1

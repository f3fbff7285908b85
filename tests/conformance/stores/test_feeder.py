"""What holds of who feeds the journal's entries to somebody elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.conformance.stores.test_journal import MAIN, OTHER, fact, writes

from integritas.journal.api import Entry, Feeder
from integritas.kernel.contracts import Fact
from integritas.kernel.errors import Refused
from integritas.kernel.ids import TenantId
from integritas.platform.db import Transaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.conformance.stores.conftest import Stores

pytestmark = pytest.mark.integration


class Pupil:
    """Who is fed: keeps what it was told, and fails when told to."""

    def __init__(self) -> None:
        self.told: list[tuple[str, list[int]]] = []
        self.failing = False

    async def __call__(self, tenant: TenantId, entries: Sequence[Entry], /) -> None:
        self.told.append((tenant, [entry.seq for entry in entries]))
        if self.failing:
            raise Refused("no")


def feeder(stores: Stores, pupil: Pupil) -> Feeder:
    """Return a feeder of that pupil."""
    types = {fact().type}
    return Feeder("school", stores.journal, stores.database, pupil, types)


async def test_a_feeder_tells_each_entry_once(stores: Stores) -> None:
    await stores.database.transact(writes(stores, 1, 2))
    await stores.database.transact(writes(stores, 3, tenant=OTHER))
    pupil = Pupil()
    assert await feeder(stores, pupil).catch_up() == 3
    assert await feeder(stores, pupil).catch_up() == 0
    assert pupil.told == [("main", [1, 2]), ("other", [1])]


async def test_many_entries_come_in_several_batches(stores: Stores) -> None:
    await stores.database.transact(writes(stores, *range(600)))
    pupil = Pupil()
    assert await feeder(stores, pupil).catch_up() == 600
    assert [len(numbers) for _, numbers in pupil.told] == [250, 250, 100]


async def test_a_batch_that_was_begun_is_told_again_alike(
    stores: Stores, beside: Stores
) -> None:
    await stores.database.transact(writes(stores, 1, 2))
    pupil = Pupil()
    pupil.failing = True
    with pytest.raises(Refused):
        await feeder(stores, pupil).catch_up()
    assert await feeder(stores, pupil).lag(MAIN) == 2
    await stores.database.transact(writes(stores, 3))
    pupil.failing = False
    assert await feeder(beside, pupil).catch_up() == 3
    assert pupil.told == [("main", [1, 2]), ("main", [1, 2]), ("main", [3])]


async def test_a_feeder_tells_of_its_types_alone(stores: Stores) -> None:
    other = Fact("integritas.test.other.v1", "case_1", {"number": 0})

    def work(tx: Transaction) -> None:
        facts = [other, fact(1), other, other, fact(2), other]
        stores.journal.record(tx, stores.person(tenant=MAIN), facts)

    await stores.database.transact(work)
    pupil = Pupil()
    assert await feeder(stores, pupil).catch_up() == 6
    assert pupil.told == [("main", [2, 5])]
    assert await feeder(stores, pupil).lag(MAIN) == 0


async def test_a_feeder_with_nothing_to_tell_is_not_behind(stores: Stores) -> None:
    await stores.database.transact(writes(stores, 1, 2))
    pupil = Pupil()
    school = Feeder("school", stores.journal, stores.database, pupil, {"none.v1"})
    assert await school.catch_up() == 2
    assert (pupil.told, await school.lag(MAIN)) == ([], 0)

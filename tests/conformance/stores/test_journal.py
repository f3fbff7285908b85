"""The journal: without gaps, in the order of commits, personal data beside it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from integritas.journal.api import (
    ERASED,
    Entry,
    Follower,
    Personal,
    commitment_of,
)
from integritas.journal.tables import JOURNAL, JOURNAL_PERSONAL
from integritas.kernel.contracts import Fact
from integritas.kernel.errors import Refused
from integritas.kernel.ids import TenantId, is_id
from integritas.kernel.states import ActorKind
from integritas.platform.db import Database, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.conformance.stores.conftest import Stores

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
OTHER = TenantId("other")
DEADLINE_S = 15


def fact(number: int = 0, **personal: str) -> Fact:
    """Return something that happened."""
    return Fact(
        "integritas.test.happened.v1",
        f"case_{number % 3}",
        {"number": number},
        dict(personal) or None,
    )


def writes(
    stores: Stores, *numbers: int, tenant: TenantId = MAIN, refuse: bool = False
) -> Callable[[Transaction], None]:
    """Return a unit of work that records facts, and perhaps refuses."""

    def work(tx: Transaction) -> None:
        context = stores.person(tenant=tenant)
        stores.journal.record(tx, context, [fact(n) for n in numbers])
        if refuse:
            raise Refused("no")

    return work


def told(entries: Sequence[Entry]) -> list[object]:
    """Return the numbers of entries."""
    return [entry.data["number"] for entry in entries]


# Appending ----------------------------------------------------------------------


async def test_an_entry_says_who_what_and_when(stores: Stores) -> None:
    context = stores.person("ann")
    [event_id] = await stores.database.transact(
        lambda tx: stores.journal.record(tx, context, [fact(7)])
    )
    [entry] = await stores.journal.read(MAIN)
    assert entry == Entry(
        tenant=MAIN,
        seq=1,
        event_id=event_id,
        type="integritas.test.happened.v1",
        subject="case_1",
        time=stores.clock.now(),
        actor_id="user_ann",
        actor_kind=ActorKind.PERSON,
        actor_roles=("analyst",),
        correlation_id="req-ann",
        data={"number": 7},
        commitment=entry.commitment,
    )
    assert is_id(event_id, "evt")


async def test_recording_nothing_does_nothing(stores: Stores) -> None:
    await stores.database.transact(writes(stores))
    assert await stores.journal.head(MAIN) == 0
    assert await stores.journal.tenants() == []


async def test_numbers_count_up_from_one_across_units(stores: Stores) -> None:
    await stores.database.transact(writes(stores, 1, 2))
    await stores.database.transact(writes(stores, 3))
    entries = await stores.journal.read(MAIN)
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert told(entries) == [1, 2, 3]


async def test_a_refused_unit_leaves_no_gap(stores: Stores) -> None:
    units = [writes(stores, n, n, refuse=n % 2 == 1) for n in range(10)]
    futures = [stores.database.enqueue(unit) for unit in units]
    await asyncio.gather(*futures, return_exceptions=True)
    entries = await stores.journal.read(MAIN)
    assert [entry.seq for entry in entries] == list(range(1, 11))
    assert told(entries) == [0, 0, 2, 2, 4, 4, 6, 6, 8, 8]


async def test_tenants_have_journals_of_their_own(stores: Stores) -> None:
    await stores.database.transact(writes(stores, 1, 2))
    await stores.database.transact(writes(stores, 3, tenant=OTHER))
    assert told(await stores.journal.read(MAIN)) == [1, 2]
    [entry] = await stores.journal.read(OTHER)
    assert (entry.seq, entry.tenant) == (1, OTHER)
    assert await stores.journal.tenants() == [MAIN, OTHER]
    assert await stores.journal.head(TenantId("third")) == 0


async def test_one_unit_may_tell_of_several_tenants(stores: Stores) -> None:
    tenants = [MAIN, OTHER, MAIN, OTHER]
    facts = [(stores.person(tenant=t), fact(n)) for n, t in enumerate(tenants)]
    await stores.database.transact(lambda tx: stores.journal.record_all(tx, facts))
    assert told(await stores.journal.read(MAIN)) == [0, 2]
    assert told(await stores.journal.read(OTHER)) == [1, 3]


async def test_reading_pages_from_a_cursor(stores: Stores) -> None:
    await stores.database.transact(writes(stores, *range(10)))
    seen: list[object] = []
    cursor = 0
    while page := await stores.journal.read(MAIN, after=cursor, limit=3):
        assert len(page) <= 3
        seen += told(page)
        cursor = page[-1].seq
    assert seen == list(range(10))


async def test_reading_one_subject(stores: Stores) -> None:
    await stores.database.transact(writes(stores, *range(9)))
    await stores.database.transact(writes(stores, 0, tenant=OTHER))
    first = await stores.journal.read_subject(MAIN, "case_0", limit=2)
    assert told(first) == [0, 3]
    rest = await stores.journal.read_subject(MAIN, "case_0", after=first[-1].seq)
    assert told(rest) == [6]


@given(
    units=st.lists(
        st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 3), st.booleans()),
        max_size=15,
    )
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_numbers_have_no_gaps_whatever_is_refused(
    stores: Stores, units: list[tuple[str, int, bool]]
) -> None:
    tag = stores.ids.new("t")[2:].lower()

    async def run() -> None:
        futures = [
            stores.database.enqueue(
                writes(
                    stores,
                    *[number] * count,
                    tenant=TenantId(name + tag),
                    refuse=refuse,
                )
            )
            for number, (name, count, refuse) in enumerate(units)
        ]
        await asyncio.gather(*futures, return_exceptions=True)
        for name in "abc":
            entries = await stores.journal.read(TenantId(name + tag))
            assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
            assert told(entries) == [
                number
                for number, (of, count, refuse) in enumerate(units)
                for _ in range(count)
                if of == name and not refuse
            ]

    asyncio.run(run())


# Two writers, and a reader that must miss nothing ------------------------------------


def follow(stores: Stores, until: int) -> list[tuple[int, object]]:
    """Read behind a cursor until so many entries were seen, or for too long."""
    seen: list[tuple[int, object]] = []

    async def run() -> None:
        async with asyncio.timeout(DEADLINE_S):
            while len(seen) < until:
                cursor = seen[-1][0] if seen else 0
                page = await stores.journal.read(MAIN, after=cursor, limit=50)
                seen.extend((entry.seq, entry.data["number"]) for entry in page)

    asyncio.run(run())
    return seen


async def test_a_reader_misses_nothing_of_two_writers(
    stores: Stores, beside: Stores
) -> None:
    async def write(mine: Stores, base: int) -> None:
        for number in range(20):
            units = [
                writes(mine, base + number, refuse=number % 5 == 4),
                writes(mine, base + number, base + number),
                writes(mine, number, tenant=OTHER),
            ]
            futures = [mine.database.enqueue(unit) for unit in units]
            await asyncio.gather(*futures, return_exceptions=True)

    expected = 2 * (20 * 3 - 4)
    reading = asyncio.create_task(asyncio.to_thread(follow, stores, expected))
    await asyncio.gather(write(stores, 1_000), write(beside, 2_000))
    seen = await asyncio.wait_for(reading, DEADLINE_S)
    assert [seq for seq, _ in seen] == list(range(1, expected + 1))
    everything = await stores.journal.read(MAIN)
    assert [number for _, number in seen] == told(everything)
    assert len(await stores.journal.read(OTHER)) == 40


async def test_an_entry_waits_for_the_one_numbered_before_it(
    stores: Stores, beside: Stores
) -> None:
    """The second writer cannot commit number 2 while number 1 is in the air."""
    entered, leave = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        writes(stores, 1)(tx)
        entered.set()
        assert leave.wait(DEADLINE_S)

    first = asyncio.create_task(stores.database.transact(slow))
    assert await asyncio.to_thread(entered.wait, DEADLINE_S)
    second = asyncio.create_task(beside.database.transact(writes(beside, 2)))
    done, _ = await asyncio.wait([second], timeout=0.2)
    assert not done
    assert await stores.journal.read(MAIN) == []
    leave.set()
    await asyncio.wait_for(asyncio.gather(first, second), DEADLINE_S)
    entries = await stores.journal.read(MAIN)
    assert [(entry.seq, entry.data["number"]) for entry in entries] == [(1, 1), (2, 2)]


# Personal data ------------------------------------------------------------------


async def personal_entry(stores: Stores) -> tuple[Entry, Personal]:
    """Record something personal; return the entry and what stands beside it."""
    context = stores.person()
    told_of = [fact(1, name="Jane Roe")]
    await stores.database.transact(
        lambda tx: stores.journal.record(tx, context, told_of)
    )
    [entry] = await stores.journal.read(MAIN)
    beside = await stores.journal.personal(MAIN, entry.seq)
    assert beside is not None
    return entry, beside


async def test_personal_data_stands_beside_the_entry(stores: Stores) -> None:
    entry, beside = await personal_entry(stores)
    assert beside.value() == {"address": "10.0.0.1", "name": "Jane Roe"}
    assert entry.commitment == commitment_of(beside.salt, beside.payload)
    assert len(beside.salt) == 16
    assert "Jane" not in repr(entry)


async def test_the_same_data_is_committed_to_differently(stores: Stores) -> None:
    facts = [fact(1, name="Jane"), fact(1, name="Jane")]
    await stores.database.transact(
        lambda tx: stores.journal.record(tx, stores.person(), facts)
    )
    one, other = await stores.journal.read(MAIN)
    assert one.commitment != other.commitment


async def test_an_entry_without_personal_data_has_none(stores: Stores) -> None:
    context = stores.platform()
    await stores.database.transact(
        lambda tx: stores.journal.record(tx, context, [fact(1)])
    )
    [entry] = await stores.journal.read(MAIN)
    assert entry.commitment is None
    assert await stores.journal.personal(MAIN, 1) is None


async def test_where_somebody_called_from_stands_beside_the_entry(
    stores: Stores,
) -> None:
    await stores.database.transact(writes(stores, 1))
    [entry] = await stores.journal.read(MAIN)
    beside = await stores.journal.personal(MAIN, 1)
    assert beside is not None
    assert beside.value() == {"address": "10.0.0.1"}
    assert entry.commitment == commitment_of(beside.salt, beside.payload)


async def erase(stores: Stores, *seqs: int) -> int:
    context = stores.platform()
    return await stores.database.transact(
        lambda tx: stores.journal.erase(
            tx, context, seqs, subject="case_1", reason="asked to by Jane Roe"
        )
    )


async def test_erasure_leaves_the_entry_as_it_was_and_is_told_of(
    stores: Stores,
) -> None:
    entry, _ = await personal_entry(stores)
    assert await erase(stores, 1, 77) == 1
    assert await stores.journal.personal(MAIN, entry.seq) is None
    kept, told_of = await stores.journal.read(MAIN)
    assert kept == entry
    assert (told_of.type, told_of.subject) == (ERASED, "case_1")
    assert told_of.data == {"entries": [1]}
    assert "Jane" not in repr(told_of)
    assert await stores.journal.missing_personal(MAIN) == []
    assert await erase(stores, 1) == 0
    assert await stores.journal.head(MAIN) == 2


async def test_personal_data_that_nobody_erased_is_missed(stores: Stores) -> None:
    await stores.database.transact(writes(stores, 1, 2, 3))
    await erase(stores, 2)
    assert await stores.journal.missing_personal(MAIN) == []
    gone = sa.delete(JOURNAL_PERSONAL).where(JOURNAL_PERSONAL.c.seq == 3)
    await stores.database.transact(lambda tx: tx.execute(gone))
    assert await stores.journal.missing_personal(MAIN) == [3]
    assert await stores.journal.missing_personal(OTHER) == []


async def test_personal_data_is_the_tenants_own(stores: Stores) -> None:
    entry, _ = await personal_entry(stores)
    assert await stores.journal.personal(OTHER, entry.seq) is None


async def test_no_column_of_the_journal_holds_personal_data(stores: Stores) -> None:
    await personal_entry(stores)
    [row] = await stores.database.read(lambda tx: list(tx.execute(sa.select(JOURNAL))))
    assert "Jane" not in repr(tuple(row))


# Waiting ------------------------------------------------------------------------


async def test_a_commit_wakes_who_waits(stores: Stores) -> None:
    waiting = asyncio.create_task(stores.journal.wait(600))
    await asyncio.to_thread(lambda: None)
    while not stores.journal._waiting:
        await asyncio.to_thread(lambda: None)
    await stores.database.transact(writes(stores, 1))
    await asyncio.wait_for(waiting, DEADLINE_S)


async def test_a_refusal_wakes_nobody(stores: Stores) -> None:
    with pytest.raises(Refused):
        await stores.database.transact(writes(stores, 1, refuse=True))
    await asyncio.wait_for(stores.journal.wait(0.01), DEADLINE_S)
    assert stores.journal._waiting == []


# Following ----------------------------------------------------------------------

SEEN = sa.Table(
    "seen",
    sa.MetaData(),
    sa.Column("tenant_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
)


class Keeper:
    """A handler that writes down what it saw, and fails when told to."""

    def __init__(self) -> None:
        self.failing: Exception | None = None
        self.failed = 0
        self.only: TenantId | None = None
        self.calls = 0

    def __call__(
        self, tx: Transaction, tenant: TenantId, entries: Sequence[Entry]
    ) -> None:
        self.calls += 1
        rows = [{"tenant_id": tenant, "seq": entry.seq} for entry in entries]
        tx.insert(SEEN, rows)
        if self.failing is not None and self.only in {None, tenant}:
            self.failed += 1
            raise self.failing


@pytest.fixture
def keeper(database: Database) -> Keeper:
    """Return a handler with its table."""
    SEEN.create(database.engine)
    return Keeper()


def follower(stores: Stores, keeper: Keeper, name: str = "keeper") -> Follower:
    """Return a follower of that name."""
    return Follower(name, stores.journal, stores.database, keeper)


def seen(database: Database) -> list[tuple[str, int]]:
    """Return what handlers wrote down."""
    query = sa.select(SEEN.c.tenant_id, SEEN.c.seq).order_by(*SEEN.c)
    return database.read_sync(lambda tx: [tuple(row) for row in tx.execute(query)])


async def test_a_follower_sees_each_entry_once(stores: Stores, keeper: Keeper) -> None:
    await stores.database.transact(writes(stores, *range(5)))
    await stores.database.transact(writes(stores, 1, tenant=OTHER))
    mine = follower(stores, keeper)
    assert await mine.lag(MAIN) == 5
    assert await mine.catch_up() == 6
    assert await mine.catch_up() == 0
    assert await mine.lag(MAIN) == 0
    assert seen(stores.database) == [*(("main", n) for n in range(1, 6)), ("other", 1)]


async def test_an_idle_follower_passes_entries_over(
    stores: Stores, keeper: Keeper
) -> None:
    idle = True
    mine = Follower(
        "keeper", stores.journal, stores.database, keeper, idle=lambda *_: idle
    )
    await stores.database.transact(writes(stores, 1, 2))
    assert await mine.catch_up() == 2
    assert (keeper.calls, await mine.lag(MAIN)) == (0, 0)
    await stores.database.transact(writes(stores, 3))
    idle = False
    assert await mine.catch_up() == 1
    assert seen(stores.database) == [("main", 3)]


async def test_a_follower_goes_on_after_a_restart(
    stores: Stores, beside: Stores, keeper: Keeper
) -> None:
    await stores.database.transact(writes(stores, 1, 2))
    await follower(stores, keeper).catch_up()
    await stores.database.transact(writes(stores, 3))
    assert await follower(beside, keeper).catch_up() == 1
    assert seen(stores.database) == [("main", 1), ("main", 2), ("main", 3)]


@pytest.mark.parametrize("error", [Refused("no"), ValueError("bug")])
async def test_a_failing_handler_moves_no_cursor(
    stores: Stores, keeper: Keeper, error: Exception
) -> None:
    await stores.database.transact(writes(stores, 1, 2))
    mine = follower(stores, keeper)
    keeper.failing = error
    with pytest.raises(type(error)):
        await mine.catch_up()
    assert seen(stores.database) == []
    assert await mine.lag(MAIN) == 2
    keeper.failing = None
    assert await mine.catch_up() == 2
    assert seen(stores.database) == [("main", 1), ("main", 2)]


async def test_one_tenants_failure_holds_up_no_other(
    stores: Stores, keeper: Keeper
) -> None:
    for tenant in (MAIN, OTHER):
        await stores.database.transact(writes(stores, 1, tenant=tenant))
    keeper.failing, keeper.only = Refused("no"), MAIN
    with pytest.raises(Refused):
        await follower(stores, keeper).catch_up()
    assert seen(stores.database) == [("other", 1)]


async def test_followers_have_cursors_of_their_own(
    stores: Stores, keeper: Keeper
) -> None:
    await stores.database.transact(writes(stores, 1))
    await follower(stores, keeper).catch_up()
    assert await follower(stores, keeper, "another").lag(MAIN) == 1


async def test_two_of_one_name_handle_each_entry_once(
    stores: Stores, beside: Stores, keeper: Keeper
) -> None:
    both = [follower(stores, keeper), follower(beside, keeper)]
    for number in range(10):
        await stores.database.transact(writes(stores, number))
        await asyncio.gather(*(f.catch_up() for f in both), return_exceptions=True)
    await both[0].catch_up()
    assert seen(stores.database) == [("main", n) for n in range(1, 11)]


@pytest.mark.parametrize("error", [Refused("no"), ValueError("bug")])
async def test_running_outlives_a_failing_handler(
    stores: Stores, keeper: Keeper, error: Exception
) -> None:
    mine = follower(stores, keeper)
    keeper.failing = error
    with capture_logs() as logs:
        running = asyncio.create_task(mine.run())
        await stores.database.transact(writes(stores, 1))
        async with asyncio.timeout(DEADLINE_S):
            while keeper.failed < 3:
                await stores.journal.wait(0.01)
            assert mine.error is error
            keeper.failing = None
            while await mine.lag(MAIN):
                await stores.journal.wait(0.01)
            while mine.error is not None:
                await stores.journal.wait(0.01)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert seen(stores.database) == [("main", 1)]
    told_of = [log["event"] for log in logs if log["event"].startswith("follower.")]
    assert told_of == ["follower.failed", "follower.recovered"]  # not at every try

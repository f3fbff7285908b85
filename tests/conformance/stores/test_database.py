"""Units of work through the one writer: together, in order, all or nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integritas.kernel.errors import Refused, StorageFailure
from integritas.platform.db import Chain, Database, Transaction, open_database

pytestmark = pytest.mark.integration

# Every example cleans up before itself.
ON_ONE_DATABASE = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

SCRATCH = sa.Table(
    "scratch",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("note", sa.Text),
)


@pytest.fixture(autouse=True)
def _scratch(database: Database) -> None:
    SCRATCH.create(database.engine)


def put(number: int, note: str = "") -> Callable[[Transaction], int]:
    """Return a unit of work that writes one row."""

    def work(tx: Transaction) -> int:
        tx.insert(SCRATCH, [{"number": number, "note": note}])
        return number

    return work


def refuse(number: int) -> Callable[[Transaction], int]:
    """Return a unit of work that writes, then refuses."""

    def work(tx: Transaction) -> int:
        put(number)(tx)
        raise Refused(f"not {number}")

    return work


def broken(tx: Transaction) -> int:
    """Break the transaction: there is no such table."""
    return int(tx.execute(sa.text("SELECT nothing FROM nowhere")).scalar() or 0)


def numbers(database: Database) -> list[int]:
    """Return what was kept."""
    query = sa.select(SCRATCH.c.number).order_by(SCRATCH.c.number)
    return database.read_sync(lambda tx: list(tx.execute(query).scalars()))


@contextmanager
def busy(database: Database) -> Iterator[None]:
    """Hold the writer up, so that what is queued inside becomes one group."""
    entered, leave = threading.Event(), threading.Event()

    def hold(tx: Transaction) -> None:
        del tx
        entered.set()
        assert leave.wait(10)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(database.transact_sync, hold)
        assert entered.wait(10)
        try:
            yield
        finally:
            leave.set()
        held.result(10)


async def outcomes(futures: list[asyncio.Future[int]]) -> list[object]:
    """Return the answer of each, or the name of its error."""
    answers = await asyncio.gather(*futures, return_exceptions=True)
    return [type(a).__name__ if isinstance(a, BaseException) else a for a in answers]


# Groups -------------------------------------------------------------------------


async def test_a_unit_of_work_is_kept(database: Database) -> None:
    assert await database.transact(put(1)) == 1
    assert numbers(database) == [1]


async def test_many_at_once_are_all_kept(database: Database) -> None:
    answers = await asyncio.gather(*(database.transact(put(n)) for n in range(300)))
    assert answers == list(range(300))
    assert numbers(database) == list(range(300))


async def test_a_refusal_sinks_no_neighbour(database: Database) -> None:
    with busy(database):
        futures = [
            database.enqueue(refuse(n) if n % 3 == 1 else put(n)) for n in range(9)
        ]
    assert await outcomes(futures) == [
        0,
        "Refused",
        2,
        3,
        "Refused",
        5,
        6,
        "Refused",
        8,
    ]
    assert numbers(database) == [0, 2, 3, 5, 6, 8]


async def test_a_broken_constraint_sinks_no_neighbour(database: Database) -> None:
    with busy(database):
        futures = [database.enqueue(put(n)) for n in (1, 2, 1, 3)]
    assert await outcomes(futures) == [1, 2, "StorageFailure", 3]
    assert numbers(database) == [1, 2, 3]


async def test_a_broken_transaction_sinks_no_neighbour(database: Database) -> None:
    with busy(database):
        futures = [database.enqueue(w) for w in (put(1), broken, put(2), refuse(3))]
    assert await outcomes(futures) == [1, "StorageFailure", 2, "Refused"]
    assert numbers(database) == [1, 2]


async def test_a_crashing_unit_sinks_no_neighbour(database: Database) -> None:
    def crash(tx: Transaction) -> int:
        put(5)(tx)
        return 1 // 0

    with busy(database):
        futures = [database.enqueue(w) for w in (put(1), crash, put(2))]
    assert await outcomes(futures) == [1, "ZeroDivisionError", 2]
    assert numbers(database) == [1, 2]


async def test_a_unit_that_runs_out_of_items_is_answered(database: Database) -> None:
    def empty(tx: Transaction) -> int:
        del tx
        return next(iter(()))

    with pytest.raises(RuntimeError, match="ran out"):
        await asyncio.wait_for(database.transact(empty), 10)


async def test_units_run_in_the_order_they_came(database: Database) -> None:
    order: list[int] = []

    def work(number: int) -> Callable[[Transaction], int]:
        def run(tx: Transaction) -> int:
            order.append(number)
            return put(number)(tx)

        return run

    with busy(database):
        futures = [database.enqueue(work(n)) for n in range(50)]
    await asyncio.gather(*futures)
    assert order == list(range(50))


async def test_a_unit_sees_those_before_it(database: Database) -> None:
    def count(tx: Transaction) -> int:
        query = sa.select(sa.func.count()).select_from(SCRATCH)
        return int(tx.execute(query).scalar_one())

    with busy(database):
        futures = [database.enqueue(w) for w in (put(1), refuse(2), put(3), count)]
    assert await futures[-1] == 2
    await outcomes(futures)


async def test_a_group_that_breaks_is_run_again_alone(database: Database) -> None:
    runs: list[int] = []

    def work(tx: Transaction) -> int:
        runs.append(len(runs))
        return put(1)(tx)

    with busy(database):
        futures = [database.enqueue(work), database.enqueue(broken)]
    assert await outcomes(futures) == [1, "StorageFailure"]
    assert len(runs) == 2
    assert numbers(database) == [1]


async def test_threads_may_write_too(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: database.transact_sync(put(n)), range(80)))
    assert made == list(range(80))
    assert numbers(database) == made


async def test_a_caller_that_gives_up_stops_nobody(database: Database) -> None:
    with busy(database):
        first, second = database.enqueue(put(1)), database.enqueue(put(2))
        first.cancel()
    assert await second == 2
    assert numbers(database) == [1, 2]


@given(plan=st.lists(st.sampled_from("prcbx"), min_size=1, max_size=12))
@ON_ONE_DATABASE
def test_whatever_a_group_holds_each_answers_for_itself(
    database: Database, plan: list[str]
) -> None:
    """p: put, r: refuse, c: break a constraint, b: break all, x: crash."""

    def crash(tx: Transaction) -> int:
        del tx
        raise ValueError

    async def run() -> None:
        with busy(database):
            futures = [
                database.enqueue(
                    {
                        "p": put(n),
                        "r": refuse(n),
                        "c": put(-1),
                        "b": broken,
                        "x": crash,
                    }[kind]
                )
                for n, kind in enumerate(plan)
            ]
        names = {"r": "Refused", "x": "ValueError"}
        assert await outcomes(futures) == [
            n if kind == "p" else names.get(kind, "StorageFailure")
            for n, kind in enumerate(plan)
        ]
        kept = [n for n, kind in enumerate(plan) if kind == "p"]
        assert numbers(database) == [-1, *kept]

    database.transact_sync(lambda tx: tx.execute(sa.delete(SCRATCH)))
    database.transact_sync(put(-1))
    asyncio.run(run())


# Savepoints ---------------------------------------------------------------------


async def test_an_attempt_that_fails_keeps_what_was_before(database: Database) -> None:
    called: list[str] = []

    def work(tx: Transaction) -> int:
        put(1)(tx)
        tx.after_commit(lambda: called.append("kept"))
        tx.heads["main"] = 7

        def attempt(inner: Transaction) -> int:
            inner.after_commit(lambda: called.append("lost"))
            inner.heads["main"] = 8
            return refuse(2)(inner)

        with pytest.raises(Refused):
            tx.attempt(attempt)
        assert tx.heads == {"main": 7}
        return tx.attempt(put(3))

    assert await database.transact(work) == 3
    assert numbers(database) == [1, 3]
    assert called == ["kept"]


# Hooks --------------------------------------------------------------------------


async def test_hooks_run_after_the_commit(database: Database) -> None:
    seen: list[list[int]] = []

    def work(tx: Transaction) -> int:
        tx.after_commit(lambda: seen.append(numbers(database)))
        assert not seen
        return put(1)(tx)

    await database.transact(work)
    assert seen == [[1]]


@pytest.mark.parametrize("neighbour", [put(8), broken])
async def test_hooks_of_a_refused_unit_never_run(
    database: Database, neighbour: Callable[[Transaction], int]
) -> None:
    called: list[str] = []

    def hooked(
        name: str, work: Callable[[Transaction], int]
    ) -> Callable[[Transaction], int]:
        def run(tx: Transaction) -> int:
            tx.after_commit(lambda: called.append(name))
            return work(tx)

        return run

    with busy(database):
        futures = [
            database.enqueue(hooked("kept", put(1))),
            database.enqueue(hooked("refused", refuse(2))),
            database.enqueue(neighbour),
            database.enqueue(hooked("twice", put(1))),
        ]
    await outcomes(futures)
    assert called == ["kept"]


async def test_a_failing_hook_does_not_stop_the_writer(database: Database) -> None:
    called: list[int] = []

    def work(tx: Transaction) -> int:
        tx.after_commit(lambda: called.append(1 // 0))
        tx.after_commit(lambda: called.append(1))
        return put(1)(tx)

    assert await asyncio.wait_for(database.transact(work), 10) == 1
    assert await asyncio.wait_for(database.transact(put(2)), 10) == 2
    assert called == [1]


# Chains -------------------------------------------------------------------------


async def test_a_chain_keeps_a_prefix(database: Database) -> None:
    chain = Chain()
    with busy(database):
        futures = [
            database.enqueue(work, chain=chain)
            for work in (put(1), put(2), refuse(3), put(4), put(5))
        ]
    assert await outcomes(futures) == [
        *(1, 2, "Refused"),
        *("_NotKept", "_NotKept"),
    ]
    assert numbers(database) == [1, 2]
    assert chain.broken


async def test_a_chain_stays_broken_across_groups(database: Database) -> None:
    chain = Chain()
    with pytest.raises(Refused):
        await database.enqueue(refuse(1), chain=chain)
    with pytest.raises(StorageFailure, match="builds on"):
        await database.enqueue(put(2), chain=chain)
    assert numbers(database) == []


async def test_a_neighbour_does_not_mend_a_broken_chain(database: Database) -> None:
    chain = Chain()
    with pytest.raises(Refused):
        await database.enqueue(refuse(1), chain=chain)
    with busy(database):
        futures = [database.enqueue(put(2), chain=chain), database.enqueue(broken)]
    assert await outcomes(futures) == ["_NotKept", "StorageFailure"]
    assert numbers(database) == []


async def test_a_neighbour_does_not_break_a_chain(database: Database) -> None:
    chain = Chain()
    with busy(database):
        futures = [
            database.enqueue(put(1), chain=chain),
            database.enqueue(broken),
            database.enqueue(put(2), chain=chain),
        ]
    assert await outcomes(futures) == [1, "StorageFailure", 2]
    assert not chain.broken


async def test_chains_do_not_touch_each_other(database: Database) -> None:
    one, other = Chain(), Chain()
    with busy(database):
        futures = [
            database.enqueue(refuse(1), chain=one),
            database.enqueue(put(2), chain=other),
            database.enqueue(put(3), chain=one),
            database.enqueue(put(4), chain=other),
            database.enqueue(put(5)),
        ]
    assert await outcomes(futures) == ["Refused", 2, "_NotKept", 4, 5]
    assert numbers(database) == [2, 4, 5]


@given(
    plan=st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from("ppprcb"), st.booleans()),
        max_size=15,
    )
)
@ON_ONE_DATABASE
def test_every_chain_keeps_a_prefix(
    database: Database, plan: list[tuple[int, str, bool]]
) -> None:
    """Each: its chain, what it does (see above), whether a new group begins."""

    async def run() -> None:
        chains = [Chain() for _ in range(3)]
        groups: list[list[int]] = [[]]
        for n, (_, _, cut) in enumerate(plan):
            if cut:
                groups.append([])
            groups[-1].append(n)
        kept: list[int] = []
        for group in groups:
            with busy(database):
                futures = []
                for n in group:
                    number, kind, _ = plan[n]
                    work = {"p": put(n), "r": refuse(n), "c": put(-1), "b": broken}[
                        kind
                    ]
                    futures.append(database.enqueue(work, chain=chains[number]))
            await outcomes(futures)
        for number in range(3):
            mine = [n for n, (chain, _, _) in enumerate(plan) if chain == number]
            for n in mine:
                if plan[n][1] != "p":
                    break
                kept.append(n)
        assert numbers(database) == [-1, *sorted(kept)]

    database.transact_sync(lambda tx: tx.execute(sa.delete(SCRATCH)))
    database.transact_sync(put(-1))
    asyncio.run(run())


# Reading ------------------------------------------------------------------------


async def test_a_read_is_one_snapshot(database: Database) -> None:
    await database.transact(put(1))
    count = sa.select(sa.func.count()).select_from(SCRATCH)

    def twice(tx: Transaction) -> tuple[int, int]:
        before = int(tx.execute(count).scalar_one())
        database.transact_sync(put(2))
        return before, int(tx.execute(count).scalar_one())

    assert await database.read(twice) == (1, 1)
    assert numbers(database) == [1, 2]


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(StorageFailure, match=r"read.?only"):
        await database.read(put(1))
    assert numbers(database) == []


async def test_reads_go_on_while_the_writer_is_busy(database: Database) -> None:
    await database.transact(put(1))
    with busy(database):
        assert numbers(database) == [1]


async def test_a_bad_query_is_a_storage_failure(database: Database) -> None:
    with pytest.raises(StorageFailure) as caught:
        await database.read(broken)
    assert caught.value.errors[0].path == "INTEGRITAS_DATABASE_URL"


async def test_what_a_read_raises_is_passed_on(database: Database) -> None:
    def refuse_reading(tx: Transaction) -> None:
        del tx
        raise Refused("no")

    with pytest.raises(Refused):
        await database.read(refuse_reading)


async def test_ping(database: Database) -> None:
    assert await database.ping() is None


# Closing and opening ------------------------------------------------------------


async def test_close_commits_what_is_queued(database: Database, url: str) -> None:
    second = open_database(url)
    try:
        with busy(database):
            futures = [database.enqueue(put(n)) for n in range(20)]
            closing = asyncio.create_task(asyncio.to_thread(database.close))
        await closing
        assert await outcomes(futures) == list(range(20))
        assert numbers(second) == list(range(20))
    finally:
        second.close()


async def test_a_closed_database_says_so(database: Database) -> None:
    database.close()
    database.close()
    with pytest.raises(StorageFailure, match="closed"):
        await database.transact(put(1))
    with pytest.raises(StorageFailure, match="closed"):
        database.transact_sync(put(1))
    with pytest.raises(StorageFailure, match="closed"):
        await database.read(lambda tx: tx.dialect)
    with pytest.raises(StorageFailure, match="closed"):
        database.read_sync(lambda tx: tx.dialect)
    assert "closed" in str(await database.ping())


async def test_nobody_waits_for_ever_on_a_database_that_closes(
    database: Database,
) -> None:
    def write(number: int) -> bool:
        try:
            database.transact_sync(put(number))
        except StorageFailure:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(write, number) for number in range(200)]
        database.close()
        assert [future.result(10) for future in made]


def test_data_survives_a_reopening(database: Database, url: str) -> None:
    database.transact_sync(put(1, "früh"))
    database.close()
    again = open_database(url)
    try:
        note = sa.select(SCRATCH.c.note)
        assert again.read_sync(lambda tx: tx.execute(note).scalar_one()) == "früh"
    finally:
        again.close()


def test_a_database_knows_what_it_is(database: Database, url: str) -> None:
    assert database.dialect == url.partition(":")[0]
    assert database.url.get_backend_name() == database.dialect
    assert database.read_sync(lambda tx: tx.dialect) == database.dialect


async def test_it_is_quiet_once_nobody_waits(database: Database) -> None:
    gate = threading.Event()
    held = database.enqueue(lambda _: gate.wait(30))
    waiting = asyncio.create_task(database.quiet(60))
    await database.read(lambda tx: tx.execute(sa.text("SELECT 1")).scalar())
    assert not waiting.done()
    await database.quiet(0)  # patience ends, whoever waits
    gate.set()
    await held
    async with asyncio.timeout(30):
        await waiting


async def test_who_is_patient_disturbs_no_quiet(database: Database) -> None:
    await database.quiet(60)
    gate = threading.Event()
    held = database.enqueue(lambda _: gate.wait(30), patient=True)
    async with asyncio.timeout(30):
        await database.quiet(60)
    assert not held.done()
    gate.set()
    assert await held

"""Writers of other processes on one Postgres: never in each other's way for long."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from integritas.platform.db import (
    DEADLOCK_TRIES,
    Database,
    Transaction,
    open_database,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.integration

ROWS = sa.Table(
    "rows",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("count", sa.Integer, nullable=False),
)


@pytest.fixture
def pair(postgres_url: str) -> Iterator[tuple[Database, Database]]:
    """Return two databases that are one, with two rows."""
    one, other = open_database(postgres_url), open_database(postgres_url)
    ROWS.create(one.engine)
    one.transact_sync(
        lambda tx: tx.insert(ROWS, [{"id": 1, "count": 0}, {"id": 2, "count": 0}])
    )
    yield one, other
    one.close()
    other.close()


def add(tx: Transaction, row: int) -> None:
    """Count a row up, which locks it until the commit."""
    tx.execute(sa.update(ROWS).where(ROWS.c.id == row).values(count=ROWS.c.count + 1))


async def test_a_deadlock_is_tried_again(pair: tuple[Database, Database]) -> None:
    one, other = pair
    meeting = threading.Barrier(2)
    runs: list[int] = []

    def work(first: int, second: int) -> Callable[[Transaction], None]:
        def run(tx: Transaction) -> None:
            add(tx, first)
            runs.append(first)
            if len(runs) <= 2:
                meeting.wait(10)
            add(tx, second)

        return run

    await asyncio.gather(one.transact(work(1, 2)), other.transact(work(2, 1)))
    # The one that was broken off may take its row back before the other wakes, and so
    # meet it again.
    assert 3 <= len(runs) <= 2 + DEADLOCK_TRIES
    query = sa.select(ROWS.c.count).order_by(ROWS.c.id)
    assert one.read_sync(lambda tx: list(tx.execute(query).scalars())) == [2, 2]


async def test_a_lost_connection_is_made_anew(pair: tuple[Database, Database]) -> None:
    one, other = pair
    me = sa.text("SELECT pg_backend_pid()")
    pid = await one.transact(lambda tx: tx.execute(me).scalar_one())
    end = sa.text("SELECT pg_terminate_backend(:pid)")
    await other.transact(lambda tx: tx.execute(end, {"pid": pid}).scalar_one())
    answers = await asyncio.gather(
        *(one.transact(lambda tx: add(tx, 1)) for _ in range(20)),
        return_exceptions=True,
    )
    lost = sum(answer is not None for answer in answers)
    assert lost <= 1
    query = sa.select(ROWS.c.count).where(ROWS.c.id == 1)
    assert await one.read(lambda tx: tx.execute(query).scalar_one()) == 20 - lost

"""Many rows in one statement: the same as one by one, on both databases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integritas.kernel.errors import StorageFailure
from integritas.platform.columns import Blob, JsonText, UtcTime
from integritas.platform.db import Database, Transaction

pytestmark = pytest.mark.integration

ON_ONE_DATABASE = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)

THINGS = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("at", UtcTime),
    sa.Column("raw", Blob),
    sa.Column("body", JsonText, nullable=False),
)


@pytest.fixture(autouse=True)
def _things(database: Database) -> None:
    THINGS.create(database.engine)


def thing(number: int, state: str = "new", owner: str = "a") -> dict[str, Any]:
    return {
        "owner": owner,
        "number": number,
        "state": state,
        "at": NOW if number % 2 else None,
        "raw": bytes([number % 256, 0]) if number % 3 else None,
        "body": {"n": number, "text": "\0é'\"%s?"},
    }


def keys(*numbers: int, owner: str = "a") -> Mapping[str, list[Any]]:
    return {"owner": [owner] * len(numbers), "number": list(numbers)}


def everything(tx: Transaction) -> list[dict[str, Any]]:
    query = sa.select(THINGS).order_by(THINGS.c.owner, THINGS.c.number)
    return [dict(row._mapping) for row in tx.execute(query)]


def empty(tx: Transaction) -> None:
    tx.execute(sa.delete(THINGS))


# 1,365 = 5 chunks of 256 and one of each smaller size.
@pytest.mark.parametrize("count", [0, 1, 3, 4, 255, 256, 257, 1_365])
async def test_rows_come_back_as_they_went(database: Database, count: int) -> None:
    rows = [thing(number) for number in range(count)]
    await database.transact(lambda tx: tx.insert(THINGS, rows))
    assert await database.read(everything) == rows


@ON_ONE_DATABASE
@given(
    there=st.sets(st.integers(0, 40)),
    asked=st.lists(st.integers(0, 40), unique=True),
    ready=st.sets(st.integers(0, 40)),
)
async def test_an_update_changes_the_rows_it_names_and_no_other(
    database: Database, there: set[int], asked: list[int], ready: set[int]
) -> None:
    def work(tx: Transaction) -> list[int]:
        empty(tx)
        states = {n: "ready" if n in ready else "new" for n in there}
        tx.insert(THINGS, [thing(n, states[n]) for n in sorted(there)])
        tx.insert(THINGS, [thing(n, "ready", owner="b") for n in sorted(there)])
        values: dict[str, list[Any]] = {
            "state": [f"done {n}" for n in asked],
            "body": [[n] for n in asked],
            "at": [NOW] * len(asked),
        }
        only = (("state", "ready"),)
        return list(
            tx.update(THINGS, keys(*asked), values, only=only, returning="number")
        )

    updated = await database.transact(work)
    expected = there & set(asked) & ready
    assert sorted(updated) == sorted(expected)
    for row in await database.read(everything):
        number = row["number"]
        if row["owner"] == "a" and number in expected:
            assert (row["state"], row["body"], row["at"]) == (
                f"done {number}",
                [number],
                NOW,
            )
        else:
            assert row["body"] == thing(number)["body"]


async def test_an_update_says_how_many_rows_there_were(database: Database) -> None:
    await database.transact(lambda tx: tx.insert(THINGS, [thing(1), thing(2)]))
    updated = await database.transact(
        lambda tx: tx.update(THINGS, keys(1, 2, 3), {"state": ["x", "y", "z"]})
    )
    assert len(updated) == 2


@ON_ONE_DATABASE
@given(there=st.sets(st.integers(0, 40)), asked=st.lists(st.integers(0, 40)))
async def test_a_delete_removes_the_rows_it_names_and_no_other(
    database: Database, there: set[int], asked: list[int]
) -> None:
    def work(tx: Transaction) -> None:
        empty(tx)
        tx.insert(THINGS, [thing(n) for n in there])
        tx.insert(THINGS, [thing(n, owner="b") for n in there])
        tx.delete(THINGS, keys(*asked))

    await database.transact(work)
    left = await database.read(everything)
    assert {r["number"] for r in left if r["owner"] == "a"} == there - set(asked)
    assert {r["number"] for r in left if r["owner"] == "b"} == there


async def test_a_row_that_is_there_already_keeps_all_of_them_out(
    database: Database,
) -> None:
    await database.transact(lambda tx: tx.insert(THINGS, [thing(7)]))
    rows = [thing(number) for number in range(300)]
    with pytest.raises(StorageFailure):
        await database.transact(lambda tx: tx.insert(THINGS, rows))
    assert [row["number"] for row in await database.read(everything)] == [7]


async def test_texts_come_in_the_order_of_the_query(database: Database) -> None:
    texts = ["b", "a\0", "é\"\\'", "c"]
    if database.dialect == "postgresql":
        texts.remove("a\0")  # Postgres has no such texts
    rows = [thing(n, state) for n, state in enumerate(texts)]
    await database.transact(lambda tx: tx.insert(THINGS, rows))
    query = sa.select(THINGS.c.state, THINGS.c.owner).order_by(THINGS.c.number.desc())
    found = await database.read(lambda tx: tx.texts(query))
    assert [list(row) for row in found] == [[t, "a"] for t in reversed(texts)]

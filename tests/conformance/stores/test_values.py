"""Values of every column type come back as they went, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integritas.platform.columns import JsonText, Money, UtcTime
from integritas.platform.db import Database, Transaction

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
    sa.Column("at", UtcTime),
    sa.Column("amount", Money),
    sa.Column("body", JsonText),
)


@pytest.fixture(autouse=True)
def _scratch(database: Database) -> None:
    SCRATCH.create(database.engine)


MOMENTS = st.datetimes(
    datetime(1900, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(9000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)
BODIES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text("aé\0€", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("ab\0", max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    at=MOMENTS,
    amount=st.decimals(-(10**18), 10**18, places=8, allow_nan=False),
    body=BODIES.filter(lambda body: body is not None),
)
@ON_ONE_DATABASE
def test_values_come_back_as_they_went(
    database: Database, at: datetime, amount: Decimal, body: object
) -> None:
    def work(tx: Transaction) -> sa.Row[tuple[object, ...]]:
        tx.execute(sa.delete(SCRATCH))
        row = {"number": 1, "at": at, "amount": amount, "body": body}
        tx.insert(SCRATCH, [row])
        return tx.execute(sa.select(SCRATCH)).one()

    row = database.transact_sync(work)
    assert (row.at, row.amount, row.body) == (at, amount, body)
    assert row.at.utcoffset() == at.utcoffset()


async def test_missing_values_come_back_missing(database: Database) -> None:
    await database.transact(lambda tx: tx.insert(SCRATCH, [{"number": 1}]))
    row = database.read_sync(lambda tx: tx.execute(sa.select(SCRATCH)).one())
    assert (row.at, row.amount) == (None, None)


async def test_times_sort(database: Database) -> None:
    moments = [
        datetime(2026, 1, 1, 0, 0, 0, micros, UTC) for micros in (500_000, 0, 1, 10)
    ]
    rows = [{"number": n, "at": moment} for n, moment in enumerate(moments)]
    await database.transact(lambda tx: tx.insert(SCRATCH, rows))
    query = sa.select(SCRATCH.c.at).order_by(SCRATCH.c.at)
    kept = database.read_sync(lambda tx: list(tx.execute(query).scalars()))
    assert kept == sorted(moments)


async def test_inserting_no_rows_does_nothing(database: Database) -> None:
    await database.transact(lambda tx: tx.insert(SCRATCH, []))
    rows = database.read_sync(lambda tx: list(tx.execute(sa.select(SCRATCH))))
    assert rows == []

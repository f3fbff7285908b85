"""Cases kept in memory never hide what is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from tests.conformance.stores.conftest import person, submission

from integritas.cases.api import EditCase, Transition
from integritas.cases.kept import KeptCases
from integritas.cases.tables import CASES
from integritas.kernel.errors import Conflict
from integritas.kernel.ids import TenantId
from integritas.kernel.states import CaseState
from integritas.platform.db import Transaction, open_database

if TYPE_CHECKING:
    from tests.conformance.stores.conftest import Stores

    from integritas.cases.api import Case

pytestmark = pytest.mark.integration

MAIN = TenantId("main")
START = Transition(CaseState.INVESTIGATING)


async def opened(stores: Stores) -> Case:
    return (await stores.desk.open(person(), submission())).case


async def test_another_process_is_not_overwritten(stores: Stores) -> None:
    case = await opened(stores)
    other = open_database(stores.database.url.render_as_string(hide_password=False))
    statement = (
        sa.update(CASES).where(CASES.c.id == case.id).values(title="theirs", version=2)
    )
    try:
        await other.transact(lambda tx: tx.execute(statement).rowcount)
    finally:
        other.close()
    changed = await stores.desk.change(person(), case.id, START)
    assert (changed.title, changed.version) == ("theirs", 3)
    assert await stores.desk.get(MAIN, case.id) == changed


async def test_what_is_undone_is_forgotten(stores: Stores) -> None:
    case = await opened(stores)

    def work(tx: Transaction) -> None:
        stores.desk.store.change_cases(tx, [(person(), case.id, START)])
        raise Conflict("on second thoughts")

    with pytest.raises(Conflict, match="second thoughts"):
        await stores.database.transact(work)
    changed = await stores.desk.change(person(), case.id, EditCase(title="new"))
    assert (changed.state, changed.version) == (CaseState.PENDING, 2)


async def test_a_neighbour_undone_in_the_same_commit_leaves_the_rest(
    stores: Stores,
) -> None:
    one, other = await opened(stores), await opened(stores)

    def change_both(tx: Transaction) -> None:
        def undone(tx: Transaction) -> None:
            stores.desk.store.change_cases(tx, [(person(), one.id, START)])
            raise Conflict("not this one")

        stores.desk.store.change_cases(tx, [(person(), other.id, START)])
        with pytest.raises(Conflict):
            tx.attempt(undone)
        edit = EditCase(title="after")
        stores.desk.store.change_cases(
            tx, [(person(), one.id, edit), (person(), other.id, edit)]
        )

    await stores.database.transact(change_both)
    for case_id, state, version in (
        (one.id, CaseState.PENDING, 2),
        (other.id, CaseState.INVESTIGATING, 3),
    ):
        changed = await stores.desk.change(person(), case_id, EditCase(title="last"))
        assert (changed.state, changed.version) == (state, version + 1)


async def test_no_more_are_kept_than_there_is_room_for(stores: Stores) -> None:
    kept = KeptCases(limit=2)
    cases = [await opened(stores) for _ in range(3)]
    await stores.database.transact(lambda tx: kept.put(tx, cases))

    def known(tx: Transaction) -> list[bool]:
        return [kept.find(tx, (c.tenant, c.id)) is not None for c in cases]

    found = await stores.database.transact(known)
    sqlite = stores.database.dialect == "sqlite"
    assert found == [False, sqlite, sqlite]

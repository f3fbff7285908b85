"""Confidential cases, alike on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.conformance.stores.conftest import person

from integritas.cases.api import (
    CaseAccess,
    CaseFigures,
    EditCase,
    GranteeKind,
    NewGrant,
    Reader,
)
from integritas.kernel.errors import NotFound
from integritas.kernel.ids import TenantId

MAIN = TenantId("main")
ANN = Reader(MAIN, "user_ann", frozenset({"board"}))
BEN = Reader(MAIN, "user_ben")


@pytest.fixture
def access(stores: Any) -> CaseAccess:
    return CaseAccess(stores.database, stores.journal, stores.clock, stores.ids)


async def seen_by(stores: Any, reader: Reader) -> set[str]:
    """Return the ids of the cases in every list that a reader has."""
    listed = {case.id for case in await stores.desk.list(MAIN, reader=reader)}
    submitted = await stores.desk.submissions(MAIN, reader=reader)
    assert {one.case_id for one in submitted} == listed
    stats = await CaseFigures(stores.database, stores.clock).stats(reader)
    assert stats.cases == len(listed)
    return listed


async def test_grants_to_people_and_teams(stores: Any, access: CaseAccess) -> None:
    one, two = await stores.new_case(), await stores.new_case()
    other = TenantId("other")
    stranger = Reader(other, ANN.id, ANN.teams)
    await access.restrict(person(), one, "the board")
    assert await seen_by(stores, ANN) == await seen_by(stores, BEN) == {two}
    assert await access.sees(BEN, "case", two)
    assert not await access.sees(BEN, "case", one)
    assert await access.hides(BEN, one)
    assert not await access.hides(BEN, two)
    with pytest.raises(NotFound, match=f"there is no case {one}"):
        await stores.desk.get(MAIN, one, reader=BEN)

    to_team = NewGrant(GranteeKind.TEAM, "board", "theirs")
    grant = await access.grant(person(), one, to_team)
    assert await seen_by(stores, ANN) == {one, two}
    assert await seen_by(stores, BEN) == {two}
    assert await access.withheld(ANN) == frozenset()
    hidden = await access.withheld(BEN)
    evidence = {item.id for item in await stores.desk.evidence(MAIN, one)}
    assert hidden == {one, *evidence}
    await access.revoke(person(), one, grant.id)
    assert await seen_by(stores, ANN) == {two}
    assert not await access.sees(stranger, "case", one)

    soon = stores.clock.now() + timedelta(minutes=1)
    for_now = NewGrant(GranteeKind.USER, BEN.id, "to help", soon)
    await access.grant(person(), one, for_now)
    assert await seen_by(stores, BEN) == {one, two}
    stores.clock.advance(61)
    assert await seen_by(stores, BEN) == {two}

    await stores.desk.change(person(), one, EditCase(assignee=BEN.id))
    assert await seen_by(stores, BEN) == {one, two}
    await access.unrestrict(person(), one, "no more")
    assert await seen_by(stores, ANN) == {one, two}
    assert not (await access.of(MAIN, one)).grants

"""Several processes over one database: of two at once, one wins and nothing is torn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from integritas.identity.api import NewUser, Role, User, UserChanges
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.errors import Conflict, NotAuthenticated, Refused
from integritas.kernel.ids import DEFAULT_TENANT

if TYPE_CHECKING:
    from tests.integration.identity.conftest import World

    from integritas.identity.api import Identity
    from integritas.platform.db import Database

pytestmark = pytest.mark.integration
CONTEXT = Context(DEFAULT_TENANT, SYSTEM, "test")
ROUNDS = 5


@pytest.fixture
def elsewhere(world: World, database_elsewhere: Database) -> Identity:
    return world.over(database_elsewhere)


async def test_both_start_and_one_administrator_is_made(
    world: World, elsewhere: Identity
) -> None:
    made = await asyncio.gather(world.identity.ensure_admin(), elsewhere.ensure_admin())
    (created,) = [one for one in made if one is not None]
    assert list(await elsewhere.users.list(DEFAULT_TENANT)) == [created.user]
    assert created.password_file is not None
    await world.login("admin", created.password_file.read_text().strip())


async def test_name_taken_by_both_at_once_is_ones(
    world: World, elsewhere: Identity
) -> None:
    await world.identity.ensure_tenant()
    for turn in range(ROUNDS):
        new = NewUser(f"user{turn}", {Role.VIEWER})
        told = await asyncio.gather(
            world.identity.users.create(CONTEXT, new),
            elsewhere.users.create(CONTEXT, new),
            return_exceptions=True,
        )
        assert {type(answer) for answer in told} == {Conflict, User}


async def test_administrators_cannot_both_leave(
    world: World, elsewhere: Identity
) -> None:
    one = await world.user("one", Role.ADMIN)
    two = await world.user("two", Role.ADMIN)
    leave = UserChanges(disabled=True)
    for _ in range(ROUNDS):
        told = await asyncio.gather(
            world.identity.users.update(CONTEXT, one.id, leave),
            elsewhere.users.update(CONTEXT, two.id, leave),
            return_exceptions=True,
        )
        assert sum(isinstance(answer, Refused) for answer in told) == 1
        for user in (one, two):
            back = UserChanges(disabled=False)
            await world.identity.users.update(CONTEXT, user.id, back)


async def test_refresh_token_used_by_both_at_once_is_used_once(
    world: World, elsewhere: Identity
) -> None:
    await world.user()
    for _ in range(ROUNDS):
        token = (await world.login()).refresh_token
        told = await asyncio.gather(
            world.identity.sessions.refresh(token, "req"),
            elsewhere.sessions.refresh(token, "req"),
            return_exceptions=True,
        )
        assert sum(isinstance(answer, NotAuthenticated) for answer in told) == 1


async def test_session_opened_here_holds_there(
    world: World, elsewhere: Identity
) -> None:
    await world.user()
    pair = await world.login()
    assert await elsewhere.verify(pair.access_token) == pair.principal

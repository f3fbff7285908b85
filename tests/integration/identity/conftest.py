"""An identity over a real SQLite file and a real Postgres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from argon2.profiles import CHEAPEST

from integritas.identity.api import (
    Identity,
    Login,
    NewUser,
    Principal,
    Role,
    TokenPair,
    User,
)
from integritas.journal.api import Entry, Journal
from integritas.kernel.contracts import SYSTEM, Context
from integritas.kernel.ids import DEFAULT_TENANT, IdFactory, TenantId
from integritas.platform.columns import METADATA
from integritas.platform.db import Database, open_database
from integritas.platform.security import Passwords

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from integritas.kernel.clock import ManualClock, SeededRandomness

PASSWORD = "correct horse battery"
OTHER_TENANT = TenantId("other")


@dataclass(frozen=True)
class World:
    """Everything a test of identity needs."""

    database: Database
    journal: Journal
    clock: ManualClock
    randomness: SeededRandomness
    ids: IdFactory
    folder: Path
    identity: Identity

    def over(self, database: Database) -> Identity:
        """Return what another process would have over the same database."""
        return Identity(
            database,
            Journal(database, self.clock, self.randomness, self.ids),
            self.clock,
            self.randomness,
            self.ids,
            state_dir=self.folder,
            hasher=Passwords(CHEAPEST),
        )

    def again(self) -> Identity:
        """Return another identity that shares this one's connections."""
        return self.over(self.database)

    async def user(
        self,
        name: str = "ann",
        *roles: Role,
        tenant: TenantId = DEFAULT_TENANT,
        password: str | None = PASSWORD,
    ) -> User:
        """Create a user, an analyst unless told otherwise."""
        await self.identity.ensure_tenant(tenant)
        new = NewUser(name, set(roles) or {Role.ANALYST}, password)
        return await self.identity.users.create(Context(tenant, SYSTEM, "test"), new)

    async def login(
        self,
        name: str = "ann",
        password: str = PASSWORD,
        tenant: TenantId = DEFAULT_TENANT,
    ) -> TokenPair:
        """Sign in."""
        login = Login(tenant, name, password, "192.0.2.7")
        return await self.identity.sessions.login(login, "req")

    async def signed_in(self, name: str = "ann", *roles: Role) -> Principal:
        """Create a user and sign in."""
        await self.user(name, *roles)
        return (await self.login(name)).principal

    async def entries(self, kind: str) -> Sequence[Entry]:
        """Return the journal's entries of one kind, of the default tenant."""
        entries = await self.journal.read(DEFAULT_TENANT)
        wanted = f"integritas.identity.{kind}.v1"
        return [entry for entry in entries if entry.type == wanted]

    async def personal(self, entry: Entry) -> object:
        """Return the personal data beside an entry."""
        kept = await self.journal.personal(entry.tenant, entry.seq)
        return None if kept is None else kept.value()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Open a fresh database of either kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/test.db"
    else:
        url = request.getfixturevalue("postgres_url")
    database = open_database(url)
    METADATA.create_all(database.engine)
    yield database
    database.close()


@pytest.fixture
def database_elsewhere(database: Database) -> Iterator[Database]:
    """Open the same database a second time, as another process does."""
    elsewhere = open_database(database.url.render_as_string(hide_password=False))
    yield elsewhere
    elsewhere.close()


@pytest.fixture
def world(
    database: Database,
    clock: ManualClock,
    randomness: SeededRandomness,
    ids: IdFactory,
    tmp_path: Path,
) -> World:
    """Return an identity and all around it."""
    journal = Journal(database, clock, randomness, ids)
    identity = Identity(
        database,
        journal,
        clock,
        randomness,
        ids,
        state_dir=tmp_path / "state",
        hasher=Passwords(CHEAPEST),
    )
    return World(
        database, journal, clock, randomness, ids, tmp_path / "state", identity
    )

"""The first tenant and the first administrator."""

from __future__ import annotations

import asyncio
import shutil
import stat
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from integritas.identity.api import Role
from integritas.kernel.errors import Conflict, InvalidInput, StorageFailure
from integritas.kernel.ids import DEFAULT_TENANT, TenantId

if TYPE_CHECKING:
    from tests.integration.identity.conftest import World

pytestmark = pytest.mark.integration


async def test_given_password_makes_the_administrator(world: World) -> None:
    created = await world.identity.ensure_admin("a good password")
    assert created is not None
    assert created.password_file is None
    assert created.user.roles == {Role.ADMIN}
    assert (await world.login("admin", "a good password")).principal.permits(
        "users:manage"
    )
    assert not list(world.folder.glob("*admin-password*"))


async def test_made_up_password_lies_where_only_its_owner_reads(world: World) -> None:
    created = await world.identity.ensure_admin()
    assert created is not None
    file = created.password_file
    assert file == world.folder / "admin-password"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    await world.login("admin", file.read_text().strip())
    assert len(list(world.folder.glob("*admin-password*"))) == 1


async def test_password_is_in_no_log_and_no_entry(world: World) -> None:
    with capture_logs() as logs:
        created = await world.identity.ensure_admin("a good password")
    entries = await world.journal.read(DEFAULT_TENANT)
    kept = [await world.personal(entry) for entry in entries]
    assert "a good password" not in repr((logs, created, entries, kept))


async def test_second_start_makes_nobody(world: World) -> None:
    await world.identity.ensure_admin("a good password")
    assert await world.identity.ensure_admin() is None
    assert await world.again().ensure_admin("another one") is None
    assert len(await world.identity.users.list(DEFAULT_TENANT)) == 1
    assert not list(world.folder.glob("*admin-password*"))


async def test_starts_at_once_make_one_whose_password_is_right(world: World) -> None:
    made = await asyncio.gather(
        *(identity.ensure_admin() for identity in (world.identity, world.again()))
    )
    (created,) = [one for one in made if one is not None]
    assert created.password_file is not None
    await world.login("admin", created.password_file.read_text().strip())
    assert list(world.folder.glob("*admin-password*")) == [created.password_file]


async def test_weak_password_is_refused_by_the_name_of_its_setting(
    world: World,
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await world.identity.ensure_admin("admin")
    (error,) = refused.value.errors
    assert error.path == "INTEGRITAS_ADMIN_PASSWORD"
    assert not await world.identity.users.list(DEFAULT_TENANT)


async def test_somebody_else_called_admin_is_a_conflict(world: World) -> None:
    await world.user("admin", Role.VIEWER)
    with pytest.raises(Conflict):
        await world.identity.ensure_admin()
    assert not list(world.folder.glob("*admin-password*"))


async def test_other_administrator_will_do(world: World) -> None:
    await world.user("root", Role.ADMIN)
    assert await world.identity.ensure_admin() is None


async def test_every_tenant_has_its_own(world: World) -> None:
    other = TenantId("other")
    await world.identity.ensure_admin("a good password")
    created = await world.identity.ensure_admin(tenant=other)
    assert created is not None
    assert created.password_file == world.folder / "admin-password-other"
    assert created.user.tenant == "other"


async def test_folder_that_cannot_be_written_is_named(world: World) -> None:
    shutil.rmtree(world.folder)
    with pytest.raises(StorageFailure) as refused:
        await world.identity.ensure_admin()
    assert refused.value.errors[0].path == "INTEGRITAS_STATE_DIR"
    assert not await world.identity.users.list(DEFAULT_TENANT)


async def test_password_is_kept_even_where_its_file_cannot_be(world: World) -> None:
    (world.folder / "admin-password").mkdir()
    created = await world.identity.ensure_admin()
    assert created is not None
    assert created.password_file is not None
    await world.login("admin", created.password_file.read_text().strip())


async def test_tenant_is_created_once_and_told(world: World) -> None:
    assert await world.identity.ensure_tenant()
    assert not await world.identity.ensure_tenant()
    (entry,) = await world.entries("tenant_created")
    assert entry.subject == DEFAULT_TENANT


@pytest.mark.parametrize("name", ["", "Main", "1st", "a_b", "a b", "x" * 64])
async def test_bad_tenant_is_told_the_remedy(world: World, name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await world.identity.ensure_tenant(TenantId(name))
    assert refused.value.errors[0].path == "tenant"


def test_jwks_holds_the_public_key(world: World) -> None:
    (key,) = world.identity.jwks()["keys"]
    assert key["alg"] == "Ed25519"
    assert "d" not in key
